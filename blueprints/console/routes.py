"""Consoles of customers: opening them signed in, where they are, and to whom that is delegated."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request, url_for

from blueprints.accounts.security import proven_at
from blueprints.console import column, commands, delegating, keys, rules
from blueprints.console.forms import CustomerConsoleForm, PartnerConsoleForm
from blueprints.customers import consoles
from blueprints.customers.list_pages import LABELS, chosen_in, list_facts
from blueprints.customers.wanted import Wanted
from blueprints.partners.routes import tabs
from blueprints.partners.rules import find_partner, may_edit
from blueprints.web.access import for_signed_in, needs, open_to_all
from blueprints.web.fields import status_of, whole_id
from blueprints.web.headers import posting_to
from blueprints.web.page import gone_to, page, saved
from blueprints.web.refusals import Refused

blueprint = Blueprint("console", __name__)
add_commands = commands.add_commands
OF_CUSTOMER, OF_PARTNER, OF_PERSON = "console/show.html", "console/settings.html", "console/delegated.html"
MINUTE = 60
SHELVES = {"complete": "complete", "in-progress": "in_progress"}  # in the address → as it is kept


@blueprint.record_once
def lists_ask_here(_: Any) -> None:
    consoles.are_told_by(column.doors)


# --- opening one --------------------------------------------------------------------------------------


@blueprint.post("/customers/console")
@needs("console.open")
def press() -> Response:
    """The button of a row in a list."""
    return let_in(whole_id(request.form.get("customer", "")))


@blueprint.post("/customers/<int:customer_id>/console")
@needs("console.open")
def enter(customer_id: int) -> Response:
    return let_in(customer_id)


def let_in(customer_id: int) -> Response:
    """The page that goes on to the console, after the password where the sign-in is too old."""
    _, console = rules.find_console(g.who, customer_id)
    here = url_for("console.show", customer_id=customer_id)
    if console.asks_again(proven_at()):
        return gone_to(url_for("security.verify", next=here))
    opened = rules.open_console(g.who, customer_id, current_app.config["SETTINGS"].address)
    answer = page("console/enter.html", [], opened=opened, here=here)
    if opened.token:
        answer.headers["Content-Security-Policy"] = posting_to(opened.origin)
    return answer


@blueprint.get("/.well-known/jwks.json")
@open_to_all("public keys, by which consoles verify who comes")
def jwks() -> Response:
    answer = jsonify(keys=keys.published())
    answer.headers["Cache-Control"] = f"public, max-age={MINUTE}"
    return answer


# --- the console of one customer ----------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/console")
@needs("console.open")
def show(customer_id: int) -> Response:
    return shown(customer_id)


def shown(customer_id: int, status: int = 200, said: str = "", form: CustomerConsoleForm | None = None) -> Response:
    customer, console = rules.find_console(g.who, customer_id)
    form = form or CustomerConsoleForm(formdata=None, obj=rules.own_settings_of(customer_id))
    return page(
        OF_CUSTOMER,
        ["where"],
        status,
        said,
        customer=customer,
        console=console,
        door=rules.door_of(g.who, customer, console),
        delegations=delegating.those_with_access(customer),
        form=form,
        of_all=rules.settings_of(customer.partner_id).address,
        here=url_for("console.show", customer_id=customer_id),
    )


@blueprint.post("/customers/<int:customer_id>/console/address")
@needs("console.delegate")
def save_address(customer_id: int) -> Response:
    rules.find_console(g.who, customer_id)
    return kept(
        CustomerConsoleForm(),
        partial(rules.change_own_settings, g.who, customer_id),
        partial(rules.own_settings_of, customer_id),
        partial(shown, customer_id),
        url_for("console.show", customer_id=customer_id),
    )


def kept(
    form: CustomerConsoleForm,
    change: Callable[[dict[str, Any], int], str],
    settings_now: Callable[[], Any],
    typing: Callable[..., Response],
    here: str,
) -> Response:
    """Keep the settings that were typed; or the page to type them on, with what is wrong."""
    if not form.validate():
        return typing(422, form=form)
    try:
        changes = change(form.typed(), form.version.data or 0)
    except Refused as refusal:
        status = status_of(form, refusal)
        if status == 409:
            form.version.data = settings_now().version
        return typing(status, refusal.sentence, form)
    return gone_to(here, f"Saved: {changes}." if changes else "Nothing was changed.")


# --- the consoles of an MSP's customers ---------------------------------------------------------------


@blueprint.get("/partner/<int:partner_id>/console")
@needs("partner.see")
def settings(partner_id: int) -> Response:
    return settings_page(partner_id)


def settings_page(
    partner_id: int, status: int = 200, said: str = "", form: PartnerConsoleForm | None = None
) -> Response:
    partner = find_partner(g.who, partner_id)
    kept = rules.settings_of(partner_id)
    return page(
        OF_PARTNER,
        ["consoles"],
        status,
        said,
        partner=partner,
        kept=kept,
        form=form or PartnerConsoleForm(formdata=None, obj=kept),
        may_edit=may_edit(g.who, partner),
        tabs=tabs(partner.id, "console.settings"),
        issuer=current_app.config["SETTINGS"].address,
    )


@blueprint.post("/partner/<int:partner_id>/console")
@needs("partner.edit")
def save_settings(partner_id: int) -> Response:
    find_partner(g.who, partner_id, "partner.edit")
    return kept(
        PartnerConsoleForm(),
        partial(rules.change_settings, g.who, partner_id),
        partial(rules.settings_of, partner_id),
        partial(settings_page, partner_id),
        url_for("console.settings", partner_id=partner_id),
    )


# --- to whom it is delegated --------------------------------------------------------------------------


@blueprint.get("/people/delegated-access")
@needs("console.delegate")
def holders() -> Response:
    return page("console/holders.html", [], holders=delegating.holders(g.who))


PERSON = '/people/<int:person_id>/delegated-access/<any("complete", "in-progress"):shelf>'


@blueprint.get(PERSON)
@needs("console.delegate")
def delegated(person_id: int, shelf: str) -> Response:
    """The customers of a list, a page at a time, with a tick where this person's delegated access is on."""
    return page(OF_PERSON, ["found"], **delegated_facts(person_id, shelf))


