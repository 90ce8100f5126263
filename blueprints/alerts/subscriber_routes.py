"""Who is told of alerts: of one customer, or of all customers of an MSP."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request, url_for
from flask_limiter import Limiter

from blueprints.alerts import jobs, subscribers
from blueprints.alerts.forms import PressForm, SubscriberForm
from blueprints.customers.rules import find_customer
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.partners.rules import find_partner, partners_for
from blueprints.web.access import needs
from blueprints.web.fields import status_of
from blueprints.web.page import gone_to, page
from blueprints.web.refusals import Refused

blueprint = Blueprint("subscribers", __name__)

NEW, ONE = "alerts/new_subscriber.html", "alerts/subscriber.html"
MOST_PARTNERS = 50  # shown at once, to operators
MOST_LOOKS = 30  # how often a page looks again by itself


def limit(app: Flask, limiter: Limiter) -> None:
    """A test goes to any address, so it must not become a way to bother people."""
    by_person = limiter.limit("20 per hour", key_func=lambda: f"alert-test-{g.who.id}")
    views: dict[str, Any] = app.view_functions
    views["subscribers.try_out"] = by_person(views["subscribers.try_out"])


# --- of a whole MSP -----------------------------------------------------------------------------------


@blueprint.get("/alerts/subscribers/")
@needs("alerts.edit")
def index() -> Response:
    """Who is told of all customers of an MSP."""
    partners = partners_for(g.who, subscribers.OF_MSP)[:MOST_PARTNERS]
    return page(
        "alerts/subscribers.html",
        ["found"],
        partners=partners,
        told=subscribers.of_partners(partners),
        level_names=subscribers.LEVELS,
    )


@blueprint.get("/partner/<int:partner_id>/subscribers/new")
@needs("alerts.edit")
def new_for_partner(partner_id: int) -> Response:
    return over_partner(partner_id, SubscriberForm(formdata=None))


def over_partner(partner_id: int, form: SubscriberForm, status: int = 200) -> Response:
    partner = find_partner(g.who, partner_id, subscribers.OF_MSP)
    return page(
        NEW,
        ["typing"],
        status,
        form=form,
        over=partner.name,
        whole=True,
        here=url_for("subscribers.add_for_partner", partner_id=partner_id),
        back=url_for("subscribers.index"),
    )


@blueprint.post("/partner/<int:partner_id>/subscribers/new")
@needs("alerts.edit")
def add_for_partner(partner_id: int) -> Response:
    return added(partial(subscribers.add_for_partner, g.who, partner_id), partial(over_partner, partner_id))


# --- of one customer ----------------------------------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/subscribers/new")
@needs("customers.edit")
def new_for_customer(customer_id: int) -> Response:
    return over_customer(customer_id, SubscriberForm(formdata=None))


def over_customer(customer_id: int, form: SubscriberForm, status: int = 200) -> Response:
    customer = find_customer(g.who, customer_id, subscribers.OF_CUSTOMER)
    return page(
        NEW,
        ["typing"],
        status,
        form=form,
        over=customer.name,
        whole=False,
        here=url_for("subscribers.add_for_customer", customer_id=customer_id),
        back=url_for("alerts.of_customer", customer_id=customer_id),
    )


@blueprint.post("/customers/<int:customer_id>/subscribers/new")
@needs("customers.edit")
def add_for_customer(customer_id: int) -> Response:
    return added(partial(subscribers.add_for_customer, g.who, customer_id), partial(over_customer, customer_id))


def added(add: Callable[[subscribers.Entry], Any], typing: Callable[[SubscriberForm, int], Response]) -> Response:
    """Add who was typed; or the page to type it on, with what is wrong."""
    form = SubscriberForm()
    if not form.validate():
        return typing(form, 422)
    try:
        subscriber = add(form.entry())
    except Refused as refusal:
        return typing(form, status_of(form, refusal))
    return gone_to(url_for("subscribers.show", subscriber_id=subscriber.id), f"{subscriber.name} is told from now on.")


# --- one of them --------------------------------------------------------------------------------------


@blueprint.get("/alerts/subscribers/<int:subscriber_id>")
@needs("customers.edit")
def show(subscriber_id: int) -> Response:
    return shown(subscriber_id)


def shown(
    subscriber_id: int, form: SubscriberForm | None = None, status: int = 200, said: str = "", key: str = ""
) -> Response:
    """The form; below it the webhook's `key`, where that was asked for, and what became of messages to it."""
    subscriber = subscribers.find_subscriber(g.who, subscriber_id)
    deliveries = subscribers.deliveries_of(subscriber)
    moving = any(each.state == "sending" or (each.state == "waiting" and not each.tries) for each in deliveries)
    looks = request.args.get("looks", "0")
    looked = int(looks) if looks.isascii() and looks.isdigit() and len(looks) < 4 else MOST_LOOKS
    look = url_for("subscribers.show", subscriber_id=subscriber_id, looks=looked + 1)
    return page(
        ONE,
        ["deliveries" if request.args.get("part") == "deliveries" else "key" if key else "typing"],
        status,
        said,
        subscriber=subscriber,
        form=form or SubscriberForm.of(subscriber),
        key=key,
        deliveries=deliveries,
        look=f"{look}&part=deliveries" if moving and looked < MOST_LOOKS else "",
        back=back_from(subscriber),
        over=subscriber.customer.name if subscriber.customer_id else subscriber.partner.name,
        whole=subscriber.customer_id is None,
    )


