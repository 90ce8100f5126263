"""The addendum says what was agreed, on every page which document it is, and is the same bytes each time."""

import re
import subprocess
import sys
import unicodedata
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from blueprints.orders.addendum import Addendum, AddendumLine, Party, agreed, agreed_hash, hash_of, render
from data.formats import money, number
from tests.services import need

PAGE_WIDTH, MARGIN = 595.28, 20 * 72 / 25.4


def a_line(at: int = 1, name: str = "Email security") -> AddendumLine:
    price = Decimal("2.40") + at * Decimal("0.15")
    return AddendumLine(f"SEC-{at:03}", name, 25, price, price * 25, Decimal(150) * (at % 2))


def an_addendum(lines: int = 3, **changed: object) -> Addendum:
    products = tuple(a_line(at) for at in range(1, lines + 1))
    monthly = sum((line.monthly_total for line in products), Decimal(0))
    once = sum((line.one_time_fee for line in products), Decimal(0))
    addendum = Addendum(
        number="2026-000123",
        partner=Party("Nordlicht Systemhaus GmbH", ("Hafenstraße 12", "20457 Hamburg", "Germany")),
        customer=Party("Bäckerei Müller & Söhne KG", ("Marktplatz 3", "21335 Lüneburg"), ("mueller.example",)),
        lines=products,
        permitted_users=25,
        currency="EUR",
        monthly_total=monthly,
        one_time_total=once,
        first_payment=monthly + once,
        order_number="PO-2026-0815",
        agreement_name="Partner agreement",
        agreement_date=date(2024, 3, 1),
        confirmations=("The agreement in effect governs this order.", "I am authorised to place it."),
        submitted_by_name="Ada Lindqvist",
        submitted_by_email="ada@nordlicht.example",
        submitted_at=datetime(2026, 11, 21, 19, 24, 5, tzinfo=UTC),
        submitted_from="203.0.113.7",
        timezone="Europe/Berlin",
        subscription_start=date(2026, 11, 21),
        commitment_ends=date(2027, 11, 20),
    )
    return replace(addendum, **changed)


def read(pdf: bytes) -> str:
    """All text of the paper; pages end with a form feed, and pdftotext tells no fixed space from another."""
    need("poppler")
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return unicodedata.normalize("NFC", done.stdout.decode())


def pages_of(pdf: bytes) -> list[str]:
    return read(pdf).split("\f")[:-1]


def printed(amount: Decimal, currency: str) -> str:
    return money(amount, currency).replace("\u00a0", " ")


def flowing(text: str) -> str:
    """Text with line breaks as spaces, for what may wrap."""
    return " ".join(text.split())


def boxes(pdf: bytes) -> list[tuple[str, float, float]]:
    """Each word with its left and right edge, in points."""
    need("poppler")
    done = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True)
    words = ElementTree.fromstring(done.stdout).iter("{http://www.w3.org/1999/xhtml}word")  # noqa: S314 - our own paper
    return [(word.text or "", float(word.attrib["xMin"]), float(word.attrib["xMax"])) for word in words]


# --- what it says ----------------------------------------------------------------------------------------------------


def test_says_everything_that_was_agreed() -> None:
    addendum = an_addendum()
    found = flowing(read(render(addendum)))
    wanted = [
        *("Order addendum", "No. 2026-000123", "21 November 2026"),
        *("Nordlicht Systemhaus GmbH", "Hafenstraße 12", "20457 Hamburg", "Germany"),
        *("Bäckerei Müller & Söhne KG", "Marktplatz 3", "21335 Lüneburg", "mueller.example"),
        *("PO-2026-0815", "20 November 2027", "all amounts in EUR"),
        *("Partner agreement of 1 March 2024", *addendum.confirmations),
        *("Ada Lindqvist", "ada@nordlicht.example", "21 Nov 2026, 20:24 CET", "203.0.113.7"),
        "Page 1 of 1",
    ]
    assert [text for text in wanted if text not in found] == []


