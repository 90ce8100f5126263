"""A customer of Harbour Lights with a marker in every private record of that MSP: `plant(world)`.

Each kind of record has a marker of its own, so that a test says what leaked, and whether the place that should show it
to its owner does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from blueprints.accounts.standing import standing_of
from blueprints.customers.attachments import file_document
from blueprints.customers.sealing import seal
from blueprints.mailroom.rules import write
from blueprints.plans.making import make_plan
from data import history
from data.accounts import Person
from data.alerts import Alert, AlertNotice, Subscriber
from data.attachments import Paper
from data.console import ConsoleUse, PartnerConsole
from data.customers import Contact, Customer
from data.database import transaction
from data.definitions import as_definition, current_sets
from data.history import History
from data.mailboxes import MailboxSource
from data.moments import now
from data.monitors import Maintenance, Monitor, MonitorChange, Reading
from data.notes import Note, NoteVersion
from data.orders import Order, OrderLine
from data.partners import Partner, PriceTier
from data.plan_choosing import Needs
from data.plans import Mailbox, Plan, PlanCheck, PlanStep, StepComment
from data.rfi import AskedSet, HandedIn, Rfi, RfiAnswer, RfiFlag, RfiLink
from data.roles import Role
from tests.console.opened import delegated
from tests.factories import World, a_grant_over, a_person
from tests.transfers.changing import a_complete_customer, an_order

PRICE = Decimal("9.87")  # of each user, the releasing MSP's; 40 of them are 394.80
MONEY = ("9.87", "394.80", "789.60")
CUSTOMERS_OWN = "Kundenwort"  # what goes along


def marker(of: str) -> str:
    return f"Zwm{of}mwZ"


# What the releasing MSP's people find on pages of their own.
SHOWN = (
    "note",
    "noteversion",
    "ordernumber",
    "attachment",
    "paper",
    "subject",
    "lettertext",
    "letterhtml",
    "history",
    "person",
    "stepreason",
    "ownstep",
    "comment",
    "evidence",
    "sentence",
    "flag",
    "partneranswer",
    "peopleanswer",
    "smarthost",
    "agreement",
    "street",
    "upload",
    "reading",
    "said",
    "remark",
    "subscriber",
    "console",
)
# What nobody finds on a page, and must not be found there later either.
UNSHOWN = ("expected", "mailboxhost", "rfireason", "maintenance")


@dataclass(frozen=True)
class Planted:
    customer: Customer
    person: Person  # who did it all, for the releasing MSP

    @property
    def markers(self) -> Iterator[str]:
        yield from map(marker, (*SHOWN, *UNSHOWN))


def plant(world: World) -> Planted:
    """Prices, orders, notes, papers, letters, people, plan, RFI, settings and history."""
    harbour = set_up_partner(world)
    person = a_person(marker("person"), harbour, Role.MSP_ADMIN, email=f"{marker('person')}@harbour.example".lower())
    customer = a_complete_customer(world, name="Quellenhof", primary_domain="quellenhof.example")
    a_grant_over(a_person("Rita Raised", harbour, Role.VIEWER), customer, Role.TECHNICIAN)
    with transaction():
        order = plant_order(customer)
        plant_notes(customer, person)
        plant_papers(customer, person, order)
        plant_letters(customer, harbour)
        plant_rfi(customer, person)
        plant_plan(customer, person)
        plant_change(customer, person, world)
        plant_monitors(customer, person)
        plant_console(customer, world.stranger)
        history.record(
            "cancellation.withdrawn", person, partner=harbour.id, customer=customer.id, reason=marker("history")
        )
        history.record("order.dropped", person, partner=harbour.id, customer=customer.id)
    Contact.create(customer=customer, kind="other", first_name=CUSTOMERS_OWN, email="second@quellenhof.example")
    return Planted(customer, person)


def set_up_partner(world: World) -> Partner:
    harbour = Partner.get_by_id(world.harbour.id)
    harbour.street, harbour.agreement_name = marker("street"), marker("agreement")
    harbour.smart_host, harbour.reply_to = f"{marker('smarthost')}.example".lower(), "desk@harbour.example"
    harbour.outbound_ips = "203.0.113.77"
    harbour.expected = {"mx": [f"{marker('expected')}.example"]}
    harbour.save()
    PriceTier.update(monthly_per_user=PRICE).where(PriceTier.contracted_price.in_(prices_of(harbour))).execute()
    return harbour


def prices_of(partner: Partner) -> list[int]:
    from data.partners import ContractedPrice  # noqa: PLC0415 - for this alone

    return [row.id for row in ContractedPrice.select().where(ContractedPrice.partner == partner)]


def plant_order(customer: Customer) -> Order:
    order = Order.get(Order.customer == customer)
    order.order_number, order.monthly_total = marker("ordernumber"), PRICE * 80
    order.agreed = {"told": marker("ordernumber")}
    order.save()
    priced = {"monthly_per_user": PRICE, "monthly_total": PRICE * 40}
    OrderLine.update(**priced).where(OrderLine.order == order).execute()
    return order


def plant_notes(customer: Customer, person: Person) -> None:
    note = Note.create(customer=customer, text=marker("note"), author=person, created_at=now(), version=2)
    NoteVersion.create(note=note, version=1, text=marker("noteversion"), written_at=now(), written_by=person)
    history.record("note.added", person, partner=customer.partner_id, customer=customer.id)


def plant_papers(customer: Customer, person: Person, order: Order) -> None:
    """The addendum with its prices, and something that was uploaded."""
    from blueprints.gateways.pdf import Paper as Sheet  # noqa: PLC0415 - loads ReportLab

    sheet = Sheet(
        title="Addendum", author="Harbour", subject="Quellenhof", language="en", written=now(), footer=("", "")
    )
    sheet.words(f"{marker('paper')} {PRICE}")
    file_document(person, customer, f"{marker('attachment')}.pdf", sheet.printed(), order=order)
    refused = {"state": "refused", "reason": marker("upload"), "size": 3, "created_at": now()}
    Paper.create(customer=customer, name="scan.png", created_by=person, **refused)


def plant_letters(customer: Customer, partner: Partner) -> None:
    words = {"subject": marker("subject"), "text": marker("lettertext"), "html": f"<p>{marker('letterhtml')}</p>"}
    write(
        history.PORTAL, kind="order_addendum", to_email="a@harbour.example", **words, partner=partner, customer=customer
    )


def plant_rfi(customer: Customer, person: Person) -> None:
    """Answers of the customer's, and those that are about the MSP or name somebody of it."""
    rfi = Rfi.get(Rfi.customer == customer)
    questions = current_sets()
    kept = {"version": questions.version, "definition": as_definition(questions), "kept_at": now()}
    AskedSet.insert(**kept).on_conflict_ignore().execute()
    rfi.set_version, rfi.infrastructure, rfi.reason = questions.version, "onprem", marker("rfireason")
    rfi.save()
    answers = {
        "dns_host": CUSTOMERS_OWN,
        "mail_domains": ["quellenhof.example"],
        "partner_administrator": f"{marker('partneranswer')}@harbour.example",
        "technical_contact": {"last_name": marker("peopleanswer"), "email": person.email},
    }
    for question, value in answers.items():
        RfiAnswer.create(
            rfi=rfi,
            question=question,
            value=value,
            changed_at=now(),
            changed_by_id=person.id,
            changed_by_name=person.name,
        )
    RfiAnswer.create(
        rfi=rfi, question="ldap_password", sealed=seal("geheim"), changed_at=now(), changed_by_name=person.name
    )
    HandedIn.create(
        rfi=rfi, number=1, set_version=questions.version, infrastructure="onprem", answers=answers, at=now(),
        by_id=person.id, by_name=person.name,
    )  # fmt: skip  # one version, as it was
    RfiFlag.create(rfi=rfi, question="dns_host", comment=marker("flag"), at=now(), by_id=person.id, by_name=person.name)
    RfiLink.create(
        rfi=rfi, token_hash="1" * 64, name="Ines Lead", email="lead@quellenhof.example", created_at=now(),
        expires_at=now() + timedelta(days=900),
    )  # fmt: skip  # as above
    history.record("rfi.handed_in", person, partner=customer.partner_id, customer=customer.id, number=1)


