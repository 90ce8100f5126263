"""The contacts of a customer: the list, one of them, and who is the Implementation Lead."""

from typing import Any

from flask import Blueprint, Response, current_app, g, url_for

from blueprints.customers import contact_rules as rules
from blueprints.customers.contact_forms import ContactForm, ContactVersionForm, filled_in
from blueprints.customers.contacts import as_entry, contact_changes, odd_phone, shown_phone
from blueprints.customers.leads import NoLead
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.web.access import needs
from blueprints.web.fields import refuse
from blueprints.web.page import gone_to, page, saved
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused

blueprint = Blueprint("contacts", __name__, url_prefix="/customers")


@blueprint.errorhandler(rules.StillAProspect)
def still_a_prospect(refusal: rules.StillAProspect) -> Response:
    return gone_to(url_for("prospects.show", customer_id=refusal.customer.id), refusal.sentence)


@blueprint.app_errorhandler(NoLead)
def no_lead(refusal: NoLead) -> Response:
    """Wherever somebody was to be written to: on to where the address can be added."""
    return gone_to(url_for("contacts.listed", customer_id=refusal.customer.id), refusal.sentence)


@blueprint.get("/<int:customer_id>/contacts")
@needs("customers.see")
def listed(customer_id: int) -> Response:
    return shown(rules.contacts_of(g.who, customer_id))


def shown(contacts: rules.Contacts, status: int = 200, problem: str = "") -> Response:
    return page("customers/contacts.html", ["listed"], status, problem, **list_facts(contacts, problem))


def list_facts(contacts: rules.Contacts, problem: str = "") -> dict[str, Any]:
    return {
        "customer": contacts.customer,
        "contacts": contacts,
        "base": url_for("contacts.listed", customer_id=contacts.customer.id),
        "shown_phone": shown_phone,
        "problem": problem,
    }


# --- somebody new -------------------------------------------------------------------------------------


@blueprint.get("/<int:customer_id>/contacts/new")
@needs("customers.edit")
def new(customer_id: int) -> Response:
    customer = rules.find_to_change(g.who, customer_id, "customers.edit")
    contacts = rules.contacts_of(g.who, customer.id)
    return written(offered(contacts, formdata=None, data=given(contacts)), contacts)


@blueprint.post("/<int:customer_id>/contacts/new")
@needs("customers.edit")
def add(customer_id: int) -> Response:
    rules.find_to_change(g.who, customer_id, "customers.edit")
    contacts = rules.contacts_of(g.who, customer_id)
    form = offered(contacts)
    if not form.validate():
        return written(form, contacts, status=422)
    lead = bool(form.lead.data) if "lead" in form else False
    try:
        added = rules.add_contact(g.who, customer_id, form.version.data, form.typed(), portal(), lead=lead)
    except Refused as refusal:
        return again(form, customer_id, None, refusal)
    mailroom_jobs.nudge()
    name = as_entry(added).named
    said = f"{name} is the Implementation Lead." if lead else f"{name} is added."
    return gone_to(url_for("contacts.listed", customer_id=customer_id), said + doubt(added.phone))


def given(contacts: rules.Contacts) -> dict[str, Any]:
    """Whoever is added while there is no lead is likely to be it."""
    return {"version": contacts.customer.version, "lead": contacts.lead is None}


def offered(contacts: rules.Contacts, **how: Any) -> ContactForm:
    form = ContactForm(**how)
    if not contacts.may_choose:
        del form.lead
    return form


# --- one that there is --------------------------------------------------------------------------------


@blueprint.get("/<int:customer_id>/contacts/<int:contact_id>")
@needs("customers.edit")
def edit(customer_id: int, contact_id: int) -> Response:
    contacts, contact = rules.find_contact(g.who, customer_id, contact_id)
    form = ContactForm(formdata=None, data=filled_in(as_entry(contact)) | {"version": contacts.customer.version})
    del form.lead
    return written(form, contacts, contact)


