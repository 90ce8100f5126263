"""The RFI after it was filled in: handed in, reviewed, flagged, opened again, set aside, restarted."""

from typing import Any

from flask import Blueprint, Response, current_app, g, url_for

from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.rfi import sealing, waiting
from blueprints.web.access import needs
from blueprints.web.fields import VersionedForm
from blueprints.web.page import gone_to

blueprint = Blueprint("rfi_review", __name__)


@blueprint.record
def open_the_seal(state: Any) -> None:
    sealing.open_seal(state.app.config["SETTINGS"].sealing_keys)


def portal() -> str:
    """The address of the installation, for links in letters."""
    return current_app.config["SETTINGS"].address


def details_of(customer_id: int) -> str:
    return url_for("customer_details.show", customer_id=customer_id)


def version_seen() -> int:
    """The version of the RFI that the person looked at; one that nobody can have seen, for what is no number."""
    return VersionedForm().version.data


@blueprint.post("/customers/<int:customer_id>/rfi/restart")
@needs("rfi.restart")
def restart(customer_id: int) -> Response:
    customer = waiting.restart_project(g.who, customer_id, version_seen(), portal())
    mailroom_jobs.nudge()
    return gone_to(details_of(customer_id), f"The project of {customer.name} is started again.")
