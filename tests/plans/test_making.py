"""Making a plan: which one an order calls for, which steps a customer needs, and what handing in again changes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.plans.making import MadeAlready, NotReady, make_now, make_plan
from blueprints.plans.working import done, drop_step, start
from blueprints.web.refusals import MayNot, NotThere
from data import plan_definitions
from data.customers import Customer
from data.database import transaction
from data.history import History, sentence
from data.plan_choosing import Needs, chosen, combined, selected
from data.plan_definitions import Template, current_templates, from_definition
from data.plans import Plan, PlanStep, PlanTemplate
from data.rfi import Rfi
from tests.factories import World
from tests.plans.planned import ANSWERS, a_plan, seen, step, technician
from tests.rfi.waiting_for import an_opened_rfi


def needs(*services: str, infrastructure: str = "m365", **answers: Any) -> Needs:
    return Needs(frozenset(services), infrastructure, {**ANSWERS, **answers})


def keys(found: Needs) -> dict[str, tuple[str, ...]]:
    """The steps that these needs call for, each with what it comes after."""
    return {each.step.id: each.after for each in chosen(selected(current_templates(), found), found)}


def again(plan: Plan, world: World, found: Needs) -> Plan:
    """The RFI is handed in once more."""
    with transaction():
        make_plan(standing_of(world.technician), Customer.get_by_id(plan.customer_id), plan.order_id, found)
    return Plan.get_by_id(plan.id)


class TestSelecting:
    @pytest.mark.parametrize(
        ("services", "title"),
        [
            (("migration",), "Moving mailboxes from an IMAP server"),
            (("security",), "Email security and archiving"),
            (("archiving",), "Email security and archiving"),
            (("continuity",), "Email security and archiving"),
            ((), "Email security and archiving"),
            (("migration", "security"), "Moving mailboxes from an IMAP server; email security and archiving"),
        ],
    )
    def test_an_order_calls_for_one_plan(self, services: tuple[str, ...], title: str) -> None:
        assert selected(current_templates(), needs(*services)).title == title

    def test_security_alone_journals_nothing_and_archiving_alone_changes_no_mx(self) -> None:
        security, archiving = keys(needs("security")), keys(needs("archiving"))
        assert "journaling" not in security
        assert {"mx_change", "spf", "inbound", "outbound_observed"} <= set(security)
        assert "journaling" in archiving
        assert {"mx_change", "spf", "inbound", "lock_down"}.isdisjoint(archiving)
        assert {"mx_change", "journaling"} <= set(keys(needs("security", "archiving")))

    @pytest.mark.parametrize(
        ("infrastructure", "step"),
        [
            ("onprem", "lock_down"),
            ("hosted", "lock_down"),
            ("hybrid_m365", "lock_down"),
            ("other", "lock_down"),
            ("m365", "lock_down_tenant"),
            ("google", "lock_down_tenant"),
        ],
    )
    def test_each_infrastructure_closes_its_own_side_door(self, infrastructure: str, step: str) -> None:
        found = set(keys(needs("security", infrastructure=infrastructure)))
        assert found & {"lock_down", "lock_down_tenant"} == {step}

    @pytest.mark.parametrize(
        ("sync", "step"),
        [("ldap", "directory"), ("cloud", "directory_connector"), ("agent", "directory_connector"), ("list", "users")],
    )
    def test_people_are_made_known_in_one_way(self, sync: str, step: str) -> None:
        found = keys(needs("security", directory_sync=sync))
        assert {"directory", "directory_connector", "users"} & set(found) == {step}
        assert found["recipients"] == (step,)

    def test_a_filter_that_stays_moves_the_mx_step_to_the_cutover(self) -> None:
        found = keys(needs("migration", filter_now="kept"))
        assert {"mx_change", "mx_spread", "mail_back", "lower_ttl"}.isdisjoint(found)
        assert found["filter_forward"] == ("cut_over",)
        assert "autodiscover" in found
        order = list(found)
        assert order.index("filter_forward") == order.index("cut_over") + 1

    def test_without_it_the_mx_records_change_in_the_first_phase(self) -> None:
        found = keys(needs("migration"))
        assert "filter_forward" not in found
        assert set(found["mx_change"]) == {"mail_back", "verify_objects", "cutover_date"}
        assert "mx_spread" in found["cut_over"]

    def test_what_is_not_needed_stands_for_what_it_comes_after(self) -> None:
        kept = keys(needs("migration", filter_now="kept"))
        assert "cutover_date" in kept["cut_over"], "through the change and the spread of the MX records"
        assert set(keys(needs("migration"))["verify_data"]) == {"last_copy", "clients", "spf"}

    def test_questions_that_were_never_asked_call_for_the_usual_steps(self) -> None:
        found = keys(Needs(frozenset({"security"}), "", {}))
        assert {"users", "mx_change"} <= set(found)


class TestPuttingTogether:
    def test_a_shared_step_is_done_once_after_all_that_either_plan_wants(self) -> None:
        found = keys(needs("migration", "security"))
        assert set(found["mx_change"]) == {
            "mail_back", "verify_objects", "cutover_date", "recipients", "inbound", "domains",
        }  # fmt: skip

    def test_preparation_comes_first_and_the_signatures_last(self) -> None:
        both = selected(current_templates(), needs("migration", "archiving"))
        assert [phase.id for phase in both.phases] == [
            "prepare", "sending", "receiving", "account", "data", "cutover", "finish",
        ]  # fmt: skip
        assert list(both)[-1].id == "sign_off"
        assert len({step.id for step in both}) == len(list(both))

    def test_what_both_make_is_kept_and_read_back(self) -> None:
        both = selected(current_templates(), needs("migration", "archiving"))
        assert from_definition(plan_definitions.as_definition(both)) == both

    def test_a_step_that_either_shows_sometimes_is_there_when_one_does(self) -> None:
        one = a_template("one", {"services": ["security"]})
        other = a_template("other", {"services": ["archiving"]})
        both = combined(one, other)
        for service, count in (("security", 1), ("archiving", 1), ("continuity", 0)):
            assert len(chosen(both, needs(service))) == count

    def test_a_phase_that_both_have_gets_the_steps_of_both(self) -> None:
        one, other = a_template("one", step="a"), a_template("other", step="b")
        (phase,) = combined(one, other).phases
        assert [step.id for step in phase.steps] == ["a", "b"]


def a_template(name: str, shown: dict | None = None, step: str = "same") -> Template:
    table: dict[str, Any] = {"id": step, "title": "Same", "owner": "partner"}
    steps = [table | ({"show_when": shown} if shown else {})]
    phases = [{"id": "only", "title": "Only", "steps": steps}]
    return from_definition({"plan": name, "title": name, "otherwise": True, "phases": phases})


class TestMaking:
    def test_writes_the_steps_and_keeps_the_version(self, world: World) -> None:
        plan = a_plan(world, "migration", cutover="2030-03-08T07:00")
        kept = PlanTemplate.get_by_id(plan.template_id)
        assert from_definition(kept.definition).version == plan.template_id
        assert (plan.state, plan.version) == ("open", 2)
        assert plan.cutover_at == datetime(2030, 3, 8, 6, 0, tzinfo=UTC), "seven o’clock in Berlin"
        assert [step.position for step in PlanStep.select().order_by(PlanStep.id)] == list(
            range(1, PlanStep.select().count() + 1)
        )

    def test_the_order_and_the_rfi_are_there_already(self, world: World) -> None:
        plan = a_plan(world, "migration")
        assert {row.key for row in PlanStep.select() if row.state == "done"} == {"terms", "imap_settings"}
        assert (plan.steps_done, plan.current_step, plan.turn) == (2, "Go through the plan together", "everyone")
        assert Customer.get().steps_left == plan.steps_total - 2

    def test_leaves_one_line_of_history(self, world: World) -> None:
        a_plan(world)
        assert [sentence(line) for line in History.select()] == [
            f"Onboarding plan made: Email security and archiving, {PlanStep.select().count()} steps"
        ]

    def test_the_day_of_going_live_is_the_cutover_of_a_plan_without_one(self, world: World) -> None:
        assert a_plan(world, go_live="2030-03-04").cutover_at == datetime(2030, 3, 4, 7, 0, tzinfo=UTC)
        assert a_plan(world, go_live="some day").cutover_at is None

    def test_files_that_change_later_do_not_matter(self, world: World) -> None:
        plan = a_plan(world)
        before = plan_definitions.kept
        try:
            plan_definitions.plan_by([a_template("newer")])
            assert seen(technician(world), plan).title == "Email security and archiving"
            again(plan, world, needs("security", "archiving"))
            assert step(plan, "journaling").state == "not_started"
        finally:
            plan_definitions.kept = before

    def test_a_plan_that_is_over_is_left_alone(self, world: World) -> None:
        rfi = an_opened_rfi(world)
        Plan.update(state="closed").execute()
        with transaction():
            assert make_plan(technician(world), rfi.customer, rfi.order_id, needs("security")) is None
        assert not PlanStep.select().exists()


class TestHandingInAgain:
    def test_adds_what_is_called_for_now_and_drops_what_nobody_began(self, world: World) -> None:
        plan = a_plan(world, directory_sync="list")
        again(plan, world, needs("security", directory_sync="ldap"))
        assert step(plan, "users").dropped_at is not None
        assert step(plan, "directory").state == "not_started"
        assert step(plan, "recipients").after == ["directory"]
        line = History.select().order_by(History.id.desc()).first()
        assert sentence(line).endswith("again: added: Connect the directory; dropped: Import the people")

    def test_settled_and_begun_steps_stay(self, world: World) -> None:
        plan = a_plan(world, directory_sync="list", infrastructure="onprem")
        who = technician(world)
        done(who, plan.customer_id, step(plan, "configure").id, 1)
        start(who, plan.customer_id, step(plan, "users").id, 1)
        again(plan, world, needs("security", directory_sync="ldap"))
        assert step(plan, "configure").state == "done"
        assert (step(plan, "users").state, step(plan, "users").dropped_at) == ("in_progress", None)

    def test_what_is_called_for_again_comes_back(self, world: World) -> None:
        plan = a_plan(world, directory_sync="list")
        again(plan, world, needs("security", directory_sync="ldap"))
        again(plan, world, needs("security", directory_sync="list"))
        assert step(plan, "users").dropped_at is None
        assert step(plan, "directory").dropped_at is not None

    def test_what_a_person_dropped_stays_dropped(self, world: World) -> None:
        plan = a_plan(world)
        drop_step(technician(world), plan.customer_id, step(plan, "outbound").id, 1, "They send elsewhere.")
        again(plan, world, needs("security"))
        assert step(plan, "outbound").dropped_at is not None

    def test_the_same_answers_change_nothing(self, world: World) -> None:
        plan = a_plan(world)
        lines, before = History.select().count(), list(PlanStep.select().order_by(PlanStep.id).dicts())
        again(plan, world, needs("security"))
        assert (History.select().count(), list(PlanStep.select().order_by(PlanStep.id).dicts())) == (lines, before)

    def test_the_counts_follow(self, world: World) -> None:
        plan = a_plan(world)
        before = plan.steps_total
        plan = again(plan, world, needs("security", "archiving"))
        assert plan.steps_total == before + 1
        assert Customer.get().steps_left == plan.steps_total - plan.steps_done


class TestByHand:
    def test_makes_the_plan_where_another_application_asked(self, world: World) -> None:
        rfi = an_opened_rfi(world, state="not_applicable")
        plan = make_now(technician(world), rfi.customer_id)
        assert plan.steps_total > 5

    def test_not_while_the_rfi_is_open(self, world: World) -> None:
        rfi = an_opened_rfi(world)
        with pytest.raises(NotReady):
            make_now(technician(world), rfi.customer_id)

    def test_not_twice(self, world: World) -> None:
        plan = a_plan(world)
        Rfi.update(state="complete").execute()
        with pytest.raises(MadeAlready):
            make_now(technician(world), plan.customer_id)

    def test_not_by_readers_or_strangers(self, world: World) -> None:
        rfi = an_opened_rfi(world, state="not_applicable")
        with pytest.raises(MayNot):
            make_now(standing_of(world.viewer), rfi.customer_id)
        with pytest.raises(NotThere):
            make_now(standing_of(world.stranger), rfi.customer_id)
