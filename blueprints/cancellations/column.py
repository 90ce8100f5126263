"""The column *Cancel* of the list of complete customers: three questions for a page, however many rows it has."""

from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.cancellations.eligibility import Case, Hindrance, Reason, judge
from blueprints.customers.endings import Ending
from blueprints.customers.finding import Row, Sql, ask, one_of
from data.fields import Day
from data.formats import day
from data.moments import today
from data.roles import Role

day_from = Day().python_value
STATUS, START, COMMITMENT = map(Row._fields.index, ("status", "subscription_start", "commitment_ends"))

ZONES = "SELECT id, timezone FROM partner WHERE id {}"
# The names are those of Hindrance.
UNDER_WAY = """
SELECT 'partner_change', customer_id FROM transfer
WHERE state IN ('asked', 'accepted', 'confirmed') AND customer_id {}
UNION ALL
SELECT 'draft_order', customer_id FROM "order" WHERE state = 'draft' AND customer_id {}"""
PENDING = "SELECT customer_id, ends_on FROM cancellation WHERE state = 'pending' AND customer_id {}"


def endings(who: Standing, rows: Sequence[Row]) -> list[Ending]:
    """What each row says, in their order. What is under way is asked only of those that would be green."""
    if not rows:
        return []
    days = {partner: today(zone) for partner, zone in zones_of(tuple({row.partner_id for row in rows}))}
    ends = pending_until([row.id for row in rows if row.status == "pending_cancellation"])
    none, role_on = Hindrance.NONE, who.role_on
    asked = [
        (row[STATUS], role_on(row[0], row[1]), row[START], row[COMMITMENT], none, ends.get(row[0]), days[row[1]])
        for row in rows
    ]
    said = [ending(*each) for each in asked]
    under_way = hindrances([row.id for row, each in zip(rows, said, strict=True) if each.may])
    for place, row in enumerate(rows) if under_way else ():
        if what := under_way.get(row.id):
            said[place] = ending(*asked[place][:4], what, *asked[place][5:])
    return said


def zones_of(partners: tuple[int, ...]) -> list[tuple[int, str]]:
    return ask(among(ZONES, len(partners))._replace(params=partners))


def hindrances(ids: Sequence[int]) -> dict[int, Hindrance]:
    """What is under way at whom; the indexes that are read hold nothing else."""
    if not ids:
        return {}
    found = ask(among(UNDER_WAY, len(ids), 2)._replace(params=(*ids, *ids)))
    return {row_id: Hindrance(what) for what, row_id in found}


def pending_until(ids: Sequence[int]) -> dict[int, Any]:
    """The last days of what is pending, as the database has them."""
    if not ids:
        return {}
    return dict(ask(among(PENDING, len(ids))._replace(params=tuple(ids))))


@cache
def among(text: str, many: int, times: int = 1) -> Sql:
    """The question with so many marks in each of its places; put together once for each number of rows."""
    return Sql(text.format(*[one_of("IN", range(many)).text] * times))


@lru_cache(maxsize=16_384)  # most rows of a list are asked about again and again, and answered the same all day
def ending(status: str, role: Role, start: Any, commitment: Any, hindrance: Hindrance, ends: Any, at: date) -> Ending:
    """`start`, `commitment`, `ends`: as the database has them."""
    case = Case(
        status,
        role,
        day_from(start),
        day_from(commitment),
        hindrance,
        day_from(ends),
    )
    verdict = judge(case, at)
    if verdict.may:
        return Ending(True)
    shorter = {
        Reason.TOO_EARLY: f"11 months on {day(verdict.from_day)}" if verdict.from_day else "",
        Reason.PENDING: f"Pending, ends {day(case.service_ends)}" if case.service_ends else "Pending",
        Reason.ROLE: "For administrators of the MSP",
        Reason.DRAFT_ORDER: "An order is in draft",
        Reason.PARTNER_CHANGE: "A partner change is under way",
        Reason.NO_START: "No start of the subscription",
    }
    return Ending(False, shorter.get(verdict.reason, verdict.sentence))
