"""A plan as one person sees it: its steps with their locks and dates, whose turn it is, and what they may do.

Two kinds of people come here: the MSP's by their role (a Standing), the customer's contact by a personal link (a
LinkHolder). The portal itself (PORTAL) acts where a check has spoken.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from blueprints.accounts.standing import Standing
from blueprints.customers.links import LinkHolder
from blueprints.customers.rules import find_customer
from blueprints.plans.acts import acts_on, is_watched
from blueprints.plans.chain import Chain, in_phases, stands_open
from blueprints.plans.making import chain_of, template_of
from blueprints.plans.timing import cutover_warning, still_to_pass
from blueprints.plans.views import LOCKED, Drifted, Evidence, PhaseView, PlanView, StepView
from blueprints.web.refusals import NotThere
from data.accounts import Person
from data.customers import Customer
from data.kept import Kept
from data.moments import now, today
from data.partners import Partner
from data.plan_definitions import Step, Template
from data.plans import SETTLED, Plan, PlanCheck, PlanStep, StepComment

# --- finding ------------------------------------------------------------------------------------------


def customer_for(who: Any, customer_id: int, permission: str = "customers.see") -> Customer:
    """The customer for either kind of person. Raises NotThere, MayNot."""
    if isinstance(who, LinkHolder):
        customer: Customer | None = Customer.get_or_none(Customer.id == customer_id)
        if customer is None or who.customer_id != customer_id:
            raise NotThere
        return customer
    return find_customer(who, customer_id, permission)


newest_plan = Kept(lambda customer: Plan.select().where(Plan.customer == customer).order_by(Plan.id.desc()).limit(1))
counted_comments = fn.COUNT(StepComment.id).alias("comments_count")
steps_with_people = Kept(
    lambda plan: (
        PlanStep.select(PlanStep, Person.id, Person.name, counted_comments)
        .join(Person, JOIN.LEFT_OUTER, on=(PlanStep.assigned_to == Person.id), attr="person")
        .switch(PlanStep)
        .join(StepComment, JOIN.LEFT_OUTER, on=(StepComment.step == PlanStep.id))
        .where(PlanStep.plan == plan)
        .group_by(PlanStep.id, Person.id)
        .order_by(PlanStep.position, PlanStep.id)
    )
)
WITHOUT_EVIDENCE = [field for field in PlanCheck._meta.sorted_fields if field.name != "evidence"]
Newer = PlanCheck.alias("newer")
newest_checks = Kept(
    lambda plan: (
        PlanCheck.select(*WITHOUT_EVIDENCE)
        .join(PlanStep)
        .where(PlanStep.plan == plan)
        .where(
            (PlanCheck.state != "done")
            | PlanCheck.id.in_(
                Newer.select(fn.MAX(Newer.id))
                .join(PlanStep, on=(Newer.step == PlanStep.id))
                .where((PlanStep.plan == plan) & (Newer.state == "done"))
                .group_by(Newer.step)
            )
        )
    )
)
drifted_steps = Kept(
    lambda customer, newest: (
        PlanStep.select(PlanStep.id, PlanStep.title, PlanStep.alert)
        .join(Plan)
        .where((Plan.customer == customer) & (Plan.id != newest) & (Plan.state == "done"))
        .where((PlanStep.alert != "") & PlanStep.dropped_at.is_null())
        .order_by(PlanStep.alert_at, PlanStep.id)
    )
)
partner_clock = Kept(lambda partner: Partner.select(Partner.id, Partner.timezone).where(Partner.id == partner))


def plan_of(who: Standing | LinkHolder, customer_id: int) -> PlanView | None:
    """The newest plan of a customer; None before the first order. Raises NotThere. A constant number of queries."""
    return view_of(who, customer_for(who, customer_id))


def view_of(who: Standing | LinkHolder, customer: Customer) -> PlanView | None:
    """The same for a customer that was found already."""
    plan: Plan | None = newest_plan.first(customer.id)
    if plan is None:
        return None
    template = template_of(plan) if plan.template_id else None
    return draw(who, customer, plan, template)


def view_with(who: Standing, customer: Customer, step_id: int) -> PlanView:
    """The plan that has a step: the newest, or an earlier one as it was left. Raises NotThere."""
    view = view_of(who, customer)
    if view is not None and view.has(step_id):
        return view
    with_it = Plan.select().join(PlanStep).where((PlanStep.id == step_id) & (Plan.customer == customer))
    plan: Plan | None = with_it.first()
    if plan is None:
        raise NotThere
    return draw(who, customer, plan, template_of(plan), earlier=True)


def drifted_before(view: PlanView) -> tuple[Drifted, ...]:
    """The steps of the customer's earlier plans that are not as they were, the longest first."""
    rows = drifted_steps(view.customer_id, view.id)
    return tuple(Drifted(row.id, row.title, row.alert) for row in rows)


