"""Rate limits stand at the views that ask for them; requests of all other views are not asked about limits at all."""

from typing import Any

from flask import Flask, Response
from flask.globals import request_ctx
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address


def open_limits(app: Flask, storage: str) -> Limiter:
    """Flask-Limiter, which counts in `storage`, without what it does around each request where no view asked for it."""
    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, strategy="moving-window")
    app.before_request_funcs[None].remove(limiter._check_request_limit)
    tell, forget = app.after_request_funcs[None].pop(), app.teardown_request_funcs[None].pop()  # as just put there

    @app.after_request
    def tell_if_asked(answer: Response) -> Any:
        return tell(answer) if was_asked() else answer

    @app.teardown_request
    def forget_if_asked(broken: BaseException | None) -> None:
        if was_asked():
            forget(broken)

    app.extensions["limiter_of_quayside"] = limiter
    return limiter


def was_asked() -> bool:
    """Whether a limit was looked at in this request: Flask-Limiter notes it beside the request."""
    return "_limiter_request_context" in vars(request_ctx._get_current_object())  # type: ignore[attr-defined]  # mypy takes the proxy for what it stands for
