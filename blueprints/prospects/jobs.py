"""Looking domains up, away from the pages that ask for it."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from blueprints.accounts.standing import active_person
from blueprints.gateways.queue import nudge, queue
from blueprints.prospects import lookups
from data.database import database
from data.moments import now

servers: tuple[str, ...] = ()


def ask_names_at(addresses: Iterable[str]) -> None:
    """Once, at the start: the name servers of the settings; none: the machine's own."""
    global servers  # noqa: PLW0603 - set once, before any job runs
    servers = tuple(addresses)


def nudge_for(domain: str, who_id: int, partner: int | None, customer: int | None) -> None:
    """Have a domain looked up soon. Never fails, never waits; the answer is found by `lookups.tell`."""
    nudge(look_up, domain, who_id, partner, customer)


@queue.task()
def look_up(domain: str, who_id: int, partner: int | None, customer: int | None) -> None:
    """Look a domain up and keep the answer; nothing to do when it was answered while this job waited."""
    opened = database.connect(reuse_if_open=True)
    try:
        person = active_person(who_id)
        if person is not None and not lookups.fresh(domain):
            ask_and_keep(person, domain, partner, customer)
    finally:
        if opened:
            database.close()


def ask_and_keep(who: Any, domain: str, partner: int | None, customer: int | None) -> None:
    """Ask the name servers, and keep what they said. `who` has .id and .name. Takes seconds: only in jobs."""
    from blueprints.gateways import dns  # noqa: PLC0415 - loaded when a domain is first looked up

    asked_at = now()
    found = dns.look_up(domain, servers)
    facts = {name: value for name, value in asdict(found).items() if name != "outcome"}
    lookups.keep(who, domain, asked_at, str(found.outcome), facts, partner, customer)
