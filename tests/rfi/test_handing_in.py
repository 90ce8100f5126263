"""Handing in: the whole set or nothing, once, kept for good, and told to the MSP."""

from collections.abc import Callable
from functools import partial

import peewee
import pytest

from blueprints.accounts.standing import standing_of
from blueprints.customers.links import LinkHolder
from blueprints.rfi import handing_in
from blueprints.rfi.handing_in import NotComplete, SeenBefore, hand_in
from blueprints.rfi.saving import HandedInAlready, NotOpen, ProjectClosed, SetAside
from data.attachments import Attachment
from data.definitions import ask_by, from_definition
from data.emails import Email, EmailAttachment
from data.history import History
from data.moments import now
from data.plans import Plan
from data.questions import SECRET_KEPT, QuestionSet
from data.rfi import HandedIn, Rfi, RfiAnswer, RfiFlag, RfiLink
from tests.at_once import at_once, names_of
from tests.factories import World
from tests.rfi.filled_in import ANSWERS, QUESTIONS, SECRET, a_filled_rfi, answer, questions
from tests.rfi.waiting_for import of

PORTAL = "https://portal.example"
__all__ = ["questions"]  # a fixture


@pytest.fixture
def rfi(world: World, questions: QuestionSet) -> Rfi:
    return a_filled_rfi(world, questions)


def handed(rfi: Rfi, who: object = None, version: int = 0) -> HandedIn:
    """Handed in through the link, unless by somebody else, by who saw the page as it is."""
    found = of(rfi)
    return hand_in(who or LinkHolder(RfiLink.get(RfiLink.rfi == rfi)), found, version or found.version, PORTAL)


def everything() -> dict[str, int]:
    counted = {record.__name__: record.select().count() for record in (HandedIn, Attachment, Email, EmailAttachment)}
    return counted | {"lines": History.select().count()}


class TestHandingIn:
    def test_does_all_of_it(self, rfi: Rfi) -> None:
        kept = handed(rfi)
        assert (of(rfi).state, of(rfi).version) == ("complete", 2)
        assert of(rfi.customer).infrastructure == "onprem"
        assert (kept.number, kept.infrastructure, kept.by_name, kept.by_id) == (
            1,
            "onprem",
            "Ines Lead (by link)",
            None,
        )
        assert everything() == {"HandedIn": 1, "Attachment": 1, "Email": 1, "EmailAttachment": 1, "lines": 5}
        assert [line.kind for line in History.select().order_by(History.id)] == [
            "attachment.filed",
            "rfi.handed_in",
            "plan.unlocked",
            "plan.made",
            "email.queued",
        ]

    def test_keeps_what_was_asked_and_only_that(self, rfi: Rfi) -> None:
        answers = HandedIn.get_by_id(handed(rfi).id).answers
        assert "tenant" not in answers, "typed for another infrastructure"
        assert answers["mail_domains"] == ANSWERS["mail_domains"]
        assert answers["directory_password"] == SECRET_KEPT
        assert not answers["remarks"]
        assert RfiAnswer.get(RfiAnswer.question == "tenant").value == ANSWERS["tenant"]

    def test_writes_to_the_msp_with_the_paper(self, rfi: Rfi) -> None:
        handed(rfi)
        letter = Email.get()
        assert (letter.kind, letter.to_email) == ("rfi_handed_in", "ada.admin@northstar.example")
        assert "Ines Lead (by link) handed in version 1 (infrastructure: On-premises)" in letter.text
        assert f"{PORTAL}/customers/{rfi.customer_id}/rfi/review" in letter.text
        paper = Attachment.get()
        assert EmailAttachment.get().attachment_id == paper.id
        assert paper.name == "RFI answers, version 1.pdf"
        assert bytes(paper.content.content).startswith(b"%PDF-")
        for words in (letter.text, letter.html):
            assert "tina@harbour.example" not in words, "no answers in letters"

    def test_by_the_msp_carries_their_name(self, world: World, rfi: Rfi) -> None:
        kept = handed(rfi, standing_of(world.technician))
        assert (kept.by_id, kept.by_name) == (world.technician.id, "Tom Technician")
        assert Attachment.get().created_by_id == world.technician.id

    def test_the_plan_opens_its_first_steps_the_first_time(self, world: World, questions: QuestionSet) -> None:
        rfi = a_filled_rfi(world, questions)
        handed(rfi)
        Rfi.update(state="incomplete").execute()
        handed(rfi)
        assert History.select().where(History.kind == "plan.unlocked").count() == 1
        assert (Plan.get().version, Plan.get().steps_total > 5) == (3, True)

    def test_settles_the_flags(self, rfi: Rfi) -> None:
        handed(rfi)
        Rfi.update(state="error").execute()
        RfiFlag.create(rfi=rfi, question="remarks", comment="Which?", at=now(), by_name="Ada")
        second = handed(rfi)
        assert second.number == 2
        assert RfiFlag.get().settled_at is not None


