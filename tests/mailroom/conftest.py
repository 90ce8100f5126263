"""A mail server for the mailroom, and letters in it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask

from blueprints.gateways import mail
from tests.services import HOST, SmtpSink, smtp_sink


@pytest.fixture
def opened(app: Flask) -> Iterator[Callable[..., None]]:
    """A function that tells the portal of a mail server at a port; afterwards it has none again."""
    before = {name: value for name, value in app.config.items() if name.startswith("MAIL_")}

    def open_at(port: int, **changed: Any) -> None:
        how = {"MAIL_SERVER": HOST, "MAIL_PORT": port, "MAIL_USE_TLS": False}
        app.config.update(how | {"MAIL_DEFAULT_SENDER": "portal@msp.example"} | changed)
        mail.open_post(app, HOST)

    yield open_at
    app.config.update(before)
    mail.open_post(app, "")


@pytest.fixture
def sink_in(opened: Callable[..., None]) -> Iterator[Callable[[str], SmtpSink]]:
    """A function that starts a server in a mode and tells the portal of it."""
    with ExitStack() as running:

        def start(mode: str = "accept") -> SmtpSink:
            sink = running.enter_context(smtp_sink(mode))
            opened(sink.port)
            return sink

        yield start


@pytest.fixture
def sink(sink_in: Callable[[str], SmtpSink]) -> SmtpSink:
    """A server that accepts."""
    return sink_in("accept")
