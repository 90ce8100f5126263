"""What a sample shows a few times, however large it is: answers with a flag on one of them, mailboxes on the move,
customers that are watched.

It is drawn from a chance of its own, so the rest of the sample is the same with it and without it, and written after
the tables that go by the thousand.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from data.definitions import as_definition, current_sets
from data.history import PORTAL
from data.mailboxes import MailboxRun, MailboxSource
from data.moments import now
from data.plan_choosing import Needs
from data.plans import Mailbox
from data.questions import Question
from data.rfi import AskedSet, HandedIn, Rfi, RfiAnswer, RfiFlag
from data.sample.chance import Chance
from data.sample.people import Member, staff

if TYPE_CHECKING:
    from data.sample.lives import Life

MOST = {"flagged": 2, "moving": 1, "watched": 14}
FLAGGED = "technical_contact"
REMARK = "Is this somebody technical? We need a person who can change DNS and firewall settings with us."
LEFT_OPEN = ("secret", "csv")
LISTED = ("domains", "ips", "hosts", "forwarding")
MAILBOXES, GOOD, FAILED = 14, 10, 3  # the last one is not tested yet
FOLDERS = ("INBOX", "Sent", "Drafts", "Archive", "Trash", "Projects", "Invoices")
REFUSED = "[AUTHENTICATIONFAILED] Authentication failed."


@dataclass
class Rare:
    """What one load shows so far, and what is left to be written of it: `in_time` after the rest, the oldest first."""

    shown: Counter[str] = field(default_factory=Counter)
    waiting: list[Callable[[], None]] = field(default_factory=list)
    in_time: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)

    def takes(self, kind: str) -> bool:
        """Whether one more of these is wanted; it counts as shown then."""
        if self.shown[kind] >= MOST[kind]:
            return False
        self.shown[kind] += 1
        return True

    def write(self) -> None:
        """Call when the customers, plans and RFIs that it belongs to are written."""
        for each in self.waiting:
            each()
        for _, each in sorted(self.in_time, key=itemgetter(0)):
            each()


def moment(stored: str) -> datetime:
    """A time of the sample as records have it."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


# --- an RFI that was handed in ------------------------------------------------------------------------


def hand_in(life: "Life", rfi: int, at: float, given: dict[str, str], *, flagged: bool) -> None:
    """The lines of history of an RFI handed in at that time; its answers follow. `given`: what some of them are."""
    days, chance = life.desk.days, Chance(life.company.domain)
    handed_in_at, flagged_at = days.moment(at), days.moment(days.after(at, chance, 0.1, 2))
    life.tell("rfi.handed_in", by=life.contact, at=handed_in_at, number=1)
    if flagged:
        label = current_sets().question(FLAGGED).label
        life.tell("rfi.flagged", at=flagged_at, questions=label)
    flag = {"at": moment(flagged_at), "by_id": life.person.id, "by_name": life.person.name} if flagged else {}
    life.pen.rare.waiting.append(partial(leave_answers, life, rfi, answers(life, given), moment(handed_in_at), flag))


def leave_answers(life: "Life", rfi: int, said: dict[str, Any], at: datetime, flag: dict[str, Any]) -> None:
    questions, name = current_sets(), life.contact.name
    kept = {"version": questions.version, "definition": as_definition(questions), "kept_at": now()}
    AskedSet.insert(**kept).on_conflict_ignore().execute()
    for question, value in said.items():
        RfiAnswer.insert(rfi=rfi, question=question, value=value, changed_at=at, changed_by_name=name).execute()
    asked = {"set_version": questions.version, "infrastructure": life.infrastructure}
    HandedIn.insert(rfi=rfi, number=1, answers=said, at=at, by_name=name, **asked).execute()
    if flag:
        RfiFlag.insert(rfi=rfi, question=FLAGGED, comment=REMARK, **flag).execute()
    Rfi.update(version=3 if flag else 2, **asked).where(Rfi.id == rfi).execute()


