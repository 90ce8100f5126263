"""The plan on the page of its customer: how far it is, and what comes next. Two queries, whatever there is."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.plans.chain import Chain
from blueprints.plans.making import chain_of, template_of
from blueprints.plans.pages import Link, link_state
from blueprints.plans.rules import newest_plan
from blueprints.plans.views import STATE_WORDS
from data.customers import Customer
from data.database import database
from data.kept import Kept
from data.moments import today
from data.plans import OWNERS, SETTLED, Plan, PlanStep

SHOWN = 4  # steps that can be worked on, or need to be looked at

COLUMNS = (
    *(PlanStep.id, PlanStep.key, PlanStep.phase, PlanStep.position, PlanStep.title, PlanStep.owner, PlanStep.optional),
    *(PlanStep.after, PlanStep.state, PlanStep.reason, PlanStep.due_on, PlanStep.waiting_until, PlanStep.alert),
    *(PlanStep.dropped_at, PlanStep.version),
)
steps_of = Kept(lambda plan: PlanStep.select(*COLUMNS).where(PlanStep.plan == plan))


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
    """What the panel shows, each worked out when it is drawn. `plan` None: nothing was ordered yet."""

    who: Standing
    plan: Plan | None

    @property
    def made(self) -> bool:
        return self.plan is not None and self.plan.template_id is not None

    @cached_property
    def chain(self) -> Chain:
        return chain_of(template_of(self.plan), steps_of(self.plan.id)) if self.plan else Chain(())

    @property
    def stamp(self) -> str:
        """Changes whenever the panel does."""
        versions = [row.version for row in self.chain.all]
        return stamp(self.plan.version, len(versions), sum(versions)) if self.plan else ""

    @cached_property
    def phases(self) -> tuple[Link, ...]:
        """Those that have steps, as on the page of the whole plan."""
        return tuple(self.linked()) if self.made else ()

    def linked(self) -> Iterator[Link]:
        workable = {step.phase for step in self.workable}
        template = template_of(self.plan) if self.plan else None
        for phase in template.phases if template else ():
            rows = [row for row in self.chain.steps if row.phase == phase.id]
            required = [row for row in rows if not row.optional]
            done = sum(1 for row in required if row.state in SETTLED)
            if rows:
                state = link_state(done == len(required), phase.id in workable)
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


NEWEST = """
SELECT plan.version, count(step.id), sum(step.version) FROM plan LEFT JOIN plan_step AS step ON step.plan_id = plan.id
WHERE plan.id = (SELECT max(id) FROM plan WHERE customer_id = ?) GROUP BY plan.id, plan.version"""


def stamp_now(customer: Customer) -> str:
    """The stamp that the panel would have now: one query. "" without a plan."""
    found = database.execute_sql(NEWEST.replace("?", database.param), (customer.id,)).fetchone()
    return stamp(found[0], found[1], int(found[2] or 0)) if found else ""


def planned_facts(who: Standing, customer: Customer) -> dict[str, Any]:
    """What templates/customer_details/plan_panel.html is drawn from, beside `details` and `here`."""
    return {"planned": Panel(who, newest_plan.first(customer.id))}
