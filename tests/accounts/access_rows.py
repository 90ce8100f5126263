"""Who gets what from signing in, the account, and the people pages."""

import itertools

from data.accounts import Person
from tests.access import EVERYBODY as KINDS_OF_PEOPLE
from tests.access import Row
from tests.factories import World

EVERYBODY = dict.fromkeys(KINDS_OF_PEOPLE, 200)
LED_ON = dict.fromkeys(KINDS_OF_PEOPLE, 303)
SIGNED_IN_ONLY = EVERYBODY | {"nobody": 303}
ADMINISTRATORS = SIGNED_IN_ONLY | {"viewer": 403, "technician": 403, "msp_admin": 403}
THEIR_ADMINISTRATOR = ADMINISTRATORS | {"admin": 303, "operator": 303, "stranger": 404}
OPERATORS = THEIR_ADMINISTRATOR | {"admin": 403, "stranger": 403}

number = itertools.count(1)


def but(statuses: dict[str, int], **other: int) -> dict[str, int]:
    return statuses | other


def tom(world: World) -> dict[str, object]:
    return {"person_id": world.technician.id}


def newest(world: World) -> dict[str, object]:
    return {"version": Person.get_by_id(world.technician.id).version}


def somebody_new(_: World) -> dict[str, object]:
    return {"email": f"p{next(number)}@a.example"}


def invitation(world: World) -> dict[str, object]:
    return somebody_new(world) | {"name": "New", "role": "viewer", "partner": world.northstar.id}


def own(world: World) -> dict[str, object]:
    return {"name": "Same Name", "timezone": "UTC", "version": 1}


SIGNING_IN = {
    # Whoever is signed in is led past it; the wrong password of nobody is refused.
    ("security.login", "GET"): Row(but(LED_ON, nobody=200)),
    ("security.login", "POST"): Row(but(LED_ON, nobody=422)),
    ("security.logout", "POST"): Row(LED_ON),
    ("security.forgot_password", "GET"): Row(EVERYBODY),
    ("security.forgot_password", "POST"): Row(LED_ON, data=somebody_new),
    ("security.reset_password", "GET"): Row(LED_ON, args=lambda _: {"token": "x"}),
    ("security.reset_password", "POST"): Row(LED_ON, args=lambda _: {"token": "x"}),
    ("security.two_factor_token_validation", "GET"): Row(LED_ON),
    ("security.two_factor_token_validation", "POST"): Row(LED_ON),
    ("security.two_factor_rescue", "GET"): Row(EVERYBODY),
    ("security.mf_recovery", "GET"): Row(LED_ON),
    ("security.mf_recovery", "POST"): Row(LED_ON),
    ("accounts.accept", "GET"): Row(dict.fromkeys(EVERYBODY, 404), args=lambda _: {"token": "x"}),
    ("accounts.accept", "POST"): Row(dict.fromkeys(EVERYBODY, 404), args=lambda _: {"token": "x"}),
}

# Visitors of tests signed in just now; what follows from having no password is answered with 303.
ACCOUNT = {
    ("accounts.account", "GET"): Row(SIGNED_IN_ONLY),
    ("accounts.change_account", "POST"): Row(LED_ON, data=own),
    ("accounts.sign_out_everywhere", "POST"): Row(LED_ON),
    ("security.change_password", "GET"): Row(SIGNED_IN_ONLY),
    ("security.change_password", "POST"): Row(but(dict.fromkeys(SIGNED_IN_ONLY, 422), nobody=303)),
    ("security.verify", "GET"): Row(SIGNED_IN_ONLY),
    ("security.verify", "POST"): Row(but(dict.fromkeys(SIGNED_IN_ONLY, 422), nobody=303)),
    ("security.two_factor_setup", "GET"): Row(SIGNED_IN_ONLY),
    ("security.two_factor_setup", "POST"): Row(but(dict.fromkeys(SIGNED_IN_ONLY, 422), nobody=303)),
    ("security.two_factor_setup_validate", "POST"): Row(LED_ON, args=lambda _: {"token": "x"}),
    ("security.mf_recovery_codes", "GET"): Row(LED_ON),
    ("security.mf_recovery_codes", "POST"): Row(LED_ON),
}

PEOPLE = {
    ("accounts.people", "GET"): Row(ADMINISTRATORS),
    ("accounts.invite", "GET"): Row(ADMINISTRATORS),
    ("accounts.send_invitation", "POST"): Row(but(THEIR_ADMINISTRATOR, stranger=422), data=invitation),
    ("accounts.person", "GET"): Row(but(ADMINISTRATORS, stranger=404), args=tom),
    ("accounts.change_person", "POST"): Row(
        THEIR_ADMINISTRATOR,
        args=tom,
        data=lambda world: newest(world) | {"name": "Tom T.", "email": world.technician.email},
    ),
    ("accounts.change_role", "POST"): Row(
        THEIR_ADMINISTRATOR,
        args=lambda world: tom(world) | {"partner_id": world.northstar.id},
        data=lambda world: newest(world) | {"role": "viewer"},
    ),
    ("accounts.change_customer_role", "POST"): Row(
        but(THEIR_ADMINISTRATOR, admin=422, operator=422), args=tom, data=newest
    ),
    ("accounts.change_state", "POST"): Row(
        THEIR_ADMINISTRATOR, args=lambda world: tom(world) | {"change": "switch-on"}, data=newest
    ),
    ("accounts.change_operator", "POST"): Row(
        OPERATORS, args=lambda world: tom(world) | {"change": "make-operator"}, data=newest
    ),
    ("accounts.invite_again", "POST"): Row(THEIR_ADMINISTRATOR, args=tom, data=newest),
}

ROWS = SIGNING_IN | ACCOUNT | PEOPLE
