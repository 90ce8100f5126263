"""The form of a change order. What the choices mean together is decided by the rules."""

from typing import Any

from wtforms import RadioField, SelectField
from wtforms.validators import ValidationError

from blueprints.customers.contacts import ContactEntry
from blueprints.orders.change_rules import LEAST_ONE, Asked, Change
from blueprints.orders.forms import Products
from blueprints.web.fields import Line, VersionedForm, Whole, whole_id

CHOOSE = "Choose one from the list."
SOMEBODY_ELSE = "new"
PERSON = ("first_name", "last_name", "email", "phone", "job_title")


class ChangeForm(VersionedForm):
    """Users, products, Implementation Lead; the five fields of a person count for “Somebody else” only."""

    permitted_users = Whole("Permitted users", least=1)
    replace_with = RadioField("Primary product", coerce=whole_id)
    add = Products("Add products")
    lead = SelectField("Implementation Lead", invalid_choice_message=CHOOSE)
    first_name = Line("First name")
    last_name = Line("Last name")
    email = Line("Email", most=254)
    phone = Line("Phone", most=40)
    job_title = Line("Job title")

    def offer(self, change: Change) -> None:
        """What can be chosen: products with a price of today, and those that the change has already."""
        chosen = {change.asked.replace_with, *change.asked.add}
        offers = [offer for offer in change.offers if offer.orderable or offer.product.id in chosen]
        primary = change.subscription.primary
        self.replace_with.choices = [(0, f"Keep {change.names[primary.product_id]}")] + [
            (offer.product.id, f"{offer.product.name} in its place") for offer in offers
        ]
        self.add.choices = [(offer.product.id, offer.product.name) for offer in offers]
        now = change.lead_now
        keep = f"Keep {now.full_name or now.email}" if now else "None yet"
        others = [(str(each.id), each.full_name or each.email) for each in change.contacts if each != now]
        self.lead.choices = [("", keep), *others, (SOMEBODY_ELSE, "Somebody else")]

    def validate_permitted_users(self, field: Whole) -> None:
        if field.data is not None and field.data < 1:
            field.errors.clear()
            raise ValidationError(LEAST_ONE)

    def validate_lead(self, field: SelectField) -> None:
        if field.data != SOMEBODY_ELSE and any(self[name].data for name in PERSON):
            raise ValidationError("Choose “Somebody else” to use the person typed below, or empty the fields.")

    def validate_replace_with(self, field: RadioField) -> None:
        if field.data and field.data in (self.add.data or ()):
            raise ValidationError("This product is ticked as added, too. Take it out of one of the two.")

    def asked(self) -> Asked:
        return Asked(self.permitted_users.data, self.replace_with.data or 0, tuple(self.add.data or ()), self.person())

    def person(self) -> ContactEntry | None:
        if self.lead.data == SOMEBODY_ELSE:
            return ContactEntry(**{name: self[name].data or "" for name in PERSON})
        return ContactEntry(id=whole_id(self.lead.data)) if self.lead.data else None


def filled_in(change: Change) -> dict[str, Any]:
    """The change as the form's data."""
    asked, lead = change.asked, change.asked.lead
    typed = {name: getattr(lead, name) for name in PERSON} if lead and not lead.id else {}
    return {
        "permitted_users": asked.permitted_users,
        "replace_with": asked.replace_with,
        "add": list(asked.add),
        "lead": "" if lead is None else str(lead.id or SOMEBODY_ELSE),
        "version": change.draft.version if change.draft else 0,
        **typed,
    }
