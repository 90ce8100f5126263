"""Lists of customers: searched, lettered, sorted, paged, and never showing what a person may not see."""

import base64
import itertools
import json
from typing import Any

import pytest

from blueprints.accounts.standing import Standing, standing_of
from blueprints.customers import finding
from blueprints.customers.listing import Listing, list_customers
from blueprints.customers.wanted import SORTS, Wanted
from data.accounts import Grant
from data.customers import SHELVES, Customer
from data.database import database, is_sqlite
from data.moments import now
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_person, a_prospect


def wanted(**asked: str) -> Wanted:
    return Wanted.read("prospects", asked)


def names(listing: Listing) -> list[str]:
    return [row.name for row in listing.rows]


def admin_of(world: World) -> Standing:
    return standing_of(world.admin)


def place(value: Any) -> str:
    """What stands in an address for a place in a list, or for anything else."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


MADE_UP = (
    "x",
    "ä",
    "=" * 9,
    "A" * 100_000,
    place(None),
    place([]),
    place("name"),
    place({"name": 1, "value": 2, "id": 3, "rank": 4}),
    place(["partner_id", 1, 1, 1]),
    place(["name", 1, 2, 3]),
    place(["name", {"a": 1}, 1, 1]),
    place(["name", "a", -1, 3]),
    place(["name", "a", 2**80, 3]),
    place(["name", "a", 2, True]),
    place(["name", "a\x00", 1, 1]),
    place(["name", "\ud800", 1, 1]),
    place(["users", "a", 1, 1]),
    place(["users", 2**70, 1, 1]),
    place(["users", 1.5, 1, 1]),
    place(["users", True, 1, 1]),
    place(["created", "2026-99-99 10:00:00.000000", 1, 1]),
    place(["created", "now", 1, 1]),
    place(["created", "2026-11-01", 1, 1]),
    base64.urlsafe_b64encode(b"[" * 6000).decode(),
    base64.urlsafe_b64encode(b'["name","\xff",1,1]').decode(),
)


class TestSearch:
    def test_finds_part_of_a_name_whatever_its_case_and_accents(self, world: World) -> None:
        a_prospect(world.northstar, "Müller Präzision GmbH")
        a_prospect(world.northstar, "Smith & Sons")
        for q in ("muller", "MÜLLER", "  prazi ", "ision g", "ü", "gmbh"):
            assert names(list_customers(admin_of(world), wanted(q=q))) == ["Müller Präzision GmbH"], q

    def test_finds_names_in_any_script(self, world: World) -> None:
        for name in ("株式会社港", "Логистика Север", "שלום", "ไทยเมล", "İstanbul Işık"):
            a_prospect(world.northstar, name)
        for q, name in (
            ("港", "株式会社港"),
            ("СЕВЕР", "Логистика Север"),
            ("לום", "שלום"),
            ("เมล", "ไทยเมล"),
            ("isik", "İstanbul Işık"),
        ):
            assert names(list_customers(admin_of(world), wanted(q=q))) == [name]

    def test_finds_the_whole_domain_but_not_a_part_of_it(self, world: World) -> None:
        a_prospect(world.northstar, "Acme", primary_domain="xn--bcher-kva.example")
        who = admin_of(world)
        assert names(list_customers(who, wanted(q="Bücher.Example"))) == ["Acme"]
        assert names(list_customers(who, wanted(q="xn--bcher-kva.example"))) == ["Acme"]
        assert names(list_customers(who, wanted(q="bcher-kva.example"))) == []

    def test_finds_a_name_once_that_is_also_the_domain(self, world: World) -> None:
        a_prospect(world.northstar, "shop.example", primary_domain="shop.example")
        listing = list_customers(admin_of(world), wanted(q="shop.example"))
        assert (names(listing), listing.total) == (["shop.example"], 1)

    @pytest.mark.parametrize(
        "q", ["%", "_", "\\", "100%", "a_b", "\\%", '"', 'x" OR "', "*", "^", "'", "(", "NEAR(", "?", "%s"]
    )
    def test_takes_signs_as_they_are(self, world: World, q: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(finding, "FEW", 0)
        a_prospect(world.northstar, f"with {q} inside")
        a_prospect(world.northstar, "with aab inside, 100 inside")
        assert names(list_customers(admin_of(world), wanted(q=q))) == [f"with {q} inside"]

    @pytest.mark.parametrize(
        "q", ["chandler", "chandler and sons", "cha%dler", "cha_d\\er, sons", "chandlerchandler", "chandler a.b."]
    )
    def test_finds_a_long_term_by_the_whole_of_it(self, world: World, q: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The search index looks for some of its trigrams; a name that has those is not yet found."""
        monkeypatch.setattr(finding, "FEW", 0)
        a_prospect(world.northstar, f"The {q} Ltd")
        for hidden in range(3, len(q) - 3):
            a_prospect(world.northstar, f"The {q[:hidden]}x{q[hidden + 1 :]} Ltd")
        listing = list_customers(admin_of(world), wanted(q=q))
        assert (names(listing), listing.letters) == ([f"The {q} Ltd"], {"T"})

    def test_takes_hostile_searches_for_what_they_are(self, world: World) -> None:
        a_prospect(world.northstar, "Acme")
        for q in ("\x00", "a\x00cme", "\ud800", "x" * 100_000, "\u202e", "🙂" * 300, "ﷺ" * 253, "." * 300, "a." * 200):
            assert list_customers(admin_of(world), wanted(q=q)).total in (0, 1)

    def test_finds_ones_own_among_many_of_others(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(finding, "NEAR", 5)
        monkeypatch.setattr(finding, "FEW", 0)
        for n in range(10):
            a_prospect(world.harbour, f"Acme of theirs {n}")
        a_prospect(world.northstar, "Acme of ours")
        listing = list_customers(admin_of(world), wanted(q="acme"))
        assert (names(listing), listing.total, listing.more_than_total) == (["Acme of ours"], 1, False)

    def test_says_that_there_are_more_than_it_counted(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(finding, "MOST", 2)
        for n in range(4):
            a_prospect(world.northstar, f"Acme {n}")
        listing = list_customers(admin_of(world), wanted(q="acme"))
        assert (listing.total, listing.more_than_total, len(listing.rows)) == (2, True, 4)


class TestLetters:
    def test_narrow_the_list_and_the_search(self, world: World) -> None:
        for name in ("Acme Mail", "Amber", "Öster Mail", "3D Mail"):
            a_prospect(world.northstar, name)
        who = admin_of(world)
        assert names(list_customers(who, wanted(letter="a"))) == ["Acme Mail", "Amber"]
        assert names(list_customers(who, wanted(letter="O"))) == ["Öster Mail"]
        assert names(list_customers(who, wanted(letter="#", q="mail"))) == ["3D Mail"]
        assert list_customers(who, wanted()).letters == {"A", "O", "#"}
        assert list_customers(who, wanted(q="amb", letter="O")).letters == {"A"}

    @pytest.mark.parametrize("letter", ["AB", "ä", "1", "%", "\x00", " "])
    def test_that_are_none_are_ignored(self, world: World, letter: str) -> None:
        a_prospect(world.northstar, "Acme")
        assert names(list_customers(admin_of(world), wanted(letter=letter))) == ["Acme"]


class TestWhoSeesWhat:
    def test_a_partner_never_sees_another_ones(self, world: World) -> None:
        a_prospect(world.northstar, "Ours")
        a_prospect(world.harbour, "Theirs", primary_domain="theirs.example")
        who = admin_of(world)
        for asked in ({}, {"q": "theirs"}, {"q": "theirs.example"}, {"letter": "T"}, {"letter": "T", "sort": "users"}):
            listing = list_customers(who, wanted(**asked))
            assert "Theirs" not in names(listing)
            assert "T" not in listing.letters
        assert list_customers(who, wanted()).total == 1

    def test_an_operator_sees_everything(self, world: World) -> None:
        a_prospect(world.northstar, "Ours")
        a_prospect(world.harbour, "Theirs")
        listing = list_customers(standing_of(world.operator), wanted())
        assert (names(listing), listing.total) == (["Ours", "Theirs"], 2)

    def test_a_person_of_several_partners_sees_them_in_one_order(self, world: World) -> None:
        both = a_person("Bea Both", world.northstar, Role.VIEWER)
        Grant.create(person=both, partner=world.harbour, role=Role.TECHNICIAN, granted_at=now())
        for n in range(40):
            a_prospect((world.northstar, world.harbour)[n % 2], f"Company {n:02}")
        who = standing_of(both)
        first = list_customers(who, wanted())
        second = list_customers(who, wanted(after=first.after))
        assert names(first) + names(second) == [f"Company {n:02}" for n in range(40)]
        assert (first.first, first.last, second.first, second.last, second.total) == (1, 25, 26, 40, 40)

    def test_a_customer_taken_away_is_not_even_counted(self, world: World) -> None:
        gone = a_prospect(world.northstar, "Zeppelin", primary_domain="gone.example")
        a_prospect(world.northstar, "Acme")
        a_grant_over(world.technician, gone, Role.NONE)
        who = standing_of(world.technician)
        for asked in ({}, {"q": "zep"}, {"q": "gone.example"}, {"letter": "Z"}, {"sort": "users", "letter": "Z"}):
            listing = list_customers(who, wanted(**asked))
            assert "Zeppelin" not in names(listing)
            assert "Z" not in listing.letters
        listing = list_customers(who, wanted())
        assert (listing.total, listing.letters) == (1, {"A"})

    def test_a_customer_given_to_someone_is_counted(self, world: World) -> None:
        given = a_prospect(world.harbour, "Zeppelin")
        a_prospect(world.harbour, "Hidden")
        a_prospect(world.northstar, "Acme")
        a_grant_over(world.technician, given, Role.VIEWER)
        listing = list_customers(standing_of(world.technician), wanted())
        assert (names(listing), listing.total, listing.letters) == (["Acme", "Zeppelin"], 2, {"A", "Z"})

    def test_a_person_with_only_single_customers_sees_these(self, world: World) -> None:
        only = a_person("Una Only")
        a_grant_over(only, a_prospect(world.harbour, "Given"), Role.VIEWER)
        a_prospect(world.harbour, "Hidden")
        assert names(list_customers(standing_of(only), wanted())) == ["Given"]

    def test_a_person_without_grants_sees_nothing(self, world: World) -> None:
        a_prospect(world.northstar, "Acme")
        listing = list_customers(standing_of(a_person("Nils Nothing")), wanted(q="acme"))
        assert (listing.rows, listing.total) == ([], 0)

    def test_a_permission_narrows_the_list_to_where_it_is_held(self, world: World) -> None:
        raised = a_prospect(world.northstar, "Raised")
        a_prospect(world.northstar, "Acme")
        a_grant_over(world.viewer, raised, Role.MSP_ADMIN)
        listing = list_customers(standing_of(world.viewer), wanted(), "prospects.edit")
        assert (names(listing), listing.total) == (["Raised"], 1)

    @pytest.mark.parametrize("many", [2, finding.AS_THEY_ARE + 4])  # one by one in a statement, and as an array
    def test_a_role_over_many_customers_counts_for_each_of_them(self, world: World, many: int) -> None:
        theirs = [a_prospect(world.northstar, f"Theirs {n:02}") for n in range(many)]
        others = [a_prospect(world.northstar, f"Other {n:02}") for n in range(3)]
        for prospect in theirs:
            a_grant_over(world.viewer, prospect, Role.MSP_ADMIN)
            a_grant_over(world.admin, prospect, Role.VIEWER)
        for person, expected in ((world.viewer, theirs), (world.admin, others)):
            listing = list_customers(standing_of(person), wanted(), "prospects.edit")
            assert ({row.id for row in listing.rows}, listing.total) == ({each.id for each in expected}, len(expected))

    def test_other_shelves_are_other_lists(self, world: World) -> None:
        for status in SHELVES:
            a_customer(world.northstar, f"Is {status}", status)
        who = admin_of(world)
        assert names(list_customers(who, Wanted.read("complete", {}))) == ["Is complete", "Is pending_cancellation"]
        assert names(list_customers(who, Wanted.read("in_progress", {"q": "is "}))) == ["Is in_progress"]


class TestPages:
    def test_count_the_rows_before_them(self, world: World) -> None:
        for n in range(60):
            a_prospect(world.northstar, f"Company {n:02}")
        who = admin_of(world)
        first = list_customers(who, wanted())
        second = list_customers(who, wanted(after=first.after))
        third = list_customers(who, wanted(after=second.after))
        back = list_customers(who, wanted(before=third.before))
        assert [(page.first, page.last) for page in (first, second, third, back)] == [
            (1, 25),
            (26, 50),
            (51, 60),
            (26, 50),
        ]
        assert (first.before, third.after) == ("", "")
        assert back.rows == second.rows
        assert list_customers(who, wanted(before=back.before)).rows == first.rows

    def test_go_on_where_they_were_when_rows_come_and_go(self, world: World) -> None:
        companies = [a_prospect(world.northstar, f"Company {n:02}") for n in range(40)]
        who = admin_of(world)
        first = list_customers(who, wanted())
        Customer.delete_by_id(companies[24].id)
        a_prospect(world.northstar, "A new one")
        second = list_customers(who, wanted(after=first.after))
        assert names(second) == [f"Company {n:02}" for n in range(25, 40)]
        assert (second.first, second.last) == (26, 40)

    def test_begin_anew_when_nothing_is_left_where_they_were(self, world: World) -> None:
        companies = [a_prospect(world.northstar, f"Company {n:02}") for n in range(30)]
        who = admin_of(world)
        first = list_customers(who, wanted())
        for company in companies[25:]:
            Customer.delete_by_id(company.id)
        assert list_customers(who, wanted(after=first.after)).rows == first.rows

    @pytest.mark.parametrize("made_up", MADE_UP)
    def test_ignore_places_that_are_made_up(self, world: World, made_up: str) -> None:
        a_prospect(world.northstar, "Acme")
        who = admin_of(world)
        for sort, way in itertools.product(SORTS, ("after", "before")):
            assert names(list_customers(who, wanted(sort=sort, **{way: made_up}))) == ["Acme"]

    @pytest.mark.parametrize("sort", SORTS)
    def test_take_places_of_the_edge(self, world: World, sort: str) -> None:
        a_prospect(world.northstar, "Acme")
        value = {"users": 2**52, "created": "9999-12-31 23:59:59.999999"}.get(sort, "\U0010ffff")
        for rank in (0, 2**52):
            for way in ("after", "before"):
                listing = list_customers(admin_of(world), wanted(sort=sort, **{way: place([sort, value, 2**52, rank])}))
                assert (listing.first, listing.last) == (1, 1)

    @pytest.mark.parametrize(
        "asked", [{"sort": "password"}, {"sort": "name; DROP TABLE customer"}, {"dir": "sideways"}, {"sort": ""}]
    )
    def test_ignore_orders_that_are_made_up(self, world: World, asked: dict[str, str]) -> None:
        a_prospect(world.northstar, "Acme")
        assert wanted(**asked).query() == ""
        assert names(list_customers(admin_of(world), wanted(**asked))) == ["Acme"]


def test_an_address_says_only_what_is_not_as_usual() -> None:
    asked = wanted(q="a&b", letter="#", sort="users", dir="desc")
    assert asked.query() == "?q=a%26b&letter=%23&sort=users&dir=desc"
    assert asked.query(letter="", sort="name", dir="asc", after="x") == "?q=a%26b&after=x"
    assert wanted().query() == ""


# --- the number of queries and how they are answered --------------------------------------------------


@pytest.fixture
def asked(app: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...]]]:
    """Everything that is asked of the database, as (text, parameters)."""
    heard: list[tuple[str, tuple[Any, ...]]] = []
    really = type(database.obj).execute_sql

    def listen(self: Any, sql: str, params: Any = None) -> Any:
        heard.append((sql, tuple(params or ())))
        return really(self, sql, params)

    monkeypatch.setattr(type(database.obj), "execute_sql", listen)
    return heard


