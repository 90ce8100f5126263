"""Forms of the order: the choice of products, and the details that are agreed to."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.orders.rules import Choice, Offer
from blueprints.web.fields import Line, Tick, VersionedForm, Whole, whole_id


class Products(SelectMultipleField):
    """Tick boxes of products; an id that is not offered is refused, one ticked twice counts once."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, **rest: Any) -> None:
        super().__init__(label, coerce=whole_id, **rest)

    def pre_validate(self, form: FlaskForm) -> None:  # noqa: ARG002 - WTForms hands it the form
        known = {value for value, *_ in self.choices or ()}
        if any(chosen not in known for chosen in self.data or ()):
            raise ValidationError("One of these products is not offered (any more). Choose again.")


class ProvisionForm(VersionedForm):
    products = Products("Products")
    permitted_users = Whole("Permitted users", least=1)

    def offer(self, offers: tuple[Offer, ...]) -> None:
        self.products.choices = [(offer.product.id, offer.product.name) for offer in offers]


class OrderDetailsForm(FlaskForm):
    """`seen` is the fingerprint of the money shown above the form."""

    order_number = Line(
        "Order number", most=60, description="Your purchase order number; it is printed on the addendum."
    )
    not_required = Tick("Order number not required")
    governed = Tick()
    authorised = Tick()
    seen = HiddenField()


def filled_in(choice: Choice) -> dict[str, Any]:
    """The choice as the provision form's data."""
    return {
        "products": list(choice.product_ids),
        "permitted_users": choice.permitted_users or None,
        "version": choice.order.version if choice.order else 0,
    }
