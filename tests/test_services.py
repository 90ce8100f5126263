"""The servers that the tests start are there, and answer for real."""

import contextlib
import imaplib
import smtplib
import socket
import ssl
import subprocess
import time
from email.message import EmailMessage
from pathlib import Path

import dns.rdata
import dns.resolver
import psycopg
import pytest
import redis as redis_client

from tests import services
from tests.services import HOST
from tests.services.starting import SERVICES, absent, program, running


@pytest.fixture
def letter():
    """A small email with a name that is not ASCII."""
    email = EmailMessage()
    email["From"] = "portal@msp.example"
    email["To"] = "lead@customer.example"
    email["Subject"] = "Größe und Maß"
    email.set_content("Please answer these questions.")
    return email


def resolver_of(server, lifetime=2):
    asking = dns.resolver.Resolver(configure=False)
    asking.nameservers, asking.port = [HOST], server.port
    asking.timeout = asking.lifetime = lifetime
    return asking


class TestNeed:
    def test_skips_what_is_not_installed(self, monkeypatch):
        monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
        monkeypatch.setitem(SERVICES, "harbour", ("no-such-program",))
        with pytest.raises(pytest.skip.Exception, match="not installed: harbour"):
            services.need("harbour")

    def test_fails_when_all_are_promised(self, monkeypatch):
        monkeypatch.setenv("REQUIRE_SERVICES", "1")
        monkeypatch.setitem(SERVICES, "harbour", ("no-such-program",))
        with pytest.raises(pytest.fail.Exception, match="not installed: harbour"):
            services.need("harbour")

    def test_passes_what_is_installed(self, monkeypatch):
        monkeypatch.setitem(SERVICES, "shell", ("sh",))
        services.need("shell")

    def test_passes_a_file_that_is_installed(self, monkeypatch, tmp_path):
        (tmp_path / "script.js").write_text("")
        monkeypatch.setitem(SERVICES, "script", (str(tmp_path / "script.js"),))
        services.need("script")

    def test_refuses_a_service_nobody_knows(self):
        with pytest.raises(KeyError):
            services.need("lighthouse")

    def test_names_what_is_missing_in_one_line(self, monkeypatch):
        monkeypatch.setitem(SERVICES, "harbour", ("no-such-program",))
        assert services.missing_line().endswith("harbour")
        assert "\n" not in services.missing_line()

    def test_says_nothing_when_all_is_there(self, monkeypatch):
        for name in SERVICES:
            monkeypatch.setitem(SERVICES, name, ("sh",))
        absent.cache_clear()
        assert services.missing_line() == ""
        absent.cache_clear()


class TestRunning:
    def test_tells_the_log_of_a_server_that_does_not_start(self, tmp_path):
        command = ["sh", "-c", "echo the harbour is closed; exit 3"]
        with (
            pytest.raises(RuntimeError, match="the harbour is closed"),
            running(command, lambda: False, tmp_path / "log"),
        ):
            pytest.fail("it started")


@pytest.fixture(scope="module")
def cluster():
    with services.postgresql() as running_cluster:
        yield running_cluster


class TestPostgresql:
    def test_answers(self, cluster):
        with psycopg.connect(cluster.url) as connection:
            assert connection.execute("SELECT 6 * 7").fetchone() == (42,)

    def test_copies_a_template_quickly(self, cluster):
        template = cluster.new_database()
        with psycopg.connect(template.url) as connection:
            connection.execute("CREATE TABLE ship (name text)")
            connection.execute("INSERT INTO ship VALUES ('Ödön')")
        copy = cluster.new_database(template.name)
        with psycopg.connect(copy.url) as connection:
            assert connection.execute("SELECT name, upper(name) FROM ship").fetchone() == ("Ödön", "ÖDÖN")

    def test_forgets_a_database_in_use(self, cluster):
        made = cluster.new_database()
        with contextlib.closing(psycopg.connect(made.url)):
            cluster.drop(made)
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(made.url)


