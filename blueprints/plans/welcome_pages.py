"""What the customer's own page is drawn from: its forms, what was refused, and rules in words for them."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from blueprints.plans import working
from blueprints.plans.expecting import records_for
from blueprints.plans.forms import CommentForm, CutoverForm
from blueprints.plans.views import StepView
from blueprints.plans.welcome import Welcome
from blueprints.web.refusals import Refused

# What rules say to the MSP's people, said to the customer's.
THEIR_WORDS = {
    working.Unproven: "The portal has not seen this yet. Press “Check now”: it is done when the check has passed.",
    working.StillLocked: "Other steps come first: this one is not open yet.",
}

DRAWINGS = {
    "locked": "lock",
    "not_started": "ring",
    "in_progress": "dot",
    "waiting": "clock",
    "done": "ok",
    "failed": "alert",
    "not_applicable": "dash",
}


@dataclass
class Trouble:
    """What was refused, and the forms with what was typed. `step`: its id; 0 for the plan as a whole."""

    step: int = 0
    sentence: str = ""
    remark: CommentForm | None = None
    cutover: CutoverForm | None = None

    def at(self, step: int) -> str:
        return self.sentence if self.step == step else ""


def proven(step: StepView) -> bool:
    """Whether its check has passed, so that only its hours or a press are missing."""
    return step.evidence is not None and step.evidence.outcome == "passed"


def said_by_check(step: StepView) -> bool:
    """Whether its reason is what the check has said, which stands there anyway."""
    return step.evidence is not None and step.evidence.sentence == step.reason


def in_their_words(refusal: Refused) -> str:
    return THEIR_WORDS.get(type(refusal), refusal.sentence)


def remark_form(step: StepView, *, typed: bool = False, **more: Any) -> CommentForm:
    """Its field has another id once a remark was made, so that a page that is morphed shows it empty."""
    given = more or ({} if typed else {"formdata": None})
    form = CommentForm(f"remark-{step.id}-{step.comments}", **given)
    form.text.label.text = "Write to us about this"
    return form


def cutover_form(welcome: Welcome) -> CutoverForm:
    """With the date that is set, on the MSP's clock."""
    assert welcome.plan is not None
    form = CutoverForm("cutover", formdata=None, version=welcome.plan.version)
    if at := welcome.plan.cutover_at:
        form.cutover_at.data = at.astimezone(ZoneInfo(welcome.guest.timezone))
    return form


def page_facts(welcome: Welcome, trouble: Trouble | None = None) -> dict[str, Any]:
    trouble, customer_id = trouble or Trouble(), welcome.customer.id
    remarks = {step.id: remark_form(step) for step in welcome.theirs if step.may("comment") and not welcome.past}
    if trouble.remark is not None:
        remarks[trouble.step] = trouble.remark
    cutover = trouble.cutover or (cutover_form(welcome) if welcome.cutover_step else None)
    return {
        "welcome": welcome,
        "guest": welcome.guest,
        "here": welcome.guest.here,
        "plan": welcome.plan,
        "partner": welcome.partner,
        "customer": welcome.customer,
        "rfi": welcome.rfi,
        "records": records_for(welcome.guest.who, customer_id, *welcome.to_do, *welcome.drifted),
        "drawings": DRAWINGS,
        "proven": proven,
        "said_by_check": said_by_check,
        "remarks": remarks,
        "cutover": cutover,
        "trouble": trouble,
    }
