"""What a search shows of each record it found: a title, a line below it, and where the words stand in them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from blueprints.accounts.standing import Standing
from blueprints.customers.domains import shown_domain
from blueprints.customers.finding import Sql, ask, one_of, select
from blueprints.customers.lists import names_of
from blueprints.home.search import INDEXED, Asked, Matches, look_for
from data.customers import SHELVES
from data.folding import places_of

ROOM = 160  # characters that are shown of a note
BEFORE = 50  # of them before the first word that was found

# What is read of each kind, beside its id.
COLUMNS = {
    "contact": "first_name, last_name, email, phone, job_title",
    "order": "state, addendum_number, order_number",
    "note": "text",
}


class Piece(NamedTuple):
    """A part of a text; `found` when it is what was looked for."""

    text: str
    found: bool


class Hit(NamedTuple):
    """A line of results. `opens` names the page that it leads to (routes know the address)."""

    label: str
    title: list[Piece]
    detail: list[Piece]
    opens: str
    customer_id: int
    record_id: int
    status: str  # of its customer
    partner: str  # the MSP, for people who see several

    @property
    def past(self) -> bool:
        return SHELVES[self.status] == "past"


@dataclass(frozen=True)
class Results:
    asked: Asked
    hits: list[Hit]
    total: int
    more: bool

    @property
    def told(self) -> str:
        """How many, in words."""
        if not self.asked.words:
            return ""
        if not self.hits:
            return "Nothing found."
        return f"{'At least ' if self.more else ''}{self.total} found."


class Owner(NamedTuple):
    """The customer that a record belongs to."""

    id: int
    name: str
    primary_domain: str
    status: str
    partner_id: int

    @property
    def opens(self) -> str:
        return "prospect" if self.status in ("prospect", "archived") else "customer"


def results(who: Standing, asked: Asked, most: int) -> Results:
    """The best matches as they are shown. A constant number of queries: one for each kind among them."""
    found = look_for(who, asked, most)
    return Results(asked, list(hits_of(who, asked, found)), found.total, found.more)


def hits_of(who: Standing, asked: Asked, found: Matches) -> Iterator[Hit]:
    """Removed between the two questions: not shown."""
    owners = {row[0]: Owner._make(row) for row in read("customer", ", ".join(Owner._fields[1:]), customers_in(found))}
    records = {(kind, row[0]): row[1:] for kind in COLUMNS for row in read(kind, COLUMNS[kind], ids_of(kind, found))}
    partners = partner_names(who, owners.values())
    words = [*asked.words, *asked.spellings]
    for match in found.best:
        owner, record = owners.get(match.customer_id), records.get((match.kind, match.record_id), ())
        if owner is not None and (record or match.kind == "customer"):
            label, title, detail, opens = SHOWN[match.kind](owner, words, *record)
            yield Hit(
                label,
                pieces(title, words),
                pieces(detail, words),
                opens,
                owner.id,
                match.record_id,
                owner.status,
                partners.get(owner.partner_id, ""),
            )


def customers_in(found: Matches) -> set[int]:
    return {match.customer_id for match in found.best}


def ids_of(kind: str, found: Matches) -> list[int]:
    return [match.record_id for match in found.best if match.kind == kind]


def read(kind: str, columns: str, ids: Iterable[int]) -> list[tuple[Any, ...]]:
    ids = list(ids)
    return ask(select(f"id, {columns}", Sql(f'"{kind}"'), one_of("id IN", ids))) if ids else []


def partner_names(who: Standing, owners: Iterable[Owner]) -> dict[int, str]:
    """The MSPs by id, for people who see customers of more than one."""
    if not who.operator and len({*who.over_partners, *(partner for partner, _ in who.over_customers.values())}) < 2:
        return {}
    return names_of({owner.partner_id for owner in owners})


def nothing_told(asked: Asked) -> str:
    """Why there is nothing, and what to do next."""
    if not asked.words:
        return "Type letters or digits: signs alone are not looked for."
    if asked.short:
        return (
            f"No name, domain, address or number begins with “{asked.q}”. With three letters they are found anywhere."
        )
    if len(asked.words) > 1:
        return (
            "No customer, prospect, contact, order or note that you may see has all of these words. Try fewer of them."
        )
    return f"No customer, prospect, contact, order or note that you may see has “{asked.q}” in it."


# --- each kind: label, title, detail, what it opens -----------------------------------------------------

Line = tuple[str, str, str, str]


def shown_customer(owner: Owner, _: list[str]) -> Line:
    label = "Prospect" if owner.opens == "prospect" else "Customer"
    return label, owner.name, shown_domain(owner.primary_domain), owner.opens


def shown_contact(owner: Owner, _: list[str], first: str, last: str, email: str, phone: str, job: str) -> Line:
    name = f"{first} {last}".strip()
    title, *more = filter(None, (name, shown_email(email), phone))
    return "Contact", title, listed(*more, job, owner.name), owner.opens


def shown_order(owner: Owner, _: list[str], state: str, ours: str | None, theirs: str) -> Line:
    title = f"Order {ours}" if ours else "Draft order"
    return "Order", title, listed(theirs, owner.name), "order" if state == "submitted" else owner.opens


def shown_note(owner: Owner, words: list[str], text: str) -> Line:
    return "Note", owner.name, snippet(" ".join(text.split()), words), "note"


SHOWN: dict[str, Callable[..., Line]] = {
    "customer": shown_customer,
    "contact": shown_contact,
    "order": shown_order,
    "note": shown_note,
}


def shown_email(email: str) -> str:
    local, at, domain = email.rpartition("@")
    return local + at + shown_domain(domain)


def listed(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def snippet(text: str, words: list[str]) -> str:
    """The part of a longer text around what was found first, cut between words."""
    if len(text) <= ROOM:
        return text
    places = places_of(words, text)
    start = max(0, min(places[0][0] - BEFORE if places else 0, len(text) - ROOM))
    if start:
        start = text.find(" ", start, start + BEFORE) + 1 or start
    end = start + ROOM
    if end < len(text):
        end = max(text.rfind(" ", start + BEFORE, end), start + ROOM // 2)
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def pieces(text: str, words: list[str]) -> list[Piece]:
    """The text, taken apart where the words stand in it; one or two letters only where they begin a word."""
    places = places_of([word for word in words if len(word) >= INDEXED], text)
    if short := [word for word in words if len(word) < INDEXED]:
        beginnings = [place for place in places_of(short, text) if not text[: place[0]][-1:].isalnum()]
        places = sorted([*places, *beginnings])
    parts, told = [], 0
    for start, end in places:
        if start >= told:
            parts += [Piece(text[told:start], False), Piece(text[start:end], True)]
            told = end
    return [*parts, Piece(text[told:], False)]
