"""Asking for the check of a step, and what the check is told."""

from datetime import timedelta

import pytest
import time_machine

from blueprints.accounts.standing import standing_of
from blueprints.customers.sealing import seal
from blueprints.plans.checking import (
    NothingToCheck,
    NotNeeded,
    Subject,
    TooSoon,
    UnderWay,
    ask,
    subject_of,
)
from blueprints.plans.held import NotTheirs, PlanOver
from blueprints.plans.working import Dropped, drop_step, not_applicable
from blueprints.web.refusals import MayNot, NotThere
from data.moments import now
from data.plans import Plan, PlanCheck
from data.rfi import AskedSet, HandedIn, Rfi, RfiAnswer
from tests.factories import World
from tests.plans.planned import WHY, a_plan, act, by_link, finish, proven, step, technician, told


@pytest.fixture
def plan(world: World) -> Plan:
    return a_plan(world)


def handed_in(plan: Plan, **answers: object) -> Rfi:
    rfi = Rfi.get(Rfi.order == plan.order_id)
    AskedSet.insert(version="0", definition={}, kept_at=now()).on_conflict_ignore().execute()
    number = HandedIn.select().where(HandedIn.rfi == rfi).count() + 1
    kept = {"infrastructure": "m365", "answers": answers, "at": now(), "by_name": "Ada"}
    HandedIn.create(rfi=rfi, number=number, set_version="0", **kept)
    return rfi


def told_of(plan: Plan, key: str) -> Subject:
    check = PlanCheck.get_or_none((PlanCheck.step == step(plan, key)) & (PlanCheck.state != "done"))
    return subject_of(check or PlanCheck.create(step=step(plan, key), kind="mx", not_before=now()))


# --- asking -------------------------------------------------------------------------------------------


def test_leaves_a_row_for_the_worker_and_a_line_of_history(world: World, plan: Plan) -> None:
    asked = ask(technician(world), plan.customer_id, step(plan, "domains").id)
    row = PlanCheck.get_by_id(asked.id)
    assert (row.state, row.kind, row.watch, row.asked_by_name) == ("due", "token", False, world.technician.name)
    assert row.not_before <= now()
    assert told()[-1] == "Step “Prove that the domains are yours”: asked for its check"


def test_is_refused_while_one_is_under_way(world: World, plan: Plan) -> None:
    ask(technician(world), plan.customer_id, step(plan, "domains").id)
    with pytest.raises(UnderWay):
        ask(technician(world), plan.customer_id, step(plan, "domains").id)
    assert PlanCheck.select().count() == 1


def test_another_step_may_be_asked_for_meanwhile(world: World, plan: Plan) -> None:
    ask(technician(world), plan.customer_id, step(plan, "domains").id)
    assert ask(technician(world), plan.customer_id, step(plan, "spf").id).kind == "spf"


def test_is_refused_for_some_seconds_after_an_answer(world: World, plan: Plan) -> None:
    with time_machine.travel("2026-03-02T09:30:00Z", tick=False) as clock:
        proven(step(plan, "domains"), "failed")
        clock.shift(timedelta(seconds=5))
        with pytest.raises(TooSoon, match="in 10 seconds"):
            ask(technician(world), plan.customer_id, step(plan, "domains").id)
        clock.shift(timedelta(seconds=10))
        ask(technician(world), plan.customer_id, step(plan, "domains").id)


def test_a_step_without_a_check_has_nothing_to_check(world: World, plan: Plan) -> None:
    with pytest.raises(NothingToCheck):
        ask(technician(world), plan.customer_id, step(plan, "configure").id)


def test_locked_and_done_steps_may_be_looked_at_dropped_and_needless_ones_not(world: World, plan: Plan) -> None:
    ask(technician(world), plan.customer_id, step(plan, "mx_change").id)
    finish(world, plan, "configure", "domains")
    ask(technician(world), plan.customer_id, step(plan, "domains").id)
    act(drop_step, technician(world), plan, "dmarc", WHY)
    with pytest.raises(Dropped):
        ask(technician(world), plan.customer_id, step(plan, "dmarc").id)
    act(not_applicable, technician(world), plan, "dkim", WHY)
    with pytest.raises(NotNeeded):
        ask(technician(world), plan.customer_id, step(plan, "dkim").id)


def test_the_customer_may_have_their_own_steps_checked_and_no_others(world: World, plan: Plan) -> None:
    asked = ask(by_link(plan), plan.customer_id, step(plan, "domains").id)
    assert asked.asked_by_id is None
    assert asked.asked_by_name.endswith("(by link)")
    with pytest.raises(NotTheirs):
        ask(by_link(plan), plan.customer_id, step(plan, "recipients").id)
    with pytest.raises(NotThere):
        ask(by_link(plan), plan.customer_id + 1, step(plan, "domains").id)


def test_readers_and_strangers_ask_for_nothing(world: World, plan: Plan) -> None:
    with pytest.raises(MayNot):
        ask(standing_of(world.viewer), plan.customer_id, step(plan, "domains").id)
    with pytest.raises(NotThere):
        ask(standing_of(world.stranger), plan.customer_id, step(plan, "domains").id)
    assert not PlanCheck.select().exists()


def test_a_closed_plan_is_not_checked_a_complete_one_is(world: World, plan: Plan) -> None:
    Plan.update(state="done").where(Plan.id == plan.id).execute()
    ask(technician(world), plan.customer_id, step(plan, "spf").id)
    Plan.update(state="closed").where(Plan.id == plan.id).execute()
    with pytest.raises(PlanOver):
        ask(technician(world), plan.customer_id, step(plan, "domains").id)


# --- what a check is told -----------------------------------------------------------------------------


def test_hears_the_answers_of_the_newest_rfi_that_was_handed_in(world: World, plan: Plan) -> None:
    handed_in(plan, mail_domains=["old.example"])
    handed_in(plan, mail_domains=["Company.example", "bücher.example", "no domain"], send_only_domains=["x.example"])
    subject = told_of(plan, "domains")
    assert subject.domains == ("company.example", "xn--bcher-kva.example")
    assert (subject.partner.name, subject.check.kind) == ("Northstar IT", "token")


def test_leaves_out_the_domains_that_receive_nothing(world: World, plan: Plan) -> None:
    handed_in(plan, mail_domains=["company.example", "sends.example"], send_only_domains=["sends.example"])
    assert told_of(plan, "mx_change").domains == ("company.example",)


def test_without_any_rfi_looks_at_the_domain_of_the_customer(world: World, plan: Plan) -> None:
    subject = told_of(plan, "domains")
    assert subject.domains == (subject.customer.primary_domain,)


def test_secrets_are_opened_only_when_asked_for_and_only_those_of_the_step(world: World) -> None:
    plan = a_plan(world, infrastructure="onprem", directory_sync="ldap")
    rfi = handed_in(plan, ldap_host="ldap.company.example", ldap_security="ldaps")
    for question, secret in (("ldap_password", "tide"), ("imap_admin_password", "moon")):
        RfiAnswer.create(rfi=rfi, question=question, sealed=seal(secret), changed_at=now(), changed_by_name="Ada")
    subject = told_of(plan, "directory")
    assert subject.text("host") == "ldap.company.example"
    assert (subject.secret("password"), set(subject.sealed)) == ("tide", {"ldap_password"})
    assert "tide" not in repr(subject)
    assert told_of(plan, "spf").secret("password") == ""
