"""What the portal looks at itself, at real servers: due, claimed, judged, and due again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from imaplib import IMAP4_SSL
from ssl import CERT_NONE, PROTOCOL_TLS_CLIENT, SSLContext

import pytest
import time_machine

from blueprints.monitors import jobs, probing, rules
from blueprints.monitors.looking.runners import Found
from blueprints.monitors.probing import Result
from blueprints.monitors.rules import Wish
from data.customers import Customer
from data.monitors import Monitor, Reading
from tests.gateways.conftest import SOON
from tests.monitors.watched import a_watched, again, standing, watch
from tests.plans.conftest import PATIENT, bound, names, nobody_else_resolves, within  # noqa: F401 - they are fixtures
from tests.services import HOST, dovecot, free_port, misbehaving, slapd, smtp_sink
from tests.services.misbehaving import hangs

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
SMTP = Wish(probe="smtp", settings={"host": "localhost", "door": "smtp"}, damping=1)


def look(monitor):
    Monitor.update(due_at=AT - timedelta(days=1)).where(Monitor.id == monitor.id).execute()
    jobs.probe_due.call_local()
    return again(monitor)


class TestMailServer:
    def test_one_that_greets_and_encrypts_is_good(self, world, within):  # noqa: F811 - the fixture above
        monitor, _ = a_watched(world, wish=SMTP)
        with smtp_sink(tls=True) as sink:
            within(smtp=sink.port, trusted=str(sink.certificate))
            jobs.probe_due.call_local()
        seen = again(monitor)
        assert seen.state == "good", seen.trouble or seen.message
        assert 0 < seen.value < 10_000
        assert seen.message.startswith("localhost greets and encrypts (TLSv1.3).")
        assert seen.claimed_at is None
        assert timedelta(minutes=14) < seen.due_at - seen.read_at <= timedelta(minutes=15)

    def test_one_that_offers_no_encryption_is_a_problem(self, world, within):  # noqa: F811 - as above
        monitor, _ = a_watched(world, wish=SMTP)
        with smtp_sink() as sink:
            within(smtp=sink.port)
            seen = look(monitor)
        assert (seen.state, seen.message) == ("problem", "localhost does not offer to encrypt (STARTTLS).")

    def test_where_nobody_can_be_reached_nothing_is_known(self, world, within):  # noqa: F811 - as above
        monitor, _ = a_watched(world, wish=SMTP)
        within(smtp=free_port())
        seen = look(monitor)
        assert (seen.state, seen.read_at) == ("unknown", None)
        assert "may be blocked here" in seen.trouble
        assert not Reading.select().exists()

    def test_one_that_is_down_while_another_answers_is_a_problem(self, world, within, names):  # noqa: F811 - as above
        a_watched(world, wish=SMTP)
        names.zones["mx2.company.example"] = {"A": ["127.0.0.2"]}
        down = replace(SMTP, settings={"host": "mx2.company.example", "door": "smtp"})
        with smtp_sink(tls=True) as sink:
            within(smtp=sink.port, trusted=str(sink.certificate))
            jobs.probe_due.call_local()
            monitor, _ = a_watched(world, wish=down)
            seen = look(monitor)
        assert (seen.state, seen.value) == ("problem", None), seen.trouble
        assert "mx2.company.example" in seen.message

    def test_a_private_address_is_not_connected_to(self, world, within):  # noqa: F811 - as above
        monitor, _ = a_watched(world, wish=SMTP)
        with smtp_sink(tls=True) as sink:
            within(smtp=sink.port, allowed=())
            seen = look(monitor)
            assert sink.received == []
        assert seen.state == "unknown" or "is this machine itself" in seen.message
        assert "is this machine itself" in (seen.trouble + seen.message)

    def test_one_that_hangs_is_given_up(self, world, within):  # noqa: F811 - as above
        monitor, _ = a_watched(world, wish=SMTP)
        with misbehaving(hangs) as server:
            within(smtp=server.port, limits=SOON)
            seen = look(monitor)
        assert (seen.state, seen.claimed_at) == ("problem", None)


def test_a_mailbox_tells_how_many_and_how_old_the_newest_is(world, within):  # noqa: F811 - as above
    with dovecot({"journal": "tide"}) as server:
        within(imaps=server.tls_port, trusted=str(server.certificate))
        wish = Wish(
            probe="imap",
            settings={"host": "localhost", "user": "journal"},
            secret="tide",
            warning_age=24 * 3600,
            problem_age=48 * 3600,
            damping=1,
        )
        monitor, _ = a_watched(world, "journal_queue", wish)
        empty = look(monitor)
        assert (empty.state, empty.value, empty.oldest) == ("good", 0, None), empty.trouble or empty.message
        trusting = SSLContext(PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, CERT_NONE
        with IMAP4_SSL(HOST, server.tls_port, ssl_context=trusting) as box:
            box.login("journal", "tide")
            for days in (3, 1.5):
                came = datetime.now(UTC) - timedelta(days=days)
                box.append("INBOX", None, came, b"Subject: Journal\r\n\r\nHello.\r\n")
        filled = look(monitor)
        assert (filled.state, filled.value) == ("warning", 2)
        assert abs(filled.oldest - 1.5 * 86_400) < 120
        assert rules.set_up_one(monitor.customer_id, "journal_queue").sealed not in ("", "tide")
        Monitor.update(sealed="broken").where(Monitor.id == monitor.id).execute()
        assert "cannot be opened" in look(monitor).trouble


def test_a_directory_tells_how_many_people_it_knows(world, within):  # noqa: F811 - as above
    entry = "\ndn: cn={0},dc=example,dc=org\nobjectClass: inetOrgPerson\ncn: {0}\nsn: {0}\nmail: {0}@example.org\n"
    with slapd("".join(entry.format(f"p{number}") for number in range(7))) as server:
        within(ldaps=server.tls_port, trusted=str(server.certificate))
        settings = {"host": "localhost", "user": server.administrator, "base": server.suffix}
        wish = Wish(probe="ldap", settings=settings, secret=server.password, warning=7, problem=3, damping=1)
        monitor, _ = a_watched(world, "directory_connector", wish)
        seen = look(monitor)
        assert (seen.state, seen.value) == ("warning", 7), seen.trouble or seen.message
        changed = replace(wish, secret="wrong")
        who = standing(world.technician)
        rules.set_up(who, monitor.customer_id, "directory_connector", changed, seen.version)
        assert look(monitor).state == "problem"


@pytest.mark.parametrize(("door", "port"), [("smtp", "smtp"), ("imaps", "imaps"), ("ldaps", "ldaps")])
def test_a_certificate_tells_how_many_days_are_left(world, within, door, port):  # noqa: F811 - as above
    wish = Wish(probe="certificate", settings={"host": "localhost", "door": door}, warning=21, problem=0, damping=1)
    monitor, _ = a_watched(world, "journal_connector", wish)
    servers = {"smtp": lambda: smtp_sink(tls=True), "imaps": lambda: dovecot({"a": "b"}), "ldaps": slapd}
    with servers[door]() as server:
        at = getattr(server, "tls_port", server.port)
        within(**{port: at}, trusted=str(server.certificate))
        seen = look(monitor)
        assert "is good until" in seen.message, seen.trouble or seen.message
        assert (seen.state, seen.value) in (("problem", 0), ("warning", 1))
        within(**{port: at})
        seen = look(monitor)
    assert seen.state == "problem"
    assert "is not trusted" in seen.message


def test_records_that_change_are_noticed_until_they_are_accepted(world, within, names):  # noqa: F811 - as above
    within()
    zone = names.zones["company.example"]
    zone |= {"MX": ["10 mx1.provider.example."], "TXT": ['"v=spf1 -all"', '"something else"']}
    names.zones["_dmarc.company.example"] = {"TXT": ['"v=DMARC1; p=none"']}
    wish = Wish(probe="dns", settings={"domain": "company.example"}, problem=1, damping=1)
    monitor, _ = a_watched(world, "inbound_queue", wish)
    assert look(monitor).state == "good"
    assert again(monitor).settings["baseline"]["SPF"] == ["v=spf1 -all"]
    zone["TXT"] = ['"v=spf1 -all"', '"other words"']
    assert look(monitor).state == "good", "only the policy counts"
    zone["MX"] = ["10 mx.elsewhere.example."]
    seen = look(monitor)
    assert (seen.state, seen.value) == ("problem", 1)
    assert "MX is now 10 mx.elsewhere.example" in seen.message
    rules.accept_records(standing(world.technician), monitor.customer_id, "inbound_queue")
    assert look(monitor).state == "good"


class TestClaims:
    def test_one_worker_has_it_and_nobody_else(self, world):
        a_watched(world, wish=SMTP)
        assert len(probing.claim(10)) == 1
        assert probing.claim(10) == []

    def test_a_claim_that_nobody_ended_runs_out(self, world):
        monitor, _ = a_watched(world, wish=SMTP)
        [lost] = probing.claim(10)
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=3), tick=False):
            [mine] = probing.claim(10)
            assert probing.settle([Result(lost, Found(1))]) == 0
            assert again(monitor).read_at is None
            assert probing.settle([Result(mine, Found(1))]) == 1

    def test_what_was_changed_meanwhile_is_not_judged_by_what_was_seen_before(self, world):
        monitor, _ = a_watched(world, wish=SMTP)
        [claimed] = probing.claim(10)
        changed = replace(SMTP, settings={"host": "other.example"})
        rules.set_up(standing(world.technician), monitor.customer_id, monitor.service, changed, monitor.version)
        assert probing.settle([Result(claimed, Found(1, bad=True))]) == 0
        assert again(monitor).state == "unknown"

    def test_one_that_was_switched_off_meanwhile_stays_off(self, world):
        monitor, _ = a_watched(world, wish=SMTP)
        [claimed] = probing.claim(10)
        rules.switch_off(standing(world.technician), monitor.customer_id, monitor.service, monitor.version)
        assert probing.settle([Result(claimed, Found(1))]) == 0
        assert again(monitor).state == "off"

    def test_those_of_a_customer_who_left_are_due_no_more(self, world):
        monitor, _ = a_watched(world, wish=SMTP)
        Customer.update(status="cancelled", shelf="past").where(Customer.id == monitor.customer_id).execute()
        assert probing.claim(10) == []
        assert again(monitor).due_at is None

    def test_a_probe_that_breaks_tells_nothing_and_holds_up_no_others(self, world, monkeypatch):
        customer = Customer.get_by_id(a_watched(world, wish=SMTP)[0].customer_id)
        other, _ = watch(world, customer, "inbound_queue", replace(SMTP, settings={"host": "b.example"}))

        def broken(look):
            if look.said("host") == "localhost":
                raise RuntimeError("broken")
            return Found(5, sentence="Well.")

        monkeypatch.setattr("blueprints.monitors.looking.runners.run", broken)
        jobs.probe_due.call_local()
        assert again(other).state == "good"
        first = Monitor.get(Monitor.service == "outbound_queue")
        assert "made a mistake" in first.trouble
