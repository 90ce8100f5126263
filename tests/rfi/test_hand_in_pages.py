"""The button that hands in, at both doors: what it brings, where it leads, and what it refuses."""

from datetime import timedelta
from typing import Any

import pytest

from blueprints.customers.links import hashed
from data.emails import Email
from data.history import History
from data.moments import now
from data.questions import QuestionSet
from data.rfi import HandedIn, Rfi, RfiAnswer, RfiFlag, RfiLink
from tests.factories import World
from tests.rfi.filled_in import a_filled_rfi, questions
from tests.rfi.typing_in import BY_LINK, TOKEN, Held, door
from tests.rfi.waiting_for import of
from tests.visits import Answer, Visitor

__all__ = ["questions"]  # a fixture


def with_a_link(rfi: Rfi) -> Rfi:
    opens = {"token_hash": hashed(TOKEN), "expires_at": now() + timedelta(days=60)}
    RfiLink.update(**opens).where(RfiLink.rfi == rfi).execute()
    return rfi


@pytest.fixture
def rfi(world: World, questions: QuestionSet) -> Rfi:
    """Filled in but for the email of the technical contact."""
    return with_a_link(a_filled_rfi(world, questions, without=("contact_email",)))


def hand_in(page: Held, **typed: Any) -> Answer:
    """Press *Hand in* on a page that somebody holds; it brings what is typed there."""
    return page.visitor.post(f"{page.here}/hand-in", page.type(**typed).fields)


class TestByLink:
    def test_keeps_what_was_typed_last_and_thanks(self, nobody: Visitor, rfi: Rfi) -> None:
        answer = hand_in(Held.open(nobody, BY_LINK), contact_email="tina@harbour.example")
        assert answer.location == f"/welcome/{TOKEN}"
        assert "Thank you: your answers are handed in." in nobody.get(answer.location).text
        page = nobody.get(BY_LINK)
        assert not page.find("#answers")
        assert page.find(f'#closed a[href="/welcome/{TOKEN}"]')
        assert HandedIn.get().answers["contact_email"] == "tina@harbour.example"
        assert (of(rfi).state, HandedIn.get().by_name) == ("complete", "Ines Lead (by link)")

    @pytest.mark.parametrize(
        "ended",
        [{"revoked_at": now()}, {"expires_at": now() - timedelta(days=1)}, {"token_hash": "0" * 64}],
        ids=["revoked", "expired", "wrong"],
    )
    def test_a_link_that_opens_nothing_hands_in_nothing(self, nobody: Visitor, rfi: Rfi, ended: dict) -> None:
        page = Held.open(nobody, BY_LINK)
        RfiLink.update(**ended).execute()
        assert hand_in(page, contact_email="tina@harbour.example").status == 404
        assert (of(rfi).state, HandedIn.select().count()) == ("incomplete", 0)

    def test_hands_in_its_own_rfi_and_opens_no_other_door(self, nobody: Visitor, world, questions, rfi: Rfi) -> None:
        other = a_filled_rfi(world, questions)
        assert nobody.post(f"/customers/{other.customer_id}/rfi/hand-in", {"version": "1"}).status == 303
        for address in ("review", "versions/1", "reopen"):
            answer = nobody.get(f"/customers/{TOKEN}/rfi/{address}")
            assert answer.status == 404
        assert not HandedIn.select().exists()

    def test_a_page_open_for_too_long_keeps_its_typing(self, nobody: Visitor, rfi: Rfi) -> None:
        page = Held.open(nobody, BY_LINK).type(csrf_token="stale", contact_email="tina@harbour.example")
        answer = nobody.post(f"{BY_LINK}/hand-in", page.fields)
        assert answer.status == 400
        assert answer.value("contact_email") == "tina@harbour.example"


class TestByTheMsp:
    def test_leads_to_the_customer_and_says_so(self, technician: Visitor, rfi: Rfi) -> None:
        answer = hand_in(Held.open(technician, door(rfi)), contact_email="tina@harbour.example")
        assert answer.location == f"/customers/{rfi.customer_id}"
        page = technician.get(answer.location)
        assert "The RFI is handed in." in page.text
        panel = page.find("#rfi")[0].text_content()
        assert "Version 1" in panel
        assert page.find(f'#rfi a[href="/customers/{rfi.customer_id}/attachments/{HandedIn.get().attachment_id}"]')
        assert History.get(History.kind == "rfi.handed_in").who_name == "Tom Technician"

    def test_of_a_customer_of_others_is_not_there(self, stranger: Visitor, rfi: Rfi) -> None:
        assert stranger.post(f"{door(rfi)}/hand-in", {"version": "1"}).status == 404

    def test_is_refused_to_readers(self, viewer: Visitor, rfi: Rfi) -> None:
        assert viewer.post(f"{door(rfi)}/hand-in", {"version": "1"}).status == 403


