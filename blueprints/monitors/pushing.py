"""Readings that are sent here: what a body may say, whose token it is, and how many are taken.

Tokens are kept as hashes only. Whatever names no monitor that listens (unknown, revoked, another installation's, of a
customer who left) is answered alike.
"""

import json
import math
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from blueprints.monitors.judging import OF_STATE
from blueprints.monitors.keeping import Kept, Seen, hold, keep
from blueprints.web.refusals import NotThere, Refused
from data.database import is_sqlite, transaction
from data.moments import now

LARGEST = 4_096  # bytes of a body
LONGEST_MESSAGE = 500
LONGEST_KEY = 200
LARGEST_VALUE = 10**12
LARGEST_AGE = 10**9  # seconds, some thirty years
AHEAD = timedelta(minutes=2)  # a sender's clock may be ahead of ours
BEHIND = timedelta(days=7)  # as long as readings are kept one by one
FIELDS = ("value", "oldest_seconds", "state", "message", "at")
PER_MINUTE = 60  # of one monitor
WRONG_PER_MINUTE = 60  # of one address, with tokens that name nothing
MOST_COUNTED = 50_000
PAST = "past"


class Unreadable(Refused):
    """`field`: the one that is wrong."""

    sentence = "Send JSON such as {“value”: 12}, or plain value=12."


class TooOften(Refused):
    sentence = f"A monitor takes {PER_MINUTE} readings a minute."


# --- how many -------------------------------------------------------------------------------------------


