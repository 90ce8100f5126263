"""Uploading: what is kept, what is refused and why, what becomes of it, and that nothing else is kept."""

import threading
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pikepdf
import pytest
import time_machine

from blueprints.customers import attachments, jobs, making, papers
from blueprints.customers.papers import LONGEST_NAME, shown_name
from blueprints.gateways.papers.limits import MEGABYTE, MOST_BYTES
from data.attachments import Attachment, Content, Paper, PaperPiece
from data.customers import Customer
from data.database import database
from data.history import History
from data.moments import now
from tests.customers.uploading import a_pdf, a_picture, upload
from tests.factories import World, a_customer
from tests.visits import Visitor


@pytest.fixture
def customer(world: World) -> Customer:
    return a_customer(world.northstar, status="in_progress")


def listed(customer: Customer, asked: str = "") -> str:
    return f"/customers/{customer.id}/attachments/{asked}"


def work() -> None:
    """What the worker does when it is nudged."""
    jobs.make_due.call_local()
    database.connect(reuse_if_open=True)


def kinds() -> list[str]:
    return [line.kind for line in History.select().order_by(History.id)]


class TestKeeping:
    def test_says_what_it_received_and_makes_it_safe(self, technician: Visitor, customer: Customer) -> None:
        answer = upload(technician, customer.id, (a_pdf(3), "a.pdf"), (b"Hello", "b.txt"), htmx=True)
        assert "2 files received, being made safe now." in answer.text
        assert [row.text_content().split()[0] for row in answer.find("#filed li")] == ["a.pdf", "b.txt"]
        assert answer.headers["HX-Trigger"] == "recent-changed"
        work()
        page = technician.get(listed(customer))
        assert [link.text_content() for link in page.find("#filed li > a")] == ["b.txt", "a.pdf"]
        assert "3 pages · Tom Technician" in page.text
        assert (Paper.select().count(), PaperPiece.select().count()) == (0, 0)
        assert kinds() == ["attachment.received", "attachment.received", "attachment.filed", "attachment.filed"]
        assert {line.who_name for line in History.select()} == {"Tom Technician"}

    def test_works_without_htmx(self, technician: Visitor, customer: Customer) -> None:
        answer = upload(technician, customer.id, (b"Hello", "b.txt"))
        assert (answer.status, answer.location) == (303, listed(customer))
        page = technician.get(answer.location)
        assert "1 file received, being made safe now." in page.text
        assert "b.txt Being made safe" in page.text

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
    def test_what_it_is_counts_and_not_what_it_is_called(
        self, technician: Visitor, customer: Customer, kind: str
    ) -> None:
        upload(technician, customer.id, (a_picture(kind), "report.docx"))
        work()
        filed = Attachment.get()
        assert (filed.name, filed.media_type, filed.pages) == ("report.docx", "application/pdf", 1)
        opened = technician.get(listed(customer, str(filed.id)))
        assert opened.bytes.startswith(b"%PDF-")
        assert "filename=report.pdf" in opened.headers["Content-Disposition"]

    def test_a_large_file_arrives_whole_and_in_pieces(self, technician: Visitor, customer: Customer) -> None:
        content = bytes(range(256)) * (5 * MEGABYTE // 256) + b"end"
        upload(technician, customer.id, (content, "large"))
        paper = Paper.get()
        assert b"".join(making.pieces_of(paper)) == content
        assert max(len(piece) for piece in making.pieces_of(paper)) <= MEGABYTE

    def test_the_same_file_twice_is_two_attachments_with_one_content(
        self, technician: Visitor, customer: Customer
    ) -> None:
        upload(technician, customer.id, (a_picture(), "a.png"), (a_picture(), "b.png"))
        work()
        assert (Attachment.select().count(), Content.select().count()) == (2, 1)

    def test_the_part_that_waits_asks_again_until_all_is_done(self, technician: Visitor, customer: Customer) -> None:
        answer = upload(technician, customer.id, (b"Hello", "b.txt"), htmx=True)
        [again] = answer.find("#filed a[hx-trigger*=every]")
        assert technician.get(again.get("hx-get"), htmx=True).status == 204, "nothing has changed"
        work()
        done = technician.get(again.get("hx-get"), htmx=True)
        assert "All files are made safe and filed." in done.text
        assert done.headers["HX-Trigger"] == "recent-changed"
        assert not done.find("[hx-trigger]")

    def test_hides_customers_of_others_and_refuses_readers(
        self, stranger: Visitor, viewer: Visitor, nobody: Visitor, customer: Customer
    ) -> None:
        assert upload(stranger, customer.id, (b"Hello", "b.txt")).status == 404
        assert upload(viewer, customer.id, (b"Hello", "b.txt")).status == 403
        assert "sign-in" in upload(nobody, customer.id, (b"Hello", "b.txt")).location
        assert Paper.select().count() == 0

    def test_only_who_says_to_be_signed_in_may_send_much(
        self, nobody: Visitor, technician: Visitor, customer: Customer
    ) -> None:
        assert upload(nobody, customer.id, (bytes(3 * MEGABYTE), "b.txt")).status == 413
        assert upload(technician, customer.id, (bytes(papers.MOST_IN_ALL + 2 * MEGABYTE), "b.txt")).status == 413


class TestRefusing:
    @pytest.mark.parametrize(
        ("content", "name", "told"),
        [
            (b"", "empty.pdf", "The file is empty. PDF, pictures (PNG, JPEG, TIFF, WebP), text and CSV are accepted."),
            (bytes(MOST_BYTES + 1), "large.pdf", "It is larger than 25 MB."),
            (a_pdf(5_000), "long.pdf", "It has 5,000 pages; at most 500 are accepted."),
            (b"<html><script>alert(1)</script>", "page.pdf", "This is a web page (HTML or XML)"),
            (b"MZ\x90\x00\x03\x00", "run.txt", "This is a program. PDF, pictures"),
            (b"%PDF-1.7 and nothing", "cut.pdf", "This PDF is damaged"),
        ],
    )
    def test_says_why_to_whoever_uploaded_it_and_keeps_nothing(
        self, technician: Visitor, admin: Visitor, customer: Customer, content: bytes, name: str, told: str
    ) -> None:
        upload(technician, customer.id, (content, name))
        work()
        page = technician.get(listed(customer))
        assert f"{name} Refused{told}" in page.text.replace("Refused ", "Refused")
        assert told not in admin.get(listed(customer)).text
        assert (Attachment.select().count(), Content.select().count(), PaperPiece.select().count()) == (0, 0, 0)
        line = History.get(History.kind == "attachment.refused")
        assert (line.facts["name"], line.who_name) == (name, "Tom Technician")
        assert line.facts["reason"].startswith(told.split(".", maxsplit=1)[0].split(",", maxsplit=1)[0])

    def test_an_encrypted_pdf(self, technician: Visitor, customer: Customer) -> None:
        file = BytesIO()
        pdf = pikepdf.new()
        pdf.add_blank_page()
        pdf.save(file, encryption=pikepdf.Encryption(owner="o", user="u"))
        upload(technician, customer.id, (file.getvalue(), "secret.pdf"))
        work()
        assert "This PDF is encrypted. Save a copy without a password" in technician.get(listed(customer)).text

    def test_a_picture_that_says_it_is_huge(self, technician: Visitor, customer: Customer) -> None:
        png = bytearray(a_picture("PNG"))
        png[16:24] = (60_000).to_bytes(4) * 2
        upload(technician, customer.id, (bytes(png), "bomb.png"))
        work()
        assert "bomb.png Refused" in technician.get(listed(customer)).text

    def test_nothing_chosen_and_too_many(self, technician: Visitor, customer: Customer) -> None:
        for htmx in (True, False):
            answer = upload(technician, customer.id, htmx=htmx)
            assert answer.status == 422
            assert "Choose one file or several." in answer.text
        blank = technician.post(listed(customer), {"files": [(BytesIO(), "")]})
        assert blank.status == 422, "as browsers send a field in which nothing was chosen"
        assert "At most 20 files at once" in upload(technician, customer.id, *[(b"x", f"{n}") for n in range(21)]).text
        assert Paper.select().count() == 0

    def test_texts_in_the_place_of_files_are_no_files(self, technician: Visitor, customer: Customer) -> None:
        assert technician.post(listed(customer), {"files": "../../etc/passwd"}).status == 422

    def test_a_refusal_can_be_put_away_by_whoever_it_is_for(
        self, technician: Visitor, admin: Visitor, customer: Customer
    ) -> None:
        answer = upload(technician, customer.id, (b"", "empty.txt"), htmx=True)
        assert "1 file refused; the list says why." in answer.text
        [form] = answer.find("#filed form")
        assert admin.post(form.get("action")).status == 404
        put_away = technician.post(form.get("hx-post"), htmx=True)
        assert "Refusal of empty.txt put away." in put_away.text
        assert Paper.select().count() == 0
        assert technician.post(form.get("action")).status == 404

    def test_what_is_on_its_way_cannot_be_put_away(self, technician: Visitor, customer: Customer) -> None:
        upload(technician, customer.id, (b"Hello", "b.txt"))
        assert technician.post(listed(customer, f"refused/{Paper.get().id}/dismiss")).status == 404


class TestNames:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\system.ini", "system.ini"),
            ("C:\\Users\\Ines\\Größe.docx", "Größe.docx"),
            ("..", "Unnamed file"),
            ("", "Unnamed file"),
            ("a\x00b\x1b[31m.txt", "ab[31m.txt"),
            ("invoice\u202efdp.exe", "invoicefdp.exe"),
            ("\u2066a\u2069\u200f.pdf", "a.pdf"),
            ("two\n lines\t.txt", "two lines .txt"),
            ("e\u0301.pdf", "\u00e9.pdf"),
            ("half \ud800 pair.txt", "half pair.txt"),
            ("שלום.pdf", "שלום.pdf"),
            ("<b>.pdf", "<b>.pdf"),
        ],
    )
    def test_are_shown_as_they_can_be(self, given: str, shown: str) -> None:
        assert shown_name(given) == shown

    def test_long_ones_lose_their_middle(self) -> None:
        shown = shown_name("x" * 300 + ".pdf")
        assert len(shown) == LONGEST_NAME
        assert shown.endswith("x.pdf")

    @pytest.mark.parametrize("name", ["../../a.txt", "a\x00.txt", "\u202etxt.exe", "<script>.txt", "x" * 300])
    def test_hostile_ones_come_through_the_whole_portal(
        self, technician: Visitor, customer: Customer, name: str
    ) -> None:
        upload(technician, customer.id, (b"Hello", name))
        work()
        filed = Attachment.get()
        assert filed.name == shown_name(name)
        opened = technician.get(listed(customer, str(filed.id)))
        named = opened.headers["Content-Disposition"]
        assert named.rstrip('"').endswith(".pdf")
        assert not set(named) & set("/\\\x00\u202e\n")
        assert filed.name in technician.get(listed(customer)).tree.text_content()

    def test_are_saved_as_what_the_file_is_now(self) -> None:
        saved = [attachments.name_to_save(Attachment(name=name)) for name in ("a.docx", "a", "v1.2 final", "a.pdf")]
        assert saved == ["a.pdf", "a.pdf", "v1.2 final.pdf", "a.pdf"]


