"""Steps that keep plans from going on, of all customers whom a person reaches: the longest stuck first.

Each step stands there once, for the worst reason: its check failed, or what it did drifted; it is overdue; the customer
is waited for. Each reason is one question along an index of its own, so a page costs the same however many there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from peewee import JOIN, SQL, Expression, ModelSelect

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import reached_by
from data.customers import Customer
from data.moments import now, today
from data.plans import OWNERS, Plan, PlanStep

PAGE = 25
REASONS = {
    "failed": "Failed",
    "drifted": "Not as it was",
    "overdue": "Overdue",
    "customer": "Waiting on the customer",
}
WAITED = timedelta(days=3)  # before that the customer was only asked
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class StuckStep:
    """`since`: when it failed, was no longer due, or became the customer's turn; `said`: what was found, or given as
    the reason.
    """

    reason: str  # one of REASONS
    since: datetime
    customer_id: int
    customer_name: str
    partner_id: int
    step_id: int
    title: str
    owner: str
    assigned_to: int | None
    due_on: date | None
    said: str
    reminded_at: datetime | None

    @property
    def reason_word(self) -> str:
        return REASONS[self.reason]

    @property
    def owner_word(self) -> str:
        return OWNERS[self.owner]


@dataclass(frozen=True)
class Stuck:
    """One page. `after`: the key to go on with; "" when there is nothing more."""

    rows: tuple[StuckStep, ...]
    after: str


@dataclass(frozen=True)
class Place:
    """Where a page begins: after this moment, and at it after this step."""

    since: datetime
    step_id: int

    def __str__(self) -> str:
        return f"{self.since.astimezone(UTC):%Y%m%d%H%M%S%f}-{self.step_id}"


def place_of(key: str) -> Place | None:
    """What the key of a page says; None for what is no key."""
    moment, _, step_id = key.partition("-")
    if not (moment.isascii() and moment.isdigit() and step_id.isascii() and step_id.isdigit() and len(step_id) < 19):
        return None
    try:
        return Place(datetime.strptime(moment, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC), int(step_id))
    except ValueError:
        return None


def stuck_steps(who: Standing, reason: str = "", after: str = "", most: int = PAGE) -> Stuck:
    """The page after a key; the first for what is no key. `reason`: one of REASONS, "" for all of them."""
    start = place_of(after)
    found: list[StuckStep] = []
    for name, leg in LEGS.items():
        if reason in ("", name):
            found += leg.next(who, name, start, most + 1)
    found.sort(key=lambda step: (step.since, step.step_id))
    rows = tuple(found[:most])
    return Stuck(rows, str(Place(rows[-1].since, rows[-1].step_id)) if len(found) > most else "")


# --- one reason ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leg:
    """The steps that are stuck for one reason, in the order of one column. `said`: the column with the words."""

    column: Any
    holds: Callable[[date], Expression]  # of the reader's calendar day
    said: str = ""

    def next(self, who: Standing, reason: str, start: Place | None, most: int) -> list[StuckStep]:
        query = self.rows().where(LISTED, reached_by(who), self.holds(today(who.timezone)))
        if start:
            query = query.where(self.later(start))
        return [self.shown(reason, row) for row in query.order_by(self.column, self.step).limit(most).objects()]

    @property
    def step(self) -> Any:
        """The column with the step’s id, where the index has it."""
        return PlanStep.id

    def rows(self) -> ModelSelect:
        """From the steps to their customers: SQLite would begin with all customers, so it is told the order."""
        query = PlanStep.select(*SHOWN, self.column.alias("since")).join(Plan, JOIN.CROSS).join(Customer, JOIN.CROSS)
        return query.where(PlanStep.plan == Plan.id, Plan.customer == Customer.id)

    def later(self, start: Place) -> Expression:
        return (self.column > start.since) | ((self.column == start.since) & (self.step > start.step_id))

    def moment(self, since: Any) -> datetime:
        return since if isinstance(since, datetime) else self.column.python_value(since)

    def shown(self, reason: str, row: Any) -> StuckStep:
        return StuckStep(
            reason=reason,
            since=self.moment(row.since),
            customer_id=row.of_customer,
            customer_name=row.of_name,
            partner_id=row.of_partner,
            step_id=row.id,
            title=row.title,
            owner=row.owner,
            assigned_to=row.assigned,
            due_on=row.due_on,
            said=getattr(row, self.said) if self.said else "",
            reminded_at=row.reminded_at if row.reminded_at and row.reminded_at <= now() else None,
        )


class OverdueLeg(Leg):
    """Sorted by a day, which is over when the next one begins."""

    def later(self, start: Place) -> Expression:
        day = start.since.date() - A_DAY
        if start.since.time() == time():
            return (self.column > day) | ((self.column == day) & (PlanStep.id > start.step_id))
        return self.column > day

    def moment(self, since: Any) -> datetime:
        day = date.fromisoformat(since) if isinstance(since, str) else since
        return datetime.combine(day + A_DAY, time(), UTC)


class TurnLeg(Leg):
    """Found by the plans, which know whose turn it is."""

    @property
    def step(self) -> Any:
        return Plan.turn_step_id

    def rows(self) -> ModelSelect:
        query = Plan.select(*SHOWN, self.column.alias("since")).join(PlanStep, JOIN.CROSS).switch(Plan)
        return query.join(Customer, JOIN.CROSS).where(PlanStep.id == Plan.turn_step_id, Plan.customer == Customer.id)


SHOWN = (
    PlanStep.id,
    PlanStep.title,
    PlanStep.owner,
    PlanStep.assigned_to.alias("assigned"),
    PlanStep.due_on,
    PlanStep.reason,
    PlanStep.alert,
    PlanStep.reminded_at,
    Customer.id.alias("of_customer"),
    Customer.name.alias("of_name"),
    Customer.partner_id.alias("of_partner"),
)
LISTED = PlanStep.dropped_at.is_null() & Customer.shelf.in_(("in_progress", "complete"))


def word(text: str) -> SQL:
    """A word in the statement itself: SQLite uses an index of some rows only where it reads their condition."""
    return SQL(f"'{text}'")


OPEN = Plan.state == word("open")
WATCHED = Plan.state != word("closed")  # the complete ones of a customer beside the newest
UNSETTLED = PlanStep.state.not_in([word("done"), word("not_applicable")])


def overdue(day: date) -> Expression:
    """A truth of each row, also where there is no day."""
    return PlanStep.due_on.is_null(False) & (PlanStep.due_on < day)


def with_customer(day: date) -> Expression:
    turn = (Plan.turn == word("customer")) & (Plan.turn_since <= now() - WAITED)
    return OPEN & turn & (PlanStep.state != "failed") & ~overdue(day)


LEGS = {
    "failed": Leg(PlanStep.changed_at, lambda _: OPEN & (PlanStep.state == word("failed")), "reason"),
    "drifted": Leg(PlanStep.alert_at, lambda _: WATCHED & (PlanStep.alert != word("")), "alert"),
    "overdue": OverdueLeg(PlanStep.due_on, lambda day: OPEN & overdue(day) & UNSETTLED & (PlanStep.state != "failed")),
    "customer": TurnLeg(Plan.turn_since, with_customer),
}
