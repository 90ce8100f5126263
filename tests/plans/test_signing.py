"""The end of a plan: both sides sign off, the customer is complete, secrets are erased; and opening it again."""

from datetime import date

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.customers.sealing import seal
from blueprints.plans.arranging import OwnStep, add_step
from blueprints.plans.held import NeedsReason, NotTheirs, PlanChanged, PlanOver
from blueprints.plans.signing import NotComplete, NotFinished, SignedAlready, reopen, sign_off
from blueprints.plans.working import start, undo
from blueprints.web.refusals import MayNot, NotThere
from data.customers import Contact, Customer
from data.emails import Email
from data.history import History
from data.moments import now
from data.plans import Mailbox, Plan, PlanStep
from data.rfi import Rfi, RfiAnswer
from tests.factories import World
from tests.plans.planned import PORTAL_ADDRESS, WHY, a_plan, act, by_link, finish, seen, step, technician
from tests.visits import Visitor


@pytest.fixture
def plan(world: World) -> Plan:
    """All that is required is settled but for the signatures; one step that is not required is open."""
    made = a_plan(world, "archiving")
    open_ones = (PlanStep.state == "not_started") & ~PlanStep.optional & (PlanStep.key != "sign_off")
    finish(world, made, *[row.key for row in PlanStep.select().where(open_ones).order_by(PlanStep.position)])
    return Plan.get_by_id(made.id)


def signed(plan: Plan, who: object, side: str, reason: str = "") -> Plan:
    """By somebody who sees the plan as it is."""
    version = Plan.get_by_id(plan.id).version
    return sign_off(who, plan.customer_id, version, side, reason, PORTAL_ADDRESS)


def completed(plan: Plan, world: World) -> Plan:
    signed(plan, technician(world), "partner")
    return signed(plan, by_link(plan), "customer")


def kinds() -> list[str]:
    return [line.kind for line in History.select().order_by(History.id)]


class TestSigning:
    def test_one_side_is_not_enough(self, world: World, plan: Plan) -> None:
        signed(plan, technician(world), "partner")
        view = seen(technician(world), plan)
        assert view.partner_signed is not None
        assert view.partner_signed[1] == "Tom Technician"
        assert (view.customer_signed, view.state) == (None, "open")
        assert Customer.get().status == "in_progress"

    def test_both_complete_the_plan_and_the_customer(self, world: World, plan: Plan) -> None:
        Customer.update(subscription_start=date(2026, 1, 5), commitment_ends=date(2027, 1, 4)).execute()
        before = len(kinds())
        completed(plan, world)
        customer, plan = Customer.get(), Plan.get()
        assert (plan.state, customer.status, customer.shelf, customer.steps_left) == ("done", "complete", "complete", 0)
        assert (customer.subscription_start, customer.commitment_ends) == (date(2026, 1, 5), date(2027, 1, 4))
        assert (plan.completed_at is not None, plan.turn, plan.current_step) == (True, "", "")
        assert step(plan, "sign_off").state == "done"
        assert kinds()[before:] == [
            "plan.signed", "plan.signed", "plan.step_done", "plan.completed", "customer.status_changed",
            "email.queued", "email.queued",
        ]  # fmt: skip

    def test_in_either_order(self, world: World, plan: Plan) -> None:
        signed(plan, by_link(plan), "customer")
        signed(plan, technician(world), "partner")
        assert Plan.get().state == "done"

    def test_secrets_are_erased(self, world: World, plan: Plan) -> None:
        rfi = Rfi.get()
        RfiAnswer.create(rfi=rfi, question="p", sealed=seal("secret"), changed_at=now(), changed_by_name="Ines")
        Mailbox.create(plan=plan, address="a@b.example", login="a", sealed=seal("secret"))
        completed(plan, world)
        assert (RfiAnswer.get().sealed, Mailbox.get().sealed) == ("", "")
        assert History.get(History.kind == "rfi.secrets_erased").facts == {"count": 2}

    def test_both_sides_are_written_to_and_the_customer_can_still_read(
        self, world: World, plan: Plan, nobody: Visitor
    ) -> None:
        completed(plan, world)
        to_msp, to_lead = Email.select().order_by(Email.id)
        assert (to_msp.kind, to_msp.to_email) == ("plan_complete", "ada.admin@northstar.example")
        assert f"{PORTAL_ADDRESS}/customers/{plan.customer_id}/plan" in to_msp.text
        assert to_lead.kind == "plan_complete_customer"
        for words in (to_lead.text, to_lead.html):
            assert f"{PORTAL_ADDRESS}/welcome/" in words

    def test_without_a_lead_only_the_msp_is_written_to(self, world: World, plan: Plan) -> None:
        Contact.delete().execute()
        completed(plan, world)
        assert [letter.kind for letter in Email.select()] == ["plan_complete"]

    def test_the_msp_signs_for_the_customer_with_a_reason(self, world: World, plan: Plan) -> None:
        signed(plan, technician(world), "partner")
        with pytest.raises(NeedsReason):
            signed(plan, technician(world), "customer")
        signed(plan, technician(world), "customer", WHY)
        assert Plan.get().state == "done"
        line = History.select().where(History.kind == "plan.signed").order_by(History.id.desc()).first()
        assert line.facts == {"side": "the customer", "reason": f": {WHY}"}

    def test_steps_that_are_not_required_keep_nobody(self, world: World, plan: Plan) -> None:
        assert step(plan, "policies").state == "not_started"
        completed(plan, world)


