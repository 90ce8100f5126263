"""Which panels the page of a customer has, and what they are drawn from."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from flask import url_for

from blueprints.accounts.standing import Standing
from blueprints.cancellations.pages import cancellation_facts
from blueprints.console.panel import console_facts
from blueprints.customer_details.rules import Details
from blueprints.customers.attachment_pages import attachments_facts
from blueprints.customers.pages import notes_facts
from blueprints.monitors.pages import panel_facts
from blueprints.orders.change_panel import upgrade_facts
from blueprints.plans.panel import planned_facts
from blueprints.rfi.panel import rfi_facts
from blueprints.transfers.panel import transfer_facts
from data.customers import Customer

NOTES, ATTACHMENTS = 5, 6  # shown at once

Facts = Callable[[Standing, Customer], dict[str, Any]]

# Panel (a block of customer_details/show.html) → what it needs beside the details; features that draw their own
# panel say it themselves.
PANELS: dict[str, Facts | None] = {
    "heading": console_facts,
    "plan": planned_facts,
    "monitor": panel_facts,
    "notes": partial(notes_facts, most=NOTES),
    "products": None,
    "upgrade": upgrade_facts,
    "infrastructure": None,
    "contacts": None,
    "record": None,
    "cancellation": cancellation_facts,
    "recent": None,
    "transfer": transfer_facts,
    "rfi": rfi_facts,
    "attachments": partial(attachments_facts, most=ATTACHMENTS),
}
FURTHER = ("products", "contacts", "recent")  # show a few of many and go on


def details_facts(
    who: Standing, customer: Customer, panels: Collection[str], panel: str = "", key: int = 0
) -> dict[str, Any]:
    """What the `panels` are drawn from, `panel` from a key on. `here`: the page's address, on which links build."""
    details = Details(who, customer, panel, key)
    facts: dict[str, Any] = {
        "customer": customer,
        "here": url_for("customer_details.show", customer_id=customer.id),
        "details": details,
    }
    for name in panels:
        if own := PANELS[name]:
            facts |= own(who, customer)
    if "asking" in facts:
        details.rfi = facts["asking"].rfi  # the panel of the RFI has asked for it
    return facts
