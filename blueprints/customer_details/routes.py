"""The page of one customer: what the features know of them, side by side."""

from flask import Blueprint, Response, g, request, url_for

from blueprints.customers.log import key_from
from blueprints.customers.rules import find_customer
from blueprints.web.access import needs
from blueprints.web.page import gone_to, page, wants_parts
from blueprints.web.refusals import NotThere

blueprint = Blueprint("customer_details", __name__, url_prefix="/customers")
WHOLE, REST = "customer_details/show.html", "customer_details/further.html"


@blueprint.get("/<int:customer_id>")
@needs("customers.see")
def show(customer_id: int) -> Response:
    """Every panel; for htmx the one that it asks for, or with `key` what follows there."""
    from blueprints.customer_details import pages  # noqa: PLC0415 - it stands on the panels of many features

    customer = find_customer(g.who, customer_id)
    if customer.status == "prospect":
        return gone_to(url_for("prospects.show", customer_id=customer_id))
    panel, key = request.args.get("panel", ""), key_from(request.args.get("key", ""))
    if not wants_parts():
        return page(WHOLE, [], **pages.details_facts(g.who, customer, pages.PANELS, panel, key))
    if panel not in pages.PANELS:
        raise NotThere
    template = REST if key and panel in pages.FURTHER else WHOLE
    return page(template, [panel], **pages.details_facts(g.who, customer, (panel,), panel, key))
