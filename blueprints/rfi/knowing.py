"""What is known of an RFI's domains and addresses: what DNS said, what another customer has, who is a contact."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from blueprints.rfi.checking import names_to_look_up
from data.customers import SHELVES, Contact, Customer
from data.domains import DomainLookup
from data.kept import Kept
from data.moments import now
from data.questions import Question

FRESH = timedelta(hours=1)  # an answer this young is shown instead of being looked up again
TRIES = 6  # how often a page asks, once a second, before it says that no answer came
MOST_DOMAINS = 40  # of one RFI are looked up
LIVE = [status for status, shelf in SHELVES.items() if shelf != "past"]


def domains_named(questions: Iterable[Question], answers: Mapping[str, Any], customer: Customer) -> tuple[str, ...]:
    """The names whose look-up matters to an RFI, in A-labels: the customer's domain, then those in its answers."""
    found = [customer.primary_domain]
    for question in questions:
        if question.id in answers:
            found += names_to_look_up(question, answers[question.id])
    return tuple(dict.fromkeys(found))[:MOST_DOMAINS]


def lookups_of(domains: Iterable[str]) -> dict[str, DomainLookup]:
    """What DNS said of them lately, by domain."""
    rows = DomainLookup.select().where(
        DomainLookup.domain.in_(list(domains)) & (DomainLookup.answered_at >= now() - FRESH)
    )
    return {row.domain: row for row in rows}


def taken_domains(domains: Iterable[str], customer: Customer) -> frozenset[str]:
    """Those that another live customer on the installation has as its own."""
    others = Customer.select(Customer.primary_domain).where(
        Customer.primary_domain.in_(list(domains)) & (Customer.id != customer.id) & Customer.status.in_(LIVE)
    )
    return frozenset(domain for (domain,) in others.tuples())


def addresses_of_contacts(customer: Customer) -> frozenset[str]:
    """Of all on its record, in small letters."""
    return frozenset(contact.email.lower() for contact in contacts_of(customer.id) if contact.email)


contacts_of = Kept(lambda customer: Contact.select(Contact.id, Contact.email).where(Contact.customer == customer))
