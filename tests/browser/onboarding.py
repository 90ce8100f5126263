"""An onboarding whose servers are all real: a portal, a name server, an IMAP and an SMTP server, a directory.

Everything answers on this machine. A customer's zone is as it was before the onboarding until a test changes it.
"""

import imaplib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from blueprints.accounts.standing import standing_of
from blueprints.customers.links import hashed
from blueprints.customers.sealing import open_seal, seal
from blueprints.plans.making import make_plan
from data.accounts import Person
from data.customers import Contact, Customer
from data.database import database, open_database, transaction
from data.fields import Moment
from data.moments import now
from data.orders import OrderLine
from data.partners import Partner
from data.plan_choosing import Needs
from data.plans import Plan, PlanCheck, PlanStep
from data.rfi import AskedSet, HandedIn, Rfi, RfiAnswer, RfiFlag, RfiLink
from tests.browser.conftest import Window
from tests.browser.portal import Served, serving
from tests.services import HOST, Directory, DnsServer, Dovecot, SmtpSink, dns_server, dovecot, slapd, smtp_sink

NOBODY_THERE = "127.0.0.9"  # an address of this machine at which nothing listens
PASSWORD, ADMIN, ADMIN_PASSWORD = "tide-and-ebb", "harbourmaster", "anchor-chain-9"
NAMES = ("ada", "greta", "wangari")
MAIL, IMAP, DIRECTORY = "mail.old.example", "imap.old.example", "directory.old.example"
NEW = "mx1.provider.example"
PERSON = "dn: uid=p{0},dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: p{0}\ncn: P\nsn: P\nmail: p{0}@old.example\n"


@dataclass
class Onboarding:
    """A portal with sample data, and the servers that its checks look at. `smtp` knows ada@… of each domain only."""

    served: Served
    names: DnsServer
    imap: Dovecot
    smtp: SmtpSink
    directory: Directory
    home: Path

    def records(self) -> object:
        open_database(f"sqlite:///{self.home / 'quayside.sqlite'}")
        return database.connection_context()

    def customer(self, domain: str, service: str) -> int:
        with self.records():
            return a_customer(domain, service)

    def expect(self) -> None:
        """What the MSP says that records should be."""
        with self.records():
            Partner.update(expected=EXPECTED).execute()

    def hand_in(self, *told: Any) -> None:
        with self.records():
            open_seal([(self.home / "sealing_key").read_text().strip()])
            hand_in(*told)

    def link(self, customer_id: int) -> str:
        """The customer's own page, as a letter would lead there."""
        with self.records():
            rfi, token = Rfi.get(Rfi.customer == customer_id), token_urlsafe(32)
            facts = {"email": "ines@old.example", "created_at": now(), "expires_at": now() + timedelta(days=60)}
            RfiLink.create(rfi=rfi, token_hash=hashed(token), name="Ines Lead", **facts)
        return f"{self.served.address}/welcome/{token}"

    def step(self, customer_id: int, key: str) -> PlanStep:
        with self.records():
            newest = PlanStep.select().join(Plan).where(Plan.customer == customer_id).order_by(Plan.id.desc())
            return newest.where(PlanStep.key == key).get()

    def plan(self, customer_id: int) -> str:
        return f"{self.served.address}/customers/{customer_id}/plan"

    def time_passes(self, hours: float = 0.02) -> None:
        """The clock of the portal goes on: everything that happened to plans was so much longer ago."""
        with self.records(), transaction():
            for model in (Plan, PlanStep, PlanCheck):
                moments = [field for field in model._meta.sorted_fields if isinstance(field, Moment)]
                for row in model.select():
                    earlier = {field: sooner(getattr(row, field.name), hours) for field in moments}
                    model.update(earlier).where(model._meta.primary_key == row.id).execute()


# --- customers to onboard; call with the portal's database open ---------------------------------------------


def a_customer(domain: str, service: str) -> int:
    """One in progress whose RFI is not answered, with this domain and this service ordered; its id."""
    with transaction():
        free = Customer.primary_domain.not_in(DOMAINS) & Rfi.id.not_in(HandedIn.select(HandedIn.rfi))
        row = Rfi.select().join(Customer).where((Customer.status == "in_progress") & free).order_by(Rfi.id).get()
        fresh = {"state": "incomplete", "infrastructure": "", "reason": "", "opened_at": now(), "closed_at": None}
        Rfi.update(**fresh).where(Rfi.id == row.id).execute()
        for of_rfi in (RfiAnswer, RfiFlag):
            of_rfi.delete().where(of_rfi.rfi == row).execute()
        OrderLine.update(services=service).where(OrderLine.order == row.order_id).execute()
        Customer.update(primary_domain=domain, infrastructure="").where(Customer.id == row.customer_id).execute()
        PlanStep.delete().where(PlanStep.plan.in_(Plan.select(Plan.id).where(Plan.order == row.order_id))).execute()
        afresh = {"state": "open", "template": None, "cutover_at": None, "partner_signed_at": None}
        Plan.update(**afresh, customer_signed_at=None).where(Plan.order == row.order_id).execute()
        lead = (Contact.customer == row.customer_id) & (Contact.kind == "implementation_lead")
        Contact.update(email=f"ada@{domain}", first_name="Ines", last_name="Lead").where(lead).execute()
        return row.customer_id


