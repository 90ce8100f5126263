"""What the pages of lists show, those of prospects included."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from flask import Response, current_app, request
from markupsafe import Markup

from blueprints.accounts.standing import Standing
from blueprints.customers import lists
from blueprints.customers.consoles import Door, doors_of
from blueprints.customers.endings import Ending, endings_of
from blueprints.customers.finding import Row
from blueprints.customers.listing import Listing
from blueprints.customers.wanted import LetterLink, SortLink, Wanted
from blueprints.web.fields import whole_id
from blueprints.web.page import gone_to

KEPT_ROWS = 8_192
MOST_CHOSEN = 100  # a page has 25
TITLES = {"in_progress": "Customers in progress", "complete": "Complete customers"}
LABELS = {"in_progress": "In progress", "complete": "Complete", "stuck": "Stuck"}  # the last: steps of plans
ADDRESSES = {"in_progress": "in-progress", "complete": "complete", "stuck": "stuck"}

# Columns as list_head() draws them: heading, what it sorts by, whether it holds numbers.
COLUMNS: tuple[tuple[str, str, bool], ...] = (
    ("Customer", "name", False),
    ("Domain", "domain", False),
    ("Users", "users", True),
    ("Account type", "type", False),
    ("RFI", "rfi", False),
    ("Plan", "plan", False),
    ("Monitor", "monitor", False),
    ("Your role", "role", False),
    ("Admin console", "", False),
    ("Cancel", "cancel", False),
)
OF_SHELF = {
    # Watched before it is handed over, too; but what counts is what comes after.
    "in_progress": tuple(column for column in COLUMNS if column[1] not in ("monitor", "cancel")),
    # Answered and worked off, or it would not be complete.
    "complete": tuple(column for column in COLUMNS if column[1] not in ("rfi", "plan")),
}


class Tab(NamedTuple):
    """A list beside which the other stands."""

    label: str
    href: str
    current: bool


def tabs(who: Standing, base: str, shelf: str) -> tuple[Tab, ...]:
    """The lists beside one another; with them, for whoever takes part in them, the changes from one MSP to another."""
    beside = [Tab(label, base + ADDRESSES[other], other == shelf) for other, label in LABELS.items()]
    if who.may("customers.cancel"):
        beside.append(Tab("Partner changes", f"{base.removesuffix('customers/')}partner-changes/", shelf == "moving"))
    return tuple(beside)


def list_facts(listing: Listing, wanted: Wanted, here: str) -> dict[str, Any]:
    """What every list shows around its rows. `here`: its address, on which the others are built."""
    query, start = wanted.query, wanted.from_start
    return {
        "here": here,
        "listing": listing,
        "wanted": wanted,
        "letter_link": LetterLink(here, start),
        "sort_link": SortLink(here, start),
        "before": here + query(before=listing.before) if listing.before else None,
        "after": here + query(after=listing.after) if listing.after else None,
        "total": lists.total_told(listing),
        "nothing": lists.nothing_told(wanted),
        "widen": here + (query(letter="") if wanted.q and wanted.letter else ""),
        "whole": here + query(rfi="") if wanted.waits else "",
    }


def customer_facts(
    who: Standing, listing: Listing, wanted: Wanted, base: str, here: str, chosen: Collection[int]
) -> dict[str, Any]:
    """What a list of customers shows. `base`: the address of customers; `chosen`: ids of rows that are ticked."""
    rows = listing.rows
    return {
        **list_facts(listing, wanted, here),
        "columns": OF_SHELF[wanted.shelf],
        "rows": rows_drawn(who, rows, wanted.shelf, base, chosen),
        "ids": " ".join(str(row.id) for row in rows),
        "may_remind": wanted.shelf == "in_progress" and who.may("rfi.links"),
        "export_link": f"{here}/export{wanted.query()}",
        "state": wanted.whole_query,
    }


def rows_drawn(who: Standing, rows: list[Row], shelf: str, base: str, chosen: Collection[int]) -> Markup:
    partners = lists.partner_names(who, rows)
    plans = lists.plans_of(rows) if shelf == "in_progress" else {}
    endings = endings_of(who, rows) if shelf == "complete" else [None] * len(rows)
    drawn = (
        row_drawn(
            row,
            partners.get(row.partner_id, ""),
            who.role_on(row.id, row.partner_id).label,
            plans.get(row.id),
            ending,
            shelf,
            base,
            row.id in chosen,
            door,
        )
        for row, ending, door in zip(rows, endings, doors_of(who, rows), strict=True)
    )
    return Markup("".join(drawn))  # noqa: S704 - each is the macro's own output, escaped there


@lru_cache(maxsize=KEPT_ROWS)
def row_drawn(
    row: Row,
    partner: str,
    role: str,
    plan: lists.Progress | None,
    ending: Ending | None,
    shelf: str,
    base: str,
    ticked: bool,
    door: Door | None,
) -> Markup:
    """One row. Kept, because drawing rows anew is most of what a list costs."""
    drawing: Any = current_app.jinja_env.get_template("customers/row.html").module
    shown = lists.shown(row, partner, role, plan)
    return Markup(drawing.row(shown, base, ticked, shelf == "in_progress", ending, door))  # noqa: S704 - escaped by the macro


def base_address() -> str:
    """Where the addresses of customers begin: asking for each costs more than the list."""
    return f"{request.script_root}/customers/"


# --- rows that are ticked -----------------------------------------------------------------------------


def chosen_in(typed: list[str]) -> list[int]:
    """The ids of ticked rows. The box for a whole page holds all of them, so that it needs no JavaScript."""
    ids = (whole_id(each) for some in typed for each in some[:1_000].split())
    return list(dict.fromkeys(row_id for row_id in ids if row_id))[:MOST_CHOSEN]


def back_to_list(wanted: Wanted, said: str, chosen: Iterable[int] = ()) -> Response:
    """The same page of the list, with these rows ticked (those of which nothing came)."""
    query = wanted.whole_query
    for each in chosen:
        query += f"{'&' if query else '?'}chosen={each}"
    return gone_to(base_address() + ADDRESSES[wanted.shelf] + query, said)
