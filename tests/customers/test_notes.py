"""Notes on a customer: adding, editing where they stand, earlier versions, removing."""

from collections.abc import Callable

import pytest

from data.customers import Customer
from data.history import History
from data.notes import Note, NoteVersion
from data.roles import Role
from tests.customers.writing import a_note
from tests.factories import World, a_customer, a_grant_over
from tests.visits import Visitor


@pytest.fixture
def customer(world: World) -> Customer:
    return a_customer(world.northstar, "Alder & Sons", status="in_progress")


def address(customer: Customer, note: Note | None = None, then: str = "") -> str:
    return f"/customers/{customer.id}/notes" + (f"/{note.id}{then}" if note else "")


def typed(text: str, version: int = 1) -> dict[str, object]:
    return {"text": text, "version": version}


def lines(customer: Customer) -> list[tuple[str, str]]:
    told = History.select().where(History.customer_id == customer.id).order_by(History.id)
    return [(line.kind, line.who_name) for line in told]


class TestAdding:
    def test_adds_and_says_so(self, technician: Visitor, customer: Customer) -> None:
        part = technician.post(address(customer), {"text": "Ask for Ines."}, htmx=True)
        assert part.status == 200
        assert not part.find("html")
        for told in ("Note added.", "Ask for Ines.", "Tom Technician"):
            assert told in part.text
        assert not part.find("#writing form"), "the dialog is done"
        assert [tag.get("hx-target") for tag in part.find("hx-partial")] == ["#written"]
        assert part.headers["HX-Trigger"] == "recent-changed"
        assert [note.text for note in Note.select()] == ["Ask for Ines."]

    @pytest.mark.parametrize("of", ["", "/notes"])
    def test_opens_a_form_in_a_dialog_or_on_a_page(self, technician: Visitor, customer: Customer, of: str) -> None:
        page = technician.get(f"/customers/{customer.id}{of}")
        add = page.find("#notes header a")[0]
        assert (add.get("hx-get"), add.get("hx-target")) == (f"{address(customer)}/new", "#writing")
        assert page.find("dialog #writing")
        part = technician.get(add.get("hx-get"), htmx=True)
        assert part.find("#writing textarea[autofocus]")
        assert not part.find("html")
        assert technician.get(add.get("href")).find("h1")[0].text == "New note on Alder & Sons"
        assert part.find("form a[data-close]")[0].get("href") == address(customer)

    def test_works_without_htmx(self, technician: Visitor, customer: Customer) -> None:
        answer = technician.post(address(customer), {"text": "Ask for Ines."})
        assert (answer.status, answer.location) == (303, address(customer))
        page = technician.get(address(customer))
        assert "Ask for Ines." in page.text
        assert "Note added." in page.text

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "Fill this in."),
            (" \r\n ", "Fill this in."),
            ("x" * 10_001, "At most 10000 characters."),
            ("x" * 100_000, "At most 10000 characters."),
            ("a\x00b", "invisible control character"),
            ("\u202etxt.exe", "invisible control character"),
        ],
    )
    def test_shows_what_is_wrong_and_keeps_the_typing(
        self, technician: Visitor, customer: Customer, text: str, sentence: str
    ) -> None:
        for htmx in (False, True):
            answer = technician.post(address(customer), {"text": text}, htmx=htmx)
            assert answer.status == 422
            assert sentence in answer.text
            assert answer.value("text") == text.strip().replace("\x00", "\ufffd")
        assert not Note.select().count()

    def test_takes_the_longest(self, technician: Visitor, customer: Customer) -> None:
        assert technician.post(address(customer), {"text": "ü" * 10_000}).status == 303

    def test_keeps_line_breaks(self, technician: Visitor, customer: Customer) -> None:
        technician.post(address(customer), {"text": "first\r\n\r\n  second\r\n"})
        assert Note.get().text == "first\n\n  second"
        assert technician.get(address(customer)).find(".words")[0].text_content() == "first\n\n  second"

    def test_hides_others(self, stranger: Visitor, customer: Customer) -> None:
        assert stranger.post(address(customer), {"text": "Hello"}).status == 404
        assert stranger.get(address(customer) + "/new").status == 404
        assert not Note.select().count()

    def test_refuses_readers(self, viewer: Visitor, customer: Customer) -> None:
        assert viewer.post(address(customer), {"text": "Hello"}).status == 403
        assert not viewer.get(address(customer)).find("#notes form, #notes header a")
        assert viewer.get(address(customer) + "/new").status == 403
        assert not Note.select().count()

    def test_leaves_one_line_of_history_without_the_text(self, technician: Visitor, customer: Customer) -> None:
        technician.post(address(customer), {"text": "Secret word"})
        assert lines(customer) == [("note.added", "Tom Technician")]
        assert History.select().order_by(History.id.desc()).get().facts == {}


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    'https://a.example/"onmouseover="alert(1)',
    "javascript:alert(1)",
    "JaVaScRiPt://a.example/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://a.example/<svg onload=alert(1)>",
    "</p></article></textarea><script src=//evil.example></script>",
    "{{ 7 * 7 }}{% raw %}",
    "https://[not-ipv6",
]


