"""What is watched of some sample customers: readings of ninety days, as raw and rolled up as the portal keeps them,
changes of state, and maintenance.

Nothing of it goes on by itself: nobody is listened for, no probe is due, and nobody is told of what was made up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from data import formats
from data.fields import Moment
from data.moments import now
from data.monitors import SERVICES, Maintenance, Monitor, MonitorChange
from data.sample.alerted import Trouble, leave_alert, tell_alerts
from data.sample.chance import Chance
from data.sample.consoles import leave_consoles
from data.sample.rare import moment
from data.sample.writing import insert

if TYPE_CHECKING:
    from data.sample.lives import Life

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RAW, HOURS, ALL = 7 * DAY, 30 * DAY, 90 * DAY  # as blueprints/monitors/rolling.py keeps them
MINUTE = 60  # seconds
RENEWED = (30, 90)  # days that are left of a certificate, before and after it is renewed
LEVELS = {"warning": "w", "problem": "p"}
# How busy each hour of a day is, and each day of a week.
BUSY = (8, 6, 5, 5, 6, 10, 22, 45, 78, 95, 100, 96, 74, 82, 97, 94, 80, 55, 34, 26, 20, 16, 12, 10)
WEEK = (1.0, 1.05, 1.0, 0.97, 0.85, 0.25, 0.2)
READING = ("monitor_id", "at", "value", "oldest", "level", "message", "key")
ROLLED = ("readings", "valued", "least", "most", "total", "oldest", "warnings", "problems")
ROLLUP = ("monitor_id", "span", "begins_at", *ROLLED)
as_kept = Moment().db_value


@dataclass(frozen=True)
class Way:
    """One way to watch a service. `settings`: {domain} stands for the customer's. `every`: minutes.

    `quiet` and `busy`: values when little and when much is to do; `age`: of the oldest, in seconds, at a value of 1.
    """

    probe: str
    every: int
    quiet: float
    busy: float
    settings: dict[str, str] = field(default_factory=dict)
    how: str = "readings are sent here"
    age: int = 0
    warning: float | None = None
    problem: float | None = None
    problem_age: int | None = None
    warning_age: int | None = None
    falls: bool = False  # by one a day: days that are left


def queue(quiet: float, busy: float, age: int) -> Way:
    """A queue that a mail server tells of."""
    return Way("", 15, quiet, busy, age=age, warning=50, problem=200, problem_age=60 * MINUTE)


def certificate(host: str, door: str) -> Way:
    settings = {"host": host, "door": door}
    return Way("certificate", 1_440, 63, 63, settings, "Certificate", warning=21, problem=7, falls=True)


def mailbox(user: str, every: int, quiet: float, busy: float, warning: float) -> Way:
    settings, day = {"host": "imap.{domain}", "user": user}, 24 * 60 * MINUTE
    return Way("imap", every, quiet, busy, settings, "Mailbox by IMAP", age=3, warning=warning, warning_age=day)


GATEWAY = {"host": "gateway.{domain}", "door": "submission"}
DIRECTORY = {"host": "ldap.{domain}", "base": "dc=company,dc=example"}
WAYS: dict[str, tuple[Way, ...]] = {
    "inbound_queue": (
        queue(1, 18, 9),
        Way("dns", 360, 0, 0, {"domain": "{domain}"}, "Records in the DNS", problem=1),
        queue(0, 30, 6),
    ),
    "outbound_queue": (queue(2, 26, 7), Way("smtp", 30, 90, 260, GATEWAY, "Mail server answers", warning=900)),
    "journal_queue": (mailbox("journal", 30, 12, 160, 500), queue(0, 24, 5)),
    "journal_connector": (certificate("journal.{domain}", "imaps"), mailbox("connector", 60, 30, 240, 900)),
    "directory_connector": (Way("ldap", 60, 0, 0, DIRECTORY, "Directory by LDAP"),),
}


@dataclass(frozen=True)
class Case:
    """How one customer stands. `left_out`: services that are not set up; `off`: was, and is no longer.

    `ways`: service → which of its ways; `trouble`: what is wrong now, if anything.
    """

    trouble: Trouble | None = None
    left_out: tuple[str, ...] = ()
    off: str = ""
    ways: dict[str, int] = field(default_factory=dict)
    maintenance: str = ""


GONE = "Records of {domain} have changed: MX is now gone."
QUEUE_LONG = "412 messages wait; most are for one domain that does not answer"
CASES = (
    Case(Trouble("outbound_queue", "problem", 17, 412, 9_840, QUEUE_LONG, counted=14)),
    Case(Trouble("directory_connector", "unknown", 8, remark="Their firewall is being replaced today")),
    Case(Trouble("journal_connector", "warning", 8 * 24, 12, remark="Renewal is ordered")),
    Case(
        Trouble("inbound_queue", "problem", 26, 1, None, GONE, counted=6),
        ways={"inbound_queue": 1},
    ),
    Case(maintenance="Mail servers move to another room", left_out=("directory_connector",)),
    Case(Trouble("inbound_queue", "warning", 6, 84, 1_320, "84 messages wait", counted=3), ways={"inbound_queue": 2}),
    Case(Trouble("journal_queue", "warning", 12, 214, 93_600, "The newest message is more than a day old", counted=5)),
    Case(off="journal_connector", left_out=("directory_connector",)),
    Case(ways={"outbound_queue": 1, "journal_queue": 1, "journal_connector": 1}),
    Case(left_out=("journal_queue", "journal_connector")),
    Case(left_out=("journal_queue", "journal_connector", "directory_connector"), ways={"inbound_queue": 2}),
    Case(ways={"journal_connector": 1}),
    Case(ways={"inbound_queue": 1, "outbound_queue": 1}),
    Case(left_out=("journal_queue",), ways={"journal_connector": 1}),
)


@dataclass(frozen=True)
class Service:
    """One service of a customer, as it is watched. `troubles`: in order; the last may go on."""

    name: str
    way: Way
    made_at: datetime
    off_at: datetime | None
    users: int
    troubles: tuple[Trouble, ...]

    @property
    def state(self) -> str:
        last = self.troubles[-1] if self.troubles else None
        return "off" if self.off_at else last.state if last and last.ends is None else "good"

    @property
    def since(self) -> datetime:
        last = self.troubles[-1] if self.troubles else None
        return self.off_at or (self.made_at if last is None else last.ends or last.begins)


# --- while its customer is written ----------------------------------------------------------------------


def watch(life: "Life", place: int) -> None:
    """The lines of history of a customer's monitors; their rows follow. `place`: which of those watched it is."""
    chance, days = Chance(life.company.domain), life.desk.days
    case, today = CASES[place], now().replace(hour=0, minute=0, second=0, microsecond=0)
    set_up = days.after(life.time, chance, 0.1, 4)
    life.watched_since = days.moment(set_up)
    made_at = moment(life.watched_since)
    services = [service_of(life, name, case, made_at, today, chance) for name in SERVICES if name not in case.left_out]
    life.act = chance.hexadecimal(16)
    for each in services:
        life.tell("monitor.set_up", at=as_kept(made_at), service=SERVICES[each.name], how=each.way.how)
    for each in services:
        tell_alerts(life, each.troubles, chance)
        if each.off_at:
            life.tell("monitor.switched_off", at=as_kept(each.off_at), service=SERVICES[each.name])
    planned = maintenance_of(life, case, today)
    leave_consoles(life, place)
    life.pen.rare.waiting.append(partial(leave_monitors, life, services, planned, chance))