def delegated_facts(person_id: int, shelf: str, refusal: str = "", ticked: list[int] | None = None) -> dict[str, Any]:
    """`refusal`: what hindered the `ticked` to be kept."""
    person = delegating.find_holder(g.who, person_id)
    wanted = Wanted.read(SHELVES[shelf], request.args.to_dict() | {"sort": "name"})
    listing, choices = delegating.choices(g.who, person, wanted)
    here = url_for("console.delegated", person_id=person_id, shelf=shelf)
    return {
        **list_facts(listing, wanted, here),
        "person": person,
        "choices": [(each, each.on if ticked is None else each.row.id in ticked) for each in choices],
        "refusal": refusal,
        "state": here + wanted.whole_query,
        "tabs": [
            {
                "label": LABELS[kept],
                "href": url_for("console.delegated", person_id=person_id, shelf=name),
                "current": name == shelf,
            }
            for name, kept in SHELVES.items()
        ],
    }


@blueprint.post(PERSON)
@needs("console.delegate")
def delegate(person_id: int, shelf: str) -> Response:
    before, ticked = chosen_in(request.form.getlist("before")), chosen_in(request.form.getlist("on"))
    person = delegating.find_holder(g.who, person_id)
    try:
        on, off = delegating.delegate(g.who, person_id, before, ticked)
    except delegating.NotAdministrator as refusal:
        facts = delegated_facts(person_id, shelf, refusal.sentence, ticked)
        return page(OF_PERSON, ["found"], 422, refusal.sentence, **facts)
    told = [f"{count} switched {way}" for count, way in ((on, "on"), (off, "off")) if count]
    said = f"{person.name}: {', '.join(told)}." if told else "Nothing was changed."
    facts = delegated_facts(person_id, shelf)
    return saved(facts["state"], OF_PERSON, ["found"], said, **facts)


@blueprint.get("/account/consoles")
@for_signed_in
def own_log() -> Response:
    """The consoles that the person opened."""
    uses, before = delegating.own_log(g.who, whole_id(request.args.get("before", "")))
    older = url_for("console.own_log", before=before) if before else None
    return page("console/log.html", [], uses=uses, older=older, newest="before" not in request.args)
