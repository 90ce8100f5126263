"""From a monitor that changes to a letter in somebody's mailbox: told once, escalated, told that it is over."""

from datetime import timedelta

import pytest
from flask import Flask

from blueprints.accounts.standing import standing_of
from blueprints.alerts import counting, jobs, messages, raising
from blueprints.alerts.acknowledging import acknowledge
from data.alerts import Alert, AlertMessage, AlertNotice
from data.customers import Customer
from data.emails import Email
from data.history import History, sentence
from data.monitors import MonitorChange
from tests.alerts.alerting import Clock, a_monitor, a_subscriber, becomes, complete, work
from tests.factories import World, a_customer
from tests.services import SmtpSink


def subjects(sink: SmtpSink) -> list[str]:
    return [str(each.email["Subject"]) for each in sink.received]


def told_in_history(customer: Customer) -> list[str]:
    lines = History.select().where((History.customer_id == customer.id) & History.kind.startswith("alert."))
    return [sentence(line) for line in lines.order_by(History.id)]


def test_one_alert_one_escalation_one_recovery(world: World, clock: Clock, sink: SmtpSink) -> None:
    customer = complete(world, "Acme Corp")
    a_subscriber(customer, "Night shift")
    a_subscriber(world.northstar, "The boss", level="escalation")
    monitor = a_monitor(customer)
    becomes(monitor, "problem")
    work()
    assert sink.received == [], "it waits a moment for more to come"
    clock.on(minutes=1)
    work()
    assert subjects(sink) == ["Acme Corp: Outbound queue, problem"]
    assert sink.received[0].recipients == ("night.shift@msp.example",)
    assert "137 letters wait" in sink.received[0].email.get_body(("plain",)).get_content()
    for _ in range(74):
        clock.on(minutes=1)
        work()
    assert len(sink.received) == 1
    for _ in range(3):
        clock.on(minutes=1)
        work()
    assert subjects(sink)[1:] == ["Acme Corp: Outbound queue, nobody has reacted, problem"]
    assert sink.received[1].recipients == ("the.boss@msp.example",)
    becomes(monitor, "good", "")
    for _ in range(8):
        clock.on(minutes=1)
        work()
    assert sorted(subjects(sink)[2:]) == ["Acme Corp: Outbound queue, good again, after 1 h 18 min"] * 2
    assert {each.recipients for each in sink.received[2:]} == {("night.shift@msp.example",), ("the.boss@msp.example",)}
    assert told_in_history(customer) == [
        "Outbound queue: problem, alert raised",
        "Outbound queue: 5 alerts without reaction, others are told",
        "Outbound queue: good again",
    ]


def test_a_hundred_customers_failing_at_once_are_one_letter_to_each(world: World, clock: Clock, sink: SmtpSink) -> None:
    a_subscriber(world.northstar, "Night shift")
    a_subscriber(world.northstar, "Day shift")
    monitors = [a_monitor(complete(world, f"Company {n:03}")) for n in range(100)]
    for monitor in monitors:
        becomes(monitor, "problem")
    work()
    for _ in range(5):
        clock.on(minutes=1)
        work()
    assert subjects(sink) == ["100 new alerts, at 100 customers"] * 2
    text = sink.received[0].email.get_body(("plain",)).get_content()
    assert "Company 000" in text
    assert "And 50 more:" in text
    for monitor in monitors:
        becomes(monitor, "good")
    clock.on(minutes=6)
    work()
    clock.on(minutes=1)
    work()
    assert subjects(sink)[2:] == ["100 over, at 100 customers"] * 2


def test_a_storm_that_lasts_is_a_letter_each_five_minutes(world: World, clock: Clock, sink: SmtpSink) -> None:
    a_subscriber(world.northstar)
    for _ in range(20):
        becomes(a_monitor(complete(world)), "problem")
        work()
        clock.on(minutes=1)
    assert len(sink.received) == 4