def service_of(life: "Life", name: str, case: Case, made_at: datetime, today: datetime, chance: Chance) -> Service:
    way = WAYS[name][case.ways.get(name, 0)]
    past = [each for each in [past_trouble(way, name, today, chance)] if each and each.begins > made_at + DAY]
    wrong = case.trouble if case.trouble and case.trouble.service == name else None
    begun = [wrong.begun(today - timedelta(hours=wrong.hours), life.company.domain)] if wrong else []
    off_at = on_a_working_day(today - 9 * DAY) + 10 * HOUR if case.off == name else None
    return Service(name, way, made_at, off_at, life.users, tuple(past + begun))


def past_trouble(way: Way, name: str, today: datetime, chance: Chance) -> Trouble | None:
    """One that is over, for some of the monitors. Its hours are whole, so that what is rolled up tells the same."""
    ago, hour, hours, happens = chance.whole(10, 86), chance.whole(7, 15), chance.whole(2, 7), chance.random()
    if happens > 0.4 or way.falls or way.probe == "dns":
        return None
    begins = today - ago * DAY + hour * HOUR
    value = way.problem * 1.4 if way.problem else way.warning * 1.6 if way.warning else None
    state = "problem" if way.problem else "warning" if way.warning else "unknown"
    said = f"{value:,.0f} messages wait" if value and way.probe in ("", "imap") else ""
    trouble = Trouble(name, state, 0, value, way.age and 5_400, said, counted=min(hours, 4))
    return trouble.begun(begins, "", begins + hours * HOUR)


