"""Where the mailboxes of a plan are, and how they are signed in to: what the RFI says, or somebody of the MSP."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from blueprints.customers.rules import find_customer
from blueprints.customers.sealing import seal, unseal
from blueprints.plans.checking import a_label, answers_of, secrets_of
from blueprints.plans.held import Held, HeldStep, hold
from blueprints.plans.making import template_of
from blueprints.plans.rules import newest_plan
from blueprints.web.refusals import ChangedMeanwhile, NotThere, Refused
from data.customers import Customer
from data.database import locked, transaction
from data.mailboxes import LOGINS, SECURITIES, MailboxSource
from data.plan_definitions import Step
from data.plans import Plan, PlanStep

if TYPE_CHECKING:
    from blueprints.gateways.imap import Server, SignIn

PORTS = {"tls": 993, "starttls": 143, "none": 143}  # checks go to no others
JOINED = re.compile(r"user(.+)admin")
NAMES = re.compile("user|admin")
FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class NoHost(Refused):
    def __init__(self) -> None:
        super().__init__("Write the name of the IMAP server, such as imap.company.example.", "host")


# --- finding ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """The step that a plan's mailboxes belong to. `newest`: those of an earlier plan are only read."""

    customer: Customer
    plan: Plan
    row: PlanStep
    told: Step
    newest: bool = True

    @cached_property
    def source(self) -> "Source":
        return source_of(self.plan, self.told)

    @property
    def open(self) -> bool:
        return self.newest and bool(self.plan.state == "open")


def place_of(who: Any, customer_id: int, permission: str = "customers.see", plan_id: int | None = None) -> Place:
    """For pages. `who`: a Standing; `plan_id`: None for the newest plan. Raises NotThere, MayNot."""
    customer = find_customer(who, customer_id, permission)
    newest: Plan | None = newest_plan.first(customer.id)
    of_id = (Plan.id == plan_id) & (Plan.customer == customer)
    plan = newest if plan_id is None else Plan.get_or_none(of_id)
    if plan is None or plan.template_id is None:
        raise NotThere
    told = step_told(template_of(plan))
    row = PlanStep.get_or_none((PlanStep.plan == plan) & (PlanStep.key == told.id))
    if row is None:
        raise NotThere
    return Place(customer, plan, row, told, newest=plan == newest)


def step_told(template: Any) -> Step:
    """The step of a template that tests mailboxes. Raises NotThere."""
    steps = (step for step in template if step.does == "mailboxes" and step.check and step.check.kind == "imap")
    found: Step | None = next(steps, None)
    if found is None:
        raise NotThere
    return found


def hold_mailboxes(who: Any, customer_id: int) -> tuple[Held, HeldStep]:
    """The plan, and its step that tests mailboxes, for a change. Call inside the transaction. Raises as `hold`."""
    held = hold(who, customer_id)
    key = step_told(held.template).id
    row = next((row for row in held.chain.all if row.key == key), None)
    if row is None:
        raise NotThere
    return held, HeldStep(held, row)


