"""The worker of plans: what the settings tell it, when it wakes, and whom it reminds."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
import time_machine
from flask import Flask

from app import bounds_of
from blueprints.gateways import mail
from blueprints.gateways.bounds import Bounds, Limits, installed
from blueprints.gateways.queue import queue
from blueprints.plans import jobs
from blueprints.web.settings import Settings
from data.emails import Email
from data.moments import now
from tests.factories import World
from tests.plans.planned import a_plan, finish


def test_the_settings_say_how_far_checks_may_go(portal: Flask) -> None:
    settings = Settings(
        quayside_home=portal.config["SETTINGS"].quayside_home,
        database_url="",
        secret_key="",
        sealing_key="",
        dns_servers=("192.0.2.53",),
        allowed_networks=(ip_network("10.0.0.0/8"),),
        trusted_certificates="/authorities.pem",
        ehlo_name="portal.example",
    )
    assert bounds_of(settings) == Bounds(
        ("192.0.2.53",), (ip_network("10.0.0.0/8"),), "/authorities.pem", "portal.example"
    )


def test_nothing_private_is_allowed_and_a_check_takes_a_minute_unless_they_say_otherwise(portal: Flask) -> None:
    assert installed() == Bounds()
    assert (Limits().step, Limits().whole) == (10, 60)


def test_the_worker_wakes_each_minute_and_reminds_each_hour() -> None:
    periodic = {task.name for task in queue._registry.periodic_tasks}
    assert {"check_due", "remind"} <= periodic


def test_letters_begin_where_the_portal_is(portal: Flask) -> None:
    assert jobs.portal == portal.config["SETTINGS"].address


@pytest.mark.parametrize("can_send", [True, False])
def test_people_are_reminded_when_letters_can_be_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, can_send: bool
) -> None:
    plan = a_plan(world)
    finish(world, plan, "configure", "review")
    monkeypatch.setattr(mail, "configured", lambda: can_send)
    with time_machine.travel(now() + timedelta(days=8)):
        jobs.remind.call_local()
    letters = [letter.to_email for letter in Email.select().where(Email.kind == "plan_reminder_customer")]
    assert bool(letters) == can_send
    if can_send:
        assert Email.get().text.count(f"{jobs.portal}/welcome/") == 1
