"""The page of one customer."""

from collections.abc import Callable

import pytest

from blueprints.customer_details.pages import FURTHER, PANELS
from data.customers import Customer
from data.database import database
from data.domains import DomainLookup
from data.moments import now
from data.rfi import Rfi, RfiLink
from data.roles import Role
from tests.customer_details.plenty import (
    ATTACHMENTS,
    CONTACTS,
    LINES,
    NOTES,
    ORDERS,
    a_customer_with_nothing,
    a_customer_with_plenty,
)
from tests.factories import World, a_customer, a_grant_over, a_prospect
from tests.orders.drafts import a_draft, submit
from tests.visits import Answer, Visitor


@pytest.fixture
def sold(admin: Visitor, world: World) -> Customer:
    """A customer whose order was submitted just now."""
    draft = a_draft(world, users=40)
    submit(admin, draft)
    return Customer.get_by_id(draft.customer_id)


def address(customer: Customer, panel: str = "") -> str:
    return f"/customers/{customer.id}" + (f"?panel={panel}" if panel else "")


def text_of(answer: Answer, css: str) -> str:
    return " ".join(answer.find(css)[0].text_content().split())


def test_shows_what_was_sold_and_filed(viewer: Visitor, sold: Customer) -> None:
    page = viewer.get(address(sold))
    assert page.status == 200
    for told in (sold.name, "In progress", "your role: Viewer", "Ines Lead", "Northstar IT"):
        assert told in page.text
    for panel, told in {
        "products": "Mail shield",
        "plan": "Onboarding starts once the RFI is complete.",
        "infrastructure": "not known yet: the RFI asks for it",
        "rfi": "Incomplete",
        "attachments": "Order addendum",
        "recent": "Status prospect → in progress",
        "log": "Every milestone",
    }.items():
        assert told in text_of(page, f"#{panel}")


def test_a_customer_of_another_application_has_nothing_of_it_yet(viewer: Visitor, world: World) -> None:
    page = viewer.get(address(a_customer(world.northstar, status="complete", lead="")))
    for told in ("Nothing ordered yet.", "No plan yet", "No RFI yet", "No contacts.", "No notes yet.", "not known yet"):
        assert told in page.text


def test_tells_the_infrastructure_of_the_record_and_what_the_rfi_says(viewer: Visitor, sold: Customer) -> None:
    Rfi.update(infrastructure="onprem").execute()
    part = viewer.get(address(sold, "infrastructure"), htmx=True)
    assert "On-premises says the RFI, not handed in yet" in part.text
    Customer.update(infrastructure="m365").where(Customer.id == sold.id).execute()
    part = viewer.get(address(sold, "infrastructure"), htmx=True)
    assert "Mail runs on Microsoft 365" in part.text
    assert "The RFI says On-premises not handed in yet" in part.text
    Rfi.update(infrastructure="m365").execute()
    assert "The RFI says" not in viewer.get(address(sold, "infrastructure"), htmx=True).text


def test_tells_where_mail_goes_if_it_was_looked_up(viewer: Visitor, sold: Customer) -> None:
    facts = {"mail": ["mx1.isp.example"], "name_servers": [], "addresses": [], "unanswered": []}
    asked = {"asked_at": now(), "answered_at": now(), "outcome": "found", "facts": facts}
    DomainLookup.create(domain=sold.primary_domain, **asked)
    assert "Mail goes to mx1.isp.example. Looked up" in viewer.get(address(sold)).text


def test_offers_readers_nothing_they_may_not_do(admin: Visitor, viewer: Visitor, sold: Customer) -> None:
    assert viewer.get(address(sold)).find("main form") == []
    assert admin.get(address(sold)).find("#rfi form")


def test_tells_the_role_that_counts_for_this_customer(viewer: Visitor, sold: Customer, world: World) -> None:
    a_grant_over(world.viewer, sold, Role.TECHNICIAN)
    page = viewer.get(address(sold))
    assert "your role: Technician" in page.text
    assert page.find("#add-note")


def test_sends_prospects_to_their_page(admin: Visitor, world: World) -> None:
    prospect = a_prospect(world.northstar)
    assert admin.get(address(prospect)).location == f"/prospects/{prospect.id}"


def test_hides_customers_of_others(stranger: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, status="complete")
    assert stranger.get(address(customer)).status == 404
    for panel in PANELS:
        assert stranger.get(address(customer, panel), htmx=True).status == 404


