"""By link, answers that were flagged come first; all others wait below them, folded away."""

import pytest

from data.moments import now
from data.rfi import Rfi, RfiFlag
from tests.factories import World
from tests.rfi.filled_in import a_filled_rfi, answer, questions
from tests.rfi.test_hand_in_pages import hand_in, with_a_link
from tests.rfi.typing_in import BY_LINK, TOKEN, Held, door, kept
from tests.rfi.waiting_for import of
from tests.visits import Answer, Visitor

__all__ = ["questions"]  # a fixture


@pytest.fixture
def rfi(world: World, questions) -> Rfi:
    """All answered well; the domains are flagged."""
    rfi = with_a_link(a_filled_rfi(world, questions, state="error"))
    flag(rfi, "mail_domains", "One is missing.")
    return of(rfi)


def flag(rfi: Rfi, question: str, comment: str) -> None:
    RfiFlag.create(rfi=rfi, question=question, comment=comment, at=now(), by_name="Olga")


def asked_in(page: Answer, part: str) -> list[str]:
    """The questions that a part of the page asks."""
    return [field.get("id").split("-")[1] for field in page.find(f"{part} [data-saves]")]


def test_they_come_first_with_the_remark_and_the_others_are_folded_away(nobody: Visitor, rfi: Rfi) -> None:
    page = nobody.get(BY_LINK)
    assert asked_in(page, "#again") == ["mail_domains"]
    assert "One is missing." in page.find("#again")[0].text_content()
    assert asked_in(page, "details#others") == ["infrastructure", "directory_password", "contact_email", "remarks"]
    assert not page.find("#others[open]")
    assert page.text.index("One is missing.") < page.text.index("Where is your mail today?")
    assert "has a remark on one of your answers: it comes first" in page.text


def test_several_stand_in_the_order_of_the_questions(nobody: Visitor, rfi: Rfi) -> None:
    flag(rfi, "contact_email", "It bounces.")
    flag(rfi, "infrastructure", "Really?")
    assert asked_in(nobody.get(BY_LINK), "#again") == ["infrastructure", "mail_domains", "contact_email"]


def test_sections_whose_questions_all_come_first_are_left_out_below(nobody: Visitor, rfi: Rfi) -> None:
    flag(rfi, "contact_email", "It bounces.")
    flag(rfi, "remarks", "What does this mean?")
    assert not nobody.get(BY_LINK).find("#s-contacts")


def test_all_of_them_are_sent_with_the_page(nobody: Visitor, rfi: Rfi) -> None:
    page = Held.open(nobody, BY_LINK)
    assert page.type(mail_domains="quay.example", remarks="As you said.").save().status == 303
    assert kept(rfi)["mail_domains"] == ["quay.example"]
    assert kept(rfi)["remarks"] == "As you said."


def test_they_are_handed_in_again(nobody: Visitor, rfi: Rfi) -> None:
    sent = hand_in(Held.open(nobody, BY_LINK), mail_domains="harbour.example\nquay.example\ncrane.example")
    assert sent.location == f"/welcome/{TOKEN}"
    assert of(rfi).state == "complete"
    assert RfiFlag.get().settled_at is not None


def test_the_others_are_unfolded_where_something_is_in_the_way(nobody: Visitor, rfi: Rfi) -> None:
    answer(rfi, "contact_email", "tina at home")
    assert nobody.get(BY_LINK).find("details#others[open]")
    refused = hand_in(Held.open(nobody, BY_LINK))
    assert refused.status == 422
    assert refused.find("details#others[open]")


def test_other_questions_come_where_somebody_answers(nobody: Visitor, rfi: Rfi) -> None:
    saved = Held.open(nobody, BY_LINK).type(infrastructure="m365").save_one("infrastructure", folded=True)
    parts = saved.find("#questions details#others[open]")
    assert parts
    assert "Name of the tenant" in parts[0].text_content()


def test_the_msp_sees_them_in_their_sections(technician: Visitor, rfi: Rfi) -> None:
    page = technician.get(door(rfi))
    assert not page.find("#again, #others")
    assert asked_in(page, "#s-infrastructure") == ["infrastructure", "mail_domains", "directory_password"]
    assert "One is missing." in page.find("#flagged")[0].text_content()
