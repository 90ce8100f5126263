"""What the portal says to a console about who comes: a signed JWT (RFC 7519), for one use within a minute.

docs/console.md tells makers of consoles how to check it.
"""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from blueprints.console.keys import ALGORITHM, LIFE, signing_key
from data.accounts import Person
from data.customers import Customer
from data.roles import Role


class Assertion(NamedTuple):
    jti: str
    token: str


def make_assertion(
    issuer: str, audience: str, person: Person, customer: Customer, role: Role, at: datetime
) -> Assertion:
    """`issuer`: the portal’s address; `audience`: the console’s origin. Inside a transaction. Raises Unreadable."""
    from joserfc import jwt  # noqa: PLC0415 - cryptography takes its time to load, and few requests sign

    kid, key = signing_key()
    begun = int(at.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": str(person.id),
        "person": {"name": person.name, "email": person.email},
        "customer": {"id": customer.id, "name": customer.name, "domain": customer.primary_domain},
        "role": str(role),
        "jti": secrets.token_urlsafe(24),
        "iat": begun,
        "nbf": begun,
        "exp": begun + int(LIFE.total_seconds()),
    }
    header = {"alg": ALGORITHM, "kid": kid, "typ": "JWT"}
    return Assertion(claims["jti"], jwt.encode(header, claims, key, algorithms=[ALGORITHM]))
