"""Forms of a cancellation: asking for it, and withdrawing it."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectChoice
from wtforms.validators import AnyOf, InputRequired

from blueprints.cancellations.rules import NotAccepted
from blueprints.web.fields import Text, Tick, VersionedForm

MOST_REASON = 500
EXPORT = (
    SelectChoice(
        "yes",
        "Yes. The provider sends a quote for exporting what the services hold, and begins once you have accepted it. "
        "What the portal itself keeps can be taken as an archive after the last day.",
    ),
    SelectChoice(
        "no",
        "No. What the services hold for the customer is deleted after the last day of service and cannot be brought "
        "back.",
    ),
)


class CancelForm(FlaskForm):
    """`terms` and `ends`: what the page showed."""

    export = RadioField(
        "Data export", [AnyOf(["yes", "no"], "Choose yes or no.")], choices=EXPORT, validate_choice=False
    )
    accepted = Tick(
        "I accept the terms of cancellation, and am authorised to cancel", [InputRequired(NotAccepted.sentence)]
    )
    terms = HiddenField()
    ends = HiddenField()


class WithdrawForm(VersionedForm):
    reason = Text("Reason", required=True, most=MOST_REASON)
