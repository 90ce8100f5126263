"""People at customers and prospects: what is entered about one, checked, and put in the form that is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from blueprints.partners.addresses import email_address
from blueprints.web.refusals import Refused
from data.customers import Contact

TOLD_AT_MOST = 80  # characters of a value in a line of history
EXTENSION = " ext. "
CONTACT_LABELS = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "email",
    "phone": "phone",
    "job_title": "job title",
}

Check = Callable[[Any], Any]


@dataclass(frozen=True)
class ContactEntry:
    """A person as somebody entered them. `id`: the contact that is changed, 0 for a new one."""

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
    def named(self) -> str:
        """However they can be called."""
        return self.full_name or self.email or self.phone or "without a name"

    @property
    def addressed(self) -> str:
        """“Noa New <noa@company.example>”, as far as it is known."""
        return f"{self.full_name} <{self.email}>" if self.full_name and self.email else self.full_name or self.email

    @property
    def empty(self) -> bool:
        return not any((self.first_name, self.last_name, self.email, self.phone, self.job_title))


NOBODY = ContactEntry()


def as_entry(contact: Contact) -> ContactEntry:
    """A contact as it would be entered."""
    return ContactEntry(id=contact.id, **{name: getattr(contact, name) for name in CONTACT_LABELS})


def values_of(contact: ContactEntry) -> dict[str, Any]:
    return {field.name: getattr(contact, field.name) for field in fields(contact) if field.name != "id"}


def checked_contact(contact: ContactEntry, region: str) -> ContactEntry:
    """The contact as it is kept. `region`: where the number is from if it does not say (ISO 3166).

    Raises Refused with the field it belongs to.
    """
    kept = {}
    for name, check in contact_checks(region).items():
        try:
            kept[name] = check(getattr(contact, name))
        except Refused as refusal:
            raise Refused(refusal.sentence, name) from None
    return replace(contact, **kept)


def contact_checks(region: str) -> dict[str, Check]:
    return {"email": email_address, "phone": lambda typed: phone_number(typed, region)}


# --- telephone numbers --------------------------------------------------------------------------------


def phone_number(typed: str, region: str) -> str:
    """A number in E.164, with its extension if it has one; "" for none. `region` as in `checked_contact`."""
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


# --- what changed -------------------------------------------------------------------------------------


def told(value: object, shown: Mapping[str, str]) -> str:
    """A value as the history tells it; `shown`: what people read in place of some values."""
    text = str(shown.get(str(value), value))
    text = text if len(text) <= TOLD_AT_MOST else f"{text[:TOLD_AT_MOST]}…"
    return f"“{text}”" if isinstance(value, str) and text else text or "empty"


def changes(
    labels: Mapping[str, str],
    before: Mapping[str, object],
    after: Mapping[str, object],
    shown: Mapping[str, Mapping[str, str]] | None = None,
) -> list[str]:
    """“name “Acme” → “Acme Ltd””, for each value that changed; `shown`: field → as in `told`."""
    read: Mapping[str, Mapping[str, str]] = shown or {}
    return [
        f"{label} {told(before[name], read.get(name, {}))} → {told(after[name], read.get(name, {}))}"
        for name, label in labels.items()
        if before[name] != after[name]
    ]


def contact_changes(before: ContactEntry, after: ContactEntry) -> list[str]:
    return changes(CONTACT_LABELS, values_of(before), values_of(after))
