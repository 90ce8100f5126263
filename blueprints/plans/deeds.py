"""What people do with a step on its page: for each act of acts.py its form, its words, and the rule that does it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from blueprints.accounts.standing import Standing
from blueprints.plans import arranging, working
from blueprints.plans.forms import ActForm, AssignForm, CommentForm, DueForm, NotApplicableForm, ReasonForm, WaitForm
from blueprints.plans.views import StepView


@dataclass(frozen=True)
class Press:
    """Somebody presses the button of a form. `portal`: the address of the installation, for links in letters."""

    who: Standing
    customer_id: int
    step_id: int
    form: Any
    portal: str

    @property
    def seen(self) -> tuple[Standing, int, int, int]:
        """Who acts on which step, and the version of it that they saw."""
        return self.who, self.customer_id, self.step_id, self.form.version.data

    @property
    def until(self) -> datetime:
        return on_their_clock(self.form.until.data, self.who)


def on_their_clock(typed: datetime, who: Standing) -> datetime:
    """The moment that somebody means by a day and a time."""
    return typed.replace(tzinfo=ZoneInfo(who.timezone))


@dataclass(frozen=True)
class Deed:
    """`do` returns what the sentence that is said afterwards may need as {found}; {title} is that of the step.

    `button` and `explained` stand on its form where it has one that opens; `may`: the act of acts.py, where it has
    another name.
    """

    do: Callable[[Press], object]
    said: str
    form: type[ActForm] = ActForm
    button: str = ""
    explained: str = ""
    may: str = ""


def refuse_not_applicable(press: Press) -> object:
    return working.not_applicable(*press.seen, press.form.reason.data, overriding=press.form.overriding.data)


def remind(press: Press) -> object:
    from blueprints.plans import reminding  # noqa: PLC0415 - a rare press

    return reminding.remind_of(press.who, press.customer_id, press.step_id, press.portal)


DEEDS: dict[str, Deed] = {
    "start": Deed(lambda press: working.start(*press.seen), "“{title}” is started."),
    "done": Deed(lambda press: working.done(*press.seen), "“{title}” is done."),
    "wait": Deed(
        lambda press: working.wait_until(*press.seen, press.until),
        "“{title}” waits.",
        WaitForm,
        "Let it wait",
        "For an answer, or for a time to live that runs out. Nobody is reminded of it until then.",
    ),
    "fail": Deed(
        lambda press: working.fail(*press.seen, press.form.reason.data),
        "“{title}” has failed.",
        ReasonForm,
        "It failed",
        "It did not work out. It stands on the list of stuck steps until somebody starts it again.",
    ),
    "override": Deed(
        lambda press: working.override(*press.seen, press.form.reason.data),
        "“{title}” is done by override.",
        ReasonForm,
        "Finish by override",
        "It counts as done, whatever stands in its way: steps before it, hours that must pass, proof that is missing.",
    ),
    "not-applicable": Deed(
        refuse_not_applicable,
        "“{title}” is not applicable.",
        NotApplicableForm,
        "Not applicable",
        "This customer does not need it. It stays in the plan, and nothing waits for it.",
        "not_applicable",
    ),
    "drop": Deed(
        lambda press: working.drop_step(*press.seen, press.form.reason.data),
        "“{title}” is dropped from this plan.",
        ReasonForm,
        "Drop from this plan",
        "It leaves the plan of this customer and its count. It can be taken up again.",
    ),
    "undo": Deed(
        lambda press: working.undo(*press.seen, press.form.reason.data),
        "“{title}” is taken up again.",
        ReasonForm,
        "Take up again",
        "As if nobody had begun it. Steps that came after it and are done must be undone first.",
    ),
    "assign": Deed(
        lambda press: arranging.assign(*press.seen, press.form.person.data or None),
        "It is kept who does “{title}”.",
        AssignForm,
    ),
    "due": Deed(
        lambda press: arranging.set_due(*press.seen, press.form.due_on.data), "The day of “{title}” is kept.", DueForm
    ),
    "comment": Deed(
        lambda press: arranging.comment(press.who, press.customer_id, press.step_id, press.form.text.data),
        "Remark added.",
        CommentForm,
    ),
    "remind": Deed(remind, "A reminder goes to {found}."),
}
OPENED = ("wait", "fail", "override", "not-applicable", "undo", "drop")  # stand closed on the page, in this order


def may(step: StepView, name: str) -> bool:
    """Whether a person may do this with the step now. Reminding is for whoever may work on what is open to be done."""
    if name == "remind":
        return "due" in step.acts and not step.settled and step.state != "locked"
    return (DEEDS[name].may or name) in step.acts


def forms_for(step: StepView, people: Iterable[tuple[int, str]], tried: str = "", typed: Any = None) -> dict[str, Any]:
    """The form of each act that may be done now; that of `tried` as it was typed."""
    forms: dict[str, Any] = {}
    for name, deed in DEEDS.items():
        if name == tried or may(step, name):
            forms[name] = typed if name == tried else empty_form(name, deed, step)
            if isinstance(forms[name], AssignForm):
                forms[name].offer(people)
    return forms


def empty_form(name: str, deed: Deed, step: StepView) -> ActForm:
    kept = {"version": step.version, "person": step.assigned_to or 0, "due_on": step.due_on}
    return deed.form(name, formdata=None, **kept)
