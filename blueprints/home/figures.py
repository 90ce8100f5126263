"""The figures of the first page: kept by the database (migration 0020), so they cost the same however many customers.

Customers for whom somebody's role was raised or lowered are few: for them the records are counted, and what comes out
is added to, or taken from, what is kept for their MSPs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.finding import EVERY, RFI_WAITS, Sql, ask, one_of
from data.database import is_sqlite
from data.moments import today

MONTHS = 12
SEE = "customers.see"
LISTED = "customer.shelf IN ('in_progress', 'complete')"
PROBLEM = "customer.monitors < '1'"  # the rank of the worst mark comes first (migration 0017)
# Counted along an index, since they are few: a change order opens one, or somebody opens it again.
RFI_OF_COMPLETE = f"customer.shelf = 'complete' AND {RFI_WAITS.text}"
NUMBERS = (
    *("prospects", "in_progress", "complete", "users", "rfis", "rfis_of_complete"),
    *("overdue", "problems", "ending"),
)


@dataclass
class Figures:
    """`span`: the months that are told, as 2026-11, oldest first. `months`: (month, orders or go_lives) → how many."""

    span: list[str]
    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NUMBERS, 0))
    months: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, rows: Iterable[tuple[Any, ...]], sign: int = 1) -> None:
        """Rows of (kind, what, n)."""
        for kind, what, n in rows:
            if kind in ("orders", "go_lives"):
                self.months[what, kind] = self.months.get((what, kind), 0) + sign * int(n or 0)
            elif what in self.numbers:
                self.numbers[what] += sign * int(n or 0)


def figures_for(who: Standing) -> Figures:
    """One question; a second one for people with roles over single customers."""
    day = today(who.timezone)
    found = Figures(months_until(day))
    since = found.span[0]
    if who.operator:
        found.add(ask(kept(EVERY, day, since)))
        return found
    partners = who.partners_where(SEE)
    found.add(ask(kept(one_of("partner_id IN", partners or (0,)), day, since)))
    for sign, ids in zip((1, -1), who.exceptions(SEE), strict=True):
        if ids:
            found.add(ask(recounted(one_of("customer.id IN", ids), day, since)), sign)
    return found


def kept(partners: Sql, day: date, since: str) -> Sql:
    """The figures of these partners as the database keeps them; problems are counted along the order of marks."""
    where = f" AND {partners.text}" if partners.text else ""
    text = f"""
SELECT 'tile', shelf, sum(n) FROM customer_count WHERE 1 = 1{where} GROUP BY shelf
UNION ALL SELECT 'tile', what, sum(n) FROM figure WHERE 1 = 1{where} GROUP BY what
UNION ALL SELECT 'tile', 'overdue', sum(n) FROM steps_due WHERE due_on < ?{where}
UNION ALL SELECT 'tile', 'problems', count(*) FROM customer WHERE {LISTED} AND {PROBLEM}{where}
UNION ALL SELECT 'tile', 'rfis_of_complete', count(*) FROM customer WHERE {RFI_OF_COMPLETE}{where}
UNION ALL SELECT what, month, sum(n) FROM month_count WHERE month >= ?{where} GROUP BY what, month"""  # noqa: S608 - our own words, and marks
    few = partners.params
    return Sql(text, (*few, *few, day.isoformat(), *few * 3, since, *few))


def recounted(customers: Sql, day: date, since: str) -> Sql:
    """The same, counted from the records of these customers. `customers`: a condition, or none for all."""
    where = f" AND {customers.text}" if customers.text else ""
    few = customers.params
    month = "substr({}, 1, 7)" if is_sqlite() else "to_char({}, 'YYYY-MM')"
    submitted, completed = month.format("sold.submitted_at"), month.format("plan.completed_at")
    text = f"""
SELECT 'tile', shelf, count(*) FROM customer WHERE 1 = 1{where} GROUP BY shelf
UNION ALL SELECT 'tile', 'users', sum(permitted_users) FROM customer WHERE shelf = 'complete'{where}
UNION ALL SELECT 'tile', 'rfis', count(*) FROM customer
  WHERE shelf = 'in_progress' AND {RFI_WAITS.text}{where}
UNION ALL SELECT 'tile', 'rfis_of_complete', count(*) FROM customer WHERE {RFI_OF_COMPLETE}{where}
UNION ALL SELECT 'tile', 'ending', count(*) FROM customer WHERE status = 'pending_cancellation'{where}
UNION ALL SELECT 'tile', 'problems', count(*) FROM customer WHERE {LISTED} AND {PROBLEM}{where}
UNION ALL SELECT 'tile', 'overdue', count(*) FROM plan_step AS step JOIN plan ON plan.id = step.plan_id
  JOIN customer ON customer.id = plan.customer_id
  WHERE {LISTED} AND plan.state = 'open' AND step.due_on < ? AND step.dropped_at IS NULL
  AND step.state NOT IN ('done', 'not_applicable', 'failed'){where}
UNION ALL SELECT 'orders', {submitted}, count(*) FROM "order" AS sold JOIN customer ON customer.id = sold.customer_id
  WHERE sold.state = 'submitted' AND sold.kind = 'new' AND {submitted} >= ?{where} GROUP BY {submitted}
UNION ALL SELECT 'go_lives', {completed}, count(*) FROM plan JOIN customer ON customer.id = plan.customer_id
  JOIN "order" AS sold ON sold.id = plan.order_id
  WHERE plan.completed_at IS NOT NULL AND sold.kind = 'new' AND {completed} >= ?{where} GROUP BY {completed}"""  # noqa: S608 - as above
    return Sql(text, (*few * 6, day.isoformat(), *few, since, *few, since, *few))


def months_until(day: date) -> list[str]:
    """The last MONTHS months, that of `day` the last: “2025-12” … “2026-11”."""
    last = day.year * 12 + day.month - 1
    return [f"{each // 12}-{each % 12 + 1:02}" for each in range(last - MONTHS + 1, last + 1)]
