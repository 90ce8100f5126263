"""The second factor: one-time codes of an authenticator app, and the recovery codes for when it is lost."""

import base64
import io
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask_security import MfRecoveryCodesUtil, Totp

from blueprints.accounts.datastore import Account, tell
from blueprints.accounts.rules import only_partner
from blueprints.web.refusals import Refused
from data import history
from data.database import locked, transaction


class CodeUsed(Refused):
    sentence = "This recovery code was used a moment ago. Each of them opens once."


def key_for(purpose: str, secret_key: str) -> str:
    """A key of 256 bits (URL-safe base64) for one purpose, from the portal's one secret. RFC 5869."""
    derived = HKDF(SHA256(), 32, salt=None, info=f"quayside {purpose}".encode()).derive(secret_key.encode())
    return base64.urlsafe_b64encode(derived).decode()


class OneTimeCodes(Totp):
    """Each code is taken once (RFC 6238, 5.2), whatever arrives at the same time."""

    def verify_totp(self, token: str, totp_secret: str, user: Account, window: int = 0) -> bool:
        in_use = totp_secret == user.tf_totp_secret
        try:
            counter = self._totp.verify(token, totp_secret, window=window).counter
        except ValueError:
            # A wrong code; or the secret was encrypted with a SECRET_KEY that is gone: then no code is right.
            return False
        return take(user, counter, anew=not in_use)

    def generate_qrcode(self, username: str, totp: str) -> str:
        """A drawing on white, so that cameras read it from a dark page too."""
        import qrcode  # noqa: PLC0415 - loaded by the few requests that draw one
        from qrcode.image.svg import SvgPathFillImage  # noqa: PLC0415 - as above

        drawn = io.BytesIO()
        qrcode.make(self.get_totp_uri(username, totp), image_factory=SvgPathFillImage).save(drawn)
        return f"data:image/svg+xml;base64,{base64.b64encode(drawn.getvalue()).decode('ascii')}"


def take(account: Account, counter: int, *, anew: bool) -> bool:
    """Note the code's 30 seconds as used. False when they, or later ones, are used already.

    `anew`: the code belongs to a secret that is being set up, so earlier ones count for nothing.
    """
    this = Account.id == account.id
    if not anew:
        this &= Account.tf_last_counter.is_null() | (Account.tf_last_counter < counter)
    with transaction():
        taken = Account.update(tf_last_counter=counter).where(this).execute()
    return bool(taken)


class RecoveryCodes(MfRecoveryCodesUtil):
    """Kept encrypted, each opens once."""

    def create_recovery_codes(self, user: Account) -> list[str]:
        tell("person.recovery_codes_made", user)
        return super().create_recovery_codes(user)

    def delete_recovery_code(self, user: Account, code: str) -> bool:
        """Use it up, with its line of history. Raises CodeUsed when another sign-in was faster."""
        with transaction():
            fresh: Any = locked(Account.select().where(Account.id == user.id)).get()
            left = [kept for kept in fresh.mf_recovery_codes or [] if self._decrypt_codes([kept]) != [code]]
            if len(left) == len(fresh.mf_recovery_codes or []):
                raise CodeUsed
            Account.update(mf_recovery_codes=left).where(Account.id == user.id).execute()
            partner = only_partner(user)
            history.record("person.recovery_code_used", user, partner=partner, name=user.name, left=len(left))
        return True
