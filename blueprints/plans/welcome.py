"""The customer's own page: their tasks, how far everything is, their documents, and who to call.

Whoever holds a personal link sees this and the questions of the RFI, and nothing else of the portal. Of the MSP's
steps they see how far they are; what was remarked, given as a reason or seen by a check only of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from blueprints.customers.addresses import address_lines
from blueprints.customers.at_msp import people_at_msp
from blueprints.customers.links import LinkHolder, follow_link
from blueprints.plans.acts import THEIRS
from blueprints.plans.rules import customer_for, view_of
from blueprints.plans.views import LOCKED, PlanView, StepView
from blueprints.plans.welcome_documents import Document, documents_of
from blueprints.web.refusals import NotThere
from data import formats
from data.accounts import Person
from data.customers import Customer
from data.moments import now
from data.partners import Partner
from data.plans import StepComment
from data.rfi import Rfi

MOST_REMARKS = 200  # of all their steps, the newest
SOON, SELDOM = 3, 20  # seconds between two looks at a page that is open
LOOKS_BACK = timedelta(days=1)  # a cutover that passed longer ago is not asked about any more


@dataclass(frozen=True)
class Guest:
    """Whoever came by a link. `here`: the address of their page; `questions`: of the RFI; `timezone`: the MSP's."""

    who: LinkHolder
    here: str
    questions: str
    timezone: str

    @property
    def customer_id(self) -> int:
        return self.who.customer_id

    @property
    def name(self) -> str:
        return str(self.who.link.name or self.who.link.email)

    def at(self, moment: datetime) -> str:
        """A moment on the MSP's clock: the portal does not know that of whoever holds the link."""
        return formats.moment(moment, self.timezone)

    def day(self, moment: datetime) -> str:
        return formats.day(moment.astimezone(ZoneInfo(self.timezone)).date())


@dataclass(frozen=True)
class Reachable:
    """Somebody at the MSP who is reached by email; `name`: "" where the address is the MSP's own."""

    name: str
    email: str


