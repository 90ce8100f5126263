"""Names as people look for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.folding import first_letter, fold, places_of


@pytest.mark.parametrize(
    ("name", "folded", "letter"),
    [
        ("Müller  Präzision", "muller prazision", "M"),
        ("ŁÓDŹ", "lodz", "L"),
        ("Straße", "strasse", "S"),
        ("ﬁne", "fine", "F"),
        ("Ærø", "aero", "A"),
        ("Ökohaus", "okohaus", "O"),
        ("3M", "3m", "#"),
        ("Ωmega", "ωmega", "#"),
        ("株式会社", "株式会社", "#"),
        ("", "", "#"),
    ],
)
def test_folds_case_and_accents(name: str, folded: str, letter: str) -> None:
    assert fold(name) == folded
    assert first_letter(fold(name)) == letter


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_more(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(st.text(max_size=40))
def test_letter_by_letter_a_text_folds_as_it_does_whole(text: str) -> None:
    """So that what a search found is found again in the text as people wrote it."""
    for word in fold(text).split():
        assert places_of([word], text), word


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Müller & Müller", ["mull"], ["Müll", "Müll"]),
        ("Straße", ["stras"], ["Straß"]),
        ("plain text", ["lain", "n t"], ["lain t"]),
        ("ﬁne", ["in"], ["ﬁn"]),
        ("e\u0301te\u0301", ["ete"], ["e\u0301te"]),
        ("İstanbul", ["stan"], ["stan"]),
        ("ABAB", ["aba", "bab"], ["ABAB"]),
        ("nothing", ["else", ""], []),
        ("", ["x"], []),
    ],
)
def test_tells_where_words_stand_in_a_text(text: str, words: list[str], marked: list[str]) -> None:
    assert [text[start:end] for start, end in places_of(words, text)] == marked