def draw(who: Any, customer: Customer, plan: Plan, template: Template | None, *, earlier: bool = False) -> PlanView:
    rows = steps_with_people(plan.id) if template else []
    chain = chain_of(template, rows) if template else Chain(())
    drawing = Drawing(who, customer, plan, template, chain, newest_checks(plan.id) if template else (), earlier=earlier)
    views = {row.key: drawing.step(row) for row in chain.all}
    phases = tuple(drawing.phases(views))
    current = chain.current if plan.state == "open" else None
    signed_by_partner = (plan.partner_signed_at, plan.partner_signed_by) if plan.partner_signed_at else None
    signed_by_customer = (plan.customer_signed_at, plan.customer_signed_by) if plan.customer_signed_at else None
    return PlanView(
        id=plan.id,
        customer_id=customer.id,
        state=plan.state,
        title=template.title if template else "",
        version=plan.version,
        made=template is not None,
        opened_at=plan.opened_at,
        completed_at=plan.completed_at,
        cutover_at=plan.cutover_at,
        cutover_warning=cutover_warning(template, chain, plan.cutover_at) if template and plan.cutover_at else "",
        phases=phases,
        dropped=tuple(views[row.key] for row in chain.all if row.dropped_at is not None),
        done=chain.done,
        total=chain.total,
        current=views[current.key] if current else None,
        turn=current.owner if current else "",
        partner_signed=signed_by_partner,
        customer_signed=signed_by_customer,
        left_to_sign=tuple(step.title for step in chain.left_to_sign),
        by_link=isinstance(who, LinkHolder),
        may_work=drawing.may_work,
        acts=drawing.acts(),
        earlier=earlier,
    )


