"""What is entered about a prospect: checked, and put in the form that is kept. Knows no records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from blueprints.customers.domains import WrongDomain, as_domain, is_public_suffix
from blueprints.partners.addresses import email_address
from blueprints.web import choices
from blueprints.web.amounts import MOST_USERS
from blueprints.web.refusals import Refused
from data.customers import ACCOUNT_TYPES, COMPANY_TYPES, SECTORS

MOST_CONTACTS = 5  # besides the Implementation Lead
LONGEST_NAME = 200
TOLD_AT_MOST = 80  # characters of a value in a line of history
EXTENSION = " ext. "


@dataclass(frozen=True)
class ContactEntry:
    """A person at the prospect. `id`: the contact that is changed, 0 for a new one."""

    id: int = 0
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    job_title: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def empty(self) -> bool:
        return not any((self.first_name, self.last_name, self.email, self.phone, self.job_title))


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
    lead: ContactEntry = ContactEntry()
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
CONTACT_LABELS = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "email",
    "phone": "phone",
    "job_title": "job title",
}


Check = Callable[[Any], Any]


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


def checked_contact(contact: ContactEntry, region: str) -> ContactEntry:
    values = {name: check(getattr(contact, name)) for name, check in contact_checks(region).items()}
    return replace(contact, **values)


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


def contact_checks(region: str) -> dict[str, Check]:
    return {"email": email_address, "phone": lambda typed: phone_number(typed, region)}


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


def phone_number(typed: str, region: str) -> str:
    """A number in E.164, with its extension if it has one; "" for none. `region` as in `checked`."""
    if not typed.strip():
        return ""
    import phonenumbers  # noqa: PLC0415 - its tables are loaded when a number first needs them

    try:
        number = phonenumbers.parse(typed, region or None)
    except phonenumbers.NumberParseException:
        hint = "" if region else " with its country, as in +44 20 7946 0000"
        raise Refused(f"This cannot be read as a phone number. Type it in digits{hint}.") from None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{written}{EXTENSION}{number.extension}" if number.extension else written


def shown_phone(kept: str) -> str:
    """A kept number as people read it: “+44 20 7946 0000”."""
    if not kept:
        return ""
    import phonenumbers  # noqa: PLC0415 - as above

    try:
        return phonenumbers.format_number(phonenumbers.parse(kept), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return kept


def odd_phone(kept: str) -> bool:
    """Whether a number that was kept is unlikely to ring anywhere: too short, too long, no such prefix."""
    if not kept:
        return False
    import phonenumbers  # noqa: PLC0415 - as above

    try:
        return not phonenumbers.is_valid_number(phonenumbers.parse(kept))
    except phonenumbers.NumberParseException:
        return True


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


def told(name: str, value: object) -> str:
    """A value as the history tells it."""
    shown = {"company_type": COMPANY_TYPES, "account_type": ACCOUNT_TYPES, "country": dict(choices.countries())}
    text = str(shown.get(name, {}).get(str(value), value))
    text = text if len(text) <= TOLD_AT_MOST else f"{text[:TOLD_AT_MOST]}…"
    return f"“{text}”" if isinstance(value, str) and text else text or "empty"


def changes(labels: dict[str, str], before: dict[str, object], after: dict[str, object]) -> list[str]:
    """“name “Acme” → “Acme Ltd””, for each value that changed."""
    return [
        f"{label} {told(name, before[name])} → {told(name, after[name])}"
        for name, label in labels.items()
        if before[name] != after[name]
    ]


def columns_of(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in LABELS}


def values_of(contact: ContactEntry) -> dict[str, object]:
    return {field.name: getattr(contact, field.name) for field in fields(contact) if field.name != "id"}
