"""Times of maintenance, in which nothing gets worse: planned, under way, ended."""

from datetime import datetime, timedelta
from operator import attrgetter

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer
from blueprints.monitors.rules import find_watched, keep_history, set_up_one, what_of
from blueprints.web.refusals import NotThere, Refused
from data.database import locked, transaction
from data.formats import moment
from data.kept import Kept
from data.moments import now
from data.monitors import Maintenance

LONGEST = timedelta(days=30)
MOST = 20  # planned or under way, of one customer
MOST_REMEMBERED = 200  # the latest to end


def plan_maintenance(
    who: Standing, customer_id: int, service: str, begins: datetime, ends: datetime, reason: str, zone: str
) -> Maintenance:
    """A time in which nothing gets worse. `service` "": all of the customer's. `zone`: in which history tells it.

    Raises NotThere, MayNot, NotWatched, NotSetUp, and Refused with its field.
    """
    with transaction():
        customer = find_watched(who, customer_id)
        monitor = set_up_one(customer_id, service) if service else None
        if ends <= now():
            raise Refused("This is over already.", "ends")
        if ends <= begins:
            raise Refused("It ends after it begins.", "ends")
        if ends - begins > LONGEST:
            raise Refused(f"At most {LONGEST.days} days at a time.", "ends")
        if len(maintenance_of(customer_id)) >= MOST:
            raise Refused("There are enough planned already. End one first.", "begins")
        by = {"by_id": who.id, "by_name": who.name}
        planned: Maintenance = Maintenance.create(
            customer=customer, monitor=monitor, begins_at=begins, ends_at=ends, reason=reason, **by
        )
        facts = {"begins": moment(begins, zone), "ends": moment(ends, zone), "reason": f": {reason}" if reason else ""}
        keep_history(who, customer, "monitor.maintenance_planned", what=what_of(service), **facts)
    return planned


def end_maintenance(who: Standing, customer_id: int, maintenance_id: int) -> Maintenance:
    """Now, or before it began."""
    with transaction():
        customer = find_customer(who, customer_id, "customers.edit")
        chosen = (Maintenance.id == maintenance_id) & (Maintenance.customer == customer_id)
        planned: Maintenance | None = locked(Maintenance.select().where(chosen)).first()
        if planned is None:
            raise NotThere
        at = now()
        if planned.ends_at <= at:
            raise Refused("It is over already.")
        planned.ends_at, planned.begins_at = at, min(planned.begins_at, at)
        planned.save()
        service = planned.monitor.service if planned.monitor_id else ""
        keep_history(who, customer, "monitor.maintenance_ended", what=what_of(service))
    return planned


def maintenance_of(customer_id: int) -> list[Maintenance]:
    """What is planned or under way, in order."""
    at = now()
    return sorted((each for each in maintenance_by(customer_id) if each.ends_at > at), key=attrgetter("begins_at"))


maintenance_by = Kept(
    lambda customer: (
        Maintenance.select()
        .where(Maintenance.customer == customer)
        .order_by(Maintenance.ends_at.desc())
        .limit(MOST_REMEMBERED)
    )
)
