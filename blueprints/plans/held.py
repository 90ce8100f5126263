"""A plan while somebody changes it: held until the transaction ends, told about, its kept figures brought in line."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from peewee import fn

from blueprints.accounts.standing import Standing
from blueprints.customers.links import LinkHolder
from blueprints.customers.rules import find_customer
from blueprints.plans.acts import BY_LINK, THEIRS
from blueprints.plans.chain import Chain, stands_open
from blueprints.plans.keeping import keep
from blueprints.plans.making import chain_of, mark, template_of
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused
from data import history
from data.customers import Customer
from data.database import locked
from data.moments import now
from data.plan_definitions import Step, Template
from data.plans import Plan, PlanCheck, PlanStep

LONGEST_REASON = 1_000  # characters


class PlanOver(Refused):
    sentence = "This plan is over, so its steps stay as they are."


class PlanChanged(ChangedMeanwhile):
    sentence = "Somebody changed this plan since you opened the page. Look it over again; yours is not saved yet."


class StepChanged(ChangedMeanwhile):
    sentence = "Somebody changed this step since you opened the page. Look at it again; nothing of yours is saved yet."


class NotTheirs(MayNot):
    sentence = "This step is your MSP’s to do."


class NeedsReason(Refused):
    sentence = "Say why: it is kept in the history."


@dataclass
class Held:
    """A plan and all its steps, held. `who`: a Standing, a LinkHolder, or the portal; `newest`: of the customer's."""

    who: Any
    customer: Customer
    plan: Plan
    template: Template
    chain: Chain
    newest: bool = True

    @property
    def by_link(self) -> bool:
        return isinstance(self.who, LinkHolder)

    def tell(self, kind: str, **facts: object) -> None:
        history.record(kind, self.who, partner=self.customer.partner_id, customer=self.customer.id, **facts)

    def keep(self) -> None:
        """Save the plan with its figures. A signature ends when something is to be done again.

        An earlier plan stays as it is: figures that are saved become the customer's, which are those of the newest.
        """
        if not self.newest:
            return
        if (self.plan.partner_signed_at or self.plan.customer_signed_at) and self.chain.left_to_sign:
            withdraw_signatures(self.plan)
            self.tell("plan.unsigned")
        keep(self.plan, self.chain)
        self.plan.save()

    def step(self, step_id: int) -> "HeldStep":
        """Raises NotThere."""
        row = next((row for row in self.chain.all if row.id == step_id), None)
        if row is None:
            raise NotThere
        return HeldStep(self, row)


@dataclass
class HeldStep:
    """One step of a held plan."""

    of: Held
    row: PlanStep

    @cached_property
    def told(self) -> Step:
        """As its template has it."""
        row = self.row
        return self.of.template.by_id.get(row.key) or Step(row.key, row.title, row.owner, help=row.help)

    @cached_property
    def evidence(self) -> PlanCheck | None:
        """The newest answer of its check."""
        answered = (PlanCheck.step == self.row) & (PlanCheck.state == "done")
        found: PlanCheck | None = PlanCheck.select().where(answered).order_by(PlanCheck.id.desc()).first()
        return found

    def saw(self, version: int) -> None:
        """Raise StepChanged unless the person saw the step as it is."""
        if self.row.version != version:
            raise StepChanged

    def turn(self, kind: str, state: str = "", **facts: object) -> None:
        """The change is made: who, when, its line of history, the figures of the plan. `state`: "" as before."""
        if state:
            self.row.state = state
            self.row.waiting_until = self.row.waiting_until if state == "waiting" else None
            self.row.alert, self.row.alert_at = "", None
        mark(self.of.who, self.row)
        self.row.save()
        self.of.tell(kind, step=self.row.title, **facts)
        self.of.keep()
        if not stands_open(self.row):
            self.look_behind()

    def look_behind(self) -> None:
        """What waited for this step, and has passed its check already, is looked at again at once."""
        chain, at = self.of.chain, now()
        unlocked = [row.id for row in chain.workable if any(each is self.row for each in chain.before(row))]
        passed = (PlanCheck.outcome == "passed") & (PlanCheck.again_at > at)
        if unlocked:
            PlanCheck.update(again_at=at).where(PlanCheck.step.in_(unlocked) & passed).execute()