def test_redis_answers():
    with services.redis() as url, redis_client.Redis.from_url(url) as client:
        client.set("ship", "Quayside")
        assert client.get("ship") == b"Quayside"


class TestSmtpSink:
    def test_keeps_what_it_accepts(self, letter):
        with services.smtp_sink() as sink, smtplib.SMTP(HOST, sink.port) as client:
            client.send_message(letter)
            (received,) = sink.wait_for(1)
        assert received.recipients == ("lead@customer.example",)
        assert received.email["Subject"] == "Größe und Maß"
        assert (received.encrypted, received.username) == (False, None)

    @pytest.mark.parametrize(("mode", "code"), [("refuse", 550), ("greylist", 451)])
    def test_refuses_recipients_in_its_own_words(self, letter, mode, code):
        with services.smtp_sink(mode) as sink, smtplib.SMTP(HOST, sink.port) as client:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                client.send_message(letter)
            assert refused.value.recipients["lead@customer.example"][0] == code
            assert sink.received == []

    def test_hangs_without_a_word(self):
        with services.smtp_sink("hang") as sink:
            began = time.monotonic()
            with (
                pytest.raises(TimeoutError),
                socket.create_connection((HOST, sink.port), timeout=0.3) as line,
            ):
                line.recv(100)
            assert time.monotonic() - began >= 0.3

    def test_ends_while_somebody_still_waits(self):
        with services.smtp_sink("hang") as sink:
            line = socket.create_connection((HOST, sink.port), timeout=5)
        with line:
            assert not services.answers(sink.port)

    def test_drops_the_line_after_it_took_the_email(self, letter):
        with services.smtp_sink("drop") as sink:
            with pytest.raises(smtplib.SMTPServerDisconnected), smtplib.SMTP(HOST, sink.port) as client:
                client.send_message(letter)
            assert len(sink.wait_for(1)) == 1

    def test_changes_its_mind(self, letter):
        with services.smtp_sink("refuse") as sink, smtplib.SMTP(HOST, sink.port) as client:
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.send_message(letter)
            sink.mode = "accept"
            client.send_message(letter)
            assert len(sink.wait_for(1)) == 1

    def test_wants_encryption_and_sign_in(self, letter):
        with services.smtp_sink(username="portal", password="tide", tls=True) as sink:
            trusting = ssl.create_default_context(cafile=sink.certificate)
            with smtplib.SMTP(HOST, sink.port) as client:
                client.starttls(context=trusting)
                with pytest.raises(smtplib.SMTPAuthenticationError):
                    client.login("portal", "ebb")
                client.login("portal", "tide")
                client.send_message(letter)
            (received,) = sink.wait_for(1)
        assert (received.encrypted, received.username) == (True, "portal")

    def test_refuses_who_does_not_sign_in(self, letter):
        with (
            services.smtp_sink(username="portal", password="tide") as sink,
            smtplib.SMTP(HOST, sink.port) as client,
            pytest.raises(smtplib.SMTPSenderRefused) as refused,
        ):
            client.send_message(letter)
        assert refused.value.smtp_code == 530

    def test_comes_up_at_a_port_that_was_dead(self, letter):
        port = services.free_port()
        with pytest.raises(ConnectionRefusedError):
            smtplib.SMTP(HOST, port)
        with services.smtp_sink(port=port) as sink, smtplib.SMTP(HOST, port) as client:
            client.send_message(letter)
            assert len(sink.wait_for(1)) == 1


