"""Reminding of several RFIs at once by hand: whoever is responsible at the customers chosen in a list."""

from collections.abc import Collection
from dataclasses import dataclass

from blueprints.accounts.standing import Standing
from blueprints.customers.finding import Row
from blueprints.customers.listing import chosen_customers
from blueprints.customers.rules import lead_with_address
from blueprints.customers.wanted import Wanted
from blueprints.rfi.letters import Concern, write_reminder
from blueprints.rfi.rules import held_rfi
from blueprints.rfi.waiting import WAITED_FOR
from data.customers import Customer
from data.database import locked, transaction
from data.emails import Email
from data.moments import today
from data.rfi import STATES

NAMED = 5  # customers that one sentence names


@dataclass(frozen=True)
class Reminded:
    """Who was reminded, and who was not: customer ids, and names under the reason."""

    sent: tuple[int, ...]
    kept_back: dict[int, tuple[str, str]]  # customer id → its name, and why

    @property
    def told(self) -> str:
        """The outcome in words: “2 Implementation Leads reminded. Not reminded: Acme (the RFI is complete).”"""
        leads = f"{len(self.sent) or 'No'} Implementation Lead{'' if len(self.sent) == 1 else 's'}"
        said = f"{leads} reminded."
        if not self.kept_back:
            return said
        reasons = [f"{name[:80]} ({why})" for name, why in self.kept_back.values()]
        further = len(reasons) - NAMED
        more = f" and {further} more" if further > 0 else ""
        return f"{said} Not reminded: {', '.join(reasons[:NAMED])}{more}."


def remind_chosen(who: Standing, customer_ids: Collection[int], portal: str) -> Reminded:
    """Write to the Implementation Lead of each, all of them or none; nobody twice on one day of the MSP's.

    Raises NotThere, and nothing is written, unless each customer is in progress and the person's to see.
    """
    sent, kept_back = [], {}
    with transaction():
        for row in chosen_customers(who, Wanted("in_progress"), customer_ids):
            if why := remind_of(who, row, portal):
                kept_back[row.id] = (row.name, why)
            else:
                sent.append(row.id)
    return Reminded(tuple(sent), kept_back)


def remind_of(who: Standing, row: Row, portal: str) -> str:
    """Remind one; why not, if not."""
    if not who.may_for_customer("rfi.links", row.id, row.partner_id):
        return "your role there does not allow it"
    if not row.rfi_state:
        return "there is no RFI"
    rfi = held_rfi(who, row.id, "rfi.links")
    if rfi.state not in WAITED_FOR:
        return f"the RFI is {STATES[rfi.state]}"
    customer = locked(Customer.select().where(Customer.id == row.id)).get()
    lead = lead_with_address(customer)
    if lead is None:
        return "no Implementation Lead with an email address"
    partner = customer.partner
    if partner.closed_at is not None:
        return "the MSP is closed"
    once = f"rfi_reminder_by_hand:{rfi.id}:{today(partner.timezone):%Y%m%d}"
    if Email.select().where(Email.once == once).exists():
        return "reminded today already"
    write_reminder(Concern(who, rfi, customer, partner, portal), lead, once)
    return ""