def hand_in(customer_id: int, service: str, answers: dict[str, object], secrets: dict[str, str] | None = None) -> None:
    """Its RFI with these answers, and the plan that follows from them."""
    with transaction():
        rfi = Rfi.get(Rfi.customer == customer_id)
        Rfi.update(state="complete").where(Rfi.id == rfi.id).execute()
        AskedSet.insert(version="0", definition={}, kept_at=now()).on_conflict_ignore().execute()
        told = {"infrastructure": "onprem", "answers": answers, "at": now(), "by_name": "Ines Lead"}
        HandedIn.create(rfi=rfi, number=1, set_version="0", **told)
        for question, secret in (secrets or {}).items():
            RfiAnswer.create(rfi=rfi, question=question, sealed=seal(secret), changed_at=now(), changed_by_name="Ines")
        who = standing_of(Person.get(Person.email == "ada@northstar.example"))
        needs = Needs(frozenset({service}), "onprem", answers)
        make_plan(who, Customer.get_by_id(customer_id), rfi.order_id, needs)


def sooner(at: datetime | None, hours: float) -> datetime | None:
    return at - timedelta(hours=hours) if at else None


EXPECTED = {
    "mx": [f"10 {NEW}"],
    "spf_include": ["include:_spf.provider.example"],
    "autodiscover": ["autodiscover.provider.example"],
    "dkim_selectors": ["s1"],
    "dmarc_policy": "quarantine",
}
DOMAINS = ("company.example", "quay.example", "harbour.example")


def zones() -> dict:
    """As they are before anything moves."""
    found: dict = {host: {"A": [HOST]} for host in (MAIL, IMAP, DIRECTORY, NEW)}
    found["_spf.provider.example"] = {"TXT": ['"v=spf1 ip4:198.51.100.0/24 -all"']}
    for domain in DOMAINS:
        found[f"ns1.{domain}"] = {"A": [HOST]}
        found[domain] = {"NS": [f"ns1.{domain}."], "MX": [f"10 {MAIL}."], "TXT": ['"v=spf1 mx -all"']}
    return found


@contextmanager
def onboarding(folder: Path) -> Iterator[Onboarding]:
    with ExitStack() as stack:
        names = stack.enter_context(dns_server(zones()))
        people = {f"{name}@{domain}": PASSWORD for name in NAMES for domain in DOMAINS}
        imap = stack.enter_context(dovecot(people, {ADMIN: ADMIN_PASSWORD}, host=IMAP))
        for address in people:
            with imaplib.IMAP4(HOST, imap.port) as mailbox:
                mailbox.login(address, PASSWORD)
                mailbox.append("INBOX", None, None, b"Subject: a\r\n\r\nhere\r\n")
        known = frozenset(f"ada@{domain}" for domain in DOMAINS)
        smtp = stack.enter_context(smtp_sink(tls=True, known=known, host=MAIL))
        directory = stack.enter_context(slapd("\n".join(map(PERSON.format, range(30))), host=DIRECTORY))
        trusted = folder / "trusted.pem"
        trusted.write_bytes(b"".join(each.certificate.read_bytes() for each in (imap, smtp, directory)))
        doors = {"names": names.port, "imaps": imap.tls_port, "smtp": smtp.port, "ldaps": directory.tls_port}
        told = {
            "DNS_SERVERS": f"{HOST}:{names.port}",
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "TRUSTED_CERTIFICATES": str(trusted),
            "DOORS": json.dumps(doors),
        }
        home = folder / "home"
        served = stack.enter_context(serving(home, sample=True, **told))
        yield Onboarding(served, names, imap, smtp, directory, home)


# --- what both sides do on their pages --------------------------------------------------------------------


def finish(ours: Window, at: Onboarding, customer_id: int, *keys: str) -> None:
    """The MSP does these steps, each on its own page."""
    for key in keys:
        ours.page.goto(f"{at.plan(customer_id)}/{at.step(customer_id, key).id}")
        ours.page.locator('form[action$="/done"] button').click()
        ours.page.locator(".head .mark.good", has_text="Done").wait_for()
    ours.look_over()


def press_on(theirs: Window, at: Onboarding, customer_id: int, key: str, button: str) -> None:
    """The customer presses a button of one of their steps, on their own page."""
    card = theirs.page.locator(f"#step-{at.step(customer_id, key).id}")
    card.get_by_role("button", name=button).click()
    theirs.settle()
    theirs.look_over()


def checked(theirs: Window, at: Onboarding, customer_id: int, key: str, words: str) -> None:
    """… or asks for its check, which then says this."""
    at.time_passes()
    card = theirs.page.locator(f"#step-{at.step(customer_id, key).id}")
    with theirs.page.expect_response(lambda answer: answer.request.method == "POST"):
        card.get_by_role("button", name="Check").click()
    for _ in range(60):
        if words in card.inner_text():
            return
        theirs.page.wait_for_timeout(200)
        theirs.page.reload()
    raise AssertionError(f"“{words}” is not said of {key}: {card.inner_text()}")
