"""Reminders name what is still to be answered; flagged answers are reminded of by the same days, and close nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from blueprints.accounts.standing import standing_of
from blueprints.rfi.reviewing import flag_answers
from blueprints.rfi.waiting import tend
from data.customers import Customer
from data.emails import Email
from data.history import History
from data.moments import now
from data.questions import QuestionSet
from data.rfi import Rfi, RfiFlag, RfiLink
from tests.factories import World
from tests.rfi.filled_in import SECRET, a_filled_rfi, answer, questions
from tests.rfi.test_reviewing import PORTAL, hand_in_again
from tests.rfi.typing_in import an_rfi
from tests.rfi.waiting_for import of, set_waiting
from tests.visits import Visitor

__all__ = ["questions"]  # a fixture
START = "2026-03-01T09:30:00Z"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture
def wait(clock) -> Callable[[float], None]:
    """`wait(3)`: three days pass, and what is due is done."""

    def pass_by(days: float) -> None:
        clock.shift(timedelta(days=days))
        tend(PORTAL)
        tend(PORTAL)

    return pass_by


def letters() -> list[Email]:
    return list(Email.select().where(Email.kind == "rfi_reminder").order_by(Email.id))


def told() -> list[Email]:
    return list(Email.select().where(Email.kind == "rfi_silent").order_by(Email.id))


def flag(world: World, rfi: Rfi, **remarks: str) -> None:
    flag_answers(standing_of(world.technician), rfi.customer_id, of(rfi).version, remarks, PORTAL)


class TestWhatIsMissing:
    def test_is_named_in_both_dresses_of_the_letter(self, wait, world: World, questions: QuestionSet) -> None:
        a_filled_rfi(world, questions, without=("contact_email", "mail_domains"))
        wait(3)
        letter = letters()[0]
        for words in (letter.text, letter.html):
            assert "2 answers are still missing, or cannot be right:" in words
            assert words.index("Email domains") < words.index("Email of the technical contact")

    def test_one_is_told_as_one(self, wait, world: World, questions: QuestionSet) -> None:
        a_filled_rfi(world, questions, without=("contact_email",))
        wait(3)
        assert "One answer is still missing, or cannot be right:" in letters()[0].text

    def test_what_cannot_be_right_is_among_it(self, wait, world: World, questions: QuestionSet) -> None:
        answer(a_filled_rfi(world, questions), "contact_email", "tina at home")
        wait(3)
        assert "- Email of the technical contact" in letters()[0].text
        assert "tina at home" not in letters()[0].text

    def test_of_many_the_first_few_are_named(self, wait, world: World) -> None:
        an_rfi(world)
        wait(3)
        text = letters()[0].text
        assert "answers are still missing, or cannot be right, among them:" in text
        assert text.count("\n- ") == 5

    def test_with_nothing_missing_it_only_has_to_be_handed_in(self, wait, world: World, questions) -> None:
        a_filled_rfi(world, questions)
        wait(3)
        assert "Everything is answered: it only has to be handed in." in letters()[0].text

    def test_no_secret_and_no_answer_stands_in_it(self, wait, world: World, questions: QuestionSet) -> None:
        a_filled_rfi(world, questions, without=("contact_email",))
        wait(3)
        for kept in (SECRET, "harbour.example"):
            assert kept not in letters()[0].text.replace("lead@", "")


class TestFlagged:
    @pytest.fixture
    def rfi(self, clock, world: World, questions: QuestionSet) -> Rfi:
        """Answered after ten days, with two reminders; flagged two days after that."""
        rfi = a_filled_rfi(world, questions)
        for days in (3, 4, 3):
            clock.shift(timedelta(days=days))
            tend(PORTAL)
        hand_in_again(rfi)
        clock.shift(timedelta(days=2))
        flag(world, rfi, mail_domains="One is missing.")
        Email.delete().execute()
        return of(rfi)

    def test_are_reminded_of_by_the_same_days_from_then_on(self, clock, rfi: Rfi) -> None:
        sent, begun = [], now()
        for _ in range(40):
            clock.shift(timedelta(days=1))
            before = len(letters())
            tend(PORTAL)
            tend(PORTAL)
            sent += [(now() - begun).days] * (len(letters()) - before)
        assert sent == [3, 7, 14, 21]

    def test_the_letter_says_which_and_no_remark(self, wait, rfi: Rfi) -> None:
        wait(3)
        letter = letters()[0]
        for words in (letter.text, letter.html):
            assert "on 13 March 2026 Northstar IT asked you to look at some of your answers" in words
            assert "One answer is waited for:" in words
            assert "Email domains" in words
            assert "closes the project" not in words
            assert "One is missing." not in words

    def test_the_link_opens(self, wait, nobody: Visitor, rfi: Rfi) -> None:
        wait(3)
        link = next(word for word in letters()[0].text.split() if "/rfi/" in word)
        assert "One is missing." in nobody.get(link.removeprefix(PORTAL)).text

    def test_flagged_once_more_it_counts_from_then(self, wait, world: World, rfi: Rfi) -> None:
        wait(6)
        assert len(letters()) == 1
        flag(world, rfi, contact_email="It bounces.")
        wait(2)
        assert len(letters()) == 1
        wait(1)
        assert len(letters()) == 2
        assert "2 answers are waited for:" in letters()[1].text

    def test_handed_in_again_nobody_is_reminded(self, wait, rfi: Rfi) -> None:
        wait(3)
        hand_in_again(rfi, mail_domains=["quay.example"])
        wait(30)
        assert len(letters()) == 1

    def test_close_no_project_however_long_it_takes(self, wait, world: World, rfi: Rfi) -> None:
        set_waiting(world.northstar, "3", 7)
        for _ in range(10):
            wait(30)
        assert Customer.get_by_id(rfi.customer_id).status == "in_progress"
        assert {letter.kind for letter in Email.select()} == {"rfi_reminder", "rfi_silent"}
        assert RfiLink.select().where(RfiLink.revoked_at.is_null(False)).count() == 0

    def test_the_msp_is_told_once_when_all_reminders_went_out(self, wait, world: World, rfi: Rfi) -> None:
        set_waiting(world.northstar, "3, 7", 0)
        for _ in range(9):
            wait(1)
        assert told() == [], "the last reminder has three days to be read"
        for _ in range(5):
            wait(1)
        (letter,) = told()
        assert letter.subject == f"{Customer.get_by_id(rfi.customer_id).name}: flagged answers are still waited for"
        for words in (letter.text, letter.html):
            assert "13 March 2026" in words
            assert "2 reminders" in words
            assert "One is missing." not in words
        assert f"{PORTAL}/customers/{rfi.customer_id}" in letter.text
        assert History.select().where(History.kind == "rfi.silence_told").count() == 1

    def test_the_msp_is_told_again_only_when_it_flagged_again(self, wait, clock, world: World, rfi: Rfi) -> None:
        set_waiting(world.northstar, "3", 0)
        wait(7)
        flag(world, rfi, contact_email="It bounces.")
        wait(5)
        assert len(told()) == 1
        wait(2)
        assert len(told()) == 2

    def test_the_msp_is_told_nothing_where_nobody_is_reminded(self, wait, world: World, rfi: Rfi) -> None:
        set_waiting(world.northstar, "", 0)
        wait(90)
        assert told() == []

    def test_and_the_msp_is_told_so_on_the_customers_page(self, visit_as: Callable, world: World, rfi: Rfi) -> None:
        panel = visit_as(world.admin).get(f"/customers/{rfi.customer_id}").find("#rfi")[0].text_content()
        assert "flagged answers close no project" in panel
        assert "The project is closed on" not in panel

    def test_are_reminded_of_by_hand(self, visit_as: Callable, world: World, rfi: Rfi) -> None:
        sent = visit_as(world.admin).post("/customers/in-progress/remind", {"chosen": rfi.customer_id})
        assert sent.status == 303
        assert "asked you to look at some of your answers" in letters()[0].text

    def test_leave_a_line_of_history(self, wait, rfi: Rfi) -> None:
        before = History.select().where(History.kind == "rfi.reminded").count()
        wait(3)
        assert History.select().where(History.kind == "rfi.reminded").count() == before + 1

    def test_without_any_open_remark_it_counts_from_the_opening(self, wait, rfi: Rfi) -> None:
        """Remarks of an earlier portal may be gone."""
        RfiFlag.delete().execute()
        wait(1)
        assert len(letters()) == 1
