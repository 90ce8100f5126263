"""The history of a customer: every milestone, newest first, narrowed to a kind or to a person."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from peewee import ModelSelect, fn

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer
from blueprints.customers.telling import Told, told
from data.customers import Customer
from data.history import KINDS, History
from data.kept import EVERY, Kept

PAGE = 50
RECENT = 6
MOST_PEOPLE = 100  # to choose from
LONGEST_KEY = 18  # digits
NAMED = "name:"  # before a name in an address; ids are digits

# What people look for → its name and how the kinds of it begin.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "record": ("Record and status", ("prospect.", "customer.")),
    "orders": ("Orders", ("order.",)),
    "cancellations": ("Cancellation", ("cancellation.",)),
    "transfers": ("Partner change", ("transfer.",)),
    "rfi": ("RFI", ("rfi.",)),
    "plan": ("Plan", ("plan.",)),
    "monitors": ("Monitor and alerts", ("monitor.", "alert.")),
    "console": ("Console", ("console.",)),
    "letters": ("Letters", ("email.",)),
    "notes": ("Notes", ("note.",)),
    "attachments": ("Attachments", ("attachment.",)),
    "people": ("People", ("person.",)),
}


@dataclass(frozen=True)
class Asked:
    """What an address asks of the log. What it cannot mean is left out, so every address shows something.

    `person`: who did it, as `Log.people` has them; "" for anybody.
    """

    about: str = ""
    person: str = ""
    before: int = 0
    after: int = 0

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Self:
        about = asked.get("about", "")
        before = key_from(asked.get("before", ""))
        return cls(
            about=about if about in GROUPS else "",
            person=asked.get("person", ""),
            before=before,
            after=0 if before else key_from(asked.get("after", "")),
        )

    @property
    def narrowed(self) -> dict[str, str]:
        """The filters that are set, as they stand in an address."""
        return {name: value for name, value in (("about", self.about), ("person", self.person)) if value}


def key_from(text: str) -> int:
    """The id that the text writes; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY else 0


@dataclass(frozen=True)
class Log:
    """A page of the log. `newer`, `older`: keys to go on with; `people`: value → name of who ever did something.

    `asked` is what it shows: without a person who never did anything here.
    """

    customer: Customer
    asked: Asked
    lines: tuple[Told, ...]
    newer: int | None
    older: int | None
    people: dict[str, str]


def history_of(who: Standing, customer_id: int, asked: Asked) -> Log:
    """Three queries, however long the history is. Raises NotThere."""
    customer = find_customer(who, customer_id)
    people = people_in(customer)
    if asked.person not in people:
        asked = replace(asked, person="")
    query = narrowed(lines_of(customer), asked)
    if asked.after:
        lines = list(query.where(History.id > asked.after).order_by(History.id).limit(PAGE + 1))
        more, lines = len(lines) > PAGE, lines[:PAGE][::-1]
        newer, older = (lines[0].id if more else None), (lines[-1].id if lines else None)
    else:
        start = query.where(History.id < asked.before) if asked.before else query
        lines = list(start.order_by(History.id.desc()).limit(PAGE + 1))
        more, lines = len(lines) > PAGE, lines[:PAGE]
        newer, older = (lines[0].id if asked.before and lines else None), (lines[-1].id if more else None)
    return Log(customer, asked, tuple(told(line, who.timezone) for line in lines), newer, older, people)


def told_how_many(log: Log) -> str:
    """What is spoken of a page."""
    many = len(log.lines)
    return f"{many} milestone{'' if many == 1 else 's'} on this page" if many else "No milestone is like that"


def lines_of(customer: Customer) -> ModelSelect:
    return History.select().where(History.customer_id == customer.id)


def narrowed(query: Any, asked: Asked) -> Any:
    if asked.about:
        begins = GROUPS[asked.about][1]
        query = query.where(History.kind.in_([kind for kind in KINDS if kind.startswith(begins)]))
    if asked.person.startswith(NAMED):
        return query.where(History.who_id.is_null() & (History.who_name == asked.person.removeprefix(NAMED)))
    return query.where(History.who_id == int(asked.person)) if asked.person else query


def people_in(customer: Customer) -> dict[str, str]:
    """Who did something on this customer, by name: value for an address → name as it was last.

    The portal and those who open a personal link have no id; they go by their names. At most MOST_PEOPLE, those who
    did something last.
    """
    acted = lines_of(customer).select(History.who_id, History.who_name).group_by(History.who_id, History.who_name)
    rows = list(acted.order_by(fn.MAX(History.id).desc()).limit(MOST_PEOPLE).tuples())
    people = {str(who_id) if who_id is not None else NAMED + name: name for who_id, name in reversed(rows)}
    return dict(sorted(people.items(), key=lambda each: each[1].casefold()))


def recent_history(who: Standing, customer: Customer, before: int = 0) -> tuple[tuple[Told, ...], int | None]:
    """The newest lines, or those before a key; and the key to go on with, if there are more."""
    lines = lines_before(customer.id, before or EVERY)
    older = lines[RECENT - 1].id if len(lines) > RECENT else None
    return tuple(told(line, who.timezone) for line in lines[:RECENT]), older


lines_before = Kept(
    lambda customer, key: (
        History.select()
        .where((History.customer_id == customer) & (History.id < key))
        .order_by(History.id.desc())
        .limit(RECENT + 1)
    )
)
