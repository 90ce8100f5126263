"""What the records of customers' domains should be: the values an MSP gives for its provider, and one for a customer.

A value may hold {domain}, which stands for each domain, and {dashes}: the domain with a hyphen for each dot.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address, ip_network
from typing import Any

from blueprints.web.refusals import Refused

MOST = 20  # values of one kind
MOST_TOKENS = 500  # one for each domain
LONGEST = 255  # characters of a value, as of one string in a TXT record
NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
LABELS = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
FINGERPRINT = re.compile(r"[0-9a-f]{64}")
SHOWN = 60  # characters of what was typed, when a sentence repeats it
SELECTOR = "{selector}"


@dataclass(frozen=True)
class Expected:
    """One set of values, as they are kept. Empty where nobody has said anything.

    `token`: “company.example value” for one domain, or a value for all; where there is none the portal makes its own.
    `token_name`: the label at which it stands, "" for the domain itself. `dkim_target`: where the name of a selector
    leads as a CNAME, with {selector} in it; "" where the key itself is published. `certificates`: “mail.company.example
    fingerprint” for a server whose certificate is accepted though nobody vouches for it.
    """

    mx: tuple[str, ...] = ()
    spf_include: tuple[str, ...] = ()
    dkim_selectors: tuple[str, ...] = ()
    dkim_target: str = ""
    autodiscover: tuple[str, ...] = ()
    dmarc_policy: str = ""
    dmarc_reports: str = ""
    token: tuple[str, ...] = ()
    token_name: str = ""
    certificates: tuple[str, ...] = ()

    def at(self, domain: str) -> "Expected":
        """The same with what the placeholders stand for, for a domain in A-labels."""
        return Expected(**{each.name: put_in(getattr(self, each.name), domain) for each in fields(self)})

    def token_of(self, domain: str) -> str:
        """The token that was given for a domain, or for all; "" without one."""
        given = dict(each.split(" ", 1) for each in self.token if " " in each)
        return given.get(domain) or next((each for each in self.token if " " not in each), "")

    def certificate_of(self, host: str) -> str:
        """The fingerprint (SHA-256) that is accepted of a server; "" where its certificate has to be trusted."""
        return dict(each.split(" ", 1) for each in self.certificates).get(host.strip().lower().rstrip("."), "")


KEYS = tuple(each.name for each in fields(Expected))
LISTS = tuple(each.name for each in fields(Expected) if each.default == ())


def put_in(value: Any, domain: str) -> Any:
    if isinstance(value, tuple):
        return tuple(put_in(each, domain) for each in value)
    return value.replace("{domain}", domain).replace("{dashes}", domain.replace(".", "-"))


def expected_of(of_partner: Mapping[str, Any], of_plan: Mapping[str, Any]) -> Expected:
    """What was kept (Partner.expected, Plan.expected) together: the plan's stands where it says something."""
    kept = {**of_partner, **{key: value for key, value in of_plan.items() if value}}
    given: dict[str, Any] = {key: kept[key] for key in KEYS if kept.get(key)}
    given |= {key: tuple(given[key]) for key in LISTS if key in given}
    return Expected(**given)


def expected_names(expected: Expected) -> set[str]:
    """The mail hosts without their numbers."""
    return {each.split()[-1] for each in expected.mx}


# --- as they are typed ----------------------------------------------------------------------------------


def read(name: str, typed: str) -> Any:
    """A value as it is kept: a list of texts for those of several lines, otherwise a text; each falsy when empty.

    Raises Refused with the field's name.
    """
    try:
        if name not in LISTS:
            return READERS[name](typed.strip()) if typed.strip() else ""
        lines = list(dict.fromkeys(READERS[name](line.strip()) for line in typed.splitlines() if line.strip()))
    except Refused as refusal:
        refusal.field = name
        raise
    most = MOST_TOKENS if name == "token" else MOST
    if len(lines) > most:
        raise Refused(f"At most {most} lines.", name)
    return lines


def typed_of(kept: Any) -> str:
    """How a kept value is typed again."""
    return "\n".join(kept) if isinstance(kept, list | tuple) else str(kept or "")


