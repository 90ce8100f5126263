"""Places in a list as they stand in addresses: a page begins beside a row, and this is how the row is named."""

import base64
import json
import unicodedata
from datetime import date, datetime
from typing import Any, NamedTuple

LONGEST_CURSOR = 8_192
BIGGEST = 2**53  # ids and numbers of rows
NO_STEPS = -1  # how many are left of a plan that has none


class Place(NamedTuple):
    """A place between two rows, kept in an address: beside which row, and how many rows are before it."""

    value: Any  # what the row is sorted by; for roles: (role, folded name)
    id: int
    rank: int


def cursor(sort: str, value: Any, row_id: int, rank: int) -> str:
    """The place as text for an address. It names no partner: the list decides what is in it."""
    kept = json.dumps([sort, value, row_id, rank], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(kept.encode()).decode().rstrip("=")


def place_from(sort: str, text: str) -> Place | None:
    """The place that a cursor of this sort names; None for anything else, made up or not."""
    if not text or len(text) > LONGEST_CURSOR or not text.isascii():
        return None
    try:
        of_sort, value, row_id, rank = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, RecursionError):
        return None
    if of_sort != sort or not is_number(row_id) or not is_number(rank):
        return None
    value = value_of(sort, value)
    return None if value is None else Place(value, row_id, rank)


def value_of(sort: str, value: Any) -> Any:
    """The value if both databases take it where such a column is compared; else None."""
    if sort == "users":
        return value if is_number(value) else None
    if sort == "plan":
        return value if is_number(value) or value == NO_STEPS else None
    if sort == "role":
        two = isinstance(value, list) and len(value) == 2 and all(map(is_text, value))
        return tuple(value) if two else None
    fits = is_text(value) and OF_SORT.get(sort, is_text)(value)
    return value if fits else None


def is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < BIGGEST


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value == without_controls(value)


def is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S.%f") == text
    except ValueError:
        return False


def is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


OF_SORT = {"created": is_moment, "cancel": is_day}


def without_controls(text: str) -> str:
    """The text with spaces for control characters and lone surrogates, which no name holds and PostgreSQL refuses."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
