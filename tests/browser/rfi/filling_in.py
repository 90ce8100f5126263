"""An RFI filled in as people do it."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from data.database import database, open_database
from data.definitions import current_sets
from data.questions import Question
from data.rfi import Rfi, RfiAnswer
from tests.browser.conftest import Window
from tests.browser.portal import Served
from tests.rfi.good_and_bad import LISTS, well


@dataclass(frozen=True)
class Desk:
    """A portal with an RFI that asks for everything, its link, and somebody signed in."""

    served: Served
    folder: Path
    customer_id: int
    signed_in: Path
    tokens: list[str] = field(default_factory=list)

    @property
    def here(self) -> str:
        return f"{self.served.address}/customers/{self.customer_id}/rfi"

    @property
    def link(self) -> str:
        """A new one for each test: one link saves only so often in a minute."""
        return f"{self.served.address}/rfi/{self.tokens[-1]}"


def filled_database(folder: Path) -> object:
    open_database(f"sqlite:///{folder / 'home' / 'quayside.sqlite'}")
    return database.connection_context()


def kept(desk: Desk, question: str) -> object:
    with filled_database(desk.folder):
        rfi = Rfi.get(Rfi.customer == desk.customer_id)  # other customers of the sample have answers, too
        found = RfiAnswer.get_or_none((RfiAnswer.rfi == rfi) & (RfiAnswer.question == question))
        return found and found.value


def answer(page: Page, question: Question, infrastructure: str) -> None:
    """Answer a question well, as it is offered."""
    of_question = page.locator(f'[data-saves]:has([name="seen:{question.id}"])')
    if question.kind == "group":
        for part in question.questions:
            put(of_question.locator(f'[name="{question.id}.{part.id}"]:not([type=hidden])'), part)
    elif question.id == "infrastructure":
        of_question.locator(f"[value={infrastructure}]").evaluate(PRESS)
    else:
        put(of_question.locator(f'[name="{question.id}"]:not([type=hidden])'), question)


PRESS = "control => control.click()"  # wherever it is just now: other questions may be coming in above it


def put(controls: Locator, question: Question) -> None:
    kind = controls.first.get_attribute("type") or controls.first.evaluate("e => e.tagName")
    if kind == "radio":
        controls.first.evaluate(PRESS)
    elif kind == "checkbox":
        alone = {choice.value for choice in question.choices if choice.alone}
        for control in controls.all():
            if control.get_attribute("value") not in alone:
                control.evaluate(PRESS)
    elif kind == "SELECT":
        controls.select_option(index=1)
    elif kind == "file":
        file = {"name": "list.csv", "mimeType": "text/csv", "buffer": LISTS[question.columns]}
        controls.set_input_files(file)
    else:
        controls.fill(well(question)[0])


def answer_all(ours: Window, infrastructure: str) -> int:
    """Answer what is asked, and what is asked because of it, until nothing is; how many questions that were."""
    questions, done = current_sets(), set()
    first = [questions.question("infrastructure"), questions.question("mail_domains")]
    while first:
        for question in first:
            answer(ours.page, question, infrastructure)
            done.add(question.id)
        ours.page.evaluate("() => document.activeElement.blur()")
        ours.settle()
        everything_is_saved(ours)
        names = ours.page.locator("[name^='seen:']").evaluate_all("all => all.map(e => e.name.slice(5))")
        first = [questions.question(name) for name in names if name not in done]
    return len(done)


def everything_is_saved(ours: Window) -> None:
    expect(ours.page.locator("#answers[data-leave-warning='']")).to_have_count(1)
    expect(ours.page.locator("[data-saves='']")).to_have_count(ours.page.locator("[data-saves]").count())
