"""Prospects: the list, its export, and the record with *Verify*."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request, stream_with_context, url_for
from flask_limiter import Limiter
from markupsafe import Markup

from blueprints.customers.lists import told
from blueprints.customers.wanted import Wanted
from blueprints.prospects import jobs, lists, lookups, pages, rules
from blueprints.prospects.forms import ProspectForm
from blueprints.web.access import needs
from blueprints.web.fields import whole_id
from blueprints.web.page import gone_to, page, saved, wants_parts
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused

blueprint = Blueprint("prospects", __name__, url_prefix="/prospects")

SHELF = "prospects"
LOOKUPS = "60 per minute"


@blueprint.record_once
def ask_names_where_the_settings_say(state: Any) -> None:
    jobs.ask_names_at(state.app.config["SETTINGS"].dns_servers)


def limit(app: Flask, limiter: Limiter) -> None:
    """*Verify* asks servers outside, so it must not become a way to bother them."""

    def not_verifying() -> bool:
        return request.form.get("do") != "verify"

    for name in ("prospects.create", "prospects.save"):
        by_person = limiter.limit(LOOKUPS, key_func=lambda: f"verify-{g.who.id}", exempt_when=not_verifying)
        app.view_functions[name] = by_person(app.view_functions[name])


# --- the list -----------------------------------------------------------------------------------------


@blueprint.get("/")
@needs("prospects.see")
def index() -> Response:
    return listed(Wanted.read(SHELF, request.args.to_dict()))


@blueprint.get("/archived")
@needs("prospects.see")
def archived() -> Response:
    return listed(Wanted.read("past", request.args.to_dict(), status="archived"))


def listed(wanted: Wanted) -> Response:
    """The page of a list; when its search box asked, with the address that the page stands for."""
    listing = lists.prospects(g.who, wanted)
    base = f"{request.script_root}{blueprint.url_prefix}/"  # asking for addresses costs more than the list
    here = request.script_root + request.path
    facts = pages.list_facts(g.who, listing, wanted, base, here)
    answer = page("prospects/list.html", ["found"], said=told(listing, "prospect", "prospects"), **facts)
    if request.headers.get("HX-Source") == "form#seek":
        answer.headers["HX-Replace-Url"] = here + wanted.query()
    return answer


@blueprint.get("/export")
@needs("prospects.see")
def export() -> Response:
    """The list as asked for, all pages of it, as CSV."""
    lines = lists.csv_lines(g.who, Wanted.read(SHELF, request.args.to_dict()))
    answer = current_app.response_class(stream_with_context(lines), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=prospects.csv"
    return answer


# --- a new one ----------------------------------------------------------------------------------------


@blueprint.get("/new")
@needs("prospects.edit")
def new() -> Response:
    partners = rules.partners_to_choose(g.who)
    form = pages.new_form(partners, formdata=None)
    form.offer_row()
    return page("prospects/new.html", ["edit"], form=form, **pages.form_facts(url_for("prospects.create")))


@blueprint.post("/new")
@needs("prospects.edit")
def create() -> Response:
    """Save the prospect; or, as `do` says, verify the domain or add a row for a contact."""
    partners = rules.partners_to_choose(g.who)
    form = pages.new_form(partners)
    partner = pages.chosen(form, partners)
    show_again = partial(new_again, form)
    if asked := on_the_way(form, show_again, partner.id if partner else None):
        return asked
    if not form.validate():
        return show_again(422)
    try:
        customer = rules.create_prospect(g.who, partner.id if partner else 0, form.entry())
    except Refused as refusal:
        return show_again(refused_in(form, refusal))
    return gone_to(url_for("prospects.show", customer_id=customer.id), rules.created_told(g.who, customer))


def new_again(form: ProspectForm, status: int = 200, **more: Any) -> Response:
    facts = pages.form_facts(url_for("prospects.create"), typed=True, **more)
    return page("prospects/new.html", ["edit"], status, form=form, **facts)


# --- the record ---------------------------------------------------------------------------------------


@blueprint.get("/<int:customer_id>")
@needs("prospects.see")
def show(customer_id: int) -> Response:
    try:
        prospect = rules.prospect_for(g.who, customer_id)
    except rules.NotAProspect:
        return gone_to(url_for("customer_details.show", customer_id=customer_id))
    return page("prospects/show.html", ["edit"], **pages.record_facts(g.who, prospect))


@blueprint.post("/<int:customer_id>")
@needs("prospects.edit")
def save(customer_id: int) -> Response:
    """Save the changes; or, as `do` says, verify the domain or add a row for a contact."""
    try:
        prospect = rules.prospect_for(g.who, customer_id, "prospects.edit")
    except rules.NotAProspect as refusal:
        return gone_to(url_for("customer_details.show", customer_id=customer_id), refusal.sentence)
    form = pages.record_form(prospect)
    show_again = partial(record_again, customer_id, form)
    if asked := on_the_way(form, show_again, prospect.partner.id, customer_id):
        return asked
    if not form.validate():
        return show_again(422)
    try:
        changed = rules.edit_prospect(g.who, customer_id, form.version.data, form.entry())
    except rules.NotAProspect as refusal:
        return gone_to(url_for("customer_details.show", customer_id=customer_id), refusal.sentence)
    except Refused as refusal:
        return show_again(refused_in(form, refusal))
    said = f"Saved: {changed}." if changed else "Nothing was changed, so there was nothing to save."
    facts = pages.record_facts(g.who, rules.prospect_for(g.who, customer_id), saved=True)
    address = url_for("prospects.show", customer_id=customer_id)
    return saved(address, "prospects/show.html", ["edit", "head", "recent", "standing"], said, **facts)


def record_again(customer_id: int, form: ProspectForm, status: int = 200, **more: Any) -> Response:
    prospect = rules.prospect_for(g.who, customer_id)
    facts = pages.record_facts(g.who, prospect, form, meanwhile=status == 409, typed=True, **more)
    return page("prospects/show.html", ["edit"], status, **facts)


# --- on the way: Verify, one more contact -------------------------------------------------------------


def on_the_way(
    form: ProspectForm, show_again: Callable[..., Response], partner_id: int | None, customer_id: int = 0
) -> Response | None:
    """The answer where something else than saving is asked for: nothing is saved, the typing stays."""
    goal = request.form.get("do")
    if goal == "add-contact":
        return show_again(row_added=form.offer_row())
    if goal != "verify":
        return None
    typed = form.primary_domain.data or ""
    if domain := lookups.to_look_up(typed):
        jobs.nudge_for(domain, g.who.id, partner_id, customer_id or None)
    told = lookups.tell(g.who, typed, customer_id=customer_id)
    return lookup_part(told, customer_id) if wants_parts() else show_again(lookup=told)


@blueprint.get("/lookup")
@needs("prospects.edit")
def lookup() -> Response:
    """What is known of a domain by now; the form asks again until there is an answer."""
    tries, customer_id = (whole_id(request.args.get(name, "")) for name in ("tries", "customer"))
    told = lookups.tell(g.who, request.args.get("domain", "")[:300], tries, customer_id)
    return lookup_part(told, customer_id, tries)


def lookup_part(told: lookups.Told, customer_id: int, tries: int = 1) -> Response:
    facts = pages.lookup_facts(told, customer_id, tries)
    return page("prospects/lookup.html", ["lookup"], said=told.lines[0], **facts)


# --- archive ------------------------------------------------------------------------------------------


@blueprint.post("/<int:customer_id>/archive")
@needs("prospects.edit")
def archive(customer_id: int) -> Response:
    version = whole_id(request.form.get("version", ""))
    try:
        customer = rules.archive_prospect(g.who, customer_id, version)
    except rules.NotAProspect as refusal:
        return gone_to(url_for("customer_details.show", customer_id=customer_id), refusal.sentence)
    except ChangedMeanwhile:
        raise ChangedMeanwhile(
            "Someone changed this prospect meanwhile. Look at it again before you archive it."
        ) from None
    return gone_to(url_for("prospects.show", customer_id=customer.id), f"{customer.name} is archived.")


@blueprint.post("/<int:customer_id>/restore")
@needs("prospects.edit")
def restore(customer_id: int) -> Response:
    address = url_for("prospects.show", customer_id=customer_id)
    try:
        customer = rules.restore_prospect(g.who, customer_id)
    except rules.NotAProspect as refusal:
        return gone_to(url_for("customer_details.show", customer_id=customer_id), refusal.sentence)
    except rules.NotArchived as refusal:
        return gone_to(address, refusal.sentence)
    return gone_to(address, f"{customer.name} is a prospect again.")


# --- refusals -----------------------------------------------------------------------------------------


def refused_in(form: ProspectForm, refusal: Refused) -> int:
    """Put the refusal into the form; the status it is answered with. What is not there or not allowed goes on."""
    if isinstance(refusal, NotThere | MayNot):
        raise refusal
    form.refuse(refusal.field, sentence_of(refusal))
    return 409 if isinstance(refusal, ChangedMeanwhile) else 422


def sentence_of(refusal: Refused) -> str:
    """The sentence; with a link to the record that has the domain, if the person may see it."""
    holder = refusal.holder if isinstance(refusal, rules.DomainTaken) else None
    if holder is None:
        return refusal.sentence
    address = url_for("prospects.show", customer_id=holder.id)
    return Markup('{} <a href="{}">Open {}</a>').format(refusal.sentence, address, holder.name)
