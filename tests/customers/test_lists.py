"""The two lists of customers: each in its own, with the state of its RFI and your role beside it."""

from collections.abc import Callable

import pytest

from data.customers import Customer
from data.moments import now
from data.rfi import Rfi
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_prospect
from tests.orders.drafts import a_draft
from tests.visits import Visitor

IN_PROGRESS, COMPLETE = "/customers/in-progress", "/customers/complete"


def names_on(visitor: Visitor, address: str) -> list[str]:
    return [link.text_content() for link in visitor.get(address).find("tbody strong a")]


def test_each_customer_stands_in_one_list(admin: Visitor, world: World) -> None:
    a_prospect(world.northstar, "A prospect")
    a_customer(world.northstar, "Begun", status="in_progress")
    a_customer(world.northstar, "Done", status="complete")
    a_customer(world.northstar, "Ending", status="pending_cancellation")
    a_customer(world.northstar, "Gone", status="cancelled")
    assert names_on(admin, IN_PROGRESS) == ["Begun"]
    assert names_on(admin, COMPLETE) == ["Done", "Ending"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("incomplete", "Incomplete"),
        ("complete", "Complete"),
        ("error", "flagged"),
        ("not_applicable", "Not applicable"),
    ],
)
def test_shows_the_newest_rfi(admin: Visitor, world: World, state: str, words: str) -> None:
    customer = a_customer(world.northstar, status="in_progress")
    for each in ("incomplete", state):
        ask(customer, world, each)
    cell = admin.get(IN_PROGRESS).find("td[data-name=RFI]")[0]
    assert words in cell.text_content()
    assert bool(cell.cssselect("a")) is (state in ("incomplete", "error")), "red and amber lead to the RFI"


def ask(customer: Customer, world: World, state: str) -> None:
    order = a_draft(world, customer)
    order.state = "void"
    order.save()
    Rfi.create(customer=customer, order=order, state=state, opened_at=now())


@pytest.mark.parametrize(("state", "words"), [("incomplete", "RFI: Incomplete"), ("error", "RFI: Answers flagged")])
def test_complete_customers_show_an_rfi_that_waits(admin: Visitor, world: World, state: str, words: str) -> None:
    customer = a_customer(world.northstar, status="complete")
    ask(customer, world, "complete")
    cell = admin.get(COMPLETE).find("tbody td")[0]
    assert "RFI" not in cell.text_content(), "what is answered is not told"
    ask(customer, world, state)
    cell = admin.get(COMPLETE).find("tbody td")[0]
    assert words in cell.text_content()
    mark = cell.cssselect("small a.mark")[0]
    assert mark.get("href") == f"/customers/{customer.id}/rfi"
    assert mark.cssselect("svg"), "never colour alone"
    ask(customer, world, "not_applicable")
    assert "RFI" not in admin.get(COMPLETE).find("tbody td")[0].text_content()


def test_an_rfi_that_waits_costs_the_list_no_question(admin: Visitor, world: World, statements: Callable) -> None:
    customer = a_customer(world.northstar, status="complete")
    before = statements(lambda: admin.get(COMPLETE))
    ask(customer, world, "incomplete")
    assert statements(lambda: admin.get(COMPLETE)) == before


