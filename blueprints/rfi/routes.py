"""The RFI: the customer's own page behind a personal link, and tending that link."""

from flask import Blueprint, Flask, Response, current_app, g, request
from flask_limiter import Limiter

from blueprints.customers.list_pages import back_to_list, chosen_in
from blueprints.customers.wanted import Wanted
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.rfi import rules
from blueprints.rfi.reminding import remind_chosen
from blueprints.web.access import needs, open_to_all
from blueprints.web.page import changed, page

blueprint = Blueprint("rfi", __name__)


@blueprint.get("/rfi/<token>")
@open_to_all("the customer's contact has no account; the token of 256 bits is the key")
def by_link(token: str) -> Response:
    opened = rules.follow_link(token)
    return page("rfi/by_link.html", [], opened=opened, topics=rules.TOPICS)


@blueprint.post("/customers/<int:customer_id>/rfi/link")
@needs("rfi.links")
def send_link_again(customer_id: int) -> Response:
    link = rules.send_link_again(g.who, customer_id, current_app.config["SETTINGS"].address)
    mailroom_jobs.nudge()
    said = f"A new link goes to {link.email}; the earlier ones no longer open."
    return changed(f"/customers/{customer_id}", said, "rfi", "recent")


@blueprint.post("/customers/<int:customer_id>/rfi/links/<int:link_id>/revoke")
@needs("rfi.links")
def revoke_link(customer_id: int, link_id: int) -> Response:
    link = rules.revoke_link(g.who, customer_id, link_id)
    return changed(f"/customers/{customer_id}", f"The link of {link.email} no longer opens.", "rfi", "recent")


@blueprint.post("/customers/in-progress/remind")
@needs("rfi.links")
def remind() -> Response:
    """Remind those who are ticked in the list of customers in progress; who was not reminded stays ticked."""
    wanted = Wanted.read("in_progress", request.args.to_dict())
    chosen = chosen_in(request.form.getlist("chosen"))
    if not chosen:
        return back_to_list(wanted, "Tick the customers to remind first.")
    reminded = remind_chosen(g.who, chosen, current_app.config["SETTINGS"].address)
    mailroom_jobs.nudge()
    return back_to_list(wanted, reminded.told, reminded.kept_back)


def limit(app: Flask, limiter: Limiter) -> None:
    """Guessing a token gets nowhere, and not quickly either."""
    app.view_functions["rfi.by_link"] = limiter.limit("60 per minute")(app.view_functions["rfi.by_link"])
