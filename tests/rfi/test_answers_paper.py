"""The answers on paper: everything that was handed in, legible, the same bytes each time."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from blueprints.rfi.answers_paper import AnswersPaper, render
from tests import services

PAPER = AnswersPaper(
    partner="Northstar IT",
    partner_lines=("Quay 4", "20457 Hamburg", "Germany"),
    customer="Müller & Söhne <b>株式会社</b>",
    customer_lines=("Hafenstraße 1", "mueller.example"),
    version=2,
    infrastructure="Hybrid with Microsoft 365",
    permitted_users=1_310,
    handed_in_by="Ines Lead (by link)",
    handed_in_at=datetime(2026, 11, 21, 20, 24, tzinfo=UTC),
    timezone="Europe/Berlin",
    sections=(
        ("Contacts", (("First and last name", ("Ines Lead",)), ("Mobile number", ()))),
        ("Email domains", (("Which domains receive mail?", ("mueller.example", "müller.example")),)),
    ),
)


def words_of(pdf: bytes) -> str:
    services.need("poppler")
    told = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(told.stdout.decode().split())


def test_says_everything() -> None:
    words = words_of(render(PAPER))
    for said in (
        "RFI answers",
        "Version 2",
        "Müller & Söhne <b>株式会社</b>",
        "Hybrid with Microsoft 365",
        "1,310",
        "Ines Lead (by link)",
        "21 Nov 2026, 21:24 CET",
        "First and last name Ines Lead",
        "Mobile number Not answered",
        "mueller.example",
        "müller.example",
        "Page 1 of 1",
    ):
        assert said in words


def test_the_same_answers_give_the_same_bytes() -> None:
    assert render(PAPER) == render(PAPER)


@pytest.mark.parametrize(
    "lines",
    [
        tuple(f"host-{number}.mueller.example" for number in range(700)),
        ("one very long line " * 400,),
        ("x" * 4_000,),
        ("\x00\ud800\u202e", "💣 ﷽"),
    ],
    ids=["many lines", "a long line", "a long word", "hostile"],
)
def test_takes_any_answer(lines: tuple[str, ...]) -> None:
    long = (("Hosts", (("Which hosts?" * 30, lines), ("Anything else?", ("The end",)))),)
    words = words_of(render(replace(PAPER, sections=long)))
    assert "The end" in words
    if lines[0].startswith("host-"):
        assert all(line in words for line in lines)


def test_without_any_answer_it_is_still_a_paper() -> None:
    assert "RFI answers" in words_of(render(replace(PAPER, sections=())))