def plant_plan(customer: Customer, person: Person) -> None:
    plan = Plan.get(Plan.customer == customer)
    Plan.update(state="open", completed_at=None).where(Plan.id == plan.id).execute()
    answers = {"filter_now": "none", "directory_sync": "list", "mail_domains": ["quellenhof.example"]}
    make_plan(standing_of(person), customer, plan.order_id, Needs(frozenset({"security"}), "m365", answers))
    steps = list(PlanStep.select().where(PlanStep.plan == plan).order_by(PlanStep.position))
    PlanStep.update(
        state="done", reason=marker("stepreason"), changed_by_id=person.id, changed_by_name=person.name,
        assigned_to=person,
    ).where(PlanStep.plan == plan).execute()  # fmt: skip  # as above
    PlanStep.create(
        plan=plan, key="own_1", phase=steps[0].phase, position=99, title=marker("ownstep"), owner="partner",
        state="done", changed_at=now(),
    )  # fmt: skip  # as above
    StepComment.create(step=steps[0], text=marker("comment"), at=now(), by_id=person.id, by_name=person.name)
    answered = {"server": "ns", "question": "MX", "answer": marker("evidence"), "at": "2027-01-01", "seconds": 1}
    checked = next(step for step in steps if step.key == "mx_change")
    PlanCheck.create(
        step=checked, kind="mx", state="done", outcome="passed", sentence=marker("sentence"), watch=True,
        evidence={"evidence": [answered]}, not_before=now(), answered_at=now(), asked_by_name=person.name,
        asked_by_id=person.id, again_at=now() + timedelta(days=400),
    )  # fmt: skip  # as above
    Plan.update(
        state="done", expected={"mx": [marker("expected")]}, completed_at=now(), partner_signed_at=now(),
        partner_signed_by=person.name, customer_signed_at=now(), customer_signed_by="Ines Lead (by link)",
    ).where(Plan.id == plan.id).execute()  # fmt: skip  # as above
    source = {"host": f"{marker('mailboxhost')}.example", "security": "tls", "login": "list"}
    MailboxSource.create(plan=plan, **source, sealed=seal("geheim"))
    Mailbox.create(plan=plan, address="amy@quellenhof.example", login="amy", sealed=seal("geheim"), state="ok")
    step = {"step": steps[1].title}
    facts = {"partner": customer.partner_id, "customer": customer.id}
    history.record("plan.step_done", person, **facts, **step)
    history.record("plan.step_overridden", person, **facts, **step, reason=marker("stepreason"))
    history.record("plan.step_done", person, **facts, step=marker("ownstep"))
    history.record("plan.signed", person, **facts, side="the MSP", reason=f": {marker('stepreason')}")
    history.record("plan.completed", person, **facts)


