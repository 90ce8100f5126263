"""Forms of a partner change: asking for it, answering it, confirming it, calling it off."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectChoice, SelectField
from wtforms.validators import Optional, StopValidation

from blueprints.orders.forms import Products
from blueprints.partners.addresses import email_address
from blueprints.transfers.rules import LONGEST_REASON, Proposal, Request
from blueprints.web.fields import CalendarDay, Line, Text, Tick, VersionedForm, whole_id
from blueprints.web.refusals import Refused

HERE, ELSEWHERE = "here", "elsewhere"
WHERE = [SelectChoice(HERE, "An MSP on this portal"), SelectChoice(ELSEWHERE, "An MSP elsewhere")]


def is_address(_: FlaskForm, field: Any) -> None:
    if field.errors:  # said already what is wrong, without repeating it
        return
    try:
        field.data = email_address(field.data)
    except Refused as refusal:
        raise StopValidation(refusal.sentence) from None


class TransferForm(FlaskForm):
    """`terms` is ticked; `terms_version` says which were shown."""

    where = RadioField("Receiving MSP", choices=WHERE, default=HERE)
    code = Line("Their code", most=40)
    partner = SelectField("MSP", coerce=whole_id, validators=[Optional()], validate_choice=False)
    to_name = Line("Name of the MSP")
    to_contact = Line("Contact there")
    to_email = Line("Email of the contact", validators=[is_address])
    products = Products("Products that move")
    day = CalendarDay("Day of the change", required=True)
    terms = Tick("I have read these terms and accept them for the releasing MSP")
    terms_version = HiddenField()

    def offer(self, proposal: Proposal, partners: list[tuple[int, str]]) -> None:
        """What can be chosen. `partners`: id and name, for operators; others give a code."""
        self.products.choices = [(line.product_id, line.name) for line in proposal.subscription.lines]
        if partners:
            self.partner.choices = [SelectChoice(*each) for each in ((0, "Choose one, or type a code"), *partners)]
        elif "partner" in self:
            del self.partner
        if not self.is_submitted():
            self.products.data = list(proposal.subscription.product_ids)
            self.day.data = proposal.day
        self.terms_version.data = self.terms_version.data or proposal.terms.version

    def request(self, from_address: str) -> Request:
        return Request(
            product_ids=tuple(self.products.data or ()),
            day=self.day.data,
            elsewhere=self.where.data == ELSEWHERE,
            terms=self.terms_version.data if self.terms.data else "",
            code=self.code.data or "",
            partner_id=self.partner.data or 0 if "partner" in self else 0,
            name=self.to_name.data or "",
            contact=self.to_contact.data or "",
            email=self.to_email.data or "",
            from_address=from_address,
        )


class AcceptForm(VersionedForm):
    """`seen` is the mark of the prices shown above the form."""

    order_number = Line(
        "Order number", most=60, description="Your purchase order number; it is printed on the addendum."
    )
    not_required = Tick("Order number not required")
    governed = Tick()
    authorised = Tick()
    seen = HiddenField()


class ReasonForm(VersionedForm):
    """Why it is declined or called off."""

    reason = Text("Reason", most=LONGEST_REASON, description="Both MSPs and the provider read it.")


class ConfirmForm(VersionedForm):
    """Says which version of the partner change the operator saw."""


class CodeForm(FlaskForm):
    """Nothing to fill in."""