class TestReading:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_what_others_wrote_does_nothing(self, admin: Visitor, customer: Customer, world: World, text: str) -> None:
        note = a_note(customer, world.technician, text)
        NoteVersion.create(note=note, version=0, text=text, written_at=note.created_at, written_by=world.admin)
        for place in (
            address(customer),
            address(customer, note),
            address(customer, note, "?edit=1"),
            address(customer, note, "/versions"),
            f"/customers/{customer.id}",
        ):
            page = admin.get(place)  # the Visitor looks for inline scripts and handlers
            shown = [words.text_content() for words in page.find(".words")]
            assert set(shown) <= {text}
            assert not page.find("article script, article img, article svg")
            assert all(link.get("href").startswith("https://a.example/") for link in page.find(".words a"))
            assert "49" not in "".join(shown)

    def test_addresses_of_the_web_are_links(self, viewer: Visitor, customer: Customer, world: World) -> None:
        a_note(customer, world.admin, "See https://docs.example/a?b=1&c=2, please.")
        link = viewer.get(address(customer)).find(".words a")[0]
        assert (link.get("href"), link.get("rel")) == (
            "https://docs.example/a?b=1&c=2",
            "nofollow noopener noreferrer",
        )

    def test_shows_ten_and_then_more(self, viewer: Visitor, customer: Customer, world: World) -> None:
        notes = [a_note(customer, world.admin, f"number {n}") for n in range(23)]
        first = viewer.get(address(customer))
        more, seen = first.find("#older a")[0].get("href"), first.find(".note")
        for expected in (10, 3):
            part = viewer.get(more, htmx=True)
            assert len(part.find(".note")) == expected
            assert not part.find("#written")
            seen += part.find(".note")
            assert len(viewer.get(more).find(".note")) == expected
            more = part.find("#older a")[0].get("href") if part.find("#older a") else ""
        assert not more
        assert [int(note.get("data-id")) for note in seen] == [note.id for note in reversed(notes)]

    @pytest.mark.parametrize("key", ["0", "-1", "x", "9" * 40, "٣", "1' OR 1=1", "%00"])
    def test_made_up_keys_show_the_newest(self, viewer: Visitor, customer: Customer, world: World, key: str) -> None:
        a_note(customer, world.admin)
        assert len(viewer.get(f"{address(customer)}?before={key}").find(".note")) == 1

    def test_a_note_is_found_under_its_own_customer_only(
        self, admin: Visitor, stranger: Visitor, customer: Customer, world: World
    ) -> None:
        note, other = a_note(customer, world.admin), a_customer(world.northstar, status="complete")
        theirs = a_customer(world.harbour, status="complete")
        for then in ("", "?edit=1", "/versions"):
            assert admin.get(address(other, note, then)).status == 404
            assert stranger.get(address(customer, note, then)).status == 404
            assert stranger.get(address(theirs, note, then)).status == 404

    def test_asks_the_database_as_often_however_many_there_are(
        self, admin: Visitor, customer: Customer, world: World, statements: Callable
    ) -> None:
        other = a_customer(world.northstar, status="in_progress")
        a_note(other, world.admin)
        for author in (world.admin, world.technician, world.operator) * 5:
            admin.post(address(customer, a_note(customer, author)), typed("Edited"))
        for of in ("", "/notes", "/history"):
            few, many = (statements(lambda: admin.get(f"/customers/{one.id}{of}")) for one in (other, customer))  # noqa: B023 - called at once
            assert few == many