def plant_change(customer: Customer, person: Person, world: World) -> None:
    """A change order with a plan of its own, complete, so that all of the above belongs to an earlier one."""
    first = Order.get(Order.customer == customer)
    Order.update(addendum_number="2026-000009").where(Order.id == first.id).execute()
    order = an_order(customer, (world.shield, world.vault), str(PRICE))
    order.kind, order.changes, order.applied_at = "change", first, now()
    order.agreed = {"kind": "Upgrade addendum", "changes": "30 → 40 permitted users"}
    order.monthly_before, order.prorated, order.effective_on = PRICE * 60, Decimal(0), order.subscription_start
    order.save()
    Plan.create(
        customer=customer, order=order, state="done", opened_at=now(), completed_at=now(), partner_signed_at=now(),
        partner_signed_by=person.name, customer_signed_at=now(), customer_signed_by="Ines Lead (by link)",
    )  # fmt: skip  # as above


def plant_monitors(customer: Customer, person: Person) -> None:
    """One that is sent here, with all that happened to it; one that looks with a password, and one without."""
    usual = {"customer": customer, "since": now(), "made_at": now(), "read_at": now(), "state": "good"}
    queue = Monitor.create(
        service="outbound_queue", source="push", token_hash="2" * 64, token_made_at=now(), warning=50, problem=200,
        problem_age=3600, value=7, message=marker("reading"), **usual,
    )  # fmt: skip  # one monitor, as it was set up
    ldap = {"host": "ldap.quellenhof.example", "base": "dc=quellenhof", "user": "cn=reader"}
    Monitor.create(
        service="directory_connector", source="probe", probe="ldap", settings=ldap, sealed=seal("geheim"),
        due_at=now(), **usual,
    )  # fmt: skip  # as above
    Monitor.create(
        service="inbound_queue", source="probe", probe="smtp", settings={"host": "mx.quellenhof.example"},
        every=300, damping=3, due_at=now(), **usual,
    )  # fmt: skip  # as above
    Reading.create(monitor=queue, at=now(), value=7, level="g", message=marker("reading"))
    of = {"monitor": queue, "service": queue.service}
    MonitorChange.create(
        **of, customer_id=customer.id, partner_id=customer.partner_id, before="good", after="problem", at=now(),
        told_at=now(), message=marker("reading"),
    )  # fmt: skip  # as above
    told = Subscriber.create(
        partner=customer.partner, name=marker("subscriber"), email="n@harbour.example", added_at=now()
    )
    alert = Alert.create(
        **of, partner=customer.partner, customer=customer, state="problem", said=marker("said"), opened_at=now(),
        acknowledged_at=now(), acknowledged_by_id=person.id, acknowledged_by_name=person.name, remark=marker("remark"),
    )  # fmt: skip  # as above
    AlertNotice.create(alert=alert, subscriber=told, kind="alert", state="problem", at=now())
    Maintenance.create(
        customer=customer, begins_at=now(), ends_at=now() + timedelta(days=900), reason=marker("maintenance"),
        by_id=person.id, by_name=person.name,
    )  # fmt: skip  # as above


def plant_console(customer: Customer, holder: Person) -> None:
    address = f"https://{marker('console')}.example/".lower()
    PartnerConsole.create(partner=customer.partner, address=address)
    delegated(holder, customer)
    ConsoleUse.create(person=holder, customer=customer, at=now(), address=address)


def lines_of(customer: Customer) -> list[History]:
    return list(History.select().where(History.customer_id == customer.id).order_by(History.id))
