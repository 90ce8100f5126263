"""What becomes of a letter: each outcome, the timetable, and that nothing is sent twice."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from blueprints.customers.attachments import file_document
from blueprints.gateways import mail
from blueprints.gateways.queue import messenger, queue, start_worker
from blueprints.mailroom import delivery, jobs
from data.database import database, transaction
from data.emails import Email
from data.history import PORTAL, History
from data.moments import now
from tests.factories import World, a_customer
from tests.mailroom.writing import a_letter, a_letter_in, again, deliver, told
from tests.services import SmtpSink, free_port, smtp_sink

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Start = Callable[[str], SmtpSink]


class TestOutcomes:
    def test_sent(self, world: World, sink: SmtpSink) -> None:
        letter = a_letter(world)
        deliver()
        (received,) = sink.wait_for(1)
        assert received.email["From"] == "Northstar IT <portal@msp.example>"
        letter = again(letter)
        assert (letter.state, letter.tries, letter.answer) == ("sent", 1, "250 OK")
        assert letter.sent_at is not None
        assert told() == ["Email “Your onboarding begins” sent to ines@customer.example"]

    def test_refused_for_now_waits_and_says_so_once(self, world: World, sink_in: Start) -> None:
        sink_in("greylist")
        letter = a_letter(world)
        began = now()
        deliver()
        letter = again(letter)
        assert (letter.state, letter.tries) == ("waiting", 1)
        assert letter.answer == "451 4.7.1 Greylisted, try again later"
        assert MINUTE <= letter.not_before - began < 2 * MINUTE
        with time_machine.travel(now() + 2 * MINUTE):
            deliver()
        assert again(letter).tries == 2
        assert told() == [
            "Email “Your onboarding begins” to ines@customer.example not sent yet: "
            "451 4.7.1 Greylisted, try again later"
        ]

    def test_refused_for_good_has_failed(self, world: World, sink_in: Start) -> None:
        sink_in("refuse")
        letter = a_letter(world)
        deliver()
        assert again(letter).state == "failed"
        assert again(letter).answer == "550 5.1.1 No such mailbox here"
        assert told()[0].endswith("failed: 550 5.1.1 No such mailbox here")

    def test_no_word_after_handing_over_is_unsure_and_stays_so(self, world: World, sink_in: Start) -> None:
        sink = sink_in("drop")
        letter = a_letter(world)
        deliver()
        assert again(letter).state == "unsure"
        assert told() == ["Email “Your onboarding begins” to ines@customer.example may have been sent"]
        sink.mode = "accept"
        with time_machine.travel(now() + timedelta(days=2)):
            deliver()
        assert len(sink.received) == 1

    def test_without_a_mail_server_it_is_held(self, world: World, opened: Callable[..., None]) -> None:
        letter = a_letter(world)
        deliver()
        assert again(letter).state == "held"
        assert told() == ["Email “Your onboarding begins” to ines@customer.example held: no mail server is set"]

    def test_what_is_held_stays_so_when_a_server_is_set(self, world: World, sink_in: Start) -> None:
        letter = a_letter(world)
        deliver()
        sink = sink_in("accept")
        deliver()
        assert again(letter).state == "held"
        assert sink.received == []

    def test_a_letter_without_a_partner_is_sent_too(self, world: World, sink: SmtpSink) -> None:
        letter = a_letter(world, partner=None)
        deliver()
        assert again(letter).state == "sent"

    def test_an_address_nobody_can_write_to_has_failed(self, world: World, sink: SmtpSink) -> None:
        letter = a_letter(world, to_email="two@@at.example space")
        deliver()
        assert again(letter).state == "failed"
        assert sink.received == []

    def test_encloses_what_is_filed_byte_for_byte(self, world: World, sink: SmtpSink) -> None:
        content = b"%PDF-1.7\n" + bytes(range(256)) * 100
        with transaction():
            filed = file_document(PORTAL, a_customer(world.northstar), "Addendum QS-1.pdf", content)
        a_letter(world, enclosures=(filed,), html="<p>Hello")
        deliver()
        (received,) = sink.wait_for(1)
        (part,) = received.email.iter_attachments()
        assert (part.get_filename(), part.get_content()) == ("Addendum QS-1.pdf", content)
        assert part.get_content_type() == filed.media_type
        assert received.email.get_body(("html",)).get_content().strip() == "<p>Hello"

    def test_a_test_is_tried_once(self, world: World, sink_in: Start) -> None:
        sink_in("greylist")
        letter = a_letter(world, kind="mail_test")
        deliver()
        assert again(letter).state == "failed"
        assert told() == ["Test email to ines@customer.example: 451 4.7.1 Greylisted, try again later"]

    def test_every_try_has_the_same_message_id(self, world: World, sink_in: Start) -> None:
        sink = sink_in("drop")
        letter = a_letter(world)
        deliver()
        Email.update(state="waiting").where(Email.id == letter.id).execute()
        deliver()
        first, second = (received.email["Message-ID"] for received in sink.wait_for(2))
        assert first == second
        a_letter(world)
        deliver()
        assert sink.wait_for(3)[2].email["Message-ID"] != first


class TestTimetable:
    def test_from_a_minute_to_six_hours_for_three_days(self, world: World, sink_in: Start) -> None:
        sink_in("greylist")
        start = datetime.fromisoformat("2026-11-20T08:00:00+00:00")
        waits: list[timedelta] = []
        with time_machine.travel(start, tick=False) as clock:
            letter = a_letter(world)
            deliver()
            while again(letter).state == "waiting":
                clock.move_to(again(letter).not_before - timedelta(seconds=1))
                tried = again(letter).tries
                deliver()
                assert again(letter).tries == tried, "tried before its time"
                waits.append(again(letter).not_before - now() + (now() - again(letter).claimed_at))
                clock.move_to(again(letter).not_before)
                deliver()
            assert waits[:6] == [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR]
            assert set(waits[6:-1]) == {6 * HOUR}
            assert sum(waits, timedelta()) == timedelta(days=3)
            assert again(letter).state == "failed"
        assert [line.kind for line in History.select().where(History.kind != "email.queued")][-2:] == [
            "email.delayed",
            "email.failed",
        ]

    def test_an_old_letter_sent_again_has_all_its_tries(self) -> None:
        written = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
        at = written + timedelta(days=30)
        assert delivery.next_try(1, written, at) == at + MINUTE
        assert delivery.next_try(6, written, at) == at + 6 * HOUR
        assert delivery.next_try(7, written, at) is None


class TestOnce:
    def test_many_workers_at_once_send_each_letter_once(self, world: World, sink: SmtpSink) -> None:
        letters = [a_letter(world, to_email=f"reader-{number}@customer.example") for number in range(6)]
        at_the_line = threading.Barrier(4)

        def work() -> None:
            at_the_line.wait()
            for letter in letters:
                jobs.deliver_one(letter.id)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(received.recipients[0] for received in sink.received) == sorted(row.to_email for row in letters)
        assert {again(letter).state for letter in letters} == {"sent"}
        assert len(told()) == 6

    def test_a_crash_between_claim_and_send_says_may_have_been_sent(self, world: World, sink: SmtpSink) -> None:
        letter = a_letter(world)
        delivery.claim(letter.id)
        with time_machine.travel(now() + timedelta(minutes=9)):
            deliver()
            assert again(letter).state == "sending"
        with time_machine.travel(now() + timedelta(minutes=11)):
            deliver()
            deliver()
        assert again(letter).state == "unsure"
        assert sink.received == []
        assert told() == ["Email “Your onboarding begins” to ines@customer.example may have been sent"]

    def test_a_worker_thought_lost_comes_back_with_the_truth(self, world: World, sink: SmtpSink) -> None:
        letter = a_letter(world)
        claimed = delivery.claim(letter.id)
        with time_machine.travel(now() + timedelta(minutes=11)):
            deliver()
            delivery.settle_sent(claimed.email, "250 late but kept")
        assert (again(letter).state, again(letter).answer) == ("sent", "250 late but kept")

    def test_its_answer_does_not_touch_a_letter_sent_again_since(self, world: World, sink: SmtpSink) -> None:
        letter = a_letter(world)
        claimed = delivery.claim(letter.id)
        anew = {"state": "waiting", "tries": 0, "claimed_at": None}
        Email.update(**anew).where(Email.id == letter.id).execute()
        delivery.settle_failed(claimed.email, "550 no")
        assert again(letter).state == "waiting"
        assert told() == []

    def test_is_not_claimed_before_its_time(self, world: World) -> None:
        letter = a_letter(world)
        Email.update(not_before=now() + HOUR).where(Email.id == letter.id).execute()
        assert delivery.claim(letter.id) is None
        assert delivery.due() == []


class TestServerDown:
    def test_when_it_is_not_reached_the_other_letters_are_left_alone(
        self, world: World, opened: Callable[..., None]
    ) -> None:
        opened(free_port())
        letters = [a_letter(world) for _ in range(3)]
        deliver()
        assert [again(letter).tries for letter in letters] == [1, 0, 0]
        deliver()
        assert [again(letter).tries for letter in letters] == [1, 1, 0]

    def test_goes_on_when_it_comes_up(self, world: World, opened: Callable[..., None]) -> None:
        port = free_port()
        opened(port)
        letters = [a_letter(world) for _ in range(3)]
        deliver()
        with smtp_sink(port=port) as sink, time_machine.travel(now() + 2 * MINUTE):
            deliver()
            assert len(sink.received) == 3
        assert {again(letter).state for letter in letters} == {"sent"}

    def test_one_refused_letter_does_not_hold_up_the_others(self, world: World, sink_in: Start) -> None:
        sink_in("refuse")
        letters = [a_letter(world) for _ in range(3)]
        deliver()
        assert {again(letter).state for letter in letters} == {"failed"}


class TestWorkerSurvives:
    def test_a_gateway_that_breaks(
        self, world: World, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        first, second = a_letter(world), a_letter(world)
        real = mail.send

        def breaks_once(letter: mail.Letter) -> mail.Answer:
            monkeypatch.setattr(mail, "send", real)
            raise RuntimeError("a bug")

        monkeypatch.setattr(mail, "send", breaks_once)
        deliver()
        assert again(first).state == "sending"  # said unsure after ten minutes
        assert again(second).state == "sent"
        assert "could not be delivered now" in caplog.text

    def test_a_database_that_is_busy_when_the_answer_comes(
        self, world: World, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "SETTLE_PAUSES", (0, 0))
        letter = a_letter(world)
        failures = iter([jobs.PeeweeException("database is locked")] * 2)
        real = delivery.settle_sent

        def busy_at_first(email: Email, answer: str) -> None:
            for failure in failures:
                raise failure
            real(email, answer)

        monkeypatch.setitem(jobs.SETTLEMENTS, mail.Outcome.ACCEPTED, busy_at_first)
        deliver()
        assert again(letter).state == "sent"

    def test_asked_while_at_work_it_looks_once_more(
        self, world: World, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, late = mail.send, []

        def meanwhile(letter: mail.Letter) -> mail.Answer:
            if not late:
                late.append(a_letter(world))
                deliver()  # the other worker: finds this one at work
            return real(letter)

        monkeypatch.setattr(mail, "send", meanwhile)
        a_letter(world)
        deliver()
        assert again(late[0]).state == "sent"

    def test_the_whole_way_from_a_nudge_through_the_queue(self, app: Flask, world: World, sink: SmtpSink) -> None:
        queue.storage.flush_queue()
        jobs.start_with(app)
        letter = a_letter(world)
        worker = start_worker()
        try:
            jobs.nudge()
            sink.wait_for(1)
            until = time.monotonic() + 10
            while again(letter).state != "sent" and time.monotonic() < until:
                time.sleep(0.02)
        finally:
            messenger.asked.join()
            worker.stop(graceful=True)
        assert again(letter).state == "sent"
        line = History.select().where(History.kind == "email.sent").get()
        assert line.act

    def test_the_database_is_not_held_while_a_server_is_asked(
        self, world: World, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Any] = []
        real = mail.send

        def look(letter: mail.Letter) -> mail.Answer:
            seen.append((database.is_closed(), database.in_transaction()))
            return real(letter)

        monkeypatch.setattr(mail, "send", look)
        a_letter(world)
        worker = threading.Thread(target=deliver)
        worker.start()
        worker.join()
        assert seen == [(True, False)]
        assert a_letter_in(world, "sent").state == "sent"
