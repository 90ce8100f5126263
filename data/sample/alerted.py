"""What went wrong at sample customers that are watched, who is told of it, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data.alerts import LEVELS, Alert, AlertMessage, AlertNotice, Subscriber
from data.emails import Email
from data.fields import Moment
from data.history import PORTAL, History
from data.monitors import SERVICES
from data.sample.chance import Chance
from data.sample.rare import moment

if TYPE_CHECKING:
    from data.sample.lives import Life

NOT_YET = datetime.min.replace(tzinfo=UTC)
NAMES = {"warning": "Warning", "problem": "Problem", "unknown": "No news"}
# Where nobody is: RFC 2606.
DESK = ("Service desk", "service-desk@msp.example")
MANAGER = ("Duty manager", "duty-manager@msp.example")
ESCALATED_AFTER = 5
PAUSE = timedelta(minutes=15)
GATHERED = timedelta(seconds=40)
SENT = {
    "text": "This letter belongs to the sample data, so it has no link.",
    "state": "sent",
    "tries": 1,
    "answer": "250 2.0.0 Ok: queued",
}
as_kept = Moment().db_value


@dataclass(frozen=True)
class Trouble:
    """A time in which a service was not well. `hours`: before today began; `counted`: how often it was told.

    `remark`: of whoever acknowledged it, "" while nobody did. `ends`: None while it goes on.
    """

    service: str
    state: str
    hours: int
    value: float | None = None
    oldest: int | None = None
    said: str = ""
    counted: int = 2
    remark: str = ""
    begins: datetime = NOT_YET
    ends: datetime | None = None

    def begun(self, begins: datetime, domain: str, ends: datetime | None = None) -> "Trouble":
        return replace(self, begins=begins, ends=ends, said=self.said.format(domain=domain))

    def covers(self, at: datetime) -> bool:
        return self.begins <= at and (self.ends is None or at < self.ends)

    def overlap(self, begins: datetime, ends: datetime) -> timedelta:
        return max(min(self.ends or ends, ends) - max(self.begins, begins), timedelta())

    def near(self, at: datetime, share: float) -> float:
        """Its value, reached within an hour and going to and fro a little."""
        assert self.value is not None, "only asked where something was read"
        if self.value < 10:
            return self.value
        rising = min((at - self.begins) / timedelta(hours=1), 1.0)
        return round(self.value * (0.72 + 0.28 * rising) * (0.98 + 0.02 * share))

    @property
    def escalated_at(self) -> datetime | None:
        return self.begins + ESCALATED_AFTER * PAUSE if self.counted > ESCALATED_AFTER else None

    @property
    def acknowledged_at(self) -> datetime | None:
        return self.begins + self.counted * PAUSE if self.remark or self.ends else None


def tell_alerts(life: "Life", troubles: Sequence[Trouble], chance: Chance) -> None:
    """The lines of history of alerts."""
    for each in troubles:
        service = SERVICES[each.service]
        life.act = chance.hexadecimal(16)
        life.tell("alert.raised", PORTAL, as_kept(each.begins), service=service, state=NAMES[each.state].lower())
        if at := each.escalated_at:
            life.tell("alert.escalated", PORTAL, as_kept(at), service=service, count=ESCALATED_AFTER)
        if at := each.acknowledged_at:
            remark = f": {each.remark}" if each.remark else ""
            life.tell("alert.acknowledged", at=as_kept(at), service=service, remark=remark)
        if each.ends:
            life.tell("alert.ended", PORTAL, as_kept(each.ends), service=service, how="good again")


def leave_alert(life: "Life", monitor: int, trouble: Trouble) -> None:
    """Its row, and what was told of it. It is not counted again, so nobody is told of what was made up."""
    desk, manager = subscribers_of(life)
    of = {"partner": life.desk.id, "customer": life.customer, "monitor": monitor, "service": trouble.service}
    by: dict[str, Any] = {}
    if trouble.acknowledged_at:
        by = {"acknowledged_at": trouble.acknowledged_at, "remark": trouble.remark}
        by |= {"acknowledged_by_id": life.person.id, "acknowledged_by_name": life.person.name}
    over = {"ended_at": trouble.ends, "ended_as": "good"} if trouble.ends else {}
    alert: int = Alert.insert(
        **of, state=trouble.state, said=trouble.said, opened_at=trouble.begins, count=trouble.counted,
        escalated_at=trouble.escalated_at, version=1 + bool(by) + bool(over), **by, **over,
    ).execute()  # fmt: skip
    of_what, state = f"{life.company.name}: {SERVICES[trouble.service]}", NAMES[trouble.state].lower()
    if trouble.state != "warning":
        send(life, alert, trouble, desk, "alert", trouble.begins, f"{of_what}, {state}")
        if trouble.ends:
            send(life, alert, trouble, desk, "recovery", trouble.ends, f"{of_what}, good again")
    if at := trouble.escalated_at:
        send(life, alert, trouble, manager, "escalation", at, f"{of_what}, nobody has reacted, {state}")


def send(life: "Life", alert: int, trouble: Trouble, to: Subscriber, kind: str, since: datetime, subject: str) -> None:
    at = since + GATHERED
    message: int = AlertMessage.insert(subscriber=to, written_at=at, subject=subject).execute()
    AlertNotice.insert(
        alert=alert, subscriber=to, kind=kind, count=trouble.counted, state=trouble.state, at=since, message=message
    ).execute()
    Email.insert(
        partner=life.desk.id, customer=life.customer, kind="alert" if kind == "alert" else f"alert_{kind}",
        once=f"alert:{message}:0", to_name=to.name, to_email=to.email, reply_to=life.desk.partner.reply_to,
        subject=subject, not_before=at, claimed_at=at, sent_at=at, created_at=at, **SENT,
    ).execute()  # fmt: skip


def subscribers_of(life: "Life") -> tuple[Subscriber, Subscriber]:
    """Who is told of all customers of the MSP: added where nobody is yet."""
    found: list[Subscriber] = []
    for level, (name, email) in (("first", DESK), ("escalation", MANAGER)):
        there = (Subscriber.partner == life.desk.id) & Subscriber.customer.is_null() & (Subscriber.level == level)
        first = Subscriber.select().where(there & Subscriber.removed_at.is_null()).order_by(Subscriber.id).first()
        found.append(first or add(life, name, email, level))
    return found[0], found[1]


def add(life: "Life", name: str, email: str, level: str) -> Subscriber:
    at = moment(life.watched_since)
    tell_of_msp(life, "alert.subscriber_added", name=name, level=LEVELS[level].lower())
    of: dict[str, Any] = {"partner": life.desk.id, "services": list(SERVICES), "added_at": at}
    made: Subscriber = Subscriber.create(name=name, email=email, level=level, silence=True, **of)
    return made


def tell_of_msp(life: "Life", kind: str, **facts: str) -> None:
    """A line of history of the MSP itself, when its first customer was watched."""
    who, at = life.person, moment(life.watched_since)
    History.insert(
        at=at, kind=kind, who_id=who.id, who_name=who.name, partner_id=life.desk.id, facts=facts, act=""
    ).execute()
