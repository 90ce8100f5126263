"""The search over everything, as its page and as the list below the box."""

from collections.abc import Callable

import pytest

from data.customers import Contact, Customer
from data.database import database
from data.moments import now
from data.notes import Note
from data.orders import Order
from tests.factories import World, a_customer, a_grant_over, a_person, a_prospect
from tests.orders.drafts import a_draft, submit
from tests.prospects.entered import typed
from tests.visits import Answer, Visitor


def an_order(customer: Customer, world: World, **changed: object) -> Order:
    at = {"created_at": now(), "created_by": world.admin, "changed_at": now(), "changed_by": world.admin}
    facts = {"customer": customer, "partner": customer.partner_id, "permitted_users": 5, "currency": "EUR"}
    return Order.create(**facts | at | changed)


def a_note(customer: Customer, text: str, world: World) -> Note:
    return Note.create(customer=customer, text=text, author=world.admin, created_at=now())


def found(visitor: Visitor, q: str, **more: str) -> list[str]:
    """The titles on the page, best first."""
    answer = visitor.get("/search", query_string={"q": q, **more})
    assert answer.status == 200
    return [link.text_content() for link in answer.find("tbody a")]


def below(visitor: Visitor, q: str) -> Answer:
    return visitor.get("/search", htmx=True, query_string={"q": q})


# --- what is found ------------------------------------------------------------------------------------


@pytest.fixture
def harbour_foods(world: World) -> Customer:
    """A customer with one of everything that is found."""
    customer = a_customer(world.northstar, "Müller Präzision GmbH", "in_progress", primary_domain="mueller.example")
    Contact.create(
        customer=customer, first_name="Zoë", last_name="Ångström", email="z@m.example", phone="+491713920098"
    )
    an_order(customer, world, order_number="PO-Straße 9", addendum_number="2026-000482")
    a_note(customer, "Ruft nur vormittags an.\nFragt nach Ωμέγα.", world)
    return customer


@pytest.mark.parametrize(
    ("q", "title"),
    [
        ("muller", "Müller Präzision GmbH"),
        ("RÄZIS", "Müller Präzision GmbH"),
        ("gmbh mull", "Müller Präzision GmbH"),
        ("mueller.example", "Müller Präzision GmbH"),
        ("angstrom zoe", "Zoë Ångström"),
        ("z@m.ex", "Zoë Ångström"),
        ("+49 171 3920", "Zoë Ångström"),
        ("0171 / 392 00 98", "Zoë Ångström"),
        ("000482", "Order 2026-000482"),
        ("strasse 9", "Order 2026-000482"),
        ("vormittag", "Müller Präzision GmbH"),
        ("ωμεγα", "Müller Präzision GmbH"),
    ],
)
def test_finds_part_of_everything_in_every_script(admin: Visitor, harbour_foods: Customer, q: str, title: str) -> None:
    assert found(admin, q)[0] == title
    assert below(admin, q).find("[role=option]")[0].text_content().startswith(title)


def test_all_words_must_be_in_the_same_record(admin: Visitor, harbour_foods: Customer) -> None:
    assert found(admin, "muller vormittags") == []
    assert "Try fewer of them" in admin.get("/search?q=muller+vormittags").text


def test_each_kind_leads_to_its_page(admin: Visitor, harbour_foods: Customer, world: World) -> None:
    prospect = a_prospect(world.northstar, "Perhaps Ltd")
    submitted = a_draft(world)
    assert submit(admin, submitted, order_number="Ours of May").status == 303
    home = f"/customers/{harbour_foods.id}"
    for q, address in {
        "muller": home,
        "zoe": home,
        "vormittags": f"{home}/notes/{Note.get().id}",
        "2026-000482": home,  # a draft has no page of its own for everybody
        "ours of may": f"/orders/{submitted.id}",
        "perhaps": f"/prospects/{prospect.id}",
        f"lead@{prospect.primary_domain}": f"/prospects/{prospect.id}",
    }.items():
        [link] = admin.get("/search", query_string={"q": q}).find("tbody a")[:1]
        assert link.get("href") == address, q
        assert admin.get(address).status == 200


