"""Where readings are sent to. No page: it speaks with scripts, in JSON."""

import json
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, request

from blueprints.monitors import pushing
from blueprints.web.access import open_to_all
from blueprints.web.refusals import NotThere, Refused

blueprint = Blueprint("pushes", __name__)
STATUS = {NotThere: 404, pushing.TooOften: 429}


@blueprint.record
def needs_no_form_token(state: Any) -> None:
    """Scripts come without a session; the token in the address is what lets them in."""
    state.app.extensions["csrf"].exempt(push)


@blueprint.post("/monitors/push/<token>")
@open_to_all("scripts send readings here; the token in the address says of which monitor")
def push(token: str) -> Response:
    """Take a reading. 200 with the state that it leads to, also for one that was sent before."""
    body = request.stream.read(pushing.LARGEST + 1)
    if len(body) > pushing.LARGEST:
        return said(413, error=f"A body has at most {pushing.LARGEST:,} bytes.")
    try:
        kept = pushing.take(token, body, request.environ.get("HTTP_IDEMPOTENCY_KEY", ""), request.remote_addr or "")
    except Refused as refusal:
        answer = said(STATUS.get(type(refusal), 422), error=refusal.sentence)
        if answer.status_code == 429:
            answer.headers["Retry-After"] = "60"
        return answer
    return said(200, state=kept.state, new=kept.new)


def said(status: int, **facts: object) -> Response:
    return current_app.response_class(written(**facts), status, mimetype="application/json")


@lru_cache(maxsize=500)
def written(**facts: object) -> str:
    """As JSON; there are few different ones."""
    return json.dumps(facts)
