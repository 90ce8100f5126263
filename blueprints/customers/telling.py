"""History as people read it: a sentence, who, and when on the reader's own clock."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from data import formats
from data.history import History, sentence


@dataclass(frozen=True)
class Told:
    """A line of history as the reader's clock shows it; what the `timeline` part draws.

    `detail`: whom it is about, where that is not plain; `customer_id` lets routes say where that is (`href`).
    """

    day: str
    clock: str
    at: str  # ISO 8601, with zone
    text: str
    who: str
    detail: str = ""
    customer_id: int | None = None
    href: str = ""


def told(line: History, timezone: str, detail: str = "") -> Told:
    """The line for a reader in an IANA time zone."""
    there = line.at.astimezone(ZoneInfo(timezone))
    return Told(
        day=formats.day(there.date()),
        clock=f"{there:%H:%M}",
        at=there.isoformat(timespec="seconds"),
        text=sentence(line),
        who=line.who_name,
        detail=detail,
        customer_id=line.customer_id,
    )
