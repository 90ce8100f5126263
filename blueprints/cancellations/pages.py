"""What the pages of a cancellation show, and its panel on the page of the customer."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import url_for

from blueprints.accounts.standing import Standing
from blueprints.cancellations.cases import cancellation_of, pending_of, verdict_on
from blueprints.cancellations.eligibility import PERMISSION, Verdict
from blueprints.cancellations.forms import CancelForm
from blueprints.cancellations.rules import current_terms, why_not_withdrawn
from data.cancellations import Cancellation
from data.customers import Customer
from data.moments import now


@dataclass(frozen=True)
class Panel:
    """How the service of a customer ends, each asked for when it is drawn."""

    who: Standing
    customer: Customer

    @property
    def shown(self) -> bool:
        """Not before the customer is complete, and not where the end was another."""
        return self.customer.status in ("complete", "pending_cancellation", "cancelled")

    @cached_property
    def verdict(self) -> Verdict:
        return verdict_on(self.who, self.customer)

    @cached_property
    def pending(self) -> Cancellation | None:
        return pending_of(self.customer)

    @cached_property
    def ended(self) -> Cancellation | None:
        """The one by which the service ended."""
        found = cancellation_of(self.customer) if self.customer.status == "cancelled" else None
        return found if found and found.state == "ended" else None

    @property
    def may_cancel(self) -> bool:
        """Whether it is the person's to ask for, be it today or not."""
        return self.who.may_for_customer(PERMISSION, self.customer.id, self.customer.partner_id)

    @property
    def may_process(self) -> bool:
        return self.who.may("cancellations.process")

    @cached_property
    def why_not_withdrawn(self) -> str:
        """Why this person cannot withdraw it now; "" if they can."""
        refusal = why_not_withdrawn(self.who, self.pending) if self.pending else None
        return refusal.sentence if refusal else ""

    @property
    def export_open(self) -> bool:
        """Whether there is an export that can be taken now."""
        return bool(self.ended and self.ended.export_until and self.ended.export_until > now())


def cancellation_facts(who: Standing, customer: Customer) -> dict[str, Any]:
    """What templates/cancellations/panel.html is drawn from, beside `customer` and `here`."""
    return {"ending": Panel(who, customer)}


def cancel_facts(who: Standing, customer: Customer, form: CancelForm) -> dict[str, Any]:
    """What the cancel page shows: the verdict of today, and the form with the terms if there is none against it."""
    verdict, terms = verdict_on(who, customer), current_terms(customer)
    form.terms.data = terms.version
    form.ends.data = verdict.ends.isoformat() if verdict.ends else ""
    return {
        "customer": customer,
        "here": url_for("customer_details.show", customer_id=customer.id),
        "verdict": verdict,
        "terms": terms,
        "form": form,
    }


def tasks(cancellation: Cancellation) -> Iterator[str]:
    """What the provider still has to do about it, in words."""
    if cancellation.export and cancellation.quoted_at is None:
        yield "Quote the data export"
    if cancellation.processed_at is None:
        yield "Begin to process it"
