"""The final export: everything the portal keeps, nothing of anybody else, a piece at a time, for a while."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.cancellations import export
from blueprints.cancellations.archive import File, as_csv, as_json, fitting, zipped
from blueprints.cancellations.ending import end_service
from blueprints.customers.attachments import file_document
from data import contents, history
from data.cancellations import EXPORT_DAYS, Cancellation, ExportRun
from data.contents import pieces_of
from data.customers import Customer
from data.database import database, transaction
from data.history import History
from data.moments import now
from data.notes import Note
from tests.cancellations.cancelled import PORTAL, old_enough, over, pending
from tests.factories import World
from tests.orders.drafts import a_draft, submit
from tests.visits import Visitor

PDF = b"%PDF-1.7 made for tests"
TEXT = "Line one\nline two, “quoted”; =SUM(A1)"


@pytest.fixture
def ended(world: World, admin: Visitor) -> Cancellation:
    """With an order, a note, and papers; its service has ended and its export can be taken."""
    customer = old_enough(world, name="Łódź & Söhne / 港")
    order = a_draft(world)
    submit(admin, order)
    order.customer_id = customer.id
    order.state = "submitted"
    with transaction():
        database.execute_sql(
            f'UPDATE "order" SET customer_id = {database.param}, state = {database.param} WHERE id = {database.param}',
            (customer.id, "submitted", order.id),
        )
        file_document(world.admin, customer, "a/b: scan.png", PDF)
        history.record("note.added", world.admin, partner=customer.partner_id, customer=customer.id)
    Note.create(customer=customer, text=TEXT, author=world.admin, created_at=now())
    asked = over(pending(world, customer=customer, export=True))
    end_service(asked.id, PORTAL)
    return Cancellation.get_by_id(asked.id)


def here(asked: Cancellation) -> str:
    return f"/customers/{asked.customer_id}/export"


def archive(visitor: Visitor, asked: Cancellation) -> zipfile.ZipFile:
    answer = visitor.get(here(asked) + "/file")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    opened = zipfile.ZipFile(io.BytesIO(answer.bytes))
    assert opened.testzip() is None
    return opened


def rows(opened: zipfile.ZipFile, name: str) -> tuple[list[dict], list[dict]]:
    """The same from JSON and from CSV."""
    text = opened.read(f"{name}.csv").decode("utf-8-sig")
    return json.loads(opened.read(f"{name}.json")), list(csv.DictReader(io.StringIO(text, newline="")))


class TestWhatIsInIt:
    def test_is_everything_in_both_forms_and_the_papers_as_they_are(
        self, admin: Visitor, ended: Cancellation, world: World
    ) -> None:
        opened = archive(admin, ended)
        names = opened.namelist()
        tables = ["record", "orders", "notes", "history"]
        assert names[:8] == [f"{table}.{form}" for table in tables for form in ("json", "csv")]
        papers = [name for name in names[8:] if "scan" in name]
        assert [name.split(" ", 1)[1] for name in papers] == ["a b scan.pdf"]
        assert opened.read(papers[0]) == PDF
        assert len(names) == 10  # and the confirmation of the cancellation
        [record], in_spreadsheet = rows(opened, "record")
        customer = Customer.get_by_id(ended.customer_id)
        assert (record["name"], record["status"]) == (customer.name, "cancelled")
        assert record["contacts"][0]["email"] == f"lead@{customer.primary_domain}"
        assert in_spreadsheet[0]["name"] == customer.name

    def test_orders_have_their_frozen_prices(self, admin: Visitor, ended: Cancellation) -> None:
        [order], [line] = rows(archive(admin, ended), "orders")
        assert (order["monthly_total"], order["permitted_users"]) == ("62.5", 25)
        assert order["lines"][0]["code"] == "SHIELD"
        assert (line["monthly_total"], json.loads(line["lines"])[0]["code"]) == ("62.5", "SHIELD")

    def test_notes_keep_their_lines_and_run_no_formula(self, admin: Visitor, ended: Cancellation, world: World) -> None:
        Note.create(customer=ended.customer_id, text="=1+1", author=world.admin, created_at=now())
        kept, in_spreadsheet = rows(archive(admin, ended), "notes")
        assert [note["text"] for note in kept] == [TEXT, "=1+1"]
        assert kept[0]["author"] == "Ada Admin"
        assert not in_spreadsheet[1]["text"].startswith("=")

    def test_history_is_told_and_has_its_facts(self, admin: Visitor, ended: Cancellation) -> None:
        lines, in_spreadsheet = rows(archive(admin, ended), "history")
        ours = History.select().where(History.customer_id == ended.customer_id).count()
        assert ours - 1 <= len(lines) == len(in_spreadsheet) <= ours  # taking it writes one more
        status = next(line for line in lines if line["kind"] == "customer.status_changed")
        assert (status["what"], status["facts"]["after"]) == (
            "Status complete → pending cancellation",
            "pending cancellation",
        )

    def test_nothing_of_another_customer_nor_any_secret(
        self, admin: Visitor, ended: Cancellation, world: World
    ) -> None:
        other = old_enough(world, name="Zebulon")
        with transaction():
            file_document(world.admin, other, "zebulon.pdf", b"%PDF zebulon")
        Note.create(customer=other, text="zebulon", author=world.admin, created_at=now())
        opened = archive(admin, ended)
        everything = b"".join(opened.read(name) for name in opened.namelist())
        assert b"zebulon" not in everything.lower()
        assert world.admin.fs_uniquifier.encode() not in everything


class TestTakingIt:
    def test_leaves_a_line_of_history_and_says_how_far_it_is(
        self, admin: Visitor, ended: Cancellation, world: World
    ) -> None:
        page = admin.get(here(ended))
        assert page.find("a#take")
        assert not page.find("progress")
        answer = admin.get(here(ended) + "/file")
        assert answer.headers["Content-Disposition"].startswith("attachment; filename")
        assert History.select().order_by(History.id.desc()).get().kind == "cancellation.exported"
        run = ExportRun.get()
        assert (run.state, run.files_done, run.files) == ("done", 10, 10)
        assert "Taken whole" in admin.get(here(ended)).text

    def test_shows_a_bar_while_it_runs_and_looks_again(self, admin: Visitor, ended: Cancellation, world: World) -> None:
        facts = {"cancellation": ended, "person": world.admin, "files": 208, "files_done": 37}
        run = ExportRun.create(**facts, begun_at=now(), changed_at=now())
        part = admin.get(here(ended), htmx=True)
        assert part.find("progress")[0].get("value") == "37"
        assert part.find("#taking")[0].get("hx-trigger") == "load delay:1s"
        ExportRun.update(changed_at=now() - timedelta(minutes=5)).where(ExportRun.id == run.id).execute()
        part = admin.get(here(ended), htmx=True)
        assert (part.find("progress"), "it broke off" in part.text) == ([], True)
        assert part.find("#taking")[0].get("hx-trigger") == "click target:#take delay:1s"

    def test_that_breaks_off_is_told(self, admin: Visitor, ended: Cancellation, world: World) -> None:
        who = standing_of(world.admin)
        pieces = export.begin(who, export.export_of(who, ended.customer_id))
        next(pieces)
        assert ExportRun.get().state == "running"
        pieces.close()
        assert ExportRun.get().state == "broken"
        assert "it broke off" in admin.get(here(ended)).text

    def test_anothers_run_is_not_shown_as_ones_own(
        self, admin: Visitor, visit_as: Callable, ended: Cancellation, world: World
    ) -> None:
        archive(admin, ended)
        assert "Taken whole" not in visit_as(world.msp_admin).get(here(ended)).text

    def test_asking_only_for_its_head_takes_nothing(self, admin: Visitor, ended: Cancellation) -> None:
        assert admin.client.head(here(ended) + "/file").status_code == 200
        assert ExportRun.select().count() == 0


class TestWhen:
    def test_not_before_the_service_has_ended(self, admin: Visitor, world: World) -> None:
        asked = pending(world, export=True)
        assert "once the service has ended" in admin.get(here(asked)).text
        answer = admin.get(here(asked) + "/file")
        assert (answer.status, answer.location) == (303, here(asked))
        assert ExportRun.select().count() == 0

    def test_for_thirty_days_and_no_longer(self, admin: Visitor, ended: Cancellation, world: World) -> None:
        assert ended.export_until - ended.ended_at == timedelta(days=EXPORT_DAYS)
        Cancellation.update(export_until=now()).where(Cancellation.id == ended.id).execute()
        assert admin.get(here(ended) + "/file").status == 303
        assert "The time for taking this export is over" in admin.get(here(ended)).text
        assert not admin.get(here(ended)).find("a#take")

    def test_not_where_none_was_asked_for(self, admin: Visitor, world: World) -> None:
        asked = over(pending(world))
        end_service(asked.id, PORTAL)
        assert [admin.get(here(asked) + more).status for more in ("", "/file")] == [404, 404]

    def test_not_for_strangers_nor_for_readers(
        self, stranger: Visitor, viewer: Visitor, technician: Visitor, ended: Cancellation
    ) -> None:
        for more in ("", "/file"):
            asked = [person.get(here(ended) + more).status for person in (stranger, viewer, technician)]
            assert asked == [404, 403, 403]


class TestTheArchive:
    def test_is_read_in_pieces_that_are_sent_as_they_come(self) -> None:
        sent: list[int] = []

        def pieces():
            for number in range(5):
                sent.append(number)
                yield bytes([number]) * 100_000

        passed: list[int] = []
        stream = zipped([File("one.pdf", now(), pieces, packed=False)], passed.append)
        next(stream)
        assert sent == [0], "the rest is read when it is wanted"
        assert sum(map(len, stream)) >= 400_000
        assert passed == [1]

    @pytest.mark.parametrize(
        ("name", "fits"),
        [
            ("../../etc/passwd", "etc passwd"),
            ("a\x00b\nc", "a b c"),
            ('CON<>:"|?*.pdf', "CON .pdf"),
            ("...", "paper"),
            ("", "paper"),
            ("x" * 500, "x" * 120),
            ("Łódź 港.pdf", "Łódź 港.pdf"),
        ],
    )
    def test_names_fit_any_system(self, name: str, fits: str) -> None:
        assert fitting(name) == fits

    def test_nothing_is_still_a_list(self) -> None:
        assert json.loads(b"".join(as_json([]))) == []
        assert b"".join(as_csv(("a", "b"), [])).decode("utf-8-sig") == "a,b\r\n"

    def test_values_are_written_so_that_they_can_be_read_back(self) -> None:
        row = {"money": Decimal("12.5000"), "none": None, "list": [Decimal(1)], "text": "a\r\nb\u2028"}
        [read] = json.loads(b"".join(as_json([row])))
        assert read == {"money": "12.5", "none": None, "list": ["1"], "text": "a\r\nb\u2028"}
        text = b"".join(as_csv(tuple(row), [row])).decode("utf-8-sig")
        assert next(csv.DictReader(io.StringIO(text, newline="")))["text"] == "a\r\nb\u2028"


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1_000])
def test_contents_come_in_pieces_and_whole(size: int, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "PIECE", 100)
    document = bytes(n % 251 for n in range(size))
    with transaction():
        filed = file_document(world.admin, old_enough(world), "x.pdf", document)
    pieces = list(pieces_of(filed.sha256, filed.size))
    assert b"".join(pieces) == document
    assert all(len(piece) <= 100 for piece in pieces)