def hold(who: Any, customer_id: int, *, over: bool = False) -> Held:
    """The newest plan of a customer for a change by somebody who may work on it. Call inside the transaction.

    `over`: a complete one, too. The customer's row is held first, as by everything that holds both. Raises NotThere,
    MayNot, PlanOver, NotReady.
    """
    customer = held_customer(who, customer_id)
    newest = Plan.select().where(Plan.customer == customer).order_by(Plan.id.desc()).limit(1)
    plan: Plan | None = locked(newest).first()
    if plan is None:
        raise NotThere
    if plan.state != "open" and not (over and plan.state == "done"):
        raise PlanOver
    return with_steps(who, customer, plan)


def hold_watched(who: Any, customer_id: int, step_id: int) -> HeldStep:
    """A step for looking at it: as its plan goes on, and daily once that is complete, whichever of the customer's.

    Raises as `hold`, and PlanOver for a plan that was closed, and for customers who left.
    """
    customer = held_customer(who, customer_id)
    of_step = Plan.select().join(PlanStep).where((PlanStep.id == step_id) & (Plan.customer == customer))
    plan: Plan | None = locked(of_step, Plan).first()
    if plan is None:
        raise NotThere
    newest = not Plan.select().where((Plan.customer == customer) & (Plan.id > plan.id)).exists()
    if customer.shelf == "past" or not (plan.state == "done" or (plan.state == "open" and newest)):
        raise PlanOver
    return with_steps(who, customer, plan, newest=newest).step(step_id)


def hold_all_watched(who: Any, customer_id: int, having: Any) -> list[Held]:
    """The plans of a customer whose steps the portal watches, oldest first; `having`: a condition of one of the steps.

    Raises as `hold`.
    """
    customer = held_customer(who, customer_id)
    theirs = Plan.customer == customer
    newest = Plan.select(fn.MAX(Plan.id)).where(theirs).scalar()
    watched = (Plan.state == "done") | ((Plan.state == "open") & (Plan.id == newest))
    those = PlanStep.select(PlanStep.plan).where(having)
    plans = list(locked(Plan.select().where(theirs & watched & Plan.id.in_(those)).order_by(Plan.id)))
    return [with_steps(who, customer, plan, newest=plan.id == newest) for plan in plans]


def with_steps(who: Any, customer: Customer, plan: Plan, *, newest: bool = True) -> Held:
    """A plan whose row is held already. Raises NotReady."""
    template = template_of(plan)
    rows = list(PlanStep.select().where(PlanStep.plan == plan))
    for row in rows:
        row.plan = plan
    return Held(who, customer, plan, template, chain_of(template, rows), newest)


def held_customer(who: Any, customer_id: int) -> Customer:
    if isinstance(who, Standing):
        return find_customer(who, customer_id, "customers.edit", for_update=True)
    if isinstance(who, LinkHolder) and who.customer_id != customer_id:
        raise NotThere
    customer: Customer | None = locked(Customer.select().where(Customer.id == customer_id)).first()
    if customer is None:
        raise NotThere
    if isinstance(who, LinkHolder) and customer.shelf == "past":
        raise PlanOver  # a plan that was complete when they left stays complete, and as it is
    return customer


def hold_step(who: Any, customer_id: int, step_id: int, act: str) -> HeldStep:
    """The step for an act (see acts.py). Raises as `hold`, NotTheirs for what is not the customer's to do, and PlanOver
    for a step of an earlier plan.
    """
    held = hold(who, customer_id)
    try:
        step = held.step(step_id)
    except NotThere:
        earlier = (PlanStep.id == step_id) & (Plan.customer == held.customer)
        if held.by_link or not PlanStep.select().join(Plan).where(earlier).exists():
            raise
        raise PlanOver from None
    if step.of.by_link and (act not in BY_LINK or step.row.owner not in THEIRS):
        raise NotTheirs
    return step


def withdraw_signatures(plan: Plan) -> None:
    plan.partner_signed_at = plan.customer_signed_at = None
    plan.partner_signed_by = plan.customer_signed_by = ""
    plan.version += 1


def reason_of(text: str) -> str:
    """A reason as it is kept. Raises NeedsReason, Refused."""
    reason = (text or "").strip()
    if not reason:
        raise NeedsReason(field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused(f"At most {LONGEST_REASON:,} characters.", "reason")
    return reason
