"""The RFI after it was filled in: handed in, reviewed, flagged, opened again, set aside, restarted."""

from typing import Any

from flask import Blueprint

from blueprints.rfi import sealing

blueprint = Blueprint("rfi_review", __name__)


@blueprint.record
def open_the_seal(state: Any) -> None:
    sealing.open_seal(state.app.config["SETTINGS"].sealing_keys)
