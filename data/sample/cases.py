"""Which customers a sample consists of: every state of a customer's life, in believable proportions and of any age."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from data.sample.chance import Chance


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of customer. `share` of a thousand; `newest` and `oldest`: days since it ordered (or, without an
    order, since it was noted as a prospect); `rfi`: the state of the RFI, "" for those that did not order.
    """

    status: str
    share: int
    newest: int
    oldest: int
    rfi: str = ""
    draft: bool = False


CASES = (
    Case("prospect", 190, 1, 200),
    Case("prospect", 60, 1, 45, draft=True),
    Case("in_progress", 50, 1, 30, "incomplete"),
    Case("in_progress", 40, 8, 70, "complete"),
    Case("in_progress", 15, 6, 50, "error"),
    Case("in_progress", 10, 3, 40, "not_applicable"),
    Case("complete", 230, 90, 320, "complete"),  # too young to be cancelled
    Case("complete", 255, 350, 1300, "complete"),  # older than eleven months
    Case("complete", 25, 100, 900, "not_applicable"),
    Case("pending_cancellation", 25, 344, 360, "complete"),  # asked for within the commitment, which still runs
    Case("cancelled", 50, 480, 1400, "complete"),
    Case("transferred", 15, 300, 1400, "complete"),
    Case("closed", 15, 120, 900, "incomplete"),
    Case("archived", 20, 120, 700),
)
OLDEST = max(case.oldest for case in CASES)


def how_many(customers: int, cases: Sequence[Case] = CASES) -> list[int]:
    """How many of each case make up `customers`: by share, and at least one of each while there are enough."""
    if customers <= len(cases):
        return [1] * customers + [0] * (len(cases) - customers)
    total = sum(case.share for case in cases)
    counts = [max(1, customers * case.share // total) for case in cases]
    biggest = max(range(len(cases)), key=lambda place: cases[place].share)
    counts[biggest] += customers - sum(counts)
    return counts


def in_order_of_time(customers: int, chance: Chance) -> Iterator[tuple[float, Case]]:
    """The cases, each with its age in days, oldest first: so numbers given out on the way rise with time."""
    lives = [evenly(case, count, chance) for case, count in zip(CASES, how_many(customers), strict=True)]
    return ((-age, case) for age, _, case in heapq.merge(*lives))


def evenly(case: Case, count: int, chance: Chance) -> Iterator[tuple[float, int, Case]]:
    """(negative age, place of the case, case): `count` ages spread over the case's span, oldest first."""
    span, place = case.oldest - case.newest, CASES.index(case)
    for number in range(count):
        yield -(case.oldest - span * (number + chance.random()) / count), place, case
