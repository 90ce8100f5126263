"""What a question may be: the closed vocabulary of the question sets, as frozen dataclasses.

How an answer looks, by kind (`blueprints/rfi/checking.py` reads, checks and tells them):
a text for line, text, choice, yes_no ("yes", "no"), number (as typed), date, date_time (both ISO 8601 without a
zone), email, phone and host; a list of texts for several, domains, ips, hosts and forwarding (one each line, as
typed); a table for group (field id → value) and csv; for a secret the text while it is on its way, then SECRET_KEPT.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from data.conditions import Condition

KINDS = (
    "line",
    "text",
    "choice",
    "several",
    "yes_no",
    "number",
    "date",
    "date_time",
    "email",
    "phone",
    "domains",
    "ips",
    "host",
    "hosts",
    "forwarding",
    "csv",
    "secret",
    "group",
)
SECRET_KEPT = {"kept": True}  # stands for a secret that is kept, sealed and never shown
# Keys that every question may have, and those that only mean something to some kinds.
COMMON_KEYS = frozenset(
    {"id", "kind", "label", "help", "example", "required", "required_when", "show_when", "warn_when", "prefill"}
)
KEYS_OF_KIND: dict[str, frozenset[str]] = {
    "line": frozenset({"most_characters", "form"}),
    "text": frozenset({"most_characters"}),
    "choice": frozenset({"choices", "choices_from"}),
    "several": frozenset({"choices", "choices_from", "together_with"}),
    "yes_no": frozenset({"unless_yes"}),
    "number": frozenset({"least", "most", "unit"}),
    "date": frozenset({"future", "days_ahead"}),
    "date_time": frozenset({"future", "days_ahead"}),
    "email": frozenset({"personal", "outside", "unlike"}),
    "phone": frozenset({"mobile"}),
    "domains": frozenset({"most", "look_up", "underscores"}),
    "ips": frozenset({"most", "public", "networks"}),
    "host": frozenset({"ends_with", "addresses", "look_up"}),
    "hosts": frozenset({"most", "default_port", "public", "ends_with"}),
    "forwarding": frozenset({"most", "inside", "outside"}),
    "csv": frozenset({"most", "columns", "inside"}),
    "secret": frozenset(),
    "group": frozenset({"questions"}),
}
FORMS = ("tenant", "base_dn")  # of a line: a Microsoft 365 tenant's first domain, the base DN of a directory
COLUMNS = ("addresses", "mailboxes")  # of a csv: one email address a row, or the mailboxes to be moved
PREFILLS = (
    "customer.name",
    "customer.primary_domain",
    "customer.infrastructure",
    "customer.permitted_users",
    "partner.outbound_ips",
    "partner.inbound_ips",
    "partner.smart_host",
    "mx.hosts",  # where the mail of the domains goes, as far as it was looked up
    "mx.filter",  # the filter that this looks like
    "ns.hosts",  # the domains' name servers
)


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    help: str = ""
    show_when: Condition | None = None
    alone: bool = False  # of several: not together with another


@dataclass(frozen=True)
class Caution:
    """A sentence that is said when its condition holds; it stops nobody."""

    when: Condition
    say: str


@dataclass(frozen=True)
class Question:
    """One question, or a field of a group.

    `required` and `required_when`: to be answered before the RFI can be handed in. `example` is what a good answer
    looks like, shown beside the field; several lines for kinds of several lines.
    """

    id: str
    kind: str
    label: str
    help: str = ""
    example: str = ""
    required: bool = False
    required_when: Condition | None = None
    show_when: Condition | None = None
    warn_when: tuple[Caution, ...] = ()
    prefill: str = ""  # one of PREFILLS
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""  # id of a domains question whose answer is what can be chosen
    together_with: str = ""  # id of another question: each choice must be chosen here or there
    questions: tuple["Question", ...] = ()  # the fields of a group
    least: int | None = None
    most: int | None = None  # of a number: its value; of lists: entries
    most_characters: int | None = None
    unit: str = ""
    form: str = ""  # one of FORMS
    unless_yes: str = ""  # a confirmation: what is said to a “no”, which stands in the way of handing in
    future: bool = False  # not before today
    days_ahead: int = 0  # warned about when it is nearer
    personal: bool = False  # an address of one person: warned about when it looks shared
    mobile: bool = False
    look_up: bool = False  # in DNS, and what it says is told
    underscores: bool = False  # names of records such as _spf.company.example
    public: bool = False  # only addresses that the internet can reach
    networks: bool = False  # 198.51.100.0/24 as well as single addresses
    ends_with: tuple[str, ...] = ()  # the host is below one of these names
    addresses: bool = False  # the host may be an IP address
    default_port: int | None = None
    inside: str = ""  # id of a domains question: what is entered belongs to one of them
    outside: str = ""  # … or to none
    unlike: tuple[str, ...] = ()  # ids of questions with addresses: warned about when it is one of theirs
    columns: str = ""  # one of COLUMNS


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    help: str = ""
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class QuestionSet:
    """All questions, whoever is asked. `version`: SHA-256 of the definition, hexadecimal."""

    version: str
    sections: tuple[Section, ...]

    def __iter__(self) -> Iterator[Question]:
        return (question for section in self.sections for question in section.questions)

    @cached_property
    def by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self}

    def question(self, id: str) -> Question:  # noqa: A002 - the key is called so in the files
        """Raises KeyError."""
        return self.by_id[id]
