"""Limits stand at their views; whoever asks for others is neither counted nor told of any."""

import pytest
from flask import Flask

from tests.factories import World
from tests.visits import Visitor

LEFT = "X-RateLimit-Remaining"


def test_a_limited_view_tells_how_much_is_left_and_then_refuses(app: Flask, world: World) -> None:
    client = app.test_client()
    left = [int(client.get("/rfi/guess").headers[LEFT]) for _ in range(3)]
    assert left == [59, 58, 57]
    answers = [client.get("/rfi/guess") for _ in range(58)]
    assert [answer.status_code for answer in answers[-2:]] == [404, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_what_only_counts_afterwards_is_counted(app: Flask, world: World) -> None:
    """Guesses at answers count when they were wrong: after the view, whatever became of it."""
    client = app.test_client()
    guesses = [client.get(f"/rfi/guess-{number}/answers/dns_host").status_code for number in range(61)]
    assert guesses == [404] * 60 + [429]


@pytest.mark.parametrize("address", ["/", "/prospects/", "/nowhere"])
def test_other_views_are_not_asked_about(admin: Visitor, address: str) -> None:
    for _ in range(3):
        assert LEFT not in admin.get(address).headers
