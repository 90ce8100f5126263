"""Messages to a program at an https address: signed, one after the other, tried again, given up; a real receiver."""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from blueprints.alerts import deliveries
from blueprints.customers.sealing import seal
from blueprints.gateways import bounds
from data.alerts import Subscriber, WebhookDelivery
from data.emails import Email
from data.history import History, sentence
from data.moments import now
from tests.alerts.alerting import KEY, Clock, a_monitor, a_subscriber, becomes, complete, post, work
from tests.alerts.conftest import Receiver
from tests.factories import World
from tests.services.misbehaving import Manner, closes, drips, floods, hangs, says

HOOK = "https://hooks.msp.example/quayside?room=7"


@pytest.fixture
def subscriber(world: World) -> Subscriber:
    return a_subscriber(complete(world, "Acme Corp"), "Robot", email="", webhook=HOOK)


def queued(subscriber: Subscriber, body: str = '{"kind":"test"}') -> WebhookDelivery:
    return WebhookDelivery.create(subscriber=subscriber, body=body, not_before=now(), created_at=now())


def again(delivery: WebhookDelivery) -> WebhookDelivery:
    return WebhookDelivery.get_by_id(delivery.id)


def verifier() -> Callable[[str, str, bytes], bool]:
    """The one that docs/alerts.md hands to receivers."""
    text = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
    made: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], made)  # noqa: S102 - our own example, as it stands there
    return made["comes_from_the_portal"]


def signed_rightly(receiver: Receiver, place: int = -1, key: str = KEY) -> bool:
    return verifier()(key, receiver.heads[place]["Quayside-Signature"], receiver.bodies[place])


def test_a_program_is_told_of_alert_and_recovery_and_can_tell_who_says_so(
    clock: Clock, subscriber: Subscriber, receiver: Receiver
) -> None:
    monitor = a_monitor(subscriber.customer)
    becomes(monitor, "problem")
    work()
    clock.on(minutes=1)
    work()
    post()
    assert receiver.asked == ["POST /quayside?room=7 HTTP/1.1"]
    assert receiver.heads[0]["Host"] == "hooks.msp.example"
    assert receiver.heads[0]["Content-Type"] == "application/json"
    assert signed_rightly(receiver)
    assert not signed_rightly(receiver, key="another key")
    signature, body = receiver.heads[0]["Quayside-Signature"], receiver.bodies[0]
    assert not verifier()(KEY, signature, body.replace(b"problem", b"good"))
    clock.on(minutes=6)
    assert not verifier()(KEY, signature, body), "a message that is sent again by somebody else, later"
    clock.on(minutes=-6)
    told = receiver.messages[0]
    assert told["kind"] == "alerts"
    assert [(each["told"], each["customer"]["name"], each["service"], each["state"]) for each in told["alerts"]] == [
        ("alert", "Acme Corp", "outbound_queue", "problem")
    ]
    assert told["acknowledge"].startswith("https://portal.example/alerts/acknowledge/")
    becomes(monitor, "good")
    clock.on(minutes=6)
    work()
    clock.on(minutes=1)
    work()
    post()
    assert [(each["told"], each["state"]) for each in receiver.messages[1]["alerts"]] == [("recovery", "good")]
    assert receiver.messages[1]["acknowledge"] == ""
    assert [each.state for each in WebhookDelivery.select()] == ["sent", "sent"]


@pytest.mark.parametrize("answer", ["500 Broken", "404 Not Found", "429 Too Many Requests"])
def test_tries_again_later_and_then_in_order(
    clock: Clock, subscriber: Subscriber, receiver: Receiver, answer: str
) -> None:
    receiver.answer = answer
    first, second = queued(subscriber, '{"n":1}'), queued(subscriber, '{"n":2}')
    post()
    assert [each["n"] for each in receiver.messages] == [1], "the second one waits for the first"
    assert again(first).answer == f"hooks.msp.example answered {answer[:3]}."
    assert again(first).not_before == clock.at + timedelta(minutes=1)
    receiver.answer = "200 OK"
    post()
    assert len(receiver.bodies) == 1, "not before its time"
    clock.on(minutes=1)
    post()
    assert [each["n"] for each in receiver.messages] == [1, 1, 2]
    assert receiver.heads[0]["Quayside-Delivery"] == receiver.heads[1]["Quayside-Delivery"] == str(first.id)
    assert {again(first).state, again(second).state} == {"sent"}
    assert Subscriber.get_by_id(subscriber.id).failing_since is None


def test_a_redirect_is_not_followed(clock: Clock, subscriber: Subscriber, receiver: Receiver) -> None:
    receiver.answer, receiver.more = "307 Elsewhere", "Location: https://hooks.msp.example/other\r\n"
    delivery = queued(subscriber)
    post()
    assert len(receiver.asked) == 1
    assert again(delivery).state == "waiting"
    assert again(delivery).answer == "hooks.msp.example answered 307: it points elsewhere, which is not followed."


