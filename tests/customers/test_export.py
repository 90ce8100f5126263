"""A list of customers as CSV: all of it, or the rows that are ticked."""

import csv
import io
from datetime import UTC, date, datetime

import pytest

from blueprints.customers import export, listing
from data.customers import Contact
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_person
from tests.visits import Answer, Visitor

IN_PROGRESS, COMPLETE = "/customers/in-progress/export", "/customers/complete/export"


def rows(answer: Answer) -> list[dict[str, str]]:
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.bytes.startswith(b"\xef\xbb\xbf"), "spreadsheets know UTF-8 by its mark"
    return list(csv.DictReader(io.StringIO(answer.bytes.decode("utf-8-sig"), newline="")))


def names(answer: Answer, heading: str = "Customer") -> list[str]:
    return [row[heading] for row in rows(answer)]


def test_says_everything_that_the_list_says(world: World, admin: Visitor) -> None:
    customer = a_customer(
        world.northstar,
        "Müller, Söhne",
        "in_progress",
        primary_domain="xn--mller-kva.example",
        rfi_state="error",
        subscription_start=date(2026, 11, 1),
        created_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC),
    )
    Contact.update(phone="+49301234").where(Contact.customer == customer).execute()
    assert rows(admin.get(IN_PROGRESS)) == [
        {
            "Customer": "Müller, Söhne",
            "Domain": "müller.example",
            "MSP": "Northstar IT",
            "Permitted users": "25",
            "Account type": "Standard",
            "RFI": "Answers flagged",
            "Steps done": "",
            "Steps": "",
            "Whose turn": "",
            "Inbound queue": "not set up",
            "Outbound queue": "not set up",
            "Journal queue": "not set up",
            "Journal connector": "not set up",
            "Directory connector": "not set up",
            "Your role": "Partner administrator",
            "Subscription start": "2026-11-01",
            "Created": "2026-11-01",
            "Implementation Lead": "Ines Lead",
            "Email": "lead@xn--mller-kva.example",
            "Phone": "+49301234",
        }
    ]


def test_has_what_the_address_shows_and_in_its_order(world: World, admin: Visitor, operator: Visitor) -> None:
    for number, name in enumerate(("Acme", "Müller", "Mühle", "Zeppelin")):
        a_customer(world.northstar, name, "in_progress", permitted_users=number)
    a_customer(world.northstar, "Done", "complete")
    assert names(admin.get(IN_PROGRESS)) == ["Acme", "Mühle", "Müller", "Zeppelin"]
    assert names(admin.get(f"{IN_PROGRESS}?sort=users&dir=desc&letter=M")) == ["Mühle", "Müller"]
    assert names(admin.get(f"{IN_PROGRESS}?q=muller&after=nonsense")) == ["Müller"]
    assert names(operator.get(COMPLETE)) == ["Done"]


def test_defuses_formulas(world: World, admin: Visitor) -> None:
    a_customer(world.northstar, '=HYPERLINK("x")', "in_progress")
    assert names(admin.get(IN_PROGRESS)) == ['\'=HYPERLINK("x")']


def test_an_empty_list_is_its_heading(admin: Visitor) -> None:
    answer = admin.get(COMPLETE)
    assert rows(answer) == []
    assert answer.bytes.decode("utf-8-sig").split(",")[0] == "Customer"
    assert not admin.get("/customers/complete").find("a[href*=export], #choose"), "and the page offers none"


def test_is_read_and_sent_in_pieces(world: World, admin: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 2)
    monkeypatch.setattr(listing, "EXPORTED_AT_ONCE", 2)
    for number in range(7):
        a_customer(world.northstar, f"Company {number}", "in_progress")
    with admin.client.get(IN_PROGRESS, buffered=False) as response:
        assert len(list(response.response)) == 5
    assert len(names(admin.get(f"{IN_PROGRESS}?sort=domain&q=comp"))) == 7


