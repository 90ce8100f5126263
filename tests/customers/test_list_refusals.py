"""Addresses of lists and exports that nobody was given: they show the list, or less of it, and never anything else."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from blueprints.customers.places import cursor
from data.customers import Customer
from tests.customers.test_export import names as exported
from tests.customers.test_listing import MADE_UP
from tests.factories import World, a_customer
from tests.visits import Visitor

LISTS = ("/customers/in-progress", "/customers/complete", "/prospects/")
NAMES = ["Acme", "Beta", "Gamma"]
HUGE = "9" * 5_000

# What is written into one parameter at a time. The list answers as if the parameter were not there.
MEANINGLESS = {
    "letter": ("AB", "-1", "%00", "%ff", HUGE[:500], "a%20", "%C3%84"),
    "sort": ("password", "-1", "name;--", "%00", "%ff", HUGE[:500], "rank"),
    "dir": ("sideways", "-1", "%00", "DESC", HUGE[:500]),
    "after": ("x", "%00", "%ff", "=====", HUGE, *(quote(each) for each in MADE_UP[4::5])),
    "before": ("x", "%00", "%ff", "-1", HUGE),
    "size": ("-1", "0", "1", HUGE[:500], "%00", "all"),
    "page": ("-1", "2", HUGE[:500]),
    "limit": ("-1", "0", "1", HUGE[:500]),
    "offset": ("-1", "1", HUGE[:500]),
    "chosen": ("-1", "%00", HUGE[:500], "1", "1+2+3"),
    "partner": ("2", "-1"),
    "status": ("archived", "complete"),
    "shelf": ("past", "complete"),
}
QUERIES = [f"?{name}={value}" for name, values in MEANINGLESS.items() for value in values]
DOUBLED = [
    "?sort=users&sort=password",
    "?letter=&letter=A",
    "?dir=&dir=desc",
    "?after=&after=x",
    "?q=&q=Acme",
    "?q[]=1",
]


def shown(visitor: Visitor, address: str) -> list[str]:
    answer = visitor.get(address)
    assert answer.status in (200, 400), address
    return [link.text_content() for link in answer.find("tbody strong a")] if answer.status == 200 else []


@pytest.fixture
def ours(world: World) -> list[Customer]:
    """Three of ours on every list, two of the strangers'."""
    made = []
    for status in ("in_progress", "complete", "prospect"):
        made += [a_customer(world.northstar, name, status) for name in NAMES]
        for name in ("Confidential A", "Confidential Z"):
            a_customer(world.harbour, name, status)
    return made


@pytest.mark.parametrize("address", LISTS)
def test_what_means_nothing_is_left_out(admin: Visitor, ours: list[Customer], address: str) -> None:
    for query in QUERIES:
        assert shown(admin, address + query) == NAMES, query
        assert sorted(exported_names(admin, address, query)) == NAMES, query


@pytest.mark.parametrize("address", LISTS)
def test_what_is_said_twice_is_answered_once(admin: Visitor, ours: list[Customer], address: str) -> None:
    for query in DOUBLED:
        assert set(shown(admin, address + query)) <= set(NAMES), query
        assert set(exported_names(admin, address, query)) <= set(NAMES), query


SEARCHED = (
    "%00",
    "%ff",
    "%ED%A0%80",
    "a%00cme",
    HUGE[:3_000],
    "%25",
    "_",
    "%22",
    "*",
    "%E2%80%AE",
    "OR+1%3D1",
    "'+OR+''%3D'",
)


@pytest.mark.parametrize("address", LISTS)
def test_any_search_shows_ours_or_nothing(admin: Visitor, ours: list[Customer], address: str) -> None:
    for search in SEARCHED:
        for more in ("", "&letter=C&sort=role", "&sort=users&dir=desc"):
            query = f"?q={search}{more}"
            assert set(shown(admin, address + query)) <= set(NAMES), query
            assert set(exported_names(admin, address, query)) <= set(NAMES), query


@pytest.mark.parametrize("sort", ["name", "domain", "users", "type", "rfi", "role", "created"])
def test_a_place_in_a_strangers_list_is_only_a_place(
    world: World, admin: Visitor, ours: list[Customer], sort: str
) -> None:
    """Beside a row of others, a list goes on with its own, whichever way."""
    theirs = Customer.get((Customer.partner == world.harbour) & (Customer.shelf == "in_progress"))
    values = {
        "name": theirs.name_key,
        "domain": theirs.primary_domain,
        "users": theirs.permitted_users,
        "type": theirs.account_type,
        "rfi": theirs.rfi_state,
        "role": ["Partner administrator", theirs.name_key],
        "created": theirs.created_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    place = cursor(sort, values[sort], theirs.id, 7)
    for way in ("after", "before"):
        for direction in ("asc", "desc"):
            query = f"?sort={sort}&dir={direction}&{way}={place}"
            assert set(shown(admin, "/customers/in-progress" + query)) <= set(NAMES)
            assert sorted(exported_names(admin, "/customers/in-progress", query)) == NAMES, "an export is whole"


def exported_names(visitor: Visitor, address: str, query: str) -> list[str]:
    answer = visitor.get(address.rstrip("/") + "/export" + query)
    assert answer.status in (200, 400), query
    if answer.status == 400:
        return []
    return exported(answer, "Company" if address == "/prospects/" else "Customer")


def test_links_of_the_page_carry_no_nonsense_on(admin: Visitor, ours: list[Customer]) -> None:
    page = admin.get("/customers/in-progress?sort=password&after=x&size=9&evil=%22%3E%3Cscript%3E&dir=up")
    links = [link.get("href") for link in page.find("#found a[href]")] + [page.find("#choose")[0].get("action")]
    assert links
    for link in links:
        assert not any(word in link for word in ("password", "evil", "script", "size", "after=x", "dir=up")), link


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_gets_anything(nobody: Visitor, ours: list[Customer], method: str) -> None:
    ask: Callable = getattr(nobody, method)
    for path in ("/customers/in-progress/export", "/customers/complete/export"):
        answer = ask(path)
        assert (answer.status, answer.bytes) == (303, b"")
