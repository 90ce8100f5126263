"""The day of a partner change: what happens then, and what stays as it was."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.customers.links import follow_link, new_link
from blueprints.orders.submission import Agreement
from blueprints.rfi import waiting
from blueprints.transfers import confirming, rules, taking_over
from blueprints.web.refusals import NotThere
from data.accounts import Grant, Person
from data.attachments import Attachment
from data.console import Delegation
from data.customers import Contact, Customer
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from data.monitors import NEVER_SET_UP, Maintenance, Monitor, Reading
from data.notes import Note
from data.orders import Order
from data.plans import Mailbox, Plan, PlanCheck, PlanStep
from data.rfi import HandedIn, Rfi, RfiAnswer, RfiLink
from data.roles import Role
from data.transfers import Transfer
from tests.factories import World, a_customer, a_grant_over, a_person
from tests.orders.changing import answered
from tests.orders.test_addendum import read
from tests.transfers.changing import (
    ASKING,
    ELSEWHERE,
    ON_THE_DAY,
    PORTAL_ADDRESS,
    a_complete_customer,
    a_request,
    an_order,
    asked,
    clock,
    code_of,
    confirmed,
    go,
    moved,
    of,
    provider,
    rows,
)
from tests.transfers.planted import plant
from tests.visits import Visitor

# --- what happens ---------------------------------------------------------------------------------------


def test_the_receiving_msp_has_the_customer_and_the_releasing_one_its_record(world: World) -> None:
    done = moved(world, a_complete_customer(world, name="Quellenhof", primary_domain="quellenhof.example"))
    assert (done.old.partner, done.old.status, done.old.shelf) == (world.harbour, "transferred", "past")
    assert (done.new.partner, done.new.status, done.new.shelf) == (world.northstar, "complete", "complete")
    assert (done.new.name, done.new.primary_domain) == ("Quellenhof", "quellenhof.example")
    assert (done.new.subscription_start, done.new.commitment_ends) == (date(2026, 1, 15), date(2027, 1, 14))
    assert not Contact.select().where(Contact.customer == done.old).exists()
    assert [contact.full_name for contact in done.new.contacts] == ["Ines Lead"]


def test_the_order_is_the_receivers_own_at_the_prices_it_accepted(world: World) -> None:
    done = moved(world)
    order = Order.get(Order.customer == done.new)
    assert (order.partner, order.state, order.monthly_total) == (world.northstar, "submitted", Decimal(150))
    assert (order.one_time_total, order.first_payment) == (Decimal(0), Decimal(150))
    assert (order.order_number, order.submitted_by, order.permitted_users) == ("PO-9", world.admin, 40)
    assert [line.services for line in order.lines] == ["security", "archiving"]
    paper = Attachment.get(Attachment.order == order)
    told = read(bytes(paper.content.content))
    for words in ("Takeover addendum", "Northstar IT", "Taken over from Harbour Lights on 15 February 2027", "150.00"):
        assert words in told
    assert "3.75" not in told


def test_only_the_products_that_were_chosen_go_over(world: World) -> None:
    with clock(ASKING):
        customer = a_complete_customer(world)
    done = moved(world, customer, product_ids=(world.vault.id,))
    assert [line.name for line in Order.get(Order.customer == done.new).lines] == ["Mail vault"]


def test_what_does_not_move_ends_with_the_day_and_everybody_is_told(world: World, visit_as: Callable) -> None:
    with clock(ASKING):
        customer = a_complete_customer(world)
        for service in ("inbound_queue", "journal_queue", "directory_connector"):
            Monitor.create(customer=customer, service=service, source="push", since=now(), made_at=now())
    done = moved(world, customer, product_ids=(world.vault.id,))
    lines = [sentence(line) for line in History.select().where(History.customer_id == done.old.id)]
    assert "Ended with 14 February 2027, not moved: Mail shield" in lines
    before, after = "Mail shield does not move and ends with 14", "Mail shield did not move and ended with 14"
    kept = dict.fromkeys(("transfer_offered", "transfer_accepted", "transfer_to_confirm", "transfer_confirmed"), before)
    kept |= dict.fromkeys(("transfer_moved", "transfer_taken_over", "transfer_new_partner"), after)
    for kind, told in kept.items():
        letters = list(Email.select().where(Email.kind == kind))
        assert letters, kind
        assert all(told in letter.text and told in letter.html for letter in letters), kind
    switched_off = [letter.to_email for letter in Email.select() if "Switch it off at the provider" in letter.text]
    assert switched_off == [world.operator.email]
    page = visit_as(world.stranger).get(f"/customers/{done.old.id}")
    assert f"{after} February 2027." in page.find("#transfer")[0].text_content()
    assert {each.state for each in Monitor.select().where(Monitor.customer == done.old)} == {"off"}
    watched = {each.service for each in Monitor.select().where(Monitor.customer == done.new)}
    assert watched == {"journal_queue", "directory_connector"}, "whose mail is filtered no more needs no queue watched"
    assert "Mail shield" not in visit_as(world.admin).get(f"/customers/{done.new.id}").text


def test_an_rfi_that_a_change_order_opened_goes_along_whole(world: World) -> None:
    with clock(ASKING):
        customer = a_complete_customer(world, products=(world.shield,))
        first = Rfi.get(Rfi.customer == customer)
        answered(first, mail_domains=["quellenhof.example"])
        RfiAnswer.create(rfi=first, question="data_region", value="eu", changed_at=now(), changed_by_name="Lea")
        Order.update(addendum_number="2026-000001").where(Order.customer == customer).execute()
        order = an_order(customer, (world.shield, world.vault))
        changed = {"kind": "change", "changes": first.order_id, "applied_at": now()}
        Order.update(**changed).where(Order.id == order.id).execute()
        second = Rfi.create(customer=customer, order=order, opened_at=now())
        RfiAnswer.create(rfi=second, question="retention_years", value="7", changed_at=now(), changed_by_name="Lea")
    done = moved(world, customer)
    rfi = Rfi.get(Rfi.customer == done.new)
    assert rfi.state == "incomplete", "the further questions are still to be answered"
    kept = {answer.question: answer.value for answer in RfiAnswer.select().where(RfiAnswer.rfi == rfi)}
    assert kept == {"data_region": "eu", "retention_years": "7"}
    version = HandedIn.get(HandedIn.rfi == rfi)
    assert version.answers["mail_domains"] == ["quellenhof.example"]
    its_new_msp_is_told_and_reminds(rfi)


def its_new_msp_is_told_and_reminds(rfi: Rfi) -> None:
    """The day of the move is the first of waiting; nothing closes a customer whose service runs."""
    before = Email.select().count()
    for day, kinds in ((2, set()), (4, {"rfi_reminder"}), (60, {"rfi_reminder", "rfi_silent"})):
        with clock(ON_THE_DAY + timedelta(days=day)):
            waiting.tend("https://portal.example")
            written = list(Email.select().order_by(Email.id).offset(before))
            assert {letter.kind for letter in written} == kinds, day
            assert {letter.partner_id for letter in written} <= {rfi.customer.partner_id}
    assert Customer.get_by_id(rfi.customer_id).status == "complete"


def test_when_all_moves_nothing_is_said_to_end(world: World) -> None:
    done = moved(world)
    assert not History.select().where(History.kind == "transfer.ended").exists()
    assert not any("not move" in letter.text for letter in Email.select())
    assert done.new.status == "complete"


def test_roles_links_and_passwords_of_before_end(world: World) -> None:
    with clock(ASKING):
        planted = plant(world)
        kept_away = a_person("Nora None", world.harbour, Role.TECHNICIAN)
        a_grant_over(kept_away, planted.customer, Role.NONE)
    done = moved(world, planted.customer)
    grants = {grant.person.name: grant.role for grant in Grant.select().where(Grant.customer_id == done.old.id)}
    assert grants == {"Nora None": "none"}, "what raises ends; what lowers would give more if it were taken away"
    assert not Grant.select().where(Grant.customer_id == done.new.id).exists()
    with clock(ON_THE_DAY):
        assert not RfiLink.select().join(Rfi).where((Rfi.customer == done.old) & RfiLink.revoked_at.is_null()).exists()
    assert not RfiAnswer.select().where(RfiAnswer.sealed != "").exists()
    assert not Mailbox.select().where(Mailbox.sealed != "").exists()
    assert Mailbox.select().join(Plan).where(Plan.customer == done.new).count() == 1


def test_the_lead_gets_a_new_link_from_the_new_msp(world: World) -> None:
    done = moved(world)
    letter = Email.get(Email.kind == "transfer_new_partner")
    assert (letter.partner, letter.customer, letter.to_name) == (world.northstar, done.new, "Ines Lead")
    token = letter.text.split("/welcome/")[1].split()[0]
    with clock(ON_THE_DAY):
        assert follow_link(token).customer_id == done.new.id


def test_what_is_watched_goes_along_without_passwords_and_readings(world: World) -> None:
    with clock(ASKING):
        planted = plant(world)
    done = moved(world, planted.customer)
    old, new = ({each.service: each for each in monitors_of(customer)} for customer in (done.old, done.new))
    assert {(each.state, each.sealed, each.token_hash, each.due_at) for each in old.values()} == {
        ("off", "", None, None)
    }
    assert {service: (each.source, each.probe, each.state, each.message) for service, each in new.items()} == {
        "outbound_queue": ("push", "", "unknown", ""),
        "directory_connector": ("probe", "ldap", "unknown", ""),
        "inbound_queue": ("probe", "smtp", "unknown", ""),
    }
    queue, directory, mail = (new[name] for name in ("outbound_queue", "directory_connector", "inbound_queue"))
    assert (queue.warning, queue.problem, queue.problem_age) == (50, 200, 3600)
    assert (queue.value, queue.token_hash) == (None, None)
    assert (directory.settings["host"], directory.sealed, directory.due_at) == ("ldap.quellenhof.example", "", None)
    assert directory.trouble == "The password did not go along: type it again."
    assert (mail.every, mail.damping, mail.due_at, mail.trouble) == (300, 3, ON_THE_DAY, "")
    assert not Reading.select().where(Reading.monitor.in_([each.id for each in new.values()])).exists()
    assert not Maintenance.select().where(Maintenance.ends_at > ON_THE_DAY).exists()
    assert done.new.monitors != NEVER_SET_UP


def monitors_of(customer: Customer) -> list[Monitor]:
    return list(Monitor.select().where(Monitor.customer == customer))


def test_delegated_access_of_before_ends_and_is_told(world: World) -> None:
    with clock(ASKING):
        planted = plant(world)
    done = moved(world, planted.customer)
    assert not Delegation.select().exists()
    line = History.get(History.kind == "console.withdrawn")
    assert (line.customer_id, line.facts["name"]) == (done.old.id, world.stranger.name)


def test_the_plan_goes_on_being_watched_by_the_new_msps_settings(world: World) -> None:
    with clock(ASKING):
        planted = plant(world)
    done = moved(world, planted.customer)
    old, new = (Plan.get(Plan.customer == customer) for customer in (done.old, done.new))
    assert (new.state, new.steps_done, new.steps_total) == ("done", 13, 13)
    assert (new.expected, new.partner_signed_by, new.customer_signed_by) == (
        *({}, "the former MSP"),
        "Ines Lead (by link)",
    )
    assert {step.state for step in PlanStep.select().where(PlanStep.plan == new, PlanStep.dropped_at.is_null())} == {
        "done"
    }
    checks = {check.step.plan_id: check for check in PlanCheck.select()}
    assert checks[old.id].again_at is None
    assert checks[new.id].again_at == ON_THE_DAY + timedelta(days=1)
    assert done.new.steps_left == 0


def test_to_an_msp_elsewhere_there_is_no_new_record(world: World, visit_as: Callable[[Person], Visitor]) -> None:
    with clock(ASKING):
        transfer = asked(world, **ELSEWHERE)
        Transfer.update(state="accepted", version=2).execute()
        confirming.confirm(provider(world), transfer.id, 2, PORTAL_ADDRESS)
    assert go() == 1
    found = of(transfer)
    assert (found.state, found.taken_over_as_id, found.token_hash) == ("moved", None, None)
    assert Customer.get_by_id(transfer.customer_id).status == "transferred"
    assert Customer.select().count() == 1
    assert not Email.select().where(Email.kind.in_(("transfer_taken_over", "transfer_new_partner"))).exists()


def test_it_can_move_on_and_back_again(world: World) -> None:
    done = moved(world)
    with clock(ON_THE_DAY + timedelta(days=1)):
        there, back = standing_of(world.admin), standing_of(world.stranger)
        request = a_request(world, done.new, code=code_of(world.harbour), day=date(2027, 3, 15))
        transfer = rules.ask(there, done.new.id, request, PORTAL_ADDRESS)
        seen = taking_over.offer_to(back, transfer.id).costs.mark
        agreement = Agreement("", not_required=True, governed=True, authorised=True, seen=seen, from_address="")
        taking_over.accept(back, transfer.id, 1, agreement, PORTAL_ADDRESS)
        confirming.confirm(provider(world), transfer.id, 2, PORTAL_ADDRESS)
    assert go(datetime(2027, 3, 15, 9, tzinfo=UTC)) == 1
    partners = [customer.partner for customer in Customer.select().order_by(Customer.id)]
    assert partners == [world.harbour, world.northstar, world.harbour]
    assert [customer.status for customer in Customer.select().order_by(Customer.id)] == [
        "transferred",
        "transferred",
        "complete",
    ]


# --- what stays as it was -------------------------------------------------------------------------------

# Rows that change on purpose, beside those that are only added.
CHANGED = {
    "customer": "it is marked as transferred",
    "transfer": "it is moved",
    "contact": "they go along",
    "grant": "roles over this customer alone end",
    "person": "a role of theirs ended: their version",
    "rfi_link": "revoked",
    "rfi_answer": "secrets are erased",
    "mailbox": "passwords are erased",
    "mailbox_source": "passwords are erased",
    "plan_check": "it is not looked at again",
    "findable": "the customer is past",
    "findable_search": "as above",
    "customer_count": "as above",
    "counter": "the receiver's addendum has a number",
    "figure": "kept counts of the first page",
    "monitor": "switched off, its password and token worth nothing",
    "maintenance": "over",
    "delegation": "delegated access to the customer's console ends",
}


def test_no_other_row_of_the_releasing_msp_changes(world: World) -> None:
    """So whatever table is added some day stays with the releasing MSP by itself."""
    with clock(ASKING):
        planted = plant(world)
        confirmed(world, planted.customer)
    before = rows()
    assert go() == 1
    after = rows()
    assert {table for table in before if before[table] - after[table]} <= set(CHANGED)


def test_the_record_that_stays_is_read_only_for_everybody(world: World, visit_as: Callable[[Person], Visitor]) -> None:
    with clock(ASKING):
        planted = plant(world)
    done = moved(world, planted.customer)
    base = f"/customers/{done.old.id}"
    note = Note.get(Note.customer == done.old)
    with clock(ON_THE_DAY):
        for person in (world.stranger, world.operator):
            visitor = visit_as(person)
            page = visitor.get(base)
            assert "What was Harbour Lights’s own stays here to be read" in page.text
            assert not page.find(f'form[action="{base}/attachments/"]')
            for address, sent in {
                f"{base}/notes": {"text": "Another"},
                f"{base}/notes/{note.id}": {"text": "Another", "version": "2"},
                f"{base}/notes/{note.id}/remove": {"version": "2"},
                f"{base}/attachments/": {},
                f"{base}/rfi": {"infrastructure": "m365"},
                f"{base}/partner-change": {},
            }.items():
                assert visitor.post(address, sent).status == 403, address
        assert visit_as(world.stranger).get(f"{base}/notes").status == 200
        letter = Email.get((Email.customer == done.old) & (Email.kind == "order_addendum"))
        Email.update(state="held").where(Email.id == letter.id).execute()
        answer = visit_as(world.operator).post(f"/mailroom/{letter.id}/send-again", {"seen": "held"})
        assert (answer.status, "has moved to another MSP" in answer.text) == (409, True)


def test_operators_go_from_one_record_to_the_other(world: World, visit_as: Callable[[Person], Visitor]) -> None:
    done = moved(world)
    with clock(ON_THE_DAY):
        operator = visit_as(world.operator)
        for here, there in ((done.old, done.new), (done.new, done.old)):
            links = [each.get("href") for each in operator.get(f"/customers/{here.id}").find("#transfer a")]
            assert links == [f"/customers/{there.id}"]
        assert not visit_as(world.stranger).get(f"/customers/{done.old.id}").find("#transfer a")
        assert not visit_as(world.admin).get(f"/customers/{done.new.id}").find("#transfer a")


def test_the_domain_is_never_on_two_live_records(world: World) -> None:
    done = moved(world)
    with pytest.raises(Exception, match=r"(?i)unique"):
        a_customer(world.harbour, primary_domain=done.new.primary_domain)


def test_old_links_open_nothing(world: World) -> None:
    with clock(ASKING):
        customer = a_complete_customer(world)
        rfi = Rfi.get(Rfi.customer == customer)
        _, address = new_link(rfi, Contact.get(Contact.customer == customer), PORTAL_ADDRESS)
    moved(world, customer)
    with clock(ON_THE_DAY), pytest.raises(NotThere):
        follow_link(address.rsplit("/", 1)[1])


def test_each_side_finds_by_search_what_is_its_own(world: World, visit_as: Callable[[Person], Visitor]) -> None:
    with clock(ASKING):
        planted = plant(world)
    done = moved(world, planted.customer)
    note = Note.get(Note.customer == done.old)
    with clock(ON_THE_DAY):
        releasing, receiving = visit_as(world.stranger), visit_as(world.admin)
        for visitor, theirs in ((releasing, done.old), (receiving, done.new)):
            links = {each.get("href") for each in visitor.get("/search?q=quellenhof").find("main a")}
            assert f"/customers/{theirs.id}" in links
            others = done.new if theirs == done.old else done.old
            assert f"/customers/{others.id}" not in links
        assert releasing.get(f"/search?q={note.text}").find(f'a[href="/customers/{done.old.id}/notes/{note.id}"]')
        assert "Ines Lead" not in releasing.get("/search?q=ines").text.replace("ines", "")
        assert "Ines Lead" in receiving.get("/search?q=ines").text
