"""Checks of servers, from *Check now* to the step: each passes for a true reason, and fails saying why."""

import hashlib
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blueprints.customers.sealing import seal
from blueprints.gateways.bounds import Bounds
from data.customers import Contact, Customer
from data.moments import now
from data.plans import Mailbox, Plan, PlanCheck
from data.rfi import RfiAnswer
from tests.factories import World
from tests.gateways.conftest import SOON
from tests.plans.checked import checked, expect, handed_in, told
from tests.plans.planned import a_plan, finish, step
from tests.services import Directory, DnsServer, Dovecot, dovecot, free_port, misbehaving, slapd, smtp_sink
from tests.services.misbehaving import Manner, closes, drips, floods, hangs, says

Within = Callable[..., Bounds]
KNOWN = "ada@company.example"
DOMAINS = ["company.example"]


def fingerprint_of(certificate: Path) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


@pytest.fixture
def plan(world: World, within: Within) -> Plan:
    """Of a customer with a mail server of their own, where Ada is known."""
    made = a_plan(world, infrastructure="onprem", directory_sync="ldap")
    handed_in(made, mail_domains=DOMAINS, inbound_hosts=["localhost:25"])
    Contact.create(customer=made.customer_id, kind="other", first_name="Ada", email=KNOWN)
    return made


class TestSmtp:
    def test_passes_where_it_greets_encrypts_and_knows_who_there_is(
        self, world: World, plan: Plan, within: Within
    ) -> None:
        finish(world, plan, "configure", "domains")
        with smtp_sink(tls=True, known=frozenset({KNOWN})) as sink:
            within(smtp=sink.port, trusted=str(sink.certificate), name="portal.example")
            check = checked(world, plan, "inbound")
            assert sink.received == []
        assert check.outcome == "passed"
        assert check.sentence.startswith("localhost greets and encrypts (TLSv1.3) and knows its recipients.")
        assert step(plan, "inbound").state == "done"
        said = check.evidence["evidence"][-1]["answer"]
        assert f"> rcpt TO:<{KNOWN}>" in said
        assert "> ehlo portal.example" in said

    def test_fails_without_encryption(self, world: World, plan: Plan, within: Within) -> None:
        finish(world, plan, "configure", "domains")
        with smtp_sink(known=frozenset({KNOWN})) as sink:
            within(smtp=sink.port)
            outcome, sentence = told(checked(world, plan, "inbound"))
        assert (outcome, sentence) == ("failed", "localhost does not offer to encrypt (STARTTLS).")
        assert (step(plan, "inbound").state, step(plan, "inbound").reason) == ("failed", sentence)

    def test_fails_with_a_certificate_that_nobody_vouches_for(self, world: World, plan: Plan, within: Within) -> None:
        with smtp_sink(tls=True, known=frozenset({KNOWN})) as sink:
            within(smtp=sink.port)
            outcome, sentence = told(checked(world, plan, "inbound"))
        assert outcome == "failed"
        assert "not trusted" in sentence

    def test_passes_with_a_certificate_that_a_person_accepted(self, world: World, plan: Plan, within: Within) -> None:
        finish(world, plan, "configure", "domains")
        with smtp_sink(tls=True, known=frozenset({KNOWN})) as sink:
            within(smtp=sink.port)
            seen = checked(world, plan, "inbound").evidence
            fingerprint = fingerprint_of(sink.certificate)
            assert f"(certificate, SHA-256 {fingerprint})" in seen["evidence"][-1]["answer"]
            expect(plan, certificates=[f"localhost {fingerprint}"])
            outcome, sentence = told(checked(world, plan, "inbound"))
            assert outcome == "passed"
            assert sentence.endswith("Its certificate is the one that was accepted.")
            expect(plan, certificates=[f"localhost {'0' * 64}", f"other.company.example {fingerprint}"])
            outcome, sentence = told(checked(world, plan, "inbound"))
            assert outcome == "failed"
            assert "not trusted" in sentence

    def test_is_not_judged_where_port_25_may_be_blocked(self, world: World, plan: Plan, within: Within) -> None:
        within(smtp=free_port())
        check = checked(world, plan, "inbound")
        assert check.outcome == "could_not_run"
        assert "port" in check.sentence
        assert "outward may be blocked here" in check.sentence
        assert check.again_at > now()

    def test_says_that_it_looks_at_one_port_only(self, world: World, plan: Plan) -> None:
        handed_in(plan, mail_domains=DOMAINS, inbound_hosts=["localhost:2525"])
        sentence = "localhost is said to take mail at port 2525; checks go to port 25 only."
        assert told(checked(world, plan, "inbound")) == ("could_not_run", sentence)

    def test_has_nothing_to_look_at_where_no_host_was_named(self, world: World, plan: Plan) -> None:
        handed_in(plan, mail_domains=DOMAINS)
        assert told(checked(world, plan, "inbound")) == ("undetermined", "The RFI names no mail server to look at.")


