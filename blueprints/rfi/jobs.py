"""What happens to RFIs away from their pages: domains are looked up, and unanswered ones are reminded of and closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from huey import crontab

from blueprints.gateways.queue import nudge, queue
from blueprints.mailroom.jobs import can_send, connected
from blueprints.prospects.jobs import ask_and_keep
from blueprints.rfi import knowing, waiting
from data.customers import Customer
from data.database import database


@dataclass(frozen=True)
class Asker:
    """Who had a domain looked up, as history names them; `id` is None for whoever holds a personal link."""

    id: int | None
    name: str


def nudge_for(domains: Iterable[str], who: Any, customer: Customer) -> None:
    """Have domains looked up soon. Never fails, never waits. `who` has .id and .name."""
    for domain in domains:
        nudge(look_up_for_rfi, domain, who.id, who.name, customer.partner_id, customer.id)


@queue.task()
def look_up_for_rfi(domain: str, who_id: int | None, who_name: str, partner: int, customer: int) -> None:
    """Nothing to do when the domain was answered while this job waited."""
    opened = database.connect(reuse_if_open=True)
    try:
        if not knowing.lookups_of([domain]):
            ask_and_keep(Asker(who_id, who_name), domain, partner, customer)
    finally:
        if opened:
            database.close()


# --- waiting for answers ------------------------------------------------------------------------------

portal = ""


def links_begin_with(address: str) -> None:
    """Once, at the start: the address of the installation, for the links in reminders."""
    global portal  # noqa: PLW0603 - set once, before any job runs
    portal = address


@queue.periodic_task(crontab(minute="17"))
def tend_unanswered() -> None:
    """Each hour: whatever reminder, warning or closing is due by now. Doing it again does nothing more.

    Without a mail server nobody is reminded, so nobody's project is closed for not answering either.
    """
    if can_send():
        with connected():
            waiting.tend(portal)
