"""Changing what records should be: for all customers of an MSP, or for one of them."""

from collections.abc import Mapping
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.partners.rules import find_partner
from blueprints.plans.expected_values import KEYS, read
from blueprints.plans.held import PlanChanged, hold
from blueprints.web.refusals import ChangedMeanwhile
from data import history
from data.database import transaction
from data.partners import Partner
from data.plans import Plan

NAMES = {
    "mx": "mail hosts",
    "spf_include": "SPF",
    "dkim_selectors": "DKIM selectors",
    "dkim_target": "DKIM aliases",
    "autodiscover": "autodiscover",
    "dmarc_policy": "DMARC policy",
    "dmarc_reports": "DMARC reports",
    "token": "tokens",
    "token_name": "name of the token",
    "certificates": "accepted certificates",
}
TOLD_AT_MOST = 80  # characters of a value in a line of history


def expect_for_partner(who: Standing, partner_id: int, typed: Mapping[str, str], version: int) -> tuple[Partner, str]:
    """Keep what the records of an MSP's customers should be; the partner, and the changes, "" for none.

    Raises NotThere, MayNot, PartnerClosed, ChangedMeanwhile, and Refused with the field that is wrong.
    """
    kept = as_kept(typed)
    with transaction():
        partner = find_partner(who, partner_id, "partner.edit", for_update=True)
        if partner.version != version:
            raise ChangedMeanwhile
        changes = changes_told(partner.expected, kept)
        if changes:
            partner.expected = kept
            partner.version += 1
            partner.save()
            history.record("partner.settings_changed", who, partner=partner.id, changes=changes)
    return partner, changes


def expect_for_plan(who: Standing, customer_id: int, typed: Mapping[str, str], version: int) -> tuple[Plan, str]:
    """Keep what the records of one customer should be where that is not what their MSP says.

    Raises NotThere, MayNot, PlanOver, NotReady, PlanChanged, and Refused with the field that is wrong.
    """
    kept = as_kept(typed)
    with transaction():
        held = hold(who, customer_id, over=True)
        if held.plan.version != version:
            raise PlanChanged
        changes = changes_told(held.plan.expected, kept)
        if changes:
            held.plan.expected = kept
            held.plan.version += 1
            held.plan.save()
            held.tell("plan.expected_changed", changes=changes)
    return held.plan, changes


def as_kept(typed: Mapping[str, str]) -> dict[str, Any]:
    """Only what says something. Raises Refused."""
    values = {name: read(name, typed.get(name, "")) for name in KEYS}
    return {name: value for name, value in values.items() if value}


def changes_told(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """“SPF empty → include:_spf.provider.example; tokens 3 → 4 lines”."""
    return "; ".join(
        f"{name} {value_told(before.get(key))} → {value_told(after.get(key))}"
        for key, name in NAMES.items()
        if before.get(key) != after.get(key)
    )


def value_told(value: Any) -> str:
    if not value:
        return "empty"
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= TOLD_AT_MOST else f"{text[: TOLD_AT_MOST - 1]}…"
