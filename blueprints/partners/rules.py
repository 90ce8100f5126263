"""Partners: which of them a person reaches, their settings, and adding, closing and reopening them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from peewee import IntegrityError

from blueprints.accounts.standing import Standing
from blueprints.partners import addresses, waiting
from blueprints.web import choices
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused
from data import formats, history
from data.database import locked, transaction
from data.folding import fold
from data.moments import now
from data.orders import Order
from data.partners import BILLING, Partner
from data.roles import OPERATOR_ONLY, Role

# field of the record → what people call it, in the order in which a change is told
SETTINGS = {
    "name": "name",
    "street": "street",
    "postcode": "postcode",
    "city": "city",
    "region": "region",
    "country": "country",
    "agreement_name": "agreement name",
    "agreement_date": "agreement date",
    "currency": "currency",
    "timezone": "time zone",
    "outbound_ips": "outbound IPs",
    "inbound_ips": "inbound IPs",
    "smart_host": "smart host",
    "reply_to": "reply-to address",
    "rfi_reminder_days": "days of RFI reminders",
    "rfi_close_days": "days until an unanswered RFI closes the project",
    "change_billing": "payment of changes",
}
CHECKS: dict[str, Callable[[Any], Any]] = {
    "timezone": choices.known_timezone,
    "outbound_ips": addresses.ip_addresses,
    "inbound_ips": addresses.ip_addresses,
    "smart_host": addresses.host_name,
    "reply_to": addresses.email_address,
    "rfi_reminder_days": waiting.reminder_days,
    "rfi_close_days": waiting.close_days,
    "change_billing": choices.known_billing,
}
TOLD_AT_MOST = 80  # characters of a value in a line of history


class NameTaken(Refused):
    sentence = "Another partner already has this name."


class CurrencyStays(Refused):
    """Orders were submitted in the old currency."""


class PartnerClosed(MayNot):
    """The MSP is closed: its people read, nothing changes."""


class AlreadyClosed(Refused):
    sentence = "This partner is closed already."


class AlreadyOpen(Refused):
    sentence = "This partner is open already."


def may_stay_closed(permission: str) -> bool:
    """Whether a closed MSP still allows it: reading does, and the operators' own work."""
    return permission.endswith(".see") or permission in OPERATOR_ONLY


def partners_for(who: Standing, permission: str) -> list[Partner]:
    """The partners over which this person's role permits it, by name; all of them for operators.

    Closed partners are left out unless `permission` only reads (or is the operators' own work). The logos are
    not fetched.
    """
    query = Partner.select(*(field for field in Partner._meta.sorted_fields if field is not Partner.logo))
    if not who.operator:
        query = query.where(Partner.id.in_(who.partners_where(permission)))
    if not may_stay_closed(permission):
        query = query.where(Partner.closed_at.is_null())
    return list(query.order_by(Partner.name_key))


def find_partner(
    who: Standing, partner_id: int, permission: str = "partner.see", *, for_update: bool = False
) -> Partner:
    """The partner, if this person's role over it permits it.

    Raises NotThere for strangers, MayNot for those whose role is too low, PartnerClosed (a MayNot) when the
    MSP is closed and the permission is for more than reading. `for_update` holds the row until the
    transaction ends.
    """
    query = Partner.select().where(Partner.id == partner_id)
    partner: Partner | None = (locked(query) if for_update else query).first()
    if partner is None or not knows_of(who, partner_id):
        raise NotThere
    if not who.may_for_partner(permission, partner_id):
        raise MayNot
    if partner.closed_at is not None and not may_stay_closed(permission):
        raise PartnerClosed(f"{partner.name} is closed: it can be read, and nothing can be changed or ordered.")
    return partner


def may_edit(who: Standing, partner: Partner) -> bool:
    """Whether the settings page is a form for this person, or something to read."""
    return who.may_for_partner("partner.edit", partner.id) and partner.closed_at is None


def knows_of(who: Standing, partner_id: int) -> bool:
    """Whether the person works with this partner at all, be it for a single customer."""
    held = [role for partner, role in who.over_customers.values() if partner == partner_id]
    held.append(who.over_partners.get(partner_id, Role.NONE))
    return who.operator or any(role != Role.NONE for role in held)


def currency_of_orders(partner: Partner) -> str:
    """The currency of the orders this partner submitted, or "" while there are none."""
    submitted = (
        Order.select(Order.currency).where((Order.partner == partner) & Order.submitted_at.is_null(False)).first()
    )
    return submitted.currency if submitted else ""


