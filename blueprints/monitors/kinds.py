"""What the portal can look at for each service, what the value of such a reading is, and what is usual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from data.monitors import SERVICES


@dataclass(frozen=True)
class Kind:
    """A kind of probe. `unit`: of its value, for one and for many; `what`: a sentence for who sets it up.

    `falling`: the value gets worse as it falls. `fields`: of the form, those that it needs; `may`: those that it may
    have. `usual`: thresholds where nothing else is said.
    """

    label: str
    what: str
    unit: tuple[str, str]
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    falling: bool = False
    usual: Mapping[str, float] = field(default_factory=dict)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "smtp": Kind(
            "Mail server answers",
            "Connects to the host, greets and encrypts. A failure is a problem; the value is how long it took.",
            ("ms", "ms"),
            ("host",),
            ("door",),
        ),
        "imap": Kind(
            "Mailbox by IMAP",
            "Signs in, counts the messages in a folder, and looks how old the newest is.",
            ("message", "messages"),
            ("host", "user", "secret"),
            ("folder",),
            usual={"warning_age": 24 * 3600},
        ),
        "ldap": Kind(
            "Directory by LDAP",
            "Signs in and counts the people with mail below the search base. A failure is a problem.",
            ("person", "people"),
            ("host", "base"),
            ("user", "secret"),
            falling=True,
        ),
        "certificate": Kind(
            "Certificate",
            "Looks at the certificate that the host shows; the value is how many days it still is good for.",
            ("day left", "days left"),
            ("host",),
            ("door",),
            falling=True,
            usual={"warning": 21, "problem": 7},
        ),
        "dns": Kind(
            "Records in the DNS",
            "Notices when MX, SPF or DMARC of a domain are no longer what they were when it began to look.",
            ("record differs", "records differ"),
            ("domain",),
            usual={"problem": 1},
        ),
    }
)
FALLING = tuple(name for name, kind in KINDS.items() if kind.falling)
PUSHED = Kind("Sent here", "", ("message", "messages"), (), usual={"warning": 50, "problem": 200, "problem_age": 3600})

# Service → kinds of probe that say something about it, the usual one first.
FOR_SERVICE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "inbound_queue": ("smtp", "dns", "certificate"),
        "outbound_queue": ("smtp", "dns", "certificate"),
        "journal_queue": ("imap", "certificate"),
        "journal_connector": ("imap", "smtp", "certificate"),
        "directory_connector": ("ldap", "certificate"),
    }
)
assert set(FOR_SERVICE) == set(SERVICES)

# Where a certificate or a mail server may stand: as gateways call their doors → words.
DOORS = {
    "smtp": "SMTP, port 25",
    "submission": "Submission, port 587",
    "smtps": "SMTP over TLS, port 465",
    "imaps": "IMAP over TLS, port 993",
    "ldaps": "LDAP over TLS, port 636",
    "https": "HTTPS, port 443",
}
MAIL_DOORS = ("smtp", "submission", "smtps")


def kind_of(source: str, probe: str) -> Kind:
    return KINDS.get(probe, PUSHED) if source == "probe" else PUSHED


def valued(kind: Kind, value: float | None) -> str:
    """A value with its unit, as people read it: “1,250 messages”."""
    if value is None:
        return ""
    one, many = kind.unit
    return f"{value:,.10g} {one if value == 1 else many}"


def aged(seconds: int | None) -> str:
    """“3 d 4 h”, “2 h 15 min”, “40 s”."""
    if seconds is None:
        return ""
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {unit}")
    return " ".join(parts[:2]) or "0 s"