def test_what_was_over_before_anybody_was_told_stays_in_the_list_alone(
    world: World, clock: Clock, sink: SmtpSink
) -> None:
    customer = complete(world)
    a_subscriber(customer)
    monitor = a_monitor(customer)
    becomes(monitor, "problem")
    becomes(monitor, "good")
    for _ in range(8):
        work()
        clock.on(minutes=1)
    assert sink.received == []
    assert Alert.get().ended_as == "good"
    assert AlertNotice.select().count() == 0


@pytest.mark.parametrize(
    ("state", "how", "told"),
    [
        ("problem", {}, True),
        ("warning", {}, False),
        ("warning", {"warnings": True}, True),
        ("unknown", {}, True),
        ("unknown", {"silence": False}, False),
        ("problem", {"services": ["inbound_queue"]}, False),
    ],
)
def test_tells_of_what_somebody_wants_to_know(
    world: World, clock: Clock, sink: SmtpSink, state: str, how: dict, told: bool
) -> None:
    customer = complete(world)
    a_subscriber(customer, **how)
    becomes(a_monitor(customer), state)
    work()
    clock.on(minutes=1)
    work()
    assert len(sink.received) == told


def test_a_warning_that_becomes_a_problem_tells_everybody(world: World, clock: Clock, sink: SmtpSink) -> None:
    customer = complete(world, "Acme Corp")
    early = a_subscriber(customer, "Early", warnings=True)
    a_subscriber(customer, "Late")
    monitor = a_monitor(customer)
    becomes(monitor, "warning")
    work()
    clock.on(minutes=1)
    work()
    assert [each.recipients for each in sink.received] == [("early@msp.example",)]
    acknowledge(standing_of(world.admin), Alert.get().id, "")
    becomes(monitor, "problem")
    clock.on(minutes=6)
    work()
    clock.on(minutes=1)
    work()
    assert sorted(subjects(sink)[1:]) == [
        "Acme Corp: Outbound queue, now problem",
        "Acme Corp: Outbound queue, problem",
    ]
    assert Alert.get().acknowledged_at is None, "whoever acknowledged the warning saw less"
    assert AlertNotice.select().where(AlertNotice.subscriber == early).count() == 2


def test_again_and_again_for_whoever_wants_it_until_somebody_acknowledges(
    world: World, clock: Clock, sink: SmtpSink
) -> None:
    customer = complete(world, "Acme Corp")
    a_subscriber(customer, again=True)
    becomes(a_monitor(customer), "problem")
    for _ in range(33):
        work()
        clock.on(minutes=1)
    assert subjects(sink) == [
        "Acme Corp: Outbound queue, problem",
        "Acme Corp: Outbound queue, still problem",
        "Acme Corp: Outbound queue, still problem",
    ]
    acknowledge(standing_of(world.admin), Alert.get().id, "")
    for _ in range(120):
        work()
        clock.on(minutes=1)
    assert len(sink.received) == 3
    assert Alert.get().escalated_at is None


def test_both_addresses_get_the_same(world: World, clock: Clock, sink: SmtpSink) -> None:
    customer = complete(world)
    a_subscriber(customer, alternative="sven@elsewhere.example")
    becomes(a_monitor(customer), "problem")
    work()
    clock.on(minutes=1)
    work()
    assert sorted(each.recipients[0] for each in sink.received) == ["night.shift@msp.example", "sven@elsewhere.example"]
    assert len({each.email.get_body(("plain",)).get_content() for each in sink.received}) == 1


def test_a_monitor_switched_off_ends_its_alert(world: World, clock: Clock, sink: SmtpSink) -> None:
    customer = complete(world, "Acme Corp")
    a_subscriber(customer)
    monitor = a_monitor(customer)
    becomes(monitor, "problem")
    work()
    clock.on(minutes=1)
    work()
    becomes(monitor, "off", "")
    clock.on(minutes=6)
    work()
    clock.on(minutes=1)
    work()
    assert subjects(sink)[1:] == ["Acme Corp: Outbound queue, not watched any more, after 1 min"]


