"""The way around: what the header offers to whom."""

from dataclasses import dataclass

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
    ("Mailroom", "mailroom.index", "mailroom.see"),
    ("People", "accounts.people", "people.manage"),
    ("Partner", "partners.settings", "partner.see"),
    ("Catalogue", "partners.catalogue", "catalogue.edit"),
)


def navigation_for(app: Flask, who: Standing) -> list[Item]:
    """The places this person may go; the one they are in is marked."""
    here = request.blueprint
    return [
        Item(label, url_for(endpoint), here == endpoint.split(".")[0] and (here != "partners" or request.endpoint == endpoint))
        for label, endpoint, permission in PLACES
        if endpoint in app.view_functions and (not permission or who.may(permission))
    ]