class TestTheWorker:
    def test_a_paper_is_claimed_once(self, technician: Visitor, customer: Customer) -> None:
        upload(technician, customer.id, (b"Hello", "b.txt"))
        first, second = making.claim(Paper.get().id), making.claim(Paper.get().id)
        assert first is not None
        assert second is None

    def test_whose_worker_was_lost_it_is_tried_again_once_and_then_refused(
        self, technician: Visitor, customer: Customer
    ) -> None:
        upload(technician, customer.id, (b"Hello", "b.txt"))
        for tries in (1, 2):
            making.claim(Paper.get().id)
            assert making.give_up_lost() == 0, "somebody may still be at it"
            with time_machine.travel(now() + timedelta(minutes=5 * tries)):
                assert making.give_up_lost() == 1
        paper = Paper.get()
        assert (paper.state, PaperPiece.select().count()) == ("refused", 0)
        assert "The portal stopped twice" in technician.get(listed(customer)).text

    def test_one_that_was_thought_lost_files_nothing_twice(self, technician: Visitor, customer: Customer) -> None:
        upload(technician, customer.id, (b"Hello", "b.txt"))
        slow = making.claim(Paper.get().id)
        with time_machine.travel(now() + timedelta(minutes=5)):
            making.give_up_lost()
            quick = making.claim(Paper.get().id)
            making.settle_made(quick, b"%PDF-", 1)
        making.settle_made(slow, b"%PDF-", 1)
        making.settle_refused(slow, "too late")
        assert Attachment.select().count() == 1
        assert kinds() == ["attachment.received", "attachment.filed"]

    def test_one_that_breaks_leaves_the_others_alone(
        self, technician: Visitor, customer: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload(technician, customer.id, (b"first", "a.txt"), (b"second", "b.txt"))
        make = jobs.make_safe
        monkeypatch.setattr(
            jobs, "make_safe", lambda file, **how: fail() if how["name"] == "a.txt" else make(file, **how)
        )
        work()
        assert [filed.name for filed in Attachment.select()] == ["b.txt"]
        assert Paper.get().state == "making"

    def test_two_at_once_make_each_paper_once(self, technician: Visitor, customer: Customer) -> None:
        upload(technician, customer.id, *[(b"Hello %d" % number, f"{number}.txt") for number in range(6)])
        workers = [threading.Thread(target=jobs.make_all) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(filed.name for filed in Attachment.select()) == [f"{number}.txt" for number in range(6)]


def fail() -> None:
    raise OSError("no process can be started")


def test_the_list_asks_as_often_however_many_are_on_their_way(
    technician: Visitor, customer: Customer, statements: Callable
) -> None:
    upload(technician, customer.id, (b"Hello", "a.txt"))
    one = statements(lambda: technician.get(listed(customer)))
    upload(technician, customer.id, *[(b"", f"{number}.txt") for number in range(20)])
    assert statements(lambda: technician.get(listed(customer))) == one
