"""The mailboxes that move with a plan: their list a page at a time, sums over all of them, and changing one."""

from dataclasses import dataclass, field
from typing import Any

from peewee import Expression, ModelSelect, fn

from blueprints.customers.places import without_controls
from blueprints.customers.sealing import seal
from blueprints.plans.mailbox_places import Place, hold_mailboxes
from blueprints.web.refusals import ChangedMeanwhile, NotThere, Refused
from data.database import transaction
from data.mailboxes import STATES, UNKNOWN
from data.plans import Mailbox, Plan

PAGE = 50
LONGEST_SEARCH = 254
WITHOUT_FOUND = [each for each in Mailbox._meta.sorted_fields if each.name not in ("found", "sealed")]
NO_SECRET = "There is no password for it yet."  # noqa: S105 - a sentence
MARKS = {"ok": "good", "failed": "bad", "pending": "calm", "skipped": "calm"}


# --- sums ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """How many mailboxes are how; `unknown`: tested, but nothing came of it. `messages` and `size` of the good ones."""

    good: int = 0
    failed: int = 0
    unknown: int = 0
    untested: int = 0
    left_out: int = 0
    messages: int = 0
    size: int = 0  # bytes

    @property
    def all(self) -> int:
        return self.moving + self.left_out

    @property
    def moving(self) -> int:
        return self.good + self.failed + self.unknown + self.untested

    @property
    def rest(self) -> int:
        """Those that move and are not known to be good."""
        return self.moving - self.good

    def in_state(self, state: str) -> int:
        pending = self.unknown + self.untested
        return {"": self.all, "ok": self.good, "failed": self.failed, "pending": pending}.get(state, self.left_out)


def sums_of(plan: Plan) -> Sums:
    tested = Mailbox.tested_at.is_null(False)
    rows = (
        Mailbox.select(
            Mailbox.state,
            tested.alias("tested"),
            fn.COUNT(Mailbox.id),
            fn.SUM(Mailbox.messages),
            fn.SUM(Mailbox.size),
        )
        .where(Mailbox.plan == plan)
        .group_by(Mailbox.state, tested)
        .tuples()
    )
    counts: dict[str, int] = {}
    messages = size = 0
    for state, was_tested, count, of_messages, of_size in rows:
        kind = {"ok": "good", "failed": "failed", "skipped": "left_out"}.get(state) or (
            "unknown" if was_tested else "untested"
        )
        counts[kind] = counts.get(kind, 0) + count
        if state == "ok":
            messages, size = messages + int(of_messages or 0), size + int(of_size or 0)
    return Sums(**counts, messages=messages, size=size)


# --- the list -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """Part of the list: a state ("" for all), part of an address, and the address that a page begins beside."""

    state: str = ""
    q: str = ""
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, given: Any) -> "Wanted":
        """From an address, whatever stands in it."""
        texts = {name: without_controls(given.get(name, ""))[:LONGEST_SEARCH].strip() for name in cls.__match_args__}
        return cls(**texts | {"state": texts["state"] if texts["state"] in STATES else ""})

    def query(self, **changed: str) -> dict[str, Any]:
        """For url_for: what is not empty. A place is only kept where it is given."""
        kept = {"state": self.state, "q": self.q} | changed
        return {name: value for name, value in kept.items() if value}

    @property
    def whole_query(self) -> dict[str, Any]:
        return self.query(after=self.after, before=self.before)


@dataclass(frozen=True)
class MailboxView:
    """A mailbox as it is shown, without its secret."""

    id: int
    address: str
    login: str  # "" where it is the address
    name: str
    target: str
    state: str
    word: str
    mark: str
    drawing: str | None
    folders: int | None
    messages: int | None
    size: int | None
    sentence: str
    tested_at: Any
    has_secret: bool
    version: int
    found: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    rows: list[MailboxView]
    first: int
    total: int
    before: str
    after: str

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


def list_mailboxes(place: Place, wanted: Wanted) -> Listing:
    """A page of the list, by address. What changes meanwhile neither repeats nor hides a row."""
    which = narrowed(place.plan, wanted)
    has_secret = (Mailbox.sealed != "").alias("has_secret")
    query: ModelSelect = Mailbox.select(*WITHOUT_FOUND, has_secret).where(which)
    total = Mailbox.select().where(which).count()
    if wanted.before:
        found = list(query.where(Mailbox.address < wanted.before).order_by(Mailbox.address.desc()).limit(PAGE + 1))
        rows, more_before, more_after = found[:PAGE][::-1], len(found) > PAGE, True
    else:
        found = list(query.where(Mailbox.address > wanted.after).order_by(Mailbox.address).limit(PAGE + 1))
        rows, more_before, more_after = found[:PAGE], bool(wanted.after), len(found) > PAGE
    if not rows and (wanted.before or wanted.after):
        return list_mailboxes(place, Wanted(wanted.state, wanted.q))
    first = Mailbox.select().where(which & (Mailbox.address < rows[0].address)).count() + 1 if rows else 0
    more_before = more_before and first > 1
    needs = place.source.needs_own_secrets
    return Listing(
        rows=[view_of(row, needs) for row in rows],
        first=first,
        total=total,
        before=rows[0].address if rows and more_before else "",
        after=rows[-1].address if rows and more_after and first + len(rows) <= total else "",
    )


