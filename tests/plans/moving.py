"""Plans with mailboxes that move, for tests of what is done with them: `a_move(world, "ada", "greta")`."""

import imaplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from blueprints.customers.sealing import seal
from blueprints.plans import mailbox_jobs
from data.moments import now
from data.plans import Mailbox, Plan
from data.rfi import Rfi, RfiAnswer
from tests.factories import World
from tests.plans.checked import handed_in
from tests.plans.planned import a_plan
from tests.services import HOST, Dovecot, dovecot

AT = "@company.example"
TIDE = "tide-and-ebb"  # everybody's password
MASTER, ANCHOR = "harbourmaster", "anchor-chain"
RFI = {
    "imap_host": "localhost",
    "imap_security": "tls",
    "imap_port": "993",
    "imap_login": "list",
    "mail_domains": ["company.example"],
}


def a_move(world: World, *names: str, password: str = TIDE, **answers: Any) -> Plan:
    """A plan that moves mailboxes; `names`: those listed already, each with the password."""
    plan = a_plan(world, "migration", **(RFI | answers))
    handed_in(plan, **(RFI | answers))
    for name in names:
        a_mailbox(plan, name, password)
    return plan


def a_mailbox(plan: Plan, local: str, password: str = TIDE, **changed: Any) -> Mailbox:
    address = f"{local}{AT}"
    facts = {"plan": plan, "address": address, "login": address, "sealed": seal(password) if password else ""}
    return Mailbox.create(**facts | changed)


def a_secret(plan: Plan, question: str, secret: str) -> None:
    """Typed into the RFI."""
    rfi = Rfi.get(Rfi.order == plan.order_id)
    RfiAnswer.create(rfi=rfi, question=question, sealed=seal(secret), changed_at=now(), changed_by_name="Ines")


def mailbox(plan: Plan, name: str) -> Mailbox:
    """As it is now."""
    return Mailbox.get((Mailbox.plan == plan) & (Mailbox.address == f"{name}{AT}"))


def states(plan: Plan) -> dict[str, str]:
    rows = Mailbox.select(Mailbox.address, Mailbox.state).where(Mailbox.plan == plan)
    return {row.address.removesuffix(AT): row.state for row in rows}


def here(plan: Plan) -> str:
    return f"/customers/{plan.customer_id}/plan/mailboxes"


def work() -> None:
    """What the worker does with all that waits."""
    for run_id in mailbox_jobs.testing.due_runs():
        mailbox_jobs.work_on(run_id)


@contextmanager
def old_server(*names: str) -> Iterator[Dovecot]:
    """A Dovecot with these mailboxes; the first has two messages in one folder and one in another."""
    people = {f"{name}{AT}": TIDE for name in names}
    with dovecot(people, masters={MASTER: ANCHOR}) as server:
        with imaplib.IMAP4(HOST, server.port) as mailbox:
            mailbox.login(f"{names[0]}{AT}", TIDE)
            mailbox.create("Archive.2025")
            for folder in ("INBOX", "INBOX", "Archive.2025"):
                mailbox.append(folder, None, None, b"Subject: a\r\n\r\nhere\r\n")
        yield server
