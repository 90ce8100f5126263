"""Whether the button *Admin console* opens for a person and a customer; else why not. Pure, and asked for each row."""

from enum import Enum
from typing import NamedTuple

from blueprints.accounts.standing import Standing
from data.roles import Role

LISTED = ("in_progress", "complete")  # shelves whose customers have a console
HOLDER = Role.PARTNER_ADMIN


class Reason(Enum):
    """Why it stays shut: in a few words for a list, and as a sentence."""

    ROLE = ("For partner administrators", "Only who holds partner administrator on this customer may open its console.")
    SHELF = ("Not in service", "Only customers in progress and in service have a console to open.")
    CLOSED = ("The MSP is closed", "The provider closed this MSP, so its customers’ consoles are not opened from here.")
    ADDRESS = ("No console address yet", "Nobody has said yet where the console of this customer is.")
    OFF = (
        "Delegated access is off",
        "Your delegated access to this customer is off. A partner administrator switches it on.",
    )

    @property
    def short(self) -> str:
        return self.value[0]

    @property
    def sentence(self) -> str:
        return self.value[1]


class Door(NamedTuple):
    """`way`: "signed" when the console takes our assertion, "address" when it is only opened, "" while shut."""

    way: str
    reason: Reason | None = None

    @property
    def why(self) -> str:
        return self.reason.short if self.reason else ""


NOT_THEIRS = Door("", Reason.ROLE)


class Facts(NamedTuple):
    """What decides about one customer. `address`: as it is kept, "" without one."""

    shelf: str
    closed: bool
    address: str
    signs_in: bool
    delegated: bool


def held_role(who: Standing, customer_id: int, partner_id: int) -> Role:
    """The role that the person was given. An operator as such may everything in the portal and nothing in a console."""
    if customer_id in who.over_customers:
        return who.over_customers[customer_id][1]
    return who.over_partners.get(partner_id, Role.NONE)


def judge(role: Role, facts: Facts) -> Door:
    hindrances = (
        (role != HOLDER, Reason.ROLE),
        (facts.shelf not in LISTED, Reason.SHELF),
        (facts.closed, Reason.CLOSED),
        (not facts.address, Reason.ADDRESS),
        (not facts.delegated, Reason.OFF),
    )
    for holds, reason in hindrances:
        if holds:
            return Door("", reason)
    return Door("signed" if facts.signs_in else "address")
