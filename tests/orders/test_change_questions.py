"""What newly bought services call for is asked first: only what is not known, once, and the plan waits for it."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from blueprints.orders import change_waiting
from blueprints.plans.making import make_plan
from blueprints.rfi import waiting
from blueprints.rfi.asking import AskedBefore, ask, is_of_each_order
from blueprints.rfi.filling import Filled, filled
from blueprints.rfi.handing_in import hand_in
from blueprints.rfi.remembering import whole_rfi
from blueprints.rfi.reviewing import flag_answers, reopen
from data.customers import Contact, Customer
from data.database import transaction
from data.definitions import current_sets
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from data.plan_choosing import Needs
from data.plans import Plan, PlanStep
from data.rfi import HandedIn, Rfi, RfiLink
from tests.factories import World, a_price, a_product
from tests.orders.changing import a_finished_plan, answered, changed
from tests.plans.planned import technician
from tests.rfi.filled_in import answer
from tests.rfi.good_and_bad import answered_well
from tests.rfi.waiting_for import set_waiting
from tests.visits import Visitor

ADDRESS = "https://portal.example"
OF_EACH_ORDER = {"go_live", "confirmed"}


@pytest.fixture
def customer(world: World) -> Customer:
    """Complete, with security; everything that calls for was answered and is done."""
    plan = a_finished_plan(world)
    lead = {"kind": "implementation_lead", "email": "ines@acme.example"}
    if not Contact.select().where((Contact.customer == plan.customer_id) & (Contact.email != "")).exists():
        Contact.create(customer=plan.customer_id, first_name="Ines", last_name="Lead", **lead)
    answered(Rfi.get(Rfi.order == plan.order_id), filter_now="none")
    return Customer.get_by_id(plan.customer_id)


@pytest.fixture
def archived(admin: Visitor, customer: Customer, world: World) -> Rfi:
    """They bought the archive besides; its questions are open."""
    changed(admin, customer, permitted_users="25", add=[world.vault.id])
    return newest()


def newest() -> Rfi:
    return whole_rfi(Rfi.select().order_by(Rfi.id.desc()).first().id)


def stands(rfi: Rfi) -> Filled:
    return filled(whole_rfi(rfi.id))


def asked(rfi: Rfi) -> set[str]:
    return set(stands(rfi).by_id)


def fill(rfi: Rfi) -> None:
    """Good answers to all that is asked."""
    whole = stands(rfi)
    for name, value in answered_well(whole.questions, whole.ground.situation).items():
        if name in stands(rfi).by_id:
            answer(rfi, name, value)


def handed(rfi: Rfi) -> HandedIn:
    fill(rfi)
    assert [problem for _, problem in stands(rfi).problems] == []
    found = whole_rfi(rfi.id)
    return hand_in(LinkLike(), found, found.version, ADDRESS)


class LinkLike:
    id, name = None, "Ines Lead (by link)"


def letters(kind: str) -> list[Email]:
    return list(Email.select().where(Email.kind == kind).order_by(Email.id))


def lines(*kinds: str) -> list[str]:
    return [sentence(line) for line in History.select().where(History.kind.in_(kinds)).order_by(History.id)]


def keys(plan: Plan) -> set[str]:
    steps = PlanStep.select().where((PlanStep.plan == plan) & PlanStep.dropped_at.is_null())
    return {step.key for step in steps}


def newest_plan() -> Plan:
    return Plan.select().order_by(Plan.id.desc()).first()


# --- what is asked ------------------------------------------------------------------------------------


def test_only_what_the_new_service_calls_for_is_asked(archived: Rfi, customer: Customer) -> None:
    found = asked(archived)
    assert {"journal_sender", "retention_years", "legacy_wanted"} <= found
    sections = [section for section in stands(archived).sections if section.section.id != "archive"]
    assert {name for section in sections for name in section.by_id} == OF_EACH_ORDER
    assert Rfi.select().where(Rfi.customer == customer).count() == 2, "what was handed in before stays as it is"
    assert Rfi.select().order_by(Rfi.id).first().state == "complete"


def test_answers_bring_their_own_questions(archived: Rfi) -> None:
    assert "legacy" not in asked(archived)
    answer(archived, "legacy_wanted", "yes")
    assert "legacy" in asked(archived)


def test_what_is_known_decides_what_is_asked(admin: Visitor, customer: Customer, world: World) -> None:
    answered(newest(), infrastructure="hosted")
    changed(admin, customer, permitted_users="25", add=[world.vault.id])
    assert "host_journaling" in asked(newest())
    assert "infrastructure" not in asked(newest())


def test_a_required_question_that_was_left_open_is_asked(admin: Visitor, customer: Customer, world: World) -> None:
    answered(newest(), data_region="", dns_host="")
    changed(admin, customer, permitted_users="25", add=[world.vault.id])
    assert "data_region" in asked(newest()), "it is needed"
    assert "dns_host" not in asked(newest()), "nobody need answer it, and nobody did"


def test_nothing_is_asked_for_more_users_or_services_without_questions(
    admin: Visitor, customer: Customer, world: World
) -> None:
    changed(admin, customer, permitted_users="40")
    more = a_product("SECURE2", name="More shield", security=True)
    a_price(world.northstar, more)
    changed(admin, customer, permitted_users="40", add=[more.id])
    assert (Rfi.select().count(), letters("rfi_for_change")) == (1, [])


def test_who_answers_another_application_is_asked_nothing_here(
    admin: Visitor, customer: Customer, world: World
) -> None:
    Rfi.update(state="not_applicable", reason="asked elsewhere").execute()
    changed(admin, customer, permitted_users="25", add=[world.vault.id])
    assert Rfi.select().count() == 1
    assert "journaling" in keys(newest_plan()), "and the plan is made at once"


# --- who is told --------------------------------------------------------------------------------------


def test_the_lead_gets_a_link_to_the_new_questions(app: Any, archived: Rfi, admin: Visitor) -> None:
    letter = letters("rfi_for_change")[0]
    lead = Contact.get((Contact.customer == archived.customer) & (Contact.email == letter.to_email))
    assert lead.kind == "implementation_lead"
    assert "is not asked again" in letter.text
    assert "Mail vault" in letter.subject
    page = Visitor(app, None).get(re.search(r"https?://[^/]+(/rfi/\S+)", letter.text)[1])
    assert page.status == 200
    assert page.find('[name="journal_sender"]')
    assert not page.find('[name="mail_domains"]')
    assert RfiLink.select().where(RfiLink.rfi == archived).count() == 1
    assert "Implementation" not in letter.text
    shown = admin.get(f"/orders/{archived.order_id}")
    assert letter.to_email in shown.text, "its state stands with the change order"


def test_history_and_the_customers_page_say_so(archived: Rfi, admin: Visitor, customer: Customer) -> None:
    said = lines("rfi.opened_for_change", "rfi.link_sent")
    assert re.fullmatch(r"RFI opened for what change order \S+ added: .+", said[0])
    assert said[1].startswith("RFI link sent to ")
    page = admin.get(f"/customers/{customer.id}")
    panel = page.find("#rfi")[0].text_content()
    assert "Only what is not known yet is asked." in panel
    assert "Opened again" not in panel
    assert "The plan of what was added waits for it." in " ".join(panel.split())
    assert Customer.get_by_id(customer.id).status == "complete", "what was bought before runs on"


def test_without_a_lead_it_is_opened_and_nobody_is_written_to(admin: Visitor, customer: Customer, world: World) -> None:
    Contact.update(email="").where(Contact.customer == customer).execute()
    changed(admin, customer, permitted_users="25", add=[world.vault.id])
    assert newest().order.kind == "change"
    assert letters("rfi_for_change") == []


# --- the plan waits -----------------------------------------------------------------------------------


def test_the_plan_is_opened_and_its_steps_wait_for_the_answers(archived: Rfi, world: World) -> None:
    plan = newest_plan()
    assert (plan.order_id, plan.state, plan.template_id) == (archived.order_id, "open", None)
    handed(archived)
    plan = newest_plan()
    assert "journaling" in keys(plan)
    assert {"mx_change", "spf", "domains", "configure"}.isdisjoint(keys(plan)), "these were done before"


def test_a_version_says_all_that_is_known(archived: Rfi, admin: Visitor, customer: Customer) -> None:
    kept = handed(archived)
    assert (kept.rfi_id, kept.number) == (archived.id, 1)
    assert kept.answers["mail_domains"][0] == "acme.example"
    assert kept.answers["journal_sender"]
    assert kept.infrastructure == "m365"
    assert kept.attachment.name.startswith("RFI answers for change order ")
    assert newest().state == "complete"
    assert Customer.get_by_id(customer.id).infrastructure == "m365"
    page = admin.get(f"/customers/{customer.id}/rfi/review")
    assert page.status == 200
    assert "acme.example" in page.text


def test_flagged_and_reopened_it_is_looked_over_whole(archived: Rfi, world: World, customer: Customer) -> None:
    handed(archived)
    who = technician(world)
    flag_answers(who, customer.id, newest().version, {"data_region": "Are you sure?"}, ADDRESS)
    whole = stands(archived)
    assert whole.by_id["data_region"].flag
    assert whole.by_id["data_region"].value == "any"
    assert whole.by_id["journal_sender"].answer is not None
    Rfi.update(state="complete").where(Rfi.id == archived.id).execute()
    reopen(who, customer.id, newest().version, "The retention is wrong.", ADDRESS, tell=False)
    assert {"data_region", "retention_years"} <= asked(archived)


def test_a_plan_that_is_open_gets_the_steps_with_the_answers(admin: Visitor, archived: Rfi, world: World) -> None:
    handed(archived)
    plan, before = newest_plan(), keys(newest_plan())
    moving = a_product("MOVE", name="Mailbox move", security=False, migration=True)
    a_price(world.northstar, moving)
    changed(admin, archived.customer, permitted_users="25", add=[moving.id])
    assert newest().id != archived.id
    assert "journal_sender" not in asked(newest()), "answered a moment ago"
    assert keys(plan) == before, "nothing is added before it is known"
    handed(newest())
    assert newest_plan() == plan
    assert before < keys(plan)
    assert "cut_over" in keys(plan)


def test_answers_of_before_do_not_make_the_plan(archived: Rfi, customer: Customer, world: World) -> None:
    """Whoever hands the plan's makers an order whose plan is over gets the open one, without the steps of before."""
    first = Plan.select().order_by(Plan.id).first()
    needs = Needs(frozenset({"security", "archiving"}), "m365", {"filter_now": "none"})
    with transaction():
        made = make_plan(technician(world), customer, first.order_id, needs)
    assert made == newest_plan()
    assert "mx_change" not in keys(made)


