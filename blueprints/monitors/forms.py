"""Forms of monitors: how a service is watched, and times of maintenance."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import Length, Optional
from wtforms.widgets import TextInput

from blueprints.customers.domains import WrongDomain, as_domain
from blueprints.monitors.judging import MOST_DAMPING
from blueprints.monitors.kinds import DOORS, KINDS, MAIL_DOORS, kind_of
from blueprints.monitors.pushing import LARGEST_VALUE
from blueprints.monitors.rules import Wish
from blueprints.web.fields import DayAndTime, Line, Parsed, VersionedForm, Whole, no_control_characters, refuse

LONGEST_SECRET = 1_000
MINUTE = 60
MOST_MINUTES = 60 * 24 * 366
ALL = "all"


def options(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


class Number(Parsed, StringField):
    """A number, typed with a point or a comma."""

    widget = TextInput()

    def __init__(self, label: str, most: int = LARGEST_VALUE, **rest: Any) -> None:
        super().__init__(label, [Optional()], **rest)
        self.wrong = f"A number from 0 to {most:,}."
        self.most = most

    def read(self, given: str) -> float:
        try:
            found = float(given.replace(",", ".")) if given.isascii() and len(given) < 20 else math.nan
        except ValueError:
            raise ValueError(self.wrong) from None
        if not math.isfinite(found) or not 0 <= found <= self.most:
            raise ValueError(self.wrong)
        return found

    def written(self, kept: float) -> str:
        return f"{kept:.12g}"


class Secret(PasswordField):
    """What is typed, white space and all; never shown again."""

    def __init__(self, label: str, **rest: Any) -> None:
        too_long = Length(max=LONGEST_SECRET, message=f"At most {LONGEST_SECRET:,} characters.")
        super().__init__(label, [Optional(strip_whitespace=False), too_long, no_control_characters()], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0] if valuelist else ""


class MonitorForm(VersionedForm):
    """`kind`: push, or the kind of probe. Fields that the kind does not have are left out by `of`."""

    kind = HiddenField()
    host = Line("Host", most=253, description="A name such as mx1.provider.example, or an address.")
    door = SelectField("Where", choices=options(DOORS.items()), invalid_choice_message="Choose one from the list.")
    domain = Line("Domain", most=253, description="Its MX, SPF and DMARC records are watched.")
    user = Line("User", most=320)
    secret = Secret("Password")
    folder = Line("Folder", most=200, description="Empty: INBOX.")
    base = Line("Search base", most=500, description="Such as dc=company,dc=example.")
    warning = Number("Warning at")
    problem = Number("Problem at")
    warning_age = Whole("Warning at an age of", most=MOST_MINUTES, required=False)
    problem_age = Whole("Problem at an age of", most=MOST_MINUTES, required=False)
    every = Whole("Interval", least=1, most=1_440)
    damping = Whole(
        "Readings in a row that change the state",
        least=1,
        most=MOST_DAMPING,
        description="Two or more, so that what goes to and fro tells nobody anything.",
    )

    def of(self, kind: str) -> "MonitorForm":
        """The same with the fields of a kind, and its words."""
        self.kind.data = kind
        probe = KINDS.get(kind)
        wanted = {*probe.needs, *probe.may} if probe else set()
        for name in ("host", "door", "domain", "user", "secret", "folder", "base"):
            if name not in wanted:
                del self[name]
        for name in probe.needs if probe else ():
            self[name].flags.optional = False
        if kind == "smtp":
            self["door"].choices = options((door, DOORS[door]) for door in MAIL_DOORS)
        if kind not in ("push", "imap"):
            del self.warning_age
            del self.problem_age
        return self

    def fill(self, monitor: Any, kind: str) -> "MonitorForm":
        """With what is kept; of a kind that is not the present one, with what is usual."""
        present = kind_of("push" if kind == "push" else "probe", kind)
        same = monitor is not None and monitor.state != "off" and (monitor.probe or "push") == kind
        self.version.data = monitor.version if monitor else 0
        self.every.data = monitor.every // MINUTE if monitor else 15
        self.damping.data = monitor.damping if monitor else 2
        for name in ("warning", "problem"):
            self[name].data = getattr(monitor, name) if same else present.usual.get(name)
        for name in ("warning_age", "problem_age"):
            if name in self:
                seconds = getattr(monitor, name) if same else present.usual.get(name)
                self[name].data = None if seconds is None else int(seconds) // MINUTE
        if same:
            for name in ("host", "door", "domain", "user", "folder", "base"):
                if name in self:
                    self[name].data = monitor.settings.get(name, self[name].data)
        return self

    def validate_for(self, monitor: Any) -> bool:
        """As `validate`, and what the kind needs. `monitor`: whose password may be kept."""
        good = self.validate()
        kind = KINDS.get(self.kind.data or "")
        for name in kind.needs if kind else ():
            kept = name == "secret" and monitor is not None and monitor.sealed and monitor.probe == self.kind.data
            if not self[name].data and not kept and not self[name].errors:
                refuse(self, name, "Fill this in.")
                good = False
        for name in ("host", "domain"):
            if name in self and self[name].data and not self[name].errors:
                good = self.tidy(self[name]) and good
        return good

    def tidy(self, field: Field) -> bool:
        """The host or domain as it is kept; says so beside the field if it is none."""
        try:
            field.data = host_in(field.data) if field.name == "host" else as_domain(field.data)
        except WrongDomain as wrong:
            field.errors = [*field.errors, str(wrong)]
            return False
        return True

    def wish(self) -> Wish:
        kind = self.kind.data or ""
        named = ("host", "door", "domain", "user", "folder", "base")
        return Wish(
            probe="" if kind == "push" else kind,
            settings={name: self[name].data or "" for name in named if name in self},
            secret=(self["secret"].data or "") if "secret" in self else "",
            warning=self.warning.data,
            problem=self.problem.data,
            warning_age=self.seconds("warning_age"),
            problem_age=self.seconds("problem_age"),
            every=self.every.data * MINUTE,
            damping=self.damping.data,
        )

    def seconds(self, name: str) -> int | None:
        minutes = self[name].data if name in self else None
        return None if minutes is None else minutes * MINUTE


def host_in(typed: str) -> str:
    """A host by its name in A-labels, or by its address. Raises WrongDomain."""
    from ipaddress import ip_address  # noqa: PLC0415 - only where a host is typed

    try:
        return str(ip_address(typed.strip().removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    if typed.strip().lower() == "localhost":
        return "localhost"
    try:
        return as_domain(typed)
    except WrongDomain:
        raise WrongDomain("The name of a host such as mx1.provider.example, or an address; no port.") from None


class MaintenanceForm(FlaskForm):
    what = SelectField("Monitor", invalid_choice_message="Choose one from the list.")
    begins = DayAndTime("Begins")
    ends = DayAndTime("Ends")
    reason = Line("Reason", most=200)

    def times(self, zone: str) -> tuple[datetime, datetime]:
        """From when until when, on the clocks of a time zone."""
        begins, ends = (each.data.replace(tzinfo=ZoneInfo(zone)) for each in (self.begins, self.ends))
        return begins, ends

    def offer(self, services: list[tuple[str, str]]) -> "MaintenanceForm":
        self.what.choices = options([(ALL, "All of this customer’s"), *services])
        return self