def maintenance_of(life: "Life", case: Case, today: datetime) -> tuple[datetime, datetime, str] | None:
    if not case.maintenance:
        return None
    begins, ends = today, today + 30 * HOUR
    zone = life.desk.partner.timezone
    life.tell(
        "monitor.maintenance_planned",
        at=as_kept(on_a_working_day(today - DAY) + 9 * HOUR) or "",
        what="all monitors",
        begins=formats.moment(begins, zone),
        ends=formats.moment(ends, zone),
        reason=f": {case.maintenance}",
    )
    return begins, ends, case.maintenance


# --- when all customers are written ---------------------------------------------------------------------


def leave_monitors(
    life: "Life",
    services: Sequence[Service],
    planned: tuple[datetime, datetime, str] | None,
    chance: Chance,
) -> None:
    at = now()
    for number, each in enumerate(services):
        ends = each.off_at or at
        readings = list(readings_of(each, ends, at, chance))
        monitor = leave_monitor(life, each, readings[-1] if readings else None, number, chance)
        insert("reading", READING, [(monitor, as_kept(when), *rest, "", None) for when, *rest in readings])
        insert("monitor_rollup", ROLLUP, [(monitor, *row) for row in rollups_of(each, ends, at, chance)])
        changes = [{**change, "monitor": monitor} for change in changes_of(life, each, at)]
        if changes:
            MonitorChange.insert_many(changes).execute()
        later = ((trouble.begins, partial(leave_alert, life, monitor, trouble)) for trouble in each.troubles)
        life.pen.rare.in_time.extend(later)
    if planned:
        begins_at, ends_at, reason = planned
        by = {"by_id": life.person.id, "by_name": life.person.name}
        Maintenance.insert(customer=life.customer, begins_at=begins_at, ends_at=ends_at, reason=reason, **by).execute()


Row = tuple[datetime, float | None, int | None, str]


def leave_monitor(life: "Life", service: Service, newest: Row | None, number: int, chance: Chance) -> int:
    """`number`: among those of its customer. The hash of its token is nobody's, as that of personal links."""
    way, off = service.way, service.off_at is not None
    domain = life.company.domain
    last = service.troubles[-1] if service.troubles else None
    facts: dict[str, Any] = (
        {"read_at": newest[0], "value": newest[1], "oldest": newest[2]} if newest and not off else {}
    )
    if last and last.ends is None and last.state != "unknown":
        facts["message"] = last.said
    if not way.probe and not off:
        hashed = f"{life.customer:016x}{number:x}{chance.hexadecimal(47)}"
        facts |= {"token_hash": hashed, "token_made_at": service.made_at}
    settings = {name: value.format(domain=domain) for name, value in way.settings.items()}
    bounds = {"warning": way.warning, "problem": way.problem}
    if way.probe == "ldap":
        bounds = {"warning": round(service.users * 0.8), "problem": None}
    made: int = Monitor.insert(
        customer=life.customer,
        service=service.name,
        source="probe" if way.probe else "push",
        probe=way.probe,
        settings=settings,
        warning_age=way.warning_age,
        problem_age=way.problem_age,
        every=way.every * MINUTE,
        state=service.state,
        since=service.since,
        recent="" if off else 2 * LEVELS.get(service.state, "g"),
        made_at=service.made_at,
        version=2 if off else 1,
        **bounds,
        **facts,
    ).execute()
    return made


# --- what was read --------------------------------------------------------------------------------------


