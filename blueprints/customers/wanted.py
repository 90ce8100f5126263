"""What the address of a list asks for, and the addresses of its neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from blueprints.customers.finding import Order
from blueprints.customers.places import Place, cursor, place_from, without_controls
from data.folding import fold

LONGEST_SEARCH = 253  # no name and no domain is longer
LETTERS = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SORTS = {
    "name": "name_key",
    "domain": "primary_domain",
    "users": "permitted_users",
    "type": "account_type",
    "rfi": "rfi_state",
    "plan": "steps_left",
    "monitor": "monitors",  # the worst first
    "role": "name_key",  # the names under one role after those under another
    "cancel": "subscription_start",  # what began first can be cancelled first
    "created": "created_at",
}
BY_NAME = ("name", "role")  # sorts that the order of names serves
ASKED = ("in_progress", "complete")  # shelves of those who have an RFI to answer


@dataclass(frozen=True)
class Wanted:
    """What an address asks of a list. What it cannot mean is left out, so every address shows something."""

    shelf: str
    q: str = ""
    letter: str = ""
    sort: str = "name"
    descending: bool = False
    after: Place | None = None
    before: Place | None = None
    status: str = ""  # only these of the shelf; a list that is seldom asked for, so it is counted row by row
    waits: bool = False  # only those whose RFI waits for answers; counted row by row, too

    @classmethod
    def read(cls, shelf: str, asked: Mapping[str, str], status: str = "") -> Self:
        """`asked`: q, letter, sort, dir, after, before as they stand in the address; a dict is asked fastest."""
        sort = asked.get("sort", "")
        sort = sort if sort in SORTS else "name"
        letter = asked.get("letter", "").upper()
        after = place_from(sort, asked.get("after", ""))
        return cls(
            shelf=shelf,
            q=without_controls(asked.get("q", "")).strip()[:LONGEST_SEARCH],
            letter=letter if len(letter) == 1 and letter in LETTERS else "",
            sort=sort,
            descending=asked.get("dir") == "desc",
            after=after,
            before=None if after else place_from(sort, asked.get("before", "")),
            status=status,
            waits=asked.get("rfi") == "waiting" and shelf in ASKED,
        )

    @property
    def dir(self) -> str:
        return "desc" if self.descending else "asc"

    @property
    def rfi(self) -> str:
        return "waiting" if self.waits else ""

    @property
    def order(self) -> Order:
        return Order(SORTS[self.sort], self.descending)

    @property
    def by_role(self) -> bool:
        return self.sort == "role"

    @property
    def term(self) -> str:
        return fold(self.q)

    @property
    def from_start(self) -> Self:
        """The same list, wherever in it somebody is."""
        return replace(self, after=None, before=None) if self.after or self.before else self

    def query(self, **changed: str) -> str:
        """The part of an address after its path that asks for this list with some things changed, from its start.

        `query(sort="users", dir="desc")` → “?q=acme&sort=users&dir=desc”; what is as usual is left out.
        """
        usual = {"q": "", "letter": "", "rfi": "", "sort": "name", "dir": "asc"}
        now = {"q": self.q, "letter": self.letter, "rfi": self.rfi, "sort": self.sort, "dir": self.dir} | changed
        asked = {name: value for name, value in now.items() if value != usual.get(name, "")}
        return f"?{urlencode(asked)}" if asked else ""

    @property
    def whole_query(self) -> str:
        """The same with the place in it, where somebody is."""
        place = self.after or self.before
        if place is None:
            return self.query()
        return self.query(**{"after" if self.after else "before": cursor(self.sort, *place)})


@dataclass(frozen=True)
class LetterLink:
    """Addresses of the same list under other letters: `link("C")`. Equal ones lead to equal places."""

    here: str
    wanted: Wanted

    def __call__(self, letter: str) -> str:
        return self.here + self.wanted.query(letter=letter)


@dataclass(frozen=True)
class SortLink:
    """Addresses of the same list in other orders: `link("users", "desc")`."""

    here: str
    wanted: Wanted

    def __call__(self, sort: str, way: str) -> str:
        return self.here + self.wanted.query(sort=sort, dir=way)
