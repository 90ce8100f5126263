"""What the pages of a plan are drawn from: the whole plan, one step of it, and the forms beside them."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request

from blueprints.accounts.standing import Standing
from blueprints.plans.arranging import assignable
from blueprints.plans.rules import comments_of, drifted_before, runs_of
from blueprints.plans.views import LOCKED, Drifted, PlanView, StepView
from data.customers import Customer
from data.rfi import Rfi

SOON, SELDOM = 2, 5  # seconds between two looks at a plan that somebody else may change


@dataclass(frozen=True)
class Link:
    """One phase in the chain of phases. `state`: done, now or later. Counted are the required steps."""

    id: str
    title: str
    done: int
    total: int
    state: str


def links_of(view: PlanView) -> tuple[Link, ...]:
    return tuple(
        Link(
            phase.id,
            phase.title,
            phase.done,
            phase.total,
            link_state(phase.settled, any(not step.settled and step.state != LOCKED for step in phase.steps)),
        )
        for phase in view.phases
    )


def link_state(settled: bool, workable: bool) -> str:
    if settled:
        return "done"
    return "now" if workable else "later"


def base_of(customer: Customer) -> str:
    """The address of the customer's page, on which those of the plan are built: asking for each costs more."""
    return f"{request.script_root}/customers/{customer.id}"


def stamp_of(view: PlanView, drifted: Iterable[Drifted] = ()) -> str:
    """Changes whenever something that a page of this plan shows does. `drifted`: of earlier plans."""
    seen = [
        (step.version, step.state, step.comments, step.checking, step.overdue, step.evidence and step.evidence.check_id)
        for step in (*view.steps, *view.dropped)
    ]
    signed = (view.partner_signed, view.customer_signed)
    told = repr((view.version, view.state, view.cutover_at, view.cutover_warning, signed, seen, *drifted))
    return f"{zlib.crc32(told.encode()):08x}"


# --- the whole plan -----------------------------------------------------------------------------------


def plan_facts(customer: Customer, view: PlanView | None, **more: Any) -> dict[str, Any]:
    """The whole plan. `view`: None before the first order. `refused`: what a press on this page could not do."""
    base = base_of(customer)
    facts: dict[str, Any] = {
        "customer": customer,
        "details": base,
        "here": f"{base}/plan",
        "view": view,
        "chain": (),
        "stamp": "",
        "looks": SELDOM,
        "ids": {},
        "rfi": None,
        "may_make": False,
        "refused": "",
        "drifted": (),
    }
    if view is None:
        return facts | more
    facts["drifted"] = drifted = drifted_before(view)
    if not view.made:
        rfi = Rfi.select(Rfi.id, Rfi.state).where(Rfi.customer == customer).order_by(Rfi.id.desc()).first()
        facts["rfi"] = rfi
        facts["may_make"] = view.may_work and rfi is not None and rfi.state in ("complete", "not_applicable")
    facts |= {"chain": links_of(view), "stamp": stamp_of(view, drifted), "looks": seconds_between_looks(view)}
    return facts | more


def seconds_between_looks(view: PlanView) -> int:
    return SOON if view.moves_soon else SELDOM


# --- one step -----------------------------------------------------------------------------------------


def step_facts(who: Standing, customer: Customer, view: PlanView, step: StepView) -> dict[str, Any]:
    """One step with its remarks and the runs of its check; routes add its forms."""
    from blueprints.plans.expecting import records_for  # noqa: PLC0415 - only steps about records in the DNS need it

    base = base_of(customer)
    return {
        "customer": customer,
        "details": base,
        "here": f"{base}/plan",
        "view": view,
        "step": step,
        "phase": next((phase.title for phase in view.phases if phase.id == step.phase), ""),
        "dropped": step in view.dropped,
        "ids": {each.title: each.id for each in view.steps},
        "waiting_for_it": [each for each in view.steps if step.title in each.waits_for],
        "comments": comments_of(who, customer.id, step.id) if step.comments else (),
        "runs": runs_of(who, customer.id, step.id) if step.check else (),
        "records": records_for(who, customer.id, step).get(step.id, ()),
        "stamp": stamp_of(view),
        "looks": seconds_between_looks(view),
    }


def people_for(who: Standing, customer: Customer) -> list[tuple[int, str]]:
    """Whom a step can be given to: the MSP's people, and an operator who is asking."""
    people = [(person.id, person.name) for person in assignable(customer)]
    if who.operator and who.id not in {person_id for person_id, _ in people}:
        people.append((who.id, who.name))
    return people


def steps_before(view: PlanView) -> Iterable[tuple[int, str]]:
    """What a new step can come after."""
    return ((step.id, step.title) for step in view.steps if step.does != "sign_off")


def typed_on_their_clock(at: datetime | None, who: Standing) -> datetime | None:
    """A moment as a field for a day and a time shows it to this person."""
    return at.astimezone(ZoneInfo(who.timezone)).replace(tzinfo=None) if at else None
