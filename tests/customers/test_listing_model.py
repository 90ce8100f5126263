"""Whatever is asked of a list of customers, it shows what the plainest possible list would show."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from blueprints.accounts.standing import Standing, standing_of
from blueprints.customers import finding, listing
from blueprints.customers.listing import Listing, chosen_customers, every_customer, list_customers
from blueprints.customers.wanted import SORTS, Wanted
from data.accounts import Grant, Person
from data.customers import SHELVES, Customer
from data.database import database
from data.folding import first_letter, fold
from data.moments import now
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_partner, a_person


def wanted(**asked: str) -> Wanted:
    """Narrowed as only the lists of customers are, too."""
    return replace(Wanted.read("prospects", asked), waits=asked.get("rfi") == "waiting")


@dataclass
class Model:
    """What a list should show, said as plainly as possible."""

    who: Standing
    rows: list[Customer] = field(default_factory=list)

    def seen(self, asked: Wanted) -> list[Customer]:
        return [
            row
            for row in self.rows
            if row.shelf == asked.shelf and self.who.may_for_customer("customers.see", row.id, row.partner_id)
            if not asked.waits or row.rfi_state in ("incomplete", "error")
        ]

    def expected(self, asked: Wanted, *, any_letter: bool = False) -> list[Customer]:
        found = [
            row
            for row in self.seen(asked)
            if fold(asked.q) in row.name_key or asked.q.lower() == row.primary_domain
            if any_letter or asked.letter in ("", row.letter)
        ]
        return sorted(found, key=lambda row: (*self.key(asked.sort, row), row.id), reverse=asked.descending)

    def key(self, sort: str, row: Customer) -> tuple[object, ...]:
        if sort == "role":
            return self.who.role_on(row.id, row.partner_id).label, row.name_key
        return (getattr(row, SORTS[sort]),)


PIECES = ("acme", "Müller", "mail", "100%", "a_b", "Zoë", "3d", "港", " ", "-", "acm", "ail")
SEARCHES = ("", "", "a", "ac", "acm", "acme", "mai", "mail", "%", "l m", "MULLER", "zoë", "acmeacme", "港", "- ")
NAMES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join).filter(str.strip)


class ListMachine(RuleBasedStateMachine):
    """Customers come, change and go; whatever is asked of their list, it says what the model says."""

    world: World
    numbers = itertools.count(1)

    @initialize(seed=st.integers(0, 10_000))
    def begin(self, seed: int) -> None:
        Customer.delete().execute()
        self.role = ("operator", "admin", "technician", "both")[seed % 4]
        self.customers: list[Customer] = []
        self.look_anew()
        self.add(seed=seed, many=30)

    def look_anew(self) -> None:
        person = Person.get(Person.name == "Bea Both") if self.role == "both" else getattr(self.world, self.role)
        self.model = Model(standing_of(person), self.customers)

    @rule(seed=st.integers(0, 10_000), many=st.integers(1, 20))
    def add(self, seed: int, many: int) -> None:
        chance = random.Random(seed)
        partners = [self.world.northstar] * 3 + [self.world.harbour] * 2 + [self.third]
        for _ in range(many):
            users = chance.randrange(3)
            added = a_customer(
                chance.choice(partners),
                "".join(chance.choices(PIECES, k=chance.randint(1, 4))).strip() or "mail",
                chance.choice(("prospect", "prospect", "prospect", "in_progress")),
                lead="",
                permitted_users=users,
                account_type=chance.choice(("standard", "trial")),
                rfi_state=chance.choice(("", "complete", "error", "incomplete")),
                primary_domain=f"d{chance.randrange(10)}-{next(self.numbers)}.example",
                created_at=now() - timedelta(seconds=chance.randrange(3)),
            )
            self.customers.append(Customer.get_by_id(added.id))

    @rule(place=st.integers(0, 200), name=NAMES)
    def rename(self, place: int, name: str) -> None:
        if self.customers:
            customer = self.customers[place % len(self.customers)]
            customer.name, customer.name_key = name.strip(), fold(name)
            customer.letter = first_letter(customer.name_key)
            customer.save()

    @rule(place=st.integers(0, 200), status=st.sampled_from(("prospect", "in_progress", "archived")))
    def move(self, place: int, status: str) -> None:
        if self.customers:
            customer = self.customers[place % len(self.customers)]
            customer.status, customer.shelf = status, SHELVES[status]
            customer.save()

    @rule(place=st.integers(0, 200), role=st.sampled_from((Role.NONE, Role.VIEWER)))
    def grant(self, place: int, role: Role) -> None:
        if self.customers and self.role in ("technician", "both"):
            person = Person.get(Person.name == "Bea Both") if self.role == "both" else self.world.technician
            customer = self.customers[place % len(self.customers)]
            if customer.id not in self.model.who.over_customers:
                a_grant_over(person, customer, role)
                self.look_anew()

    @rule(seed=st.integers(0, 10_000))
    def look(self, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(3):
            asked = {
                "q": chance.choice(SEARCHES),
                "letter": chance.choice(("", "", "", "A", "M", "#")),
                "sort": chance.choice(tuple(SORTS)),
                "dir": chance.choice(("asc", "desc")),
                "rfi": chance.choice(("", "", "waiting")),
            }
            self.compare(asked, chance.randint(1, 6))

    def compare(self, asked: dict[str, str], size: int) -> None:
        expected = self.model.expected(wanted(**asked))
        pages = list(self.pages(asked, "after", size))
        shown = [row.id for page in pages for row in page.rows]
        assert shown == [row.id for row in expected]
        assert [row.id for row in every_customer(self.model.who, wanted(**asked))] == shown
        chosen = shown[::2]
        assert [row.id for row in chosen_customers(self.model.who, wanted(**asked), chosen)] == chosen
        for page in pages:
            self.check(page, expected, wanted(**asked))
        if len(pages) > 1:
            self.check_back(asked, pages, size)

    def pages(self, asked: dict[str, str], way: str, size: int, cursor: str = "") -> Iterator[Listing]:
        while True:
            listing = list_customers(self.model.who, wanted(**asked, **{way: cursor}), size=size)
            yield listing
            cursor = getattr(listing, way)
            if not cursor:
                return

    def check(self, page: Listing, expected: list[Customer], asked: Wanted) -> None:
        letters = {row.letter for row in self.model.expected(asked, any_letter=True)}
        if page.more_than_total:
            assert page.total < len(expected)
            assert page.letters >= letters
        else:
            assert page.total == len(expected)
            assert page.letters == letters or (
                page.letters >= letters and len(self.model.expected(asked, any_letter=True)) > finding.MOST
            )
        if page.rows:
            assert [row.id for row in page.rows] == [row.id for row in expected[page.first - 1 : page.last]]

    def check_back(self, asked: dict[str, str], pages: list[Listing], size: int) -> None:
        """Going back from the last page shows the pages before it again, but for a short one at the start."""
        backwards = list(self.pages(asked, "before", size, pages[-1].before))
        assert [page.rows for page in backwards] == [page.rows for page in pages[-2::-1]]
        assert not backwards[-1].before

    @invariant()
    def the_kept_counts_are_right(self) -> None:
        kept = {row[:3]: row[3] for row in database.execute_sql("SELECT * FROM customer_count WHERE n <> 0").fetchall()}
        counted: dict[tuple[int, str, str], int] = {}
        for customer in getattr(self, "customers", []):
            key = (customer.partner_id, customer.shelf, customer.letter)
            counted[key] = counted.get(key, 0) + 1
        assert kept == counted


@pytest.mark.parametrize("limits", [None, (3, 100, 50, 0, 5, 3), (4, 8, 2, 2, 9, 4)], ids=["as it is", "few", "fewer"])
def test_a_list_shows_what_its_model_shows(
    world: World, monkeypatch: pytest.MonkeyPatch, limits: tuple[int, ...] | None
) -> None:
    """`limits` so low that small lists take every way that large ones take."""
    for name, limit in zip(("MOST", "NEAR", "INSIDE", "FEW", "AHEAD", "SORTED_HERE"), limits or (), strict=False):
        monkeypatch.setattr(finding, name, limit)
    if limits:
        monkeypatch.setattr(listing, "EXPORTED_AT_ONCE", 2)
    both = a_person("Bea Both", world.northstar, Role.VIEWER)
    Grant.create(person=both, partner=world.harbour, role=Role.TECHNICIAN, granted_at=now())

    class Machine(ListMachine):
        pass

    Machine.world, Machine.third = world, a_partner("Third")
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