MARKER = "Confidential Marker"
PATHS = ("/customers/in-progress", "/customers/complete", IN_PROGRESS, COMPLETE, "/prospects/", "/prospects/export")
ASKED = (
    *("", "?q=marker", "?q=secret.example", "?letter=C", "?sort=role&dir=desc", "?sort=rfi&letter=C", "?sort=users"),
    "?rfi=waiting",
)


@pytest.mark.parametrize("path", PATHS)
def test_never_says_a_word_of_a_stranger_or_of_a_customer_taken_away(
    world: World, admin: Visitor, visit_as: object, path: str
) -> None:
    person = a_person("Paul Part", world.northstar, Role.TECHNICIAN)
    for status in ("in_progress", "complete", "prospect"):
        waits = {"rfi_state": "incomplete"}
        a_customer(world.harbour, f"{MARKER} {status}", status, primary_domain=f"{status[:2]}.secret.example", **waits)
        taken = a_customer(world.northstar, f"{MARKER} taken {status}", status, **waits)
        for each in (world.admin, person):
            a_grant_over(each, taken, Role.NONE)
    for visitor in (admin, visit_as(person)):  # type: ignore[operator]  # a fixture that makes visitors
        for asked in ASKED:
            answer = visitor.get(path + asked)
            heard = answer.bytes.decode().replace(asked.partition("=")[2], "")
            assert "marker" not in heard.lower().replace("?q=marker", "")
            assert "Confidential" not in heard


class TestChosen:
    def test_are_exported_in_the_order_of_the_list(self, world: World, admin: Visitor) -> None:
        ids = [a_customer(world.northstar, name, "in_progress").id for name in ("Acme", "Beta", "Gamma", "Delta")]
        answer = admin.post(f"{IN_PROGRESS}?dir=desc", {"chosen": [ids[0], ids[3], ids[3]]})
        assert names(answer) == ["Delta", "Acme"]

    def test_a_whole_page_is_ticked_by_one_box(self, world: World, viewer: Visitor) -> None:
        for name in ("Acme", "Beta"):
            a_customer(world.northstar, name, "complete")
        page = viewer.get("/customers/complete")
        box = page.find("#choose [data-all]")[0]
        assert names(viewer.post(COMPLETE, {"chosen": box.get("value")})) == ["Acme", "Beta"]

    def test_belong_to_the_form_though_they_stand_in_the_table(self, world: World, admin: Visitor) -> None:
        customer = a_customer(world.northstar, "Acme", "complete")
        page = admin.get("/customers/complete?q=ac&sort=users")
        assert page.find(f'tbody [name=chosen][form=choose][value="{customer.id}"]')
        assert page.find("#choose")[0].get("action") == "/customers/complete/export?q=ac&sort=users"

    @pytest.mark.parametrize("chosen", [[], ["x", "", "-1", "0", "9" * 40, "1e3", "٣"]], ids=["none", "no ids"])
    def test_none_chosen_comes_back_to_the_same_list(self, world: World, admin: Visitor, chosen: list[str]) -> None:
        a_customer(world.northstar, "Acme", "in_progress")
        answer = admin.post(f"{IN_PROGRESS}?q=ac&dir=desc", {"chosen": chosen})
        assert (answer.status, answer.location) == (303, "/customers/in-progress?q=ac&dir=desc")
        assert "Tick the customers to export first" in admin.get(answer.location).text

    def test_of_strangers_of_the_other_list_or_of_nobody_refuse_all(self, world: World, admin: Visitor) -> None:
        ours = a_customer(world.northstar, "Acme", "in_progress").id
        theirs = a_customer(world.harbour, MARKER, "in_progress").id
        complete = a_customer(world.northstar, "Done", "complete").id
        for other in (theirs, complete, 2**40):
            answer = admin.post(IN_PROGRESS, {"chosen": f"{ours} {other}"})
            assert answer.status == 404
            assert b"Acme" not in answer.bytes
