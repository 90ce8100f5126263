"""Email domains as they are typed, kept and shown. Kept: A-labels (IDNA 2008), lower case, no dot at the end."""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

LONGEST = 253
DOTS = str.maketrans("。．｡", "...")  # as keyboards for Chinese and Japanese write them (UTS 46)


class WrongDomain(ValueError):
    """What was typed is no domain; the sentence says why and what to type instead."""


def as_domain(text: str) -> str:
    """The domain as it is kept: “Bücher.Example.” → “xn--bcher-kva.example”. Raises WrongDomain."""
    typed = text.strip().translate(DOTS).removesuffix(".")
    if "@" in typed or "/" in typed or ":" in typed:
        raise WrongDomain("Only the domain itself, such as company.example: no address, no https://.")
    if typed.count(".") < 1 or len(typed) > LONGEST:
        raise WrongDomain("A domain such as company.example: at least two parts with a dot between them.")
    domain = typed.lower() if typed.isascii() else typed
    labels = domain.split(".")
    if not all(is_plain(label) for label in labels):
        labels = encoded(domain).split(".")
        domain = ".".join(labels)
    if len(domain) > LONGEST:
        raise WrongDomain(f"At most {LONGEST} characters.")
    if labels[-1].isdigit():
        raise WrongDomain("This is a number, not a domain. Type a name such as company.example.")
    return domain


def is_plain(label: str) -> bool:
    """Whether a label is made of a–z, 0–9 and inner hyphens only, so that nothing needs translating."""
    letters = label.replace("-", "")
    shaped = label[:1] != "-" and label[-1:] != "-" and label[2:4] != "--"
    return label.isascii() and letters.isalnum() and letters == letters.lower() and shaped and len(label) <= 63


def encoded(domain: str) -> str:
    import idna  # noqa: PLC0415 - its tables are loaded when a domain first needs them

    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise WrongDomain("This cannot be a domain: letters, digits, hyphens, and dots between the parts.") from None


def shown_domain(domain: str) -> str:
    """The domain in the letters people write it in: “bücher.example”."""
    if "xn--" not in domain:
        return domain
    import idna  # noqa: PLC0415 - as above

    try:
        return unicodedata.normalize("NFC", idna.decode(domain))
    except (idna.IDNAError, UnicodeError):
        return domain


def is_public_suffix(domain: str) -> bool:
    """Whether anybody may register below it, as below co.uk: then it is nobody's own domain."""
    return public_suffixes().privatesuffix(domain) is None


@cache
def public_suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - reads a long list when first asked

    return PublicSuffixList(only_icann=True)