class Counted:
    """How often something happened in the minute that runs, by who did it. Of this process; nobody fills it up."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.minute = 0
        self.counts: dict[Any, int] = {}
        self.lock = threading.Lock()

    def too_often(self, who: Any, at: datetime, *, more: int = 1) -> bool:
        minute = int(at.timestamp() // 60)
        with self.lock:
            if minute != self.minute or len(self.counts) > MOST_COUNTED:
                self.minute, self.counts = minute, {}
            count = self.counts[who] = self.counts.get(who, 0) + more
        return count - more >= self.most


readings_of = Counted(PER_MINUTE)
wrong_of = Counted(WRONG_PER_MINUTE)


# --- what is said ---------------------------------------------------------------------------------------


def read(body: bytes, key: str, at: datetime) -> Seen:
    """What a body says. `at`: now, for bodies that name no moment. Raises Unreadable with a sentence."""
    said = fields_in(body)
    for name in said:
        if name not in FIELDS:
            raise Unreadable(f"There is no field “{name[:40]}”. The fields are {', '.join(FIELDS)}.")
    value = number(said, "value", LARGEST_VALUE)
    oldest = number(said, "oldest_seconds", LARGEST_AGE)
    state = said.get("state") or ""
    if state not in ("", *OF_STATE):
        raise Unreadable("The state is good, warning or problem.", "state")
    if value is None and oldest is None and not state:
        raise Unreadable("Send a value, oldest_seconds or a state.", "value")
    return Seen(
        at=moment(said.get("at"), at),
        value=value,
        oldest=None if oldest is None else int(oldest),
        said=OF_STATE.get(state, ""),
        message=text(said.get("message"), "message", LONGEST_MESSAGE),
        key=text(key, "Idempotency-Key", LONGEST_KEY),
    )


def fields_in(body: bytes) -> Mapping[str, Any]:
    """By what the body looks like, because senders seldom name its kind rightly."""
    try:
        given = body.decode().strip()
        if given.startswith("{"):
            said = json.loads(given, parse_constant=no_number)
        else:
            pairs = parse_qsl(given, keep_blank_values=True, strict_parsing=bool(given), max_num_fields=20)
            said = {name.strip(): value.strip() for name, value in pairs}
    except (ValueError, RecursionError):
        raise Unreadable from None
    return said


def no_number(word: str) -> float:
    raise Unreadable(f"{word} is no number.", "value")


def number(said: Mapping[str, Any], name: str, most: int) -> float | None:
    """Raises Unreadable for what is no number, negative, or beyond what is meant."""
    given = said.get(name)
    if given is None or given == "":
        return None
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise Unreadable(f"{name} is a number.", name)
    try:
        found = float(given)
    except (ValueError, OverflowError):
        raise Unreadable(f"{name} is a number.", name) from None
    if not math.isfinite(found) or not 0 <= found <= most:
        raise Unreadable(f"{name} is a number from 0 to {most:,}.", name)
    return found


def text(given: Any, name: str, most: int) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise Unreadable(f"{name} is a text.", name)
    clean = "".join(each if each.isprintable() else " " for each in given).strip()
    if name != "message" and len(clean) > most:
        raise Unreadable(f"{name} has at most {most} characters.", name)
    return clean[:most]


def moment(given: Any, at: datetime) -> datetime:
    """ISO 8601 with a zone, or seconds since 1970. Raises Unreadable, also for the future and for what is too old."""
    if given is None or given == "":
        return at
    try:
        if isinstance(given, str) and not given.replace(".", "", 1).isdigit():
            said = datetime.fromisoformat(given)
        else:
            said = datetime.fromtimestamp(float(given), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        raise Unreadable("at is a moment such as 2026-11-21T20:24:00Z, or seconds since 1970.", "at") from None
    if said.tzinfo is None:
        raise Unreadable("at needs its time zone, such as 2026-11-21T20:24:00Z.", "at")
    if said > at + AHEAD:
        raise Unreadable("at lies in the future.", "at")
    if said < at - BEHIND:
        raise Unreadable("at is more than 7 days ago.", "at")
    return min(said, at)


# --- taking it ------------------------------------------------------------------------------------------


def hash_of(token: str) -> str:
    return sha256(token.encode(errors="surrogatepass")).hexdigest()


def take(token: str, body: bytes, key: str, address: str) -> Kept:
    """Keep what was sent with a token. `address`: of the sender, to bound guessing.

    Raises NotThere, TooOften, Unreadable.
    """
    at, hashed = now(), hash_of(token)
    if wrong_of.too_often(address, at, more=0):
        raise TooOften("Too many tries. Wait a minute, then try again.")
    pushed = Pushed(hashed, address, at, said_in(body, key, at))
    if is_sqlite():
        pushed.wait_for_turn()
    else:
        with transaction():
            pushed.answer = pushed.judged()
    if isinstance(pushed.answer, Kept):
        return pushed.answer
    raise pushed.answer or RuntimeError("a push that nobody answered")


def said_in(body: bytes, key: str, at: datetime) -> Seen | Unreadable:
    """Read before the database is held up; what is wrong with it is told only to whoever has a token."""
    try:
        return read(body, key, at)
    except Unreadable as wrong:
        return wrong


waiting: deque["Pushed"] = deque()
writing = threading.Lock()


@dataclass
class Pushed:
    """What was sent, and what came of it. `seen`: or what is wrong with it. `answer`: None until somebody judged it."""

    hashed: str
    address: str
    at: datetime
    seen: Seen | Unreadable
    answer: Kept | Exception | None = None

    def wait_for_turn(self) -> None:
        """Until it is written. Whoever's turn it is writes what waits in one transaction: a SQLite has one writer at a
        time, and lets the others wait asleep.
        """
        waiting.append(self)
        with writing:
            if self.answer is None:
                write_all([waiting.popleft() for _ in range(len(waiting))])

    def judged(self) -> Kept | Refused:
        """Call inside a transaction, to which a refusal does nothing."""
        monitor = next(iter(hold("token_hash = ?", (self.hashed,))), None)
        if monitor is None or monitor.shelf == PAST or monitor.source != "push":
            wrong_of.too_often(self.address, self.at)
            return NotThere()
        if readings_of.too_often(monitor.id, self.at):
            return TooOften()
        return self.seen if isinstance(self.seen, Unreadable) else keep(monitor, self.seen, self.at)


def write_all(some: Sequence[Pushed]) -> None:
    """None of them is answered before all are committed: the others wait for `writing`."""
    try:
        with transaction():
            for each in some:
                each.answer = each.judged()
    except Exception as problem:  # noqa: BLE001 - each of them is told of it, and tells its own sender
        for each in some:
            each.answer = problem
