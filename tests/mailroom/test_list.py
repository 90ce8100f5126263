"""The list of letters: who sees which, finding them, paging, looking again by itself, and the test letter."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from blueprints.mailroom.routes import MOST_LOOKS
from blueprints.mailroom.rules import KINDS, PAGE
from data.accounts import Person
from data.database import database
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_person
from tests.mailroom.writing import a_letter, a_letter_in, again, deliver
from tests.services import SmtpSink
from tests.visits import Answer, Visitor

LIST = "/mailroom/"


def shown(answer: Answer) -> list[int]:
    return [int(row.get("data-id")) for row in answer.find("tr[data-id]")]


class TestWhoSeesWhat:
    def test_people_see_the_letters_of_their_msp(self, admin: Visitor, stranger: Visitor, world: World) -> None:
        ours = a_letter(world)
        theirs = a_letter(world, partner=world.harbour)
        assert shown(admin.get(LIST)) == [ours.id]
        assert shown(stranger.get(LIST)) == [theirs.id]

    def test_only_operators_see_letters_without_an_msp(self, admin: Visitor, operator: Visitor, world: World) -> None:
        letter = a_letter(world, partner=None, kind="invitation")
        assert shown(admin.get(LIST)) == []
        assert admin.get(f"/mailroom/{letter.id}").status == 404
        assert shown(operator.get(LIST)) == [letter.id]

    def test_a_letter_about_a_customer_belongs_to_its_msp(self, admin: Visitor, world: World) -> None:
        letter = a_letter(world, partner=None, customer=a_customer(world.northstar))
        assert shown(admin.get(LIST)) == [letter.id]

    def test_a_role_on_one_customer_opens_and_closes_its_letters(
        self, world: World, visit_as: Callable[[Person | None], Visitor]
    ) -> None:
        one, other = a_customer(world.northstar), a_customer(world.northstar)
        about_one, about_other = a_letter(world, customer=one), a_letter(world, customer=other)
        raised = a_person(partner=world.northstar, role=Role.VIEWER)
        a_grant_over(raised, one, Role.MSP_ADMIN)
        lowered = a_person(partner=world.northstar, role=Role.MSP_ADMIN)
        a_grant_over(lowered, one, Role.NONE)
        assert shown(visit_as(raised).get(LIST)) == [about_one.id]
        assert shown(visit_as(lowered).get(LIST)) == [about_other.id]
        assert visit_as(lowered).get(f"/mailroom/{about_one.id}").status == 404

    def test_says_what_to_do_while_there_are_none(self, admin: Visitor) -> None:
        assert "No letters yet" in admin.get(LIST).text

    def test_says_so_while_no_mail_server_is_set(self, admin: Visitor) -> None:
        assert "No mail server is set" in admin.get(LIST).text

    def test_does_not_say_so_otherwise(self, admin: Visitor, sink: SmtpSink) -> None:
        assert "No mail server is set" not in admin.get(LIST).text


class TestFinding:
    @pytest.fixture(autouse=True)
    def letters(self, world: World) -> dict[str, Email]:
        return {
            "failed": a_letter_in(world, "failed", subject="Order 17: Kröger & Söhne", kind="order_addendum"),
            "sent": a_letter_in(world, "sent", to_email="lead@bakery.example", to_name="Bo Baker"),
            "odd": a_letter_in(world, "held", subject="100% of a_b"),
        }

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("state=failed", ["failed"]),
            ("kind=order_addendum", ["failed"]),
            ("q=order 17", ["failed"]),
            ("q=BAKERY", ["sent"]),
            ("q=bo baker", ["sent"]),
            ("q=0%25 of", ["odd"]),
            ("q=a_b", ["odd"]),
            ("q=%25", ["odd"]),
            ("q=nothing like it", []),
            ("state=sent&kind=order_addendum", []),
            ("", ["odd", "sent", "failed"]),
        ],
    )
    def test_finds(self, admin: Visitor, letters: dict[str, Email], asked: str, found: list[str]) -> None:
        assert shown(admin.get(f"{LIST}?{asked}")) == [letters[name].id for name in found]
        assert shown(admin.get(f"{LIST}?{asked}", htmx=True)) == [letters[name].id for name in found]

    def test_says_what_to_do_when_nothing_is_found(self, admin: Visitor) -> None:
        page = admin.get(f"{LIST}?q=nothing")
        assert "No letter is like that" in page.text
        assert page.value("q") == "nothing"

    @pytest.mark.parametrize(
        "asked",
        [
            "state=gone",
            "kind=unknown",
            "q=" + "x" * 101,
            "q=%00",
            "q=%ff",
            "before=x",
            "before=-1",
            "before=1e9",
            "before=99999999999999999999",
            "after=0x10",
            "looks=-5",
        ],
    )
    def test_a_wrong_filter_is_told(self, admin: Visitor, asked: str) -> None:
        page = admin.get(f"{LIST}?{asked}")
        assert page.status in (200, 422)  # %ff is read as a replacement character, which is a character
        assert page.status == 422 or asked == "q=%ff"
        assert shown(page) == []

    def test_a_doubled_filter_counts_once(self, admin: Visitor, letters: dict[str, Email]) -> None:
        assert shown(admin.get(f"{LIST}?state=sent&state=failed")) == [letters["sent"].id]


class TestPaging:
    def test_goes_to_older_and_newer_and_keeps_the_filter(self, admin: Visitor, world: World) -> None:
        ids = [a_letter_in(world, "sent").id for _ in range(PAGE + 3)][::-1]
        a_letter_in(world, "failed")
        first = admin.get(f"{LIST}?state=sent")
        assert shown(first) == ids[:PAGE]
        assert not first.find("[rel=prev]")
        (older,) = first.find("[rel=next]")
        second = admin.get(older.get("href"))
        assert shown(second) == ids[PAGE:]
        assert not second.find("[rel=next]")
        (newer,) = second.find("[rel=prev]")
        back = admin.get(newer.get("href"))
        assert shown(back) == ids[:PAGE]
        assert not back.find("[rel=prev]")

    def test_asks_the_database_as_often_for_three_as_for_one(self, admin: Visitor, world: World) -> None:
        def queries() -> int:
            asked: list[str] = []
            database.obj.connection().set_trace_callback(asked.append)
            admin.get(LIST)
            database.obj.connection().set_trace_callback(None)
            return len(asked)

        if not hasattr(database.connection(), "set_trace_callback"):
            return  # counted on SQLite; the queries are the same elsewhere
        a_letter(world, customer=a_customer(world.northstar))
        of_one = queries()
        for _ in range(2):
            a_letter(world, customer=a_customer(world.northstar))
        assert queries() == of_one


class TestLookingAgain:
    def test_while_letters_are_on_their_way(self, admin: Visitor, world: World) -> None:
        a_letter(world)
        page = admin.get(LIST)
        (look,) = page.find("#found [hx-trigger]")
        assert look.get("hx-get") == f"{LIST}?looks=1"
        again_part = admin.get(look.get("hx-get"), htmx=True)
        assert again_part.find("#found [hx-trigger]")[0].get("hx-get") == f"{LIST}?looks=2"

    def test_not_when_all_have_arrived_or_wait_for_long(self, admin: Visitor, world: World) -> None:
        a_letter_in(world, "sent")
        later = a_letter(world)
        Email.update(not_before=now() + timedelta(hours=1)).where(Email.id == later.id).execute()
        assert not admin.get(LIST).find("#found [hx-trigger]")

    def test_not_for_ever(self, admin: Visitor, world: World) -> None:
        a_letter(world)
        assert not admin.get(f"{LIST}?looks={MOST_LOOKS}", htmx=True).find("#found [hx-trigger]")

    def test_keeps_the_filter(self, admin: Visitor, world: World) -> None:
        a_letter(world)
        (look,) = admin.get(f"{LIST}?state=waiting&q=your").find("#found [hx-trigger]")
        assert look.get("hx-get") == f"{LIST}?q=your&state=waiting&looks=1"


class TestSendTest:
    WHERE = "/mailroom/test"

    def test_shows_the_servers_own_words(self, admin: Visitor, world: World, sink: SmtpSink) -> None:
        answer = admin.post(self.WHERE, {"to_email": "postmaster@msp.example"})
        assert answer.status == 303
        assert "is being asked" in admin.get(answer.location).text
        deliver()
        (received,) = sink.wait_for(1)
        assert received.recipients == ("postmaster@msp.example",)
        assert "Ada Admin asked for it" in received.email.get_body(("plain",)).get_content()
        page = admin.get(answer.location)
        assert page.find("code")[0].text == "250 OK"

    def test_shows_a_refusal_at_once_and_never_tries_again(
        self, admin: Visitor, sink_in: Callable[[str], SmtpSink]
    ) -> None:
        sink_in("greylist")
        answer = admin.post(self.WHERE, {"to_email": "postmaster@msp.example"})
        deliver()
        page = admin.get(answer.location)
        assert page.find("code")[0].text == "451 4.7.1 Greylisted, try again later"
        assert "Failed" in page.text

    def test_leaves_history(self, admin: Visitor, sink: SmtpSink) -> None:
        admin.post(self.WHERE, {"to_email": "postmaster@msp.example"})
        deliver()
        queued, tested = (
            line for line in History.select().order_by(History.id) if line.kind in ("email.queued", "mail.tested")
        )
        assert queued.who_name == "Ada Admin"
        assert sentence(tested) == "Test email to postmaster@msp.example: 250 OK"

    def test_works_with_htmx(self, admin: Visitor) -> None:
        answer = admin.post(self.WHERE, {"to_email": "postmaster@msp.example"}, htmx=True)
        assert answer.headers["HX-Redirect"].startswith("/mailroom/")

    def test_belongs_to_the_msp_of_who_asked(self, admin: Visitor, operator: Visitor, world: World) -> None:
        admin.post(self.WHERE, {"to_email": "a@msp.example"})
        operator.post(self.WHERE, {"to_email": "b@msp.example"})
        owners = [letter.partner_id for letter in Email.select().order_by(Email.id)]
        assert owners == [world.northstar.id, None]

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            " ",
            "nobody",
            "a@b@c.example",
            "x" * 255 + "@msp.example",
            "a@msp.example\r\nBcc: b@c.example",
            "\x00@b.example",
            "<b>@c",
            "a@" + "b" * 400 + ".example",
        ],
    )
    def test_shows_what_is_wrong_and_keeps_the_typing(self, admin: Visitor, typed: str) -> None:
        page = admin.post(self.WHERE, {"to_email": typed})
        assert page.status == 422
        assert page.find("#to_email-why")
        if typed.isprintable() and typed.strip():
            assert page.value("to_email") == typed
        assert Email.select().count() == 0

    def test_refuses_who_may_send_for_one_customer_only(
        self, world: World, visit_as: Callable[[Person | None], Visitor]
    ) -> None:
        person = a_person(partner=world.northstar, role=Role.VIEWER)
        a_grant_over(person, a_customer(world.northstar), Role.MSP_ADMIN)
        assert visit_as(person).post(self.WHERE, {"to_email": "a@msp.example"}).status == 403

    def test_is_rate_limited_by_person(self, admin: Visitor, operator: Visitor) -> None:
        answers = [admin.post(self.WHERE, {"to_email": "a@msp.example"}).status for _ in range(22)]
        assert answers.count(303) == 20
        assert answers[-1] == 429
        assert operator.post(self.WHERE, {"to_email": "a@msp.example"}).status == 303


def test_without_a_server_a_test_is_held_and_says_why(admin: Visitor) -> None:
    answer = admin.post("/mailroom/test", {"to_email": "a@msp.example"})
    deliver()
    page = admin.get(answer.location)
    assert "No mail server is set" in page.text
    assert not page.find("main [hx-trigger]")


def test_every_kind_has_words() -> None:
    assert all(words and words[0].isupper() for words in KINDS.values())


def test_states_look_again_after_a_delay(admin: Visitor, world: World, sink_in: Callable[[str], SmtpSink]) -> None:
    sink_in("greylist")
    letter = a_letter(world)
    deliver()
    assert "tried 1×" in admin.get(LIST).text
    with time_machine.travel(again(letter).not_before):
        deliver()
    assert "tried 2×" in admin.get(LIST).text
