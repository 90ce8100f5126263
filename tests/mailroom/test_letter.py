"""One letter: its words with links to press, its HTML locked in, its enclosures, and sending it again."""

from collections.abc import Callable

import pytest

from blueprints.customers.attachments import file_document
from blueprints.mailroom import jobs, rules
from blueprints.mailroom.routes import MOST_LOOKS
from data.accounts import Person
from data.database import transaction
from data.emails import Email
from data.history import PORTAL, History, sentence
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_person
from tests.mailroom.writing import a_letter, a_letter_in, again, deliver
from tests.services import SmtpSink
from tests.visits import Answer, Visitor


def at(letter: Email, rest: str = "") -> str:
    return f"/mailroom/{letter.id}{rest}"


class TestReading:
    def test_shows_the_words_and_what_became_of_them(self, admin: Visitor, world: World) -> None:
        letter = a_letter_in(world, "failed")
        Email.update(answer="550 5.1.1 <script>alert(1)</script>").where(Email.id == letter.id).execute()
        page = admin.get(at(letter))
        assert page.find("h1")[0].text == "Your onboarding begins"
        assert page.find("#state")[0].text_content().strip() == "Failed"
        assert page.find("code")[0].text == "550 5.1.1 <script>alert(1)</script>"
        assert "Ines Lead <ines@customer.example>" in page.text

    def test_its_links_can_be_pressed_and_nothing_else(self, admin: Visitor, world: World) -> None:
        letter = a_letter_in(
            world,
            "held",
            text='Open https://portal.example/rfi/17?a=1&b="x" or javascript:alert(1)\n<img src=x onerror=alert(1)>',
        )
        (link,) = admin.get(at(letter)).find("pre a")
        assert link.get("href") == link.text == "https://portal.example/rfi/17?a=1&b="
        assert link.get("rel") == "noopener noreferrer"

    @pytest.mark.parametrize("state", ["waiting", "sending", "sent", "failed", "held", "unsure"])
    def test_every_state_has_its_page(self, admin: Visitor, world: World, state: str) -> None:
        letter = a_letter_in(world, state, to_name="", subject="", html="<p>x")
        page = admin.get(at(letter))
        assert page.status == 200
        assert bool(page.find("form[action$=send-again]")) == (state not in ("waiting", "sending"))
        assert bool(page.find("[name=confirmed]")) == (state in ("sent", "unsure"))

    def test_enclosures_lead_to_the_attachments(self, admin: Visitor, world: World) -> None:
        customer = a_customer(world.northstar)
        with transaction():
            filed = file_document(PORTAL, customer, "Addendum.pdf", b"%PDF-1.7 x")
        page = admin.get(at(a_letter(world, customer=customer, enclosures=(filed,))))
        (link,) = [link for link in page.find("a") if link.text == "Addendum.pdf"]
        assert link.get("href") == f"/customers/{customer.id}/attachments/{filed.id}"
        assert admin.get(link.get("href")).bytes == b"%PDF-1.7 x"

    @pytest.mark.parametrize("id_", ["0", "999999", "99999999999999999999999", "-1", "x", "1.0"])
    def test_unknown_letters_are_not_there(self, admin: Visitor, id_: str) -> None:
        for address in (f"/mailroom/{id_}", f"/mailroom/{id_}/html"):
            assert admin.get(address).status == 404

    def test_looks_again_while_it_is_on_its_way_and_not_for_ever(self, admin: Visitor, world: World) -> None:
        letter = a_letter(world)
        (look,) = admin.get(at(letter)).find("#delivery [hx-trigger]")
        assert look.get("hx-get") == at(letter, "?looks=1")
        part = admin.get(look.get("hx-get"), htmx=True)
        assert part.find("#delivery [hx-trigger]")[0].get("hx-get") == at(letter, "?looks=2")
        assert part.find("#state")
        assert not admin.get(at(letter, f"?looks={MOST_LOOKS}"), htmx=True).find("#delivery [hx-trigger]")
        assert not admin.get(at(letter, "?looks=-1x")).find("#delivery [hx-trigger]")

    def test_stops_looking_when_it_is_sent(self, admin: Visitor, world: World, sink: SmtpSink) -> None:
        letter = a_letter(world)
        deliver()
        assert not admin.get(at(letter), htmx=True).find("#delivery [hx-trigger]")


class TestHtml:
    def test_is_locked_in(self, admin: Visitor, world: World) -> None:
        words = '<!doctype html><p style="color:red">Hello</p><script>alert(1)</script>'
        letter = a_letter(world, html=words)
        response = admin.client.get(at(letter, "/html"))
        assert response.get_data(as_text=True) == words
        assert response.headers["Content-Security-Policy"] == (
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        )
        assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_only_there_is_inline_style_allowed(self, admin: Visitor, world: World) -> None:
        letter = a_letter(world, html="<p>x")
        assert "unsafe-inline" not in admin.get(at(letter)).headers["Content-Security-Policy"]

    def test_a_letter_without_html_has_no_such_page(self, admin: Visitor, world: World) -> None:
        letter = a_letter(world)
        assert admin.get(at(letter, "/html")).status == 404
        assert not admin.get(at(letter)).find('a[href$="/html"]')


