"""Reviewing: reading versions, flagging answers, opening again, setting aside and taking up again."""

from collections.abc import Callable

import pytest

from blueprints.customers.links import LinkHolder
from blueprints.rfi.filling import filled
from blueprints.rfi.handing_in import hand_in
from data.customers import Contact, Customer
from data.emails import Email
from data.history import History, sentence
from data.questions import QuestionSet
from data.rfi import HandedIn, Rfi, RfiFlag, RfiLink
from tests.factories import World
from tests.rfi.filled_in import SECRET, a_filled_rfi, answer, questions
from tests.rfi.waiting_for import of
from tests.visits import Visitor

__all__ = ["questions"]  # a fixture
PORTAL = "https://portal.example"


@pytest.fixture
def rfi(world: World, questions: QuestionSet) -> Rfi:
    """Handed in once, by Ines."""
    rfi = a_filled_rfi(world, questions)
    hand_in_again(rfi)
    return of(rfi)


def hand_in_again(rfi: Rfi, **changed: object) -> None:
    for question, value in changed.items():
        answer(rfi, question, value)
    found = of(rfi)
    hand_in(LinkHolder(RfiLink.get(RfiLink.rfi == rfi)), found, found.version, PORTAL)


def at(rfi: Rfi, rest: str = "review") -> str:
    return f"/customers/{rfi.customer_id}/rfi/{rest}"


def flags(rfi: Rfi, **remarks: str) -> dict[str, str]:
    return {"version": str(of(rfi).version)} | {f"remark_{question}": remark for question, remark in remarks.items()}


def newest_letter(kind: str) -> Email:
    return Email.select().where(Email.kind == kind).order_by(Email.id.desc()).get()


class TestReading:
    def test_shows_every_answer_in_words_and_no_secret(self, admin: Visitor, rfi: Rfi) -> None:
        page = admin.get(at(rfi))
        assert "handed in by Ines Lead (by link)" in page.text
        for words in ("On our own servers", "harbour.example quay.example", "tina@harbour.example", "Kept, not shown"):
            assert words in page.text
        assert "Not answered" in page.find("#answer-remarks")[0].text_content()
        assert not page.find("#answer-tenant"), "typed for another infrastructure"
        assert SECRET not in page.html

    def test_readers_read_and_find_nothing_to_press(self, viewer: Visitor, rfi: Rfi) -> None:
        page = viewer.get(at(rfi))
        assert "tina@harbour.example" in page.text
        assert not page.find("main form, main textarea")

    def test_earlier_versions_stay_readable_beside_the_newest(self, admin: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "flags"), flags(rfi, contact_email="Who is Tina?"))
        hand_in_again(rfi, contact_email="theo@harbour.example")
        page = admin.get(at(rfi))
        assert "Version 1 said: tina@harbour.example" in page.text
        assert [link.get("href") for link in page.find("a[href*=versions]")] == [at(rfi, "versions/1")]
        first = admin.get(at(rfi, "versions/1"))
        assert "tina@harbour.example" in first.text
        assert "theo@harbour.example" not in first.text
        second = admin.get(at(rfi, "versions/2"))
        assert "theo@harbour.example" in second.text
        assert SECRET not in first.html + second.html

    def test_before_anything_is_handed_in_it_says_so(self, admin: Visitor, world: World, questions) -> None:
        rfi = a_filled_rfi(world, questions)
        assert "Nothing is handed in yet" in admin.get(at(rfi)).text

    @pytest.mark.parametrize("number", ["0", "2", "999999999999", "-1", "x"])
    def test_a_version_that_is_not_there_is_a_404(self, admin: Visitor, rfi: Rfi, number: str) -> None:
        assert admin.get(at(rfi, f"versions/{number}")).status == 404

    def test_hides_customers_of_others(self, stranger: Visitor, rfi: Rfi) -> None:
        for address in ("review", "versions/1", "reopen", "not-applicable"):
            assert stranger.get(at(rfi, address)).status == 404

    def test_a_constant_number_of_queries(self, admin: Visitor, rfi: Rfi, statements: Callable) -> None:
        once = statements(lambda: admin.get(at(rfi)))
        for _ in range(3):
            Rfi.update(state="incomplete").execute()
            hand_in_again(rfi)
        assert statements(lambda: admin.get(at(rfi))) == once