def test_a_kind_alone_can_be_looked_through(admin: Visitor, harbour_foods: Customer) -> None:
    a_note(harbour_foods, "Müller mag keine Anrufe", World.read())
    assert len(found(admin, "muller")) == 2
    assert len(found(admin, "muller", kind="note")) == 1
    assert found(admin, "muller", kind="order") == []
    assert len(found(admin, "muller", kind="made up")) == 2


def test_what_was_found_is_marked_in_the_letters_it_is_written_in(admin: Visitor, harbour_foods: Customer) -> None:
    assert [mark.text for mark in admin.get("/search?q=prazis+muller").find("mark")] == ["Müller", "Präzis"]
    assert [mark.text for mark in below(admin, "strass").find("mark")] == ["Straß"]


def test_text_is_shown_as_text(admin: Visitor, world: World) -> None:
    a_prospect(world.northstar, "<b>Bold</b> & Sons")
    answer = admin.get("/search?q=bold")
    assert "&lt;b&gt;<mark>Bold</mark>&lt;/b&gt; &amp; Sons" in answer.html


# --- the order of results -----------------------------------------------------------------------------


def test_exact_comes_before_beginning_before_word_before_anywhere(admin: Visitor, world: World) -> None:
    for name in ("Acme Quay", "Seaquay", "Quayside Foods", "Quay"):
        a_customer(world.northstar, name, "complete", lead="")
    assert found(admin, "quay") == ["Quay", "Quayside Foods", "Acme Quay", "Seaquay"]


def test_live_comes_before_past_and_newer_before_older(admin: Visitor, world: World) -> None:
    a_customer(world.northstar, "Tide old", "complete", lead="")
    a_customer(world.northstar, "Tide new", "complete", lead="")
    a_customer(world.northstar, "Tide gone", "cancelled", lead="")
    assert found(admin, "tide") == ["Tide new", "Tide old", "Tide gone"]
    assert "Customer, past" in below(admin, "tide gone").text


def test_a_customer_comes_before_its_notes(admin: Visitor, world: World) -> None:
    customer = a_customer(world.northstar, "The Anchor", "complete", lead="")
    a_note(customer, "Anchor is their word for it", world)
    rows = admin.get("/search?q=anchor").find("tbody tr")
    assert [row.cssselect("td")[1].text for row in rows] == ["Customer", "Note"]


def test_what_begins_with_it_is_found_among_very_many_that_have_it(admin: Visitor, world: World) -> None:
    oldest = a_customer(world.northstar, "Needle and Thread", "complete", lead="", primary_domain="thread.example")
    for number in range(110):
        a_customer(world.northstar, f"Haystack needle {number}", "complete", lead="")
    answer = admin.get("/search?q=needle")
    assert answer.find("tbody a")[0].text_content() == oldest.name
    assert "At least" in answer.text
    assert len(answer.find("tbody tr")) == 25
    assert found(admin, "needle needle 77 haystack") == ["Haystack needle 77"]


# --- short searches -----------------------------------------------------------------------------------


@pytest.mark.parametrize("q", ["m", "mü", "ωμ", "Zo", "20"])
def test_one_or_two_letters_are_looked_for_at_the_beginning(admin: Visitor, harbour_foods: Customer, q: str) -> None:
    names = {"m": 1, "mü": 1, "ωμ": 0, "Zo": 1, "20": 1}
    answer = admin.get("/search", query_string={"q": q})
    assert len(answer.find("tbody a")) == names[q]
    assert "at the beginning of names" in answer.text


def test_short_words_beside_a_long_one_begin_words(admin: Visitor, world: World) -> None:
    for name in ("Harbour 3D Print", "Harbour A to Z", "Harbour Band"):
        a_customer(world.northstar, name, "complete", lead="")
    assert found(admin, "harbour 3d") == ["Harbour 3D Print"]
    assert found(admin, "a harbour") == ["Harbour A to Z"]
    assert found(admin, "harbour n") == []


