"""How a mail server takes its mail: banner, encryption, which recipients it knows; never a letter.

Port 25 outward is blocked on many networks, and to a machine behind such a wall every mail server looks dead.
The rule: that a mail server is not reached at port 25 counts against it only when another known one (`others`)
was reached there at the same time; otherwise the check *could not run here*.
"""

import re
import secrets
import smtplib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from blueprints.gateways.bounds import Bounds, Deadline, Door
from blueprints.gateways.evidence import Asked, Outcome, Verdict, brief
from blueprints.gateways.line import Line, Upgrade
from blueprints.gateways.reaching import NotReached, connect, converse, find

MOST_OTHERS = 4
POLICY = re.compile(rb"^[45]\.7\.")  # enhanced codes about who asks, not about whom (RFC 3463, section 3.8)
NOBODY = re.compile(rb"^5\.1\.")  # … and about whom
ADDRESS = re.compile(r"[!-;=?-~]+@[A-Za-z0-9.\-\[\]:_]+")  # as a server without SMTPUTF8 can be asked


class Conversation(smtplib.SMTP):
    """smtplib over a line that is already there."""

    def __init__(self, line: Line, name: str) -> None:
        self.line = line
        super().__init__(local_hostname=name or f"[{line.own_address}]")

    def _get_socket(self, *_: object) -> Line:
        return self.line

    def begin(self) -> tuple[int, bytes]:
        return self.connect(self.line.host, self.line.port)