class TestPanels:
    @pytest.mark.parametrize("panel", PANELS)
    def test_each_refreshes_alone(self, admin: Visitor, sold: Customer, panel: str) -> None:
        [there] = admin.get(address(sold)).find(f"#{panel}")
        assert there.get("hx-get") == address(sold, panel)
        assert there.get("hx-trigger") == f"{panel}-changed from:document"
        assert there.get("hx-swap") == "outerMorph", "so that focus and typing stay"
        part = admin.get(there.get("hx-get"), htmx=True)
        assert part.status == 200
        assert [child.get("id") for child in (part.tree,)] == [panel]
        assert not part.find("#said")

    def test_one_alone_asks_the_database_for_nothing_of_the_others(
        self, admin: Visitor, sold: Customer, statements: Callable
    ) -> None:
        whole = statements(lambda: admin.get(address(sold)))
        for panel in PANELS:
            assert statements(lambda: admin.get(address(sold, panel), htmx=True)) <= whole / 2  # noqa: B023 - called at once

    @pytest.mark.parametrize("panel", ["", "x", "show", "../recent", "%00", "further_products"])
    def test_made_up_ones_are_not_there_and_on_the_page_left_out(
        self, admin: Visitor, sold: Customer, panel: str
    ) -> None:
        assert admin.get(address(sold, panel), htmx=True).status == 404
        admin.get(address(sold))  # hears what was flashed
        assert admin.get(f"/customers/{sold.id}?panel={panel}&key=1").text == admin.get(address(sold)).text

    def test_a_revoked_link_makes_its_panel_and_the_recent_history_old(self, admin: Visitor, sold: Customer) -> None:
        revoke = admin.get(address(sold)).find("#rfi form[action$=revoke]")[0]
        assert revoke.get("hx-post") == revoke.get("action")
        answer = admin.post(revoke.get("action"), htmx=True)
        assert answer.headers["HX-Trigger"] == "rfi-changed, recent-changed"
        assert "no longer opens" in answer.text
        assert "revoked" in text_of(admin.get(address(sold, "rfi"), htmx=True), "#rfi")
        assert "RFI link of" in admin.get(address(sold, "recent"), htmx=True).text

    def test_a_link_sent_again_stays_on_the_page_too(self, admin: Visitor, sold: Customer) -> None:
        send = admin.get(address(sold)).find("#rfi form[action$=link]")[0].get("hx-post")
        assert admin.post(send, htmx=True).headers["HX-Trigger"] == "rfi-changed, recent-changed"
        assert RfiLink.select().count() == 2
        assert admin.post(send).location == address(sold)


class TestPlenty:
    @pytest.fixture
    def plenty(self, world: World) -> Customer:
        return a_customer_with_plenty(world)

    def test_asks_the_database_as_often_as_of_a_customer_with_nothing(
        self, admin: Visitor, world: World, plenty: Customer, statements: Callable
    ) -> None:
        nothing = a_customer(world.northstar, status="complete", lead="")
        little = a_customer_with_nothing(world)
        pages = [admin.get(address(customer)) for customer in (little, plenty)]
        asked = [statements(lambda: admin.get(address(one))) for one in (nothing, little, plenty)]  # noqa: B023 - as above
        assert asked[0] <= asked[1] == asked[2] <= 19
        assert len(pages[1].html) < 4 * len(pages[0].html), "long panels show a few of many"
        assert not database.in_transaction()

    @pytest.mark.parametrize(
        ("panel", "item", "many"),
        [
            ("products", "div.in", ORDERS),
            ("contacts", "li", CONTACTS + 1),
            ("recent", "li:not(.day)", LINES),
        ],
    )
    def test_long_panels_go_on_when_asked(
        self, admin: Visitor, plenty: Customer, panel: str, item: str, many: int
    ) -> None:
        page = admin.get(address(plenty))
        seen, more = page.find(f"#{panel} {item}"), page.find(f"#more-{panel} a")[0]
        texts = [entry.text_content() for entry in seen]
        while more is not None and len(texts) < 60:
            assert more.get("hx-target") == f"#more-{panel}"
            part = admin.get(more.get("hx-get"), htmx=True)
            assert not part.find(f"#{panel}, header")
            whole = admin.get(more.get("href"))
            assert whole.find(f"#{panel} {item}")[0].text_content() == part.find(item)[0].text_content()
            texts += [entry.text_content() for entry in part.find(item)]
            more = next(iter(part.find(f"#more-{panel} a")), None)
        assert len(seen) < len(texts)
        assert len(texts) == min(many, len(texts))
        assert more is not None or len(texts) == many
        if panel != "recent":
            assert len(set(texts)) == len(texts), "nothing comes twice"

    def test_attachments_go_on(self, admin: Visitor, plenty: Customer) -> None:
        page = admin.get(address(plenty))
        assert 0 < len(page.find("#attachments li")) < 30 < ATTACHMENTS
        more = page.find("#attachments a[hx-get]")[-1]
        assert admin.get(more.get("hx-get"), htmx=True).find("li")

    def test_notes_go_on_at_their_own_address(self, admin: Visitor, plenty: Customer) -> None:
        page = admin.get(address(plenty))
        assert 0 < len(page.find(".note")) < 10 < NOTES
        assert len(admin.get(page.find("#older a")[0].get("hx-get"), htmx=True).find(".note")) == 10

    @pytest.mark.parametrize("panel", FURTHER)
    @pytest.mark.parametrize("key", ["0", "-1", "x", "9" * 40, "٣", "%00", "1' OR 1=1", "1&key=2"])
    def test_made_up_keys_break_nothing(self, admin: Visitor, sold: Customer, panel: str, key: str) -> None:
        for htmx in (True, False):
            assert admin.get(address(sold, f"{panel}&key={key}"), htmx=htmx).status == 200