class TestRefused:
    def test_while_something_is_to_be_done(self, world: World) -> None:
        plan = a_plan(world)
        with pytest.raises(NotFinished, match="Still to be done: “Go through the plan together”, .* and 8 more"):
            signed(plan, technician(world), "partner")

    def test_twice(self, world: World, plan: Plan) -> None:
        signed(plan, technician(world), "partner")
        with pytest.raises(SignedAlready):
            signed(plan, technician(world), "partner")

    def test_when_the_plan_changed_meanwhile(self, world: World, plan: Plan) -> None:
        with pytest.raises(PlanChanged):
            sign_off(technician(world), plan.customer_id, plan.version - 1, "partner")

    def test_by_readers_strangers_and_the_contact_for_the_msp(self, world: World, plan: Plan) -> None:
        with pytest.raises(MayNot):
            signed(plan, standing_of(world.viewer), "partner")
        with pytest.raises(NotThere):
            signed(plan, standing_of(world.stranger), "partner")
        with pytest.raises(NotTheirs):
            signed(plan, by_link(plan), "partner")

    def test_what_may_be_signed_is_shown(self, world: World, plan: Plan) -> None:
        assert {"sign_off", "sign_for_customer"} <= seen(technician(world), plan).acts
        assert seen(by_link(plan), plan).acts == {"sign_off"}
        assert "sign_off" not in seen(technician(world), a_plan(world)).acts


class TestWithdrawn:
    def test_signatures_end_when_something_is_to_be_done_again(self, world: World, plan: Plan) -> None:
        signed(plan, technician(world), "partner")
        act(undo, technician(world), plan, "recipients", WHY)
        assert Plan.get().partner_signed_at is None
        assert kinds()[-1] == "plan.unsigned"

    def test_also_by_a_step_that_is_added(self, world: World, plan: Plan) -> None:
        signed(plan, by_link(plan), "customer")
        add_step(technician(world), plan.customer_id, Plan.get().version, OwnStep("One more", "partner"))
        assert Plan.get().customer_signed_at is None

    def test_not_by_one_that_is_not_required(self, world: World, plan: Plan) -> None:
        signed(plan, technician(world), "partner")
        act(start, technician(world), plan, "policies")
        assert Plan.get().partner_signed_at is not None


class TestReopening:
    def test_an_operator_opens_it_again_and_both_sign_anew(self, world: World, plan: Plan) -> None:
        completed(plan, world)
        assert seen(standing_of(world.operator), plan).acts == {"reopen"}
        reopen(standing_of(world.operator), plan.customer_id, WHY)
        plan, customer = Plan.get(), Customer.get()
        assert (plan.state, plan.completed_at, plan.partner_signed_at) == ("open", None, None)
        assert (customer.status, step(plan, "sign_off").state) == ("in_progress", "not_started")
        completed(plan, world)
        assert Customer.get().status == "complete"
        assert Email.select().where(Email.kind == "plan_complete").count() == 2

    def test_nobody_else(self, world: World, plan: Plan) -> None:
        completed(plan, world)
        with pytest.raises(MayNot):
            reopen(standing_of(world.admin), plan.customer_id, WHY)

    def test_not_one_that_is_open_nor_without_a_reason(self, world: World, plan: Plan) -> None:
        with pytest.raises(NotComplete):
            reopen(standing_of(world.operator), plan.customer_id, WHY)
        completed(plan, world)
        with pytest.raises(NeedsReason):
            reopen(standing_of(world.operator), plan.customer_id, " ")
        with pytest.raises(PlanOver):
            act(undo, technician(world), plan, "configure", WHY)
