"""Servers that take a connection and then do not do as they should."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

from tests.services.starting import HOST, Certificate

Manner = Callable[[socket.socket], None]

DRIP_SECONDS = 0.05


class Misbehaving:
    """One that runs: its port, and how many connections it took."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.taken = 0


@contextlib.contextmanager
def misbehaving(manner: Manner, host: str = HOST, port: int = 0) -> Iterator[Misbehaving]:
    """A server that does this with each connection; the line is cut when the manner, or the block, ends."""
    listening = socket.create_server((host, port))
    server = Misbehaving(listening.getsockname()[1])
    lines: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def behave(line: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), line:
            manner(line)

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listening.accept()
                server.taken += 1
                lines.append(line)
                threads.append(threading.Thread(target=behave, args=(line,), daemon=True))
                threads[-1].start()

    taking = threading.Thread(target=take, daemon=True)
    taking.start()
    try:
        yield server
    finally:
        for each in (listening, *lines):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for each in (taking, *threads):
            each.join(5)


def hangs(line: socket.socket) -> None:
    """Never says a word."""
    while line.recv(1000):
        pass


def closes(line: socket.socket) -> None:
    """Cuts the line at once."""


def drips(words: bytes = b"x" * 10_000) -> Manner:
    """Says one byte at a time."""

    def manner(line: socket.socket) -> None:
        for byte in words:
            line.sendall(bytes([byte]))
            time.sleep(DRIP_SECONDS)

    return manner


def floods(words: bytes, total: int = 100_000_000) -> Manner:
    """Says it again and again, 100 MB of it."""
    portion = words * (65_536 // len(words))

    def manner(line: socket.socket) -> None:
        for _ in range(total // len(portion)):
            line.sendall(portion)

    return manner


def says(*turns: bytes) -> Manner:
    """The first of these at once, and each further one after the other side has said something; then listens."""

    def manner(line: socket.socket) -> None:
        line.sendall(turns[0])
        for turn in turns[1:]:
            if not line.recv(10_000):
                return
            line.sendall(turn)
        hangs(line)

    return manner


def speaks_tls(certificate: Certificate, manner: Manner) -> Manner:
    """The same, encrypted."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.path, certificate.key)

    def encrypted(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as inside:
            manner(inside)

    return encrypted
