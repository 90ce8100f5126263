"""Names as people look for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.folding import first_letter, fold


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