@pytest.mark.parametrize("currency", ["EUR", "GBP", "USD", "CHF", "JPY", "INR", "KWD", "ILS"])
def test_every_figure_is_the_one_on_the_screens(currency: str) -> None:
    addendum = an_addendum(4, currency=currency, permitted_users=1250)
    found = read(render(addendum))
    amounts = [addendum.monthly_total, addendum.one_time_total, addendum.first_payment]
    for line in addendum.lines:
        amounts += [line.monthly_per_user, line.monthly_total, line.one_time_fee]
    assert [amount for amount in amounts if printed(amount, currency) not in found] == []
    assert number(1250) in found


def test_large_figures_are_not_broken() -> None:
    large = Decimal("12345678901234.5678")
    line = replace(a_line(), monthly_per_user=large, monthly_total=large, one_time_fee=large)
    addendum = an_addendum(currency="CHF", monthly_total=large, first_payment=large)
    assert read(render(replace(addendum, lines=(line,)))).count(printed(large, "CHF")) == 5


def test_an_order_number_that_is_not_required_says_so() -> None:
    assert "Not required" in read(render(an_addendum(order_number=None)))


def test_an_agreement_without_a_date_or_a_name_is_still_named() -> None:
    assert "in effect: Partner agreement." in read(render(an_addendum(agreement_date=None)))
    assert "in effect." in read(render(an_addendum(agreement_date=None, agreement_name="")))


def test_names_in_other_scripts_are_printed_as_written() -> None:
    for name in ("ООО «Ромашка»", "Παπαδόπουλος Α.Ε.", "บริษัท น้ำแข็งไทยจำกัด", "شركة النور", "חברת אור"):
        assert name in re.sub("[\u202a-\u202e]", "", read(render(an_addendum(customer=Party(name)))))


# --- pages -----------------------------------------------------------------------------------------------------------


def test_sixty_lines_flow_over_pages_with_repeated_heads() -> None:
    addendum = an_addendum(60)
    pages = pages_of(render(addendum))
    assert len(pages) > 2
    for page in pages:
        codes = re.findall(r"SEC-\d{3}", page)
        assert bool(codes) == ("One-time fee" in page.replace("One-time fees", ""))
    assert re.findall(r"SEC-\d{3}", "".join(pages)) == [line.code for line in addendum.lines]


def test_every_page_says_which_document_it_is() -> None:
    addendum = an_addendum(60)
    pages = pages_of(render(addendum))
    for at, page in enumerate(pages, start=1):
        assert f"Page {at} of {len(pages)}" in page
        assert "Order addendum 2026-000123" in page
        assert agreed_hash(addendum) in page


@pytest.mark.parametrize(
    "name",
    ["A name of words that goes on and on, " * 5 + "to the end", "W" * 200, "ก" * 200, "株" * 200, "شركة النور " * 18],
    ids=["words", "one word", "Thai", "Chinese", "Arabic"],
)
def test_a_name_of_two_hundred_characters_wraps(name: str) -> None:
    party = Party(name, (name,), (name,))
    addendum = an_addendum(partner=party, customer=party, order_number=name, submitted_by_name=name)
    pdf = render(replace(addendum, lines=(a_line(name=name), a_line(2, name)), agreement_name=name))
    words = boxes(pdf)
    assert [word for word, left, right in words if left < MARGIN - 2 or right > PAGE_WIDTH - MARGIN + 2] == []
    assert len(pages_of(pdf)) < 5


def test_figures_stand_below_one_another() -> None:
    edges = {text: right for text, _, right in boxes(render(an_addendum()))}
    assert edges["€150.00"] == pytest.approx(PAGE_WIDTH - MARGIN, abs=0.6)
    totals = an_addendum()
    assert edges[money(totals.monthly_total, "EUR")] == pytest.approx(edges["€150.00"], abs=0.6)
    assert edges[money(totals.first_payment, "EUR")] == pytest.approx(edges["€150.00"], abs=0.6)


# --- the same each time ----------------------------------------------------------------------------------------------