class TestRecipients:
    def test_passes_where_a_made_up_address_is_refused(self, world: World, plan: Plan, within: Within) -> None:
        finish(world, plan, "configure", "directory")
        with smtp_sink(known=frozenset({KNOWN})) as sink:
            within(smtp=sink.port)
            outcome, sentence = told(checked(world, plan, "recipients"))
        assert (outcome, sentence) == ("passed", f"localhost accepts {KNOWN} and refuses a made-up address.")
        assert step(plan, "recipients").state == "done"

    def test_fails_where_anything_is_accepted(self, world: World, plan: Plan, within: Within) -> None:
        with smtp_sink(tls=True) as sink:
            within(smtp=sink.port, trusted=str(sink.certificate))
            outcome, sentence = told(checked(world, plan, "recipients"))
        assert outcome == "failed"
        assert "also accepts recipients that do not exist" in sentence

    def test_fails_where_a_known_one_is_refused(self, world: World, plan: Plan, within: Within) -> None:
        with smtp_sink(known=frozenset()) as sink:
            within(smtp=sink.port)
            outcome, sentence = told(checked(world, plan, "recipients"))
        assert outcome == "failed"
        assert f"refuses {KNOWN}: 550" in sentence

    def test_is_not_judged_by_who_asks_for_patience_and_is_asked_again(
        self, world: World, plan: Plan, within: Within
    ) -> None:
        with smtp_sink("greylist", tls=True) as sink:
            within(smtp=sink.port, trusted=str(sink.certificate))
            check = checked(world, plan, "recipients")
        assert check.outcome == "undetermined"
        assert check.again_at > now()

    def test_needs_somebody_whom_the_server_should_know(self, world: World, plan: Plan, within: Within) -> None:
        Contact.delete().where(Contact.email == KNOWN).execute()
        outcome, sentence = told(checked(world, plan, "recipients"))
        assert outcome == "undetermined"
        assert sentence.startswith("No address at company.example is known here.")

    def test_asks_for_an_address_of_the_answers_where_no_contact_has_one(
        self, world: World, plan: Plan, within: Within
    ) -> None:
        Contact.delete().where(Contact.email == KNOWN).execute()
        technical = {"name": "Bo", "email": "bo@company.example"}
        handed_in(plan, mail_domains=DOMAINS, inbound_hosts=["localhost"], technical_contact=technical)
        with smtp_sink(known=frozenset({"bo@company.example"})) as sink:
            within(smtp=sink.port)
            assert checked(world, plan, "recipients").outcome == "passed"


class TestSmtpClosed:
    @pytest.fixture(autouse=True)
    def provider(self, plan: Plan, names: DnsServer) -> None:
        """The provider's own mail server is elsewhere on this machine."""
        expect(plan, mx=["10 mx.provider.example"])
        names.zones["mx.provider.example"] = {"A": ["127.0.0.2"]}

    def test_passes_where_the_server_refuses_us(self, world: World, plan: Plan, within: Within) -> None:
        finish(world, plan, "configure", "domains", "inbound", "recipients", "mx_change")
        with misbehaving(says(b"554 5.7.1 Only from the filter\r\n", b"221 Bye\r\n")) as server:
            within(smtp=server.port)
            outcome, sentence = told(checked(world, plan, "lock_down"))
        assert outcome == "passed"
        assert "refuses mail from here: 554 5.7.1 Only from the filter" in sentence

    def test_passes_where_nobody_answers_though_others_are_reached(
        self, world: World, plan: Plan, within: Within
    ) -> None:
        with misbehaving(hangs, "127.0.0.2") as others:
            within(smtp=others.port, limits=SOON)
            outcome, sentence = told(checked(world, plan, "lock_down"))
        assert (outcome, sentence) == ("passed", "127.0.0.1 takes no connection from here.")

    def test_is_not_judged_where_nobody_is_reached(self, world: World, plan: Plan, within: Within) -> None:
        within(smtp=free_port())
        assert checked(world, plan, "lock_down").outcome == "could_not_run"

    def test_fails_where_mail_is_still_taken(self, world: World, plan: Plan, within: Within) -> None:
        lead = Contact.get((Contact.customer == plan.customer_id) & (Contact.kind == "implementation_lead")).email
        with smtp_sink(known=frozenset({lead})) as sink:
            within(smtp=sink.port)
            outcome, sentence = told(checked(world, plan, "lock_down"))
            assert sink.received == []
        assert (outcome, sentence) == ("failed", f"127.0.0.1 still takes mail for {lead} from anywhere.")