def narrowed(plan: Plan, wanted: Wanted) -> Expression:
    which: Expression = Mailbox.plan == plan
    if wanted.state:
        which &= Mailbox.state == wanted.state
    if wanted.q:
        which &= Mailbox.address.contains(wanted.q.lower())
    return which


def view_of(row: Mailbox, needs_secret: bool) -> MailboxView:
    has_secret = bool(row.has_secret if hasattr(row, "has_secret") else row.sealed)
    word, shade, drawing, sentence = STATES[row.state], MARKS[row.state], None, row.sentence
    if row.run_id is not None:
        word, shade, drawing = "Waits for its test", "calm", "clock"
    elif row.state == "pending" and row.tested_at:
        word, shade = UNKNOWN, "warn"
    elif row.state == "pending" and needs_secret and not has_secret:
        sentence = NO_SECRET
    return MailboxView(
        id=row.id,
        address=row.address,
        login="" if row.login == row.address else row.login,
        name=row.name,
        target=row.target,
        state=row.state,
        word=word,
        mark=shade,
        drawing=drawing,
        folders=row.folders,
        messages=row.messages,
        size=row.size,
        sentence=sentence,
        tested_at=row.tested_at,
        has_secret=has_secret,
        version=row.version,
        found=row.found if "found" in row.__data__ else {},
    )


# --- one of them --------------------------------------------------------------------------------------


def mailbox_at(place: Place, mailbox_id: int) -> MailboxView:
    """With what was found in it. Raises NotThere."""
    row = Mailbox.get_or_none((Mailbox.id == mailbox_id) & (Mailbox.plan == place.plan))
    if row is None:
        raise NotThere
    return view_of(row, place.source.needs_own_secrets)


def change_mailbox(
    who: Any,
    customer_id: int,
    mailbox_id: int,
    seen: tuple[str, int],
    login: str,
    name: str,
    target: str,
    secret: str,
) -> Mailbox:
    """Another user name, another password: what was tested before counts no more. `secret` "": it stays.

    `seen`: address and version of the mailbox that the person looked at.

    Raises NotThere, ChangedMeanwhile, and as `hold`.
    """
    with transaction():
        held, _ = hold_mailboxes(who, customer_id)
        row = mailbox_of(held.plan, mailbox_id)
        if (row.address, row.version) != seen:
            raise ChangedMeanwhile
        login, target = login or row.address, "" if target == row.address else target
        changed = [
            word
            for word, before, after in (
                ("user name", row.login, login),
                ("name", row.name, name),
                ("new address", row.target, target),
            )
            if before != after
        ]
        if secret:
            changed.append("password")
            row.sealed = seal(secret)
        if (row.login != login or secret) and row.state != "skipped":
            forget_result(row)
        row.login, row.name, row.target = login, name, target
        if changed:
            row.version += 1
            row.save()
            held.tell("plan.mailbox_changed", address=row.address, changes=f"{', '.join(changed)} changed")
    return row


def leave_out(who: Any, customer_id: int, mailbox_id: int, *, out: bool) -> Mailbox:
    """The mailbox does not move, and is not tested; or it does after all. Raises NotThere, and as `hold`."""
    with transaction():
        held, _ = hold_mailboxes(who, customer_id)
        row = mailbox_of(held.plan, mailbox_id)
        if out == (row.state == "skipped"):
            raise Refused("It is left out already." if out else "It moves already.")
        forget_result(row)
        row.run_id = None
        row.state = "skipped" if out else "pending"
        row.version += 1
        row.save()
        held.tell("plan.mailbox_changed", address=row.address, changes="left out" if out else "moves after all")
    return row


def mailbox_of(plan: Plan, mailbox_id: int) -> Mailbox:
    row: Mailbox | None = Mailbox.get_or_none((Mailbox.id == mailbox_id) & (Mailbox.plan == plan))
    if row is None:
        raise NotThere
    return row


def forget_result(row: Mailbox) -> None:
    row.state, row.sentence, row.tested_at, row.found = "pending", "", None, {}
    row.folders = row.messages = row.size = None
