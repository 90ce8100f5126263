"""Consoles of sample customers, and for whom delegated access to them is switched on."""

from functools import partial
from typing import TYPE_CHECKING, Any

from data.accounts import Grant, Person
from data.console import CustomerConsole, Delegation, PartnerConsole
from data.roles import Role
from data.sample.alerted import tell_of_msp
from data.sample.rare import moment

if TYPE_CHECKING:
    from data.sample.lives import Life

ADDRESS = "https://console.example/{domain}"  # where nobody is: RFC 2606
DELEGATED, OWN = 6, 3  # the first few customers; which of them has a console of its own


def leave_consoles(life: "Life", place: int) -> None:
    """What history tells of the console of a customer that is watched; the rows follow. `place`: which it is."""
    at, rows = life.watched_since, life.pen.rare.waiting
    administrator = administrator_of(life.desk.id)
    rows.append(partial(leave_address, life))
    if place == OWN:
        address = f"https://admin.{life.company.domain}/"
        life.tell(
            "console.address_changed", at=at, changes=f"address none → {address}, sign-in from the portal yes → no"
        )
        rows.append(partial(leave_own_address, life, address))
    if place < DELEGATED and administrator:
        life.tell("console.delegated", at=at, name=administrator.name)
        by: dict[str, Any] = {"switched_on_at": moment(at), "switched_on_by": life.person.id}
        rows.append(partial(delegate, life, {"person": administrator.id, **by}))


def administrator_of(partner_id: int) -> Person | None:
    """Who holds what delegated access needs, over all customers of the MSP."""
    held = (Grant.partner == partner_id) & Grant.customer_id.is_null() & (Grant.role == Role.PARTNER_ADMIN)
    query = Person.select().join(Grant).where(held & Person.active).order_by(Person.id)
    found: Person | None = query.first()
    return found


def leave_address(life: "Life") -> None:
    """For all customers of the MSP, unless it has said where consoles are."""
    if PartnerConsole.select().where(PartnerConsole.partner == life.desk.id).exists():
        return
    tell_of_msp(life, "console.settings_changed", changes=f"address none → {ADDRESS}")
    PartnerConsole.insert(partner=life.desk.id, address=ADDRESS).execute()


def leave_own_address(life: "Life", address: str) -> None:
    CustomerConsole.insert(customer=life.customer, address=address, signs_in=False).execute()


def delegate(life: "Life", row: dict[str, Any]) -> None:
    Delegation.insert(customer=life.customer, partner=life.desk.id, **row).execute()
