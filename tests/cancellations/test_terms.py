"""Terms as files: versions by day, an installation's own, and what is no file of terms."""

from datetime import date
from pathlib import Path

import pytest

from data import terms
from data.cancellations import TermsVersion
from data.database import transaction
from data.definitions import WrongDefinition
from data.terms import SHIPPED, Terms, keep_terms, open_terms, read_terms, terms_on


@pytest.fixture(autouse=True)
def _those_of_the_portal_after():
    yield
    terms.kept = ()


def write(folder: Path, name: str, text: str) -> None:
    (folder / "terms").mkdir(exist_ok=True)
    (folder / "terms" / name).write_text(text, encoding="utf-8")


def test_those_that_ship_can_be_read_and_have_numbered_clauses() -> None:
    for each in read_terms(SHIPPED):
        assert each.title
        assert [int(clause.split(".")[0]) for clause in each.clauses] == list(range(1, len(each.clauses) + 1))
        assert len(each.version) == 64


def test_the_newest_that_counts_on_a_day_is_taken(tmp_path: Path) -> None:
    for day in ("2027-01-01", "2028-06-30"):
        write(tmp_path, f"cancellation_{day}.txt", f"Terms\n\n1. Of {day}.\n")
    open_terms(tmp_path)
    assert terms_on("cancellation", date(2027, 1, 1)).clauses == ["1. Of 2027-01-01."]
    assert terms_on("cancellation", date(2028, 6, 29)).clauses == ["1. Of 2027-01-01."]
    assert terms_on("cancellation", date(2028, 6, 30)).clauses == ["1. Of 2028-06-30."]
    assert terms_on("cancellation", date(2000, 1, 1)).since == min(each.since for each in read_terms(SHIPPED))


def test_an_installations_own_stand_for_those_of_the_same_day(tmp_path: Path) -> None:
    [shipped] = [each for each in read_terms(SHIPPED) if each.kind == "cancellation"]
    write(tmp_path, f"cancellation_{shipped.since}.txt", "Ours\n\n1. Only this.\n")
    open_terms(tmp_path)
    assert terms_on("cancellation", shipped.since).title == "Ours"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("terms.txt", "A\n\nb"),
        ("cancellation_2026-02-30.txt", "A\n\nb"),
        ("Cancellation_2026-02-01.txt", "A\n\nb"),
        ("cancellation_2026-02-01.txt", "only a title"),
        ("cancellation_2026-02-01.txt", ""),
    ],
)
def test_what_cannot_be_used_is_named(name: str, text: str, tmp_path: Path) -> None:
    write(tmp_path, name, text)
    with pytest.raises(WrongDefinition, match=name):
        open_terms(tmp_path)


def test_of_an_unknown_kind_there_are_none() -> None:
    with pytest.raises(KeyError):
        terms_on("something else", date(2027, 1, 1))


def test_what_was_accepted_is_kept_once_and_as_it_was(app: object) -> None:
    accepted = Terms("cancellation", date(2026, 1, 1), "Terms\n\n1. As they were.\n")
    with transaction():
        version = keep_terms(accepted)
        assert keep_terms(accepted) == version
    [kept] = TermsVersion.select()
    assert (kept.version, kept.kind, kept.since, kept.text) == (version, "cancellation", accepted.since, accepted.text)