class TestDnsServer:
    def test_answers_from_its_zones(self):
        zones = {"example.com": {"MX": ["10 mx.example.com."], "TXT": ['"v=spf1 -all"']}}
        with services.dns_server(zones) as server:
            (found,) = resolver_of(server).resolve("Example.COM", "MX")
            assert found == dns.rdata.from_text("IN", "MX", "10 mx.example.com.")
            assert server.asked == [("Example.COM", "MX")]

    def test_follows_an_alias(self):
        zones = {
            "www.example.com": {"CNAME": ["host.example.net."]},
            "host.example.net": {"A": ["192.0.2.1"]},
        }
        with services.dns_server(zones) as server:
            assert [str(found) for found in resolver_of(server).resolve("www.example.com", "A")] == ["192.0.2.1"]

    def test_tells_no_such_name_from_no_such_type(self):
        with services.dns_server({"_dmarc.example.com": {"TXT": ['"v=DMARC1"']}}) as server:
            asking = resolver_of(server)
            with pytest.raises(dns.resolver.NXDOMAIN):
                asking.resolve("nowhere.example.com", "TXT")
            with pytest.raises(dns.resolver.NoAnswer):
                asking.resolve("_dmarc.example.com", "MX")
            with pytest.raises(dns.resolver.NoAnswer):
                asking.resolve("example.com", "MX")

    def test_moves_a_long_answer_to_tcp(self):
        texts = [f'"{number:03} {"x" * 200}"' for number in range(60)]
        with services.dns_server({"long.example": {"TXT": texts}}) as server:
            assert len(resolver_of(server).resolve("long.example", "TXT")) == 60
            assert server.asked == [("long.example", "TXT")] * 2

    def test_fails_and_hangs_on_request(self):
        with services.dns_server({"broken.example": "SERVFAIL", "slow.example": "hang"}) as server:
            with pytest.raises(dns.resolver.NoNameservers, match="SERVFAIL"):
                resolver_of(server).resolve("broken.example", "MX")
            with pytest.raises(dns.resolver.LifetimeTimeout):
                resolver_of(server, lifetime=0.3).resolve("slow.example", "MX")
            with pytest.raises(dns.resolver.LifetimeTimeout):
                resolver_of(server, lifetime=0.3).resolve("slow.example", "MX", tcp=True)


def test_dovecot_opens_a_mailbox():
    with services.dovecot({"ada@example.org": "tide"}) as server:
        trusting = ssl.create_default_context(cafile=server.certificate)
        with imaplib.IMAP4_SSL(HOST, server.tls_port, ssl_context=trusting) as mailbox:
            mailbox.login("ada@example.org", "tide")
            said, _ = mailbox.append("INBOX", None, None, b"Subject: moved\r\n\r\nhere\r\n")
            assert said == "OK"
        with imaplib.IMAP4(HOST, server.port) as mailbox:
            mailbox.login("ada@example.org", "tide")
            assert mailbox.select("INBOX") == ("OK", [b"1"])
        with imaplib.IMAP4(HOST, server.port) as mailbox, pytest.raises(imaplib.IMAP4.error):
            mailbox.login("ada@example.org", "ebb")


def test_slapd_finds_a_person():
    entry = (
        "dn: uid=ada,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: ada\n"
        "cn: Ada Lovelace\nsn: Lovelace\nmail: ada@example.org\n"
    )
    with services.slapd(entry) as server:
        search = [program("ldapsearch"), "-x", "-LLL", "-b", server.suffix, "(uid=ada)", "mail"]
        who = ["-D", server.administrator, "-w", server.password]
        for url in (f"ldap://{HOST}:{server.port}", f"ldaps://{HOST}:{server.tls_port}"):
            answer = subprocess.run(
                [*search, *who, "-H", url],
                env={"LDAPTLS_CACERT": str(server.certificate)},
                capture_output=True,
                text=True,
                check=True,
            )
            assert "mail: ada@example.org" in answer.stdout
        unknown = subprocess.run(
            [*search, "-H", f"ldap://{HOST}:{server.port}"], capture_output=True, text=True, check=False
        )
        assert "mail:" not in unknown.stdout


def test_chromium_draws_a_page():
    path = services.chromium()
    seen = subprocess.run(
        [
            path,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "data:text/html,<h1>Quayside</h1>",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "<h1>Quayside</h1>" in seen.stdout


def test_htmx_and_axe_are_installed():
    services.need("npm packages")
    assert Path(services.HTMX).stat().st_size > 10_000
    assert Path(services.AXE).stat().st_size > 100_000