@pytest.mark.parametrize(("address", "shelf"), [(IN_PROGRESS, "in_progress"), (COMPLETE, "complete")])
def test_only_those_whose_rfi_waits(admin: Visitor, world: World, address: str, shelf: str) -> None:
    page = admin.get(address + "?rfi=waiting")
    assert "No RFI waits for answers" in page.text
    for state in ("incomplete", "complete", "error", "not_applicable"):
        ask(a_customer(world.northstar, f"Firm {state}", status=shelf), world, state)
    page = admin.get(address + "?rfi=waiting")
    assert [link.text for link in page.find("tbody strong a")] == ["Firm error", "Firm incomplete"]
    assert "Only customers whose RFI waits" in page.text
    kept = {each.get("name"): each.get("value") for each in page.find('input[type=hidden][form="seek"]')}
    assert kept == {"rfi": "waiting"}, "a search stays among them"
    narrower = [link.get("href") for link in page.find(".letters a[href], thead a, #choose a")]
    assert narrower
    assert all("rfi=waiting" in link for link in narrower if not link.endswith("rfi=waiting"))
    assert names_on(admin, address + "?rfi=waiting&q=flagged") == []
    assert len(names_on(admin, address + "?rfi=waiting&q=firm&letter=F&sort=users")) == 2
    lines = admin.get(address + "/export?rfi=waiting").bytes.decode().splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == ["Firm error", "Firm incomplete"]
    assert len(names_on(admin, address + "?rfi=nonsense")) == 4
    a_prospect(world.northstar, "Not asked yet")
    assert names_on(admin, "/prospects/?rfi=waiting") == ["Not asked yet"], "it means nothing there"


def test_who_answered_meanwhile_is_exported_all_the_same(admin: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, "Answered", status="complete")
    ask(customer, world, "incomplete")
    ask(customer, world, "complete")
    answer = admin.post(COMPLETE + "/export?rfi=waiting", {"chosen": str(customer.id)})
    assert answer.status == 200
    assert b"Answered" in answer.bytes


def test_shows_your_role_for_each(viewer: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, "Raised", status="in_progress")
    a_customer(world.northstar, "Usual", status="in_progress")
    a_grant_over(world.viewer, customer, Role.TECHNICIAN)
    roles = [cell.text for cell in viewer.get(IN_PROGRESS).find('td[data-name="Your role"]')]
    assert roles == ["Technician", "Viewer"]


def test_hides_customers_of_others_and_those_one_was_taken_off(
    viewer: Visitor, stranger: Visitor, world: World
) -> None:
    customer = a_customer(world.northstar, "Secret", status="in_progress")
    a_grant_over(world.viewer, customer, Role.NONE)
    assert names_on(viewer, IN_PROGRESS) == []
    assert names_on(stranger, IN_PROGRESS) == []


def test_search_letter_and_sort_are_in_the_address(admin: Visitor, world: World) -> None:
    for name in ("Müller", "Mühle", "Alder"):
        a_customer(world.northstar, name, status="in_progress")
    assert names_on(admin, IN_PROGRESS + "?q=muller") == ["Müller"]
    assert names_on(admin, IN_PROGRESS + "?letter=M&dir=desc") == ["Müller", "Mühle"]


def test_sends_the_part_alone_and_says_how_many(admin: Visitor, world: World) -> None:
    a_customer(world.northstar, "Begun", status="in_progress")
    part = admin.get(IN_PROGRESS, htmx=True)
    assert not part.find("html")
    assert "1 customer" in part.find("#said")[0].text_content()


@pytest.mark.parametrize("address", [IN_PROGRESS, COMPLETE])
def test_says_what_to_do_next_when_empty(admin: Visitor, address: str) -> None:
    assert admin.get(address).find("#found a.button, #found .button")


@pytest.mark.parametrize(
    "query", ["?after=x", "?before=%00", "?sort=password", "?letter=ZZ", "?dir=up", "?after=a&after=b"]
)
def test_made_up_parameters_show_the_list_all_the_same(admin: Visitor, world: World, query: str) -> None:
    a_customer(world.northstar, "Begun", status="in_progress")
    assert names_on(admin, IN_PROGRESS + query) == ["Begun"]


def test_asks_the_database_as_often_for_three_as_for_one(admin: Visitor, world: World, statements: Callable) -> None:
    a_customer(world.northstar, status="in_progress")
    one = statements(lambda: admin.get(IN_PROGRESS))
    for _ in range(2):
        a_customer(world.northstar, status="in_progress")
    assert statements(lambda: admin.get(IN_PROGRESS)) == one
