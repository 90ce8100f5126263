"""The two lists of customers, *In progress* and *Complete*, and the words that every list of customers shares."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from blueprints.accounts.standing import Standing
from blueprints.customers.domains import shown_domain
from blueprints.customers.finding import Row
from blueprints.customers.listing import Listing
from blueprints.customers.places import NO_STEPS
from blueprints.customers.wanted import Wanted
from data import formats
from data.customers import ACCOUNT_TYPES
from data.database import database
from data.monitors import SERVICES
from data.partners import Partner
from data.plans import OWNERS

# As the mark of an RFI says them (templates/parts/states.html).
RFI_STATES = {
    "incomplete": "Incomplete",
    "complete": "Complete",
    "error": "Answers flagged",
    "not_applicable": "Not applicable",
}


class Progress(NamedTuple):
    """How far the plan of a customer is: required steps done, of how many, and whose turn it is."""

    done: int
    total: int
    turn: str

    def __str__(self) -> str:
        return f"{formats.number(self.done)} of {formats.number(self.total)}"

    @property
    def turn_told(self) -> str:
        """“MSP’s turn”; "" when nothing can be worked on."""
        return f"{OWNERS[self.turn]}’s turn" if self.turn else ""


class Mark(NamedTuple):
    """One of the five marks of what is monitored: how it looks, and what it says."""

    service: str
    look: str
    drawing: str
    text: str


MARKS = {
    "g": ("good", "ok", "good"),
    "w": ("warn", "alert", "warning"),
    "p": ("bad", "no", "problem"),
    "u": ("calm", "dot", "unknown"),
    "-": ("calm", "dash", "not set up"),
}


class Shown(NamedTuple):
    """A customer as a row of the list shows it, in words; `partner` is "" where all rows are of one MSP."""

    id: int
    name: str
    partner: str
    domain: str
    users: str
    account_type: str
    rfi: str
    role: str
    plan: Progress | None
    marks: tuple[Mark, ...]


def shown(row: Row, partner: str, role: str, plan: Progress | None = None) -> Shown:
    return Shown(
        id=row.id,
        name=row.name,
        partner=partner,
        domain=shown_domain(row.primary_domain),
        users=formats.number(row.permitted_users),
        account_type=ACCOUNT_TYPES.get(row.account_type, row.account_type),
        rfi=row.rfi_state,
        role=role,
        plan=plan,
        marks=marks_of(row.monitors),
    )


@cache
def marks_of(kept: str) -> tuple[Mark, ...]:
    """The five marks as they are kept: rank, then the first letters of states."""
    return tuple(Mark(label, *MARKS[letter]) for label, letter in zip(SERVICES.values(), kept[1:], strict=True))


def plans_of(rows: Iterable[Row]) -> dict[int, Progress]:
    """Customer id → how far the newest plan is, for those whose plan has steps: one query."""
    ids = [row.id for row in rows if row.steps_left != NO_STEPS]
    if not ids:
        return {}
    marks = ", ".join([database.param] * len(ids))
    found = database.execute_sql(PLANS.format(marks), ids).fetchall()
    return {customer_id: Progress(*progress) for customer_id, *progress in found}


PLANS = (
    "SELECT customer_id, steps_done, steps_total, turn FROM plan"
    " WHERE customer_id IN ({}) AND template IS NOT NULL ORDER BY id"
)


def partner_names(who: Standing, rows: Iterable[Row]) -> dict[int, str]:
    """The MSPs of these rows by id, for people to whom a list shows more than one; else {}."""
    if not who.operator and len({*who.over_partners, *(partner for partner, _ in who.over_customers.values())}) < 2:
        return {}
    shown = {row.partner_id for row in rows}
    return names_of(shown) if shown else {}


def names_of(partner_ids: Iterable[int]) -> dict[int, str]:
    return dict(Partner.select(Partner.id, Partner.name).where(Partner.id.in_(list(partner_ids))).tuples())


def told(listing: Listing, one: str, many: str) -> str:
    """How many there are, in words: “214 prospects”."""
    if listing.more_than_total:
        return f"More than {formats.number(listing.total)} {many}"
    return f"1 {one}" if listing.total == 1 else f"{formats.number(listing.total)} {many}"


def total_told(listing: Listing) -> str:
    """The number for the foot of a page: “214”, “more than 500”."""
    return f"{'more than ' if listing.more_than_total else ''}{formats.number(listing.total)}"


def nothing_told(wanted: Wanted) -> str:
    """Why a list is empty that is not empty as a whole."""
    where = f" under {wanted.letter}" if wanted.letter else ""
    if wanted.q:
        return f"No name{where} has “{wanted.q}” in it, and no domain is exactly that."
    return f"There is nothing{where}."