def value_at(service: Service, at: datetime, today: datetime, share: float) -> float:
    """When nothing is wrong. `share`: of chance, 0 to 1."""
    way = service.way
    days = max((today - at) // DAY, 0)
    if way.falls:
        last = service.troubles[-1] if service.troubles else None
        left = days + (last.value if last and last.value is not None else way.quiet)
        return left if left < RENEWED[1] else RENEWED[0] + (left - RENEWED[1]) % (RENEWED[1] - RENEWED[0])
    if way.probe == "ldap":
        return service.users - days // 11
    busy = BUSY[at.hour] / 100 * WEEK[at.weekday()]
    return round(way.quiet + (way.busy - way.quiet) * busy * (0.55 + 0.9 * share))


def age_of(way: Way, value: float, share: float) -> int | None:
    return round(way.age * value * (0.5 + share)) if way.age else None


def readings_of(service: Service, ends: datetime, at: datetime, chance: Chance) -> Iterator[Row]:
    """One by one, those of the last seven days."""
    step, first = service.way.every * MINUTE, max(hour_of(at - RAW), service.made_at)
    today = day_of(at)
    for second in range(-(-int(first.timestamp()) // step) * step, int(ends.timestamp()) + 1, step):
        when = datetime.fromtimestamp(second, UTC)
        wrong = next((each for each in service.troubles if each.covers(when)), None)
        if wrong and wrong.state == "unknown":
            continue
        share = chance.random()
        value = value_at(service, when, today, share)
        age, level = age_of(service.way, value, share), level_of(service.way, value)
        if wrong and wrong.value is not None and not service.way.falls:
            value, age, level = wrong.near(when, share), wrong.oldest or age, LEVELS[wrong.state]
            if service.way.warning_age:
                age = service.way.warning_age + int((when - wrong.begins).total_seconds())
        yield when, value, age, level


def level_of(way: Way, value: float) -> str:
    """When nothing is wrong, only what falls day by day may be a warning."""
    return "w" if way.falls and way.warning is not None and value <= way.warning else "g"


def rollups_of(service: Service, ends: datetime, at: datetime, chance: Chance) -> Iterator[tuple[Any, ...]]:
    """By the hour from seven days on, by the day from thirty days on."""
    today = day_of(at)
    spans = (("day", DAY, day_of(at - ALL), day_of(at - HOURS)), ("hour", HOUR, day_of(at - HOURS), hour_of(at - RAW)))
    for span, length, since, until in spans:
        begins = since
        while begins < until:
            row = rolled(service, begins, min(begins + length, ends), today, chance.random())
            if row:
                yield span, as_kept(begins), *row
            begins += length


def rolled(service: Service, begins: datetime, ends: datetime, today: datetime, share: float) -> tuple[Any, ...] | None:
    step = service.way.every * MINUTE
    first = max(begins, service.made_at)
    count = int((ends - timedelta(microseconds=1)).timestamp()) // step - (int(first.timestamp()) - 1) // step
    if count <= 0 or ends <= first:
        return None
    middle = begins + (timedelta(hours=11) if ends - begins > HOUR else timedelta())
    value = value_at(service, middle, today, share)
    least, most, total = round(value * 0.4), value, value * count * 0.75
    if service.way.falls or service.way.probe == "ldap" or count == 1:
        least, total = round(value), value * count
    oldest, problems = age_of(service.way, value, share), 0
    warnings = count if level_of(service.way, value) == "w" else 0
    for wrong in () if service.way.falls else service.troubles:
        bad = min(count, int(wrong.overlap(first, ends).total_seconds()) // step)
        if not bad:
            continue
        if wrong.state == "unknown" or wrong.value is None:
            count, total = count - bad, total * (count - bad) / count
            continue
        total = total * (count - bad) / count + wrong.value * bad
        least = round(wrong.value) if bad == count else least
        most, oldest = max(most, wrong.value), wrong.oldest or oldest
        warnings, problems = (bad, 0) if wrong.state == "warning" else (0, bad)
    return (count, count, least, most, round(total, 1), oldest, warnings, problems) if count else None


def changes_of(life: "Life", service: Service, at: datetime) -> Iterator[dict[str, Any]]:
    """Those of ninety days; all of them are dealt with."""
    of = {"customer_id": life.customer, "partner_id": life.desk.id, "service": service.name}
    empty: dict[str, Any] = {"value": None, "oldest": None, "message": ""}
    moves = [(service.made_at, "unknown", "good", empty)]
    for each in service.troubles:
        moves.append(
            (each.begins, "good", each.state, {"value": each.value, "oldest": each.oldest, "message": each.said})
        )
        if each.ends:
            moves.append((each.ends, each.state, "good", empty))
    if service.off_at:
        moves.append((service.off_at, "good", "off", empty))
    for when, before, after, said in moves:
        if when > day_of(at - ALL):
            yield {**of, **said, "before": before, "after": after, "at": when, "told_at": when}


def on_a_working_day(at: datetime) -> datetime:
    """That day, or the Friday before it."""
    return at - max(at.weekday() - 4, 0) * DAY


def hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
