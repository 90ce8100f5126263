"""Documents under a customer: listed, opened and removed by those who may, and not there for anybody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from blueprints.accounts.standing import standing_of
from blueprints.customers.attachments import PAGE, file_document
from data.accounts import Person
from data.attachments import Attachment, Content, Opening
from data.customers import Customer
from data.database import transaction
from data.history import PORTAL, History
from data.moments import now
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over
from tests.visits import Visitor

PAPER = b"%PDF-1.4 a paper"


def a_document(customer: Customer, who: Person | None, name: str = "A.pdf", content: bytes = PAPER) -> Attachment:
    """Uploaded by a person, or without one filed by the portal itself."""
    with transaction():
        return file_document(
            standing_of(who) if who else PORTAL, customer, name, content, pages=3, uploaded=who is not None
        )


@pytest.fixture
def filed(world: World) -> Attachment:
    customer = a_customer(world.northstar, status="in_progress")
    return a_document(customer, world.technician, "Größe „A“.docx")


def address(filed: Attachment, *more: str) -> str:
    return "/".join((f"/customers/{filed.customer_id}/attachments/{filed.id}", *more))


def listed(customer: Customer) -> str:
    return f"/customers/{customer.id}/attachments/"


def openings() -> list[str]:
    return [line.who_name for line in History.select().where(History.kind == "attachment.opened").order_by(History.id)]


class TestOpening:
    def test_serves_the_same_bytes_under_their_name(self, viewer: Visitor, filed: Attachment) -> None:
        answer = viewer.get(address(filed))
        assert answer.bytes == PAPER
        assert answer.headers["Content-Type"] == "application/pdf"
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("inline; ")
        assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E2%80%9EA%E2%80%9C.pdf" in disposition

    def test_in_a_sandbox_of_its_own(self, viewer: Visitor, filed: Attachment) -> None:
        headers = viewer.get(address(filed)).headers
        policy = headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "sandbox", "frame-ancestors 'none'"} <= set(policy)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "unsafe-none", "with a sandbox nothing may show"
        assert headers["Cache-Control"] == "private, no-cache"

    def test_a_browser_that_has_it_already_is_told_so(self, viewer: Visitor, filed: Attachment) -> None:
        tag = viewer.get(address(filed)).headers["ETag"]
        again = viewer.client.get(address(filed), headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert "sandbox" in again.headers["Content-Security-Policy"]

    def test_a_viewer_may_ask_for_a_part(self, viewer: Visitor, filed: Attachment) -> None:
        part = viewer.client.get(address(filed), headers={"Range": "bytes=1-3"})
        assert (part.status_code, part.data) == (206, b"PDF")
        assert part.headers["Content-Range"] == f"bytes 1-3/{len(PAPER)}"
        assert viewer.client.get(address(filed), headers={"Range": "bytes=999-"}).status_code == 416

    def test_who_opened_it_is_history_once_an_hour(self, viewer: Visitor, admin: Visitor, filed: Attachment) -> None:
        for _ in range(3):
            viewer.get(address(filed))
        admin.get(address(filed))
        assert openings() == ["Vera Viewer", "Ada Admin"]
        with time_machine.travel(now() + timedelta(minutes=61)):
            viewer.get(address(filed))
        assert openings() == ["Vera Viewer", "Ada Admin", "Vera Viewer"]
        assert Opening.select().count() == 2

    def test_asking_for_its_headers_is_not_opening_it(self, viewer: Visitor, filed: Attachment) -> None:
        assert viewer.client.head(address(filed)).status_code == 200
        assert openings() == []

    def test_hides_documents_of_others(
        self, stranger: Visitor, admin: Visitor, world: World, filed: Attachment
    ) -> None:
        assert stranger.get(address(filed)).status == 404
        own = a_customer(world.northstar, status="in_progress")
        assert admin.get(f"/customers/{own.id}/attachments/{filed.id}").status == 404
        assert openings() == []

    def test_hides_documents_of_a_customer_one_was_taken_off(
        self, viewer: Visitor, world: World, filed: Attachment
    ) -> None:
        a_grant_over(world.viewer, filed.customer, Role.NONE)
        assert viewer.get(address(filed)).status == 404
        assert viewer.get(listed(filed.customer)).status == 404


class TestListing:
    def test_tells_size_pages_who_and_when(self, viewer: Visitor, filed: Attachment) -> None:
        [row] = viewer.get(listed(filed.customer)).find(f'[data-id="{filed.id}"]')
        told = " ".join(row.text_content().split())
        assert told.startswith("Größe „A“.docx 1 KB · 3 pages · Tom Technician · ")

    def test_newest_first_and_goes_on_by_key(self, viewer: Visitor, world: World) -> None:
        customer = a_customer(world.northstar, status="in_progress")
        names = [f"{number}.pdf" for number in range(2 * PAGE + 3)]
        for name in names:
            a_document(customer, world.admin, name)
        seen, where = [], listed(customer)
        while where:
            part = viewer.get(where, htmx=bool(seen))
            seen += [link.text_content() for link in part.find("li > a")]
            where = next((link.get("hx-get") for link in part.find("#older-filed a")), "")
        assert seen == names[::-1]
        whole = viewer.get(f"{listed(customer)}?before={Attachment.select().first().id + 1}")
        assert [link.text_content() for link in whole.find("#filed li > a")] == ["0.pdf"]

    @pytest.mark.parametrize("asked", ["before=x", "before=-1", "before=9" * 9, "making=x", "making=-1", "before=%00"])
    def test_made_up_keys_break_nothing(self, viewer: Visitor, filed: Attachment, asked: str) -> None:
        for htmx in (True, False):
            assert viewer.get(f"{listed(filed.customer)}?{asked}", htmx=htmx).status in (200, 204)

    def test_asks_as_often_and_reads_no_bytes_however_many_there_are(
        self, admin: Visitor, world: World, statements: Callable, caplog: pytest.LogCaptureFixture
    ) -> None:
        one, many = (a_customer(world.northstar, status="in_progress") for _ in range(2))
        a_document(one, world.admin)
        for number in range(200):
            a_document(many, world.admin, f"{number}.pdf", b"%d" % number)
        for page in (listed, lambda customer: f"/customers/{customer.id}"):
            with caplog.at_level("DEBUG", "peewee"):
                few, lots = (statements(lambda: admin.get(page(customer))) for customer in (one, many))  # noqa: B023 - at once
            assert few == lots
        assert '"content"."content"' not in caplog.text
        assert 'FROM "content"' not in caplog.text

    def test_an_empty_list_says_what_comes_here(self, viewer: Visitor, admin: Visitor, world: World) -> None:
        customer = a_customer(world.northstar, status="in_progress")
        assert "No attachments yet." in viewer.get(listed(customer)).text
        assert viewer.get(listed(customer)).find("main form") == []
        assert admin.get(listed(customer)).find("main form input[type=file][multiple]")


class TestRemoving:
    def test_removes_and_says_so(self, technician: Visitor, filed: Attachment) -> None:
        answer = technician.post(address(filed, "remove"), htmx=True)
        assert "Größe „A“.docx removed." in answer.text
        assert answer.headers["HX-Trigger"] == "recent-changed"
        assert (Attachment.select().count(), Content.select().count()) == (0, 0)
        line = History.select().order_by(History.id.desc()).first()
        assert (line.kind, line.facts) == ("attachment.removed", {"name": "Größe „A“.docx"})

    def test_works_without_htmx(self, technician: Visitor, filed: Attachment) -> None:
        answer = technician.post(address(filed, "remove"))
        assert (answer.status, answer.location) == (303, listed(filed.customer))
        assert "removed." in technician.get(answer.location).text

    def test_after_it_was_opened_too(self, technician: Visitor, filed: Attachment) -> None:
        technician.get(address(filed))
        assert technician.post(address(filed, "remove")).status == 303

    def test_keeps_the_bytes_while_another_has_the_same(self, admin: Visitor, world: World, filed: Attachment) -> None:
        other = a_document(filed.customer, world.admin)
        admin.post(address(filed, "remove"))
        assert admin.get(address(other)).bytes == PAPER

    def test_an_administrator_may_and_another_technician_may_not(
        self, technician: Visitor, msp: Visitor, world: World
    ) -> None:
        theirs = a_document(a_customer(world.northstar, status="in_progress"), world.admin)
        assert technician.post(address(theirs, "remove")).status == 403
        assert technician.get(listed(theirs.customer)).find("#filed form") == []
        assert msp.post(address(theirs, "remove")).status == 303

    def test_what_the_portal_filed_stays(self, admin: Visitor, world: World) -> None:
        addendum = a_document(a_customer(world.northstar, status="in_progress"), None)
        assert "What the portal itself has filed here stays." in admin.post(address(addendum, "remove")).text
        assert admin.get(listed(addendum.customer)).find("#filed form") == []

    def test_twice_is_not_there(self, technician: Visitor, filed: Attachment) -> None:
        technician.post(address(filed, "remove"))
        assert technician.post(address(filed, "remove")).status == 404

    def test_hides_documents_of_others_and_refuses_readers(
        self, stranger: Visitor, viewer: Visitor, filed: Attachment
    ) -> None:
        assert stranger.post(address(filed, "remove")).status == 404
        assert viewer.post(address(filed, "remove")).status == 403

    @pytest.fixture
    def msp(self, visit_as: Callable, world: World) -> Visitor:
        return visit_as(world.msp_admin)


def test_keeps_the_same_bytes_once(world: World, filed: Attachment) -> None:
    a_document(filed.customer, world.admin, "Again.pdf")
    assert (Attachment.select().count(), Content.select().count()) == (2, 1)
