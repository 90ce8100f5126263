"""A partner change on the page of its customer, in one sentence: on its way, moved away, or taken over."""

from dataclasses import dataclass
from typing import Any

from flask import url_for

from blueprints.accounts.standing import Standing
from blueprints.transfers.finding import RELEASING, lines_of, told_of_ending
from data import formats
from data.customers import Customer
from data.kept import Kept
from data.partners import Partner
from data.transfers import OPEN, Transfer

MOVING_FROM = ("complete", "past")  # others were never on their way, and need not be asked about
newest_of = Kept(
    lambda customer: (
        Transfer.select(Transfer, Partner.id, Partner.name)
        .join(Partner, on=(Transfer.partner == Partner.id), attr="releasing")
        .where((Transfer.customer == customer) | (Transfer.taken_over_as == customer))
        .where(Transfer.state.in_((*OPEN, "moved")))
        .order_by(Transfer.id.desc())
        .limit(1)
    )
)


@dataclass(frozen=True)
class Panel:
    """`words`: "" when there is nothing to say. `state`: while it is under way; `link` with what is pressed."""

    words: str = ""
    state: str = ""
    link: str = ""
    press: str = ""


def transfer_facts(who: Standing, customer: Customer) -> dict[str, Any]:
    """What templates/transfers/panel.html is drawn from, beside `here`."""
    if customer.shelf not in MOVING_FROM:
        return {"moving": Panel()}
    transfer: Transfer | None = newest_of.first(customer.id)
    return {"moving": panel_of(who, customer, transfer) if transfer else Panel()}


def panel_of(who: Standing, customer: Customer, transfer: Transfer) -> Panel:
    on = formats.day(transfer.day)
    if transfer.taken_over_as_id == customer.id:
        return Panel(
            f"Taken over from {transfer.releasing.name} on {on}.",
            **leading(who, transfer.customer_id, "The record that stayed there"),
        )
    ending = told_of_ending(transfer, lines_of(transfer, moving=False))
    ending = f"{ending} " if ending else ""
    if transfer.state == "moved":
        return Panel(
            f"Moved to {transfer.to_name} on {on}. "
            f"{ending}What was {transfer.releasing.name}’s own stays here to be read, and nothing is changed any more.",
            **leading(who, transfer.taken_over_as_id, "The record it went on as"),
        )
    words = f"On its way to {transfer.to_name}; the day is {on}. {ending}".strip()
    if not who.may_for_customer(RELEASING, customer.id, customer.partner_id):
        return Panel(words, transfer.state)
    link = url_for("transfers.show", customer_id=customer.id)
    return Panel(words, transfer.state, link, "Where it stands")


def leading(who: Standing, customer_id: int | None, press: str) -> dict[str, str]:
    """A link to the record at the other MSP, for operators, who see both."""
    if not who.operator or customer_id is None:
        return {}
    return {"link": url_for("customer_details.show", customer_id=customer_id), "press": press}
