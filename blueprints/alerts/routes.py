"""Alerts: all of them, those of one customer, one of them; acknowledged here, or by the link of a message."""

from typing import Any

from flask import Blueprint, Flask, Response, g, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_limiter import Limiter

from blueprints.alerts import acknowledging, finding, jobs, subscribers
from blueprints.alerts.acknowledging import AcknowledgedAlready, Over
from blueprints.alerts.forms import AcknowledgeForm
from blueprints.customers.rules import find_customer, may_on
from blueprints.web.access import needs, open_to_all
from blueprints.web.fields import refuse, tidy, whole_id
from blueprints.web.page import gone_to, page

blueprint = Blueprint("alerts", __name__)

ONE, LINK = "alerts/alert.html", "alerts/link.html"
BY_LINK = "who is told of alerts may have no account; the link of the message acknowledges"
LONGEST_SEARCH = 100


@blueprint.record_once
def prepare(state: BlueprintSetupState) -> None:
    """Tells the worker what links begin with."""
    jobs.links_begin_with(state.app.config["SETTINGS"].address)


def limit(app: Flask, limiter: Limiter) -> None:
    """Tokens are too long to guess; trying is slow all the same."""
    for endpoint in ("alerts.link", "alerts.acknowledge_by_link"):
        app.view_functions[endpoint] = limiter.limit("60 per minute")(app.view_functions[endpoint])


# --- lists --------------------------------------------------------------------------------------------


@blueprint.get("/alerts/")
@needs("customers.see")
def index() -> Response:
    """Every alert of the customers this person sees, newest first: the open ones, or all."""
    shown = "all" if request.args.get("shown") == "all" else "open"
    words = (tidy(request.args.get("q", "")) or "").replace("\x00", "")[:LONGEST_SEARCH]
    before = whole_id(request.args.get("before", ""))
    found = finding.find_alerts(g.who, shown=shown, words=words, before=before)
    asked = {name: value for name, value in (("shown", "all" if shown == "all" else ""), ("q", words)) if value}
    return page(
        "alerts/list.html",
        ["found"],
        said=told_how_many(found, shown),
        found=found,
        shown=shown,
        words=words,
        newest=not before,
        here=url_for("alerts.index"),
        first=url_for("alerts.index", **asked),
        older=url_for("alerts.index", **asked, before=found.older) if found.older else None,
        tabs=tabs_of(shown, words),
        service_names=subscribers.SERVICES,
        may_manage=g.who.may(subscribers.OF_MSP),
    )


def told_how_many(found: finding.Found, shown: str) -> str:
    many = len(found.alerts)
    word = "open alert" if shown == "open" else "alert"
    return f"{many}{' or more' if found.older else ''} {word}{'' if many == 1 else 's'}"


def tabs_of(shown: str, words: str) -> list[dict[str, Any]]:
    asked = {"q": words} if words else {}
    return [
        {"label": "Open", "href": url_for("alerts.index", **asked), "current": shown == "open"},
        {"label": "All of 90 days", "href": url_for("alerts.index", **asked, shown="all"), "current": shown == "all"},
    ]


@blueprint.get("/customers/<int:customer_id>/alerts")
@needs("customers.see")
def of_customer(customer_id: int) -> Response:
    """The alerts of one customer, and who is told of them."""
    customer = find_customer(g.who, customer_id)
    before = whole_id(request.args.get("before", ""))
    found = finding.alerts_of(customer, before)
    here = url_for("alerts.of_customer", customer_id=customer.id)
    return page(
        "alerts/customer.html",
        ["found"],
        customer=customer,
        found=found,
        newest=not before,
        first=here,
        older=f"{here}?before={found.older}" if found.older else None,
        service_names=subscribers.SERVICES,
        level_names=subscribers.LEVELS,
        told=subscribers.of_customer(customer),
        may_edit=may_on(g.who, customer, subscribers.OF_CUSTOMER),
        may_edit_msp=g.who.may_for_partner(subscribers.OF_MSP, customer.partner_id),
    )


# --- one of them --------------------------------------------------------------------------------------


@blueprint.get("/alerts/<int:alert_id>")
@needs("customers.see")
def alert(alert_id: int) -> Response:
    return shown_alert(alert_id)


def shown_alert(alert_id: int, form: AcknowledgeForm | None = None, status: int = 200, said: str = "") -> Response:
    found = finding.find_alert(g.who, alert_id)
    return page(
        ONE,
        ["standing"],
        status,
        said,
        alert=found,
        customer=found.customer,
        service=subscribers.SERVICES[found.service],
        told=finding.told_about(found),
        kind_names=finding.KIND_NAMES,
        form=form or AcknowledgeForm(formdata=None),
        may_edit=may_on(g.who, found.customer, "customers.edit"),
    )


@blueprint.post("/alerts/<int:alert_id>/acknowledge")
@needs("customers.edit")
def acknowledge(alert_id: int) -> Response:
    form = AcknowledgeForm()
    if not form.validate():
        return shown_alert(alert_id, form, 422)
    try:
        acknowledging.acknowledge(g.who, alert_id, form.remark.data or "")
    except (Over, AcknowledgedAlready) as refusal:
        refuse(form, "", refusal.sentence)
        return shown_alert(alert_id, form, 409, refusal.sentence)
    return gone_to(url_for("alerts.alert", alert_id=alert_id), "Acknowledged. Nobody is told again until it is over.")


# --- by the link of a message -------------------------------------------------------------------------


@blueprint.get("/alerts/acknowledge/<token>")
@open_to_all(BY_LINK)
def link(token: str) -> Response:
    """Looking changes nothing: mail programs look at links by themselves."""
    return linked(token)


def linked(token: str, form: AcknowledgeForm | None = None, status: int = 200, said: str = "") -> Response:
    found = acknowledging.by_link(token)
    return page(
        LINK,
        ["acknowledging"],
        status,
        said,
        linked=found,
        service_names=subscribers.SERVICES,
        form=form or AcknowledgeForm(formdata=None),
        here=url_for("alerts.acknowledge_by_link", token=token),
    )


@blueprint.post("/alerts/acknowledge/<token>")
@open_to_all(BY_LINK)
def acknowledge_by_link(token: str) -> Response:
    form = AcknowledgeForm()
    if not form.validate():
        return linked(token, form, 422)
    count = acknowledging.acknowledge_by_link(token, form.remark.data or "")
    if not count:
        refuse(form, "", "Nothing of this is left to acknowledge: others were quicker, or it is over.")
        return linked(token, form, 409)
    many = "1 alert" if count == 1 else f"{count} alerts"
    return gone_to(url_for("alerts.link", token=token), f"{many} acknowledged. Nobody is told again until it is over.")