def test_a_customer_who_left_is_not_counted_on(world: World, clock: Clock) -> None:
    customer = a_customer(world.northstar, status="cancelled")
    becomes(a_monitor(customer), "problem")
    work()
    clock.on(minutes=16)
    work()
    assert Alert.get().ended_as == "stopped"


def test_nobody_of_another_msp_or_removed_is_told(world: World, clock: Clock, sink: SmtpSink) -> None:
    customer = complete(world)
    a_subscriber(world.harbour)
    a_subscriber(complete(world), "Of another customer")
    gone = a_subscriber(customer, "Gone")
    becomes(a_monitor(customer), "problem")
    work()
    gone.removed_at = clock.at
    gone.save()
    clock.on(minutes=1)
    work()
    assert sink.received == []
    assert AlertNotice.select().count() == 0


def test_a_clock_that_jumps_back_holds_nothing_up(world: World, clock: Clock, sink: SmtpSink) -> None:
    customer = complete(world)
    a_subscriber(customer)
    monitor = a_monitor(customer)
    clock.on(days=400)
    becomes(monitor, "problem")
    work()
    clock.on(minutes=1)
    work()
    clock.on(days=-400)
    becomes(monitor, "good")
    work()
    clock.on(minutes=1)
    work()
    assert len(sink.received) == 2
    alert = Alert.get()
    assert alert.ended_at >= alert.opened_at
    becomes(monitor, "problem")
    work()
    second = Alert.select().order_by(Alert.id.desc()).first()
    second.next_at = clock.at + timedelta(days=400)
    second.save()
    counting.count_due()
    assert Alert.get_by_id(second.id).next_at <= clock.at + timedelta(minutes=15)


def test_taking_up_twice_tells_once(world: World, clock: Clock) -> None:
    customer = complete(world)
    a_subscriber(customer)
    becomes(a_monitor(customer), "problem")
    assert raising.take_up_changes() == 1
    assert raising.take_up_changes() == 0
    assert MonitorChange.get().told_at is not None
    clock.on(minutes=1)
    assert messages.write_due("https://portal.example") == 1
    assert messages.write_due("https://portal.example") == 0
    assert (AlertMessage.select().count(), Email.select().count()) == (1, 1)


def test_a_crash_while_a_message_is_written_leaves_nothing_half_done(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = complete(world)
    a_subscriber(customer, alternative="sven@elsewhere.example")
    becomes(a_monitor(customer), "problem")
    raising.take_up_changes()
    clock.on(minutes=1)
    real, calls = messages.write, []

    def second_breaks(*given: object, **how: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("the disk is full")
        return real(*given, **how)

    monkeypatch.setattr(messages, "write", second_breaks)
    with pytest.raises(OSError, match="disk"):
        messages.write_due("https://portal.example")
    assert (AlertMessage.select().count(), Email.select().count()) == (0, 0)
    monkeypatch.setattr(messages, "write", real)
    messages.write_due("https://portal.example")
    assert (AlertMessage.select().count(), Email.select().count()) == (1, 2)


def test_what_is_over_for_ninety_days_is_forgotten(app: Flask, world: World, clock: Clock, sink: SmtpSink) -> None:
    customer = complete(world)
    a_subscriber(customer)
    monitor = a_monitor(customer)
    becomes(monitor, "problem")
    work()
    clock.on(minutes=1)
    work()
    becomes(monitor, "good")
    work()
    clock.on(days=89)
    jobs.forget_old.call_local()
    assert Alert.select().count() == 1
    clock.on(days=2)
    jobs.forget_old.call_local()
    assert (Alert.select().count(), AlertNotice.select().count(), AlertMessage.select().count()) == (0, 0, 0)
