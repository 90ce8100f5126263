"""What is expected of a customer's records: the values that are kept, and the records that follow from them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.customers.links import LinkHolder
from blueprints.plans.checking import answers_of, domains_of
from blueprints.plans.expected_values import Expected, expected_names, expected_of
from blueprints.plans.rules import customer_for
from blueprints.plans.views import StepView
from blueprints.web.refusals import NotThere
from data.customers import Customer
from data.partners import Partner
from data.plan_definitions import Check
from data.plans import Plan, PlanCheck

RECORDED = ("token", "mx", "spf", "dkim", "dmarc", "autodiscover")  # kinds of checks that look at records
FIRST_PREFERENCE, NEXT_PREFERENCE = 10, 10


@dataclass(frozen=True)
class Record:
    """One DNS record to publish. `name`: whole, without a dot at the end; `type`: TXT, MX or CNAME; `value`: exactly as
    it is to be typed, "" where nobody has said it yet (`note` says who knows); `note`: a sentence, "" for none.
    """

    domain: str
    name: str
    type: str
    value: str
    note: str = ""


def records_for(who: Standing | LinkHolder, customer_id: int, *steps: StepView) -> dict[int, tuple[Record, ...]]:
    """The records to publish for each of these steps: step id → records; steps without such a check are left out.

    A constant number of queries, however many steps. Raises NotThere.
    """
    wanted = [step for step in steps if step.check and step.check.kind in RECORDED]
    if not wanted:
        return {}
    customer = customer_for(who, customer_id)
    plan: Plan | None = Plan.select().where(Plan.customer == customer).order_by(Plan.id.desc()).first()
    if plan is None:
        return {}
    expected = expected_of(Partner.get_by_id(customer.partner_id).expected, plan.expected)
    answers = answers_of(customer.id)
    found = facts_of([step.evidence.check_id for step in wanted if step.evidence])
    return {
        step.id: tuple(
            record
            for domain in domains_of(step.check, answers, customer)
            for record in records(step.check, domain, expected.at(domain), customer, found.get(step.id, {}))
        )
        for step in wanted
        if step.check
    }


def values_of(who: Standing | LinkHolder, customer_id: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values kept for this customer alone, and those of the MSP. Raises NotThere."""
    customer = customer_for(who, customer_id)
    plan: Plan | None = Plan.select().where(Plan.customer == customer).order_by(Plan.id.desc()).first()
    if plan is None:
        raise NotThere
    return plan.expected, Partner.get_by_id(customer.partner_id).expected


def facts_of(check_ids: list[int]) -> dict[int, Mapping[str, Any]]:
    """Step id → what its newest check found, by domains."""
    rows = PlanCheck.select(PlanCheck.step, PlanCheck.evidence).where(PlanCheck.id.in_(check_ids))
    return {row.step_id: row.evidence.get("facts", {}) for row in rows}


# --- the records ----------------------------------------------------------------------------------------


def records(
    check: Check, domain: str, expected: Expected, customer: Customer, found: Mapping[str, Any]
) -> Iterator[Record]:
    """Those of one domain. `expected`: its placeholders put in; `found`: what the newest check saw, by domains."""
    seen = found.get(domain) or {}
    if check.kind == "token":
        name, value = token_at(domain, expected, customer)
        yield Record(domain, name, "TXT", value)
    elif check.kind == "mx":
        yield from mail_records(domain, expected, seen)
    elif check.kind == "spf":
        yield spf_record(domain, expected, seen)
    elif check.kind == "dkim":
        yield from key_records(domain, expected)
    elif check.kind == "dmarc":
        reports = f"; rua=mailto:{expected.dmarc_reports}" if expected.dmarc_reports else ""
        yield Record(domain, f"_dmarc.{domain}", "TXT", f"v=DMARC1; p={expected.dmarc_policy or 'none'}{reports}")
    elif check.kind == "autodiscover":
        name = f"autodiscover.{domain}"
        yield from (Record(domain, name, "CNAME", each) for each in expected.autodiscover[:1])
        if not expected.autodiscover:
            yield unsaid(domain, name, "CNAME")


def unsaid(domain: str, name: str, type_: str) -> Record:
    return Record(domain, name, type_, "", "It is not said yet what this record should be.")


def token_at(domain: str, expected: Expected, customer: Customer) -> tuple[str, str]:
    """Where the token of a domain stands, and what it is."""
    name = f"{expected.token_name}.{domain}" if expected.token_name else domain
    return name, expected.token_of(domain) or own_token(domain, customer)


def own_token(domain: str, customer: Customer) -> str:
    """The portal's own, always the same for one customer and another for everybody else.

    It need not be secret: who may write it into the domain's zone manages the domain.
    """
    told = f"{customer.partner_id}:{customer.id}:{customer.created_at.isoformat()}:{domain}"
    return f"quayside-domain={hashlib.sha256(told.encode()).hexdigest()[:40]}"


def mail_records(domain: str, expected: Expected, seen: Mapping[str, Any]) -> Iterator[Record]:
    if not expected.mx:
        yield unsaid(domain, domain, "MX")
    others = [each for each in seen.get("hosts", ()) if each.split()[-1] not in expected_names(expected)]
    gone = f"Remove {', '.join(others[:8])} then." if others else "There must be no other MX record."
    for place, each in enumerate(expected.mx):
        number, _, name = each.rpartition(" ")
        value = f"{number or FIRST_PREFERENCE + place * NEXT_PREFERENCE} {name}"
        note = gone if place == len(expected.mx) - 1 else ""
        if name.startswith("*."):
            yield Record(domain, domain, "MX", "", f"A host below {name[2:]}: your MSP knows which.")
        else:
            yield Record(domain, domain, "MX", value, note)


def spf_record(domain: str, expected: Expected, seen: Mapping[str, Any]) -> Record:
    """What is there with what is missing put before its “all”; a new one where there is none."""
    from blueprints.plans.judging.spf import records_in  # noqa: PLC0415 - for records that are there already

    if not expected.spf_include:
        return unsaid(domain, domain, "TXT")
    there = seen.get("record") or ""
    if not records_in([there]):
        return Record(domain, domain, "TXT", f"v=spf1 {' '.join(expected.spf_include)} ~all")
    words = there.split()
    missing = [each for each in expected.spf_include if each not in [word.lower().lstrip("+") for word in words]]
    end = next((place for place, word in enumerate(words) if word.lower().lstrip("+-~?") == "all"), len(words))
    note = "It takes the place of the SPF record that is there: a domain has one." if missing else ""
    return Record(domain, domain, "TXT", " ".join([*words[:end], *missing, *words[end:]]), note)


def key_records(domain: str, expected: Expected) -> Iterator[Record]:
    for selector in expected.dkim_selectors:
        name = f"{selector}._domainkey.{domain}"
        if expected.dkim_target:
            yield Record(domain, name, "CNAME", expected.dkim_target.replace("{selector}", selector))
        else:
            yield Record(domain, name, "TXT", "", "The key is shown where it was made: your MSP sends it to you.")
    if not expected.dkim_selectors:
        yield unsaid(domain, f"selector._domainkey.{domain}", "TXT")
