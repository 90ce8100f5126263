"""*Verify*: what the domain name system says of a domain, kept, and told with who has the domain already."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.domains import WrongDomain, as_domain, shown_domain
from blueprints.customers.places import without_controls
from blueprints.customers.rules import customers_for
from blueprints.prospects.rules import DomainTaken, holder_of
from data import history
from data.customers import Customer
from data.database import transaction
from data.domains import DomainLookup
from data.moments import now

FRESH = timedelta(minutes=1)  # an answer this young is shown again instead of being looked up again
TRIES = 6  # how often the page asks, once a second, before it says that no answer came
FOUND, NOT_FOUND, UNKNOWN = "found", "not found", "could not look up"
MOST_OTHERS = 5


@dataclass(frozen=True)
class Told:
    """What the form says under a domain.

    `state`: good, warn or calm, or "waiting" while the answer is awaited; `lines` are sentences, the first the one
    that matters. `others`: records of one's own that have the domain.
    """

    domain: str
    state: str
    lines: tuple[str, ...]
    others: tuple[Customer, ...] = ()

    @property
    def waiting(self) -> bool:
        return self.state == "waiting"


def tell(who: Standing, typed: str, tries: int = 1, customer_id: int = 0) -> Told:
    """What is known of a domain just now; `customer_id` is the record that the form is about (0 for a new one)."""
    try:
        domain = as_domain(typed)
    except WrongDomain as wrong:
        return Told(without_controls(typed), "warn", (str(wrong),))
    lookup = fresh(domain)
    others = others_with(who, domain, customer_id)
    taken = taken_by_strangers(who, domain, customer_id)
    if lookup is None and tries <= TRIES:
        return Told(domain, "waiting", ("Looking it up.", *taken), others)
    if lookup is None:
        return Told(
            domain, "calm", ("Could not look it up: no answer came. You can save all the same.", *taken), others
        )
    state = {FOUND: "good", NOT_FOUND: "warn"}.get(lookup.outcome, "calm")
    return Told(domain, "warn" if taken else state, (*lines_of(lookup), *taken), others)


def fresh(domain: str) -> DomainLookup | None:
    """The newest answer, if it is young enough to be shown as it is."""
    found: DomainLookup | None = DomainLookup.get_or_none(
        (DomainLookup.domain == domain) & (DomainLookup.answered_at >= now() - FRESH)
    )
    return found


def to_look_up(typed: str) -> str:
    """The domain that is to be looked up now; "" when there is none, or its answer is fresh."""
    try:
        domain = as_domain(typed)
    except WrongDomain:
        return ""
    return "" if fresh(domain) else domain


def lines_of(lookup: DomainLookup) -> tuple[str, ...]:
    """The answer in sentences."""
    facts = lookup.facts
    if lookup.outcome == NOT_FOUND:
        return (f"There is no domain {shown_domain(lookup.domain)}. Check the spelling.",)
    if lookup.outcome != FOUND:
        return ("Could not look it up just now. You can save all the same.",)
    lines = [mail_line(facts)]
    if facts["name_servers"]:
        lines.append(f"Name servers: {', '.join(facts['name_servers'][:4])}.")
    if not facts["addresses"]:
        lines.append("It has no address of its own, so no website answers under the bare name.")
    return tuple(lines)


def mail_line(facts: Mapping[str, Any]) -> str:
    if "MX" in facts["unanswered"]:
        return "The domain exists; where its mail goes could not be looked up."
    hosts = [host for host in facts["mail"] if host != "."]
    if hosts:
        return f"Mail goes to {', '.join(hosts[:4])}{' and more' if len(hosts) > 4 else ''}."
    if facts["mail"]:
        return "The domain exists and says that it takes no mail (null MX)."
    return "The domain exists; no mail server is named for it (no MX record)."


def others_with(who: Standing, domain: str, customer_id: int) -> tuple[Customer, ...]:
    """The records of any status with this domain that the person may see, this one left out."""
    same = (Customer.primary_domain == domain) & (Customer.id != customer_id)
    return tuple(customers_for(who).where(same).order_by(Customer.id.desc()).limit(MOST_OTHERS))


def taken_by_strangers(who: Standing, domain: str, customer_id: int) -> tuple[str, ...]:
    taken, holder = holder_of(who, domain, customer_id)
    return (DomainTaken(None).sentence,) if taken and holder is None else ()


def keep(
    who: Any,
    domain: str,
    asked_at: datetime,
    outcome: str,
    facts: Mapping[str, Any],
    partner: int | None,
    customer: int | None,
) -> None:
    """Write down an answer, with who asked for it. `who` has .id and .name."""
    with transaction():
        values = {
            "outcome": outcome,
            "facts": dict(facts),
            "asked_at": asked_at,
            "answered_at": now(),
            "asked_by_id": who.id,
        }
        DomainLookup.insert(domain=domain, **values).on_conflict(
            conflict_target=[DomainLookup.domain], update=values
        ).execute()
        history.record(
            "prospect.domain_checked", who, partner=partner, customer=customer, domain=domain, outcome=outcome
        )
