"""The column *Cancel* of the list of complete customers: one question for a page, however many rows it has."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
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


def endings(who: Standing, rows: Sequence[Row]) -> list[Ending]:
    """What each row says, in their order."""
    zones, hindrances, ends = beside(rows)
    days = {partner: today(zone) for partner, zone in zones.items()}
    return [
        ending(
            row.status,
            who.role_on(row.id, row.partner_id),
            row.subscription_start,
            row.commitment_ends,
            hindrances.get(row.id, Hindrance.NONE),
            ends.get(row.id),
            days[row.partner_id],
        )
        for row in rows
    ]


def beside(rows: Sequence[Row]) -> tuple[dict[int, str], dict[int, Hindrance], dict[int, str]]:
    """What the rows do not tell: zones of their MSPs, what is under way at whom, when what is pending ends.

    One statement, and only indexes that hold nothing else are read.
    """
    partners, ids = list({row.partner_id for row in rows}), [row.id for row in rows]
    if not rows:
        return {}, {}, {}
    zones = one_of("id IN", partners)
    of_rows = one_of("customer_id IN", ids)
    text = (
        f"SELECT 'zone', id, timezone FROM partner WHERE {zones.text}"  # noqa: S608 - our own words, and marks
        f" UNION ALL SELECT 'draft', customer_id, '' FROM \"order\" WHERE state = 'draft' AND {of_rows.text}"
        " UNION ALL SELECT 'moves', customer_id, '' FROM transfer"
        f" WHERE state IN ('asked', 'accepted', 'confirmed') AND {of_rows.text}"
        " UNION ALL SELECT 'ends', customer_id, CAST(ends_on AS TEXT) FROM cancellation"
        f" WHERE state = 'pending' AND {of_rows.text}"
    )
    found: dict[str, dict[int, str]] = {"zone": {}, "draft": {}, "moves": {}, "ends": {}}
    for kind, row_id, value in ask(Sql(text, (*zones.params, *of_rows.params * 3))):
        found[kind][row_id] = value
    moves = dict.fromkeys(found["moves"], Hindrance.PARTNER_CHANGE)
    return found["zone"], moves | dict.fromkeys(found["draft"], Hindrance.DRAFT_ORDER), found["ends"]


@lru_cache(maxsize=16_384)  # most rows of a list are asked about again and again, and answered the same all day
def ending(
    status: str, role: Role, start: Any, commitment: Any, hindrance: Hindrance, ends: str | None, at: date
) -> Ending:
    """`start`, `commitment`: as the database has them."""
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