def test_nothing_asked_says_what_can_be(admin: Visitor) -> None:
    assert "What are you looking for?" in admin.get("/search").text
    assert below(admin, " ").find("#hits")[0].get("hidden") is not None
    assert "Type letters or digits" in below(admin, "&-*").text


# --- it stays true ------------------------------------------------------------------------------------


def test_a_record_is_found_as_it_is_now(admin: Visitor, harbour_foods: Customer, world: World) -> None:
    harbour_foods.name, harbour_foods.name_key = "Renamed AG", "renamed ag"
    harbour_foods.save()
    assert found(admin, "gmbh") == []
    assert found(admin, "renamed")[0] == "Renamed AG"
    contact = Contact.get(Contact.last_name == "Ångström")
    contact.phone = ""
    contact.save()
    assert found(admin, "1713920098") == []
    assert found(admin, "angstrom") == ["Zoë Ångström"]


def test_a_note_is_found_by_its_present_text_and_not_when_it_is_gone(admin: Visitor, harbour_foods: Customer) -> None:
    note = Note.get()
    address = f"/customers/{harbour_foods.id}/notes/{note.id}"
    assert admin.post(address, {"text": "Only by email.", "version": "1"}).status == 303
    assert (found(admin, "vormittags"), len(found(admin, "only by email"))) == ([], 1)
    assert admin.post(address + "/remove", {"version": "2"}).status == 303
    assert found(admin, "only by email") == []


def test_what_was_typed_into_a_form_is_found_at_once(admin: Visitor, world: World) -> None:
    assert admin.post("/prospects/new", typed(name="Brücke & Co", lead__first_name="Åsa")).status == 303
    assert found(admin, "brucke") == ["Brücke & Co"]
    assert found(admin, "asa mull") == ["Åsa Müller"]
    assert found(admin, "040 123456") == ["Åsa Müller"]


def test_who_leaves_is_past_and_who_returns_is_not(admin: Visitor, harbour_foods: Customer) -> None:
    def places() -> set[int]:
        return {place for (place,) in database.execute_sql("SELECT place FROM findable")}

    assert places() == {0, 1, 2, 3}
    harbour_foods.status, harbour_foods.shelf = "cancelled", "past"
    harbour_foods.save()
    assert places() == {4, 5, 6, 7}
    assert len(found(admin, "muller")) == 1
    harbour_foods.status, harbour_foods.shelf = "complete", "complete"
    harbour_foods.save()
    assert places() == {0, 1, 2, 3}
    assert len(found(admin, "vormittags")) == 1


# --- nobody sees what they may not --------------------------------------------------------------------

MARKER = "unmistakable"


@pytest.fixture
def marked(world: World) -> Customer:
    """A customer of Northstar that has the marker everywhere."""
    customer = a_customer(world.northstar, f"{MARKER} Ltd", "in_progress", lead="", primary_domain=f"{MARKER}.example")
    Contact.create(customer=customer, first_name=MARKER, email=f"{MARKER}@x.example", phone="+4915550001")
    an_order(customer, world, order_number=MARKER, addendum_number="2026-777777")
    a_note(customer, f"It is {MARKER}.", world)
    a_customer(world.northstar, f"{MARKER} two", "archived", lead="")
    return customer


QUESTIONS = (MARKER, "unm", "un", "u", "mistak", f"{MARKER}.example", f"{MARKER}@x.example", "15550001", "2026-777777")


def test_strangers_find_nothing_of_another_msp(stranger: Visitor, marked: Customer) -> None:
    for q in QUESTIONS:
        for answer in (stranger.get("/search", query_string={"q": q}), below(stranger, q)):
            assert not answer.find("tbody tr, [role=option]"), q
            assert marked.primary_domain not in answer.html.replace(q, ""), q