# --- an RFI that is open anyway -----------------------------------------------------------------------


def test_an_open_rfi_asks_for_the_further_service_too(admin: Visitor, archived: Rfi, world: World) -> None:
    answer(archived, "journal_sender", "journal@company.example")
    moving = a_product("MOVE", name="Mailbox move", security=False, migration=True)
    a_price(world.northstar, moving)
    version = archived.version
    changed(admin, archived.customer, permitted_users="25", add=[moving.id])
    rfi = newest()
    assert (rfi.id, rfi.version) == (archived.id, version + 1), "whoever has it open looks again before handing in"
    assert {"cutover", "journal_sender"} <= asked(rfi)
    assert "mail_domains" not in asked(rfi)
    assert stands(rfi).by_id["journal_sender"].value == "journal@company.example"
    assert lines("rfi.asks_for_change")
    assert len(letters("rfi_for_change")) == 2
    assert Plan.select().where(Plan.state == "open").count() == 1
    handed(rfi)
    assert {"journaling", "cut_over"} <= keys(newest_plan())


def test_a_first_rfi_that_was_opened_again_asks_too(admin: Visitor, customer: Customer, world: World) -> None:
    reopen(technician(world), customer.id, newest().version, "Look again", ADDRESS, tell=False)
    changed(admin, customer, permitted_users="25", add=[world.vault.id])
    assert Rfi.select().count() == 1
    assert {"mail_domains", "journal_sender"} <= asked(newest())
    handed(newest())
    assert "journaling" in keys(newest_plan())
    assert "mx_change" not in keys(newest_plan())