def test_a_private_address_is_not_asked(clock: Clock, subscriber: Subscriber, receiver: Receiver) -> None:
    subscriber.webhook = "https://inside.msp.example/"
    subscriber.save()
    delivery = queued(subscriber)
    post()
    assert "is private (RFC 1918)" in again(delivery).answer
    assert again(delivery).state == "waiting"


def test_says_nothing_to_a_server_that_is_not_the_one_meant(
    clock: Clock, subscriber: Subscriber, receiver: Receiver
) -> None:
    before = bounds.installed()
    bounds.install(replace(before, trusted=""))
    try:
        delivery = queued(subscriber)
        post()
    finally:
        bounds.install(before)
    assert receiver.bodies == []
    assert "certificate is not trusted" in again(delivery).answer


@pytest.mark.parametrize(
    "manner",
    [hangs, closes, drips(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000), floods(b"x" * 64), says(b"garbage\r\n\r\n")],
    ids=["hangs", "closes", "drips", "floods", "garbage"],
)
def test_a_slow_or_odd_target_is_left_in_time(subscriber: Subscriber, receiver: Receiver, manner: Manner) -> None:
    receiver.manner = manner
    delivery = queued(subscriber)
    begun = time.monotonic()
    post()
    assert time.monotonic() - begun < 8
    assert again(delivery).state == "waiting"
    assert again(delivery).answer


def test_a_target_that_fails_for_days_is_given_up_and_somebody_is_told(
    world: World, clock: Clock, subscriber: Subscriber, receiver: Receiver
) -> None:
    receiver.answer = "503 Busy"
    delivery = queued(subscriber)
    for _ in range(71):
        post()
        clock.on(hours=1)
    assert again(delivery).state == "waiting"
    tries = len(receiver.asked)
    assert tries < 25
    for _ in range(8):
        queued(subscriber)
        post()
        clock.on(hours=1)
    assert {each.state for each in WebhookDelivery.select().where(WebhookDelivery.created_at < clock.at)} == {"failed"}
    off = Subscriber.get_by_id(subscriber.id)
    assert off.off_at is not None
    assert off.off_reason == "hooks.msp.example answered 503."
    line = History.get(History.kind == "alert.webhook_given_up")
    assert sentence(line) == "Webhook of Robot switched off: hooks.msp.example answered 503."
    letter = Email.get(Email.kind == "alert_webhook_off")
    assert letter.to_email == world.admin.email
    asked = len(receiver.asked)
    becomes(a_monitor(subscriber.customer), "problem")
    work()
    clock.on(minutes=1)
    work()
    post()
    assert len(receiver.asked) == asked, "nothing more goes there"


def test_gone_is_gone_at_once(clock: Clock, subscriber: Subscriber, receiver: Receiver) -> None:
    receiver.answer = "410 Gone"
    delivery = queued(subscriber)
    post()
    assert again(delivery).state == "failed"
    assert Subscriber.get_by_id(subscriber.id).off_at is not None


def test_one_that_fails_holds_up_no_other(
    world: World, clock: Clock, subscriber: Subscriber, receiver: Receiver
) -> None:
    other = a_subscriber(complete(world), "Private", email="", webhook="https://inside.msp.example/")
    bad, good = queued(other), queued(subscriber)
    post()
    assert (again(bad).state, again(good).state) == ("waiting", "sent")


def test_what_a_lost_worker_had_is_sent_again_with_its_id(
    clock: Clock, subscriber: Subscriber, receiver: Receiver
) -> None:
    delivery = queued(subscriber)
    assert deliveries.claim(delivery.id)
    assert deliveries.claim(delivery.id) is None, "one worker has it"
    post()
    assert receiver.bodies == []
    clock.on(minutes=6)
    post()
    assert receiver.heads[0]["Quayside-Delivery"] == str(delivery.id)
    assert again(delivery).tries == 2


def test_a_removed_subscriber_gets_nothing_that_waited(
    clock: Clock, subscriber: Subscriber, receiver: Receiver
) -> None:
    delivery = queued(subscriber)
    subscriber.removed_at = clock.at
    subscriber.save()
    post()
    assert receiver.bodies == []
    assert again(delivery).state == "failed"


def test_a_key_that_cannot_be_opened_is_said_and_nothing_unsigned_is_sent(
    clock: Clock, subscriber: Subscriber, receiver: Receiver
) -> None:
    subscriber.sealed = seal(KEY)[:-4] + "AAAA"
    subscriber.save()
    delivery = queued(subscriber)
    post()
    assert receiver.bodies == []
    assert "cannot be opened" in again(delivery).answer


def test_the_signature_is_as_documented() -> None:
    body = b'{"kind":"test"}'
    due = hmac.new(b"key", b"1790000000." + body, hashlib.sha256).hexdigest()
    assert deliveries.signature("key", body, 1_790_000_000) == f"t=1790000000,v1={due}"
