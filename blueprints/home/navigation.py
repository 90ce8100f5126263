"""The way around: what the header offers to whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from flask import Flask, request, url_for

from blueprints.accounts.standing import Standing


@dataclass(frozen=True)
class Item:
    label: str
    href: str
    current: bool


# label, endpoint, permission needed ("" for everybody signed in)
PLACES = (
    ("Home", "home.dashboard", ""),
    ("Prospects", "prospects.index", "prospects.see"),
    ("Customers", "customers.in_progress", "customers.see"),
    ("Alerts", "alerts.index", "customers.see"),
    ("Mailroom", "mailroom.index", "mailroom.see"),
    ("People", "accounts.people", "people.manage"),
    ("Delegated access", "console.holders", "console.delegate"),
    ("Partner", "partners.settings", "partner.see"),
    ("Catalogue", "partners.catalogue", "catalogue.edit"),
)

# Pages of a feature with more than one place, or with none: the beginning of their endpoint's name → their place.
PAGES_OF_PLACES = {
    "accounts.account": "",
    "accounts.change_account": "",
    "accounts.": "accounts.people",
    "security.": "",
    "home.search": "",
    "partners.catalogue": "partners.catalogue",
    "partners.new_product": "partners.catalogue",
    "partners.add_product": "partners.catalogue",
    "partners.product": "partners.catalogue",
    "partners.save_product": "partners.catalogue",
    "partners.": "partners.settings",
    "attachments.": "customers.in_progress",
    "cancellations.": "customers.in_progress",
    "contacts.": "customers.in_progress",
    "checks.expected_of_partner": "partners.settings",
    "checks.save_expected_of_partner": "partners.settings",
    "checks.": "customers.in_progress",
    "orders.show": "customers.in_progress",
    "orders.": "prospects.index",
    "rfi": "customers.in_progress",
    "customer_details.": "customers.in_progress",
    "transfers.": "customers.in_progress",
    "changes.": "customers.in_progress",
    "console.settings": "partners.settings",
    "console.save_settings": "partners.settings",
    "console.holders": "console.holders",
    "console.delegate": "console.holders",
    "console.own_log": "",
    "console.": "customers.in_progress",
    "monitors.": "customers.in_progress",
    "alerts.": "alerts.index",
    "subscribers.": "alerts.index",
    "plans": "customers.in_progress",
}


def navigation_for(app: Flask, who: Standing) -> Iterator[Item]:
    """The places this person may go; the one they are in is marked. Made only where a page draws them."""
    here = place_of(request.endpoint or "")
    for label, endpoint, permission in PLACES:
        if endpoint in app.view_functions and (not permission or who.may(permission)):
            yield Item(label, address_of(endpoint, request.script_root), endpoint == here)


@cache
def address_of(endpoint: str, _root: str) -> str:
    """The address of a place; it depends on nothing but where the portal is mounted."""
    return url_for(endpoint)


@cache
def place_of(asked: str) -> str:
    """The place to which the page asked for belongs, "" for none."""
    for beginning, place in PAGES_OF_PLACES.items():
        if asked.startswith(beginning):
            return place
    feature = asked.split(".", maxsplit=1)[0]
    return next((endpoint for _, endpoint, _ in PLACES if endpoint.split(".", maxsplit=1)[0] == feature), "")