@dataclass(frozen=True)
class Welcome:
    """What the page shows. `plan` None: nothing was planned for this customer. Each part is asked for when drawn."""

    guest: Guest
    customer: Customer
    partner: Partner
    rfi: Rfi
    plan: PlanView | None

    @cached_property
    def theirs(self) -> tuple[StepView, ...]:
        """Their steps, and those of both sides; signing off stands by itself."""
        steps = self.plan.of(*THEIRS) if self.plan else ()
        return tuple(step for step in steps if step.does != "sign_off")

    @property
    def over(self) -> bool:
        return self.plan is None or self.plan.state != "open" or self.customer.shelf == "past"

    @property
    def to_do(self) -> tuple[StepView, ...]:
        """What they can work on now, the required first."""
        found = [] if self.over else [step for step in self.theirs if not step.settled and step.state != LOCKED]
        return tuple(sorted(found, key=lambda step: step.optional))

    @property
    def lead(self) -> int:
        """The id of the step to begin with; 0 when none can be gone on with just now."""
        return next((step.id for step in self.to_do if not step.checking and not rests(step)), 0)

    @property
    def later(self) -> tuple[StepView, ...]:
        return () if self.over else tuple(step for step in self.theirs if step.state == LOCKED)

    @property
    def settled(self) -> tuple[StepView, ...]:
        return tuple(step for step in self.theirs if step.settled)

    @property
    def waiting(self) -> int:
        """How many required steps wait for them, and for nothing else."""
        return sum(1 for step in self.to_do if not step.optional and not rests(step))

    @property
    def asks(self) -> bool:
        """Whether the questions of the RFI are still to be answered."""
        return self.rfi.state in ("incomplete", "error") and self.rfi.closed_at is None and not self.past

    @property
    def past(self) -> bool:
        return self.customer.shelf == "past" or bool(self.plan and self.plan.state == "closed")

    @property
    def signs(self) -> bool:
        return bool(self.plan and "sign_off" in self.plan.acts)

    @property
    def title(self) -> str:
        """What the page is called."""
        return "Your mail is set up" if self.plan and self.plan.state == "done" else "Setting up your mail"

    @property
    def drifted(self) -> tuple[StepView, ...]:
        """What was done and is not as it was."""
        return () if self.past else tuple(step for step in self.settled if step.alert)

    @property
    def phase(self) -> str:
        """The id of the phase that is worked on."""
        return self.plan.current.phase if self.plan and self.plan.current else ""

    @property
    def asks_again(self) -> int:
        """Seconds after which the page looks whether something changed; 0: it does not."""
        if self.over:
            return 0
        return SOON if self.plan and self.plan.moves_soon else SELDOM

    @property
    def address(self) -> tuple[str, ...]:
        return address_lines(self.partner)

    @property
    def cutover_step(self) -> StepView | None:
        return next((step for step in self.theirs if step.does == "cutover_date"), None)

    @property
    def moves_cutover(self) -> bool:
        """Whether the date that was given may still be changed here."""
        step, plan = self.cutover_step, self.plan
        passed = plan is not None and plan.cutover_at is not None and plan.cutover_at < now() - LOOKS_BACK
        return step is not None and step.settled and not self.over and not passed

    @property
    def changed_over(self) -> bool:
        """Whether the date of the cutover has passed."""
        return bool(self.plan and self.plan.cutover_at and self.plan.cutover_at < now())

    @cached_property
    def remarks(self) -> dict[int, list[StepComment]]:
        """What was said about their steps, oldest first."""
        said = [step.id for step in self.theirs if step.comments]
        newest = StepComment.select().where(StepComment.step.in_(said)).order_by(StepComment.id.desc())
        found: dict[int, list[StepComment]] = {}
        for remark in reversed(list(newest.limit(MOST_REMARKS)) if said else []):
            found.setdefault(remark.step_id, []).append(remark)
        return found

    @cached_property
    def documents(self) -> list[Document]:
        return documents_of(self.guest.who)

    @cached_property
    def people(self) -> list[Reachable]:
        """Who works on their plan, then who is told of the order at the MSP; each once."""
        given = {step.assigned_to for step in (self.plan.steps if self.plan else ()) if step.assigned_to}
        workers = Person.select(Person.name, Person.email).where(Person.id.in_(given) & Person.active)
        named = [(person.name, person.email) for person in workers.order_by(Person.name)] if given else []
        named += people_at_msp(self.customer, self.partner, self.rfi.order_id)
        once = {email.casefold(): (name, email) for name, email in reversed(named)}
        return [Reachable(name, email) for name, email in reversed(once.values())]

    @property
    def age(self) -> str:
        """Changes with everything that the page shows of the plan."""
        return age_of(self.plan, self.rfi) if self.plan else f"{self.rfi.version}"

    def step(self, step_id: int) -> StepView:
        """One of theirs. Raises NotThere."""
        return their_step(self.theirs, step_id)


def rests(step: StepView) -> bool:
    """Whether it waits for a moment that was named."""
    return bool(step.waiting_until and step.waiting_until > now())


def age_of(plan: PlanView, rfi: Rfi) -> str:
    steps = (*plan.steps, *plan.dropped)
    told = (
        plan.version,
        rfi.version,
        sum(step.version for step in steps),
        sum(step.comments for step in steps),
        max((step.evidence.check_id for step in steps if step.evidence), default=0),
        sum(step.checking for step in steps),
    )
    return "-".join(map(str, told))


def their_step(steps: Iterable[StepView], step_id: int) -> StepView:
    found = next((step for step in steps if step.id == step_id), None)
    if found is None:
        raise NotThere
    return found


def guest_by_link(token: str, base: str) -> Guest:
    """Who holds this link; that it was opened is noted. `base`: what addresses begin with. Raises NotThere."""
    opened = follow_link(token)
    who = LinkHolder(opened.link, opened.customer_id)
    return Guest(who, f"{base}/welcome/{token}", f"{base}/rfi/{token}", opened.timezone)


def welcome_of(guest: Guest) -> Welcome:
    """Their page as it stands. A constant number of queries. Raises NotThere."""
    customer = customer_for(guest.who, guest.customer_id)
    plan = view_of(guest.who, customer)
    rfi = guest.who.link.rfi
    return Welcome(guest, customer, customer.partner, rfi, plan)
