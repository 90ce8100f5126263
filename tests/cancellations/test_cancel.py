"""Asking for the end of a service: on its page, by rule, twice at once, and by whom it is not asked for."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.cancellations import rules
from blueprints.cancellations.eligibility import opens_on
from data.attachments import Attachment
from data.cancellations import Cancellation, TermsVersion
from data.customers import SHELVES, Customer
from data.emails import Email, EmailAttachment
from data.formats import day
from data.history import History, sentence
from data.moments import today
from data.orders import Order
from data.partners import Partner
from data.roles import Role
from tests.at_once import at_once, names_of
from tests.cancellations.cancelled import (
    PORTAL,
    begun,
    days_ago,
    old_enough,
    past_commitment,
    pending,
    request_for,
    too_young,
    typed,
)
from tests.factories import World, a_customer, a_grant_over
from tests.orders.drafts import a_draft
from tests.visits import Answer, Visitor


def address(customer: Customer) -> str:
    return f"/customers/{customer.id}/cancel"


def confirm(visitor: Visitor, customer: Customer, *, htmx: bool = False, **changed: str) -> Answer:
    """As the page has it, "" leaving a field out."""
    form = typed(customer, **changed)
    return visitor.post(address(customer), {name: value for name, value in form.items() if value}, htmx=htmx)


def nothing_happened(customer: Customer, status: str = "complete") -> bool:
    now = Customer.get_by_id(customer.id)
    return (now.status, Cancellation.select().count(), Email.select().count()) == (status, 0, 0)


def told(customer: Customer) -> list[str]:
    lines = History.select().where(History.customer_id == customer.id).order_by(History.id)
    return [sentence(line) for line in lines if not line.kind.startswith(("email.", "attachment."))]


class TestThePage:
    def test_offers_both_ways_and_shows_the_terms_whole(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        page = admin.get(address(customer))
        assert page.find(f'a[href="/customers/{customer.id}/partner-change"]')
        for clause in rules.current_terms(customer).clauses:
            assert clause in page.text
        assert day(customer.commitment_ends) in page.text
        assert not page.find("input[name=export][checked]")
        assert not page.find("input[name=accepted][checked]")

    def test_says_why_not_and_from_when(self, admin: Visitor, world: World) -> None:
        customer = too_young(world)
        page = admin.get(address(customer))
        assert not page.find("main form")
        assert f"It can be cancelled from {day(opens_on(customer.subscription_start))}" in page.text

    @pytest.mark.parametrize("status", [status for status in SHELVES if status != "complete"])
    def test_has_nothing_to_confirm_in_any_other_status(self, status: str, admin: Visitor, world: World) -> None:
        customer = begun(world, days_ago(400), status=status)
        page = admin.get(address(customer))
        assert (page.status, page.find("main form")) == (403 if status == "transferred" else 200, [])
        expected = {"pending_cancellation": 303, "transferred": 403}  # what was moved on is only read
        assert confirm(admin, customer).status == expected.get(status, 409)
        assert nothing_happened(customer, status)


class TestAsking:
    def test_says_when_the_service_ends_and_writes_everything_down(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        answer = confirm(admin, customer, export="yes")
        assert (answer.status, answer.location) == (303, f"/customers/{customer.id}")
        asked = Cancellation.get()
        assert (asked.state, asked.export, asked.ends_on) == ("pending", True, customer.commitment_ends)
        assert (asked.asked_by_id, asked.asked_from) == (world.admin.id, "127.0.0.1")
        now = Customer.get_by_id(customer.id)
        assert (now.status, now.shelf) == ("pending_cancellation", "complete")
        assert told(customer) == [
            f"Cancellation asked for, with data export; last day of service: {day(customer.commitment_ends)}",
            "Status complete → pending cancellation",
        ]
        page = admin.get(answer.location)
        assert "Pending cancellation" in page.text
        assert f"The service ends on {day(customer.commitment_ends)}." in page.text
        assert "The provider sends a quote for the data export." in page.text
        assert "Cancellation asked for" in page.find("#recent")[0].text_content()

    def test_works_by_htmx_too(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        answer = confirm(admin, customer, htmx=True)
        assert (answer.status, answer.headers["HX-Redirect"]) == (200, f"/customers/{customer.id}")
        assert Cancellation.get().state == "pending"

    def test_within_the_commitment_the_service_ends_with_it(self, admin: Visitor, world: World) -> None:
        customer = begun(world, days_ago(340))
        confirm(admin, customer)
        assert Cancellation.get().ends_on == customer.commitment_ends > today("Europe/Berlin")

    def test_after_it_the_process_starts_at_once(self, admin: Visitor, world: World) -> None:
        customer = past_commitment(world)
        confirm(admin, customer)
        assert Cancellation.get().ends_on == today("Europe/Berlin")

    def test_the_zone_of_the_msp_says_which_day_it_is(self, admin: Visitor, world: World, time_machine: object) -> None:
        customer = begun(world, date(2026, 1, 4))
        time_machine.move_to("2026-12-03T22:30:00Z", tick=False)
        assert confirm(admin, customer).status == 409
        time_machine.move_to("2026-12-03T23:30:00Z", tick=False)
        assert confirm(admin, customer).status == 303

    def test_keeps_the_terms_as_they_were_accepted(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        confirm(admin, customer)
        kept = TermsVersion.get()
        assert kept.text == rules.current_terms(customer).text
        assert Cancellation.get().terms.version == kept.version
        confirm(admin, old_enough(world))
        assert TermsVersion.select().count() == 1

    def test_files_the_confirmation_and_sends_it_along(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        confirm(admin, customer)
        filed = Attachment.get(Attachment.customer == customer)
        assert filed.name == f"Cancellation {today('Europe/Berlin')}.pdf"
        assert admin.get(f"/customers/{customer.id}/attachments/{filed.id}").bytes.startswith(b"%PDF")
        sent_along = Email.select().join(EmailAttachment).where(EmailAttachment.attachment == filed)
        assert [letter.kind for letter in sent_along] == ["cancellation_requested"]

    def test_writes_to_the_msp_and_to_the_operator(self, admin: Visitor, world: World) -> None:
        Partner.update(reply_to="desk@northstar.example").where(Partner.id == world.northstar.id).execute()
        confirm(admin, old_enough(world, name="Acme"), export="yes")
        letters = {(letter.kind, letter.to_email): letter for letter in Email.select()}
        assert set(letters) == {
            ("cancellation_requested", world.admin.email),
            ("cancellation_requested", "desk@northstar.example"),
            ("cancellation_to_process", world.operator.email),
        }
        ours = letters["cancellation_requested", world.admin.email]
        assert "the provider sends you a quote for the export" in ours.text
        assert "Send Northstar IT a quote" in letters["cancellation_to_process", world.operator.email].text

    def test_without_export_no_letter_speaks_of_a_quote(self, admin: Visitor, world: World) -> None:
        confirm(admin, old_enough(world))
        assert not any("quote" in letter.text for letter in Email.select())


class TestWhatIsWrong:
    def test_the_terms_must_be_accepted_and_the_choice_is_kept(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        for htmx in (False, True):
            answer = confirm(admin, customer, export="yes", accepted="", htmx=htmx)
            assert answer.status == 422
            assert rules.NotAccepted.sentence in answer.text
            assert [choice.get("value") for choice in answer.find("input[name=export][checked]")] == ["yes"]
        assert nothing_happened(customer)

    @pytest.mark.parametrize("export", ["", "maybe", "YES", "yes\x00"])
    def test_the_choice_of_an_export_must_be_made(self, export: str, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        answer = confirm(admin, customer, export=export)
        assert (answer.status, "Choose yes or no." in answer.text) == (422, True)
        assert answer.find("input[name=accepted][checked]")
        assert nothing_happened(customer)

    def test_terms_that_changed_meanwhile_are_read_again(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        for changed in ({"terms": "of old"}, {"ends": "2020-01-01"}, {"terms": ""}, {"ends": ""}):
            answer = confirm(admin, customer, **changed)
            assert answer.status == 409
            assert "Look at them again" in answer.text
            assert not answer.find("input[name=accepted][checked]")
            assert answer.value("ends") == customer.commitment_ends.isoformat()
        assert nothing_happened(customer)


class TestRefusing:
    def test_a_crafted_request_before_the_date(self, admin: Visitor, world: World) -> None:
        customer = too_young(world)
        for htmx in (False, True):
            answer = confirm(admin, customer, htmx=htmx)
            assert answer.status == 409
            assert "It can be cancelled from" in answer.text
        assert nothing_happened(customer)

    def test_the_day_before_and_not_the_day_itself(
        self, visit_as: Callable, world: World, time_machine: object
    ) -> None:
        customer = begun(world, date(2026, 3, 31))
        for at, status in (("2027-02-27T12:00:00Z", 409), ("2027-02-28T12:00:00Z", 303)):
            time_machine.move_to(at, tick=False)
            assert confirm(visit_as(world.admin), customer).status == status

    def test_twice(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        form = typed(customer)
        admin.post(address(customer), form)
        again = admin.post(address(customer), form)
        assert (again.status, again.location) == (303, f"/customers/{customer.id}")
        assert "The cancellation is pending: the service ends on" in admin.get(again.location).text
        assert (Cancellation.select().count(), Email.select().count()) == (1, 2)

    def test_from_another_msp(self, stranger: Visitor, world: World) -> None:
        customer = old_enough(world)
        assert stranger.get(address(customer)).status == 404
        assert confirm(stranger, customer).status == 404
        assert nothing_happened(customer)

    @pytest.mark.parametrize("name", ["viewer", "technician"])
    def test_from_whoever_does_not_administrate(self, name: str, visit_as: Callable, world: World) -> None:
        customer = old_enough(world)
        visitor = visit_as(getattr(world, name))
        assert (visitor.get(address(customer)).status, confirm(visitor, customer).status) == (403, 403)
        assert nothing_happened(customer)

    def test_from_an_administrator_lowered_for_this_customer(self, msp_admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        a_grant_over(world.msp_admin, customer, Role.TECHNICIAN)
        assert (msp_admin.get(address(customer)).status, confirm(msp_admin, customer).status) == (403, 403)

    def test_while_an_order_is_in_draft(self, admin: Visitor, world: World) -> None:
        customer = old_enough(world)
        a_draft(world, customer)
        answer = confirm(admin, customer)
        assert (answer.status, "Submit it or drop it first" in answer.text) == (409, True)
        assert "Submit it or drop it first" in admin.get(address(customer)).text
        assert nothing_happened(customer)
        Order.delete().execute()
        assert confirm(admin, customer).status == 303

    def test_without_a_start_on_record(self, admin: Visitor, world: World) -> None:
        customer = a_customer(world.northstar, status="complete")
        answer = admin.post(address(customer), {"export": "no", "accepted": "y", "terms": "x", "ends": "x"})
        assert (answer.status, "no start of the subscription" in answer.text) == (409, True)


@pytest.fixture
def msp_admin(world: World, visit_as: Callable) -> Visitor:
    return visit_as(world.msp_admin)


class TestTwoAtOnce:
    def test_make_one(self, world: World) -> None:
        customer = old_enough(world)
        people = [standing_of(person) for person in (world.admin, world.msp_admin)]
        asked = [partial(rules.request_cancellation, who, customer.id, request_for(customer), PORTAL) for who in people]
        assert names_of(at_once(*asked)) == ["AlreadyPending", "Cancellation"]
        assert (Cancellation.select().count(), Attachment.select().count()) == (1, 1)


def test_it_is_found_as_before_while_it_is_pending(admin: Visitor, world: World) -> None:
    pending(world, name="Zebulon")
    assert "Zebulon" in admin.get("/search?q=zebulon").text
    assert "Zebulon" in admin.get("/customers/complete?q=zebulon").text


def test_the_last_day_is_never_before_the_request(world: World) -> None:
    for days in (335, 350, 364, 365, 366, 800):
        asked = pending(world, customer=begun(world, days_ago(days)))
        assert asked.ends_on >= today("Europe/Berlin")
        assert asked.ends_on - asked.customer.subscription_start >= timedelta(days=364)
