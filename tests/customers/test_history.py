"""The history of a customer: every milestone, by kind and by person, a page at a time."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from blueprints.customers.log import GROUPS, MOST_PEOPLE, PAGE
from data import history
from data.customers import Customer
from data.database import transaction
from data.history import KINDS, PORTAL
from tests.factories import World, a_customer, a_person
from tests.visits import Answer, Visitor

ROOT = Path(__file__).parents[2]


@pytest.fixture
def customer(world: World) -> Customer:
    return a_customer(world.northstar, "Alder & Sons", status="in_progress")


def happened(customer: Customer, who: object, *kinds: str) -> None:
    with transaction():
        for kind in kinds:
            facts = dict.fromkeys(history.facts_of(kind), "<b>something</b>")
            history.record(kind, who, partner=customer.partner_id, customer=customer.id, **facts)


def address(customer: Customer, asked: str = "") -> str:
    return f"/customers/{customer.id}/history{asked}"


def told(answer: Answer) -> list[str]:
    return [" ".join(line.text_content().split()) for line in answer.find("#log li:not(.day)")]


def test_tells_every_milestone_newest_first(viewer: Visitor, customer: Customer, world: World) -> None:
    happened(customer, world.admin, "plan.opened", "note.added")
    happened(customer, PORTAL, "note.edited")
    page = viewer.get(address(customer))
    assert [line[6:] for line in told(page)] == [
        "Note edited the portal",
        "Note added Ada Admin",
        "Onboarding plan opened Ada Admin",
    ]


def test_tells_every_kind_there_is(viewer: Visitor, customer: Customer, world: World) -> None:
    happened(customer, world.admin, *KINDS)
    page = viewer.get(address(customer))
    lines = told(page)
    while older := page.find("#log-older"):
        page = viewer.get(older[0].get("href"))
        lines += told(page)
        assert not page.find("#log b")
    assert len(lines) == len(KINDS)


def test_tells_the_time_on_the_readers_clock(
    visit_as: Callable, customer: Customer, world: World, time_machine: object
) -> None:
    time_machine.move_to("2026-11-21 23:30 +0000", tick=False)
    happened(customer, world.admin, "note.added")
    page = visit_as(world.viewer).get(address(customer))  # Europe/Berlin
    assert page.find("#log .day")[0].text == "22 November 2026"
    assert page.find("#log time")[0].text == "00:30"


def test_narrows_to_a_kind(viewer: Visitor, customer: Customer, world: World) -> None:
    happened(customer, world.admin, "plan.opened", "note.added", "order.dropped")
    assert len(told(viewer.get(address(customer, "?about=notes")))) == 1
    part = viewer.get(address(customer, "?about=orders"), htmx=True)
    assert not part.find("html")
    assert "Draft order dropped" in part.text
    assert "1 milestone on this page" in part.text
    page = viewer.get(address(customer, "?about=letters"))
    assert "No milestone is of this kind by this person." in page.text
    assert page.find("[name=about] [selected]")[0].get("value") == "letters"


def test_narrows_to_a_person(viewer: Visitor, customer: Customer, world: World) -> None:
    happened(customer, world.admin, "plan.opened")
    happened(customer, world.technician, "note.added")
    happened(customer, PORTAL, "note.edited")
    happened(customer, SimpleNamespace(id=None, name="Ines Lead"), "note.removed")
    page = viewer.get(address(customer))
    names = {option.text: option.get("value") for option in page.find("[name=person] option")}
    assert list(names) == ["By anybody", "Ada Admin", "Ines Lead", "the portal", "Tom Technician"]
    for name in list(names)[1:]:
        answer = viewer.get(address(customer), query_string={"person": names[name]})
        assert len(told(answer)) == 1
        assert told(answer)[0].endswith(name)


def test_a_person_who_was_renamed_is_one_choice(viewer: Visitor, customer: Customer, world: World) -> None:
    for name in ("Tom Zeller", "Tom Abel"):
        happened(customer, SimpleNamespace(id=world.technician.id, name=name), "note.added")
    page = viewer.get(address(customer))
    assert [option.text for option in page.find("[name=person] option")][1:] == ["Tom Abel"]
    assert len(told(viewer.get(address(customer, f"?person={world.technician.id}")))) == 2


def test_pages_by_key_both_ways(viewer: Visitor, customer: Customer, world: World) -> None:
    happened(customer, world.admin, *["note.added"] * (2 * PAGE + 7))
    happened(customer, world.admin, "plan.opened")
    first = viewer.get(address(customer, "?about=notes"))
    second = viewer.get(first.find("#log-older")[0].get("href"))
    third = viewer.get(second.find("#log-older")[0].get("href"))
    assert [len(told(page)) for page in (first, second, third)] == [PAGE, PAGE, 7]
    assert not first.find("#log-newer")
    assert not third.find("#log-older")
    back = viewer.get(third.find("#log-newer")[0].get("href"))
    assert told(back) == told(second)
    assert not viewer.get(back.find("#log-newer")[0].get("href")).find("#log-newer")


@pytest.mark.parametrize(
    "asked",
    [
        *("?about=x", "?about=notes%00", "?about=&about=notes", "?person=999999", "?person=name:", "?person=%00"),
        *("?person=' OR 1=1 --", "?before=x", "?before=-1", "?before=0&after=0", "?after=" + "9" * 40, "?after=٣"),
    ],
)
def test_what_is_made_up_is_left_out(viewer: Visitor, customer: Customer, world: World, asked: str) -> None:
    happened(customer, world.admin, "plan.opened")
    assert len(told(viewer.get(address(customer, asked)))) == 1


def test_keys_never_show_another_customer(viewer: Visitor, customer: Customer, world: World) -> None:
    other = a_customer(world.harbour, status="complete")
    happened(other, a_person("Some Stranger"), "note.added")
    happened(customer, world.admin, "plan.opened")
    for asked in ("?after=0", "?after=1", "?before=999999", ""):
        page = viewer.get(address(customer, asked))
        assert "Stranger" not in page.text
        assert "Note added" not in page.text


def test_hides_others(stranger: Visitor, customer: Customer) -> None:
    assert stranger.get(address(customer)).status == 404


def test_asks_the_database_as_often_however_long_it_is(viewer: Visitor, world: World, statements: Callable) -> None:
    few, many = (a_customer(world.northstar, status="complete") for _ in range(2))
    happened(few, world.admin, "note.added")
    for who in (world.admin, world.technician, PORTAL):
        happened(many, who, *["plan.opened"] * 40)
    asked = [statements(lambda: viewer.get(address(one))) for one in (few, many)]  # noqa: B023 - called at once
    assert asked[0] == asked[1]


def test_the_page_of_the_customer_leads_here(viewer: Visitor, customer: Customer) -> None:
    link = viewer.get(f"/customers/{customer.id}").find("#recent header a")[0]
    assert (link.text, link.get("href")) == ("Whole history", address(customer))


def test_each_kind_told_of_a_customer_has_a_group() -> None:
    begins = tuple(begin for _, beginnings in GROUPS.values() for begin in beginnings)
    elsewhere = ("installation.", "partner.", "product.", "price.", "mail.", "sample.")
    assert [kind for kind in KINDS if not kind.startswith((*begins, *elsewhere))] == []


ALTERS = re.compile(
    r"\bHistory\.(update|delete|replace|bulk_update|truncate_table|drop_table)"
    r"|\b(UPDATE|DELETE\s+FROM|REPLACE\s+INTO|TRUNCATE|DROP\s+TABLE|DROP\s+TRIGGER)\s+\"?history",
    re.IGNORECASE,
)


@pytest.mark.parametrize("folder", ["blueprints", "data"])
def test_no_code_changes_or_removes_a_line(folder: str) -> None:
    """The database refuses it (tests/data/test_database.py); nothing tries."""
    tried = [path for path in (ROOT / folder).rglob("*.py") if ALTERS.search(path.read_text())]
    assert tried == []


def test_offers_only_so_many_people(viewer: Visitor, customer: Customer) -> None:
    for number in range(MOST_PEOPLE + 20):
        happened(customer, SimpleNamespace(id=None, name=f"Contact {number} (by link)"), "rfi.link_opened")
    offered = viewer.get(address(customer)).find("[name=person] option")
    assert len(offered) == MOST_PEOPLE + 1
    assert f"Contact {MOST_PEOPLE + 19} (by link)" in [option.text for option in offered], "the newest are among them"


def test_is_a_panel_of_the_customers_page_that_keeps_the_address(viewer: Visitor, customer: Customer) -> None:
    panel = viewer.get(f"/customers/{customer.id}").find("#log")[0]
    assert panel.get("hx-get") == panel.cssselect("a")[0].get("href") == address(customer)
    for asked, header in (("?about=notes", "HX-Replace-Url"), ("?before=9", "HX-Push-Url")):
        for current, moves in ((f"/customers/{customer.id}", False), (address(customer), True)):
            headers = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{current}"}
            answer = viewer.client.get(address(customer, asked), headers=headers)
            assert (answer.headers.get(header) == address(customer, asked)) is moves
            assert "<html" not in answer.text
