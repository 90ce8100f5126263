"""The search over everything: customers, prospects, contacts, orders and notes that the person may see, ranked.

All words must be found in the same record, anywhere in it. Matches come in this order: exactly what was typed (a name,
domain, address or number), beginning with it, at the beginnings of words, anywhere; among those, live customers before
past ones, customers before contacts, orders and notes, and the newest first.

The work is bounded: the index of letters hands out matches in that second order and is read up to NEAR of them, so a
word that a million records have costs what a hundred cost. What begins with the typed is looked for by itself, so it
is not missed among them; beginnings of words are told apart only among the nearest.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

from blueprints.accounts.standing import Standing
from blueprints.customers.domains import WrongDomain, as_domain
from blueprints.customers.finding import EVERY, Sql, ask, one_after_the_other, one_of, select
from blueprints.customers.places import without_controls
from data.database import database, is_sqlite
from data.findable import LAST, PAST, PLACES, RECORD_BITS, SOURCES, digits
from data.folding import fold

NEAR = 50  # matches that are ranked
NEAR_FOR_SINGLES = 1_000  # when words of one letter are to be found in them
AT_START = 10  # of those that begin with what was typed, for each kind
LONGEST = 253
MOST_WORDS = 8
INDEXED = 3  # letters that the index needs
LOOKED_UP = 12  # letters of a word that are looked up in the index; the others are compared
PHONE = re.compile(r"[+(0][\d\s()/.-]*|\d+[\s(][\d\s()/.-]*")  # 2026-000482 is none
KINDS = {source.place: kind for kind, source in SOURCES.items()}
# What is compared from its start, for each kind.
STARTS = {"customer": ("name", "address"), "contact": ("name", "address", "number"), "order": ("name", "number")}
FOUND = "findable.id, findable.partner_id, findable.customer_id, findable.text"


class Match(NamedTuple):
    """A row of `findable`. Its id tells the kind, whether its customer is past, and the record."""

    id: int
    partner_id: int
    customer_id: int
    text: str

    @property
    def place(self) -> int:
        return self.id >> RECORD_BITS

    @property
    def kind(self) -> str:
        return KINDS[self.place % PAST]

    @property
    def record_id(self) -> int:
        return LAST - (self.id & LAST)


class Matches(NamedTuple):
    """The best of them, best first. `more`: there are more than `total`, and they were not counted."""

    best: list[Match]
    total: int
    more: bool


@dataclass(frozen=True)
class Asked:
    """What somebody looks for. `kind`: only these, "" for all."""

    q: str = ""
    kind: str = ""

    @classmethod
    def read(cls, q: str, kind: str = "") -> Self:
        """From an address: what it cannot mean is left out."""
        return cls(without_controls(q[: 4 * LONGEST]).strip()[:LONGEST], kind if kind in SOURCES else "")

    @cached_property
    def term(self) -> str:
        """Everything that was typed, folded."""
        return fold(self.q)[:LONGEST]

    @cached_property
    def words(self) -> list[str]:
        """The folded words, each once; signs alone are none."""
        return list(dict.fromkeys(word for word in self.term.split() if any(map(str.isalnum, word))))[:MOST_WORDS]

    @cached_property
    def spellings(self) -> list[str]:
        """What else may stand for it as a whole: a domain as it is kept, the digits of a phone number."""
        also = []
        if PHONE.fullmatch(self.q):
            also.append(digits(self.q).lstrip("0"))
        local, at, domain = self.q.rpartition("@")
        with suppress(WrongDomain):
            also.append(fold(local + at) + as_domain(domain))
        return [text for text in also if len(text) >= INDEXED and text != self.term]

    @cached_property
    def starting(self) -> str:
        """How the text of a record has it, one of whose fields begins with what was typed."""
        return f"\n {self.term}"

    @cached_property
    def exactly(self) -> list[str]:
        """How it has it when a field is nothing else."""
        return [f"\n {meant}\n" for meant in (self.term, *self.spellings)]

    @cached_property
    def singles(self) -> list[str]:
        """Words of one letter, too short for the index even at the beginning of words."""
        return [word for word in self.words if len(word) == 1]

    @property
    def short(self) -> bool:
        """Whether only the beginnings of names, domains and numbers are looked through."""
        return not any(len(word) >= INDEXED for word in (*self.words, *self.spellings))

    @cached_property
    def pieces(self) -> list[str]:
        """What a text must hold: words, and those of two letters after a space, so at the beginning of words."""
        return [word if len(word) >= INDEXED else f" {word}" for word in self.words if len(word) > 1]

    @property
    def places(self) -> list[int]:
        """Where to look, best first."""
        return [place for place in range(PLACES) if self.kind in ("", KINDS[place % PAST])]


class Reach(NamedTuple):
    """What the person may see: everything of these partners but `lowered`, and the customers `raised`."""

    partners: list[int]
    everything: bool
    lowered: list[int]
    raised: list[int]

    @classmethod
    def of(cls, who: Standing) -> Self:
        """Whoever sees a customer sees its contacts, orders and notes: the roles know no other case."""
        if who.operator:
            return cls([partner for (partner,) in ask(Sql("SELECT id FROM partner"))], True, [], [])
        raised, lowered = who.exceptions("customers.see")
        return cls(who.partners_where("customers.see"), False, lowered, raised)

    @property
    def kept(self) -> Sql:
        return one_of("findable.customer_id NOT IN", self.lowered) if self.lowered else EVERY


def look_for(who: Standing, asked: Asked, most: int) -> Matches:
    """The best matches that the person may see, at most so many."""
    if not asked.words:
        return Matches([], 0, False)
    reach = Reach.of(who)
    near = NEAR_FOR_SINGLES if asked.singles else NEAR
    found = [] if asked.short or not reach.partners else by_letters(reach, asked, near)
    more = len(found) > near
    if asked.short or more:
        starts = beginning(reach, asked, most + 1 if asked.short else AT_START) if reach.partners else []
        more = more or len(starts) > most
        found += starts
    if reach.raised:
        found += among_raised(reach, asked, near)
    if asked.singles and not asked.short:
        found = [match for match in found if holds_singles(match, asked)]
    best = sorted({match.id: match for match in found}.values(), key=lambda match: (tier(match, asked), match.id))
    return Matches(best[:most], len(best), more)


# --- finding ------------------------------------------------------------------------------------------


def by_letters(reach: Reach, asked: Asked, near: int) -> list[Match]:
    """Matches of all the words, in the order of their places, up to `near` and one more."""
    return by_trigrams(reach, asked, near) if is_sqlite() else by_likeness(reach, asked, near)


def by_trigrams(reach: Reach, asked: Asked, near: int) -> list[Match]:
    """SQLite's index hands out rows in the order of their ids, and stops when there are enough.

    Asked without the sign of a partner it answers twice as fast, and often that is all: when there are few matches on
    the whole installation, or the first are all of the person's own partners.
    """
    wanted = " AND ".join(map(part, asked.pieces))
    wanted = " OR ".join(f"({each})" for each in (wanted, *map(part, asked.spellings)) if each)
    found: list[Match] = []
    for stretch in stretches(asked.places):
        limit = near + 1 - len(found)
        nearest = in_stretch(reach, asked, wanted, stretch, limit)
        ours = [match for match in nearest if reach.everything or match.partner_id in reach.partners]
        if len(ours) < len(nearest) == limit:
            signs = " OR ".join(phrase(sign_of(partner)) for partner in reach.partners)
            ours = in_stretch(reach, asked, f"({signs}) AND ({wanted})", stretch, limit)
        found += ours
        if len(found) > near:
            break
    return found


def in_stretch(reach: Reach, asked: Asked, wanted: str, stretch: tuple[int, int], limit: int) -> list[Match]:
    """The first rows between two places that the index has for an expression."""
    source = Sql("findable_search CROSS JOIN findable ON findable.id = findable_search.rowid")
    within = Sql("findable_search MATCH ? AND findable_search.rowid >= ? AND findable_search.rowid < ?")
    within = Sql(within.text, (wanted, *(place << RECORD_BITS for place in stretch)))
    long = any(len(piece) > LOOKED_UP for piece in (*asked.pieces, *asked.spellings))
    where = within & reach.kept & (holding(asked) if long else EVERY)
    return list(map(Match._make, ask(select(FOUND, source, where, "findable_search.rowid", limit))))


def stretches(places: list[int]) -> list[tuple[int, int]]:
    """Places, best first, as ranges: from … to before."""
    return [(0, PLACES)] if len(places) == PLACES else [(place, place + 1) for place in places]


def by_likeness(reach: Reach, asked: Asked, near: int) -> list[Match]:
    """PostgreSQL reads place after place until there are enough, each by what is quicker there: its order, where many
    match, or the index of letters."""
    wanted = holding(asked) & reach.kept
    if not reach.everything:
        wanted &= one_of("findable.partner_id IN", reach.partners)
    places = (Sql("findable.place = ?", (place,)) & wanted for place in asked.places)
    legs = one_after_the_other([select(FOUND, Sql("findable"), here, "findable.id", near + 1) for here in places])
    # A plan kept for later would be one for any word: for rare ones it takes ten times as long.
    text = f"{legs.text} LIMIT {near + 1}".replace("?", "%s")
    found = database.cursor().execute(text, legs.params, prepare=False)
    return list(map(Match._make, found.fetchall()))


def beginning(reach: Reach, asked: Asked, most: int) -> list[Match]:
    """Records with a name, domain, address or number that begins with what was typed; exactly that comes first.

    Each place and field is a stretch of an index, so its first ones are read in no time, however many there are.
    Over several partners it is one stretch for each, not sorted into one: what is exactly that is asked for besides.
    """
    ours = one_of("findable.partner_id IN", reach.partners) & reach.kept
    several = len(reach.partners) > 1
    questions = []
    for place in asked.places:
        for field in STARTS.get(KINDS[place % PAST], ()):
            column = f"findable.{field}"
            here = ours & Sql("findable.place = ?", (place,)) & Sql(f"{column} <> ''")
            if several:
                questions.append(select(FOUND, Sql("findable"), here & Sql(f"{column} = ?", (asked.term,)), "", most))
            begins = Sql(f"{column} >= ? AND {column} < ?", (asked.term, asked.term + "\U0010ffff"))
            questions.append(select(FOUND, Sql("findable"), here & begins, "" if several else column, most))
    return list(map(Match._make, ask(one_after_the_other(questions)))) if questions else []


def among_raised(reach: Reach, asked: Asked, near: int) -> list[Match]:
    """Customers over whom the person holds more than over their partner are few: all that is theirs is read through."""
    theirs = one_of("findable.customer_id IN", reach.raised) & one_of("findable.place IN", asked.places)
    question = select(FOUND, Sql("findable"), theirs & holding(asked), "findable.place, findable.id", near)
    return list(map(Match._make, ask(question)))


def holding(asked: Asked) -> Sql:
    """All the pieces are in the text, or one of the other spellings; for what is short, a field begins with it."""
    pieces = [asked.starting] if asked.short else asked.pieces
    ways = [pieces, *([spelling] for spelling in asked.spellings)]
    each = " OR ".join(" AND ".join([r"findable.text LIKE ? ESCAPE '\'"] * len(way)) for way in ways if way)
    return Sql(f"({each})", tuple(f"%{literal(piece)}%" for way in ways for piece in way))


def literal(piece: str) -> str:
    return piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def part(piece: str) -> str:
    """The middle of what is long, which differs most: https://, www. and .com are everywhere, and take their time."""
    start = max(0, len(piece) - LOOKED_UP) // 2
    return phrase(piece[start : start + LOOKED_UP])


def phrase(piece: str) -> str:
    """For the index: these letters one after the other, whatever signs are among them."""
    return '"' + piece.replace('"', '""') + '"'


def sign_of(partner_id: int) -> str:
    """The three signs by which the index knows a partner (0005_search.py)."""
    return "".join(chr(0xE000 + (partner_id >> bits & 4095)) for bits in (24, 12, 0))


# --- ranking ------------------------------------------------------------------------------------------


def tier(match: Match, asked: Asked) -> int:
    """0 for exactly what was typed, 1 for what begins with it, 2 for beginnings of words, 3 for anywhere.

    The text of a note is no name: it cannot be meant as a whole.
    """
    text = match.text
    for exactly in asked.exactly:
        if exactly in text:
            return 0
    if asked.starting in text:
        return 1
    for word in asked.words:
        if f" {word}" not in text:
            return 3
    return 2


def holds_singles(match: Match, asked: Asked) -> bool:
    """Words of one letter begin a word there."""
    if any(spelling in match.text for spelling in asked.spellings):
        return True
    return all(f" {word}" in match.text for word in asked.singles)
