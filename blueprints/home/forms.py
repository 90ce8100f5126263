"""The form of the set-up page; the set-up command fills it in too, so that both check the same."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField

from blueprints.accounts.forms import Address, new_password, options, repeated
from blueprints.web import choices
from blueprints.web.fields import Line, Tick


class SetupForm(FlaskForm):
    partner = Line("Name of your MSP", required=True, render_kw={"autocomplete": "organization"})
    currency = SelectField(
        "Currency", default="EUR", description="Of your contracted prices. It stays once there are orders."
    )
    timezone = SelectField("Time zone", default="UTC")
    name = Line("Your name", required=True, render_kw={"autocomplete": "name"})
    email = Address("Your email address", render_kw={"autocomplete": "username"})
    password = new_password("Password")
    password_confirm = repeated("password")
    sample = Tick(
        "Add about forty sample customers",
        description="Made-up companies in every state, with products and prices: for looking around.",
    )

    def __init__(self, *arguments: Any, **rest: Any) -> None:
        super().__init__(*arguments, **rest)
        self.currency.choices = options(choices.currencies())
        self.timezone.choices = options(choices.timezones())
