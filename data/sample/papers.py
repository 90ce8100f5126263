"""What an order of the sample agreed to, and its hash, as the addendum of a real order has them.

Sample orders have no PDF. The shape is that of `agreed` in blueprints/orders/addendum.py, which records may not
import; the tests of the sample hold the two together.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from dateutil.relativedelta import relativedelta

from data.sample.catalogue import Priced, plain
from data.sample.chance import Chance
from data.sample.companies import Company
from data.sample.desks import Actor, Desk, address_lines

COMMITMENT = relativedelta(months=12, days=-1)
stored = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode  # as data.fields.Facts does it
canonical = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode

# Networks kept for documentation: RFC 5737, RFC 3849.
ADDRESSES = ("192.0.2.{}", "198.51.100.{}", "203.0.113.{}", "2001:db8:4f::{}")


@dataclass(frozen=True, slots=True)
class Terms:
    """What was fixed when a sample order was submitted. Amounts in ten-thousandths; days as ISO text."""

    number: str
    order_number: str
    lines: Sequence[Priced]
    users: int
    submitted_by: Actor
    submitted_at: str
    submitted_from: str
    start: str
    ends: str

    @property
    def monthly_total(self) -> int:
        return sum(line.monthly_total for line in self.lines)

    @property
    def one_time_total(self) -> int:
        return sum(line.one_time_fee for line in self.lines)


def agreed(desk: Desk, company: Company, terms: Terms) -> tuple[str, str]:
    """The agreed data as they are stored, and their SHA-256."""
    partner, city = desk.partner, company.city
    lines = address_lines(company.street, company.postcode, city.name.text, city.region, company.country.code)
    monthly, once = terms.monthly_total, terms.one_time_total
    facts = {
        "form": 1,
        "kind": "Order addendum",
        "number": terms.number,
        "partner": {"name": partner.name, "address_lines": desk.address_lines, "extra_lines": []},
        "customer": {"name": company.name, "address_lines": lines, "extra_lines": [company.domain]},
        "lines": [
            {
                "code": line.code,
                "name": line.name,
                "permitted_users": terms.users,
                "monthly_per_user": plain(line.monthly_per_user),
                "monthly_total": plain(line.monthly_total),
                "one_time_fee": plain(line.one_time_fee),
            }
            for line in terms.lines
        ],
        "permitted_users": terms.users,
        "currency": partner.currency,
        "monthly_total": plain(monthly),
        "one_time_total": plain(once),
        "first_payment": plain(monthly + once),
        "order_number": terms.order_number or None,
        "agreement_name": partner.agreement_name,
        "agreement_date": partner.agreement_date.isoformat() if partner.agreement_date else None,
        "confirmations": desk.confirmations,
        "submitted_by_name": terms.submitted_by.name,
        "submitted_by_email": terms.submitted_by.email,
        "submitted_at": f"{terms.submitted_at[:10]}T{terms.submitted_at[11:19]}+00:00",
        "submitted_from": terms.submitted_from,
        "timezone": partner.timezone,
        "subscription_start": terms.start,
        "commitment_ends": terms.ends,
    }
    return stored(facts), hashlib.sha256(canonical(facts).encode()).hexdigest()


@lru_cache(10_000)
def told(facts: tuple[tuple[str, object], ...]) -> str:
    """The facts of a line of history as they are stored: many lines tell the same."""
    return stored(dict(facts))


@cache
def commitment(start: int) -> tuple[str, str]:
    """First and last day of the twelve months that begin on that day (an ordinal)."""
    first = date.fromordinal(start)
    return first.isoformat(), (first + COMMITMENT).isoformat()


def order_number(chance: Chance, year: str) -> str:
    """As customers write theirs; "" where they need none."""
    kind = chance.random()
    if kind < 0.4:
        return ""
    return chance.filled(f"PO-{year}-####" if kind < 0.8 else "45000#####")


def ip_address(chance: Chance) -> str:
    return chance.pick(ADDRESSES).format(chance.whole(2, 250))
