"""A DNS server for a test, answering over UDP and TCP from a dictionary."""

import contextlib
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.services.starting import HOST

TTL = 60  # seconds
LONGEST = 65_535  # bytes of an answer

Zones = dict[str, dict[str, list[str]] | str]


class DnsServer:
    """Answers from `zones`: name → {type: [texts as in a zone file]}, or "SERVFAIL", "REFUSED" or "hang".

    `{"example.com": {"MX": ["10 mx.example.com."], "TXT": ['"v=spf1 -all"']}, "broken.example": "SERVFAIL"}`.
    A name with other types only is answered empty, a name that is not there is NXDOMAIN, a CNAME is followed.
    `zones` may be changed while it runs; `asked` lists (name, type) in the order they came; `ttls` says for
    which names the seconds to keep an answer are others than TTL; `changing` is asked first, for answers that
    differ from one time to the next: (name, type) → texts, or None to look into the zones.
    """

    def __init__(self, zones: Zones, port: int, host: str = HOST) -> None:
        self.zones = zones
        self.port = port
        self.host = host
        self.ttls: dict[str, int] = {}
        self.changing: Callable[[str, str], list[str] | None] = lambda *_: None
        self.asked: list[tuple[str, str]] = []

    def answer(self, packet: bytes) -> dns.message.Message | None:
        """What to say to one question; None for silence."""
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name, kind = question.name, question.rdtype
        self.asked.append((name.to_text(omit_final_dot=True), dns.rdatatype.to_text(kind)))
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        changed = self.changing(name.to_text(omit_final_dot=True), dns.rdatatype.to_text(kind))
        if changed is not None:
            if changed:
                response.answer.append(dns.rrset.from_text_list(name, TTL, "IN", kind, changed))
            return response
        seen = set()
        while name not in seen:
            seen.add(name)
            found = self._entry(name)
            if found == "hang":
                return None
            if found is None or isinstance(found, str):
                response.set_rcode(dns.rcode.from_text(found or "NXDOMAIN"))
                break
            held = dns.rdatatype.CNAME if "CNAME" in found else kind
            texts = found.get(dns.rdatatype.to_text(held), [])
            if texts:
                ttl = self.ttls.get(name.to_text(omit_final_dot=True), TTL)
                response.answer.append(dns.rrset.from_text_list(name, ttl, "IN", held, texts))
            if held == kind or not texts:
                break
            name = dns.name.from_text(texts[0])
        return response

    def _entry(self, name: dns.name.Name) -> dict[str, list[str]] | str | None:
        wanted = name.canonicalize()
        for text, found in self.zones.items():
            if dns.name.from_text(text).canonicalize() == wanted:
                return found
        below = any(dns.name.from_text(text).is_subdomain(wanted) for text in self.zones)
        return {} if below else None


class OverUdp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        packet, out = self.request
        response = self.server.dns_server.answer(packet)
        if response is None:
            return
        room = max(dns.message.from_wire(packet).payload, 512)
        wire = response.to_wire(max_size=LONGEST)
        if len(wire) > room:  # ask again over TCP
            response.flags |= dns.flags.TC
            response.answer.clear()
            wire = response.to_wire()
        out.sendto(wire, self.client_address)


class OverTcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while length := self.rfile.read(2):
            response = self.server.dns_server.answer(self.rfile.read(struct.unpack("!H", length)[0]))
            if response is None:
                self.rfile.read()  # until the other side has had enough
                return
            wire = response.to_wire(max_size=LONGEST)
            self.wfile.write(struct.pack("!H", len(wire)) + wire)


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


def bound(host: str, port: int) -> tuple[TcpServer, UdpServer]:
    """A TCP and a UDP server on one port; of a free one the second may find the number taken, so try again."""
    for _ in range(20):
        over_tcp = TcpServer((host, port), OverTcp)
        try:
            return over_tcp, UdpServer(over_tcp.server_address, OverUdp)
        except OSError:
            over_tcp.server_close()
    raise RuntimeError("no port is free for both TCP and UDP")


@contextlib.contextmanager
def dns_server(zones: Zones, host: str = HOST, port: int = 0) -> Iterator[DnsServer]:
    """Run one; a resolver asks it with `nameservers = [HOST]` and `port = server.port`.

    `host`: another address of this machine (127.0.0.2 …), for several servers at one port.
    """
    servers = bound(host, port)
    answering = DnsServer(zones, servers[0].server_address[1], host)
    threads = []
    for server in servers:
        server.dns_server = answering
        threads.append(threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True))
        threads[-1].start()
    try:
        yield answering
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
