"""A console as others may have made it: it verifies who comes as docs/console.md shows, and says who it is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests import services
from tests.console.verifier import verifier

PAGE = (
    "<!doctype html><html lang=en><title>Console</title><link rel=icon href='data:,'><main><h1>{}</h1><p>{}</p></main>"
)


class SampleConsole:
    """`verified`: the claims it believed; `refused`: why it did not."""

    def __init__(self, portal: str) -> None:
        self.port = services.free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.verify = verifier().Verifier(portal, self.origin).verify
        self.verified: list[dict] = []
        self.refused: list[Exception] = []
        self.posted: list[str] = []
        self.fields: list[set[str]] = []

    def answer(self, body: str) -> tuple[int, str]:
        fields = parse_qs(body)
        self.fields.append(set(fields))
        self.posted.append(fields.get("assertion", [""])[0])
        try:
            claims = self.verify(self.posted[-1])
        except Exception as refusal:  # noqa: BLE001 - whatever it raises, it is a refusal
            self.refused.append(refusal)
            return 403, PAGE.format("Refused", type(refusal).__name__)
        self.verified.append(claims)
        return 200, PAGE.format(f"Console of {claims['customer']['name']}", f"Welcome, {claims['person']['name']}")


@contextmanager
def sample_console(portal: str) -> Iterator[SampleConsole]:
    console = SampleConsole(portal)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.say(*console.answer(self.rfile.read(int(self.headers["Content-Length"])).decode()))

        def do_GET(self) -> None:
            self.say(200, PAGE.format("Sign in", "to this console"))

        def say(self, status: int, page: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with serving_at(console.port, Handler):
        yield console


@contextmanager
def serving_at(port: int, handler: type[BaseHTTPRequestHandler]) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
