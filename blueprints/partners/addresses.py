"""IP addresses, host names and email addresses as people type them, checked and put in the form that is kept.

Each check returns "" for nothing typed and raises Refused with a sentence that names what is wrong.
"""

import ipaddress
import re

import idna
from email_validator import EmailNotValidError, validate_email

from blueprints.web.refusals import Refused

MOST_ADDRESSES = 50
SHOWN_AT_MOST = 60  # characters of what was typed, when a sentence repeats it
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")  # RFC 1123, section 2.1


def ip_addresses(typed: str) -> str:
    """Single public IPv4 and IPv6 addresses, one a line in their short form, each once."""
    found = [public_address(written) for written in re.split(r"[\s,;]+", typed or "") if written]
    if len(found) > MOST_ADDRESSES:
        raise Refused(f"At most {MOST_ADDRESSES} addresses.")
    return "\n".join(dict.fromkeys(found))


def public_address(written: str) -> str:
    """One address that the internet can reach."""
    if "/" in written:
        raise Refused(f"“{shown(written)}” is a network. Write each of its addresses on a line of its own.")
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        raise Refused(f"“{shown(written)}” is not an IP address like 198.51.100.7 or 2001:db8::7.") from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise Refused(f"“{shown(written)}” is an IPv4 address in IPv6 dress. Write {address.ipv4_mapped}.")
    if address.is_multicast or not address.is_global:
        raise Refused(f"“{shown(written)}” is {kind_of(address)}. Write the public one that others see.")
    return str(address)


def kind_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Why an address is not a public one, in a few words."""
    if address.is_loopback:
        return "an address of the machine itself"
    if address.is_link_local:
        return "an address of one network link"
    if address.is_multicast:
        return "an address of many receivers at once"
    return "an address of a private or reserved network"


def host_name(typed: str) -> str:
    """A full host name in A-labels, lower case: “SMTP.Müller.example” → “smtp.xn--mller-kva.example”."""
    written = (typed or "").strip()
    if not written:
        return ""
    wrong = Refused(f"“{shown(written)}” is not a host name such as smtp.northstar.example.")
    if is_ip(written):
        raise Refused(f"“{shown(written)}” is an IP address. Write the name of the smart host.")
    try:
        name = idna.encode(written.removesuffix("."), uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise wrong from None
    labels = name.split(".")
    if len(name) > 253 or len(labels) < 2 or labels[-1].isdigit() or not all(map(LABEL.fullmatch, labels)):
        raise wrong
    return name


def is_ip(written: str) -> bool:
    try:
        ipaddress.ip_address(written.strip("[]"))
    except ValueError:
        return False
    return True


def email_address(typed: str) -> str:
    """One address that any mail server can write to: the domain in A-labels."""
    written = (typed or "").strip()
    if not written:
        return ""
    try:
        checked = validate_email(written, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise Refused(f"“{shown(written)}” is not an email address such as mail@northstar.example.") from None
    return checked.ascii_email or checked.normalized


def shown(written: str) -> str:
    return written if len(written) <= SHOWN_AT_MOST else f"{written[: SHOWN_AT_MOST - 1]}…"