def add_partner(who: Standing, name: str, currency: str, timezone: str) -> Partner:
    """A new MSP on the installation. Raises MayNot, NameTaken, Refused for an unknown currency or zone."""
    if not who.may("partners.manage"):
        raise MayNot
    choices.known_currency(currency)
    choices.known_timezone(timezone)
    try:
        with transaction():
            refuse_taken_name(name)
            partner = Partner.create(
                name=name, name_key=fold(name), currency=currency, timezone=timezone, created_at=now()
            )
            history.record("partner.added", who, partner=partner.id, name=name)
    except IntegrityError:
        raise NameTaken(field="name") from None
    return partner


def change_settings(who: Standing, partner_id: int, typed: Mapping[str, Any], version: int) -> tuple[Partner, str]:
    """Save settings; `typed` maps names of SETTINGS to what was typed. What is not named stays.

    Returns the partner and the changes as history tells them, "" when nothing changed. Raises NotThere,
    MayNot, ChangedMeanwhile, NameTaken, CurrencyStays, RemindsTooLate, and Refused with the field that is wrong.
    """
    checked = {name: check_setting(name, value) for name, value in typed.items()}
    try:
        with transaction():
            partner = find_partner(who, partner_id, "partner.edit", for_update=True)
            if partner.version != version:
                raise ChangedMeanwhile
            before = {name: getattr(partner, name) for name in checked}
            if before == checked:
                return partner, ""
            refuse_other_currency(partner, checked.get("currency", partner.currency))
            if fold(checked.get("name", partner.name)) != partner.name_key:
                refuse_taken_name(checked["name"])
            for name, value in checked.items():
                setattr(partner, name, value)
            waiting.refuse_late_reminders(partner.rfi_reminder_days, partner.rfi_close_days)
            partner.name_key = fold(partner.name)
            partner.version += 1
            partner.save()
            told = changes_told(before, checked)
            history.record("partner.settings_changed", who, partner=partner.id, changes=told)
    except IntegrityError:
        raise NameTaken(field="name") from None
    return partner, told


def check_setting(name: str, value: Any) -> Any:
    """The setting as it is kept. Raises Refused that names the field."""
    if name not in SETTINGS:
        raise KeyError(name)
    try:
        return CHECKS[name](value) if name in CHECKS else value
    except Refused as refusal:
        refusal.field = name
        raise


def refuse_taken_name(name: str) -> None:
    if not fold(name):
        raise Refused("A name needs at least one letter or digit.", "name")
    if Partner.select().where(Partner.name_key == fold(name)).exists():
        raise NameTaken(field="name")


def refuse_other_currency(partner: Partner, currency: str) -> None:
    """Raise CurrencyStays when orders were submitted in another currency; Refused when nobody knows it."""
    if currency == partner.currency:
        return
    if ordered := currency_of_orders(partner):
        raise CurrencyStays(
            f"Orders were submitted in {ordered}; their prices are frozen in it, so the currency stays.",
            "currency",
        )
    choices.known_currency(currency)


def changes_told(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """“time zone Europe/Berlin → Europe/Paris; city empty → Köln”, in the order of SETTINGS."""
    return "; ".join(
        f"{label} {value_told(in_words(name, before[name]))} → {value_told(in_words(name, after[name]))}"
        for name, label in SETTINGS.items()
        if name in after and before[name] != after[name]
    )


def in_words(name: str, value: Any) -> Any:
    """What is kept as a key, as people read it."""
    return BILLING.get(value, value).lower() if name == "change_billing" else value


def value_told(value: Any) -> str:
    if value is None or value == "":
        return "empty"
    text = formats.day(value) if isinstance(value, date) else ", ".join(str(value).split("\n"))
    return text if len(text) <= TOLD_AT_MOST else f"{text[: TOLD_AT_MOST - 1]}…"


def close_partner(who: Standing, partner_id: int) -> Partner:
    """From now on the MSP's people read and change nothing. Raises NotThere, MayNot, AlreadyClosed."""
    with transaction():
        partner = find_partner(who, partner_id, "partners.manage", for_update=True)
        if partner.closed_at is not None:
            raise AlreadyClosed
        partner.closed_at = now()
        partner.version += 1
        partner.save()
        history.record("partner.closed", who, partner=partner.id, name=partner.name)
    return partner


def reopen_partner(who: Standing, partner_id: int) -> Partner:
    """The MSP works as before. Raises NotThere, MayNot, AlreadyOpen."""
    with transaction():
        partner = find_partner(who, partner_id, "partners.manage", for_update=True)
        if partner.closed_at is None:
            raise AlreadyOpen
        partner.closed_at = None
        partner.version += 1
        partner.save()
        history.record("partner.reopened", who, partner=partner.id, name=partner.name)
    return partner
