"""Kind of probe → what looks at the world for it. They know no database; jobs.py calls them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any

from blueprints.gateways import https, imap, ldap, smtp
from blueprints.gateways.bounds import Bounds, Door, installed
from blueprints.gateways.evidence import Outcome, Question, Said, Verdict
from blueprints.gateways.names import gather
from blueprints.gateways.newest import newest
from data.moments import now

WHOLE, STEP = 25.0, 8.0  # seconds; a monitor asks for less than a check, and comes again soon


@dataclass(frozen=True)
class Look:
    """All that a probe needs, read beforehand. `others`: mail servers that may show whether port 25 is open here."""

    probe: str
    settings: Mapping[str, Any]
    secret: str = field(default="", repr=False)
    others: tuple[str, ...] = ()
    bounds: Bounds = field(default_factory=installed)

    def said(self, name: str) -> str:
        return str(self.settings.get(name) or "")

    @property
    def hurried(self) -> Bounds:
        limits = replace(
            self.bounds.limits, whole=min(WHOLE, self.bounds.limits.whole), step=min(STEP, self.bounds.limits.step)
        )
        return replace(self.bounds, limits=limits)


@dataclass(frozen=True)
class Found:
    """What a probe saw: a value, an age in seconds, whether it is bad whatever they are, and a sentence.

    `known` False: nothing was found out, which is no reading. `baseline`: records to remember, {} for none.
    """

    value: float | None = None
    oldest: int | None = None
    bad: bool = False
    sentence: str = ""
    known: bool = True
    baseline: Mapping[str, list[str]] = field(default_factory=dict)


def run(look: Look) -> Found:
    return RUNNERS[look.probe](look)


def told(verdict: Verdict, value: float | None = None, oldest: int | None = None) -> Found:
    """What cannot be known from here is no reading; what failed is bad; what passed leaves it to the thresholds."""
    if verdict.outcome in (Outcome.NOT_HERE, Outcome.UNDETERMINED):
        return Found(sentence=verdict.reason, known=False)
    return Found(value, oldest, verdict.outcome is Outcome.FAILED, verdict.reason)


# --- servers --------------------------------------------------------------------------------------------


def mail_server(look: Look) -> Found:
    begun = monotonic()
    door = Door(look.said("door") or "smtp")
    verdict = smtp.greet(look.said("host"), look.hurried, door=door, others=look.others)
    return told(verdict, round((monotonic() - begun) * 1000) if verdict.passed else None)


def mailbox(look: Look) -> Found:
    sign_in = imap.Password(look.said("user"), look.secret)
    verdict = newest(imap.Server(look.said("host")), sign_in, look.said("folder") or "INBOX", look.hurried)
    came = verdict.facts.get("newest")
    age = max(int((now() - datetime.fromisoformat(came)).total_seconds()), 0) if came else None
    return told(verdict, verdict.facts.get("messages"), age)


def directory(look: Look) -> Found:
    bind = ldap.Bind(look.said("user"), look.secret)
    verdict = ldap.count_people(ldap.Server(look.said("host")), bind, look.said("base"), look.hurried)
    if verdict.facts.get("complete") is False:  # more than are counted is no reason to know nothing
        return Found(verdict.facts["people"], sentence=verdict.reason)
    return told(verdict, verdict.facts.get("people"))


def certificate(look: Look) -> Found:
    """How many days it is still good for. One that is not trusted, or over, is bad whatever the days."""
    host, door, bounds = look.said("host"), Door(look.said("door") or "https"), look.hurried
    if door is Door.HTTPS:
        verdict = https.look(host, "/", bounds)
    elif door is Door.IMAPS:
        verdict = imap.look(imap.Server(host), bounds)
    elif door is Door.LDAPS:
        verdict = ldap.count_people(ldap.Server(host), ldap.Bind(), "", bounds)
    else:
        verdict = smtp.greet(host, bounds, door=door, others=look.others)
    shown = verdict.facts.get("certificate")
    if not shown:
        return (
            told(verdict)
            if verdict.outcome is not Outcome.PASSED
            else Found(bad=True, sentence=f"{host} shows no certificate.")
        )
    ends = datetime.fromisoformat(shown["ends"])
    days = max((ends - now()).days, 0)
    over = ends <= now()
    problem = shown["problem"]
    sentence = f"The certificate of {host} is good until {ends:%Y-%m-%d}."
    if over:
        sentence = f"The certificate of {host} ended on {ends:%Y-%m-%d}."
    elif problem:
        sentence = f"The certificate of {host} is not trusted: {problem}."
    return Found(days, None, over or bool(problem), sentence)


# --- names ----------------------------------------------------------------------------------------------


def records(look: Look) -> Found:
    """Whether MX, SPF and DMARC are what they were at the first look."""
    domain = look.said("domain")
    questions = {
        "MX": Question(domain, "MX"),
        "SPF": Question(domain, "TXT"),
        "DMARC": Question(f"_dmarc.{domain}", "TXT"),
    }
    answers = gather(lambda _: questions.values(), look.hurried)
    current: dict[str, list[str]] = {}
    for name, question in questions.items():
        telling = [answer for answer in answers.get(question, ()) if answer.tells]
        if not telling:
            return Found(sentence=f"No name server told the {name} record of {domain}.", known=False)
        current[name] = sorted(of_kind(name, telling[0].records)) if telling[0].said is Said.RECORDS else []
    before = look.settings.get("baseline")
    if not before:
        return Found(0, sentence=f"The records of {domain} are remembered as they are now.", baseline=current)
    differ = [name for name in current if current[name] != before.get(name, [])]
    if not differ:
        return Found(0, sentence=f"MX, SPF and DMARC of {domain} are as they were.")
    said = "; ".join(f"{name} is now {', '.join(current[name]) or 'gone'}" for name in differ)
    return Found(len(differ), sentence=f"Records of {domain} have changed: {said}.")


def of_kind(name: str, found: tuple[str, ...]) -> list[str]:
    """TXT records of a domain say many things; only the policy meant is compared."""
    begins = {"SPF": "v=spf1", "DMARC": "v=dmarc1"}.get(name, "")
    return [each for each in found if each.lower().startswith(begins)]


RUNNERS: Mapping[str, Callable[[Look], Found]] = {
    "smtp": mail_server,
    "imap": mailbox,
    "ldap": directory,
    "certificate": certificate,
    "dns": records,
}