class Ended(Exception):
    """The conversation need not go on: this is the verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


# --- what may be asked ------------------------------------------------------------------------------------


def greet(
    host: str,
    bounds: Bounds,
    *,
    door: Door = Door.SMTP,
    known: str = "",
    sender: str = "",
    others: Sequence[str] = (),
    trust_needed: bool = True,
    accepted: str = "",
) -> Verdict:
    """Whether a mail server greets, encrypts with a certificate for its name, and knows its recipients.

    `known`: an address that it must accept, while it refuses a made-up one of the same domain; "": recipients are
    not asked about. `sender`: ours, "" for the empty one. `trust_needed`: whether a wrong certificate fails the
    check; `accepted`: fingerprint (SHA-256) of one that a person accepted though it is not trusted. Facts: `banner`,
    `extensions`, `certificate` (see Certificate.facts), `recipients` [{address, code, words}].
    """
    if known and not ADDRESS.fullmatch(known):
        return cannot_ask(known)

    def talk(line: Line) -> Verdict:
        facts: dict[str, Any] = {}
        try:
            return greeting(line, facts, known, sender, trust_needed)
        except Ended as ended:
            return replace(ended.verdict, facts=facts)

    def unreached(problem: NotReached) -> Verdict:
        return judged_unreached(problem, door, bounds, others)

    return converse(host, door, bounds, talk, accepted=accepted, unreached=unreached)


def closed(host: str, bounds: Bounds, *, recipient: str = "", sender: str = "", others: Sequence[str] = ()) -> Verdict:
    """Whether a mail server takes no mail from here, as it should not once a filter stands before it.

    Passed: the connection, the greeting or the recipient is refused. Not reached at all is passed only where one
    of `others` is reached, see above. `recipient`: an address it would accept from its filter. `host`: rather an
    address than a name, for of several addresses only the first that takes a connection is asked.
    """
    if recipient and not ADDRESS.fullmatch(recipient):
        return cannot_ask(recipient)

    def unreached(problem: NotReached) -> Verdict:
        verdict = judged_unreached(problem, Door.SMTP, bounds, others)
        if not problem.silent or verdict.outcome is not Outcome.FAILED:
            return verdict
        return replace(verdict, outcome=Outcome.PASSED, reason=f"{host} takes no connection from here.")

    return converse(host, Door.SMTP, bounds, lambda line: refusing(line, recipient, sender), unreached=unreached)


def cannot_ask(address: str) -> Verdict:
    return Verdict(Outcome.UNDETERMINED, f"A mail server cannot be asked about “{brief(address, 80)}”.")


# --- one conversation -------------------------------------------------------------------------------------


def greeting(line: Line, facts: dict[str, Any], known: str, sender: str, trust_needed: bool) -> Verdict:
    smtp = Conversation(line, line.bounds.name)
    code, words = smtp.begin()
    facts["banner"] = brief(words)
    if code != 220:
        raise Ended(turned_away(line, code, words))
    hello(smtp)
    troubles = encrypted(smtp, line, facts, trust_needed)
    facts["extensions"] = sorted(brief(each, 50) for each in smtp.esmtp_features)
    good = [f"{line.host} greets and encrypts ({line.certificate.protocol})"] if line.certificate else []
    if known:
        judged = recipients(smtp, facts, known, sender)
        if judged.outcome is Outcome.FAILED:
            troubles.append(judged.reason)
        elif not judged.passed and not troubles:
            raise Ended(judged)
        good.append("knows its recipients")
    part(smtp)
    if troubles:
        return Verdict(Outcome.FAILED, " ".join(troubles), facts=facts)
    return Verdict(Outcome.PASSED, " ".join(filter(None, (f"{' and '.join(good)}.", noted(line)))), facts=facts)


def noted(line: Line) -> str:
    """What a person should know of the certificate though nothing is wrong with it; "" for nothing."""
    if line.certificate is None:
        return ""
    accepted = line.trusted and not line.certificate.trusted
    return "Its certificate is the one that was accepted." if accepted else line.certificate.sentence(datetime.now(UTC))


def hello(smtp: Conversation) -> None:
    """Raises Ended where EHLO is not answered well (RFC 5321, section 4.1.1.1)."""
    code, words = smtp.ehlo()
    if not 200 <= code < 300:
        outcome = Outcome.UNDETERMINED if 400 <= code < 500 else Outcome.FAILED
        raise Ended(Verdict(outcome, f"{smtp.line.host} did not answer EHLO: {reply(code, words)}"))


def encrypted(smtp: Conversation, line: Line, facts: dict[str, Any], trust_needed: bool) -> list[str]:
    """What is wrong with the encryption, which is begun where it is not there yet."""
    if line.certificate is None:
        if not smtp.has_extn("starttls"):
            return [f"{line.host} does not offer to encrypt (STARTTLS)."]
        try:
            smtp.starttls(context=Upgrade())
        except smtplib.SMTPResponseException as refused:
            said = reply(refused.smtp_code, refused.smtp_error)
            return [f"{line.host} offers to encrypt and then does not: {said}"]
        hello(smtp)
    if line.certificate is None:
        return []
    facts["certificate"] = line.certificate.facts()
    wrong = not line.trusted and trust_needed
    return [f"{line.host}: {line.certificate.sentence(datetime.now(UTC))}"] if wrong else []


def recipients(smtp: Conversation, facts: dict[str, Any], known: str, sender: str) -> Verdict:
    """Whether the known address is accepted and one that cannot be is refused. Nothing is ever sent."""
    made_up = f"quayside-{secrets.token_hex(8)}@{known.rpartition('@')[2]}"
    code, words = smtp.mail(sender)
    facts["recipients"] = []
    if code != 250:
        return turned_away(smtp.line, code, words)
    said: list[tuple[int, bytes]] = []
    for address in (known, made_up):
        code, words = smtp.rcpt(address)
        said.append((code, words))
        facts["recipients"].append({"address": address, "code": code, "words": brief(words)})
    with suppress(smtplib.SMTPException):
        smtp.rset()
    return judged_recipients(smtp.line, known, *said)


def judged_recipients(line: Line, known: str, real: tuple[int, bytes], made_up: tuple[int, bytes]) -> Verdict:
    for code, words in (real, made_up):
        if POLICY.match(words) or 400 <= code < 500:
            return turned_away(line, code, words)
    if not 200 <= real[0] < 300:
        return Verdict(Outcome.FAILED, f"{line.host} refuses {known}: {reply(*real)}")
    if 200 <= made_up[0] < 300:
        return Verdict(Outcome.FAILED, f"{line.host} also accepts recipients that do not exist.")
    return Verdict(Outcome.PASSED, f"{line.host} accepts {known} and refuses a made-up address.")


def turned_away(line: Line, code: int, words: bytes) -> Verdict:
    """A refusal that concerns who asks: it tells nothing about the server but that it does not talk with us."""
    if 400 <= code < 500:
        return Verdict(Outcome.UNDETERMINED, f"{line.host} wants to be asked later: {reply(code, words)}")
    if 500 <= code < 600:
        return Verdict(Outcome.NOT_HERE, f"{line.host} does not talk with this machine: {reply(code, words)}")
    return Verdict(Outcome.FAILED, f"{line.host} does not greet as a mail server does: {reply(code, words)}")


def refusing(line: Line, recipient: str, sender: str) -> Verdict:
    """How far a server lets us come that should not let us in."""
    smtp = Conversation(line, line.bounds.name)
    steps = [smtp.begin, smtp.ehlo, lambda: as_others_do(smtp), lambda: smtp.mail(sender)]
    if recipient:
        steps.append(lambda: smtp.rcpt(recipient))
    code, words = 0, b""
    for step in steps:
        code, words = step()
        if code >= 400 or code <= 0:
            break
    part(smtp)
    if 500 <= code < 600 and NOBODY.match(words):
        unknown = f"{line.host} knows nobody at {recipient}, which says nothing of others: {reply(code, words)}"
        return Verdict(Outcome.UNDETERMINED, unknown)
    if 500 <= code < 600:
        return Verdict(Outcome.PASSED, f"{line.host} refuses mail from here: {reply(code, words)}")
    if 400 <= code < 500:
        return Verdict(Outcome.UNDETERMINED, f"{line.host} puts us off without refusing: {reply(code, words)}")
    if 200 <= code < 300 and recipient:
        return Verdict(Outcome.FAILED, f"{line.host} still takes mail for {recipient} from anywhere.")
    if 200 <= code < 300:
        return Verdict(Outcome.FAILED, f"{line.host} still talks with any mail server.")
    return Verdict(Outcome.FAILED, f"{line.host} is open, but does not speak as a mail server: {reply(code, words)}")


def as_others_do(smtp: Conversation) -> tuple[int, bytes]:
    """Encrypt where that is offered: who only demands it lets every stranger in who does."""
    if smtp.line.certificate is None and smtp.has_extn("starttls"):
        with suppress(smtplib.SMTPResponseException):
            smtp.starttls(context=Upgrade())
            return smtp.ehlo()
    return 250, b""


def part(smtp: Conversation) -> None:
    """What goes wrong while parting changes nothing."""
    smtp.line.leave()
    with suppress(smtplib.SMTPException, OSError):
        smtp.quit()


def reply(code: int, words: bytes | str) -> str:
    return f"{code} {brief(words)}" if code > 0 else brief(words)


# --- where port 25 is closed outward ------------------------------------------------------------------------


def judged_unreached(problem: NotReached, door: Door, bounds: Bounds, others: Sequence[str]) -> Verdict:
    """The rule above, and which others were tried."""
    if door is not Door.SMTP or not problem.silent:
        return problem.verdict
    reached, tries = any_reached(others, bounds)
    verdict = replace(problem.verdict, evidence=(*problem.verdict.evidence, *tries))
    if reached:
        return replace(verdict, outcome=Outcome.FAILED)
    why = "No other mail server could be reached either" if tries else "Whether any could be is not known"
    sentence = f"{problem} {why}: port {bounds.ports[door]} outward may be blocked here."
    return replace(verdict, outcome=Outcome.NOT_HERE, reason=sentence)


def any_reached(hosts: Sequence[str], bounds: Bounds) -> tuple[bool, tuple[Asked, ...]]:
    """Whether one of these mail servers takes a connection; asked side by side, within a step."""
    limits = replace(bounds.limits, whole=bounds.limits.step)

    def reach(host: str) -> tuple[bool, tuple[Asked, ...]]:
        deadline = Deadline(limits)
        try:
            name, addresses, evidence = find(host, bounds, deadline)
            opened = connect(name, addresses, Door.SMTP, bounds, deadline, evidence)
        except NotReached as problem:
            return False, problem.verdict.evidence
        opened.socket.close()
        return True, opened.evidence

    asked = list(dict.fromkeys(hosts))[:MOST_OTHERS]
    if not asked:
        return False, ()
    with ThreadPoolExecutor(len(asked), "smtp") as pool:
        found = list(pool.map(reach, asked))
    return any(reached for reached, _ in found), tuple(each for _, tries in found for each in tries)