def back_from(subscriber: Any) -> str:
    if subscriber.customer_id is None:
        return url_for("subscribers.index")
    return url_for("alerts.of_customer", customer_id=subscriber.customer_id)


@blueprint.post("/alerts/subscribers/<int:subscriber_id>")
@needs("customers.edit")
def save(subscriber_id: int) -> Response:
    form = SubscriberForm()
    if not form.validate():
        return shown(subscriber_id, form, 422)
    try:
        saved = subscribers.change(g.who, subscriber_id, form.version.data or 0, form.entry())
    except Refused as refusal:
        status = status_of(form, refusal)
        if status == 409:
            form.version.data = subscribers.find_subscriber(g.who, subscriber_id).version
        return shown(subscriber_id, form, status, refusal.sentence)
    return gone_to(url_for("subscribers.show", subscriber_id=subscriber_id), f"{saved.name}: saved.")


@blueprint.post("/alerts/subscribers/<int:subscriber_id>/remove")
@needs("customers.edit")
def remove(subscriber_id: int) -> Response:
    PressForm().validate()
    removed = subscribers.remove(g.who, subscriber_id)
    return gone_to(back_from(removed), f"{removed.name} is told nothing any more.")


@blueprint.post("/alerts/subscribers/<int:subscriber_id>/try-out")
@needs("customers.edit")
def try_out(subscriber_id: int) -> Response:
    PressForm().validate()
    subscribers.try_out(g.who, subscriber_id, current_app.config["SETTINGS"].address)
    mailroom_jobs.nudge()
    jobs.nudge()
    return gone_to(url_for("subscribers.show", subscriber_id=subscriber_id), "A test is on its way.")


@blueprint.post("/alerts/subscribers/<int:subscriber_id>/key")
@needs("customers.edit")
def show_key(subscriber_id: int) -> Response:
    """Answered at once and kept nowhere: the key stands on this page alone."""
    PressForm().validate()
    return shown(subscriber_id, key=subscribers.show_key(g.who, subscriber_id), said="The key stands below.")


@blueprint.post("/alerts/subscribers/<int:subscriber_id>/new-key")
@needs("customers.edit")
def change_key(subscriber_id: int) -> Response:
    PressForm().validate()
    return shown(subscriber_id, key=subscribers.change_key(g.who, subscriber_id), said="The new key stands below.")