def test_prints_the_same_bytes_in_every_process() -> None:
    names = ("Müller", "شركة النور", "株式会社さ", "Ромашка 😀")
    mine = b"".join(render(an_addendum(customer=Party(name))) for name in names)
    others = f"""
import sys
from blueprints.orders.addendum import Party, render
from tests.orders.test_addendum import an_addendum
render(an_addendum(customer=Party("something before, which must leave no trace 漢字")))
for name in {names!r}:
    sys.stdout.buffer.write(render(an_addendum(customer=Party(name))))
"""
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", others],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        )
        assert done.stdout == mine


def test_stays_small_enough_to_be_mailed() -> None:
    assert len(render(an_addendum())) < 25_000
    assert len(render(an_addendum(60))) < 40_000


def test_importing_the_addendum_loads_no_press() -> None:
    """The portal starts without ReportLab, Pillow and HarfBuzz; the first paper loads them."""
    code = "import sys, blueprints.orders.addendum; print({'reportlab', 'PIL', 'uharfbuzz', 'bidi'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_second_opinion_finds_nothing_wrong(tmp_path: Path) -> None:
    need("qpdf")
    path = tmp_path / "addendum.pdf"
    path.write_bytes(render(an_addendum(60)))
    done = subprocess.run(["qpdf", "--check", path], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- the hash --------------------------------------------------------------------------------------------------------


def test_the_hash_is_that_of_the_agreed_data_kept_with_the_order() -> None:
    addendum = an_addendum()
    assert agreed_hash(addendum) == hash_of(agreed(addendum))
    assert re.fullmatch("[0-9a-f]{64}", agreed_hash(addendum))


def test_the_hash_of_an_old_addendum_never_changes() -> None:
    """If this fails, hashes on papers that people hold can no longer be reckoned again: raise the form instead."""
    assert agreed_hash(an_addendum()) == "88f3e10be06e354df974cfe607b2816883e4ac7165744216e37902e8ac59ee88"


@pytest.mark.parametrize("field", [field.name for field in fields(Addendum)])
def test_the_hash_covers_every_field_but_looks(field: str) -> None:
    before = an_addendum()
    others = {
        "partner": Party("Someone"),
        "customer": Party("Else"),
        "lines": (a_line(9),),
        "permitted_users": 1,
        "monthly_total": Decimal(1),
        "one_time_total": Decimal(1),
        "first_payment": Decimal(1),
        "order_number": None,
        "agreement_date": None,
        "confirmations": ("Other.",),
        "submitted_at": before.submitted_at + timedelta(seconds=1),
        "subscription_start": date(2026, 1, 1),
        "commitment_ends": date(2026, 1, 2),
        "logo": b"x",
    }
    after = replace(before, **{field: others.get(field, "other")})
    assert (agreed_hash(after) == agreed_hash(before)) == (field in ("logo", "locale"))


@pytest.mark.parametrize("field", [field.name for field in fields(AddendumLine)])
def test_the_hash_covers_every_field_of_a_line(field: str) -> None:
    line = a_line()
    other: object = "other" if field in ("code", "name") else 99 if field == "permitted_users" else Decimal(99)
    before, after = (replace(an_addendum(), lines=(each,)) for each in (line, replace(line, **{field: other})))
    assert agreed_hash(before) != agreed_hash(after)


def test_amounts_that_are_equal_have_equal_hashes() -> None:
    """A database may hand 12.5 back as 12.5000."""
    first = an_addendum(monthly_total=Decimal("12.5"), first_payment=Decimal(1000))
    second = an_addendum(monthly_total=Decimal("12.5000"), first_payment=Decimal("1E+3"))
    assert agreed_hash(first) == agreed_hash(second)
    assert render(first) == render(second)


def test_moments_that_are_equal_have_equal_hashes() -> None:
    there = an_addendum().submitted_at.astimezone()
    assert agreed_hash(an_addendum(submitted_at=there)) == agreed_hash(an_addendum())


@pytest.mark.parametrize("name", ["\ud800", "\x00", "😀", "<b>&"])
def test_no_name_stops_the_hash_or_the_paper(name: str) -> None:
    addendum = an_addendum(customer=Party(name, (name,)), number=name, submitted_by_name=name)
    assert len(agreed_hash(addendum)) == 64
    assert render(addendum).startswith(b"%PDF-")
