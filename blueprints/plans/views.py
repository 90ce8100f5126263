"""What pages show of a plan: frozen views of it, drawn for one person by rules.py."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from blueprints.web.refusals import NotThere
from data.plan_definitions import Check
from data.plans import OWNERS, SETTLED

LOCKED = "locked"
STATE_WORDS = {
    LOCKED: "Locked",
    "not_started": "Not started",
    "in_progress": "In progress",
    "waiting": "Waiting",
    "done": "Done",
    "failed": "Failed",
    "not_applicable": "Not applicable",
}


@dataclass(frozen=True)
class Evidence:
    """The newest answer of a step's check, without what was said word for word (`runs_of` has that)."""

    check_id: int
    kind: str
    outcome: str  # one of data.plans.OUTCOMES
    sentence: str
    answered_at: datetime
    watch: bool
    by: str


@dataclass(frozen=True)
class StepView:
    """A step as it is shown. `state`: as kept, or *locked* while it waits for others (`waits_for`: their titles)."""

    id: int
    key: str
    phase: str
    title: str
    help: str
    link: str
    owner: str
    optional: bool
    own: bool  # added for this customer
    state: str
    kept_state: str
    waits_for: tuple[str, ...]
    reason: str
    assigned_to: int | None
    assigned_name: str
    due_on: date | None
    overdue: bool
    waiting_until: datetime | None
    not_before: datetime | None  # until then hours must pass since another step
    earliest: datetime | None
    latest: datetime | None
    changed_at: datetime
    changed_by: str
    does: str  # one of data.plan_definitions.DOES, or ""
    check: Check | None
    evidence: Evidence | None
    checking: bool  # a check is due or under way
    alert: str  # what the daily watch noticed
    comments: int
    version: int
    acts: frozenset[str]  # what this person may do with it now: see acts.py

    @property
    def owner_word(self) -> str:
        return OWNERS[self.owner]

    @property
    def state_word(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def settled(self) -> bool:
        return self.state in SETTLED

    def may(self, act: str) -> bool:
        return act in self.acts


@dataclass(frozen=True)
class Drifted:
    """A step of an earlier plan, done then, that is not as it was any more. `said`: what the daily watch noticed."""

    id: int
    title: str
    said: str


@dataclass(frozen=True)
class PhaseView:
    """Counted are the required steps: `done` of `total`."""

    id: str
    title: str
    help: str
    steps: tuple[StepView, ...]
    done: int
    total: int

    @property
    def settled(self) -> bool:
        return self.done == self.total


@dataclass(frozen=True)
class PlanView:
    """A plan as one person sees it. `made` False: it has no steps yet, because the RFI is not handed in.

    `turn`: partner, customer, everyone, or "" when nothing is left to be worked on. `may_work`: whether this person may
    change anything; `acts`: what they may do with the plan as a whole. `earlier`: a newer one goes on, so this one is
    only read.
    """

    id: int
    customer_id: int
    state: str  # open, done, closed
    title: str
    version: int
    made: bool
    opened_at: datetime
    completed_at: datetime | None
    cutover_at: datetime | None
    cutover_warning: str  # why the date is too early; "" when it is not
    phases: tuple[PhaseView, ...]
    dropped: tuple[StepView, ...]
    done: int
    total: int
    current: StepView | None
    turn: str
    partner_signed: tuple[datetime, str] | None
    customer_signed: tuple[datetime, str] | None
    left_to_sign: tuple[str, ...]  # titles of the steps that keep both sides from signing off
    by_link: bool
    may_work: bool
    acts: frozenset[str]
    earlier: bool = False

    @cached_property
    def steps(self) -> tuple[StepView, ...]:
        return tuple(step for phase in self.phases for step in phase.steps)

    @property
    def next(self) -> tuple[StepView, ...]:
        """What can be worked on now."""
        return tuple(step for step in self.steps if not step.settled and step.state != LOCKED)

    @property
    def turn_word(self) -> str:
        return OWNERS.get(self.turn, "")

    @property
    def moves_soon(self) -> bool:
        """Whether a check will have answered in a moment, so that a page asks again."""
        return any(step.checking for step in self.steps)

    def of(self, *owners: str) -> tuple[StepView, ...]:
        """The steps of these owners, in order."""
        return tuple(step for step in self.steps if step.owner in owners)

    def has(self, step_id: int) -> bool:
        return any(step.id == step_id for step in (*self.steps, *self.dropped))

    def step(self, step_id: int) -> StepView:
        """Raises NotThere."""
        found = next((step for step in (*self.steps, *self.dropped) if step.id == step_id), None)
        if found is None:
            raise NotThere
        return found
