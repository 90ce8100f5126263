"""What the pages of prospects show: forms made ready, and the facts that templates read."""

from functools import lru_cache
from typing import Any

from flask import current_app, url_for
from markupsafe import Markup

from blueprints.accounts.standing import Standing
from blueprints.customers import list_pages
from blueprints.customers.contacts import shown_phone
from blueprints.customers.domains import shown_domain
from blueprints.customers.finding import Row
from blueprints.customers.listing import Listing
from blueprints.customers.lists import partner_names
from blueprints.customers.wanted import Wanted
from blueprints.prospects import lists, rules
from blueprints.prospects.entries import ACCOUNT_TYPES, COMPANY_TYPES
from blueprints.prospects.forms import ProspectForm, filled_in
from blueprints.prospects.lookups import Told
from blueprints.web.refusals import MayNot

# As list_head() draws them.
COLUMNS = (
    ("Company", "name", False),
    ("Domain", "domain", False),
    ("Users", "users", True),
    ("Account type", "type", False),
    ("Created", "created", False),
)
COLUMNS_TO_ORDER = (*COLUMNS, ("Order", "", True))


def list_facts(who: Standing, listing: Listing, wanted: Wanted, base: str, here: str) -> dict[str, Any]:
    """`base`: the address of the list of prospects, on which others are built; `here`: that of this list."""
    may_order = who.may("orders.edit") and not wanted.status
    return {
        **list_pages.list_facts(listing, wanted, here),
        "base": base,
        "columns": COLUMNS_TO_ORDER if may_order else COLUMNS,
        "rows": rows_drawn(who, listing.rows, base, may_order),
        "may_create": who.may("prospects.edit"),
        "export_link": f"{base}export{wanted.query()}",
    }


def rows_drawn(who: Standing, rows: list[Row], base: str, ordering: bool) -> Markup:
    """The rows of the table. `ordering`: with the column of *Provision*, filled in where the person may."""
    zone = who.timezone
    partners, may_order = partner_names(who, rows), lists.may_order(who)
    drawn = (
        row_drawn(row, partners.get(row.partner_id, ""), zone, base, may_order(row) if ordering else None)
        for row in rows
    )
    return Markup("".join(drawn))  # noqa: S704 - each is the macro's own output, escaped there


@lru_cache(maxsize=list_pages.KEPT_ROWS)
def row_drawn(row: Row, partner: str, timezone: str, base: str, may_order: bool | None) -> Markup:
    """One row; `may_order` None: without the column. Kept, because drawing rows anew is most of what a list costs."""
    drawing: Any = current_app.jinja_env.get_template("prospects/row.html").module
    return Markup(drawing.row(lists.shown(row, partner, timezone), base, may_order))  # noqa: S704 - escaped by the macro


def new_form(partners: list[Any], **given: Any) -> ProspectForm:
    """The form of a new prospect; the MSP is asked for where there are several."""
    if not partners:
        raise MayNot("There is no open MSP for which you may enter prospects.")
    choices = {partner.id: partner.name for partner in partners} if len(partners) > 1 else {}
    form = ProspectForm(products=labelled(rules.products_to_want()), partners=choices, **given)
    partner = chosen(form, partners)
    form.phones_from = partner.country if partner else ""
    return form


def chosen(form: ProspectForm, partners: list[Any]) -> Any:
    """The MSP that was chosen, or the only one; None for one that is not offered."""
    if "partner" not in form:
        return partners[0]
    return next((partner for partner in partners if partner.id == form.partner.data), None)


def labelled(products: tuple[Any, ...]) -> dict[int, str]:
    return {product.id: product.name for product in products}


def record_form(prospect: rules.Prospect, **given: Any) -> ProspectForm:
    return ProspectForm(products=labelled(prospect.products), phones_from=prospect.partner.country, **given)


def record_facts(
    who: Standing, prospect: rules.Prospect, form: ProspectForm | None = None, *, meanwhile: bool = False, **more: Any
) -> dict[str, Any]:
    """What the page of a prospect shows; without a form, one that is filled in with what is on record.

    `meanwhile`: somebody saved newer values; they stand beside the typing, and saving again takes the typing.
    """
    customer, newer = prospect.customer, []
    if form is None:
        data = filled_in(prospect.entry, version=customer.version)
        form = record_form(prospect, formdata=None, data=data)
        if not prospect.entry.others:
            form.offer_row()
    elif meanwhile:
        newer = rules.differences(prospect, form.entry())
        form.version.data = customer.version
    return {
        "prospect": prospect,
        "customer": customer,
        "role": who.role_on(customer.id, customer.partner_id),
        "form": form,
        "newer": newer,
        "shown_phone": shown_phone,
        "company_types": COMPANY_TYPES,
        "account_types": ACCOUNT_TYPES,
        **form_facts(url_for("prospects.save", customer_id=customer.id), customer_id=customer.id, **more),
        "odd_phones": rules.odd_phones(prospect.entry),
    }


def form_facts(
    here: str,
    lookup: Told | None = None,
    customer_id: int = 0,
    *,
    typed: bool = False,
    saved: bool = False,
    row_added: bool = False,
) -> dict[str, Any]:
    """What both forms show beside their fields. `typed`: leaving the page would lose something."""
    told = lookup_facts(lookup, customer_id)
    return {"odd_phones": (), "here": here, "typed": typed, "saved": saved, "row_added": row_added, **told}


def lookup_facts(lookup: Told | None, customer_id: int, tries: int = 1) -> dict[str, Any]:
    """`again`: where to ask next for an answer that is awaited."""
    again = ""
    if lookup and lookup.waiting:
        again = url_for("prospects.lookup", domain=lookup.domain, tries=tries + 1, customer=customer_id or None)
    return {"lookup": lookup, "again": again, "shown_domain": shown_domain}