PERSON = (
    "dn: uid=p{0},dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: p{0}\ncn: P\nsn: P\nmail: p{0}@company.example\n"
)


class TestLdap:
    @pytest.fixture(scope="class")
    @classmethod
    def directory(cls) -> Iterator[Directory]:
        with slapd("\n".join(PERSON.format(number) for number in range(30))) as server:
            yield server

    @pytest.fixture(autouse=True)
    def answers(self, plan: Plan, directory: Directory, within: Within) -> None:
        rfi = handed_in(
            plan,
            ldap_host="localhost",
            ldap_security="ldaps",
            ldap_port="636",
            ldap_base_dn=directory.suffix,
            ldap_user=directory.administrator,
        )
        sealed = seal(directory.password)
        RfiAnswer.create(rfi=rfi, question="ldap_password", sealed=sealed, changed_at=now(), changed_by_name="Ada")
        within(ldap=directory.port, ldaps=directory.tls_port, trusted=str(directory.certificate))

    def permit(self, plan: Plan, users: int) -> None:
        Customer.update(permitted_users=users).where(Customer.id == plan.customer_id).execute()

    def test_passes_where_as_many_are_known_as_were_ordered(
        self, world: World, plan: Plan, directory: Directory
    ) -> None:
        finish(world, plan, "configure")
        self.permit(plan, 30)
        check = checked(world, plan, "directory")
        assert check.outcome == "passed"
        assert check.sentence.endswith("That fits the 30 permitted users.")
        assert step(plan, "directory").state == "done"
        assert directory.password not in str(check.evidence)

    def test_fails_where_there_are_many_more(self, world: World, plan: Plan) -> None:
        self.permit(plan, 20)
        sentence = "The directory knows 30 people with mail; 20 are permitted."
        assert told(checked(world, plan, "directory")) == ("failed", sentence)

    def test_fails_where_the_password_is_wrong(self, world: World, plan: Plan) -> None:
        RfiAnswer.update(sealed=seal("moon")).execute()
        outcome, sentence = told(checked(world, plan, "directory"))
        assert outcome == "failed"
        assert "invalidCredentials" in sentence

    def test_fails_where_the_certificate_is_not_trusted(
        self, world: World, plan: Plan, within: Within, directory: Directory
    ) -> None:
        within(ldap=directory.port, ldaps=directory.tls_port)
        outcome, sentence = told(checked(world, plan, "directory"))
        assert outcome == "failed"
        assert "not trusted" in sentence

    def test_passes_with_a_certificate_that_a_person_accepted(
        self, world: World, plan: Plan, within: Within, directory: Directory
    ) -> None:
        within(ldap=directory.port, ldaps=directory.tls_port)
        self.permit(plan, 30)
        expect(plan, certificates=[f"localhost {fingerprint_of(directory.certificate)}"])
        assert checked(world, plan, "directory").outcome == "passed"

    def test_cannot_run_when_the_password_was_erased(self, world: World, plan: Plan) -> None:
        RfiAnswer.update(sealed="").execute()
        outcome, sentence = told(checked(world, plan, "directory"))
        assert outcome == "could_not_run"
        assert "password" in sentence

    def test_cannot_run_with_a_key_that_is_gone(self, world: World, plan: Plan) -> None:
        RfiAnswer.update(sealed="gAAAAA").execute()
        outcome, sentence = told(checked(world, plan, "directory"))
        assert outcome == "could_not_run"
        assert "cannot be opened" in sentence

    def test_looks_at_one_port_only(self, world: World, plan: Plan) -> None:
        handed_in(plan, ldap_host="localhost", ldap_security="ldaps", ldap_port="3269")
        sentence = "localhost is said to answer at port 3269; checks go to port 636 only."
        assert told(checked(world, plan, "directory")) == ("could_not_run", sentence)


