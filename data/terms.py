"""Terms that people accept, as files: one for each kind and day from which it counts, such as
`terms/cancellation_2026-11-22.txt`. A file is never altered; terms that change get a new one.

The first paragraph is the title. Files in the folder `terms` of the instance count as well, so that an installation
has its own.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from data.cancellations import TermsVersion
from data.definitions import WrongDefinition
from data.moments import now

SHIPPED = Path(__file__).parent / "terms"
NAMED = re.compile(r"(?P<kind>[a-z_]+)_(?P<since>\d{4}-\d{2}-\d{2})\.txt")


@dataclass(frozen=True)
class Terms:
    """One version of the terms of one kind, valid from `since` on until a later one is."""

    kind: str
    since: date
    text: str

    @cached_property
    def version(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def paragraphs(self) -> list[str]:
        return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", self.text) if paragraph.strip()]

    @property
    def title(self) -> str:
        return self.paragraphs[0]

    @property
    def clauses(self) -> list[str]:
        return self.paragraphs[1:]


def read_terms(*folders: Path) -> tuple[Terms, ...]:
    """The terms of all files of these folders; of two for the same day the later folder's. Raises WrongDefinition."""
    found = {}
    for folder in folders:
        for path in sorted(folder.glob("*.txt")):
            terms = terms_in(path)
            found[terms.kind, terms.since] = terms
    return tuple(sorted(found.values(), key=lambda terms: (terms.kind, terms.since)))


def terms_in(path: Path) -> Terms:
    named = NAMED.fullmatch(path.name)
    try:
        since = date.fromisoformat(named["since"]) if named else None
        text = path.read_text(encoding="utf-8").strip() + "\n"
    except ValueError as wrong:  # no such day, or not UTF-8
        raise WrongDefinition(f"{path.name}: {wrong}") from None
    if named is None or since is None:
        raise WrongDefinition(f"{path.name}: files of terms are named like cancellation_2026-11-22.txt")
    terms = Terms(named["kind"], since, text)
    if len(terms.paragraphs) < 2:
        raise WrongDefinition(f"{path.name}: a title and at least one paragraph are expected")
    return terms


kept: tuple[Terms, ...] = ()


def open_terms(instance: Path) -> None:
    """Once, at the start: the terms that ship, and those of the instance folder. Raises WrongDefinition."""
    global kept  # noqa: PLW0603 - one set for the whole process, replaced as one
    kept = read_terms(SHIPPED, instance / "terms")


def terms_on(kind: str, day: date) -> Terms:
    """The newest terms of a kind that count on a day; before all of them the first. KeyError without any."""
    known = [terms for terms in kept or read_terms(SHIPPED) if terms.kind == kind]
    if not known:
        raise KeyError(kind)
    return max((terms for terms in known if terms.since <= day), key=lambda terms: terms.since, default=known[0])


def keep_terms(terms: Terms) -> str:
    """Keep the terms with what is accepted now, inside the open transaction; their version."""
    row = {"version": terms.version, "kind": terms.kind, "since": terms.since, "text": terms.text, "kept_at": now()}
    TermsVersion.insert(**row).on_conflict_ignore().execute()
    return terms.version
