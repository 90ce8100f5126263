"""The end of a plan: both sides sign off, the customer is complete, secrets are erased; and opening it again."""

from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer, move_to
from blueprints.customers.sealing import erase_secrets
from blueprints.plans.held import (
    Held,
    HeldStep,
    NotTheirs,
    PlanChanged,
    hold,
    reason_of,
    with_steps,
    withdraw_signatures,
)
from blueprints.plans.working import named
from blueprints.web.refusals import MayNot, NotThere, Refused
from data.database import locked, transaction
from data.moments import now
from data.plans import Plan

SIDES = ("partner", "customer")


class NotFinished(Refused):
    """`steps`: titles of the required steps that are not settled."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        self.steps = steps
        super().__init__(f"Still to be done: {named(steps)}.")


class SignedAlready(Refused):
    sentence = "This side has signed off already."


class NotComplete(Refused):
    sentence = "This plan is not complete, so there is nothing to open again."


def sign_off(who: Any, customer_id: int, version: int, side: str, reason: str = "", portal: str = "") -> Plan:
    """One side says that it is done; when the other has, the plan is complete.

    `side`: partner, or customer. The customer's contact signs for the customer; the MSP may do so for them with a
    reason. `version`: of the plan. Raises as `hold`, and PlanChanged, NotTheirs, SignedAlready, NotFinished,
    NeedsReason.
    """
    with transaction():
        held = hold(who, customer_id)
        if held.by_link and side != "customer":
            raise NotTheirs
        if getattr(held.plan, f"{side}_signed_at"):
            raise SignedAlready
        if held.plan.version != version:
            raise PlanChanged
        if left := held.chain.left_to_sign:
            raise NotFinished(tuple(step.title for step in left))
        for_them = side == "customer" and not held.by_link
        sign(held, side, f": {reason_of(reason)}" if for_them else "")
        if held.plan.partner_signed_at and held.plan.customer_signed_at:
            complete(held, portal)
        else:
            held.plan.save()
    return held.plan


def sign(held: Held, side: str, reason: str) -> None:
    setattr(held.plan, f"{side}_signed_at", now())
    setattr(held.plan, f"{side}_signed_by", held.who.name)
    held.plan.version += 1
    held.tell("plan.signed", side={"partner": "the MSP", "customer": "the customer"}[side], reason=reason)


def complete(held: Held, portal: str) -> None:
    """Both sides have signed: the customer is complete, and nothing secret is kept any more."""
    from blueprints.plans.letters import write_completed  # noqa: PLC0415 - only the last step writes one

    for row in held.chain.steps:
        if row.key in held.chain.last:
            HeldStep(held, row).turn("plan.step_done", "done")
    held.plan.state, held.plan.completed_at = "done", now()
    held.keep()
    held.tell("plan.completed")
    if held.customer.status == "in_progress":
        move_to(held.customer, "complete", held.who)
    erase_secrets(held.who, held.customer)
    write_completed(held, portal)


def reopen(who: Standing, customer_id: int, reason: str) -> Plan:
    """Open a complete plan again: both sides sign anew, and the customer is in progress until then.

    What was erased stays erased. Raises NotThere, MayNot (operators only), NotComplete, NeedsReason.
    """
    if not who.may("rfi.restart"):
        raise MayNot
    with transaction():
        customer = find_customer(who, customer_id, for_update=True)
        newest = Plan.select().where(Plan.customer == customer).order_by(Plan.id.desc()).limit(1)
        plan: Plan | None = locked(newest).first()
        if plan is None:
            raise NotThere
        if plan.state != "done" or customer.status != "complete" or plan.template_id is None:
            raise NotComplete
        kept = reason_of(reason)
        held = with_steps(who, customer, plan)
        plan.state, plan.completed_at = "open", None
        withdraw_signatures(plan)
        held.tell("plan.reopened", reason=kept)
        for row in held.chain.steps:
            if row.key in held.chain.last:
                HeldStep(held, row).turn("plan.step_undone", "not_started", reason=kept)
        held.keep()
        move_to(customer, "in_progress", who)
    return plan