class TestImap:
    """Each mailbox is tested by a job of its own; the check of the step is about the server and what they said last."""

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[Dovecot]:
        with dovecot({}) as running:
            yield running

    @pytest.fixture
    def moving(self, world: World, within: Within) -> Plan:
        plan = a_plan(world, "migration")
        handed_in(plan, imap_host="localhost", imap_security="tls", imap_login="list")
        return plan

    def listed(self, plan: Plan, **states: str) -> None:
        for name, state in states.items():
            found = {"messages": 3, "size": 2_048} if state == "ok" else {}
            Mailbox.create(plan=plan, address=f"{name}@company.example", login=name, state=state, **found)

    def test_passes_where_every_mailbox_could_be_signed_in_to(
        self, world: World, moving: Plan, within: Within, server: Dovecot
    ) -> None:
        self.listed(moving, ada="ok", bo="ok")
        within(imaps=server.tls_port, imap=server.port, trusted=str(server.certificate))
        outcome, sentence = told(checked(world, moving, "imap_test"))
        assert (outcome, "can be signed in to: 6 messages" in sentence) == ("passed", True), sentence

    def test_fails_where_one_could_not(self, world: World, moving: Plan, within: Within, server: Dovecot) -> None:
        self.listed(moving, ada="ok", bo="failed")
        within(imaps=server.tls_port, imap=server.port, trusted=str(server.certificate))
        outcome, sentence = told(checked(world, moving, "imap_test"))
        assert (outcome, "bo@company.example" in sentence) == ("failed", True), sentence

    def test_fails_where_nobody_answers_or_the_certificate_is_wrong(
        self, world: World, moving: Plan, within: Within, server: Dovecot
    ) -> None:
        self.listed(moving, ada="ok")
        within(imaps=free_port())
        assert "could not be reached" in told(checked(world, moving, "imap_test"))[1]
        within(imaps=server.tls_port)
        outcome, sentence = told(checked(world, moving, "imap_test"))
        assert (outcome, "not trusted" in sentence) == ("failed", True), sentence


class TestBounds:
    def test_private_addresses_are_not_looked_at_unless_the_settings_say_so(
        self, world: World, plan: Plan, within: Within
    ) -> None:
        with smtp_sink(tls=True, known=frozenset({KNOWN})) as sink, misbehaving(hangs) as elsewhere:
            within(smtp=elsewhere.port, allowed=())
            check = checked(world, plan, "inbound")
            assert elsewhere.taken == 0
            within(smtp=sink.port, trusted=str(sink.certificate))
            assert checked(world, plan, "inbound").outcome == "passed"
        assert check.outcome == "could_not_run"
        assert "is this machine itself. The settings of this portal do not allow checks there." in check.sentence

    @pytest.mark.parametrize(
        "manner",
        [hangs, closes, drips(), floods(b"220-banner\r\n"), says(b"220 a\r\n", b"250 a\r\n")],
        ids=["hangs", "closes", "drips", "floods", "stops"],
    )
    def test_servers_that_misbehave_hold_the_worker_no_longer_than_its_limit(
        self, world: World, plan: Plan, within: Within, manner: Manner
    ) -> None:
        finish(world, plan, "configure", "domains")
        with misbehaving(manner) as server:
            within(smtp=server.port, limits=SOON)
            begun = time.monotonic()
            check = checked(world, plan, "inbound")
            took = time.monotonic() - begun
        assert took < SOON.whole + 2
        assert check.outcome == "failed"
        assert check.sentence.startswith("localhost")
        assert len(str(check.evidence)) < 20_000
        assert not PlanCheck.select().where(PlanCheck.state != "done").exists()

    def test_many_hosts_that_hang_take_no_longer_than_one_check(
        self, world: World, plan: Plan, within: Within, names: DnsServer
    ) -> None:
        hosts = [f"mx{number}.company.example" for number in range(10)]
        names.zones.update({host: {"A": ["127.0.0.1"]} for host in hosts})
        handed_in(plan, mail_domains=DOMAINS, inbound_hosts=hosts)
        with misbehaving(hangs) as server:
            within(smtp=server.port, limits=SOON)
            begun = time.monotonic()
            check = checked(world, plan, "inbound")
            took = time.monotonic() - begun
        assert took < SOON.whole + 2
        assert check.outcome == "failed"
        assert set(check.evidence["facts"]) == {f"{host} {KNOWN}" for host in hosts}