class Drawing:
    """What all steps of one plan are drawn with."""

    def __init__(
        self,
        who: Any,
        customer: Customer,
        plan: Plan,
        template: Template | None,
        chain: Chain,
        checks: Iterable[PlanCheck],
        *,
        earlier: bool = False,
    ) -> None:
        self.who, self.customer, self.plan, self.template, self.chain = who, customer, plan, template, chain
        self.by_link = isinstance(who, LinkHolder)
        works = self.by_link or who.may_for_customer("customers.edit", customer.id, customer.partner_id)
        self.earlier = earlier
        self.may_work = works and plan.state == "open" and not earlier
        self.may_look = works and plan.state == "done" and not self.by_link and customer.shelf != "past"
        self.bases: Mapping[str, datetime | None] = {"cutover": plan.cutover_at, "order": plan.opened_at}
        partner = partner_clock.first(customer.partner_id)
        self.today = today(partner.timezone if partner else "UTC")
        self.evidence = {check.step_id: check for check in checks if check.state == "done"}
        self.running = {check.step_id for check in checks if check.state != "done"}

    def acts(self) -> frozenset[str]:
        """What this person may do with the plan as a whole."""
        if self.template is None or not self.may_work:
            over = self.plan.state == "done" and not self.earlier
            reopens = over and not self.by_link and self.who.may("rfi.restart")
            return frozenset({"reopen"} if reopens else ())
        side = self.plan.customer_signed_at if self.by_link else self.plan.partner_signed_at
        signs = {"sign_off"} if side is None and not self.chain.left_to_sign else set()
        if not self.by_link and self.plan.customer_signed_at is None and not self.chain.left_to_sign:
            signs.add("sign_for_customer")
        return frozenset(signs if self.by_link else signs | {"add_step", "cutover"})

    def step(self, row: PlanStep) -> StepView:
        told = self.template.by_id.get(row.key) if self.template else None
        told = told or Step(row.key, row.title, row.owner, help=row.help)
        waits_for = self.chain.waits_for(row) if stands_open(row) else []
        evidence = self.evidence.get(row.id)
        assigned = getattr(row, "person", None)
        return StepView(
            id=row.id,
            key=row.key,
            phase=row.phase,
            title=row.title,
            help=told.help,
            link=told.link,
            owner=row.owner,
            optional=row.optional,
            own=row.key.startswith("own_"),
            state=LOCKED if waits_for else row.state,
            kept_state=row.state,
            waits_for=tuple(each.title for each in waits_for),
            reason=row.reason,
            assigned_to=row.assigned_to_id,
            assigned_name=assigned.name if assigned and assigned.id else "",
            due_on=row.due_on,
            overdue=bool(row.due_on and row.due_on < self.today and stands_open(row)),
            waiting_until=row.waiting_until,
            not_before=still_to_pass(told, self.chain) if stands_open(row) else None,
            earliest=told.earliest.moment(self.bases) if told.earliest else None,
            latest=told.latest.moment(self.bases) if told.latest else None,
            changed_at=row.changed_at,
            changed_by=row.changed_by_name,
            does=told.does,
            check=told.check,
            evidence=shown(evidence) if evidence else None,
            checking=row.id in self.running,
            alert=row.alert,
            comments=row.comments_count,
            version=row.version,
            acts=self.acts_on(row, told, locked=bool(waits_for)),
        )

    def acts_on(self, row: PlanStep, told: Step, *, locked: bool) -> frozenset[str]:
        """Of a complete plan, what is watched can be looked at."""
        if self.may_work:
            return acts_on(row, told, by_link=self.by_link, locked=locked)
        return frozenset({"check"} if self.may_look and is_watched(row, told) else ())

    def phases(self, views: Mapping[str, StepView]) -> Iterable[PhaseView]:
        for phase, rows in in_phases(self.template.phases if self.template else (), self.chain.steps):
            required = [row for row in rows if not row.optional]
            done = sum(1 for row in required if row.state in SETTLED)
            steps = tuple(views[row.key] for row in rows)
            yield PhaseView(phase.id, phase.title, phase.help, steps, done, len(required))


def shown(check: PlanCheck) -> Evidence:
    return Evidence(
        check.id,
        check.kind,
        check.outcome,
        check.sentence,
        check.answered_at or now(),
        check.watch,
        check.asked_by_name,
    )


# --- one step -----------------------------------------------------------------------------------------


def step_of(who: Standing | LinkHolder, customer_id: int, step_id: int) -> PlanStep:
    """The row of a step, for pages about that step alone. Raises NotThere."""
    customer = customer_for(who, customer_id)
    step: PlanStep | None = (
        PlanStep.select(PlanStep, Plan).join(Plan).where((PlanStep.id == step_id) & (Plan.customer == customer)).first()
    )
    if step is None:
        raise NotThere
    return step


def comments_of(who: Standing | LinkHolder, customer_id: int, step_id: int, most: int = 100) -> list[StepComment]:
    """The newest remarks on a step, oldest first. Raises NotThere."""
    step = step_of(who, customer_id, step_id)
    newest = StepComment.select().where(StepComment.step == step).order_by(StepComment.id.desc()).limit(most)
    return list(newest)[::-1]


def runs_of(who: Standing | LinkHolder, customer_id: int, step_id: int, most: int = 10) -> list[PlanCheck]:
    """The newest runs of a step's check with all that was said, newest first. Raises NotThere."""
    step = step_of(who, customer_id, step_id)
    return list(PlanCheck.select().where(PlanCheck.step == step).order_by(PlanCheck.id.desc()).limit(most))
