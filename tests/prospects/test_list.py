"""The list of prospects as people see it."""

import csv
import io
from urllib.parse import parse_qs, urlsplit

import pytest

from data.accounts import Grant, Person
from data.customers import Contact
from data.moments import now
from data.partners import Partner
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_partner, a_person, a_prospect
from tests.visits import Answer, Visitor


def names(answer: Answer) -> list[str]:
    return [link.text for link in answer.find("tbody tr strong a")]


def link(answer: Answer, css: str) -> str:
    return answer.find(css)[0].get("href")


ANY_ADDRESS = (
    *("q=%00", "q=%FF%FE", "q=" + "x" * 5_000, "q=%3Cscript%3E", "q=%25&q=%5F", "letter=%00", "letter=ZZ"),
    *("sort=id", "sort=name&sort=users", "dir=up", "after=%00", "after=" + "A" * 5_000, "before=e30", "after[]=1"),
    *("page=-1", "size=1000000"),
)


@pytest.fixture
def many(world: World) -> None:
    for n in range(30):
        a_prospect(world.northstar, f"Company {n:02}", permitted_users=100 - n)


class TestPage:
    def test_shows_the_prospects_of_the_msp(self, world: World, admin: Visitor) -> None:
        added = a_prospect(world.northstar, "Müller GmbH", primary_domain="xn--mller-kva.example", permitted_users=1250)
        a_prospect(world.harbour, "Theirs")
        a_customer(world.northstar, "No prospect any more", "in_progress")
        page = admin.get("/prospects/")
        assert names(page) == ["Müller GmbH"]
        assert page.find("tbody tr")[0].get("data-id") == str(added.id)
        assert "müller.example" in page.text
        assert "1,250" in page.text
        assert "1–1 of 1" in page.text
        assert "Northstar" not in page.text

    def test_shows_days_on_the_readers_clock(self, world: World, admin: Visitor) -> None:
        a_prospect(world.northstar, created_at=now().replace(year=2026, month=3, day=1, hour=23, minute=30))
        assert "2 March 2026" in admin.get("/prospects/").text
        Person.update(timezone="America/New_York").where(Person.id == world.admin.id).execute()
        assert "1 March 2026" in admin.get("/prospects/").text

    def test_links_each_row_to_its_order(self, world: World, admin: Visitor) -> None:
        added = a_prospect(world.northstar, "Acme")
        button = admin.get("/prospects/").find("tbody a.button")[0]
        assert button.get("href") == f"/prospects/{added.id}/order"
        assert button.get("aria-label") == "Provision Acme"

    def test_offers_nothing_to_readers_that_they_may_not(self, world: World, viewer: Visitor) -> None:
        a_prospect(world.northstar, "Acme")
        page = viewer.get("/prospects/")
        assert names(page) == ["Acme"]
        assert "Provision" not in page.text
        assert "New prospect" not in page.text

    def test_offers_what_a_person_may_on_a_single_prospect(self, world: World, viewer: Visitor) -> None:
        a_prospect(world.northstar, "Acme")
        raised = a_prospect(world.northstar, "Raised")
        a_grant_over(world.viewer, raised, Role.MSP_ADMIN)
        buttons = viewer.get("/prospects/").find("tbody a.button")
        assert [button.get("aria-label") for button in buttons] == ["Provision Raised"]

    def test_names_the_msp_where_there_are_several(self, world: World, operator: Visitor) -> None:
        a_prospect(world.northstar, "Ours")
        a_prospect(world.harbour, "Theirs")
        page = operator.get("/prospects/")
        assert names(page) == ["Ours", "Theirs"]
        assert "Northstar IT" in page.text
        assert "Harbour Lights" in page.text

    def test_shows_a_name_as_text(self, world: World, admin: Visitor) -> None:
        a_prospect(world.northstar, '<b onclick="x">Acme</b> & "Sons"')
        assert names(admin.get("/prospects/")) == ['<b onclick="x">Acme</b> & "Sons"']

    def test_shows_a_changed_row_as_it_is_now(self, world: World, admin: Visitor) -> None:
        added = a_prospect(world.northstar, "Acme")
        assert names(admin.get("/prospects/")) == ["Acme"]
        added.name = "Acme Ltd"
        added.save()
        assert names(admin.get("/prospects/")) == ["Acme Ltd"]

    def test_needs_as_many_queries_for_many_rows_as_for_one(
        self, world: World, operator: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from data.database import database  # noqa: PLC0415 - the one bound to this test

        asked: list[str] = []
        really = type(database.obj).execute_sql

        def listen(self: object, sql: str, params: object = None) -> object:
            asked.append(sql)
            return really(self, sql, params)

        monkeypatch.setattr(type(database.obj), "execute_sql", listen)
        counts = []
        for more in (1, 24):
            for n in range(more):
                a_prospect((world.northstar, world.harbour)[n % 2])
            asked.clear()
            operator.get("/prospects/")
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 4


class TestEmpty:
    def test_says_what_to_do_when_there_is_none(self, admin: Visitor, viewer: Visitor) -> None:
        page = admin.get("/prospects/")
        assert "No prospects yet" in page.text
        assert link(page, ".empty a") == "/prospects/new"
        assert not viewer.get("/prospects/").find(".empty a")

    def test_says_that_nothing_was_found_and_how_to_see_more(self, world: World, admin: Visitor) -> None:
        a_prospect(world.northstar, "Acme")
        page = admin.get("/prospects/?q=zebra&letter=Z")
        assert "No name under Z has “zebra” in it" in page.text
        assert link(page, ".empty a") == "/prospects/?q=zebra"
        assert link(admin.get("/prospects/?q=zebra"), ".empty a") == "/prospects/"


@pytest.mark.usefixtures("many")
class TestState:
    def test_pages_forwards_and_back(self, admin: Visitor) -> None:
        first = admin.get("/prospects/")
        assert (names(first)[0], names(first)[-1]) == ("Company 00", "Company 24")
        assert "1–25 of 30" in first.text
        second = admin.get(link(first, "a[rel=next]"))
        assert names(second) == [f"Company {n}" for n in range(25, 30)]
        assert "26–30 of 30" in second.text
        assert not second.find("a[rel=next]")
        assert names(admin.get(link(second, "a[rel=prev]"))) == names(first)

    def test_sorts_by_each_column_and_back(self, admin: Visitor) -> None:
        page = admin.get("/prospects/")
        for heading in ("Domain", "Users", "Account type", "Created", "Company"):
            (pressed,) = (a for a in page.find("thead a") if a.text == heading)
            page = admin.get(pressed.get("href"))
            (column,) = page.find("th[aria-sort]")
            assert column.get("aria-sort") == "ascending"
            page = admin.get(column.cssselect("a")[0].get("href"))
            assert page.find("th[aria-sort]")[0].get("aria-sort") == "descending"
        assert names(page)[0] == "Company 29"

    def test_keeps_everything_in_the_address(self, admin: Visitor) -> None:
        page = admin.get("/prospects/?q=company&letter=C&sort=users&dir=desc")
        assert names(page)[0] == "Company 00"
        assert page.value("q") == "company"
        state = {field.get("name"): field.get("value") for field in page.find("input[form=seek]")}
        assert state == {"letter": "C", "sort": "users", "dir": "desc"}
        asked = parse_qs(urlsplit(link(page, "a[rel=next]")).query)
        assert {name: values[0] for name, values in asked.items() if name != "after"} == {"q": "company"} | state
        letters = page.find(".letters a[href]")
        assert [letter.text for letter in letters] == ["All", "C"]
        assert parse_qs(urlsplit(letters[0].get("href")).query) == {
            "q": ["company"],
            "sort": ["users"],
            "dir": ["desc"],
        }

    def test_answers_a_search_in_place(self, admin: Visitor) -> None:
        part = admin.get("/prospects/?q=company+07&sort=name", htmx=True)
        assert names(part) == ["Company 07"]
        assert not part.find("#seek"), "the box stays where it is"
        assert part.find("#said")[0].text == "1 prospect"

    def test_tells_the_address_of_what_the_box_found(self, admin: Visitor) -> None:
        headers = {"HX-Request": "true", "HX-Source": "form#seek"}
        answer = admin.client.get("/prospects/?q=&sort=users&dir=asc", headers=headers)
        assert answer.headers["HX-Replace-Url"] == "/prospects/?sort=users"
        assert "HX-Replace-Url" not in admin.client.get("/prospects/", headers={"HX-Request": "true"}).headers

    @pytest.mark.parametrize("query", ANY_ADDRESS)
    def test_takes_any_address(self, admin: Visitor, query: str) -> None:
        assert admin.get(f"/prospects/?{query}").status == 200
        assert admin.get(f"/prospects/?{query}", htmx=True).status == 200
        assert admin.get(f"/prospects/export?{query}").status == 200


class TestExport:
    def test_has_every_row_of_the_list(self, world: World, admin: Visitor) -> None:
        for n in range(60):
            a_prospect(world.northstar, f"Acme {n:02}")
        a_prospect(world.northstar, "Other")
        a_prospect(world.harbour, "Acme of theirs")
        rows = read(admin.get("/prospects/export?q=acme&sort=name&dir=desc"))
        assert [row["Company"] for row in rows] == [f"Acme {n:02}" for n in range(59, -1, -1)]

    def test_says_who_leads_on_the_customers_side(self, world: World, admin: Visitor) -> None:
        added = a_prospect(world.northstar, "Acme", permitted_users=12, lead="ines@acme.example")
        Contact.update(phone="+493012345").where(Contact.customer == added).execute()
        (row,) = read(admin.get("/prospects/export"))
        assert row["MSP"] == "Northstar IT"
        assert row["Permitted users"] == "12"
        assert (row["Implementation Lead"], row["Email"], row["Phone"]) == (
            "Ines Lead",
            "ines@acme.example",
            "+493012345",
        )

    def test_defuses_formulas(self, world: World, admin: Visitor) -> None:
        a_prospect(world.northstar, '=HYPERLINK("http://evil.example")', lead="")
        (row,) = read(admin.get("/prospects/export"))
        assert row["Company"] == '\'=HYPERLINK("http://evil.example")'

    def test_is_read_in_pieces(self, world: World, admin: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("blueprints.customers.listing.EXPORTED_AT_ONCE", 7)
        monkeypatch.setattr("blueprints.customers.export.AT_ONCE", 5)
        for n in range(20):
            a_prospect(world.northstar, f"Acme {n:02}")
        assert len(read(admin.get("/prospects/export"))) == 20


def read(answer: Answer) -> list[dict[str, str]]:
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=prospects.csv"
    return list(csv.DictReader(io.StringIO(answer.bytes.decode("utf-8-sig"))))


class TestArchived:
    def test_are_in_a_list_of_their_own(self, world: World, admin: Visitor) -> None:
        for status in ("archived", "cancelled", "transferred", "closed", "prospect"):
            a_customer(world.northstar, f"Is {status}", status)
        page = admin.get("/prospects/archived")
        assert names(page) == ["Is archived"]
        assert "1–1 of 1" in page.text
        assert "Provision" not in page.text
        assert names(admin.get("/prospects/archived?q=is&letter=I")) == ["Is archived"]
        assert names(admin.get("/prospects/")) == ["Is prospect"]

    def test_of_others_stay_hidden(self, world: World, stranger: Visitor) -> None:
        a_customer(world.northstar, "Acme", "archived")
        page = stranger.get("/prospects/archived")
        assert "Nothing is archived" in page.text


def test_several_partners_of_one_person_are_one_list(world: World, visit_as: object) -> None:
    third: Partner = a_partner("Third")
    both = a_person("Bea Both", world.northstar, Role.MSP_ADMIN)
    Grant.create(person=both, partner=third, role=Role.VIEWER, granted_at=now())
    a_prospect(world.northstar, "B of Northstar")
    a_prospect(third, "A of Third")
    a_prospect(world.harbour, "C of Harbour")
    page = visit_as(both).get("/prospects/")  # type: ignore[operator]  # the fixture is a function
    assert names(page) == ["A of Third", "B of Northstar"]
    assert [button.get("aria-label") for button in page.find("tbody a.button")] == ["Provision B of Northstar"]
