"""Reminding from the list of customers in progress."""

from flask import Blueprint, Response, current_app, g, request

from blueprints.customers.list_pages import back_to_list, chosen_in
from blueprints.customers.wanted import Wanted
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.web.access import needs

blueprint = Blueprint("rfi_reminding", __name__)


@blueprint.post("/customers/in-progress/remind")
@needs("rfi.links")
def remind() -> Response:
    """Remind those who are ticked in the list; who was not reminded stays ticked."""
    from blueprints.rfi.reminding import remind_chosen  # noqa: PLC0415 - a rare press

    wanted = Wanted.read("in_progress", request.args.to_dict())
    chosen = chosen_in(request.form.getlist("chosen"))
    if not chosen:
        return back_to_list(wanted, "Tick the customers to remind first.")
    reminded = remind_chosen(g.who, chosen, current_app.config["SETTINGS"].address)
    mailroom_jobs.nudge()
    return back_to_list(wanted, reminded.told, reminded.kept_back)