class TestSendAgain:
    def press(self, visitor: Visitor, letter: Email, *, htmx: bool = False, **data: str) -> Answer:
        page = visitor.get(at(letter))
        seen = page.value("seen") if page.find("[name=seen]") else rules.seen_as(letter)
        return visitor.post(at(letter, "/send-again"), {"seen": seen} | data, htmx=htmx)

    @pytest.mark.parametrize("state", ["failed", "held"])
    def test_sends_it_and_says_so(self, admin: Visitor, world: World, sink: SmtpSink, state: str) -> None:
        letter = a_letter_in(world, state)
        answer = self.press(admin, letter)
        assert (answer.status, answer.location) == (303, at(letter))
        assert "Sending it again." in admin.get(at(letter)).find("#said")[0].text
        assert (again(letter).state, again(letter).tries, again(letter).answer) == ("waiting", 0, "")
        deliver()
        sink.wait_for(1)
        assert again(letter).state == "sent"

    def test_works_in_place(self, admin: Visitor, world: World) -> None:
        letter = a_letter_in(world, "failed")
        answer = self.press(admin, letter, htmx=True)
        assert answer.status == 200
        assert answer.find("#delivery")
        assert "Waiting" in answer.find("#state")[0].text_content()
        assert "Sending it again." in answer.text

    @pytest.mark.parametrize("state", ["sent", "unsure"])
    def test_what_may_have_arrived_wants_a_tick_first(self, admin: Visitor, world: World, state: str) -> None:
        letter = a_letter_in(world, state)
        refused = self.press(admin, letter)
        assert refused.status == 422
        assert "may arrive twice" in refused.find("#confirmed-why")[0].text_content()
        assert again(letter).state == state
        assert self.press(admin, letter, confirmed="y").status == 303
        assert again(letter).state == "waiting"

    @pytest.mark.parametrize("state", ["waiting", "sending"])
    def test_refuses_while_it_is_on_its_way(self, admin: Visitor, world: World, state: str) -> None:
        letter = a_letter_in(world, state)
        answer = self.press(admin, letter)
        assert answer.status == 409
        assert "on its way already" in answer.text
        assert again(letter).state == state

    def test_pressed_twice_it_is_sent_once(self, admin: Visitor, world: World, sink: SmtpSink) -> None:
        letter = a_letter_in(world, "failed")
        seen = {"seen": admin.get(at(letter)).value("seen")}
        answers = [admin.post(at(letter, "/send-again"), seen).status for _ in range(3)]
        deliver()
        assert answers == [303, 409, 409]
        assert len(sink.received) == 1

    def test_refuses_a_page_that_is_older_than_the_last_try(
        self, admin: Visitor, operator: Visitor, world: World, sink: SmtpSink
    ) -> None:
        letter = a_letter_in(world, "unsure")
        old = admin.get(at(letter)).value("seen")
        self.press(operator, letter, confirmed="y")
        deliver()
        Email.update(state="unsure").where(Email.id == letter.id).execute()
        answer = admin.post(at(letter, "/send-again"), {"seen": old, "confirmed": "y"})
        assert answer.status == 409
        assert "Look at it again first" in answer.text
        assert again(letter).state == "unsure"
        assert len(sink.received) == 1

    @pytest.mark.parametrize("seen", ["", "x" * 100_000, "\x00", "sent", "é\u202e"])
    def test_refuses_what_no_page_showed(self, admin: Visitor, world: World, seen: str) -> None:
        letter = a_letter_in(world, "failed")
        assert admin.post(at(letter, "/send-again"), {"seen": seen}).status == 409
        assert again(letter).state == "failed"

    def test_hides_letters_of_others(self, stranger: Visitor, world: World) -> None:
        letter = a_letter_in(world, "failed")
        assert stranger.post(at(letter, "/send-again"), {"seen": rules.seen_as(letter)}).status == 404

    def test_refuses_readers(self, viewer: Visitor, technician: Visitor, world: World) -> None:
        letter = a_letter_in(world, "failed")
        for visitor in (viewer, technician):
            assert visitor.post(at(letter, "/send-again"), {"seen": rules.seen_as(letter)}).status == 403

    def test_refuses_whose_role_on_this_customer_is_lower(
        self, world: World, visit_as: Callable[[Person | None], Visitor]
    ) -> None:
        customer = a_customer(world.northstar)
        person = a_person(partner=world.northstar, role=Role.MSP_ADMIN)
        a_grant_over(person, customer, Role.VIEWER)
        letter = a_letter_in(world, "failed", customer=customer)
        assert visit_as(person).post(at(letter, "/send-again"), {"seen": "x"}).status == 404

    def test_leaves_one_line_of_history(self, admin: Visitor, world: World) -> None:
        letter = a_letter_in(world, "failed", customer=a_customer(world.northstar))
        before = History.select().count()
        self.press(admin, letter)
        line = History.select().order_by(History.id.desc()).get()
        assert History.select().count() == before + 1
        assert sentence(line) == "Email “Your onboarding begins” to ines@customer.example: sending it again"
        assert (line.who_name, line.customer_id) == ("Ada Admin", letter.customer_id)

    def test_a_queue_that_is_down_does_not_matter(
        self, admin: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*_: object) -> None:
            raise ConnectionError("no queue")

        monkeypatch.setattr(jobs, "deliver_due", down)
        assert self.press(admin, a_letter_in(world, "failed")).status == 303
