"""What the portal says to a console, held against the documented verifier: believed once, and in time."""

import base64
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey
from lxml import html

from blueprints.console import keys
from data.console import SigningKey
from data.database import transaction
from data.history import History
from data.moments import now
from tests.console.opened import ORIGIN, a_customer_of_ada
from tests.console.verifier import sample, verifier
from tests.factories import World
from tests.visits import Answer, Visitor


@pytest.fixture
def portal_address(app: Flask) -> str:
    return app.config["SETTINGS"].address


@pytest.fixture
def verify(admin: Visitor, portal_address: str) -> Any:
    """The documented verifier; the key set comes from the portal itself, by its test client."""
    names = verifier()
    asked: list[str] = []

    def urlopen(address: str, timeout: int) -> io.BytesIO:
        asked.append(address)
        assert address == f"{portal_address}/.well-known/jwks.json"
        return io.BytesIO(admin.get("/.well-known/jwks.json").bytes)

    names.Verifier.verify.__globals__["urlopen"] = urlopen
    made = names.Verifier(portal_address, ORIGIN)
    made.asked = asked
    return made


def assertion_in(answer: Answer) -> str:
    return answer.find('form[data-go] [name="assertion"]')[0].get("value")


def pressed(admin: Visitor, world: World) -> str:
    return assertion_in(admin.post(f"/customers/{a_customer_of_ada(world).id}/console"))


def test_says_who_comes_to_what_as_what(admin: Visitor, world: World, verify: Any, portal_address: str) -> None:
    customer = a_customer_of_ada(world)
    claims = verify.verify(assertion_in(admin.post(f"/customers/{customer.id}/console")))
    jti, begun = claims.pop("jti"), claims.pop("iat")
    assert len(jti) == 32
    assert abs(begun - now().timestamp()) < 10
    assert claims == {
        "iss": portal_address,
        "aud": ORIGIN,
        "sub": str(world.admin.id),
        "person": {"name": "Ada Admin", "email": world.admin.email},
        "customer": {"id": customer.id, "name": "Acme", "domain": "acme.example"},
        "role": "partner_admin",
        "nbf": begun,
        "exp": begun + 60,
    }


def test_the_sample_is_as_short_as_it_says() -> None:
    assert len([line for line in sample().splitlines() if line.strip()]) <= 30


def test_is_believed_once(admin: Visitor, world: World, verify: Any) -> None:
    token = pressed(admin, world)
    verify.verify(token)
    with pytest.raises(PermissionError, match="used before"):
        verify.verify(token)
    assert verify.verify(pressed(admin, world))["role"] == "partner_admin", "the next press is another"


@pytest.mark.parametrize("seconds", [66, -30, 86_400])
def test_is_believed_within_its_minute_only(admin: Visitor, world: World, verify: Any, seconds: int) -> None:
    moved = now() + timedelta(seconds=seconds)
    verify.clock = moved.timestamp
    with pytest.raises(JoseError):
        verify.verify(pressed(admin, world))


def test_is_forgotten_no_sooner_than_it_expires(admin: Visitor, world: World, verify: Any) -> None:
    token = pressed(admin, world)
    verify.verify(token)
    verify.clock = (now() + timedelta(seconds=63)).timestamp
    with pytest.raises(PermissionError):
        verify.verify(token)


def part(token: str, place: int) -> dict[str, Any]:
    text = token.split(".")[place]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def put(token: str, place: int, **changed: Any) -> str:
    parts = token.split(".")
    text = json.dumps(part(token, place) | changed).encode()
    parts[place] = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    return ".".join(parts)


@pytest.mark.parametrize(
    "alter",
    [
        lambda token: put(token, 1, sub="1"),
        lambda token: put(token, 1, exp=4_000_000_000),
        lambda token: put(token, 1, customer={"id": 1, "name": "Other", "domain": "other.example"}),
        lambda token: put(token, 0, alg="none").rsplit(".", 1)[0] + ".",
        lambda token: put(token, 0, alg="HS256"),
        lambda token: put(token, 0, kid="another"),
        lambda token: token[:-6] + "AAAAAA",
        lambda token: token.rsplit(".", 1)[0] + ".",
        lambda _: "",
        lambda _: "a.b.c",
    ],
)
def test_is_not_believed_altered(admin: Visitor, world: World, verify: Any, alter: Callable[[str], str]) -> None:
    token = pressed(admin, world)
    with pytest.raises((JoseError, KeyError, ValueError)):
        verify.verify(alter(token))
    verify.verify(token)


