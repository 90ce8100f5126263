"""The monitors of a customer: what stands how, its past, setting up, tokens, and times of maintenance."""

from flask import Blueprint, Response, current_app, g, request

from blueprints.customers.rules import find_customer
from blueprints.monitors import jobs, maintenance, rules
from blueprints.monitors.forms import ALL, MaintenanceForm, MonitorForm
from blueprints.monitors.pages import (
    here_of,
    index_facts,
    kind_asked,
    service_of,
    settings_facts,
    show_facts,
    token_facts,
)
from blueprints.web.access import needs
from blueprints.web.fields import VersionedForm, status_of
from blueprints.web.page import gone_to, page
from blueprints.web.refusals import Refused

blueprint = Blueprint("monitors", __name__, url_prefix="/customers/<int:customer_id>/monitors")
INDEX, SHOW, SETTINGS, TOKEN = (f"monitors/{name}.html" for name in ("index", "show", "settings", "token"))


def portal() -> str:
    return current_app.config["SETTINGS"].address


@blueprint.get("")
@needs("customers.see")
def index(customer_id: int) -> Response:
    """The five services, and what maintenance is planned."""
    customer = find_customer(g.who, customer_id)
    return page(INDEX, ["monitors"], **index_facts(g.who, customer, MaintenanceForm(formdata=None)))


@blueprint.get("/<service>")
@needs("customers.see")
def show(customer_id: int, service: str) -> Response:
    """One of them: its value, its past as a chart and as a table, what changed."""
    customer = find_customer(g.who, customer_id)
    facts = show_facts(g.who, customer, service_of(service), request.args.get("period", ""))
    return page(SHOW, ["past"], **facts)


# --- setting up -----------------------------------------------------------------------------------------


@blueprint.get("/<service>/settings")
@needs("customers.edit")
def settings(customer_id: int, service: str) -> Response:
    customer = find_customer(g.who, customer_id, "customers.edit")
    name = service_of(service)
    monitor = rules.monitor_of(customer_id, name)
    kind = kind_asked(name, request.args.get("kind", ""), monitor)
    form = MonitorForm(formdata=None).of(kind).fill(monitor, kind)
    return page(SETTINGS, ["edit"], **settings_facts(customer, name, kind, form))


@blueprint.post("/<service>/settings")
@needs("customers.edit")
def save_settings(customer_id: int, service: str) -> Response:
    """Watch it so. Where that makes a token, the answer is the one page that shows it."""
    customer = find_customer(g.who, customer_id, "customers.edit")
    name = service_of(service)
    monitor = rules.monitor_of(customer_id, name)
    form = MonitorForm()
    kind = kind_asked(name, form.kind.data or "", monitor)
    form.of(kind)
    if not form.validate_for(monitor):
        return page(SETTINGS, ["edit"], 422, **settings_facts(customer, name, kind, form))
    try:
        monitor, token = rules.set_up(g.who, customer_id, name, form.wish(), form.version.data)
    except Refused as refusal:
        status = status_of(form, refusal)
        if status == 409:
            current = rules.monitor_of(customer_id, name)
            form.version.data = current.version if current else 0
        return page(SETTINGS, ["edit"], status, **settings_facts(customer, name, kind, form))
    if token:
        return page(TOKEN, ["edit"], said="It is set up.", **token_facts(customer, name, token, portal()))
    jobs.nudge()
    return gone_to(f"{here_of(customer_id)}/{service}", "Saved.")


@blueprint.post("/<service>/off")
@needs("customers.edit")
def switch_off(customer_id: int, service: str) -> Response:
    monitor = rules.switch_off(g.who, customer_id, service_of(service), version())
    return gone_to(here_of(customer_id), f"{rules.what_of(monitor.service)} is no longer watched.")


@blueprint.post("/<service>/token")
@needs("customers.edit")
def new_token(customer_id: int, service: str) -> Response:
    """The one page that shows it."""
    customer = find_customer(g.who, customer_id, "customers.edit")
    name = service_of(service)
    _, token = rules.new_token(g.who, customer_id, name, version())
    return page(TOKEN, ["edit"], said="The new token stands here once.", **token_facts(customer, name, token, portal()))


@blueprint.post("/<service>/token/revoke")
@needs("customers.edit")
def revoke_token(customer_id: int, service: str) -> Response:
    rules.revoke_token(g.who, customer_id, service_of(service), version())
    return gone_to(f"{here_of(customer_id)}/{service}", "The token is revoked: nothing is taken with it any more.")


@blueprint.post("/<service>/look")
@needs("customers.edit")
def look(customer_id: int, service: str) -> Response:
    rules.ask_to_look(g.who, customer_id, service_of(service))
    jobs.nudge()
    return gone_to(f"{here_of(customer_id)}/{service}", "The portal looks now. Open the page again in a moment.")


@blueprint.post("/<service>/accept")
@needs("customers.edit")
def accept(customer_id: int, service: str) -> Response:
    """The records as they are now are how they should be."""
    rules.accept_records(g.who, customer_id, service_of(service))
    jobs.nudge()
    return gone_to(f"{here_of(customer_id)}/{service}", "The records are remembered anew.")


def version() -> int:
    return VersionedForm().version.data or 0


# --- maintenance ----------------------------------------------------------------------------------------


@blueprint.post("/maintenance")
@needs("customers.edit")
def plan_maintenance(customer_id: int) -> Response:
    customer = find_customer(g.who, customer_id, "customers.edit")
    form = MaintenanceForm()
    facts = index_facts(g.who, customer, form)
    if not form.validate():
        return page(INDEX, ["monitors"], 422, **facts)
    zone = g.who.timezone
    service = "" if form.what.data == ALL else service_of(form.what.data)
    try:
        times = form.times(zone)
        maintenance.plan_maintenance(g.who, customer_id, service, *times, form.reason.data or "", zone)
    except Refused as refusal:
        return page(INDEX, ["monitors"], status_of(form, refusal), **facts)
    return gone_to(here_of(customer_id), "Maintenance is planned: nothing gets worse meanwhile, and nobody is told.")


@blueprint.post("/maintenance/<int:maintenance_id>/end")
@needs("customers.edit")
def end_maintenance(customer_id: int, maintenance_id: int) -> Response:
    maintenance.end_maintenance(g.who, customer_id, maintenance_id)
    return gone_to(here_of(customer_id), "The maintenance is ended.")