class TestEditing:
    @pytest.fixture
    def note(self, customer: Customer, world: World) -> Note:
        return a_note(customer, world.technician, "Call before nine.")

    def test_opens_the_form_where_the_note_stands(self, admin: Visitor, customer: Customer, note: Note) -> None:
        edit = admin.get(f"/customers/{customer.id}").find(f"#note-{note.id} a[hx-get]")[0]
        part = admin.get(edit.get("hx-get"), htmx=True)
        assert edit.get("hx-target") == "#writing"
        assert not part.find("html")
        assert part.value("text") == "Call before nine."
        assert part.find("form a[data-close]")[0].get("href") == address(customer, note)
        assert not admin.get(address(customer, note), htmx=True).find("textarea")

    def test_the_form_is_a_page_too(self, admin: Visitor, customer: Customer, note: Note) -> None:
        page = admin.get(address(customer, note, "?edit=1"))
        assert page.find("h1")[0].text == "Edit the note of Tom Technician on Alder & Sons"
        assert page.value("text") == "Call before nine."

    def test_saves_and_says_so(self, admin: Visitor, customer: Customer, note: Note) -> None:
        part = admin.post(address(customer, note), typed("Call before ten."), htmx=True)
        assert part.status == 200
        for told in ("Note saved.", "Call before ten.", "Tom Technician", "edited by Ada Admin"):
            assert told in part.text
        assert not part.find("#writing form"), "the dialog is done"
        assert [tag.get("hx-target") for tag in part.find("hx-partial")] == [f"#note-{note.id}"]
        assert part.headers["HX-Trigger"] == "recent-changed"
        assert Note.get().version == 2

    def test_works_without_htmx(self, admin: Visitor, customer: Customer, note: Note) -> None:
        answer = admin.post(address(customer, note), typed("Call before ten."))
        assert (answer.status, answer.location) == (303, address(customer, note))
        assert "Call before ten." in admin.get(answer.location).text

    def test_shows_what_is_wrong_and_keeps_the_typing(self, admin: Visitor, customer: Customer, note: Note) -> None:
        for text in ("x" * 10_001, ""):
            answer = admin.post(address(customer, note), typed(text), htmx=True)
            assert answer.status == 422
            assert answer.find("#writing .why")
            assert answer.value("text") == text
        assert Note.get().text == "Call before nine."

    def test_refuses_what_someone_changed_meanwhile_and_shows_both(
        self, admin: Visitor, technician: Visitor, customer: Customer, note: Note
    ) -> None:
        technician.post(address(customer, note), typed("Call before eight."))
        for htmx in (True, False):
            answer = admin.post(address(customer, note), typed("Call before ten."), htmx=htmx)
            assert answer.status == 409
            assert "Someone else edited this note" in answer.text
            assert [words.text_content() for words in answer.find(".words")] == ["Call before eight."]
            assert answer.value("text") == "Call before ten."
        assert Note.get().text == "Call before eight."
        again = typed(answer.value("text"), int(answer.find("form [name=version]")[0].value))
        assert admin.post(address(customer, note), again).status == 303
        assert Note.get().text == "Call before ten."

    def test_saving_what_stands_there_already_changes_nothing(
        self, admin: Visitor, customer: Customer, note: Note
    ) -> None:
        assert "Nothing was changed" in admin.post(address(customer, note), typed(note.text), htmx=True).text
        assert not NoteVersion.select().count()
        assert lines(customer) == []

    def test_hides_others(self, stranger: Visitor, customer: Customer, note: Note) -> None:
        assert stranger.post(address(customer, note), typed("Mine")).status == 404

    def test_hides_notes_of_other_customers(self, admin: Visitor, note: Note, world: World) -> None:
        other = a_customer(world.northstar, status="complete")
        assert admin.post(address(other, note), typed("Mine")).status == 404

    def test_refuses_readers(self, viewer: Visitor, customer: Customer, note: Note) -> None:
        assert viewer.post(address(customer, note), typed("Mine")).status == 403
        assert not viewer.get(address(customer, note, "?edit=1")).find("textarea")

    def test_leaves_one_line_of_history(self, admin: Visitor, customer: Customer, note: Note) -> None:
        admin.post(address(customer, note), typed("Call before ten."))
        assert lines(customer) == [("note.edited", "Ada Admin")]

    def test_earlier_versions_stay_readable(
        self, admin: Visitor, technician: Visitor, viewer: Visitor, customer: Customer, note: Note
    ) -> None:
        assert "never edited" in viewer.get(address(customer, note, "/versions")).text
        admin.post(address(customer, note), typed("Call before ten."))
        technician.post(address(customer, note), typed("Call before noon.", 2))
        page = viewer.get(address(customer, note, "/versions"))
        assert [words.text_content() for words in page.find(".words")] == [
            "Call before noon.",
            "Call before ten.",
            "Call before nine.",
        ]
        assert [version.written_by.name for version in NoteVersion.select().order_by(NoteVersion.version)] == [
            "Tom Technician",
            "Ada Admin",
        ]


