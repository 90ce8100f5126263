"""What a server's certificate says, and whether it is to be trusted. A wrong one is a finding."""

import hashlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from blueprints.gateways.evidence import brief, listed

MOST_NAMES = 50
SOON_DAYS = 14


@dataclass(frozen=True)
class Certificate:
    """One certificate as a server showed it.

    `names`: hosts and addresses it is for; `fingerprint`: SHA-256 in hexadecimal; `problem`: why OpenSSL does
    not trust it for the host that was asked, "" when it does; `protocol`: of the encryption, such as TLSv1.3.
    """

    names: tuple[str, ...]
    issuer: str
    begins: datetime
    ends: datetime
    fingerprint: str
    protocol: str
    problem: str = ""

    @property
    def trusted(self) -> bool:
        return not self.problem

    def days_left(self, now: datetime) -> int:
        return (self.ends - now).days

    def sentence(self, now: datetime) -> str:
        """What a person should know of it; "" when all is well."""
        until = f"{self.ends:%Y-%m-%d}"
        if self.ends <= now:
            return f"Its certificate ended on {until}."
        if self.problem:
            return f"Its certificate is not trusted: {self.problem}. It is for {listed(self.names) or 'no name'}."
        if self.days_left(now) < SOON_DAYS:
            return f"Its certificate ends soon, on {until}."
        return ""

    def facts(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "issuer": self.issuer,
            "begins": self.begins.isoformat(),
            "ends": self.ends.isoformat(),
            "fingerprint": self.fingerprint,
            "protocol": self.protocol,
            "problem": self.problem,
        }


def shown_by(encrypted: ssl.SSLSocket, problem: str) -> Certificate | None:
    """The certificate of the other side; None when it showed none. What cannot be read is a problem of it."""
    raw = encrypted.getpeercert(binary_form=True)
    if not raw:
        return None
    protocol, fingerprint = encrypted.version() or "", hashlib.sha256(raw).hexdigest()
    try:
        return read(raw, fingerprint, protocol, problem)
    except (ValueError, TypeError) as unreadable:
        ended = datetime.min.replace(tzinfo=UTC)
        return Certificate((), "", ended, ended, fingerprint, protocol, problem or f"it cannot be read: {unreadable}")


@lru_cache(maxsize=64)
def read(raw: bytes, fingerprint: str, protocol: str, problem: str) -> Certificate:
    """Raises ValueError for what is no certificate. Kept: a server shows the same to each of its many mailboxes."""
    from cryptography import x509  # noqa: PLC0415 - loaded with the first encrypted line

    found = x509.load_der_x509_certificate(raw)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for_whom = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    except x509.ExtensionNotFound:
        for_whom = [str(each.value) for each in found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    return Certificate(
        names=tuple(brief(name, 100) for name in for_whom[:MOST_NAMES]),
        issuer=brief(found.issuer.rfc4514_string()),
        begins=found.not_valid_before_utc,
        ends=found.not_valid_after_utc,
        fingerprint=fingerprint,
        protocol=protocol,
        problem=brief(problem),
    )


@lru_cache(maxsize=8)
def context(trusted: str, verified: bool) -> ssl.SSLContext:
    """How to encrypt: certificates verified with the system's authorities and those in the file `trusted`, or not.

    Kept, because reading the authorities takes longer than encrypting.
    """
    made = ssl.create_default_context()
    if trusted:
        made.load_verify_locations(trusted)
    if not verified:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
