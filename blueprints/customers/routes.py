"""The two lists of customers, and the documents filed under one."""

from io import BytesIO

from flask import Blueprint, Response, g, request, send_file

from blueprints.customers import attachments, lists
from blueprints.customers.domains import shown_domain
from blueprints.customers.listing import Wanted
from blueprints.web.access import needs
from blueprints.web.page import page

blueprint = Blueprint("customers", __name__, url_prefix="/customers")


@blueprint.get("/in-progress")
@needs("customers.see")
def in_progress() -> Response:
    """Ordered, not yet handed over."""
    return listed("in_progress", "Customers in progress")


@blueprint.get("/complete")
@needs("customers.see")
def complete() -> Response:
    """In service, those whose cancellation is pending included."""
    return listed("complete", "Complete customers")


def listed(shelf: str, title: str) -> Response:
    wanted = Wanted.read(shelf, request.args)
    listing, marks = lists.customers_on(g.who, wanted)
    here, query = request.path, wanted.query
    answer = page(
        "customers/list.html",
        ["found"],
        said=lists.told(listing, "customer", "customers"),
        title=title,
        here=here,
        base=f"{blueprint.url_prefix}/",  # rows build their addresses on it: asking for each costs more than the row
        wanted=wanted,
        listing=listing,
        marks=marks,
        shown_domain=shown_domain,
        letter_link=lambda letter: here + query(letter=letter),
        sort_link=lambda sort, way: here + query(sort=sort, dir=way),
        before=here + query(before=listing.before) if listing.before else None,
        after=here + query(after=listing.after) if listing.after else None,
        total=lists.total_told(listing),
        nothing=lists.nothing_told(wanted),
        widen=here + query(letter="") if wanted.q and wanted.letter else here,
    )
    if request.headers.get("HX-Source") == "form#seek":
        answer.headers["HX-Replace-Url"] = here + query()
    return answer


@blueprint.get("/<int:customer_id>/attachments/<int:attachment_id>")
@needs("attachments.see")
def attachment(customer_id: int, attachment_id: int) -> Response:
    """The document, opened in the browser's own viewer."""
    found = attachments.find_attachment(g.who, customer_id, attachment_id)
    content = BytesIO(bytes(found.content.content))
    return send_file(content, found.media_type, download_name=found.name, etag=found.content.sha256)
