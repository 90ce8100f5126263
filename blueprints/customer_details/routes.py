"""The page of one customer: what the features know of them, side by side."""

from flask import Blueprint, Response, g, url_for

from blueprints.customer_details import rules
from blueprints.customers.pages import notes_facts
from blueprints.web.access import needs
from blueprints.web.page import gone_to, page

blueprint = Blueprint("customer_details", __name__, url_prefix="/customers")


@blueprint.get("/<int:customer_id>")
@needs("customers.see")
def show(customer_id: int) -> Response:
    details = rules.details_of(g.who, customer_id)
    if details.customer.status == "prospect":
        return gone_to(url_for("prospects.show", customer_id=customer_id))
    facts = notes_facts(g.who, details.customer)
    return page("customer_details/show.html", ["notes", "recent"], details=details, **facts)
