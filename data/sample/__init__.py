"""Believable customers for trying the portal out and for measuring it: `load()`.

Companies, people, addresses and numbers are made up. Domains end in .example and telephone numbers come from ranges
kept for fiction, so nobody real is ever written to or called. The same number of customers and the same seed give
the same sample, as long as the database was the same before and the clock shows the same day: dates lie before today.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence

from data import history
from data.database import locked, transaction
from data.orders import Counter
from data.sample.aside import by_hand
from data.sample.cases import Case, in_order_of_time
from data.sample.chance import Chance
from data.sample.companies import company, settle_domains
from data.sample.countries import in_turn
from data.sample.desks import Desk, desks
from data.sample.ending import terms_of_sample
from data.sample.finding import make_findable
from data.sample.lives import Life, Pen
from data.sample.writing import Writing

BATCH = 2_000  # customers in memory at a time
SPREAD_FROM = 1_000  # customers; smaller samples stay with one partner


def load(customers: int, seed: int, partner_id: int | None = None, say: Callable[[str], object] = print) -> int:
    """Add that many sample customers and prospects, in every state, to the open and migrated database.

    For the given partner or the first one; from 1,000 customers on without a partner given, for all of them. Partners
    without contracted prices get sample products and prices. One transaction: an interrupted load leaves nothing, and
    others cannot write meanwhile. Loading again adds more. Returns how many.

    Raises ValueError with a sentence for a number below 1, a partner that is not there, or when nobody may place
    orders.
    """
    if customers < 1:
        raise ValueError("A sample has at least one customer.")
    with transaction():
        served = desks(partner_id, several=customers >= SPREAD_FROM)
        chance, writing, counter = Chance(seed), Writing(), addendum_counter()
        pen = Pen(chance, writing.rows, counter.last, terms_of_sample())
        with by_hand(customers):
            write_lives(customers, pen, writing, served, say)
        writing.finish()
        pen.rare.write()
        make_findable(customers)
        counter.last = pen.last_number
        counter.save()
        only = served[0].id if len(served) == 1 else None
        history.record("sample.loaded", history.PORTAL, partner=only, count=customers)
    return customers


def write_lives(
    customers: int, pen: Pen, writing: Writing, served: Sequence[Desk], say: Callable[[str], object]
) -> None:
    """Batch after batch, so that a million customers need no more memory than a few thousand."""
    countries, written = in_turn(pen.chance), 0
    for batch in batches(in_order_of_time(customers, pen.chance)):
        companies = [company(pen.chance, next(countries)) for _ in batch]
        settle_domains(companies)
        for founded, (age, case) in zip(companies, batch, strict=True):
            Life(pen, pen.chance.pick(served), founded, case, age).write()
        writing.write()
        written += len(batch)
        say(f"{written:,} of {customers:,} sample customers written")


def batches(cases: Iterator[tuple[float, Case]]) -> Iterator[list[tuple[float, Case]]]:
    while batch := list(itertools.islice(cases, BATCH)):
        yield batch


def addendum_counter() -> Counter:
    """The counter of addendum numbers, held until the transaction ends."""
    counter: Counter = locked(Counter.select().where(Counter.name == "addendum")).get()
    return counter
