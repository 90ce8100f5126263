"""The keys that sign assertions: made when one is first needed, rotated by command, published as JWKS (RFC 7517)."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from peewee import IntegrityError

from blueprints.customers.sealing import seal, unseal
from blueprints.web.refusals import Refused
from data import history
from data.console import SigningKey
from data.database import transaction
from data.moments import now

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

ALGORITHM, CURVE = "ES256", "P-256"
LIFE = timedelta(seconds=60)  # of an assertion
# A retired key verifies until the last assertion that it signed has expired, on clocks that are a few minutes slow too.
KEPT = LIFE + timedelta(minutes=5)


class RotatedMeanwhile(Refused):
    sentence = "Somebody else rotated the key at this very moment. There is a new one."


def signing_key() -> tuple[str, "ECKey"]:
    """The `kid` of the key that signs now, and the key. Call inside a transaction. Raises Unreadable."""
    from joserfc.jwk import ECKey  # noqa: PLC0415 - cryptography takes its time to load, and few requests sign

    found = current()
    if found is None:
        # Another process may make the first one at the same time: then that is the one.
        SigningKey.insert(new_key()).on_conflict_ignore().execute()
        found = current()
    assert found is not None
    return found.kid, ECKey.import_key(json.loads(unseal(found.sealed)))


def current() -> SigningKey | None:
    found: SigningKey | None = (
        SigningKey.select().where(SigningKey.retired_at.is_null() & (SigningKey.algorithm == ALGORITHM)).first()
    )
    return found


def new_key() -> dict[str, Any]:
    from joserfc.jwk import ECKey  # noqa: PLC0415 - as above

    made = ECKey.generate_key(CURVE)
    kid = made.thumbprint()
    public = made.as_dict(private=False) | {"kid": kid, "use": "sig", "alg": ALGORITHM}
    return {
        "kid": kid,
        "algorithm": ALGORITHM,
        "public": json.dumps(public, sort_keys=True),
        "sealed": seal(json.dumps(made.as_dict(private=True))),
        "made_at": now(),
    }


def rotate() -> str:
    """A new key signs from now on; what the old one signed can still be verified. The new key's `kid`.

    Raises RotatedMeanwhile.
    """
    made = new_key()
    try:
        with transaction():
            SigningKey.update(retired_at=now(), sealed="").where(SigningKey.retired_at.is_null()).execute()
            SigningKey.create(**made)
            history.record("console.key_rotated", history.PORTAL, kid=made["kid"])
    except IntegrityError:
        raise RotatedMeanwhile from None
    kid: str = made["kid"]
    return kid


def published() -> list[dict[str, Any]]:
    """The public keys that verify what may still be on its way, the one that signs first."""
    living = SigningKey.retired_at.is_null() | (SigningKey.retired_at > now() - KEPT)
    return [json.loads(key.public) for key in SigningKey.select().where(living).order_by(SigningKey.id.desc())]