@blueprint.post("/<int:customer_id>/contacts/<int:contact_id>")
@needs("customers.edit")
def save(customer_id: int, contact_id: int) -> Response:
    contacts, contact = rules.find_contact(g.who, customer_id, contact_id)
    form = ContactForm()
    del form.lead
    if not form.validate():
        return written(form, contacts, contact, status=422)
    entry = form.typed(contact_id)
    try:
        changes = rules.edit_contact(g.who, customer_id, contact_id, form.version.data, entry, portal())
    except Refused as refusal:
        return again(form, customer_id, contact_id, refusal)
    mailroom_jobs.nudge()
    said = f"Saved: {', '.join(changes)}." if changes else "Nothing was changed, so there was nothing to save."
    contacts, contact = rules.find_contact(g.who, customer_id, contact_id)
    return gone_to(url_for("contacts.listed", customer_id=customer_id), said + doubt(contact.phone))


def doubt(phone: str) -> str:
    return f" Check {shown_phone(phone)}: such a number is not in use." if odd_phone(phone) else ""


def again(form: ContactForm, customer_id: int, contact_id: int | None, refusal: Refused) -> Response:
    """The form with the refusal in it. What is not there or not allowed goes on."""
    if isinstance(refusal, NotThere | MayNot | rules.StillAProspect):
        raise refusal
    refuse(form, refusal.field, refusal.sentence)
    contacts = rules.contacts_of(g.who, customer_id)
    contact = next((each for each in contacts.contacts if each.id == contact_id), None)
    if not isinstance(refusal, ChangedMeanwhile):
        return written(form, contacts, contact, status=422)
    form.version.data = contacts.customer.version
    newer = contact_changes(as_entry(contact), form.typed(contact.id)) if contact else []
    return written(form, contacts, contact, status=409, newer=newer)


def written(
    form: ContactForm, contacts: rules.Contacts, contact: Any = None, *, status: int = 200, newer: Any = ()
) -> Response:
    """The form of somebody new, or of the `contact`; `newer`: how it differs from what was saved meanwhile."""
    endpoint = "contacts.edit" if contact else "contacts.new"
    name = f"{as_entry(contact).named}, contact of" if contact else "New contact of"
    return page(
        "customers/contacts_form.html",
        ["edit"],
        status,
        form=form,
        customer=contacts.customer,
        lead=contacts.lead,
        contact=contact,
        newer=newer,
        here=url_for(endpoint, customer_id=contacts.customer.id, contact_id=contact.id if contact else None),
        base=url_for("contacts.listed", customer_id=contacts.customer.id),
        title=f"{name} {contacts.customer.name}",
    )


# --- from the list ------------------------------------------------------------------------------------


@blueprint.post("/<int:customer_id>/contacts/<int:contact_id>/remove")
@needs("customers.edit")
def remove(customer_id: int, contact_id: int) -> Response:
    try:
        gone = rules.remove_contact(g.who, customer_id, contact_id, version_seen())
    except Refused as refusal:
        return not_done(customer_id, refusal)
    return done(customer_id, f"{gone.named} is removed.")


@blueprint.post("/<int:customer_id>/contacts/<int:contact_id>/lead")
@needs("rfi.links")
def choose(customer_id: int, contact_id: int) -> Response:
    try:
        lead = rules.choose_lead(g.who, customer_id, contact_id, version_seen(), portal())
    except Refused as refusal:
        return not_done(customer_id, refusal)
    mailroom_jobs.nudge()
    return done(customer_id, f"{as_entry(lead).named} is the Implementation Lead, and is written to.")


def version_seen() -> int:
    form = ContactVersionForm()
    form.validate()
    return form.version.data or 0


def done(customer_id: int, said: str) -> Response:
    facts = list_facts(rules.contacts_of(g.who, customer_id))
    return saved(facts["base"], "customers/contacts.html", ["listed"], said, **facts)


def not_done(customer_id: int, refusal: Refused) -> Response:
    """The list as it is now, with the reason."""
    if isinstance(refusal, NotThere | MayNot | rules.StillAProspect):
        raise refusal
    meanwhile = isinstance(refusal, ChangedMeanwhile)
    sentence = "Someone changed these contacts meanwhile. Look at them again." if meanwhile else refusal.sentence
    return shown(rules.contacts_of(g.who, customer_id), 409 if meanwhile else 422, sentence)


def portal() -> str:
    return current_app.config["SETTINGS"].address