def test_very_many_of_another_msp_do_not_crowd_out_their_own(
    admin: Visitor, stranger: Visitor, operator: Visitor, world: World
) -> None:
    a_customer(world.northstar, "First of the needles", "complete", lead="")
    for number in range(60):
        a_customer(world.harbour, f"The needle {number}", "complete", lead="")
    assert found(admin, "needle") == ["First of the needles"]
    assert found(admin, "needles first") == ["First of the needles"]
    assert (len(found(stranger, "needle")), len(found(operator, "needle"))) == (25, 25)


def test_their_own_msp_finds_all_of_it(viewer: Visitor, operator: Visitor, marked: Customer) -> None:
    for visitor in (viewer, operator):
        assert len(found(visitor, MARKER)) == 5
        assert all(found(visitor, q) for q in QUESTIONS)
    assert "Northstar IT" in operator.get(f"/search?q={MARKER}").text


def test_a_role_on_one_customer_counts_for_it(
    world: World, marked: Customer, visit_as: Callable[[object], Visitor], viewer: Visitor
) -> None:
    a_grant_over(world.viewer, marked, "none")
    assert found(viewer, MARKER) == [f"{MARKER} two"]
    assert found(viewer, "un") == [f"{MARKER} two"]
    helper = a_person("Hetty Helper")
    a_grant_over(helper, marked, "technician")
    theirs = visit_as(helper)
    assert len(found(theirs, MARKER)) == 4
    assert all(found(theirs, q) for q in QUESTIONS)
    assert len(below(theirs, "un").find("[role=option]")) == 4
    a_grant_over(world.stranger, marked, "viewer")
    assert len(found(visit_as(world.stranger), MARKER)) == 4


def test_without_a_role_there_is_no_search(world: World, visit_as: Callable[[object], Visitor]) -> None:
    nobody_yet = visit_as(a_person("Nora New"))
    assert nobody_yet.get("/search?q=x").status == 403
    assert not nobody_yet.get("/").find("#search")


# --- what nobody should send --------------------------------------------------------------------------

WRONG = (
    *(
        '"',
        "''",
        "`",
        "*",
        "(",
        ")",
        "-",
        ":",
        "^",
        "\\",
        "%",
        "_",
        "%%%",
        "___",
        "\\\\\\",
        '"""',
        "a*b",
        "text:",
        "{text}",
    ),
    *("NEAR(a b)", "muller AND", "OR", "NOT muller", "muller*", "^muller", '"muller', "scope : x", "-muller", "m%ller"),
    *("x" * 5_000, "m\u00fcller " * 900, "💣", "💣💣💣 muller", "\u202eretllum", "مولر", "\ue000\ue000\ue001"),
    *(
        "a\x00b",
        "\x00",
        "\x1b[31m",
        "ﷷﷺ" * 200,
        "İstanbul",
        "ß",
        "'; DROP TABLE findable; --",
        "{{ 7 * 7 }}",
        "\ufdfa" * 253,
    ),
)


@pytest.mark.parametrize("q", WRONG, ids=lambda q: repr(q[:12]))
def test_signs_of_query_languages_are_letters_like_others(admin: Visitor, harbour_foods: Customer, q: str) -> None:
    for answer in (admin.get("/search", query_string={"q": q}), below(admin, q)):
        assert answer.status == 200
    assert found(admin, "muller")


def test_wildcards_stand_for_themselves(admin: Visitor, world: World) -> None:
    a_customer(world.northstar, "100% Wolle_Garn", "complete", lead="")
    a_customer(world.northstar, "1000 Wolle Garn", "complete", lead="")
    assert found(admin, "100%") == ["100% Wolle_Garn"]
    assert found(admin, "wolle_g") == ["100% Wolle_Garn"]


def test_made_up_parameters_are_left_out(admin: Visitor, harbour_foods: Customer) -> None:
    assert admin.get("/search?q=a&q=b&kind=%00&kind=note&page=-1").status == 200
    assert admin.get("/search?q=%ff%fe").status == 200