def test_a_cheaper_product_with_another_service_asks_when_its_day_has_come(
    time_machine: Any, app: Any, customer: Customer, world: World
) -> None:
    cheaper = a_product("VAULT2", name="Small vault", security=False, archiving=True)
    a_price(world.northstar, cheaper, monthly="1.00")
    order = changed(Visitor(app, world.admin), customer, permitted_users="25", replace_with=str(cheaper.id))
    assert order.applied_at is None
    assert letters("rfi_for_change") == []
    time_machine.move_to(f"{order.effective_on}T12:00:00Z", tick=False)
    assert change_waiting.apply_due(ADDRESS) == 1
    assert f"{ADDRESS}/rfi/" in letters("rfi_for_change")[0].text
    assert History.get(History.kind == "rfi.opened_for_change").who_id is None, "the portal asked"
    assert "journal_sender" in asked(newest())


# --- unanswered ---------------------------------------------------------------------------------------


def test_it_is_reminded_of_and_the_msp_told_but_nothing_is_closed(
    archived: Rfi, customer: Customer, world: World
) -> None:
    set_waiting(world.northstar, "3,7", 20)
    for day in (3, 7, 60):
        Rfi.update(opened_at=now() - timedelta(days=day, minutes=1)).where(Rfi.id == archived.id).execute()
        waiting.tend(ADDRESS)
    assert len(letters("rfi_reminder")) == 2
    assert "closes the project" not in letters("rfi_reminder")[0].text
    told = letters("rfi_silent")
    assert told
    assert "what runs goes on" in told[0].text
    assert "about what was added" in told[0].subject
    assert letters("rfi_closing") == letters("rfi_closed") == []
    assert Customer.get_by_id(customer.id).status == "complete"
    assert lines("rfi.change_silence_told") == ["MSP told that the questions of a change order are still unanswered"]