def answers(life: "Life", given: dict[str, str]) -> dict[str, Any]:
    """To all that this customer is asked: what a good answer looks like, about their own domain and people."""
    said: dict[str, Any] = {}
    facts = Needs(life.services, life.infrastructure, said)
    given = given | {"infrastructure": life.infrastructure}
    for question in current_sets():
        if question.kind not in LEFT_OPEN and (question.show_when is None or question.show_when.holds(facts)):
            said[question.id] = given.get(question.id) or answer_to(life, question, facts)
    return said


def answer_to(life: "Life", question: Question, facts: Needs) -> Any:
    domain, lead = life.company.domain, life.staff[0]
    if question.kind == "group":
        person = {"first_name": lead.first_name, "last_name": lead.last_name, "email": lead.email}
        person |= {"phone": lead.telephone, "name": lead.full_name}
        return {each.id: person.get(each.id) or answer_to(life, each, facts) for each in question.questions}
    if question.kind in ("choice", "several"):
        offered = [each.value for each in question.choices if each.show_when is None or each.show_when.holds(facts)]
        chosen = offered[0] if offered else domain
        return [chosen] if question.kind == "several" else chosen
    if question.kind in ("date", "date_time"):
        day = life.desk.days.iso(life.desk.days.today + 21)
        return day if question.kind == "date" else f"{day}T20:00"
    if question.kind == "domains":
        return [domain]
    if question.kind == "yes_no":
        return "yes"
    example = question.example.replace("company.example", domain)
    return example.splitlines() if question.kind in LISTED else example


# --- mailboxes on the move ----------------------------------------------------------------------------


def move_mailboxes(life: "Life", plan: int, step: int, at: str) -> None:
    """A list of mailboxes, tested once: most are good. The lines of history; the mailboxes follow."""
    tested = f"{GOOD + FAILED} mailboxes"
    life.tell("plan.mailboxes_listed", at=at, told=f"{MAILBOXES} new")
    life.tell("plan.mailbox_test_begun", at=at, what=tested)
    life.tell("plan.mailboxes_tested", by=PORTAL, at=at, what=tested, told=f"{GOOD + FAILED} done")
    life.pen.rare.waiting.append(partial(leave_mailboxes, life, plan, step, moment(at)))


def leave_mailboxes(life: "Life", plan: int, step: int, at: datetime) -> None:
    domain, chance = life.company.domain, Chance(life.company.domain)
    way_in = {"security": "tls", "login": "admin", "admin": "mailadmin", "admin_form": "user*admin"}
    MailboxSource.insert(plan=plan, host=f"imap.{domain}", **way_in).execute()
    person = {"asked_by_id": life.person.id, "asked_by_name": life.person.name}
    run = {"state": "done", "whole": True, "total": GOOD + FAILED, "asked_at": at, "not_before": at, "ended_at": at}
    MailboxRun.insert(plan=plan, step_id=step, **run, **person).execute()
    for place, owner in enumerate(staff(chance, life.company, MAILBOXES)):
        found = good(owner, chance) if place < GOOD else refused(owner) if place < GOOD + FAILED else {}
        if found:
            found |= {"tested_at": at, "version": 2}
        Mailbox.insert(plan=plan, address=owner.email, login=owner.email, name=owner.full_name, **found).execute()


def good(owner: Member, chance: Chance) -> dict[str, Any]:
    counts = [chance.whole(0, 4_000) for _ in FOLDERS[: chance.whole(4, len(FOLDERS))]]
    folders = [
        [name, count, count * chance.whole(20_000, 90_000)] for name, count in zip(FOLDERS, counts, strict=False)
    ]
    messages = sum(counts)
    return {
        "state": "ok",
        "folders": len(folders),
        "messages": messages,
        "size": sum(size for _, _, size in folders),
        "sentence": f"{owner.email} can sign in: {messages:,} messages in {len(folders)} folders.",
        "found": {"folders": folders},
    }


def refused(owner: Member) -> dict[str, Any]:
    return {"state": "failed", "sentence": f"{owner.email} cannot sign in: {REFUSED}", "found": {"evidence": []}}