def mail_host(line: str) -> str:
    """“10 mx.provider.example”, its number optional; “*.” before it for any host below."""
    from blueprints.plans.judging.mx import host  # noqa: PLC0415 - only when one is typed

    try:
        found = host(line)
    except ValueError:
        raise wrong(line, "a host such as 10 mx1.provider.example") from None
    if found.preference is not None and found.preference > 65_535:
        raise Refused("The number before a host is at most 65535.")
    bare = found.name.removeprefix("*.")
    if not is_name(bare):
        raise wrong(line, "a host such as 10 mx1.provider.example")
    return str(found)


def host_name(line: str) -> str:
    name = line.lower().rstrip(".")
    if not is_name(name):
        raise wrong(line, "a host such as autodiscover.provider.example")
    return name


def spf_term(line: str) -> str:
    """“include:_spf.provider.example”; a name alone is included."""
    from blueprints.plans.judging.spf import TERM  # noqa: PLC0415 - as above

    word = line.lower().rstrip(".")
    found = TERM.fullmatch(word)
    if found and found["name"].lower() in ("include", "a", "mx", "exists") and (found["rest"] or "").startswith(":"):
        if is_name(found["rest"][1:].partition("/")[0]):
            return word
    elif found and is_network(found["name"].lower(), (found["rest"] or "")[1:]):
        return word
    elif is_name(word):
        return f"include:{word}"
    raise wrong(line, "a mechanism such as include:_spf.provider.example")


def selector(line: str) -> str:
    name = line.lower()
    if not LABELS.fullmatch(name) or name.endswith("_domainkey"):
        raise wrong(line, "a selector such as s1")
    return name


def dkim_target(line: str) -> str:
    name = line.lower().rstrip(".")
    if SELECTOR not in name or not is_name(name.replace(SELECTOR, "s1")):
        raise wrong(line, "a name such as {selector}._domainkey.{dashes}.provider.example, with {selector} in it")
    return name


def policy(line: str) -> str:
    from blueprints.plans.judging.dmarc import POLICIES  # noqa: PLC0415 - as above

    if line not in POLICIES:
        raise Refused("Choose one of none, quarantine and reject.")
    return line


def reports(line: str) -> str:
    local, _, domain = line.rpartition("@")
    if not local or len(line) > LONGEST or not is_name(domain.lower()) or not re.fullmatch(r"[!-~]+", local):
        raise wrong(line, "an address such as reports@provider.example")
    return line.lower()


def token(line: str) -> str:
    """“value”, or “company.example value”."""
    domain, _, value = line.partition(" ")
    if not value:
        domain, value = "", domain
    value = value.strip().strip('"')
    if domain and not is_name(domain.lower().rstrip(".")):
        raise wrong(line, "a token, or a domain and its token with a space between them")
    if not re.fullmatch(r"[!-~]+", value) or len(value) > LONGEST:
        raise Refused(f"A token is at most {LONGEST} letters, digits and signs without a space in it.")
    return f"{domain.lower().rstrip('.')} {value}" if domain else value


def label(line: str) -> str:
    if not LABELS.fullmatch(line.lower()):
        raise wrong(line, "a label such as _provider-token")
    return line.lower()


def certificate(line: str) -> str:
    """“mail.company.example fingerprint”, the fingerprint with or without colons."""
    host, _, typed = line.lower().partition(" ")
    fingerprint = typed.replace(":", "").replace(" ", "")
    if not (is_name(host.rstrip(".")) or is_address(host)) or not FINGERPRINT.fullmatch(fingerprint):
        raise wrong(line, "a server and the SHA-256 fingerprint of its certificate, 64 digits and letters from a to f")
    return f"{host.rstrip('.')} {fingerprint}"


READERS: dict[str, Callable[[str], str]] = {
    "mx": mail_host,
    "spf_include": spf_term,
    "dkim_selectors": selector,
    "dkim_target": dkim_target,
    "autodiscover": host_name,
    "dmarc_policy": policy,
    "dmarc_reports": reports,
    "token": token,
    "token_name": label,
    "certificates": certificate,
}


def is_network(mechanism: str, text: str) -> bool:
    """Whether it is what stands behind “ip4:” or “ip6:”."""
    try:
        return mechanism == f"ip{ip_network(text, strict=False).version}"
    except ValueError:
        return False


def is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def is_name(name: str) -> bool:
    """The name of a host or record in A-labels, placeholders among it."""
    return bool(NAME.fullmatch(put_in(name, "company.example")))


def wrong(line: str, example: str) -> Refused:
    shown = line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
    return Refused(f"“{shown}” is not {example}.")
