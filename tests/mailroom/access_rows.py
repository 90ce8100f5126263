"""Who gets what from the addresses of the mailroom."""

from typing import Any

from blueprints.mailroom.rules import seen_as
from data.emails import Email
from tests.access import Row
from tests.factories import World
from tests.mailroom.writing import a_letter, a_letter_in

SENDERS = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 303, "admin": 303, "operator": 303}
READERS = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 200, "admin": 200, "operator": 200}

# As plain as a page of the portal, because the visitor looks at it as at one.
HTML = """<!doctype html><html lang="en"><head><title>Hello</title></head>
<body><h1>Hello</h1><p id="said" role="status"></p></body></html>"""


def letter(world: World) -> dict[str, Any]:
    return {"email_id": a_letter(world, html=HTML).id}


def held_letter(world: World) -> dict[str, Any]:
    return {"email_id": a_letter_in(world, "held").id}


def seen(_: World) -> dict[str, Any]:
    return {"seen": seen_as(Email.select().order_by(Email.id.desc()).get())}


ROWS = {
    ("mailroom.index", "GET"): Row(READERS | {"stranger": 200}),
    ("mailroom.letter", "GET"): Row(READERS | {"stranger": 404}, letter),
    ("mailroom.html", "GET"): Row(READERS | {"stranger": 404}, letter),
    ("mailroom.send_again", "POST"): Row(SENDERS | {"stranger": 404}, held_letter, seen),
    ("mailroom.send_test", "POST"): Row(
        SENDERS | {"stranger": 303}, data=lambda _: {"to_email": "postmaster@msp.example"}
    ),
}
