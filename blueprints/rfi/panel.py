"""The RFI on the page of its customer: where it stands, its links, what was handed in, and what can be done."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.links import newest_rfi
from blueprints.rfi.filling import Filled, filled
from blueprints.rfi.letters import closing_day
from blueprints.rfi.reviewing import LIVE, open_flags
from blueprints.rfi.rules import asks_what_was_added, links_of
from data.customers import Customer
from data.moments import now
from data.rfi import HandedIn, Rfi, RfiLink

LINKS = 4  # shown at once; a reminder makes a new one


@dataclass(frozen=True)
class Panel:
    """What the panel shows, each asked for when it is drawn. `rfi` None: nothing was ordered yet."""

    who: Standing
    customer: Customer
    rfi: Rfi | None

    def may(self, permission: str) -> bool:
        return self.who.may_for_customer(permission, self.customer.id, self.customer.partner_id)

    @property
    def live(self) -> bool:
        """Whether anything can be done with it but restarting it."""
        return self.rfi is not None and self.customer.status in LIVE and self.rfi.closed_at is None

    @property
    def may_edit(self) -> bool:
        return self.live and self.may("customers.edit")

    @property
    def may_send(self) -> bool:
        """A link is of use while it takes answers."""
        return self.live and self.open and self.may("rfi.links")

    @property
    def may_restart(self) -> bool:
        return self.rfi is not None and self.customer.status == "closed" and self.who.may("rfi.restart")

    @property
    def open(self) -> bool:
        return self.rfi is not None and self.rfi.state in ("incomplete", "error")

    @cached_property
    def progress(self) -> Filled | None:
        """How far it is filled in, while it is; None before anybody began."""
        if self.rfi is None or not self.open or self.rfi.set_version_id is None:
            return None
        return filled(self.rfi)

    @cached_property
    def for_change(self) -> bool:
        return self.rfi is not None and asks_what_was_added(self.customer, self.rfi)

    @cached_property
    def flagged(self) -> int:
        return len(open_flags(self.rfi)) if self.rfi and self.rfi.state == "error" else 0

    @cached_property
    def closes_on(self) -> date | None:
        """When the project is closed, if nobody answers."""
        waits = self.rfi is not None and self.rfi.state == "incomplete" and self.customer.status == "in_progress"
        return closing_day(self.rfi, self.customer.partner) if waits and self.rfi else None

    @cached_property
    def links(self) -> list[RfiLink]:
        return links_of(self.rfi, LINKS)

    def opens(self, link: RfiLink) -> bool:
        return bool(link.revoked_at is None and link.expires_at > now())

    @cached_property
    def versions(self) -> list[HandedIn]:
        """Newest first, without their answers."""
        if self.rfi is None or self.rfi.version == 1:  # handing in raises it
            return []
        shown = HandedIn.select(HandedIn.number, HandedIn.at, HandedIn.by_name, HandedIn.attachment)
        return list(shown.where(HandedIn.rfi == self.rfi).order_by(HandedIn.number.desc()))


def rfi_facts(who: Standing, customer: Customer) -> dict[str, Any]:
    """What templates/rfi/panel.html is drawn from, beside `customer` and `here`."""
    return {"asking": Panel(who, customer, newest_rfi(customer))}
