"""Field kinds: what no field may carry."""

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from hypothesis import given
from hypothesis import strategies as st

from blueprints.web.fields import Amount, CalendarDay, Line, Text, Version, Whole, amount


class Everything(FlaskForm):
    line = Line("Line", required=True, most=10)
    text = Text("Text", most=20)
    whole = Whole("Whole", least=0, most=100)
    money = Amount("Money")
    day = CalendarDay("Day")
    version = Version()


GOOD = {"line": "a", "text": "b\nc", "whole": "5", "money": "2.50", "day": "2026-11-21", "version": "3"}


def filled(portal: Flask, **typed: str) -> Everything:
    portal.config["WTF_CSRF_ENABLED"] = False
    try:
        with portal.test_request_context("/", method="POST", data=GOOD | typed):
            form = Everything()
            form.validate()
            return form
    finally:
        portal.config["WTF_CSRF_ENABLED"] = True


def test_takes_what_is_good(portal: Flask) -> None:
    form = filled(portal)
    assert form.errors == {}
    assert (form.whole.data, form.money.data, form.day.data) == (5, Decimal("2.50"), date(2026, 11, 21))


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("line", ""),
        ("line", "   "),
        ("line", "x" * 11),
        ("line", "a\x00b"),
        ("line", "a\nb"),
        ("line", "a\u202eb"),
        ("text", "x" * 21),
        ("text", "a\x07b"),
        ("whole", ""),
        ("whole", "-1"),
        ("whole", "101"),
        ("whole", "1e2"),
        ("whole", "5.0"),
        ("whole", "٥"),
        ("whole", "9" * 5000),
        ("money", ""),
        ("money", "-1"),
        ("money", "NaN"),
        ("money", "Infinity"),
        ("money", "1e5"),
        ("money", "1.23456"),
        ("money", "99999999"),
        ("money", "1,000.50"),
        ("day", "21.11.2026"),
        ("day", "1899-01-01"),
        ("day", "2026-02-30"),
        ("day", "20261121"),
    ],
)
def test_refuses_with_a_sentence_and_keeps_the_typing(portal: Flask, field: str, typed: str) -> None:
    form = filled(portal, **{field: typed})
    assert list(form.errors) == [field]
    assert all(sentence.endswith((".", "one.", "pasting.")) for sentence in form.errors[field])
    if typed.strip() and "\x00" not in typed and "\x07" not in typed:
        assert typed in form[field]._value() or field == "day"


@pytest.mark.parametrize(("typed", "value"), [("2,50", "2.50"), ("0", "0"), ("9999999.9999", "9999999.9999")])
def test_reads_amounts_as_people_write_them(typed: str, value: str) -> None:
    assert amount(typed) == Decimal(value)


@given(st.text(max_size=40))
def test_an_amount_is_read_or_refused_and_nothing_else(typed: str) -> None:
    try:
        read = amount(typed)
    except ValueError:
        return
    assert 0 <= read < 10**7


@pytest.mark.parametrize("typed", ["", "x", "-1", "9" * 30, "1.5"])
def test_a_version_that_cannot_be_read_was_never_seen(portal: Flask, typed: str) -> None:
    assert filled(portal, version=typed).version.data == 0


@given(st.text(max_size=60))
def test_whatever_is_typed_can_be_shown_again(typed: str) -> None:
    from blueprints.web.fields import shown  # noqa: PLC0415 - the function under test, beside its test

    assert "\x00" not in shown(typed)