class TestRemoving:
    @pytest.fixture
    def note(self, customer: Customer, world: World) -> Note:
        return a_note(customer, world.technician)

    def test_its_author_removes_it_with_its_versions(self, technician: Visitor, customer: Customer, note: Note) -> None:
        technician.post(address(customer, note), typed("Other"))
        part = technician.post(address(customer, note, "/remove"), {"version": 2}, htmx=True)
        assert part.status == 200
        assert "Note removed." in part.text
        assert part.find(f"#note-{note.id}")
        assert not Note.select().count() + NoteVersion.select().count()
        assert lines(customer)[-1] == ("note.removed", "Tom Technician")
        assert part.headers["HX-Trigger"] == "recent-changed"
        assert "Note of Tom Technician removed" in technician.get(f"/customers/{customer.id}").text

    def test_works_without_htmx(self, msp_admin: Visitor, customer: Customer, note: Note) -> None:
        answer = msp_admin.post(address(customer, note, "/remove"), {"version": 1})
        assert (answer.status, answer.location) == (303, address(customer))
        assert "Note removed." in msp_admin.get(answer.location).text

    def test_an_operator_may(self, operator: Visitor, customer: Customer, note: Note) -> None:
        assert operator.post(address(customer, note, "/remove"), {"version": 1}).status == 303

    @pytest.fixture
    def msp_admin(self, world: World, visit_as: Callable) -> Visitor:
        return visit_as(world.msp_admin)

    def test_refuses_those_who_did_not_write_it(self, technician: Visitor, customer: Customer, world: World) -> None:
        theirs = a_note(customer, world.admin)
        page = technician.get(address(customer))
        assert page.find(f"#note-{theirs.id} a[hx-get]")
        assert not page.find(f"#note-{theirs.id} form")
        assert technician.post(address(customer, theirs, "/remove"), {"version": 1}).status == 403
        assert Note.select().count() == 1

    def test_refuses_an_author_who_only_reads_now(
        self, technician: Visitor, customer: Customer, note: Note, world: World
    ) -> None:
        a_grant_over(world.technician, customer, Role.VIEWER)
        assert technician.post(address(customer, note, "/remove"), {"version": 1}).status == 403

    @pytest.mark.parametrize("version", ["0", "", "x", "9" * 30])
    def test_refuses_what_someone_changed_meanwhile(
        self, admin: Visitor, customer: Customer, note: Note, version: str
    ) -> None:
        for htmx in (True, False):
            answer = admin.post(address(customer, note, "/remove"), {"version": version}, htmx=htmx)
            assert answer.status == 409
            assert "Someone edited this note meanwhile." in answer.text
        assert Note.select().count() == 1

    def test_hides_others(self, stranger: Visitor, customer: Customer, note: Note) -> None:
        assert stranger.post(address(customer, note, "/remove"), {"version": 1}).status == 404

    def test_refuses_readers(self, viewer: Visitor, customer: Customer, note: Note) -> None:
        assert viewer.post(address(customer, note, "/remove"), {"version": 1}).status == 403

    def test_twice_is_not_there(self, admin: Visitor, customer: Customer, note: Note) -> None:
        admin.post(address(customer, note, "/remove"), {"version": 1})
        assert admin.post(address(customer, note, "/remove"), {"version": 1}).status == 404
        assert lines(customer) == [("note.removed", "Ada Admin")]
