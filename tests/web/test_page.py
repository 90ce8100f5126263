"""One address, two dresses."""

import pytest
from flask import Flask

from blueprints.web.page import asked_page, changed, wants_parts

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("headers", "parts"),
    [
        ({}, False),
        (HTMX, True),
        (HTMX | {"HX-Boosted": "true"}, False),
        (HTMX | {"HX-History-Restore-Request": "true"}, False),
        ({"HX-History-Restore-Request": "true"}, False),
        ({"HX-Request": "false"}, False),
    ],
)
def test_knows_when_parts_are_wanted(portal: Flask, headers: dict[str, str], parts: bool) -> None:
    with portal.test_request_context("/", headers=headers):
        assert wants_parts() is parts


def test_comes_back_to_pages_not_to_posts(portal: Flask) -> None:
    with portal.test_request_context("/prospects/?q=a"):
        assert asked_page() == "/prospects/?q=a"
    with portal.test_request_context("/prospects/new", method="POST"):
        assert asked_page() == "/"


def test_tells_htmx_which_panels_a_change_made_old(portal: Flask) -> None:
    with portal.test_request_context("/", headers=HTMX):
        answer = changed("/customers/1", "Revoked.", "rfi", "recent")
        assert answer.status_code == 200
        assert answer.headers["HX-Trigger"] == "rfi-changed, recent-changed"
        assert "Revoked." in answer.get_data(as_text=True)
    with portal.test_request_context("/"):
        answer = changed("/customers/1", "Revoked.", "rfi", "recent")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/customers/1")
        assert "HX-Trigger" not in answer.headers
