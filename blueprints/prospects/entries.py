"""What is entered about a prospect: checked, and put in the form that is kept. Knows no records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from blueprints.customers.contacts import NOBODY, Check, ContactEntry, changes, checked_contact, contact_checks
from blueprints.customers.domains import WrongDomain, as_domain, is_public_suffix
from blueprints.web import choices
from blueprints.web.amounts import MOST_USERS
from blueprints.web.refusals import Refused
from data.customers import ACCOUNT_TYPES, COMPANY_TYPES, SECTORS

MOST_CONTACTS = 5  # besides the Implementation Lead
LONGEST_NAME = 200


@dataclass(frozen=True)
class Entry:
    """A prospect as somebody entered it; `product_ids` are those of the catalogue that it wants."""

    name: str
    primary_domain: str
    company_type: str = "company"
    website: str = ""
    sector: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    account_type: str = "standard"
    permitted_users: int = 0
    product_ids: tuple[int, ...] = ()
    lead: ContactEntry = NOBODY
    others: tuple[ContactEntry, ...] = ()


# The columns of the record that are entered as they are, and what people call them.
LABELS = {
    "name": "name",
    "company_type": "company type",
    "primary_domain": "primary domain",
    "website": "website",
    "sector": "sector",
    "street": "street",
    "postcode": "postcode",
    "city": "city",
    "region": "region",
    "country": "country",
    "account_type": "account type",
    "permitted_users": "permitted users",
}


def checked(entry: Entry, region: str) -> Entry:
    """The entry as it is kept. `region`: where phone numbers are from if they do not say (ISO 3166).

    Raises Refused with the field it belongs to.
    """
    for name, sentence in wrong_fields(entry, region):
        raise Refused(sentence, name)
    columns: dict[str, Any] = {name: check(getattr(entry, name)) for name, check in CHECKS.items()}
    return replace(
        entry,
        **columns,
        lead=checked_contact(entry.lead, region),
        others=tuple(checked_contact(contact, region) for contact in entry.others if not contact.empty),
        product_ids=tuple(dict.fromkeys(entry.product_ids)),
    )


def wrong_fields(entry: Entry, region: str) -> Iterator[tuple[str, str]]:
    """Each field that cannot be kept as it is, with the sentence why; contacts as “lead-email”, “others-2-phone”."""
    for name, check, value in fields_of(entry, region):
        try:
            check(value)
        except Refused as refusal:
            yield name, refusal.sentence
    if sum(not contact.empty for contact in entry.others) > MOST_CONTACTS:
        yield "others", f"At most {MOST_CONTACTS} other contacts."


def fields_of(entry: Entry, region: str) -> Iterator[tuple[str, Check, Any]]:
    for name, check in CHECKS.items():
        yield name, check, getattr(entry, name)
    for prefix, contact in (("lead", entry.lead), *((f"others-{n}", each) for n, each in enumerate(entry.others))):
        for name, check in contact_checks(region).items():
            yield f"{prefix}-{name}", check, getattr(contact, name)


# --- one field each -----------------------------------------------------------------------------------


def company_name(typed: str) -> str:
    if not typed.strip():
        raise Refused("Fill this in.")
    if len(typed) > LONGEST_NAME:
        raise Refused(f"At most {LONGEST_NAME} characters.")
    return typed.strip()


def own_domain(typed: str) -> str:
    """A domain that a company can have for itself, in A-labels."""
    try:
        domain = as_domain(typed)
    except WrongDomain as wrong:
        raise Refused(str(wrong)) from None
    if is_public_suffix(domain):
        raise Refused(f"Many companies share {domain}. Type the company’s own domain below it.")
    return domain


def web_address(typed: str) -> str:
    """An address of the web, with https:// where nothing was said; "" for none."""
    written = typed.strip()
    if not written:
        return ""
    wrong = Refused("A web address such as https://www.company.example.")
    try:
        parts = urlsplit(written if "//" in written or ":" in written.split("/")[0] else f"https://{written}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https"):
        raise Refused("A web address that begins with https:// or http://.")
    if parts.username is not None or any(character.isspace() for character in written):
        raise wrong
    try:
        host = as_domain(host)
    except WrongDomain:
        raise wrong from None
    return urlunsplit((parts.scheme, f"{host}:{port}" if port else host, parts.path, parts.query, parts.fragment))


def among(known: Callable[[], object]) -> Callable[[str], str]:
    """A check that takes one of a list."""

    def check(value: str) -> str:
        if value not in known():  # type: ignore[operator]  # dicts and tuples alike
            raise Refused("Choose one from the list.")
        return value

    return check


def users(count: int) -> int:
    if not 0 <= count <= MOST_USERS:
        raise Refused(f"A whole number from 0 to {MOST_USERS:,}.")
    return count


CHECKS: dict[str, Check] = {
    "name": company_name,
    "primary_domain": own_domain,
    "website": web_address,
    "company_type": among(lambda: COMPANY_TYPES),
    "sector": among(lambda: ("", *SECTORS)),
    "country": among(lambda: {"", *dict(choices.countries())}),
    "account_type": among(lambda: ACCOUNT_TYPES),
    "permitted_users": users,
}


def changed_columns(before: Entry, after: Entry) -> list[str]:
    """What changes on the record itself, as the history tells it."""
    shown = {"company_type": COMPANY_TYPES, "account_type": ACCOUNT_TYPES, "country": dict(choices.countries())}
    return changes(LABELS, columns_of(before), columns_of(after), shown)


def columns_of(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in LABELS}