# --- the source ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A server and how it is signed in to. `security`, `login`: see data/mailboxes.py.

    `sealed`: what opens every mailbox (the administrator's password, a token); `port`: what the RFI says, "" where
    somebody of the MSP said where to go; `version`: 0 while only the RFI speaks.
    """

    host: str = ""
    security: str = "tls"
    login: str = "list"
    admin: str = ""
    admin_form: str = ""
    accepted: str = ""
    port: str = ""
    sealed: str = field(default="", repr=False)
    version: int = 0

    @property
    def of_rfi(self) -> bool:
        return not self.version

    @property
    def security_word(self) -> str:
        return SECURITIES[self.security]

    @property
    def login_word(self) -> str:
        return LOGINS[self.login]

    @property
    def missing(self) -> str:
        """Why nothing can be tested yet; "" when something can."""
        if not self.host:
            return "Nobody has said which server the mailboxes are on."
        if self.port and self.port != str(PORTS[self.security]):
            return (
                f"The RFI names port {self.port}, and checks go to ports 993 and 143 only. "
                "If the server answers there as well, say so in the settings."
            )
        if self.login == "admin" and not (self.admin and self.sealed):
            return "The administrator’s name or password is missing."
        return ""

    @property
    def needs_own_secrets(self) -> bool:
        """Whether a mailbox without a secret of its own cannot be signed in to."""
        return self.login == "list" or (self.login == "token" and not self.sealed)

    @property
    def shares_secret(self) -> bool:
        return self.login == "admin" or (self.login == "token" and bool(self.sealed))

    def server(self) -> "Server":
        from blueprints.gateways.bounds import Door  # noqa: PLC0415 - only jobs go there
        from blueprints.gateways.imap import Server  # noqa: PLC0415 - as above

        door = Door.IMAPS if self.security == "tls" else Door.IMAP
        return Server(self.host, door, encrypted=self.security != "none", accepted=self.accepted)

    def sign_in(self, user: str, sealed: str) -> "SignIn":
        """How one mailbox is opened; `sealed`: its own secret, "" without. Raises Unreadable."""
        from blueprints.gateways.imap import Password, Proxy, Token  # noqa: PLC0415 - as above

        if self.login == "list":
            return Password(user, unseal(sealed))
        if self.login == "token":
            return Token(user, unseal(sealed or self.sealed))
        secret = unseal(self.sealed)
        joined = JOINED.fullmatch(self.admin_form)
        if joined or not self.admin_form:
            return Proxy(user, self.admin, secret, separator=joined.group(1) if joined else "")
        names = {"user": user, "admin": self.admin}
        return Password(NAMES.sub(lambda found: names[found.group()], self.admin_form), secret)


def source_of(plan: Plan, told: Step) -> Source:
    """As somebody of the MSP said it, otherwise as the RFI does."""
    row = MailboxSource.get_or_none(MailboxSource.plan == plan)
    return source_from(row) if row else source_of_rfi(plan, told)


def source_from(row: MailboxSource) -> Source:
    return Source(
        host=row.host,
        security=row.security,
        login=row.login,
        admin=row.admin,
        admin_form=row.admin_form,
        accepted=row.accepted,
        sealed=row.sealed,
        version=row.version,
    )


def source_of_rfi(plan: Plan, told: Step) -> Source:
    answers, secrets = answers_of(plan.customer_id), secrets_of(plan.customer_id, told)
    given: dict[str, Any] = {}
    for parameter, questions in told.check.answers if told.check else ():
        given[parameter] = next((answers[each] for each in questions if answers.get(each)), "")
    sealed = next((secrets[each] for each in questions_of(told, "password") if secrets.get(each)), "")
    security, login = str(given.get("security", "")), str(given.get("login", ""))
    return Source(
        host=str(given.get("host", "")),
        security=security if security in SECURITIES else "tls",
        login="admin" if login == "admin" else "list",
        admin=str(given.get("admin", "")),
        admin_form=str(given.get("admin_form", "")),
        port=str(given.get("port", "")),
        sealed=sealed,
    )


def questions_of(told: Step, parameter: str) -> tuple[str, ...]:
    return told.check.questions(parameter) if told.check else ()


# --- saying it otherwise ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What a person typed. `secret` "": the one that is there stays, unless `forget`."""

    host: str
    security: str
    login: str
    admin: str = ""
    admin_form: str = ""
    accepted: str = ""
    secret: str = field(default="", repr=False)
    forget: bool = False


def change_source(who: Any, customer_id: int, version: int, said: Said) -> Source:
    """Raises NoHost, ChangedMeanwhile, Refused for what is missing, and as `hold`."""
    host = host_in(said.host)
    accepted = said.accepted.replace(":", "").replace(" ", "").lower()
    if accepted and not FINGERPRINT.fullmatch(accepted):
        raise Refused("A SHA-256 fingerprint has 64 digits and letters from a to f.", "accepted")
    if said.login == "admin" and not said.admin:
        raise Refused("Write the administrator’s user name.", "admin")
    with transaction():
        held, step = hold_mailboxes(who, customer_id)
        row = locked(MailboxSource.select().where(MailboxSource.plan == held.plan)).first()
        before = source_from(row) if row else source_of_rfi(held.plan, step.told)
        if before.version != version:
            raise ChangedMeanwhile
        kept = "" if said.forget else before.sealed if said.login == before.login else ""
        values = {
            "host": host,
            "security": said.security,
            "login": said.login,
            "admin": said.admin if said.login == "admin" else "",
            "admin_form": said.admin_form if said.login == "admin" else "",
            "accepted": accepted,
            "sealed": (seal(said.secret) if said.secret else kept) if said.login != "list" else "",
        }
        row = row or MailboxSource(plan=held.plan, version=0)
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.save()
        after = source_from(row)
        held.tell("plan.mailbox_source_changed", changes=changes_told(before, after, secret=bool(said.secret)))
    return after


def host_in(typed: str) -> str:
    """A host by its name in A-labels, or by its IP address. Raises NoHost."""
    from blueprints.gateways.addresses import literal  # noqa: PLC0415 - what it stands on is slow to load

    address = literal(typed)
    host = str(address) if address else a_label(typed)
    if not host:
        raise NoHost
    return host


def changes_told(before: Source, after: Source, *, secret: bool) -> str:
    """What is otherwise now, without the secret itself."""
    told = [
        f"{word} {getattr(before, name) or '–'} → {getattr(after, name) or '–'}"
        for name, word in WORDS.items()
        if getattr(before, name) != getattr(after, name)
    ]
    told += ["new secret"] if secret else ["secret removed"] if before.sealed and not after.sealed else []
    return ", ".join(told) or "as before"


WORDS = {
    "host": "server",
    "security": "encryption",
    "login": "sign-in",
    "admin": "administrator",
    "admin_form": "form of the name",
    "accepted": "accepted certificate",
}