class TestRefused:
    @pytest.mark.parametrize("missing", ["mail_domains", "contact_email", "directory_password"])
    def test_while_an_answer_is_missing(self, world: World, questions: QuestionSet, missing: str) -> None:
        rfi = a_filled_rfi(world, questions, without=(missing,))
        before = everything()
        with pytest.raises(NotComplete) as refused:
            handed(rfi)
        assert [entry.question.id for entry, _ in refused.value.filled.problems] == [missing]
        assert "One answer stands in the way" in refused.value.sentence
        assert (everything(), of(rfi).state, of(rfi).version) == (before, "incomplete", 1)

    def test_while_an_answer_is_wrong(self, rfi: Rfi) -> None:
        answer(rfi, "contact_email", "nobody at all")
        with pytest.raises(NotComplete):
            handed(rfi)

    def test_a_second_time(self, rfi: Rfi) -> None:
        handed(rfi)
        before = everything()
        with pytest.raises(HandedInAlready):
            handed(rfi)
        assert everything() == before

    @pytest.mark.parametrize(
        ("changed", "refusal"),
        [({"state": "not_applicable"}, SetAside), ({"closed_at": now()}, ProjectClosed)],
    )
    def test_when_nobody_waits_for_it(self, rfi: Rfi, changed: dict, refusal: type[NotOpen]) -> None:
        Rfi.update(**changed).execute()
        with pytest.raises(refusal):
            handed(rfi)
        assert not HandedIn.select().exists()

    def test_when_something_happened_since_the_page_was_opened(self, rfi: Rfi) -> None:
        with pytest.raises(SeenBefore):
            handed(rfi, version=of(rfi).version + 1)

    def test_a_crash_at_the_end_leaves_nothing(self, rfi: Rfi, monkeypatch: pytest.MonkeyPatch) -> None:
        before = everything()

        class Crashed(Exception):
            pass

        def crash(*_: object) -> None:
            raise Crashed

        monkeypatch.setattr(handing_in, "tell_msp", crash)
        with pytest.raises(Crashed):
            handed(rfi)
        assert (everything(), of(rfi).state) == (before, "incomplete")


class TestTwoAtOnce:
    def test_make_one_version(self, rfi: Rfi) -> None:
        seen = [of(rfi), of(rfi)]
        pressed = [partial(hand_in, LinkHolder(RfiLink.get()), each, each.version, PORTAL) for each in seen]
        assert names_of(at_once(*pressed)) == ["HandedIn", "HandedInAlready"]
        assert (HandedIn.select().count(), Email.select().count()) == (1, 1)


class TestForGood:
    @pytest.mark.parametrize(
        "change",
        [
            lambda: HandedIn.update(answers={}).execute(),
            lambda: HandedIn.update(by_name="Somebody else").execute(),
            lambda: HandedIn.delete().execute(),
        ],
    )
    def test_the_database_refuses_to_change_or_remove_a_version(self, rfi: Rfi, change: Callable[[], object]) -> None:
        kept = handed(rfi)
        with pytest.raises(peewee.DatabaseError):
            change()
        assert HandedIn.get_by_id(kept.id).answers["contact_email"] == "tina@harbour.example"

    def test_questions_that_changed_on_disk_do_not_matter_to_what_was_begun(self, rfi: Rfi) -> None:
        newer = from_definition({"sections": [{**QUESTIONS["sections"][0], "title": "All anew"}]})
        asked = of(rfi).set_version_id
        assert ask_by(newer).version != asked
        kept = HandedIn.get_by_id(handed(rfi).id)
        assert kept.set_version_id == asked
        assert kept.answers["contact_email"] == "tina@harbour.example"

    def test_no_secret_is_anywhere_but_sealed(self, rfi: Rfi) -> None:
        handed(rfi)
        assert SECRET not in RfiAnswer.get(RfiAnswer.question == "directory_password").sealed
