"""The two lists of customers and their export."""

from collections.abc import Iterator

from flask import Blueprint, Response, current_app, g, request, stream_with_context

from blueprints.customers import export, lists
from blueprints.customers.list_pages import (
    ADDRESSES,
    TITLES,
    back_to_list,
    base_address,
    chosen_in,
    customer_facts,
    tabs,
)
from blueprints.customers.listing import list_customers
from blueprints.customers.wanted import Wanted
from blueprints.web.access import needs
from blueprints.web.page import page

blueprint = Blueprint("customers", __name__, url_prefix="/customers")


@blueprint.get("/in-progress")
@needs("customers.see")
def in_progress() -> Response:
    """Ordered, not yet handed over."""
    return listed("in_progress")


@blueprint.get("/complete")
@needs("customers.see")
def complete() -> Response:
    """In service, those whose cancellation is pending included."""
    return listed("complete")


def listed(shelf: str) -> Response:
    """The page of a list; when its search box asked, with the address that the page stands for."""
    wanted = Wanted.read(shelf, request.args.to_dict())
    listing = list_customers(g.who, wanted)
    base = base_address()
    here = base + ADDRESSES[shelf]
    answer = page(
        "customers/list.html",
        ["found"],
        said=lists.told(listing, "customer", "customers"),
        title=TITLES[shelf],
        tabs=tabs(g.who, base, shelf),
        **customer_facts(g.who, listing, wanted, base, here, chosen_in(request.args.getlist("chosen"))),
    )
    if request.headers.get("HX-Source") == "form#seek":
        answer.headers["HX-Replace-Url"] = here + wanted.query()
    return answer


@blueprint.get("/in-progress/export")
@needs("customers.see")
def export_in_progress() -> Response:
    """The list as asked for, all pages of it, as CSV."""
    return exported("in_progress")


@blueprint.get("/complete/export")
@needs("customers.see")
def export_complete() -> Response:
    return exported("complete")


def exported(shelf: str) -> Response:
    wanted = Wanted.read(shelf, request.args.to_dict())
    return as_file(shelf, export.customers_as_csv(g.who, wanted))


@blueprint.post("/in-progress/export")
@needs("customers.see")
def export_chosen_in_progress() -> Response:
    """The rows that are ticked, as CSV."""
    return exported_chosen("in_progress")


@blueprint.post("/complete/export")
@needs("customers.see")
def export_chosen_complete() -> Response:
    return exported_chosen("complete")


def exported_chosen(shelf: str) -> Response:
    chosen = chosen_in(request.form.getlist("chosen"))
    wanted = Wanted.read(shelf, request.args.to_dict())
    if not chosen:
        return back_to_list(wanted, "Tick the customers to export first.")
    return as_file(shelf, export.chosen_as_csv(g.who, wanted, chosen))


def as_file(shelf: str, lines: Iterator[str]) -> Response:
    answer = current_app.response_class(stream_with_context(lines), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename=customers-{ADDRESSES[shelf]}.csv"
    return answer
