"""Forms of the mailroom: what to look for, where a test goes, whether to send again."""

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectChoice, SelectField
from wtforms.validators import ValidationError

from blueprints.mailroom.rules import KINDS, STATE_NAMES
from blueprints.web.fields import Line, Tick, Whole

MOST_ID = 999_999_999_999


def options(everything: str, names: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice("", everything), *(SelectChoice(value, label) for value, label in names.items())]


class FilterForm(FlaskForm):
    """What stands in the address of the list; nothing is changed by it."""

    class Meta:
        csrf = False

    q = Line("Search", most=100, render_kw={"type": "search", "autocomplete": "off"})
    state = SelectField("State", choices=options("Any state", STATE_NAMES), default="")
    kind = SelectField("About", choices=options("About anything", KINDS), default="")
    before = Whole("Older than", most=MOST_ID, required=False)
    after = Whole("Newer than", most=MOST_ID, required=False)
    looks = Whole("Looks", most=1000, required=False)

    def chosen(self) -> dict[str, str]:
        """The filters that are set, as they stand in an address."""
        return {name: self[name].data for name in ("q", "state", "kind") if self[name].data}


class TestLetterForm(FlaskForm):
    to_email = Line("Send a test to", required=True, most=254, render_kw={"type": "email", "autocomplete": "email"})

    def validate_to_email(self, field: Line) -> None:
        try:
            validate_email(field.data, check_deliverability=False)
        except EmailNotValidError:
            raise ValidationError("An email address such as ada@msp.example.") from None


class SendAgainForm(FlaskForm):
    """`seen`: what the page showed of the letter's delivery."""

    seen = HiddenField()
    confirmed = Tick("It may arrive twice: send it all the same")
