"""The column *Cancel* of the list of complete customers: one question for a page, however many rows it has."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.cancellations.eligibility import Case, Hindrance, Reason, judge
from blueprints.customers.endings import Ending
from blueprints.customers.finding import Row, Sql, ask, one_of
from data.database import database
from data.fields import Day
from data.formats import day
from data.moments import today
from data.roles import Role

day_from = Day().python_value
STATUS, START, COMMITMENT = map(Row._fields.index, ("status", "subscription_start", "commitment_ends"))

# Each leg is read along an index that holds nothing else. The names are those of Hindrance.
ZONES = "SELECT 'zone', id, timezone FROM partner WHERE id {}"
UNDER_WAY = """
UNION ALL
SELECT 'partner_change', customer_id, '' FROM transfer
WHERE state IN ('asked', 'accepted', 'confirmed') AND customer_id {}
UNION ALL
SELECT 'draft_order', customer_id, '' FROM "order" WHERE state = 'draft' AND customer_id {}"""
PENDING = """
UNION ALL
SELECT 'ends', customer_id, CAST(ends_on AS TEXT) FROM cancellation WHERE state = 'pending' AND customer_id {}"""


def endings(who: Standing, rows: Sequence[Row]) -> list[Ending]:
    """What each row says, in their order."""
    if not rows:
        return []
    days, under_way, ends = asked_about(rows)
    role_on, none = who.role_on, Hindrance.NONE
    return [
        ending(
            row[STATUS],
            role_on(row[0], row[1]),
            row[START],
            row[COMMITMENT],
            under_way.get(row[0], none) if under_way else none,
            ends.get(row[0]) if ends else None,
            days[row[1]],
        )
        for row in rows
    ]


def asked_about(rows: Sequence[Row]) -> tuple[dict[int, date], dict[int, Hindrance], dict[int, str]]:
    """Today where each MSP is, what is under way at whom, and the last days of what is pending: one question."""
    partners = tuple({row[1] for row in rows})
    runs = tuple([row[0] for row in rows if row[STATUS] == "complete"])
    pending = tuple([row[0] for row in rows if row[STATUS] == "pending_cancellation"])
    days: dict[int, date] = {}
    under_way: dict[int, Hindrance] = {}
    ends: dict[int, str] = {}
    question = questions(database.param, len(partners), len(runs), len(pending))
    of_partners, of_runs, of_pending = (one_of("IN", ids).params for ids in (partners, runs, pending))
    for what, row_id, said in ask(question._replace(params=(*of_partners, *of_runs, *of_runs, *of_pending))):
        if what == "zone":
            days[row_id] = today(said)
        elif what == "ends":
            ends[row_id] = said
        else:
            under_way[row_id] = Hindrance(what)
    return days, under_way, ends


@lru_cache(maxsize=1_000)
def questions(_database: str, partners: int, runs: int, pending: int) -> Sql:
    """With so many marks in each of its places; put together once for each number of rows, and kind of database."""
    text = ZONES.format(one_of("IN", range(partners)).text)
    if runs:
        text += UNDER_WAY.format(*[one_of("IN", range(runs)).text] * 2)
    if pending:
        text += PENDING.format(one_of("IN", range(pending)).text)
    return Sql(text)


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