class TestFlagging:
    def test_flags_several_at_once(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(
            at(rfi, "flags"), flags(rfi, contact_email="Who is Tina?", mail_domains="quay.example has no MX")
        )
        assert answer_.location == f"/customers/{rfi.customer_id}"
        assert of(rfi).state == "error"
        assert {flag.question: (flag.comment, flag.by_name) for flag in RfiFlag.select()} == {
            "contact_email": ("Who is Tina?", "Ada Admin"),
            "mail_domains": ("quay.example has no MX", "Ada Admin"),
        }
        page = admin.get(answer_.location)
        assert f"2 answers flagged. A new link goes to lead@{rfi.customer.primary_domain}." in page.text
        assert "2 answers are flagged" in page.find("#rfi")[0].text_content()

    def test_works_for_htmx(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(at(rfi, "flags"), flags(rfi, remarks="Which?"), htmx=True)
        assert answer_.headers["HX-Redirect"] == f"/customers/{rfi.customer_id}"

    def test_the_letter_names_the_questions_and_no_answer(self, admin: Visitor, nobody: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "flags"), flags(rfi, contact_email="Not tina@harbour.example, please", remarks="Which?"))
        letter = newest_letter("rfi_flagged")
        for words in (letter.text, letter.html):
            assert "a remark on 2 of the answers" in words
            assert "Email of the technical contact" in words
            assert "Anything else?" in words
            assert "tina@" not in words
        link = next(word for word in letter.text.split() if "/rfi/" in word)
        assert nobody.get("/rfi/" + link.rpartition("/")[2]).status == 200

    def test_whoever_answers_sees_the_remark_and_what_was_handed_in(self, admin: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "flags"), flags(rfi, contact_email="Who is Tina?"))
        answer(rfi, "contact_email", "theo@harbour.example")
        entry = filled(of(rfi)).entry("contact_email")
        assert (entry.flag.comment, entry.earlier, entry.value) == (
            "Who is Tina?",
            "tina@harbour.example",
            "theo@harbour.example",
        )

    def test_handing_in_again_settles_it(self, admin: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "flags"), flags(rfi, contact_email="Who is Tina?"))
        hand_in_again(rfi, contact_email="theo@harbour.example")
        assert of(rfi).state == "complete"
        page = admin.get(at(rfi))
        assert "Who is Tina?" not in page.text
        assert page.find("[name=remark_contact_email]")

    def test_more_may_be_flagged_and_the_first_remark_stands(self, admin: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "flags"), flags(rfi, contact_email="Who is Tina?"))
        page = admin.get(at(rfi))
        assert "Who is Tina?" in page.find("#answer-contact_email")[0].text_content()
        assert not page.find("[name=remark_contact_email]")
        admin.post(at(rfi, "flags"), flags(rfi, contact_email="Another remark", remarks="Which?"))
        assert [flag.comment for flag in RfiFlag.select().order_by(RfiFlag.id)] == ["Who is Tina?", "Which?"]
        assert "- Email of the technical contact\n- Anything else?" in newest_letter("rfi_flagged").text

    def test_refuses_no_remark_at_all(self, admin: Visitor, rfi: Rfi) -> None:
        for htmx in (True, False):
            answer_ = admin.post(at(rfi, "flags"), flags(rfi, contact_email="  "), htmx=htmx)
            assert answer_.status == 422
            assert "Write a remark beside at least one answer" in answer_.text
        assert of(rfi).state == "complete"

    def test_shows_what_is_wrong_and_keeps_the_typing(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(at(rfi, "flags"), flags(rfi, contact_email="x" * 1_001, remarks="Which?"))
        assert answer_.status == 422
        assert "At most 1000 characters" in answer_.text
        assert answer_.value("remark_remarks") == "Which?"
        assert answer_.find("#answer-remarks details[open]")
        assert not RfiFlag.select().exists()

    def test_refuses_what_changed_meanwhile(self, admin: Visitor, operator: Visitor, rfi: Rfi) -> None:
        seen = flags(rfi, contact_email="Who is Tina?")
        operator.post(at(rfi, "flags"), flags(rfi, remarks="Which?"))
        answer_ = admin.post(at(rfi, "flags"), seen)
        assert answer_.status == 409
        assert answer_.value("remark_contact_email") == "Who is Tina?"
        again = {"version": answer_.value("version"), "remark_contact_email": "Who is Tina?"}
        assert admin.post(at(rfi, "flags"), again).status == 303

    def test_ignores_questions_that_were_not_asked(self, admin: Visitor, rfi: Rfi) -> None:
        assert admin.post(at(rfi, "flags"), flags(rfi, tenant="x", no_such_question="x")).status == 422
        assert not RfiFlag.select().exists()

    @pytest.mark.parametrize("state", ["incomplete", "not_applicable"])
    def test_refuses_what_is_not_handed_in(self, admin: Visitor, rfi: Rfi, state: str) -> None:
        Rfi.update(state=state).execute()
        answer_ = admin.post(at(rfi, "flags"), flags(rfi, contact_email="x"))
        assert answer_.status == 422
        assert of(rfi).state == state

    def test_refuses_customers_who_left(self, admin: Visitor, rfi: Rfi) -> None:
        Customer.update(status="cancelled", shelf="past").where(Customer.id == rfi.customer_id).execute()
        assert admin.post(at(rfi, "flags"), flags(rfi, contact_email="x")).status == 422
        assert not admin.get(at(rfi)).find("main form")

    def test_hides_customers_of_others(self, stranger: Visitor, rfi: Rfi) -> None:
        assert stranger.post(at(rfi, "flags"), flags(rfi, contact_email="x")).status == 404

    def test_refuses_readers(self, viewer: Visitor, rfi: Rfi) -> None:
        assert viewer.post(at(rfi, "flags"), flags(rfi, contact_email="x")).status == 403

    def test_says_when_there_is_nobody_to_write_to(self, admin: Visitor, rfi: Rfi) -> None:
        Contact.delete().execute()
        answer_ = admin.post(at(rfi, "flags"), flags(rfi, contact_email="x"))
        assert "Nobody was written to" in admin.get(answer_.location).text
        assert of(rfi).state == "error"

    def test_leaves_its_lines_of_history(self, technician: Visitor, rfi: Rfi) -> None:
        technician.post(at(rfi, "flags"), flags(rfi, contact_email="Who is Tina?"))
        lines = list(History.select().where(History.who_name == "Tom Technician").order_by(History.id))
        assert [line.kind for line in lines] == ["rfi.flagged", "email.queued", "rfi.link_sent"]
        assert sentence(lines[0]) == "RFI answers flagged: Email of the technical contact"


class TestOpeningAgain:
    def typed(self, rfi: Rfi, **changed: str) -> dict[str, str]:
        return {"version": str(of(rfi).version), "reason": "They moved to another hoster", "tell": "y"} | changed

    def test_opens_it_and_keeps_what_was_handed_in(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(at(rfi, "reopen"), self.typed(rfi))
        assert answer_.location == f"/customers/{rfi.customer_id}"
        found = of(rfi)
        assert (found.state, found.reason, found.reminders) == ("incomplete", "They moved to another hoster", 0)
        assert found.opened_at > rfi.opened_at
        assert "tina@harbour.example" in admin.get(at(rfi, "versions/1")).text
        assert "Opened again: They moved to another hoster" in admin.get(answer_.location).text
        letter = newest_letter("rfi_reopened")
        assert "They moved to another hoster" in letter.text
        hand_in_again(rfi)
        assert [kept.number for kept in HandedIn.select().order_by(HandedIn.id)] == [1, 2]

    def test_works_for_htmx(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(at(rfi, "reopen"), self.typed(rfi), htmx=True)
        assert answer_.headers["HX-Redirect"] == f"/customers/{rfi.customer_id}"

    def test_writes_to_nobody_when_not_asked_to(self, admin: Visitor, rfi: Rfi) -> None:
        typed = self.typed(rfi)
        del typed["tell"]
        admin.post(at(rfi, "reopen"), typed)
        assert of(rfi).state == "incomplete"
        assert not Email.select().where(Email.kind == "rfi_reopened").exists()

    @pytest.mark.parametrize(
        ("reason", "why"), [("", "Fill this in"), ("x" * 501, "At most 500"), ("a\x00b", "control")]
    )
    def test_needs_a_reason_and_keeps_the_typing(self, admin: Visitor, rfi: Rfi, reason: str, why: str) -> None:
        for htmx in (True, False):
            answer_ = admin.post(at(rfi, "reopen"), self.typed(rfi, reason=reason), htmx=htmx)
            assert answer_.status == 422
            assert why in answer_.text
        assert of(rfi).state == "complete"

    def test_refuses_what_changed_meanwhile_and_keeps_the_typing(self, admin: Visitor, rfi: Rfi) -> None:
        seen = self.typed(rfi)
        Rfi.update(version=Rfi.version + 1).execute()
        answer_ = admin.post(at(rfi, "reopen"), seen)
        assert answer_.status == 409
        assert answer_.value("reason") == "They moved to another hoster"
        assert answer_.value("version") == str(of(rfi).version)

    def test_refuses_a_second_time(self, admin: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "reopen"), self.typed(rfi))
        answer_ = admin.post(at(rfi, "reopen"), self.typed(rfi))
        assert answer_.status == 422
        assert "open to answers already" in answer_.text

    def test_hides_customers_of_others_and_refuses_readers(self, stranger: Visitor, viewer: Visitor, rfi: Rfi) -> None:
        assert stranger.post(at(rfi, "reopen"), self.typed(rfi)).status == 404
        assert viewer.post(at(rfi, "reopen"), self.typed(rfi)).status == 403

    def test_leaves_one_line_of_history_with_the_reason(self, admin: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "reopen"), self.typed(rfi))
        lines = list(History.select().where(History.kind == "rfi.reopened"))
        assert [sentence(line) for line in lines] == ["RFI opened again: They moved to another hoster"]


class TestSettingAside:
    @pytest.fixture
    def rfi(self, world: World, questions: QuestionSet) -> Rfi:
        return a_filled_rfi(world, questions)

    def typed(self, rfi: Rfi, **changed: str) -> dict[str, str]:
        return {"version": str(of(rfi).version), "reason": "Onboarded with the old application"} | changed

    def test_says_why_and_asks_nobody_any_more(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(at(rfi, "not-applicable"), self.typed(rfi))
        assert answer_.location == f"/customers/{rfi.customer_id}"
        assert (of(rfi).state, of(rfi).reason) == ("not_applicable", "Onboarded with the old application")
        page = admin.get(answer_.location)
        assert "Not applicable: Onboarded with the old application" in page.text
        assert not page.find(f'form[action="{at(rfi, "link")}"]')

    def test_and_back(self, admin: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "not-applicable"), self.typed(rfi))
        for htmx in (True, False):
            Rfi.update(state="not_applicable").execute()
            answer_ = admin.post(at(rfi, "applicable"), {"version": str(of(rfi).version)}, htmx=htmx)
            assert answer_.status == (200 if htmx else 303)
            assert (of(rfi).state, of(rfi).reason) == ("incomplete", "")
        assert admin.post(at(rfi, "applicable"), {"version": str(of(rfi).version)}).status == 409

    def test_works_for_htmx(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(at(rfi, "not-applicable"), self.typed(rfi), htmx=True)
        assert answer_.headers["HX-Redirect"] == f"/customers/{rfi.customer_id}"

    def test_needs_a_reason_and_keeps_the_typing(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(at(rfi, "not-applicable"), self.typed(rfi, reason="x" * 501))
        assert answer_.status == 422
        assert answer_.value("reason") == "x" * 501

    def test_refuses_what_is_handed_in(self, admin: Visitor, rfi: Rfi) -> None:
        hand_in_again(rfi)
        answer_ = admin.post(at(rfi, "not-applicable"), self.typed(rfi))
        assert answer_.status == 422
        assert "was handed in" in answer_.text

    def test_refuses_what_changed_meanwhile(self, admin: Visitor, rfi: Rfi) -> None:
        answer_ = admin.post(at(rfi, "not-applicable"), self.typed(rfi, version="77"))
        assert answer_.status == 409
        assert answer_.value("reason") == "Onboarded with the old application"
        assert admin.post(at(rfi, "applicable"), {"version": "77"}).status == 409

    def test_hides_customers_of_others_and_refuses_readers(self, stranger: Visitor, viewer: Visitor, rfi: Rfi) -> None:
        for address in ("not-applicable", "applicable"):
            assert stranger.post(at(rfi, address), self.typed(rfi)).status == 404
            assert viewer.post(at(rfi, address), self.typed(rfi)).status == 403

    def test_leaves_one_line_of_history_each(self, admin: Visitor, rfi: Rfi) -> None:
        admin.post(at(rfi, "not-applicable"), self.typed(rfi))
        admin.post(at(rfi, "applicable"), {"version": str(of(rfi).version)})
        told = [sentence(line) for line in History.select().where(History.kind.startswith("rfi.")).order_by(History.id)]
        assert told == ["RFI set to not applicable: Onboarded with the old application", "RFI applies again"]
