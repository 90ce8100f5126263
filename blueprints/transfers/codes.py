"""Codes by which one MSP names another.

Nobody sees who else is on the installation, so there is no list to choose from: the receiving MSP hands its code to the
releasing one.
"""

import secrets
from collections.abc import Sequence

from blueprints.accounts.standing import Standing
from blueprints.partners.rules import find_partner
from data import history
from data.database import transaction
from data.moments import now
from data.partners import Partner
from data.transfers import TransferCode

SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without those that are taken for one another
LENGTH, TOGETHER = 12, 4  # 60 bits, shown as K7QM-3WXP-9DAB


def new_code() -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))


def shown(code: str) -> str:
    return "-".join(code[place : place + TOGETHER] for place in range(0, len(code), TOGETHER))


def codes_of(partners: Sequence[Partner]) -> list[tuple[Partner, str]]:
    """Each with its code as people read it; "" while none was made."""
    query = TransferCode.select().where(TransferCode.partner.in_([partner.id for partner in partners]))
    codes = {row.partner_id: shown(row.code) for row in query}
    return [(partner, codes.get(partner.id, "")) for partner in partners]


def partner_with(code: str) -> Partner | None:
    """Whose code it is, however it was typed."""
    bare = "".join(sign for sign in code.upper() if sign.isascii() and sign.isalnum())
    found: Partner | None = Partner.select().join(TransferCode).where(TransferCode.code == bare).first()
    return found


def make_code(who: Standing, partner_id: int) -> str:
    """A new code in place of the old one, which names nobody from now on. Raises NotThere, MayNot, PartnerClosed."""
    with transaction():
        partner = find_partner(who, partner_id, "orders.submit", for_update=True)
        code = new_code()
        TransferCode.delete().where(TransferCode.partner == partner).execute()
        TransferCode.create(partner=partner, code=code, made_at=now())
        history.record("transfer.code_made", who, partner=partner.id)
    return shown(code)
