"""Forms of alerts: acknowledging one, and who is told."""

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.alerts.acknowledging import LONGEST_REMARK
from blueprints.alerts.subscribers import LEVELS as WHEN
from blueprints.alerts.subscribers import SERVICES, Entry, Subscriber
from blueprints.web.fields import Line, Text, Tick, VersionedForm


def options(names: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in names.items()]


class AcknowledgeForm(FlaskForm):
    remark = Text("Remark", most=LONGEST_REMARK, description="What is known, and who looks after it.")


class SubscriberForm(VersionedForm):
    name = Line("Name", required=True)
    email = Line("Email", most=254)
    alternative = Line("Alternative email", most=254)
    webhook = Line("Webhook", most=500)
    level = RadioField("When", choices=options(WHEN), default="first")
    services = SelectMultipleField(
        "Services",
        choices=options(SERVICES),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        default=list(SERVICES),
        validate_choice=False,  # the rule leaves out what there is not
    )
    warnings = Tick("Warnings, too")
    silence = Tick("When no news comes, too", default=True)
    again = Tick("Again and again until somebody acknowledges")

    def entry(self) -> Entry:
        return Entry(
            name=self.name.data or "",
            email=self.email.data or "",
            alternative=self.alternative.data or "",
            webhook=self.webhook.data or "",
            level=self.level.data or "",
            services=tuple(self.services.data or ()),
            warnings=bool(self.warnings.data),
            silence=bool(self.silence.data),
            again=bool(self.again.data),
        )

    @classmethod
    def of(cls, subscriber: Subscriber) -> "SubscriberForm":
        """As it is saved."""
        return cls(formdata=None, obj=subscriber)


class PressForm(FlaskForm):
    """Nothing to fill in."""
