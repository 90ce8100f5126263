"""A line to one address that keeps its limits: seconds of a step and of the whole, bytes, and what is written down.

Libraries use it as they use a socket. What goes wrong is an OSError to them, and stays in `broken`, because
each library makes another exception of it.
"""

import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from blueprints.gateways.addresses import Address
from blueprints.gateways.bounds import Bounds, Deadline
from blueprints.gateways.certificates import Certificate, context, shown_by
from blueprints.gateways.evidence import Asked, brief
from blueprints.gateways.transcript import Transcript

FAREWELL_SECONDS = 2
ACCEPTED = "it was accepted by a person as it is"
CHUNK = 16 * 1024  # bytes sent or received at a time


class Broken(OSError):
    """The line ended before the conversation did; the sentence says how."""


class Distrusted(Broken):
    """The certificate is not trusted: the line was not encrypted. The sentence is OpenSSL's reason."""


@dataclass(frozen=True)
class Opened:
    """A connection as it was made, to which address, and what was asked and tried until then."""

    socket: socket.socket
    address: Address
    port: int
    evidence: tuple[Asked, ...]


class Line:
    """An open connection. `host` is the name that its certificate must bear, `address` where it leads.

    `received`: most bytes, None for the usual limit. `accepted`: fingerprint of a certificate that a person
    accepted. `distrusted`: why an earlier line to the same address could not be trusted; then any certificate is
    taken, to see it, and nothing secret may be said. ACCEPTED stands for not verifying the accepted one.
    """

    def __init__(
        self,
        opened: Opened,
        host: str,
        bounds: Bounds,
        deadline: Deadline,
        received: int | None = None,
        accepted: str = "",
        distrusted: str = "",
    ) -> None:
        self.host = host
        self.address, self.port = str(opened.address), opened.port
        self.own_address: str = opened.socket.getsockname()[0]
        self.bounds = bounds
        self.deadline = deadline
        self.room = received or bounds.limits.received
        self.accepted = accepted
        self.distrusted = distrusted
        self.pinned = bool(accepted) and distrusted == ACCEPTED
        self.certificate: Certificate | None = None
        self.broken: Broken | None = None
        self.ended = False  # by the other side
        self.transcript = Transcript()
        self.written_down = True  # what is said; False where a library speaks in bytes that nobody reads
        self._socket = opened.socket
        deadline.step()

    # --- as a socket --------------------------------------------------------------------------------

    def recv(self, most: int) -> bytes:
        """At most so many bytes, as a socket gives them. Raises Broken."""
        with self._within_limits():
            data = self._socket.recv(min(most, CHUNK))
        self.room -= len(data)
        self.ended = not data
        if self.written_down:
            self.transcript.add("<", data)
        if self.room < 0:
            raise self._break("It said more than a conversation of this kind needs")
        return data

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        """Say it; the next step begins. Raises Broken."""
        self.deadline.step()
        if self.written_down:
            self.transcript.add(">", bytes(data))
        rest = memoryview(data).cast("B")
        while rest:
            with self._within_limits():
                rest = rest[self._socket.send(rest[:CHUNK]) :]

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        """To read from; whatever a library asks for, it is bytes."""
        return io.BufferedReader(Reading(self), CHUNK)

    def settimeout(self, seconds: float | None) -> None:
        """The line keeps its own time; libraries may say what they like."""

    def fileno(self) -> int:
        return self._socket.fileno()

    def shutdown(self, how: int = socket.SHUT_RDWR) -> None:
        with suppress(OSError):
            socket.socket.shutdown(self._socket, how)  # the plain one: TLS has manners

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()

    # --- as a conversation ----------------------------------------------------------------------------

    @property
    def trusted(self) -> bool:
        """Encrypted, for the host that was meant, or with the certificate that a person accepted."""
        found = self.certificate
        return found is not None and (found.trusted or self.accepted == found.fingerprint)

    def encrypt(self) -> "Line":
        """From here on in TLS. Raises Distrusted for a certificate that is not trusted, Broken for the rest."""
        self.deadline.step()
        how = context(self.bounds.trusted, verified=not self.distrusted)
        try:
            with self._within_limits():
                self._socket = how.wrap_socket(self._socket, server_hostname=self.host)
        except Distrusted:
            raise
        except Broken as problem:
            raise self._break(f"The encryption did not come about: {problem}") from problem
        assert isinstance(self._socket, ssl.SSLSocket)
        self.certificate = shown_by(self._socket, self.distrusted)
        if self.pinned and not self.trusted:
            self.broken = Distrusted("it is another one than was accepted")
            raise self.broken
        self.transcript.add("<", f"({self._socket.version()} began)\r\n".encode())
        if self.certificate and not self.certificate.trusted:
            self.note("<", f"(certificate, SHA-256 {self.certificate.fingerprint})")
        return self

    def leave(self) -> None:
        """Only the farewell is left, and nobody waits long for that."""
        self.deadline.hurry(FAREWELL_SECONDS)

    def note(self, side: str, words: str) -> None:
        """Write down what was said in other words than its bytes."""
        self.transcript.add(side, f"{words}\r\n".encode())

    @contextmanager
    def hushed(self, words: str) -> Iterator[None]:
        """What we say in this block is written down in these words only."""
        before, self.written_down = self.written_down, False
        self.note(">", words)
        try:
            yield
        finally:
            self.written_down = before

    @contextmanager
    def _within_limits(self) -> Iterator[None]:
        """One call of the socket, which may take what is left of the step; its errors become Broken."""
        if self.broken is not None:
            raise self.broken
        try:
            self._socket.settimeout(self.deadline.left())
            yield
        except (OSError, ValueError) as problem:
            self.broken = self._broken_by(problem)
            raise self.broken from problem

    def _broken_by(self, problem: OSError | ValueError) -> Broken:
        if isinstance(problem, ssl.SSLCertVerificationError):
            return Distrusted(problem.verify_message.rstrip("."))
        if isinstance(problem, TimeoutError):
            return Broken(self.deadline.sentence())
        if isinstance(problem, ConnectionError):
            return Broken("It broke the connection off")
        if isinstance(problem, ssl.SSLError):
            return Broken(brief((problem.reason or str(problem)).replace("_", " ").lower()))
        return Broken(brief(str(problem)))

    def _break(self, sentence: str) -> Broken:
        self.broken = Broken(sentence)
        return self.broken


class Reading(io.RawIOBase):
    """What a library reads from the line."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.line.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Upgrade:
    """Stands where a library expects an SSLContext for STARTTLS: the line knows how to encrypt itself."""

    def wrap_socket(self, line: Line, **_: object) -> Line:
        return line.encrypt()
