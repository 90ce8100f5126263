"""The receiving side sees exactly what it takes over, at its own prices, and answers; the provider confirms."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from data.accounts import Person
from data.customers import Customer
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from data.partners import ContractedPrice, Partner, PriceTier
from data.transfers import Takeover, TakeoverLine, Transfer
from tests.factories import World, a_price
from tests.transfers.changing import (
    ASKING,
    ELSEWHERE,
    ON_THE_DAY,
    a_complete_customer,
    accepted,
    asked,
    clock,
)
from tests.visits import Answer, Visitor


@pytest.fixture(autouse=True)
def in_february() -> Iterator[None]:
    with clock(ASKING):
        yield


@pytest.fixture
def receiving(world: World, visit_as: Callable[[Person], Visitor]) -> Visitor:
    return visit_as(world.admin)


@pytest.fixture
def provider(world: World, visit_as: Callable[[Person], Visitor]) -> Visitor:
    return visit_as(world.operator)


@pytest.fixture
def customer(world: World) -> Customer:
    return a_complete_customer(world, name="Quellenhof", city="Hamburg")


@pytest.fixture
def transfer(world: World, customer: Customer) -> Transfer:
    return asked(world, customer)


def here(transfer: Transfer) -> str:
    return f"/partner-changes/{transfer.id}"


def agreed(page: Answer, **changed: Any) -> dict[str, Any]:
    """What is on the page, agreed to."""
    sent = {"version": page.value("version"), "seen": page.value("seen"), "order_number": "PO-9"}
    return {name: value for name, value in (sent | {"governed": "y", "authorised": "y"} | changed).items() if value}


def why(answer: Answer) -> str:
    return " ".join(" ".join(each.text_content().split()) for each in answer.find(".why, [role=alert]"))


class TestTheOffer:
    def test_says_what_is_taken_over_at_ones_own_prices(self, receiving: Visitor, transfer: Transfer) -> None:
        page = receiving.get(here(transfer))
        for told in (
            *("Quellenhof", "Harbour Lights", "Hamburg", "15 February 2027", "Mail shield, Mail vault", "40"),
            *("€100.00", "€50.00", "€150.00", "nothing is set up anew", "14 January 2027; over by then"),
        ):
            assert told in page.text
        assert "3.75" not in page.text, "what the releasing MSP pays"
        assert "Ines Lead" not in page.text, "people are theirs to see from the day on"

    def test_is_a_task_on_the_first_page_and_stands_in_the_list(self, receiving: Visitor, transfer: Transfer) -> None:
        assert "Quellenhof is offered to you" in receiving.get("/").text
        row = receiving.get("/partner-changes/").find(f'tr[data-id="{transfer.id}"]')[0]
        assert "Harbour Lights" in row.text_content()
        assert row.cssselect("a")[0].get("href") == here(transfer)

    def test_the_list_stands_beside_those_of_customers(
        self, receiving: Visitor, visit_as: Callable, world: World
    ) -> None:
        tabs = receiving.get("/customers/complete").find(".subnav a")
        assert [tab.get("href") for tab in tabs if tab.text == "Partner changes"] == ["/partner-changes/"]
        assert receiving.get("/partner-changes/").find('.subnav a[aria-current="page"]')[0].text == "Partner changes"
        assert "Partner changes" not in visit_as(world.viewer).get("/customers/complete").text

    def test_what_does_not_come_along_is_named(self, receiving: Visitor, world: World) -> None:
        transfer = asked(world, product_ids=(world.vault.id,))
        page = receiving.get(here(transfer))
        assert "Does not come along Mail shield" in page.text
        assert "Mail shield does not move and ends with 14 February 2027." in page.text
        assert "€100.00" not in page.text

    def test_prices_are_those_of_the_day(self, receiving: Visitor, world: World, transfer: Transfer) -> None:
        a_price(world.northstar, world.shield, monthly="3.00", valid_from=date(2027, 2, 15))
        assert "€120.00" in receiving.get(here(transfer)).text

    @pytest.mark.parametrize("who", ["technician", "viewer"])
    def test_readers_may_not(self, who: str, world: World, transfer: Transfer, visit_as: Callable) -> None:
        assert visit_as(getattr(world, who)).get(here(transfer)).status == 403

    def test_the_releasing_side_does_not_see_it(self, world: World, transfer: Transfer, visit_as: Callable) -> None:
        assert visit_as(world.stranger).get(here(transfer)).status == 404
        row = visit_as(world.stranger).get("/partner-changes/").find(f'tr[data-id="{transfer.id}"]')[0]
        assert row.cssselect("a")[0].get("href") == f"/customers/{transfer.customer_id}/partner-change"


class TestAccepting:
    @pytest.mark.parametrize("htmx", [False, True])
    def test_freezes_the_prices_and_says_so(
        self, htmx: bool, receiving: Visitor, world: World, transfer: Transfer
    ) -> None:
        answer = receiving.post(f"{here(transfer)}/accept", agreed(receiving.get(here(transfer))), htmx=htmx)
        assert (answer.headers.get("HX-Redirect") if htmx else answer.location) == here(transfer)
        assert Transfer.get_by_id(transfer.id).state == "accepted"
        takeover = Takeover.get()
        assert (takeover.by, takeover.order_number, takeover.currency) == (world.admin, "PO-9", "EUR")
        assert [line.monthly_total for line in takeover.lines] == [Decimal(100), Decimal(50)]
        PriceTier.update(monthly_per_user=Decimal(99)).execute()
        page = receiving.get(here(transfer))
        assert "as accepted" in page.text
        assert "€150.00" in page.text
        told = {letter.kind: letter.to_email for letter in Email.select()}
        assert told["transfer_to_confirm"] == world.operator.email
        assert told["transfer_accepted"] == world.stranger.email

    def test_leaves_one_line_for_each_side(self, receiving: Visitor, world: World, transfer: Transfer) -> None:
        receiving.post(f"{here(transfer)}/accept", agreed(receiving.get(here(transfer))))
        lines = {line.partner_id: line for line in History.select() if "accepted" in line.kind}
        theirs, ours = lines[world.harbour.id], lines[world.northstar.id]
        assert (theirs.customer_id, theirs.who_name) == (transfer.customer_id, "Northstar IT")
        assert (ours.customer_id, ours.who_name) == (None, "Ada Admin")
        assert "€150.00" in sentence(ours)
        assert "€" not in sentence(theirs)

    @pytest.mark.parametrize(
        ("left", "told"),
        [
            ({"governed": ""}, "governed by the agreement"),
            ({"authorised": ""}, "authorised to place"),
            ({"order_number": ""}, "Give your order number"),
            ({"not_required": "y"}, "not both"),
            ({"order_number": "", "authorised": ""}, "Give your order number"),
            ({"order_number": "", "authorised": ""}, "authorised to place"),
        ],
    )
    def test_shows_what_is_missing(self, left: dict, told: str, receiving: Visitor, transfer: Transfer) -> None:
        answer = receiving.post(f"{here(transfer)}/accept", agreed(receiving.get(here(transfer)), **left))
        assert answer.status == 422
        assert told in why(answer)
        assert answer.value("order_number") == left.get("order_number", "PO-9")
        assert Transfer.get().state == "asked"

    def test_prices_that_changed_meanwhile_are_shown_before_they_are_agreed_to(
        self, receiving: Visitor, transfer: Transfer
    ) -> None:
        sent = agreed(receiving.get(here(transfer)))
        PriceTier.update(monthly_per_user=Decimal(7)).execute()
        answer = receiving.post(f"{here(transfer)}/accept", sent)
        assert answer.status == 409
        assert "Your prices changed" in why(answer)
        assert "€280.00" in answer.text
        assert Transfer.get().state == "asked"

    def test_without_a_price_the_button_is_grey_and_a_crafted_press_refused(
        self, receiving: Visitor, world: World, transfer: Transfer
    ) -> None:
        sent = agreed(receiving.get(here(transfer)))
        ContractedPrice.delete().where(
            (ContractedPrice.partner == world.northstar) & (ContractedPrice.product == world.vault)
        ).execute()
        page = receiving.get(here(transfer))
        assert "No contracted price for Mail vault" in page.find(".grey")[0].text_content()
        answer = receiving.post(f"{here(transfer)}/accept", sent)
        assert (answer.status, "No contracted price for Mail vault" in why(answer)) == (422, True)

    def test_a_closed_msp_takes_nothing_over(self, receiving: Visitor, world: World, transfer: Transfer) -> None:
        sent = agreed(receiving.get(here(transfer)))
        Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
        answer = receiving.post(f"{here(transfer)}/accept", sent)
        assert (answer.status, "is closed" in why(answer)) == (422, True)

    def test_when_the_day_is_over_it_is_too_late(self, world: World, transfer: Transfer, visit_as: Callable) -> None:
        with clock(ON_THE_DAY.replace(day=17)):
            receiving = visit_as(world.admin)
            page = receiving.get(here(transfer))
            assert "The day of the change, 15 February 2027, is over." in page.text
            assert receiving.post(f"{here(transfer)}/accept", agreed(page)).status == 422

    def test_pressed_twice_it_is_accepted_once(self, receiving: Visitor, transfer: Transfer) -> None:
        sent = agreed(receiving.get(here(transfer)))
        receiving.post(f"{here(transfer)}/accept", sent)
        answer = receiving.post(f"{here(transfer)}/accept", sent)
        assert answer.status == 409
        assert "accepted already" in why(answer)
        assert (Takeover.select().count(), TakeoverLine.select().count()) == (1, 2)

    def test_what_was_called_off_meanwhile_is_said(self, receiving: Visitor, transfer: Transfer) -> None:
        sent = agreed(receiving.get(here(transfer)))
        Transfer.update(state="called_off", version=2).execute()
        answer = receiving.post(f"{here(transfer)}/accept", sent)
        assert (answer.status, "was called off" in why(answer)) == (409, True)


class TestDeclining:
    def test_tells_the_other_side_why_and_shows_the_record_no_more(
        self, receiving: Visitor, world: World, transfer: Transfer, visit_as: Callable
    ) -> None:
        sent = {"version": "1", "reason": "No room this year"}
        assert receiving.post(f"{here(transfer)}/decline", sent).location == "/partner-changes/"
        assert Transfer.get_by_id(transfer.id).state == "declined"
        assert "No room this year" in Email.get(Email.to_email == world.stranger.email).text
        page = receiving.get(here(transfer))
        assert "Hamburg" not in page.text
        releasing = visit_as(world.stranger)
        assert releasing.get(f"/customers/{transfer.customer_id}/partner-change").find("[name=terms]")

    def test_an_endless_reason_is_kept_and_refused(self, receiving: Visitor, transfer: Transfer) -> None:
        answer = receiving.post(f"{here(transfer)}/decline", {"version": "1", "reason": "x" * 1001})
        assert (answer.status, answer.value("reason")) == (422, "x" * 1001)

    def test_after_accepting_it_is_too_late(self, receiving: Visitor, world: World, transfer: Transfer) -> None:
        accepted(world, transfer)
        answer = receiving.post(f"{here(transfer)}/decline", {"version": "2"})
        assert (answer.status, "accepted already" in why(answer)) == (409, True)


class TestTheProvider:
    def test_confirms_what_both_agree_on(self, provider: Visitor, world: World, transfer: Transfer) -> None:
        accepted(world, transfer)
        assert "A partner change waits for the provider" in provider.get("/").text
        answer = provider.post(f"{here(transfer)}/confirm", {"version": "2"})
        assert answer.location == here(transfer)
        found = Transfer.get_by_id(transfer.id)
        assert (found.state, found.confirmed_by) == ("confirmed", world.operator)
        told = {letter.to_email for letter in Email.select().where(Email.kind == "transfer_confirmed")}
        assert told == {world.stranger.email, world.admin.email}

    def test_not_before_the_receiver_has_accepted(self, provider: Visitor, transfer: Transfer) -> None:
        assert "Once Northstar IT has accepted" in provider.get(here(transfer)).text
        answer = provider.post(f"{here(transfer)}/confirm", {"version": "1"})
        assert (answer.status, "has not accepted" in why(answer)) == (409, True)

    def test_not_twice_and_not_something_else(self, provider: Visitor, world: World, transfer: Transfer) -> None:
        accepted(world, transfer)
        assert provider.post(f"{here(transfer)}/confirm", {"version": "1"}).status == 409
        provider.post(f"{here(transfer)}/confirm", {"version": "2"})
        answer = provider.post(f"{here(transfer)}/confirm", {"version": "2"})
        assert (answer.status, "confirmed already" in why(answer)) == (409, True)

    def test_calls_it_off_with_a_reason_for_both(self, provider: Visitor, world: World, transfer: Transfer) -> None:
        accepted(world, transfer)
        provider.post(f"{here(transfer)}/stop", {"version": "2", "reason": "Unpaid invoices"})
        assert Transfer.get_by_id(transfer.id).state == "called_off"
        letters = list(Email.select().where(Email.kind == "transfer_over"))
        assert {letter.to_email for letter in letters} == {world.stranger.email, world.admin.email}
        assert all("Unpaid invoices" in letter.text for letter in letters)
        answer = provider.post(f"{here(transfer)}/stop", {"version": "3"})
        assert answer.status == 409


class TestAnMspElsewhere:
    @pytest.fixture
    def link(self, world: World, customer: Customer) -> str:
        asked(world, customer, **ELSEWHERE)
        found = re.search(r"/partner-change/\S+", Email.get(Email.kind == "transfer_offered").text)
        assert found
        return found.group()

    def test_reads_what_it_takes_over_without_prices(self, link: str, nobody: Visitor) -> None:
        page = nobody.get(link)
        assert page.status == 200
        assert "Quellenhof" in page.text
        assert "€" not in page.text

    @pytest.mark.parametrize("htmx", [False, True])
    def test_accepts_by_its_link(self, htmx: bool, link: str, nobody: Visitor, world: World) -> None:
        answer = nobody.post(f"{link}/accept", {"version": "1"}, htmx=htmx)
        assert (answer.status, "authorised" in why(answer)) == (422, True)
        nobody.post(f"{link}/accept", {"version": "1", "authorised": "y"}, htmx=htmx)
        assert Transfer.get().state == "accepted"
        assert Takeover.get().by_name == "Fay (by link)"
        assert "You have accepted" in nobody.get(link).text
        assert nobody.post(f"{link}/accept", {"version": "1", "authorised": "y"}).status == 409

    def test_declines_and_the_link_opens_nothing_any_more(self, link: str, nobody: Visitor) -> None:
        answer = nobody.post(f"{link}/decline", {"version": "1", "reason": "Not ours"})
        assert (answer.status, Transfer.get().state) == (200, "declined")
        assert nobody.get(link).status == 404
        assert nobody.get("/partner-change/made-up").status == 404

    def test_the_operator_sees_who_was_asked_and_answers_for_nobody(
        self, link: str, provider: Visitor, world: World
    ) -> None:
        transfer = Transfer.get()
        page = provider.get(here(transfer))
        assert "Fay (fay@farshore.example) was sent a link" in page.text
        answer = provider.post(
            f"{here(transfer)}/accept", {"version": "1", "governed": "y", "authorised": "y", "not_required": "y"}
        )
        assert answer.status == 403
        assert Transfer.get().state == "asked"
