"""The end of a service: what is over by the calendar of its MSP ends, one customer in one transaction.

Doing it again does nothing more: the row of the cancellation is held and its state looked at first.
"""

import logging
from datetime import date, datetime, timedelta
from typing import Protocol

from blueprints.cancellations.eligibility import end_of_day
from blueprints.cancellations.letters import Concern, write_ended
from blueprints.console.delegating import end_access
from blueprints.customers.links import revoke_links
from blueprints.customers.rules import move_to
from blueprints.customers.sealing import erase_secrets
from blueprints.monitors.rules import stop_watching
from data.accounts import Grant, Person
from data.cancellations import EXPORT_DAYS, Cancellation
from data.customers import Customer
from data.database import locked, transaction
from data.history import PORTAL
from data.moments import day_of, now
from data.partners import Partner
from data.plans import Plan, PlanCheck, PlanStep
from data.rfi import Rfi, RfiLink
from data.roles import PERMISSIONS, ROLE_LABELS, Role

EARLIEST_ZONE = "Etc/GMT-14"  # where each day begins, and ends, before it does anywhere else
AT_ONCE = 500

log = logging.getLogger("quayside.cancellations")


def end_due(portal: str) -> int:
    """End every service whose last day is over; how many. What goes wrong with one keeps no other waiting.

    `portal`: address of the installation, for links in letters.
    """
    ended, place = 0, (date.min, 0)
    while found := due_after(place, now()):
        for cancellation_id, ends_on in found:
            place = (ends_on, cancellation_id)
            try:
                ended += end_service(cancellation_id, portal)
            except Exception:
                log.exception("cancellation %s: the service could not be ended now", cancellation_id)
        if len(found) < AT_ONCE:
            break
    return ended


def due_after(place: tuple[date, int], at: datetime) -> list[tuple[int, date]]:
    """The next ones that may be due at a moment, in the order in which they end: id and last day.

    Read along an index of those that are pending, so it takes as long as there are due ones. A day that is over
    somewhere on earth may not be over where the MSP is: end_service() looks closer.
    """
    last, after = place
    query = (
        Cancellation.select(Cancellation.id, Cancellation.ends_on)
        .where((Cancellation.state == "pending") & (Cancellation.ends_on < day_of(at, EARLIEST_ZONE)))
        .where((Cancellation.ends_on > last) | ((Cancellation.ends_on == last) & (Cancellation.id > after)))
        .order_by(Cancellation.ends_on, Cancellation.id)
        .limit(AT_ONCE)
    )
    return [(row.id, row.ends_on) for row in query]


def end_service(cancellation_id: int, portal: str) -> bool:
    """End one service if it is due and nobody else has: everything of it happens, or nothing."""
    with transaction():
        named = Cancellation.get_by_id(cancellation_id)
        customer = locked(Customer.select().where(Customer.id == named.customer_id)).get()
        cancellation = Cancellation.get_by_id(cancellation_id)
        partner = Partner.get_by_id(cancellation.partner_id)
        if cancellation.state != "pending" or now() < end_of_day(cancellation.ends_on, partner.timezone):
            return False
        cancellation.state, cancellation.ended_at = "ended", now()
        if cancellation.export:
            cancellation.export_until = cancellation.ended_at + timedelta(days=EXPORT_DAYS)
        cancellation.version += 1
        cancellation.save()
        concern = Concern(PORTAL, customer, partner, cancellation, portal)
        concern.record("cancellation.ended")
        end_links(concern)
        end_access(PORTAL, customer)
        end_roles(concern)
        stop_watching(PORTAL, customer)
        end_work(customer)
        erase_secrets(PORTAL, customer)
        move_to(customer, "cancelled", PORTAL)
        write_ended(concern)
    return True


class Leaving(Protocol):
    """A customer who leaves an MSP, and how that is written down; letters about it say the same."""

    @property
    def customer(self) -> Customer: ...

    @property
    def partner(self) -> Partner: ...

    def record(self, kind: str, **facts: object) -> None: ...


def end_links(leaving: Leaving) -> None:
    """Personal links of the customer's contacts open nothing any more."""
    for rfi in Rfi.select().where(Rfi.customer == leaving.customer):
        for link in RfiLink.select().where((RfiLink.rfi == rfi) & RfiLink.revoked_at.is_null()):
            if link.expires_at > now():
                leaving.record("rfi.link_revoked", email=link.email)
        revoke_links(rfi)


def end_roles(leaving: Leaving) -> None:
    """Roles held for this customer alone end, where they permit what the person's role at the MSP does not.

    What lowers a role stays: taking it away would give somebody more than they had.
    """
    customer = leaving.customer
    held = Grant.select(Grant, Person).join(Person).where(Grant.customer_id == customer.id).order_by(Grant.id)
    for grant in held:
        usual = usual_role(grant.person_id, grant.partner_id)
        if not PERMISSIONS[Role(grant.role)] > PERMISSIONS[usual]:
            continue
        grant.delete_instance()
        Person.update(version=Person.version + 1).where(Person.id == grant.person_id).execute()
        leaving.record(
            "person.customer_role_changed",
            name=grant.person.name,
            company=customer.name,
            before=ROLE_LABELS[Role(grant.role)],
            after=f"as over {leaving.partner.name}",
        )


def usual_role(person_id: int, partner_id: int) -> Role:
    """The role over the MSP; NONE for somebody who has none there."""
    over = (Grant.person == person_id) & (Grant.partner == partner_id) & Grant.customer_id.is_null()
    grant: Grant | None = Grant.get_or_none(over)
    return Role(grant.role) if grant else Role.NONE


def end_work(customer: Customer) -> None:
    """Plans that are open close, and nothing is checked or watched any more."""
    plans = Plan.select(Plan.id).where(Plan.customer == customer)
    steps = PlanStep.select(PlanStep.id).where(PlanStep.plan.in_(plans))
    PlanCheck.delete().where(PlanCheck.step.in_(steps) & (PlanCheck.state == "due")).execute()
    PlanCheck.update(again_at=None).where(PlanCheck.step.in_(steps) & PlanCheck.again_at.is_null(False)).execute()
    Plan.update(state="closed", version=Plan.version + 1).where(Plan.id.in_(plans) & (Plan.state == "open")).execute()
