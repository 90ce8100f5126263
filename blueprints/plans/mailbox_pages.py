"""What the pages about mailboxes are drawn from."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for

from blueprints.accounts.standing import Standing
from blueprints.plans.mailbox_export import left_out_passwords
from blueprints.plans.mailbox_forms import ExportForm, KeepForm, MailboxForm, SourceForm, UploadForm
from blueprints.plans.mailbox_places import Place, Source
from blueprints.plans.mailbox_previews import preview_of, waiting_list
from blueprints.plans.mailbox_testing import RunView, counted, newest_run
from blueprints.plans.mailbox_uploading import (
    MOST_BYTES,
    MOST_FAULTS,
    left_to_take_over,
    rfi_list,
)
from blueprints.plans.mailboxes import Listing, MailboxView, Sums, Wanted, list_mailboxes, sums_of
from blueprints.web.fields import whole_id
from data.mailboxes import STATES

PAGE, MAILBOX = "plans/mailboxes.html", "plans/mailboxes_one.html"
SOURCE, LIST = "plans/mailboxes_source.html", "plans/mailboxes_list.html"
MOST_OF_ONE = 100  # folders shown


@dataclass(frozen=True)
class Tab:
    label: str
    href: str
    current: bool


def addresses(place: Place) -> dict[str, Any]:
    """Where the pages around a plan's mailboxes are."""
    customer_id = place.customer.id
    return {
        "customer": place.customer,
        "step": place.row,
        "earlier": not place.newest,
        "here": address_of(place),
        "plan": url_for("plans.show", customer_id=customer_id),
        "details": url_for("customer_details.show", customer_id=customer_id),
    }


def address_of(place: Place, endpoint: str = "index", **query: Any) -> str:
    """Of a page about a plan's mailboxes; those of an earlier plan have an address with its number."""
    which = {} if place.newest else {"plan_id": place.plan.id}
    return url_for(f"plans_mailboxes.{endpoint}", customer_id=place.customer.id, **which, **query)


# --- the list -----------------------------------------------------------------------------------------


def page_facts(who: Standing, place: Place, wanted: Wanted, looks: int = 0) -> dict[str, Any]:
    """`looks`: how often the page has looked again; its newest look has this number."""
    edits = who.may_for_customer("customers.edit", place.customer.id, place.customer.partner_id)
    sums, run, listing = sums_of(place.plan), newest_run(place), list_mailboxes(place, wanted)
    may_work = edits and place.open

    def link(**more: str) -> str:
        return address_of(place, **wanted.query(**more))

    stamp = stamp_of(listing)
    look = address_of(place, "testing", **wanted.whole_query, seen=stamp, looks=looks + 1)
    return addresses(place) | {
        "sums": sums,
        "run": run,
        "ended_told": told_at_end(run, sums),
        "listing": listing,
        "found_told": f"{listing.total:,} found" if wanted.q or wanted.state else counted(listing.total),
        "wanted": wanted,
        "tabs": tabs(sums, wanted, link),
        "before": link(before=listing.before) if listing.before else None,
        "after": link(after=listing.after) if listing.after else None,
        "source": place.source,
        "may_work": may_work,
        "rfi_left": left_to_take_over(place, rfi_list(place)) if may_work else 0,
        "waiting": waiting_list(place) if may_work else None,
        "query": wanted.whole_query,
        "stamp": stamp,
        "look": look,
        "looks": looks,
        "refused": "",
    }


def tabs(sums: Sums, wanted: Wanted, link: Any) -> list[Tab]:
    """The states that there are some of, each with how many."""
    words = {"": "All", "failed": STATES["failed"], **STATES}
    shown = [state for state in words if not state or sums.in_state(state) or wanted.state == state]
    return [
        Tab(f"{words[state]} {sums.in_state(state):,}", link(state=state), state == wanted.state) for state in shown
    ]


def stamp_of(listing: Listing) -> str:
    """Changes whenever a row of the page does."""
    seen = repr([(row.id, row.version, row.word) for row in listing.rows] + [listing.total])
    return f"{zlib.crc32(seen.encode()):08x}"


def told_at_end(run: RunView | None, sums: Sums) -> str:
    """Spoken when a test has ended; nothing while it goes on."""
    if run is None or run.going:
        return ""
    failed = f", {sums.failed:,} failed" if sums.failed else ""
    return f"The test is over: {sums.good:,} of {counted(sums.moving)} are good{failed}."


# --- one of them --------------------------------------------------------------------------------------


def mailbox_facts(
    who: Standing, place: Place, mailbox: MailboxView, form: MailboxForm | None, looks: int
) -> dict[str, Any]:
    edits = who.may_for_customer("customers.edit", place.customer.id, place.customer.partner_id)
    form = form or mailbox_form(mailbox)
    if form.form_errors:
        form.version.data = mailbox.version  # somebody else saved meanwhile: what they did is seen by now
    folders = mailbox.found.get("folders", [])
    return addresses(place) | {
        "mailbox": mailbox,
        "form": form,
        "may_work": edits and place.open,
        "folders": folders[:MOST_OF_ONE],
        "more_folders": (mailbox.folders or 0) - len(folders[:MOST_OF_ONE]),
        "evidence": mailbox.found.get("evidence", []),
        "waits": mailbox.drawing == "clock",
        "looks": looks,
    }


def mailbox_form(mailbox: MailboxView) -> MailboxForm:
    """As it is kept."""
    shown = {"login": mailbox.login or mailbox.address, "name": mailbox.name, "target": mailbox.target}
    return MailboxForm(formdata=None, data=shown | {"version": mailbox.version})


# --- how they are signed in to ------------------------------------------------------------------------


def source_facts(place: Place, form: SourceForm | None = None) -> dict[str, Any]:
    source: Source = place.source
    fields = ("host", "security", "login", "admin", "admin_form", "accepted", "version")
    shown = form or SourceForm(formdata=None, data={name: getattr(source, name) for name in fields})
    if form is not None and form.form_errors:
        form.version.data = source.version  # somebody else saved meanwhile: what they did is seen by now
    return addresses(place) | {"form": shown, "source": source}


# --- lists --------------------------------------------------------------------------------------------


def list_facts(place: Place, asked: Mapping[str, str], form: UploadForm) -> dict[str, Any]:
    only = "faulty" if asked.get("only") == "faulty" else ""
    seen = preview_of(place, whole_id(asked.get("after", "")), only)
    at = url_for("plans_mailboxes.preview", customer_id=place.customer.id)

    def link(**query: Any) -> str:
        kept = {name: value for name, value in query.items() if value}
        return url_for("plans_mailboxes.preview", customer_id=place.customer.id, **kept)

    return addresses(place) | {
        "preview": seen,
        "form": form,
        "keeping": KeepForm(formdata=None),
        "at": at,
        "only": only,
        "everything": link(),
        "only_faulty": link(only="faulty"),
        "before": link(only=only, after=max(seen.before, 0)) if seen and seen.before else None,
        "after": link(only=only, after=seen.after) if seen and seen.after else None,
        "most_faults": MOST_FAULTS,
        "most_megabytes": MOST_BYTES // 1_000_000,
    }


def export_facts(place: Place, form: ExportForm) -> dict[str, Any]:
    return addresses(place) | {"form": form, "sums": sums_of(place.plan), "left_out": left_out_passwords(place)}
