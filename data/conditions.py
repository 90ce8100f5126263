"""When a question is asked, required or warned about: a small closed language, written as TOML tables.

`{infrastructure = ["m365", "hybrid_m365"], services = ["security"], answer = {recipients = ["call_forward"]}}`:
every part that is named must hold, and a part holds when one of its values does. `all` and `any` take lists of
such tables; `later = {go_live = "filter_ends"}` compares two dates, and `sooner = {cutover = "mx_change"}, hours = 72`
holds when the first is less than so many hours after the second. About any answer can be asked whether it is `given`
or `empty`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol

from data.customers import INFRASTRUCTURES
from data.partners import SERVICES

GIVEN, EMPTY = "given", "empty"
NOWHERE = timedelta.min  # what is not there is not after anything
LENGTH_OF_DAY = len("2026-11-21")
KEYS = ("infrastructure", "services", "answer", "later", "sooner", "hours", "all", "any")


class WrongCondition(ValueError):
    """A table that is no condition; the sentence says why."""


class Facts(Protocol):
    """What conditions are judged by. `answers`: question id → value, of the questions that are asked."""

    @property
    def infrastructure(self) -> str: ...
    @property
    def services(self) -> frozenset[str]: ...
    @property
    def answers(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Condition:
    """All parts that are there must hold; one without parts always does."""

    infrastructure: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    answers: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (question id, values of which one must be there)
    later: tuple[tuple[str, str], ...] = ()  # (id of a date, id of the date that it is later than)
    sooner: tuple[tuple[str, str], ...] = ()  # (id of a date, id of the date that it must be `hours` after)
    hours: int = 0
    all_of: tuple["Condition", ...] = ()
    any_of: tuple["Condition", ...] = ()

    def holds(self, facts: Facts) -> bool:
        return (
            (not self.infrastructure or facts.infrastructure in self.infrastructure)
            and (not self.services or not facts.services.isdisjoint(self.services))
            and (not self.answers or all(says(facts, asked, values) for asked, values in self.answers))
            and (not self.later or all(apart(facts, *pair) > timedelta() for pair in self.later))
            and (not self.sooner or all(NOWHERE < apart(facts, *pair) < self.soon for pair in self.sooner))
            and (not self.all_of or all(part.holds(facts) for part in self.all_of))
            and (not self.any_of or any(part.holds(facts) for part in self.any_of))
        )

    @property
    def soon(self) -> timedelta:
        return timedelta(hours=self.hours)

    def asks_about(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The questions it looks at, each with the values it looks for; ("", "date") stands for a date."""
        yield from self.answers
        for pair in (*self.later, *self.sooner):
            yield from ((asked, ("", "date")) for asked in pair)
        for part in (*self.all_of, *self.any_of):
            yield from part.asks_about()


def words_of(value: Any) -> frozenset[str]:
    """What an answer says, as conditions see it: its words, and whether there is one."""
    if not value:
        return frozenset({EMPTY})
    if isinstance(value, str):
        return frozenset({value.strip(), GIVEN}) if value.strip() else frozenset({EMPTY})
    if isinstance(value, (list, tuple)):
        words = {word for word in value if isinstance(word, str) and word.strip()}
        return frozenset(words | {GIVEN}) if words else frozenset({EMPTY})
    if isinstance(value, Mapping):
        return frozenset({GIVEN if any(value.values()) else EMPTY})
    return frozenset({str(value), GIVEN})


def says(facts: Facts, asked: str, values: tuple[str, ...]) -> bool:
    """Whether an answer says one of these words. Asked for every question of a set, so the usual answer comes first."""
    answer = facts.answers.get(asked)
    if isinstance(answer, str) and answer in values:
        return True
    return not words_of(answer).isdisjoint(values)


def apart(facts: Facts, one: str, other: str) -> timedelta:
    """By how much one date is after the other; a day and a moment are compared as days. NOWHERE if one is missing."""
    moments = [moment_of(facts.answers.get(asked)) for asked in (one, other)]
    if moments[0] is None or moments[1] is None:
        return NOWHERE
    days = any(len(str(facts.answers[asked])) == LENGTH_OF_DAY for asked in (one, other))
    first, second = (datetime.combine(at.date(), time()) if days else at for at in moments if at)
    return first - second


def moment_of(value: Any) -> datetime | None:
    """A day or a moment without a zone, from ISO 8601."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if at is None or at.tzinfo else at


def read_condition(table: Any) -> Condition:
    """A table of a file as a condition. Raises WrongCondition."""
    if not isinstance(table, dict) or not table:
        raise WrongCondition('a condition is a table such as {infrastructure = ["m365"]}')
    for key in table:
        if key not in KEYS:
            raise WrongCondition(f"a condition knows no “{key}”, only {', '.join(KEYS)}")
    return Condition(
        infrastructure=known("infrastructure", table, tuple(INFRASTRUCTURES)),
        services=known("services", table, SERVICES),
        answers=tuple((asked, texts(f"answer.{asked}", values)) for asked, values in pairs("answer", table)),
        later=tuple((one, text("later", other)) for one, other in pairs("later", table)),
        sooner=tuple((one, text("sooner", other)) for one, other in pairs("sooner", table)),
        hours=hours_in(table),
        all_of=parts("all", table),
        any_of=parts("any", table),
    )


def condition_table(condition: Condition) -> dict[str, Any]:
    """The condition as the table that reads back as it."""
    table: dict[str, Any] = {
        "infrastructure": list(condition.infrastructure),
        "services": list(condition.services),
        "answer": {asked: list(values) for asked, values in condition.answers},
        "later": dict(condition.later),
        "sooner": dict(condition.sooner),
        "hours": condition.hours,
        "all": [condition_table(part) for part in condition.all_of],
        "any": [condition_table(part) for part in condition.any_of],
    }
    return {key: value for key, value in table.items() if value}


def both(one: Condition | None, other: Condition | None) -> Condition | None:
    """The condition that holds when both do; None always holds."""
    if one is None or other is None:
        return one or other
    return Condition(all_of=(one, other))


def known(key: str, table: Mapping[str, Any], words: tuple[str, ...]) -> tuple[str, ...]:
    found = texts(key, table[key]) if key in table else ()
    for word in found:
        if word not in words:
            raise WrongCondition(f"“{word}” in {key} is none of {', '.join(words)}")
    return found


def hours_in(table: Mapping[str, Any]) -> int:
    hours = table.get("hours", 0)
    if not isinstance(hours, int) or isinstance(hours, bool) or hours < 0 or bool(hours) != ("sooner" in table):
        raise WrongCondition("“sooner” and “hours” (a whole number) go together")
    return hours


def parts(key: str, table: Mapping[str, Any]) -> tuple[Condition, ...]:
    found = table.get(key, ())
    if key in table and (not isinstance(found, list) or not found):
        raise WrongCondition(f"“{key}” takes a list of conditions")
    return tuple(read_condition(part) for part in found)


def pairs(key: str, table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found = table.get(key, {})
    if key in table and (not isinstance(found, dict) or not found):
        raise WrongCondition(f"“{key}” takes a table of question ids")
    return list(found.items())


def texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise WrongCondition(f"“{key}” takes a list of values")
    return tuple(text(key, word) for word in value)


def text(key: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise WrongCondition(f"“{key}” takes words or whole numbers")
    return value
