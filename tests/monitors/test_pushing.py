"""Readings that scripts send: what is taken, what is refused, and what becomes of the state."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from blueprints.monitors import pushing, rules
from blueprints.monitors.maintenance import plan_maintenance
from data.customers import Customer
from data.history import History
from data.monitors import MonitorChange, Reading
from tests.monitors.watched import PUSHED, a_watched, again, push, standing, watch

AT = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nobody_counted_yet():
    for counted in (pushing.readings_of, pushing.wrong_of):
        counted.counts = {}


def marks(monitor):
    return Customer.get_by_id(monitor.customer_id).monitors


def test_takes_json_and_plain_text_and_says_the_state(app, world):
    monitor, token = a_watched(world)
    answer = push(app, token, {"value": 3, "oldest_seconds": 40, "state": "good", "message": "all well"})
    assert (answer.status_code, answer.json) == (200, {"state": "good", "new": True})
    assert push(app, token, "value=12").status_code == 200
    readings = [(r.value, r.oldest, r.level, r.message) for r in Reading.select().order_by(Reading.id)]
    assert readings == [(3, 40, "g", "all well"), (12, None, "w", "")]
    kept = again(monitor)
    assert (kept.state, kept.value, kept.recent, marks(monitor)) == ("good", 12, "gw", "3-g---")


def test_takes_what_curl_sends_as_a_form(app, world):
    monitor, token = a_watched(world)
    answer = app.test_client().post(f"/monitors/push/{token}", data={"value": "12", "oldest_seconds": "5"})
    assert answer.status_code == 200, answer.data
    assert (again(monitor).value, again(monitor).oldest) == (12, 5)


def test_leaves_the_session_and_the_form_token_alone(app, world):
    _, token = a_watched(world)
    answer = push(app, token)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_queue_that_fills_and_drains_turns_the_mark_red_and_green(app, world):
    monitor, token = a_watched(world)
    states = [push(app, token, f"value={value}").json["state"] for value in (1, 30, 30, 30, 1, 1)]
    assert states == ["good", "good", "problem", "problem", "problem", "good"]
    told = [(c.before, c.after, c.value, c.told_at) for c in MonitorChange.select().order_by(MonitorChange.id)]
    assert told == [("unknown", "good", 1, None), ("good", "problem", 30, None), ("problem", "good", 1, None)]
    change = MonitorChange.select().first()
    customer = Customer.get_by_id(monitor.customer_id)
    assert (change.customer_id, change.partner_id, change.service) == (
        customer.id,
        world.northstar.id,
        "outbound_queue",
    )


def test_what_goes_to_and_fro_tells_nobody(app, world):
    _, token = a_watched(world)
    for value in (1, 30) * 8:
        push(app, token, f"value={value}")
    assert MonitorChange.select().count() == 1


def test_the_same_key_again_is_one_reading(app, world):
    monitor, token = a_watched(world)
    first, second = (push(app, token, "value=30", key="run-1") for _ in range(2))
    assert (first.json["new"], second.json["new"]) == (True, False)
    assert second.status_code == 200
    assert (Reading.select().count(), again(monitor).recent) == (1, "p")
    _, others_token = a_watched(world)
    assert push(app, others_token, "value=30", key="run-1").json["new"], "keys are each monitor's own"


def test_unknown_revoked_foreign_and_of_those_who_left_are_not_told_apart(app, world):
    switched_off, off = a_watched(world)
    rules.switch_off(standing(world.technician), switched_off.customer_id, switched_off.service, switched_off.version)
    revoked, gone = a_watched(world)
    rules.revoke_token(standing(world.technician), revoked.customer_id, revoked.service, revoked.version)
    replaced, old = a_watched(world)
    rules.new_token(standing(world.technician), replaced.customer_id, replaced.service, replaced.version)
    past, left = a_watched(world)
    Customer.update(status="cancelled", shelf="past").where(Customer.id == past.customer_id).execute()
    answers = [push(app, token) for token in ("x", "a" * 43, "../../etc", off, gone, old, left, "\u202e" * 9)]
    alike = {(answer.status_code, answer.data) for answer in answers if answer.mimetype == "application/json"}
    assert len(alike) == 1
    assert {answer.status_code for answer in answers} == {404}
    assert not Reading.select().exists()


def test_guessing_is_bounded(app, world):
    _, token = a_watched(world)
    statuses = [push(app, "wrong").status_code for _ in range(pushing.WRONG_PER_MINUTE + 5)]
    assert statuses == [404] * pushing.WRONG_PER_MINUTE + [429] * 5
    assert push(app, "wrong").headers["Retry-After"] == "60"
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        assert push(app, token).status_code == 200


def test_a_flood_is_held_back_and_others_are_not(app, world):
    monitor, token = a_watched(world)
    _, others = a_watched(world)
    with time_machine.travel(AT, tick=False):
        statuses = [push(app, token).status_code for _ in range(pushing.PER_MINUTE + 10)]
        assert statuses == [200] * pushing.PER_MINUTE + [429] * 10
        assert push(app, others).status_code == 200
    assert Reading.select().where(Reading.monitor == monitor).count() == pushing.PER_MINUTE


@pytest.mark.parametrize(
    "body",
    [
        "",
        "value=",
        "value=NaN",
        "value=inf",
        "value=-1",
        "value=1e13",
        "value=twelve",
        "oldest_seconds=-5",
        "vaule=12",
        "state=fine",
        "{",
        "[1]",
        "null",
        "\x00",
        "value=1&at=yesterday",
        "value=1&at=2026-11-21T12:00:00",
        '{"value": NaN}',
        '{"value": -0.5}',
        '{"value": true}',
        '{"value": [1]}',
        '{"value": 1, "message": 7}',
        '{"value": 1, "state": ["good"]}',
        '{"value": ' + "9" * 400 + "}",
        "[" * 3_000,
        '{"value":' + "[" * 3_000,
    ],
)
def test_says_what_is_wrong_and_keeps_nothing(app, world, body):
    _, token = a_watched(world)
    answer = push(app, token, body)
    assert answer.status_code == 422, answer.data
    assert answer.json["error"]
    assert not Reading.select().exists()


def test_bytes_that_are_no_text_are_refused(app, world):
    _, token = a_watched(world)
    answer = app.test_client().post(f"/monitors/push/{token}", data=b"value=\xff\xfe")
    assert answer.status_code == 422


def test_more_than_4_kb_is_refused(app, world):
    _, token = a_watched(world)
    assert push(app, token, {"value": 1, "message": "x" * 4_096}).status_code == 413
    fits = {"value": 1, "message": "x" * 3_000}
    assert push(app, token, fits).status_code == 200
    assert Reading.get().message == "x" * 500, "what is longer than anybody reads is cut"


def test_times_are_taken_as_they_were_and_not_from_the_future(app, world):
    monitor, token = a_watched(world)
    with time_machine.travel(AT, tick=False):
        ahead = push(app, token, {"value": 1, "at": (AT + timedelta(minutes=3)).isoformat()})
        assert (ahead.status_code, ahead.json["error"]) == (422, "at lies in the future.")
        assert push(app, token, {"value": 1, "at": (AT - timedelta(days=8)).timestamp()}).status_code == 422
        assert push(app, token, {"value": 2, "at": "2026-11-21T12:01:00Z"}).status_code == 200
        assert again(monitor).read_at == AT, "a clock that is a little ahead is not believed"
        assert push(app, token, {"value": 99, "at": "2026-11-21T13:00:00+02:00"}).json["state"] == "good"
    late = Reading.get(Reading.value == 99)
    assert (late.at, late.level) == (datetime(2026, 11, 21, 11, tzinfo=UTC), "p")
    assert (again(monitor).value, again(monitor).recent) == (2, "g"), "what is late is kept, and changes nothing"


def test_text_that_harms_is_made_harmless(app, world, technician):
    monitor, token = a_watched(world)
    push(app, token, {"value": 1, "message": "<script>alert(1)</script>\x00\u202e"})
    page = technician.get(f"/customers/{monitor.customer_id}/monitors/outbound-queue")
    assert "<script>alert(1)" not in page.html
    assert "<script>alert(1)" in page.text


def test_only_posts_are_taken(app, world):
    _, token = a_watched(world)
    assert app.test_client().get(f"/monitors/push/{token}").status_code == 405


def test_the_token_is_kept_nowhere(app, world):
    monitor, token = a_watched(world)
    assert token not in json.dumps([again(monitor).__data__, [line.facts for line in History.select()]], default=str)
    assert len(again(monitor).token_hash) == 64


def test_in_maintenance_nothing_gets_worse_but_recovery_is_told(app, world):
    monitor, token = a_watched(world)
    who = standing(world.technician)
    with time_machine.travel(AT, tick=False) as clock:
        push(app, token, "value=1")
        plan_maintenance(who, monitor.customer_id, "", AT, AT + timedelta(hours=1), "Update", "UTC")
        assert [push(app, token, "value=30").json["state"] for _ in range(3)] == ["good"] * 3
        clock.shift(timedelta(hours=1, seconds=1))
        assert push(app, token, "value=30").json["state"] == "problem"
        plan_maintenance(who, monitor.customer_id, "outbound_queue", AT, AT + timedelta(hours=3), "Again", "UTC")
        assert [push(app, token, "value=1").json["state"] for _ in range(2)] == ["problem", "good"]


def test_two_services_of_one_customer_are_both_in_the_marks(app, world):
    monitor, token = a_watched(world)
    _, second = watch(world, Customer.get_by_id(monitor.customer_id), "journal_queue", PUSHED)
    push(app, token, "value=30")
    push(app, second, "value=11")
    assert marks(monitor) == "0-pw--"


def test_many_at_once_are_all_kept_and_what_is_wrong_harms_no_others(app, world):
    tokens = [a_watched(world)[1] for _ in range(4)]
    asked = [("wrong", "value=1"), (tokens[0], "value=NaN"), *((token, "value=1") for token in tokens * 10)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda one: push(app, *one).status_code, asked))
    assert statuses == [404, 422, *[200] * 40]
    assert Reading.select().count() == 40
