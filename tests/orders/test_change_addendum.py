"""The addendum of a change says what was agreed before and after, when it counts, and is the same bytes each time."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from blueprints.orders.addendum import AddendumLine, Party, hash_of
from blueprints.orders.change_addendum import ChangeAddendum, agreed_change, render_change
from tests.orders.test_addendum import flowing, pages_of, read


def a_line(code: str, name: str, users: int, each: str, fee: str = "0") -> AddendumLine:
    return AddendumLine(code, name, users, Decimal(each), Decimal(each) * users, Decimal(fee))


def an_upgrade(**changed: object) -> ChangeAddendum:
    addendum = ChangeAddendum(
        number="2026-000124",
        partner=Party("Nordlicht Systemhaus GmbH", ("Hafenstraße 12", "20457 Hamburg", "Germany")),
        customer=Party("Bäckerei Müller & Söhne KG", ("Marktplatz 3",), ("mueller.example",)),
        lines=(a_line("SEC", "Email security", 40, "2.50"), a_line("ARC", "Archiving", 40, "1.25", "90")),
        permitted_users=40,
        currency="EUR",
        monthly_total=Decimal(150),
        one_time_total=Decimal(90),
        first_payment=Decimal(125),
        order_number="PO-88",
        agreement_name="Partner agreement",
        agreement_date=date(2024, 3, 1),
        confirmations=("This change order is governed by it.", "I am authorised."),
        submitted_by_name="Ada Lindqvist",
        submitted_by_email="ada@nordlicht.example",
        submitted_at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC),
        submitted_from="203.0.113.7",
        timezone="Europe/Berlin",
        subscription_start=date(2026, 10, 5),
        commitment_ends=date(2027, 10, 4),
        kind="Upgrade addendum",
        lines_before=(a_line("SEC", "Email security", 25, "2.50", "100"),),
        users_before=25,
        monthly_before=Decimal("62.50"),
        changes="25 → 40 permitted users, Archiving added",
        effective_on=date(2026, 11, 23),
        days_left=12,
        days=30,
        prorated=Decimal(35),
        next_billing_on=date(2026, 12, 5),
        next_payment=Decimal(150),
    )
    return replace(addendum, **changed)


def a_downgrade() -> ChangeAddendum:
    return an_upgrade(
        kind="Downgrade addendum",
        changes="25 → 10 permitted users",
        lines=(a_line("SEC", "Email security", 10, "2.50"),),
        permitted_users=10,
        monthly_total=Decimal(25),
        one_time_total=Decimal(0),
        first_payment=Decimal(0),
        prorated=Decimal(0),
        effective_on=date(2026, 12, 5),
        withdraw_until=date(2026, 12, 4),
        next_payment=Decimal(25),
    )


def missing(addendum: ChangeAddendum, *wanted: str) -> list[str]:
    found = flowing(read(render_change(addendum)))
    return [text for text in wanted if text not in found]


def test_says_what_changes_and_what_is_paid_when() -> None:
    assert missing(
        an_upgrade(),
        *("Upgrade addendum", "No. 2026-000124", "23 November 2026", "Nordlicht Systemhaus GmbH", "PO-88"),
        *("25 → 40", "4 October 2027", "Archiving added", "It takes effect at once.", "ARC, new"),
        *("€62.50", "€100.00", "€50.00", "€90.00", "€150.00", "€87.50"),
        *("12 of 30 days of this billing period", "€35.00", "€125.00"),
        *("The next payment, on 5 December 2026", "Partner agreement of 1 March 2024", "I am authorised."),
        *("Ada Lindqvist", "203.0.113.7", "23 Nov 2026, 00:30 CET"),
    ) == []  # fmt: skip


def test_a_downgrade_says_until_when_it_can_be_withdrawn() -> None:
    assert missing(
        a_downgrade(),
        "Downgrade addendum",
        "It takes effect on 5 December 2026, the next billing date. Until 4 December 2026 it can be withdrawn.",
        "On 5 December 2026; nothing is due now",
        "-€37.50",
    ) == []  # fmt: skip
    assert "One-time fees" not in read(render_change(a_downgrade()))


def test_a_product_that_is_replaced_stands_there_too() -> None:
    replaced = an_upgrade(lines=(a_line("ARC", "Archiving", 25, "3.25"),), permitted_users=25)
    assert missing(replaced, "SEC, replaced", "ARC, new") == []


def test_another_lead_alone_costs_nothing() -> None:
    same = an_upgrade(
        kind="Change addendum",
        lines=(a_line("SEC", "Email security", 25, "2.50"),),
        permitted_users=25,
        monthly_total=Decimal("62.50"),
        first_payment=Decimal(0),
        changes="Implementation Lead Ines Lead → Noa New",
    )
    assert missing(same, "Nothing is charged for this change", "Noa New") == []
    assert "Difference" not in read(render_change(same))


@pytest.mark.parametrize("lines", [2, 60])
def test_each_page_says_which_document_it_is(lines: int) -> None:
    many = tuple(a_line(f"P{at}", f"Product {at}", 40, "1.50") for at in range(lines))
    addendum = an_upgrade(lines=many)
    for page in pages_of(render_change(addendum)):
        assert "Upgrade addendum 2026-000124" in page
        assert hash_of(agreed_change(addendum)) in page


def test_the_same_is_the_same_bytes_and_hash_and_any_difference_another() -> None:
    assert render_change(an_upgrade()) == render_change(an_upgrade())
    hashes = {
        hash_of(agreed_change(addendum))
        for addendum in (
            an_upgrade(),
            an_upgrade(monthly_before=Decimal("62.51")),
            an_upgrade(effective_on=date(2026, 11, 24)),
            an_upgrade(withdraw_until=date(2026, 12, 4)),
            an_upgrade(users_before=26),
            an_upgrade(lines_before=()),
            an_upgrade(prorated=Decimal(36)),
        )
    }
    assert len(hashes) == 7
    assert hash_of(agreed_change(an_upgrade(prorated=Decimal("35.00")))) == hash_of(agreed_change(an_upgrade()))