ASKED = [
    {}, {"sort": "domain"}, {"sort": "users", "dir": "desc"}, {"sort": "type"}, {"sort": "created", "dir": "desc"},
    {"letter": "C"}, {"letter": "C", "sort": "users"}, {"q": "comp"}, {"q": "co"}, {"q": "company 1"},
    {"q": "comp", "letter": "C", "sort": "domain"}, {"q": "a.example"},
]  # fmt: skip


@pytest.mark.parametrize("address", ASKED, ids=str)
def test_asks_as_many_questions_however_many_customers_there_are(
    world: World, asked: list[Any], address: dict[str, str]
) -> None:
    counts = []
    for more in (3, 60):
        for n in range(more):
            a_prospect(world.northstar, f"Company {n}")
        who = admin_of(world)
        asked.clear()
        list_customers(who, wanted(**address))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 4


def plan_of(text: str, params: tuple[Any, ...]) -> str:
    return "; ".join(row[3] for row in database.execute_sql(f"EXPLAIN QUERY PLAN {text}", params).fetchall())


ORDINARY = [
    {"letter": letter, "sort": sort, "dir": way}
    for letter, sort, way in itertools.product(("", "C"), SORTS, ("asc", "desc"))
    if not letter or sort == "name"
]


@pytest.mark.parametrize("statistics", [False, True], ids=["as new", "analysed"])
@pytest.mark.parametrize("role", ["admin", "operator"])
def test_reads_an_ordinary_list_along_an_index(world: World, asked: list[Any], role: str, statistics: bool) -> None:
    if not is_sqlite():
        pytest.skip("PostgreSQL chooses its plan by what the table holds")
    for n in range(60):
        a_prospect((world.northstar, world.harbour)[n % 2], f"Company {n}")
    if statistics:
        database.execute_sql("ANALYZE")
    who = standing_of(getattr(world, role))
    for address in ORDINARY:
        after = list_customers(who, wanted(**address)).after
        for place in ({}, {"after": after}, {"before": after}):
            asked.clear()
            list_customers(who, wanted(**address, **place))
            plans = [plan_of(*question) for question in list(asked) if "customer_count" not in question[0]]
            assert plans
            for plan in plans:
                assert "USING INDEX customer_" in plan, (address, plan)
                assert "SCAN" not in plan, (address, plan)
                assert "TEMP B-TREE" not in plan, (address, plan)
