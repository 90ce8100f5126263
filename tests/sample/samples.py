"""Loading a sample in a test, and looking at what it wrote."""

from collections import Counter as Tally
from typing import Any

from data import sample
from data.orders import Order, OrderLine
from data.partners import Partner
from data.plans import Plan
from data.sample.writing import COLUMNS

WATCHED, SMALL, LARGE = 40, 60, 2_000


def load(customers: int, seed: int = 1, partner: Partner | None = None) -> int:
    return sample.load(customers, seed, partner and partner.id, say=lambda _: None)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows the sample writes, but for the line that says when it was loaded."""
    rows = {record.__name__: list(record.select().order_by(record.id).tuples()) for record in COLUMNS}
    rows["History"] = [row for row in rows["History"] if "sample.loaded" not in row]
    return rows


def submitted() -> list[Order]:
    return list(Order.select().where(Order.state == "submitted").order_by(Order.addendum_number))


def lines_of(order: Order) -> list[OrderLine]:
    return list(OrderLine.select().where(OrderLine.order == order).order_by(OrderLine.position))


def tally(query: Any) -> Tally[Any]:
    return Tally(row[0] for row in query.tuples())


def with_steps() -> list[Plan]:
    return list(Plan.select().where(Plan.template.is_null(False)))