class TestRefused:
    def test_while_incomplete_with_each_problem_linked_to_its_field(self, nobody: Visitor, rfi: Rfi) -> None:
        answer = hand_in(Held.open(nobody, BY_LINK), remarks="Call before nine.")
        assert answer.status == 422
        assert "This cannot be handed in yet. One answer stands in the way" in answer.text
        assert answer.find('#before a[href="#f-contact_email"]')
        assert answer.find("#f-contact_email")
        assert answer.value("remarks") == "Call before nine."
        assert RfiAnswer.get(RfiAnswer.question == "remarks").value == "Call before nine."
        assert (of(rfi).state, HandedIn.select().count()) == ("incomplete", 0)

    def test_while_wrong(self, nobody: Visitor, rfi: Rfi) -> None:
        answer = hand_in(Held.open(nobody, BY_LINK), contact_email="tina at home")
        assert answer.status == 422
        assert answer.value("contact_email") == "tina at home"
        assert answer.find('#before a[href="#f-contact_email"]')

    def test_when_it_became_complete_and_then_is_handed_in(self, nobody: Visitor, rfi: Rfi) -> None:
        page = hand_in(Held.open(nobody, BY_LINK))
        assert page.status == 422
        again = Held.open(nobody, BY_LINK)
        assert hand_in(again, contact_email="tina@harbour.example").status == 303

    def test_a_second_press_says_that_it_is_handed_in(self, nobody: Visitor, rfi: Rfi) -> None:
        page = Held.open(nobody, BY_LINK)
        assert hand_in(page, contact_email="tina@harbour.example").status == 303
        sent = {"csrf_token": nobody.token} | page.fields
        again = nobody.client.post(f"{BY_LINK}/hand-in", data=sent)
        assert again.headers["Location"] == BY_LINK
        nobody.get(BY_LINK)
        assert (HandedIn.select().count(), Email.select().where(Email.kind == "rfi_handed_in").count()) == (1, 1)

    def test_what_somebody_answered_meanwhile_is_shown_first(
        self, nobody: Visitor, technician: Visitor, rfi: Rfi
    ) -> None:
        ours, theirs = Held.open(nobody, BY_LINK), Held.open(technician, door(rfi))
        theirs.type(contact_email="theo@harbour.example").save()
        answer = hand_in(ours, contact_email="tina@harbour.example")
        assert answer.status == 409
        assert "theo@harbour.example" in answer.text
        assert not HandedIn.select().exists()

    def test_when_it_was_opened_again_since(self, nobody: Visitor, rfi: Rfi) -> None:
        page = Held.open(nobody, BY_LINK)
        Rfi.update(version=Rfi.version + 2).execute()
        answer = hand_in(page, contact_email="tina@harbour.example")
        assert answer.status == 409
        assert "Something happened here since you opened this page" in answer.text
        assert answer.value("contact_email") == "tina@harbour.example"
        assert hand_in(Held.open(nobody, BY_LINK)).status == 303

    @pytest.mark.parametrize(
        ("changed", "words"), [({"state": "not_applicable"}, "not needed"), ({"closed_at": now()}, "closed")]
    )
    def test_when_nobody_waits_for_it(self, nobody: Visitor, rfi: Rfi, changed: dict, words: str) -> None:
        page = Held.open(nobody, BY_LINK)
        Rfi.update(**changed).execute()
        answer = hand_in(page, contact_email="tina@harbour.example")
        assert answer.status == 409
        assert words in answer.text


def test_flagged_answers_come_back_with_the_remark_and_are_handed_in_again(
    nobody: Visitor, technician: Visitor, rfi: Rfi
) -> None:
    hand_in(Held.open(nobody, BY_LINK), contact_email="tina@harbour.example")
    remark = {"version": str(of(rfi).version), "remark_contact_email": "She left. Who follows her?"}
    technician.post(f"{door(rfi)}/flags", remark)
    page = nobody.get(BY_LINK)
    assert "She left. Who follows her?" in page.text
    assert "Handed in before: tina@harbour.example" in page.text
    assert hand_in(Held.open(nobody, BY_LINK), contact_email="theo@harbour.example").status == 303
    assert [kept.answers["contact_email"] for kept in HandedIn.select().order_by(HandedIn.number)] == [
        "tina@harbour.example",
        "theo@harbour.example",
    ]
    assert RfiFlag.get().settled_at is not None
