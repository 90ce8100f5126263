"""IP addresses, networks, hosts and ports as they are typed: put in form, or refused with the reason. Pure."""

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from blueprints.customers.domains import WrongDomain, as_domain
from blueprints.partners.addresses import is_ip, shown
from blueprints.web.refusals import Refused

Network = IPv4Network | IPv6Network

# What the internet cannot reach, and why (IANA's special-purpose address registries, RFC 6890). The first that fits.
SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), why)
    for why, networks in (
        ("a private address", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
        ("an address of the machine itself", ("127.0.0.0/8", "::1/128")),
        ("an address of one network link", ("169.254.0.0/16", "fe80::/10")),
        ("an address that many lines of a provider share", ("100.64.0.0/10",)),
        (
            "an address for examples only",
            ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
        ),
        ("an address for measurements only", ("198.18.0.0/15", "2001:2::/48")),
        ("an address of many receivers at once", ("224.0.0.0/4", "ff00::/8")),
        (
            "a reserved address",
            ("0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4", "::/128", "64:ff9b:1::/48", "100::/64"),
        ),
    )
    for network in networks
)
INTERNET_6 = IPv6Network("2000::/3")  # what is given out at all (RFC 4291, section 2.4)
LARGEST = {4: 16, 6: 32}  # the shortest prefix of a network that one company is believed to send from


def single_address(written: str, *, public: bool, networks: bool = False) -> str:
    """An address in its short form; with `networks`, a network too. Raises Refused."""
    if "/" in written:
        return network(written, public=public, networks=networks)
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        raise Refused(f"“{shown(written)}” is not an IP address like 198.51.100.7 or 2001:db8::7.") from None
    if isinstance(address, IPv6Address) and address.scope_id:
        raise Refused(f"{shown(written)} names a network card. Write the address without % and what follows.")
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        raise Refused(f"{shown(written)} is an IPv4 address in IPv6 dress. Write {address.ipv4_mapped}.")
    if public and (why := why_not_public(address)):
        raise Refused(f"{address} is {why}: the internet cannot reach it. Write the public one that others see.")
    return str(address)


def network(written: str, *, public: bool, networks: bool) -> str:
    try:
        exact = ipaddress.ip_network(written, strict=False)
    except ValueError:
        raise Refused(f"“{shown(written)}” is neither an IP address nor a network like 198.51.100.0/24.") from None
    if exact.num_addresses == 1:
        return single_address(str(exact.network_address), public=public)
    if not networks:
        raise Refused(f"{shown(written)} is a network. Write each of its addresses that is used on a line of its own.")
    if str(exact.network_address) != str(ipaddress.ip_interface(written).ip):
        raise Refused(f"{shown(written)} begins inside a network. Write {exact}, or the single address.")
    if exact.prefixlen < LARGEST[exact.version]:
        raise Refused(f"{exact} is larger than one company’s network. At most a /{LARGEST[exact.version]}.")
    if public and (why := why_not_public(exact.network_address) or why_not_public(exact.broadcast_address)):
        raise Refused(f"{exact} is or holds {why}: the internet cannot reach it. Write the public ones.")
    return str(exact)


def why_not_public(address: IPv4Address | IPv6Address) -> str:
    """Why the internet cannot reach an address, in a few words; "" if it can."""
    for special, why in SPECIAL:
        if address.version == special.version and address in special:
            return why
    given_out = isinstance(address, IPv4Address) or address in INTERNET_6
    return "" if given_out and address.is_global else "a reserved address"


def host(written: str, *, addresses: bool, public: bool = True) -> str:
    """A host name in A-labels, or with `addresses` an IP address. Raises Refused."""
    bare = written.strip().removeprefix("[").removesuffix("]")
    if is_ip(bare):
        if not addresses:
            raise Refused(f"{shown(bare)} is an IP address. Write the name of the host.")
        return single_address(bare, public=public)
    try:
        return as_domain(written)
    except WrongDomain:
        raise Refused(
            f"“{shown(written.strip())}” is not a host name such as mail.company.example: only letters, digits, "
            "hyphens and dots, without https:// and without a port."
        ) from None


def host_and_port(written: str, *, default_port: int | None, public: bool) -> str:
    """“MAIL.company.example”, “[2001:db8::7]:25” → “mail.company.example:25”, …; an address of IPv6 in brackets.

    Raises Refused.
    """
    name, port = (written, "") if "/" in written else apart(written)
    if not port and default_port is None:
        raise Refused(f"“{shown(written)}” has no port. Write it as in mail.company.example:25.")
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65_535):
        raise Refused(f"“{shown(port)}” is no port: a number from 1 to 65535.")
    found = host(name, addresses=True, public=public)
    number = int(port or default_port or 0)
    return f"[{found}]:{number}" if ":" in found else f"{found}:{number}"


def apart(written: str) -> tuple[str, str]:
    """The host, and the port or "". An address of IPv6 without brackets has no port."""
    if written.startswith("["):
        name, _, port = written[1:].partition("]")
        return name, port.removeprefix(":")
    if written.count(":") == 1:
        name, _, port = written.partition(":")
        return name, port
    return written, ""


def without_port(normalised: str) -> str:
    return apart(normalised)[0]
