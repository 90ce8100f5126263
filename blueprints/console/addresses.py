"""Addresses of consoles as people type them, checked and put in the form that is kept.

The server is always written out: {domain} and {id} stand in the path or the query only. So an assertion goes to the one
origin that a partner administrator typed, whatever a customer's domain is.
"""

import ipaddress
import re
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from blueprints.partners.addresses import host_name
from blueprints.web.refusals import Refused

LONGEST = 400
HERE = ("localhost", "127.0.0.1")  # browsers trust what never leaves the machine, so it needs no TLS
PLACEHOLDERS = ("domain", "id")
UNTOUCHED = "%/:@!$&'()*+,;=-._~{}?"  # RFC 3986, section 3.3, and our braces


def console_address(typed: str) -> str:
    """“https://Console.example/{domain}” → “https://console.example/{domain}”; "" for nothing. Raises Refused."""
    written = typed.strip()
    if not written:
        return ""
    if len(written) > LONGEST:
        raise Refused(f"At most {LONGEST} characters.")
    if any(sign.isspace() or not sign.isprintable() or sign in "\"'<>\\^`|" for sign in written):
        raise Refused("An address has no spaces, quotes or brackets in it.")
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:
        raise Refused("This is not an address such as https://console.example/{domain}.") from None
    host = server(parts)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in HERE):
        raise Refused("The address begins with https://, so that nobody on the way reads or changes the sign-in.")
    no_more_than_known(parts)
    at = f":{port}" if port is not None else ""
    path = quote(parts.path or "/", safe=UNTOUCHED)
    query = f"?{quote(parts.query, safe=UNTOUCHED)}" if parts.query else ""
    return f"{parts.scheme}://{host}{at}{path}{query}"


def server(parts: SplitResult) -> str:
    """The host, in A-labels."""
    if "{" in parts.netloc or "}" in parts.netloc:
        raise Refused("{domain} and {id} stand after the server: https://console.example/{domain}.")
    if parts.username is not None or parts.password is not None:
        raise Refused("Leave the name and the password out of the address.")
    host = (parts.hostname or "").lower()
    if not host:
        raise Refused("This is not an address such as https://console.example/{domain}.")
    if host in HERE or is_ipv4(host):
        return host
    if ":" in host:  # a policy of form-action (CSP Level 3, section 2.3.1) has no way to name it
        raise Refused("Write the name of the server: an IPv6 address cannot be posted to.")
    return host_name(host)


def is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def no_more_than_known(parts: SplitResult) -> None:
    if parts.fragment:
        raise Refused("Leave out what begins with #: it never reaches the console.")
    rest = f"{parts.path}?{parts.query}"
    for name in PLACEHOLDERS:
        rest = rest.replace(f"{{{name}}}", "")
    if found := re.search(r"\{[^{}]*\}|[{}]", rest):
        raise Refused(f"Only {{domain}} and {{id}} are filled in, not “{found.group()[:40]}”.")


def filled(address: str, customer: Any) -> str:
    """The address of one customer's console. `customer`: has .id and .primary_domain (A-labels)."""
    return address.replace("{domain}", quote(customer.primary_domain)).replace("{id}", str(customer.id))


def origin_of(address: str) -> str:
    """Scheme, server and port of an address as it is kept: “https://console.example:8443”."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