def test_is_not_believed_by_another_console(admin: Visitor, world: World, verify: Any) -> None:
    verify.console = "https://another.example"
    with pytest.raises(JoseError):
        verify.verify(pressed(admin, world))


def test_is_not_believed_from_another_portal(admin: Visitor, world: World, verify: Any) -> None:
    token = pressed(admin, world)
    claims, header = part(token, 1), part(token, 0)
    forged = jwt.encode(header, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])
    public = SigningKey.get().public
    confused = jwt.encode(header | {"alg": "HS256"}, claims, OctKey.import_key(public), algorithms=["HS256"])
    for wrong in (forged, confused):
        with pytest.raises(JoseError):
            verify.verify(wrong)


# --- keys ---------------------------------------------------------------------------------------------


def rotated(app: Flask) -> str:
    answer = app.test_cli_runner().invoke(args=["keys", "rotate"])
    assert answer.exit_code == 0, answer.output
    return answer.output.split()[3]


def published(visitor: Visitor) -> list[str]:
    return [key["kid"] for key in json.loads(visitor.get("/.well-known/jwks.json").bytes)["keys"]]


def test_what_the_old_key_signed_is_believed_after_rotating(
    app: Flask, admin: Visitor, world: World, verify: Any
) -> None:
    before = pressed(admin, world)
    old = part(before, 0)["kid"]
    new = rotated(app)
    after = pressed(admin, world)
    assert part(after, 0)["kid"] == new != old
    assert published(admin) == [new, old]
    verify.verify(before)
    verify.verify(after)
    assert len(verify.asked) == 1, "one question for both"
    assert SigningKey.get(SigningKey.kid == old).sealed == "", "it signs nothing any more"


def test_a_console_that_knows_the_old_key_only_asks_again(
    app: Flask, admin: Visitor, world: World, verify: Any
) -> None:
    verify.verify(pressed(admin, world))
    rotated(app)
    verify.asked_at -= 11
    verify.verify(pressed(admin, world))
    assert len(verify.asked) == 2


def test_an_old_key_goes_when_nothing_it_signed_counts_any_more(app: Flask, admin: Visitor, world: World) -> None:
    pressed(admin, world)
    new = rotated(app)
    SigningKey.update(retired_at=now() - keys.KEPT).where(SigningKey.retired_at.is_null(False)).execute()
    assert published(admin) == [new]


def test_rotating_leaves_a_line_of_history(app: Flask, world: World) -> None:
    kid = rotated(app)
    line = History.select().order_by(History.id.desc()).first()
    assert (line.kind, line.facts, line.who_name) == ("console.key_rotated", {"kid": kid}, "the portal")


def test_private_keys_are_neither_published_nor_kept_in_the_open(admin: Visitor, world: World, nobody: Visitor) -> None:
    assert published(nobody) == [], "asking makes none"
    pressed(admin, world)
    [key] = json.loads(nobody.get("/.well-known/jwks.json").bytes)["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    kept = SigningKey.get()
    assert '"d"' not in kept.public + kept.sealed
    assert nobody.get("/.well-known/jwks.json").headers["Cache-Control"] == "public, max-age=60"


def test_a_first_key_that_somebody_else_made_meanwhile_is_the_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction():
        kid, _ = keys.signing_key()
        SigningKey.insert(keys.new_key()).on_conflict_ignore().execute()
        assert keys.signing_key()[0] == kid
    assert SigningKey.select().count() == 1


def test_the_form_carries_nothing_but_the_assertion(admin: Visitor, world: World) -> None:
    answer = admin.post(f"/customers/{a_customer_of_ada(world).id}/console")
    [form] = answer.find("form[data-go]")
    assert form.get("action") == f"{ORIGIN}/acme.example"
    assert [control.get("name") for control in form.cssselect("input, select, textarea")] == ["assertion"]
    assert html.tostring(form).count(b"csrf") == 0
