"""Which addresses may be connected to, and which words are the name of a host."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import idna

from blueprints.gateways.evidence import brief

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_NAME = 253

# Special networks by the registries of RFC 6890, and what is to be said of them. Python's own list has changed
# between its versions, so this one decides first; `is_global` catches what is reserved later.
SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "means this machine (RFC 1122)"),
        ("10.0.0.0/8", "is private (RFC 1918)"),
        ("100.64.0.0/10", "is a provider’s inner one (RFC 6598)"),
        ("127.0.0.0/8", "is this machine itself"),
        ("169.254.0.0/16", "is link-local (RFC 3927)"),
        ("172.16.0.0/12", "is private (RFC 1918)"),
        ("192.0.0.0/24", "is reserved (RFC 6890)"),
        ("192.0.2.0/24", "is for examples only (RFC 5737)"),
        ("192.88.99.0/24", "is reserved (RFC 7526)"),
        ("192.168.0.0/16", "is private (RFC 1918)"),
        ("198.18.0.0/15", "is for measurements (RFC 2544)"),
        ("198.51.100.0/24", "is for examples only (RFC 5737)"),
        ("203.0.113.0/24", "is for examples only (RFC 5737)"),
        ("224.0.0.0/4", "is multicast"),
        ("240.0.0.0/4", "is reserved"),
        ("::/127", "is this machine itself"),
        ("64:ff9b:1::/48", "is a private translation (RFC 8215)"),
        ("100::/64", "is discarded (RFC 6666)"),
        ("2001:2::/48", "is for measurements (RFC 5180)"),
        ("2001:db8::/32", "is for examples only (RFC 3849)"),
        ("2002::/16", "is a translation that is given up (RFC 7526)"),
        ("3fff::/20", "is for examples only (RFC 9637)"),
        ("5f00::/16", "is reserved (RFC 9602)"),
        ("fc00::/7", "is private (RFC 4193)"),
        ("fe80::/10", "is link-local (RFC 4291)"),
        ("fec0::/10", "is private (RFC 3879)"),
        ("ff00::/8", "is multicast"),
    )
)

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
COMPATIBLE = IPv6Network("::/96")  # RFC 4291, section 2.5.5.1, given up
ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214, section 6.1


class NotAHost(Exception):
    """These words are not the name of a host, nor an address."""


def objection(address: Address, allowed: Iterable[Network] = ()) -> str:
    """Why this address may not be connected to (“is private (RFC 1918)”), or "" when it may.

    `allowed`: networks of which the installation's settings say that they may. An address that carries another
    one inside (mapped, 6to4, Teredo, NAT64, ISATAP) may be no more than the one inside.
    """
    if any(address.version == network.version and address in network for network in allowed):
        return ""
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return "is link-local (RFC 4291)"
        inside = [objection(each, allowed) for each in inner_addresses(address)]
        if inside and (address.ipv4_mapped or address in NAT64 or any(inside)):
            return next(filter(None, inside), "")
    for network, what in SPECIAL:
        if address.version == network.version and address in network:
            return what
    return "" if address.is_global and not address.is_multicast else "is reserved"


def inner_addresses(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 address carries and its packets may end at."""
    found: list[IPv4Address] = list(address.teredo or ())
    found += [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    last = IPv4Address(int(address) & 0xFFFF_FFFF)
    in_isatap = (int(address) >> 32) & 0xFFFF_FFFF in ISATAP
    if in_isatap or address in NAT64 or (address in COMPATIBLE and int(address) > 0xFFFF):
        found.append(last)
    return found


def literal(host: str) -> Address | None:
    """The address that these words are, in the one way of writing that everybody reads alike."""
    try:
        return ip_address(host.strip().removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def host_name(text: str) -> str:
    """The name of a host in A-labels, small, without a dot at the end. Raises NotAHost with a sentence.

    Numbers that some programs read as an address (“127.1”, “0x7f000001”, “2130706433”) are no names.
    """
    name = text.strip().rstrip(".").lower()
    try:
        name = name if name.isascii() else idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise NotAHost(f"“{brief(text, 80)}” is not the name of a host.") from None
    labels = name.split(".")
    well_formed = all(
        0 < len(label) <= 63 and all(each.isalnum() or each in "-_" for each in label) for label in labels
    )
    last = labels[-1]
    if not well_formed or len(name) > LONGEST_NAME or last.isdigit() or last.startswith("0x"):
        raise NotAHost(f"“{brief(text, 80)}” is not the name of a host.")
    return name
