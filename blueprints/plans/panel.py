"""The plan on the page of its customer: how far it is, and what comes next. Two queries, whatever there is."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, cast

from peewee import fn

from blueprints.accounts.standing import Standing
from blueprints.plans.chain import Chain, in_phases
from blueprints.plans.making import chain_of, template_of
from blueprints.plans.pages import Link, link_state
from blueprints.plans.views import STATE_WORDS, Drifted
from data.customers import Customer
from data.database import database
from data.kept import Kept
from data.moments import today
from data.plans import OWNERS, SETTLED, Plan, PlanStep

SHOWN = 4  # steps that can be worked on, or need to be looked at


class StepRow(NamedTuple):
    """A step as the chain reads it: what PlanStep has, without the cost of records."""

    id: int
    key: str
    phase: str
    position: int
    title: str
    owner: str
    optional: bool
    after: Any
    state: str
    reason: str
    due_on: Any
    waiting_until: Any
    alert: str
    dropped_at: Any
    version: int
    plan_id: int


COLUMNS = ", ".join(f"step.{name}" for name in StepRow._fields)
DRIFTED = "(plan.state = 'done' AND step.alert <> '' AND step.dropped_at IS NULL)"  # also in an earlier plan
STEPS = f"""
SELECT {COLUMNS} FROM plan JOIN plan_step AS step ON step.plan_id = plan.id
WHERE plan.customer_id = ? AND (plan.id = ? OR {DRIFTED})"""  # noqa: S608 - our own words
LISTS, DAYS, MOMENTS = PlanStep.after.python_value, PlanStep.due_on.python_value, PlanStep.waiting_until.python_value


def steps_of(plan: Plan) -> list[StepRow]:
    """All steps of a customer's newest plan, and what drifted of the earlier ones."""
    found = database.execute_sql(STEPS.replace("?", database.param), (plan.customer_id, plan.id)).fetchall()
    return [read(StepRow(*row)) for row in found]


def read(row: StepRow) -> StepRow:
    """What databases keep as text, as what it is."""
    return row._replace(
        after=LISTS(row.after) if row.after != "[]" else (),
        due_on=DAYS(row.due_on) if row.due_on else None,
        waiting_until=MOMENTS(row.waiting_until) if row.waiting_until else None,
    )


@dataclass(frozen=True)
class PanelStep:
    """A step as the panel shows it. `said`: why it failed, or what is not as it was."""

    id: int
    title: str
    owner: str
    state: str
    said: str
    drifted: bool
    due_on: Any
    overdue: bool
    waiting_until: Any

    @property
    def state_word(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def owner_word(self) -> str:
        return OWNERS[self.owner]


@dataclass(frozen=True)
class Panel:
    """What the panel shows, each worked out when it is drawn. `plan` None: nothing was ordered yet; `after_others`:
    there are complete plans before it.
    """

    who: Standing
    plan: Plan | None
    after_others: bool = False

    @property
    def made(self) -> bool:
        return self.plan is not None and self.plan.template_id is not None

    @cached_property
    def rows(self) -> list[StepRow]:
        return steps_of(self.plan) if self.plan and (self.made or self.after_others) else []

    @cached_property
    def chain(self) -> Chain:
        if self.plan is None:
            return Chain(())
        rows = [row for row in self.rows if row.plan_id == self.plan.id]
        return chain_of(template_of(self.plan), cast(list[PlanStep], rows))

    @property
    def drifted_before(self) -> list[Drifted]:
        """What drifted of the earlier plans."""
        rows = [row for row in self.rows if self.plan and row.plan_id != self.plan.id]
        return [Drifted(row.id, row.title, row.alert) for row in sorted(rows)]

    @property
    def stamp(self) -> str:
        """Changes whenever the panel does."""
        versions = [row.version * row.id for row in self.rows]
        return stamp(self.plan.version, len(versions), sum(versions)) if self.plan else ""

    @cached_property
    def phases(self) -> tuple[Link, ...]:
        """Those that have steps, as on the page of the whole plan."""
        return tuple(self.linked()) if self.made else ()

    def linked(self) -> Iterator[Link]:
        workable = {step.id for step in self.workable}
        template = template_of(self.plan) if self.plan else None
        for phase, rows in in_phases(template.phases if template else (), self.chain.steps):
            required = [row for row in rows if not row.optional]
            done = sum(1 for row in required if row.state in SETTLED)
            state = link_state(done == len(required), any(row.id in workable for row in rows))
            yield Link(phase.id, phase.title, done, len(required), state)

    @cached_property
    def workable(self) -> list[PlanStep]:
        return list(self.chain.workable) if self.plan and self.plan.state == "open" else []

    @cached_property
    def steps(self) -> list[PanelStep]:
        """What drifted away first, then what can be worked on."""
        day = today(self.who.timezone)
        drifted = [row for row in self.chain.steps if row.alert] if self.made else []
        return [
            PanelStep(
                row.id,
                row.title,
                row.owner,
                row.state,
                row.alert or (row.reason if row.state == "failed" else ""),
                bool(row.alert),
                row.due_on,
                bool(row.due_on and row.due_on < day and row.state not in SETTLED),
                row.waiting_until,
            )
            for row in [*drifted, *self.workable][:SHOWN]
        ]

    @property
    def more(self) -> int:
        """How many can be worked on besides."""
        return max(0, len(self.workable) - SHOWN)


def stamp(plan: int, steps: int, versions: int) -> str:
    return f"{plan}-{steps}-{versions}"


NEWEST = f"""
SELECT newest.version, count(step.id), sum(step.version * step.id) FROM plan AS newest
JOIN plan ON plan.customer_id = newest.customer_id
LEFT JOIN plan_step AS step ON step.plan_id = plan.id AND (plan.id = newest.id OR {DRIFTED})
WHERE newest.id = (SELECT max(id) FROM plan WHERE customer_id = ?) GROUP BY newest.id, newest.version"""  # noqa: S608 - our own words


def stamp_now(customer: Customer) -> str:
    """The stamp that the panel would have now: one query. "" without a plan."""
    found = database.execute_sql(NEWEST.replace("?", database.param), (customer.id,)).fetchone()
    return stamp(found[0], found[1], int(found[2] or 0)) if found else ""


Newer = Plan.alias("newer")
newest_and_complete = Kept(
    lambda customer: (
        Plan.select()
        .where(Plan.customer == customer)
        .where((Plan.state == "done") | (Plan.id == Newer.select(fn.MAX(Newer.id)).where(Newer.customer == customer)))
        .order_by(Plan.id.desc())
        .limit(2)
    )
)


def planned_facts(who: Standing, customer: Customer) -> dict[str, Any]:
    """What templates/customer_details/plan_panel.html is drawn from, beside `details` and `here`."""
    plans = newest_and_complete(customer.id)
    return {"planned": Panel(who, plans[0] if plans else None, len(plans) > 1)}
