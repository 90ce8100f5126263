"""How far and how long this installation's checks may go."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType


class Door(StrEnum):
    """The kinds of server that are looked at. Each has one port, so that no check becomes a scan."""

    SMTP = "smtp"
    SUBMISSION = "submission"
    SMTPS = "smtps"
    IMAP = "imap"
    IMAPS = "imaps"
    LDAP = "ldap"
    LDAPS = "ldaps"
    HTTPS = "https"
    NAMES = "names"


PORTS: Mapping[Door, int] = MappingProxyType(
    {
        Door.SMTP: 25,
        Door.SUBMISSION: 587,
        Door.SMTPS: 465,
        Door.IMAP: 143,
        Door.IMAPS: 993,
        Door.LDAP: 389,
        Door.LDAPS: 636,
        Door.HTTPS: 443,
        Door.NAMES: 53,
    }
)
ENCRYPTED = (Door.SMTPS, Door.IMAPS, Door.LDAPS, Door.HTTPS)  # from the first byte


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes. A step is one question with its whole answer, or a connection, or a handshake."""

    step: float = 10.0
    whole: float = 60.0
    name: float = 5.0  # one name server, one question, both tries
    received: int = 64 * 1024  # bytes of one conversation; a gateway that lists things asks for more
    questions: int = 200  # put to name servers for one check
    at_once: int = 16  # of them side by side


@dataclass(frozen=True)
class Bounds:
    """What an installation's settings let its checks see.

    `resolvers`: name servers to ask, with :port if it is not 53; none: the machine's own. `allowed`: networks
    that may be connected to though they are private. `trusted`: path of a file with further certificate
    authorities (PEM). `name`: what we call ourselves to SMTP servers; none: our address.
    """

    resolvers: tuple[str, ...] = ()
    allowed: tuple[IPv4Network | IPv6Network, ...] = ()
    trusted: str = ""
    name: str = ""
    limits: Limits = Limits()
    ports: Mapping[Door, int] = field(default_factory=lambda: PORTS)


class OutOfTime(TimeoutError):
    """A limit of time was reached."""


class Deadline:
    """The time a whole conversation has, and the step it is in. Not moved by clocks being set."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.ends = time.monotonic() + limits.whole
        self.step_ends = self.ends
        self.step()

    def step(self) -> None:
        """The next step begins now."""
        self.step_ends = min(time.monotonic() + self.limits.step, self.ends)

    def hurry(self, seconds: float) -> None:
        """No more than so many seconds from now on, whatever is left."""
        self.ends = min(self.ends, time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds, more than none. Raises OutOfTime."""
        now = time.monotonic()
        if now >= self.step_ends:
            raise OutOfTime(self.sentence())
        return self.step_ends - now

    def sentence(self) -> str:
        """Which limit was reached."""
        if self.step_ends >= self.ends:
            return f"The whole conversation took longer than {self.limits.whole:g} seconds"
        return f"No complete answer came within {self.limits.step:g} seconds"

    def over(self) -> bool:
        return time.monotonic() >= self.ends

    def remaining(self) -> float:
        """Seconds of the whole, none at least."""
        return max(self.ends - time.monotonic(), 0.0)


# --- of this installation -------------------------------------------------------------------------------

kept = Bounds()


def install(bounds: Bounds) -> None:
    """Once, at the start: how far the checks of this installation may go."""
    global kept  # noqa: PLW0603 - one for the whole process, set before any check runs
    kept = bounds


def installed() -> Bounds:
    """What the settings said; nothing private is allowed until they did."""
    return kept
