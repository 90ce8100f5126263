"""The pages of monitors: set up, changed, refused, seen; with htmx and without it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from blueprints.monitors import rules
from blueprints.monitors.rules import Wish
from data.customers import Customer
from data.history import History, sentence
from data.monitors import Maintenance, Monitor, MonitorChange, Reading
from tests.factories import a_customer
from tests.monitors.watched import PUSHED, a_watched, again, push, standing, watch

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
FORM = {"kind": "push", "warning": "50", "problem": "200", "every": "15", "damping": "2", "version": "0"}


@pytest.fixture
def customer(world):
    return a_customer(world.northstar, "Acme", status="complete")


def here(customer, rest=""):
    return f"/customers/{customer.id}/monitors{rest}"


def newest():
    return sentence(History.select().order_by(History.id.desc()).get())


class TestSettingUp:
    def test_a_push_shows_its_token_once(self, app, technician, customer):
        form = technician.get(here(customer, "/inbound-queue/settings"))
        assert (form.value("warning"), form.value("every"), form.value("damping")) == ("50", "15", "2")
        page = technician.post(here(customer, "/inbound-queue/settings"), FORM)
        assert page.status == 200
        [address] = page.find("#push-address")
        token = address.text_content().rpartition("/")[2]
        assert "/usr/sbin/postqueue -j | awk" in page.text
        assert newest() == "Monitor of Inbound queue set up: readings are sent here"
        assert token not in technician.get(here(customer, "/inbound-queue")).html
        assert push(app, token, "value=3").status_code == 200
        assert "3 messages" in technician.get(here(customer)).text

    def test_the_page_sent_again_makes_no_second_token(self, technician, customer):
        technician.post(here(customer, "/inbound-queue/settings"), FORM)
        before = Monitor.get().token_hash
        again_sent = technician.post(here(customer, "/inbound-queue/settings"), FORM)
        assert again_sent.status == 409
        assert Monitor.get().token_hash == before

    def test_works_with_htmx(self, technician, customer):
        page = technician.post(here(customer, "/inbound-queue/settings"), FORM, htmx=True)
        assert page.find("#edit #push-line")
        form = FORM | {"kind": "smtp", "host": "mx.provider.example", "door": "smtp", "version": "1"}
        answer = technician.post(here(customer, "/inbound-queue/settings"), form, htmx=True)
        assert answer.headers["HX-Redirect"] == here(customer, "/inbound-queue")

    def test_a_probe_is_due_at_once_and_keeps_its_password_sealed(self, technician, customer):
        form = FORM | {"kind": "imap", "host": "imap.example.com", "user": "journal", "secret": "tide-and-time"}
        assert technician.post(here(customer, "/journal-queue/settings"), form).status == 303
        monitor = Monitor.get()
        assert monitor.due_at is not None
        assert "tide" not in monitor.sealed
        page = technician.get(here(customer, "/journal-queue/settings"))
        assert "tide" not in page.html
        form |= {"secret": "", "version": str(monitor.version), "warning": "60"}
        assert technician.post(here(customer, "/journal-queue/settings"), form).status == 303
        assert Monitor.get().sealed == monitor.sealed, "an empty field keeps it"
        assert newest() == "Monitor of Journal queue: warning 50 → 60"
        assert "tide" not in "".join(sentence(line) for line in History.select())

    @pytest.mark.parametrize(
        ("typed", "field", "sentence"),
        [
            ({"problem": "10"}, "problem", "A problem begins at the warning or above it."),
            ({"warning": "-1"}, "warning", "A number from 0"),
            ({"warning": "NaN"}, "warning", "A number from 0"),
            ({"every": "0"}, "every", "A whole number from 1"),
            ({"damping": "11"}, "damping", "A whole number from 1 to 10."),
            ({"warning_age": "60", "problem_age": "5"}, "problem_age", "at the warning or after it"),
            ({"kind": "smtp", "host": ""}, "host", "Fill this in."),
            ({"kind": "smtp", "host": "a b"}, "host", "The name of a host"),
            ({"kind": "smtp", "host": "mx.example:25"}, "host", "no port"),
            ({"kind": "dns", "domain": "nonsense"}, "domain", "at least two parts"),
            ({"kind": "certificate", "host": "a.example", "warning": "7", "problem": "21"}, "problem", "falls"),
        ],
    )
    @pytest.mark.parametrize("htmx", [False, True])
    def test_says_what_is_wrong_and_keeps_the_typing(self, technician, customer, typed, field, sentence, htmx):
        page = technician.post(here(customer, "/inbound-queue/settings"), FORM | {"door": "smtp"} | typed, htmx=htmx)
        assert page.status == 422
        [why] = page.find(f"#{field}-why")
        assert sentence in why.text_content()
        assert page.value(field) == (FORM | typed)[field]
        assert not Monitor.select().exists()

    def test_refuses_what_somebody_changed_meanwhile(self, world, technician, customer):
        monitor, _ = watch(world, customer, "inbound_queue")
        rules.set_up(standing(world.admin), customer.id, "inbound_queue", replace(PUSHED, warning=11), monitor.version)
        page = technician.post(here(customer, "/inbound-queue/settings"), FORM | {"version": "1", "warning": "77"})
        assert page.status == 409
        assert page.value("warning") == "77"
        assert again(monitor).warning == 11

    def test_what_somebody_changed_meanwhile_stays_unseen_by_who_has_something_else_to_mend(
        self, world, technician, customer
    ):
        monitor, _ = watch(world, customer, "inbound_queue")
        rules.set_up(standing(world.admin), customer.id, "inbound_queue", replace(PUSHED, warning=11), monitor.version)
        address, typed = here(customer, "/inbound-queue/settings"), FORM | {"version": "1", "warning": "77"}
        page = technician.post(address, typed | {"problem": "5"})
        assert (page.status, page.value("version")) == (422, "1")
        assert technician.post(address, typed | {"problem": "90", "version": page.value("version")}).status == 409
        assert again(monitor).warning == 11

    def test_another_source_makes_it_unknown_and_its_token_worth_nothing(self, app, world, technician, customer):
        monitor, token = watch(world, customer, "inbound_queue")
        push(app, token, "value=1")
        form = FORM | {"kind": "smtp", "host": "mx.provider.example", "door": "smtp", "version": str(monitor.version)}
        technician.post(here(customer, "/inbound-queue/settings"), form)
        assert again(monitor).state == "unknown"
        assert push(app, token).status_code == 404
        assert [row.after for row in MonitorChange.select().order_by(MonitorChange.id)] == ["good", "unknown"]

    @pytest.mark.parametrize("status", ["prospect", "cancelled", "closed"])
    def test_only_customers_that_are_served_are_watched(self, world, technician, status):
        other = a_customer(world.northstar, status=status)
        page = technician.post(here(other, "/inbound-queue/settings"), FORM)
        assert page.status == 409
        assert "Only customers in progress or complete are watched." in page.text

    @pytest.mark.parametrize("slug", ["inbound_queue", "nonsense", "INBOUND-QUEUE", "maintenance"])
    def test_other_services_are_not_there(self, technician, customer, slug):
        assert technician.get(here(customer, f"/{slug}/settings")).status == 404
        assert technician.get(here(customer, f"/{slug}")).status == 404

    def test_readers_see_and_change_nothing(self, world, viewer, customer):
        watch(world, customer, "inbound_queue")
        page = viewer.get(here(customer, "/inbound-queue"))
        assert page.status == 200
        assert not page.find("main form[method=post]")
        assert not viewer.get(here(customer)).find("main form[method=post]")
        assert viewer.post(here(customer, "/inbound-queue/settings"), FORM).status == 403


class TestAfterwards:
    def test_switched_off_and_set_up_again(self, app, world, technician, customer):
        monitor, token = watch(world, customer, "inbound_queue")
        push(app, token, "value=30")
        page = technician.post(here(customer, "/inbound-queue/off"), {"version": monitor.version})
        assert page.status == 303
        assert Customer.get_by_id(customer.id).monitors == "4-----"
        assert "not watched any more" in technician.get(here(customer, "/inbound-queue")).text
        form = FORM | {"version": str(again(monitor).version)}
        assert technician.post(here(customer, "/inbound-queue/settings"), form).status == 200
        assert Monitor.select().count() == 1
        after = [row.after for row in MonitorChange.select().order_by(MonitorChange.id)]
        assert after == ["problem", "off", "unknown"]

    def test_a_new_token_takes_the_place_of_the_old(self, app, world, technician, customer):
        monitor, old = watch(world, customer, "inbound_queue")
        page = technician.post(here(customer, "/inbound-queue/token"), {"version": monitor.version})
        new = page.find("#push-address")[0].text_content().rpartition("/")[2]
        assert (push(app, old).status_code, push(app, new).status_code) == (404, 200)
        assert technician.post(here(customer, "/inbound-queue/token"), {"version": monitor.version}).status == 409

    def test_what_a_probe_could_not_find_out_is_told(self, world, technician, customer):
        monitor, _ = watch(world, customer, "inbound_queue", Wish(probe="smtp", settings={"host": "mx.example.com"}))
        Monitor.update(trouble="Port 25 outward may be blocked here.", trouble_at=AT).execute()
        assert "The last look told nothing: Port 25" in technician.get(here(customer, "/inbound-queue")).text
        assert technician.post(here(customer, "/inbound-queue/look")).status == 303
        assert newest() == "Monitor of Inbound queue: asked to look now"
        assert monitor.source == "probe"


class TestMaintenance:
    def test_is_planned_on_the_readers_clock_and_ended(self, world, visit_as, customer):
        watch(world, customer, "inbound_queue")
        with time_machine.travel(AT, tick=False):
            technician = visit_as(world.technician)
            typed = {"what": "all", "begins": "2026-11-21T13:00", "ends": "2026-11-21T15:30", "reason": "Move"}
            assert technician.post(here(customer, "/maintenance"), typed).status == 303
            planned = Maintenance.get()
            assert (planned.begins_at, planned.ends_at) == (AT, AT + timedelta(hours=2.5)), "Berlin is an hour ahead"
            page = technician.get(here(customer))
            assert "Maintenance until 21 Nov 2026, 15:30" in page.text
            assert technician.post(here(customer, f"/maintenance/{planned.id}/end")).status == 303
        assert newest() == "Maintenance of all monitors ended"

    @pytest.mark.parametrize(
        ("typed", "field", "sentence"),
        [
            ({"ends": "2026-11-21T13:59"}, "ends", "It ends after it begins."),
            ({"begins": "2026-11-20T10:00", "ends": "2026-11-20T11:00"}, "ends", "This is over already."),
            ({"ends": "2027-11-21T13:00"}, "ends", "At most 30 days"),
            ({"begins": "soon"}, "begins", "A day and a time"),
            ({"begins": ""}, "begins", "Choose a day and a time"),
            ({"what": "everything"}, "what", "Choose one"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_the_typing(self, world, visit_as, customer, typed, field, sentence):
        watch(world, customer, "inbound_queue")
        good = {"what": "all", "begins": "2026-11-21T14:00", "ends": "2026-11-21T15:30", "reason": "Move"}
        with time_machine.travel(AT, tick=False):
            technician = visit_as(world.technician)
            page = technician.post(here(customer, "/maintenance"), good | typed)
        assert page.status == 422
        assert sentence in page.find(f"#{field}-why")[0].text_content()
        assert page.value("reason") == "Move"
        assert not Maintenance.select().exists()


class TestSeeing:
    def test_a_chart_and_the_same_as_a_table(self, world, visit_as, customer):
        monitor, _ = watch(world, customer, "inbound_queue")
        with time_machine.travel(AT, tick=False):
            technician = visit_as(world.technician)
            for step in range(40):
                at = AT - timedelta(hours=2 * step)
                Reading.create(monitor=monitor, at=at, value=step % 25, level="p" if step % 25 >= 20 else "g")
            Monitor.update(made_at=AT - timedelta(days=10), state="good").execute()
            day = technician.get(here(customer, "/inbound-queue"))
            week = technician.get(here(customer, "/inbound-queue?period=week"))
            part = technician.get(here(customer, "/inbound-queue?period=quarter"), htmx=True)
        assert len(day.find("#past tbody tr")) == 13
        assert len(week.find("#past tbody tr")) == 40
        assert len(part.find("#past tbody tr")) == 4
        assert len(day.find("svg.chart[role=img] title")) == 1
        assert [text.text_content().strip() for text in day.find(".bound text")] == ["warning 10", "problem 20"]
        assert week.find("svg .mean") or week.find("svg .dot")
        assert "by the day (UTC)" in part.text
        assert "Uptime 100%" in day.text
        hours = [each.text_content() for each in day.find(".times text")]
        assert hours == ["13:00", "19:00", "01:00", "07:00", "13:00"]

    def test_nothing_read_yet_says_so(self, world, technician, customer):
        watch(world, customer, "inbound_queue")
        page = technician.get(here(customer, "/inbound-queue?period=nonsense"))
        assert "Nothing was read in this time." in page.text
        assert not page.find("svg.chart")

    def test_the_panel_of_the_customer_shows_all_five(self, app, world, technician, customer):
        _, token = watch(world, customer, "journal_queue")
        push(app, token, "value=12")
        panel = technician.get(f"/customers/{customer.id}").find("#monitor")[0]
        said = " ".join(panel.text_content().split())
        assert "Journal queue Warning 12 messages" in said
        assert said.count("Not set up") == 4

    def test_five_marks_in_the_list_the_worst_first(self, app, world, technician):
        for name, value in (("Bad", 30), ("Fine", 1), ("Middling", 12)):
            monitor, token = a_watched(world)
            Customer.update(name=name).where(Customer.id == monitor.customer_id).execute()
            push(app, token, f"value={value}")
        a_customer(world.northstar, "Nobody looks", status="complete")
        page = technician.get("/customers/complete?sort=monitor")
        rows = [row.cssselect("strong")[0].text_content() for row in page.find("tbody tr")]
        assert rows == ["Bad", "Middling", "Fine", "Nobody looks"]
        back = technician.get("/customers/complete?sort=monitor&dir=desc")
        assert [row.cssselect("strong")[0].text_content() for row in back.find("tbody tr")] == rows[::-1]
        marks = [mark.get("title") for mark in page.find("tbody tr")[0].cssselect(".marks .mark")]
        assert marks == [
            "Inbound queue: not set up",
            "Outbound queue: problem",
            "Journal queue: not set up",
            "Journal connector: not set up",
            "Directory connector: not set up",
        ]

    def test_the_export_says_the_same(self, app, world, technician):
        _, token = a_watched(world)
        push(app, token, "value=30")
        lines = technician.get("/customers/complete/export").bytes.decode("utf-8-sig").splitlines()
        row = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
        assert (row["Outbound queue"], row["Inbound queue"]) == ("problem", "not set up")
