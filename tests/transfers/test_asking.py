"""The releasing side: asking for a partner change, what is refused with which sentence, and calling it off."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from blueprints.transfers import rules
from data.accounts import Person
from data.customers import Customer
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from data.partners import Partner
from data.terms import terms_on
from data.transfers import Transfer
from tests.factories import World, a_customer, a_partner, a_price
from tests.orders.drafts import a_draft
from tests.transfers.changing import ASKING, DAY, a_complete_customer, clock, code_of, moving_names
from tests.visits import Answer, Visitor


@pytest.fixture(autouse=True)
def in_february() -> Iterator[None]:
    with clock(ASKING):
        yield


@pytest.fixture
def releasing(world: World, visit_as: Callable[[Person], Visitor]) -> Visitor:
    return visit_as(world.stranger)


@pytest.fixture
def customer(world: World) -> Customer:
    return a_complete_customer(world, name="Quellenhof")


def here(customer: Customer) -> str:
    return f"/customers/{customer.id}/partner-change"


def typed(world: World, **changed: Any) -> dict[str, Any]:
    """The form, filled in: everything to Northstar on the next billing date."""
    return {
        "where": "here",
        "code": code_of(world.northstar),
        "products": [world.shield.id, world.vault.id],
        "day": DAY.isoformat(),
        "terms": "y",
        "terms_version": terms_on(rules.KIND, DAY).version,
    } | changed


def why(answer: Answer) -> str:
    return " ".join(" ".join(each.text_content().split()) for each in answer.find(".why, [role=alert]"))


def test_the_page_proposes_all_products_and_a_billing_date_and_shows_the_terms_whole(
    releasing: Visitor, customer: Customer
) -> None:
    page = releasing.get(here(customer))
    assert page.value("day") == "2027-02-15"
    assert len(page.find("[name=products][checked]")) == 2
    terms = terms_on(rules.KIND, DAY)
    assert all(clause in page.text for clause in terms.clauses)
    assert not page.find("select[name=partner]"), "MSPs do not see one another"
    assert "Northstar" not in page.text


@pytest.mark.parametrize("htmx", [False, True])
def test_asks_and_says_so(htmx: bool, releasing: Visitor, world: World, customer: Customer) -> None:
    answer = releasing.post(here(customer), typed(world, products=[world.shield.id]), htmx=htmx)
    assert (answer.headers.get("HX-Redirect") if htmx else answer.location) == here(customer)
    transfer = Transfer.get()
    assert (transfer.state, transfer.to_partner, transfer.day) == ("asked", world.northstar, DAY)
    assert moving_names(transfer) == ["Mail shield"]
    assert transfer.terms.text == terms_on(rules.KIND, DAY).text
    page = releasing.get(here(customer))
    assert "Northstar IT was asked to take Quellenhof over on 15 February 2027." in page.text
    assert "Ends on the day before Mail vault" in page.text
    line = History.get(History.kind == "transfer.asked")
    assert (line.customer_id, line.partner_id) == (customer.id, world.harbour.id)
    letter = Email.get(Email.kind == "transfer_offered")
    assert (letter.to_email, letter.partner_id, letter.customer_id) == (world.admin.email, world.northstar.id, None)
    assert f"/partner-changes/{transfer.id}" in letter.text
    assert Customer.get_by_id(customer.id).status == "complete"


def test_to_an_msp_elsewhere_whose_link_only_operators_can_read(
    releasing: Visitor, operator: Visitor, world: World, customer: Customer
) -> None:
    there = {
        "where": "elsewhere",
        "code": "",
        "to_name": "Far Shore",
        "to_contact": "Fay",
        "to_email": "fay@far.example",
    }
    assert releasing.post(here(customer), typed(world) | there).status == 303
    transfer = Transfer.get()
    assert (transfer.to_partner, transfer.to_name, transfer.to_email) == (None, "Far Shore", "fay@far.example")
    letter = Email.get(Email.kind == "transfer_offered")
    assert letter.partner_id is None
    assert "/partner-change/" in letter.text
    assert releasing.get(f"/mailroom/{letter.id}").status == 404


REFUSED = {
    "no product": ({"products": []}, "Choose at least one product"),
    "a product they do not have": ({"products": ["999"]}, "not offered"),
    "without the terms": ({"terms": None}, "Accept the terms"),
    "other terms": ({"terms_version": "0" * 64}, "The terms have changed"),
    "today": ({"day": "2027-02-03"}, "4 February 2027 or later"),
    "in years": ({"day": "2029-01-01"}, "At most a year ahead"),
    "no day": ({"day": ""}, "Choose a day"),
    "nobody's code": ({"code": "AAAA-BBBB-CCCC"}, "No MSP on this portal has this code"),
    "no code": ({"code": ""}, "No MSP on this portal has this code"),
    "elsewhere without a name": (
        {"where": "elsewhere", "to_contact": "Fay", "to_email": "f@far.example"},
        "needs this",
    ),
    "elsewhere without an address": ({"where": "elsewhere", "to_name": "Far", "to_contact": "Fay"}, "needs this"),
    "elsewhere with half an address": (
        {"where": "elsewhere", "to_name": "Far", "to_contact": "Fay", "to_email": "fay@"},
        "is not an email address",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_a_sentence_and_keeps_the_typing(
    case: str, releasing: Visitor, world: World, customer: Customer
) -> None:
    changed, told = REFUSED[case]
    sent = {name: value for name, value in (typed(world) | changed).items() if value is not None}
    answer = releasing.post(here(customer), sent)
    assert answer.status == 422
    assert told in why(answer)
    assert answer.value("code") == sent["code"]
    assert answer.value("day") == sent["day"]
    assert len(answer.find("[name=products][checked]")) == len([p for p in sent["products"] if p != "999"])
    assert not Transfer.select().exists()


def test_refuses_a_move_to_oneself(releasing: Visitor, world: World, customer: Customer) -> None:
    answer = releasing.post(here(customer), typed(world, code=code_of(world.harbour)))
    assert (answer.status, Transfer.select().count()) == (422, 0)
    assert "This is the code of the MSP that has the customer now" in why(answer)


def test_refuses_a_move_to_a_closed_msp(releasing: Visitor, world: World, customer: Customer) -> None:
    Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
    answer = releasing.post(here(customer), typed(world))
    assert answer.status == 422
    assert "Northstar IT is closed, so it takes no customer over." in why(answer)


def test_refuses_products_that_the_receiver_has_no_price_for_on_that_day(
    releasing: Visitor, world: World, customer: Customer
) -> None:
    dear = a_partner("Dear Friends")
    a_price(dear, world.shield)
    a_price(dear, world.vault, valid_from=date(2027, 2, 16))
    answer = releasing.post(here(customer), typed(world, code=code_of(dear)))
    assert answer.status == 422
    assert "Dear Friends has no contracted price for Mail vault on that day" in why(answer)
    assert releasing.post(here(customer), typed(world, code=code_of(dear), day="2027-03-15")).status == 303


def test_refuses_before_eleven_months_and_says_from_when(releasing: Visitor, world: World) -> None:
    young = a_complete_customer(world, subscription_start=date(2026, 6, 1), commitment_ends=date(2027, 5, 31))
    for answer in (releasing.get(here(young)), releasing.post(here(young), typed(world))):
        assert answer.location == f"/customers/{young.id}"
    assert "It can be cancelled from 1 May 2027" in releasing.get(f"/customers/{young.id}").text
    assert not Transfer.select().exists()


@pytest.mark.parametrize("status", ["in_progress", "pending_cancellation", "cancelled", "closed"])
def test_refuses_customers_whose_service_does_not_simply_run(status: str, releasing: Visitor, world: World) -> None:
    found = a_customer(world.harbour, status=status, subscription_start=date(2025, 1, 1))
    assert releasing.post(here(found), typed(world)).location == f"/customers/{found.id}"
    assert not Transfer.select().exists()


def test_refuses_while_an_order_is_in_draft(releasing: Visitor, world: World, customer: Customer) -> None:
    draft = a_draft(world, customer)
    draft.partner = customer.partner_id
    draft.save()
    assert releasing.post(here(customer), typed(world)).location == f"/customers/{customer.id}"
    assert "in draft" in releasing.get(f"/customers/{customer.id}").text
    assert not Transfer.select().exists()


def test_refuses_a_second_one(releasing: Visitor, world: World, customer: Customer) -> None:
    releasing.post(here(customer), typed(world))
    answer = releasing.post(here(customer), typed(world))
    assert answer.status == 409
    assert "Waits for an answer" in answer.text
    assert Transfer.select().count() == 1


def test_meanwhile_it_can_neither_be_cancelled_nor_changed(
    releasing: Visitor, world: World, customer: Customer
) -> None:
    releasing.post(here(customer), typed(world))
    page = releasing.get(f"/customers/{customer.id}")
    assert "On its way to Northstar IT; the day is 15 February 2027." in page.text
    assert "A partner change is under way" in page.text
    assert "A partner change is under way" in releasing.get("/customers/complete").text
    answer = releasing.post(f"/customers/{customer.id}/cancel", {})
    assert Customer.get_by_id(customer.id).status == "complete"
    assert answer.status in (303, 409, 422)


def test_strangers_find_nothing_and_readers_may_not(
    admin: Visitor, world: World, customer: Customer, visit_as: Callable[[Person], Visitor]
) -> None:
    assert visit_as(world.admin).post(here(customer), typed(world)).status == 404
    assert visit_as(world.viewer).post(here(customer), typed(world)).status == 403
    assert not Transfer.select().exists()


class TestOperators:
    def test_choose_from_all_msps_but_the_one_it_is_at(
        self, world: World, customer: Customer, visit_as: Callable[[Person], Visitor]
    ) -> None:
        operator = visit_as(world.operator)
        page = operator.get(here(customer))
        names = [option.text for option in page.find("select[name=partner] option")]
        assert names == ["Choose one, or type a code", "Northstar IT"]
        sent = typed(world, code="", partner=str(world.northstar.id))
        assert operator.post(here(customer), sent).status == 303
        assert Transfer.get().to_partner_id == world.northstar.id

    def test_are_told_to_choose(self, world: World, customer: Customer, visit_as: Callable[[Person], Visitor]) -> None:
        answer = visit_as(world.operator).post(here(customer), typed(world, code="", partner="0"))
        assert (answer.status, "Choose the receiving MSP." in why(answer)) == (422, True)

    def test_others_cannot_choose_by_number(self, releasing: Visitor, world: World, customer: Customer) -> None:
        sent = typed(world, code="", partner=str(world.northstar.id))
        assert releasing.post(here(customer), sent).status == 422
        assert not Transfer.select().exists()


class TestCodes:
    def test_a_new_one_takes_the_place_of_the_old(self, releasing: Visitor, world: World, customer: Customer) -> None:
        old = code_of(world.harbour)
        answer = releasing.post(f"/partner-changes/codes/{world.harbour.id}")
        new = code_of(world.harbour)
        assert (answer.status, old != new) == (303, True)
        assert new in releasing.get("/partner-changes/").text
        assert History.get(History.kind == "transfer.code_made").partner_id == world.harbour.id

    def test_is_read_however_it_is_typed(self, releasing: Visitor, world: World, customer: Customer) -> None:
        code = code_of(world.northstar).lower().replace("-", " ")
        assert releasing.post(here(customer), typed(world, code=f" {code} ")).status == 303


class TestCallingOff:
    @pytest.fixture
    def transfer(self, releasing: Visitor, world: World, customer: Customer) -> Transfer:
        releasing.post(here(customer), typed(world))
        return Transfer.get()

    def off(self, visitor: Visitor, transfer: Transfer, htmx: bool = False, **sent: str) -> Answer:
        sent = {"version": str(transfer.version), "reason": "Changed their mind"} | sent
        return visitor.post(f"/customers/{transfer.customer_id}/partner-change/call-off", sent, htmx=htmx)

    def test_tells_both_sides_and_leaves_the_customer(
        self, releasing: Visitor, world: World, transfer: Transfer
    ) -> None:
        assert self.off(releasing, transfer).location == f"/customers/{transfer.customer_id}"
        found = Transfer.get_by_id(transfer.id)
        assert (found.state, found.reason) == ("called_off", "Changed their mind")
        lines = [sentence(line) for line in History.select() if line.kind.startswith("transfer.")]
        assert "Partner change called off: Changed their mind" in lines
        letters = {letter.to_email for letter in Email.select().where(Email.kind == "transfer_over")}
        assert letters == {world.stranger.email, world.admin.email}
        page = releasing.get(here(Customer.get_by_id(transfer.customer_id)))
        assert page.find("[name=terms]"), "it can be asked for again"

    def test_refuses_what_someone_changed_meanwhile_and_keeps_the_typing(
        self, releasing: Visitor, transfer: Transfer
    ) -> None:
        answer = self.off(releasing, transfer, version="9")
        assert (answer.status, answer.value("reason")) == (409, "Changed their mind")
        assert answer.value("version") == str(transfer.version)
        assert Transfer.get_by_id(transfer.id).state == "asked"

    def test_pressed_twice_it_happens_once(self, releasing: Visitor, transfer: Transfer) -> None:
        self.off(releasing, transfer)
        assert self.off(releasing, transfer).status == 404
        assert History.select().where(History.kind == "transfer.called_off").count() == 1