def test_a_first_rfi_of_a_complete_customer_is_left_alone(customer: Customer, world: World) -> None:
    set_waiting(world.northstar, "3,7", 20)
    Rfi.update(state="incomplete", opened_at=now() - timedelta(days=30)).execute()
    assert waiting.tend(ADDRESS) == 0


# --- pure ---------------------------------------------------------------------------------------------


def test_every_service_adds_only_what_the_others_did_not_ask(customer: Customer, archived: Rfi) -> None:
    """For every pair of services: none of what the first asked is asked by the second, but what is of each order."""
    situation = replace(stands(archived).situation, answers={"infrastructure": "onprem"}, before=None)
    every = ("security", "archiving", "continuity", "migration")
    for had in every:
        first = replace(situation, services=frozenset({had}))
        known = answered_well(current_sets(), first)
        for new in every:
            both = replace(situation, services=frozenset({had, new}), answers=known)
            before = AskedBefore(known, frozenset({new}) - {had})
            again = [each for each in ask(current_sets(), replace(both, before=before)).questions if each.id in known]
            assert all(is_of_each_order(each) for each in again), (had, new)
            left = {each.id for each in ask(current_sets(), both).questions} - set(known)
            now_asked = {each.id for each in ask(current_sets(), replace(both, before=before)).questions}
            assert left <= now_asked, "and nothing new is passed over"
