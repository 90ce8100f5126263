"""The order addendum: what was agreed, its hash, and the paper that says so.

An `Addendum` holds only what was agreed and what the paper shows; it knows no records. The same addendum always has
the same hash and prints the same bytes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from data.formats import LOCALE, day, moment, money, number

if TYPE_CHECKING:
    from blueprints.gateways.pdf import Paper

NOT_REQUIRED = "Not required"


@dataclass(frozen=True, slots=True)
class Party:
    """The partner or the customer as the addendum names it; `extra_lines` stand below the address."""

    name: str
    address_lines: tuple[str, ...] = ()
    extra_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddendumLine:
    """A product with its frozen prices, in the currency of the addendum."""

    code: str
    name: str
    permitted_users: int
    monthly_per_user: Decimal
    monthly_total: Decimal
    one_time_fee: Decimal


@dataclass(frozen=True, slots=True)
class Addendum:
    """What is agreed with an order. Times are aware; `timezone` (IANA) is the one they are shown in.

    `order_number` None: not required. `logo`: PNG or JPEG, printed but not agreed upon, so not part of the hash.
    """

    number: str
    partner: Party
    customer: Party
    lines: tuple[AddendumLine, ...]
    permitted_users: int
    currency: str  # ISO 4217
    monthly_total: Decimal
    one_time_total: Decimal
    first_payment: Decimal
    order_number: str | None
    agreement_name: str
    agreement_date: date | None
    confirmations: tuple[str, ...]
    submitted_by_name: str
    submitted_by_email: str
    submitted_at: datetime
    submitted_from: str  # IP address
    timezone: str
    subscription_start: date
    commitment_ends: date
    kind: str = "Order addendum"
    logo: bytes | None = None
    locale: str = LOCALE


def agreed(addendum: Addendum) -> dict[str, object]:
    """The agreed data as plain JSON values: amounts as decimal text without trailing zeros, days and moments in ISO
    8601, moments in UTC to the second."""
    return {
        "form": 1,  # raised when a field is added, so that old hashes can still be reckoned again
        "kind": addendum.kind,
        "number": addendum.number,
        "partner": party_facts(addendum.partner),
        "customer": party_facts(addendum.customer),
        "lines": [
            {
                "code": line.code,
                "name": line.name,
                "permitted_users": line.permitted_users,
                "monthly_per_user": plain(line.monthly_per_user),
                "monthly_total": plain(line.monthly_total),
                "one_time_fee": plain(line.one_time_fee),
            }
            for line in addendum.lines
        ],
        "permitted_users": addendum.permitted_users,
        "currency": addendum.currency,
        "monthly_total": plain(addendum.monthly_total),
        "one_time_total": plain(addendum.one_time_total),
        "first_payment": plain(addendum.first_payment),
        "order_number": addendum.order_number,
        "agreement_name": addendum.agreement_name,
        "agreement_date": addendum.agreement_date.isoformat() if addendum.agreement_date else None,
        "confirmations": list(addendum.confirmations),
        "submitted_by_name": addendum.submitted_by_name,
        "submitted_by_email": addendum.submitted_by_email,
        "submitted_at": addendum.submitted_at.astimezone(UTC).isoformat(timespec="seconds"),
        "submitted_from": addendum.submitted_from,
        "timezone": addendum.timezone,
        "subscription_start": addendum.subscription_start.isoformat(),
        "commitment_ends": addendum.commitment_ends.isoformat(),
    }


def agreed_hash(addendum: Addendum) -> str:
    """SHA-256 of the agreed data, 64 hexadecimal digits."""
    return hash_of(agreed(addendum))


def hash_of(facts: dict[str, object]) -> str:
    """SHA-256 of agreed data as kept on an order: JSON with sorted keys, no spaces, everything beyond ASCII escaped."""
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(canonical.encode("ascii")).hexdigest()


def render(addendum: Addendum) -> bytes:
    """The addendum as a PDF. It never refuses: text that cannot be printed shows as an empty box."""
    from blueprints.gateways.pdf import Paper  # noqa: PLC0415 - loads ReportLab, which importing the portal must not

    paper = Paper(
        title=f"{addendum.kind} {addendum.number}",
        author=addendum.partner.name,
        subject=addendum.customer.name,
        language=addendum.locale.replace("_", "-"),
        written=addendum.submitted_at,
        footer=(f"{addendum.kind} {addendum.number}", f"SHA-256 of the agreed data: {agreed_hash(addendum)}"),
    )
    _write_head(paper, addendum)
    _write_products(paper, addendum)
    _write_sums(paper, addendum)
    write_agreement(paper, addendum)
    return paper.printed()


def _write_head(paper: "Paper", addendum: Addendum) -> None:
    submitted = day(addendum.submitted_at.astimezone(ZoneInfo(addendum.timezone)).date(), addendum.locale)
    paper.letterhead(addendum.partner.name, addendum.logo, addendum.kind, (f"No. {addendum.number}", submitted))
    paper.parties(party_block("Partner", addendum.partner), party_block("Customer", addendum.customer))
    paper.facts(
        [
            ("Order number", addendum.order_number or NOT_REQUIRED),
            ("Permitted users", number(addendum.permitted_users, addendum.locale)),
            ("Subscription starts", day(addendum.subscription_start, addendum.locale)),
            ("Commitment ends", day(addendum.commitment_ends, addendum.locale)),
        ]
    )


def _write_products(paper: "Paper", addendum: Addendum) -> None:
    title = f"Products (all amounts in {addendum.currency})"
    figures = ("Permitted users", "Per user and month", "Per month", "One-time fee")
    paper.table(title, "Product", figures, list(_rows(addendum)))


def _rows(addendum: Addendum) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for line in addendum.lines:
        prices = (line.monthly_per_user, line.monthly_total, line.one_time_fee)
        figures = (number(line.permitted_users, addendum.locale), *(money_of(addendum, price) for price in prices))
        yield line.name, line.code, figures


def _write_sums(paper: "Paper", addendum: Addendum) -> None:
    paper.sums(
        [
            ("Ongoing monthly payment", money_of(addendum, addendum.monthly_total), ""),
            ("One-time fees", money_of(addendum, addendum.one_time_total), ""),
            ("First payment", money_of(addendum, addendum.first_payment), "One-time fees and the first month"),
        ]
    )


def write_agreement(paper: "Paper", addendum: Addendum) -> None:
    with paper.together():
        paper.section("Agreement")
        paper.words(_governed_by(addendum))
        for confirmation in addendum.confirmations:
            paper.ticked(confirmation)
        paper.space()
        paper.facts(
            [
                ("Confirmed by", addendum.submitted_by_name),
                ("Email", addendum.submitted_by_email),
                ("Time", moment(addendum.submitted_at, addendum.timezone, addendum.locale)),
                ("From IP address", addendum.submitted_from),
            ]
        )


def _governed_by(addendum: Addendum) -> str:
    named = f": {addendum.agreement_name}" if addendum.agreement_name else ""
    dated = f" of {day(addendum.agreement_date, addendum.locale)}" if addendum.agreement_date else ""
    return f"This {addendum.kind.lower()} is governed by the agreement in effect{named}{dated}."


def party_block(label: str, party: Party) -> tuple[str, str, tuple[str, ...]]:
    return label, party.name, (*party.address_lines, *party.extra_lines)


def party_facts(party: Party) -> dict[str, object]:
    return {"name": party.name, "address_lines": list(party.address_lines), "extra_lines": list(party.extra_lines)}


def plain(amount: Decimal) -> str:
    """12.50 and 12.5 are the same amount, so they are written the same."""
    return f"{amount.normalize():f}"


def money_of(addendum: Addendum, amount: Decimal) -> str:
    return money(amount, addendum.currency, addendum.locale)
