"""Testing mailboxes: a run is asked for, claimed by one worker at a time, written down as it goes, and judged.

Rows are the truth: what is still to be tested names its run (Mailbox.run_id), so a run that lost its worker goes on
where it stopped. Nothing here looks at the world; mailbox_jobs.py does.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from peewee import Expression

from blueprints.gateways.evidence import Outcome, Verdict, listed
from blueprints.plans.mailbox_places import Place, Source, hold_mailboxes, source_of, step_told
from blueprints.plans.mailboxes import Sums, mailbox_of, sums_of
from blueprints.plans.making import template_of
from blueprints.plans.watching import keep_answer
from blueprints.web.refusals import NotThere, Refused
from data import history
from data.customers import Customer
from data.database import database, locked, transaction
from data.formats import size as in_bytes
from data.history import PORTAL
from data.mailboxes import MailboxRun
from data.moments import now
from data.plans import Mailbox, Plan

AT_A_TIME = 400  # mailboxes read for a worker
MOST_FOLDERS = 200  # kept of one mailbox
WORKER_LOST_AFTER = timedelta(minutes=3)  # it says each second or so that it is there
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 180))
WHICH = ("all", "rest")


class UnderWay(Refused):
    sentence = "Mailboxes are being tested already. Wait for the end, or cancel it."


class NothingToTest(Refused):
    sentence = "There is no mailbox that could be tested."


class NotReadyToTest(Refused):
    """What is missing is in the sentence."""


class NothingUnderWay(Refused):
    sentence = "No mailbox is being tested now."


# --- asking -------------------------------------------------------------------------------------------


def begin(who: Any, customer_id: int, which: str) -> MailboxRun:
    """Have mailboxes tested: `all` that move, or the `rest`, those that are not known to be good.

    The caller nudges the worker. Raises UnderWay, NotReadyToTest, NothingToTest, and as `hold`.
    """
    which = which if which in WHICH else "all"
    return ask(who, customer_id, Mailbox.state.in_(("pending", "failed") + (("ok",) if which == "all" else ())))


def begin_one(who: Any, customer_id: int, mailbox_id: int) -> MailboxRun:
    """Have one tested. Raises NotThere, and as `begin`."""
    return ask(who, customer_id, Mailbox.state != "skipped", mailbox_id)


def ask(who: Any, customer_id: int, which: Expression, mailbox_id: int = 0) -> MailboxRun:
    with transaction():
        held, step = hold_mailboxes(who, customer_id)
        what = ""
        if mailbox_id:
            what = f"mailbox {mailbox_of(held.plan, mailbox_id).address}"
            which &= Mailbox.id == mailbox_id
        if run_under_way(held.plan):
            raise UnderWay
        source = source_of(held.plan, step.told)
        if source.missing:
            raise NotReadyToTest(source.missing)
        which &= Mailbox.plan == held.plan
        if source.needs_own_secrets:
            which &= Mailbox.sealed != ""
        total = Mailbox.select().where(which).count()
        if not total:
            raise NothingToTest(nothing_because(sums_of(held.plan), source, mailbox_id))
        asked = {"asked_at": now(), "not_before": now(), "asked_by_id": who.id, "asked_by_name": who.name}
        run = MailboxRun.create(plan=held.plan, step_id=step.row.id, whole=not mailbox_id, total=total, **asked)
        Mailbox.update(run_id=run.id).where(which).execute()
        held.tell("plan.mailbox_test_begun", what=what or counted(run.total))
    return run


def nothing_because(sums: Sums, source: Source, mailbox_id: int) -> str:
    if not sums.moving:
        return "There is no mailbox yet. Upload a list, or take over the one of the RFI."
    if source.needs_own_secrets:
        return (
            f"There is no password for {'it' if mailbox_id else 'any of them'} yet. Type it, upload a list with "
            "passwords, or sign in as an administrator."
        )
    return NothingToTest.sentence


def counted(count: int) -> str:
    return "1 mailbox" if count == 1 else f"{count:,} mailboxes"


def run_under_way(plan: Plan) -> MailboxRun | None:
    run: MailboxRun | None = MailboxRun.get_or_none((MailboxRun.plan == plan) & (MailboxRun.state != "done"))
    return run


def cancel(who: Any, customer_id: int) -> MailboxRun:
    """End the run: what has begun is tested to its end, the rest stays as it was. Raises NothingUnderWay."""
    with transaction():
        held, _ = hold_mailboxes(who, customer_id)
        run = run_under_way(held.plan)
        if run is None:
            raise NothingUnderWay
        if run.cancelled_at is None:
            run.cancelled_at = now()
            run.save()
            held.tell("plan.mailbox_test_cancelled")
        if run.claimed_at is None or is_lost(run.claimed_at):
            finish(run, "It was cancelled.")
    return run


# --- how far it is ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunView:
    """The newest run. `done` of `total`; `minutes` left, None while that cannot be told."""

    id: int
    going: bool
    cancelled: bool
    total: int
    done: int
    asked_at: datetime
    by: str
    ended_at: datetime | None
    sentence: str
    minutes: int | None


def newest_run(place: Place) -> RunView | None:
    run = MailboxRun.select().where(MailboxRun.plan == place.plan).order_by(MailboxRun.id.desc()).first()
    if run is None:
        return None
    going = run.state != "done"
    done = run.total - (waiting_of(run.id) if going else 0)
    return RunView(
        id=run.id,
        going=going,
        cancelled=run.cancelled_at is not None,
        total=run.total,
        done=max(done, 0),
        asked_at=run.asked_at,
        by=run.asked_by_name,
        ended_at=run.ended_at,
        sentence=run.sentence,
        minutes=minutes_left(run.asked_at, done, run.total) if going else None,
    )


def waiting_of(run_id: int) -> int:
    count: int = Mailbox.select().where(Mailbox.run_id == run_id).count()
    return count


def minutes_left(since: datetime, done: int, total: int) -> int | None:
    """At the pace so far."""
    seconds = (now() - since).total_seconds()
    if done < 20 or seconds < 5:
        return None
    return int(seconds / done * (total - done) // 60) + 1


# --- for the worker -----------------------------------------------------------------------------------


@dataclass
class Work:
    """A run that this worker alone may go on with now. `claimed_at` is its claim, renewed with each writing."""

    run_id: int
    claimed_at: datetime
    source: Source
    cancelled: bool


def due_runs() -> list[int]:
    """Runs that wait for a worker, those that lost theirs among them."""
    waits = (MailboxRun.state != "done") & (MailboxRun.not_before <= now()) & is_free()
    return [row.id for row in MailboxRun.select(MailboxRun.id).where(waits).order_by(MailboxRun.id)]


def is_free() -> Expression:
    free: Expression = MailboxRun.claimed_at.is_null() | (MailboxRun.claimed_at < now() - WORKER_LOST_AFTER)
    return free


def is_lost(claimed_at: datetime) -> bool:
    return claimed_at < now() - WORKER_LOST_AFTER


def claim(run_id: int) -> Work | None:
    """Take a run to go on with it; None when another worker has it, or nothing is to be done (now).

    One whose plan is over, whose settings are gone, or that lost its worker too often ends here.
    """
    moment = now()
    waits = (MailboxRun.id == run_id) & (MailboxRun.state != "done") & (MailboxRun.not_before <= moment)
    taken = {"state": "running", "claimed_at": moment, "tries": MailboxRun.tries + 1}
    with transaction():
        if not MailboxRun.update(**taken).where(waits & is_free()).execute():
            return None
        run: MailboxRun = MailboxRun.get_by_id(run_id)
        try:
            source = source_of(run.plan, step_told(template_of(run.plan)))
        except NotThere:
            source = Source()
        ends = why_it_ends(run, source)
        if ends:
            finish(run, ends)
            return None
    return Work(run.id, moment, source, run.cancelled_at is not None)


def why_it_ends(run: MailboxRun, source: Source) -> str:
    if run.plan.state != "open":
        return "The plan is over."
    if run.tries > len(BACK_OFF) + 1:
        return "The portal could not go on with it. Its log says why."
    return source.missing


def next_mailboxes(work: Work, most: int = AT_A_TIME) -> list[Mailbox]:
    """The next to be tested; those whose secret is gone by now are taken out of the run."""
    fields = (Mailbox.id, Mailbox.address, Mailbox.login, Mailbox.sealed, Mailbox.version)
    if work.source.needs_own_secrets:
        gone = (Mailbox.run_id == work.run_id) & (Mailbox.sealed == "")
        Mailbox.update(run_id=None).where(gone).execute()
    query = Mailbox.select(*fields).where(Mailbox.run_id == work.run_id).order_by(Mailbox.id).limit(most)
    return list(query)


def write_results(work: Work, results: Iterable[tuple[Mailbox, Verdict]]) -> bool:
    """Keep what was found, and say that the worker is there. False when it is to stop: cancelled, or no longer its own.

    A mailbox that was changed meanwhile stays to be tested again.
    """
    with transaction():
        claimed_at = now()
        if not MailboxRun.update(claimed_at=claimed_at, tries=1).where(still_held(work)).execute():
            return False
        statement = KEEP.replace("?", database.param)
        for mailbox, verdict in results:
            database.execute_sql(statement, (*result_of(verdict), mailbox.id, mailbox.version, work.run_id))
    work.claimed_at = claimed_at
    return MailboxRun.select().where(still_held(work) & MailboxRun.cancelled_at.is_null()).exists()


def still_held(work: Work) -> Expression:
    held: Expression = (MailboxRun.id == work.run_id) & (MailboxRun.state == "running")
    return held & (MailboxRun.claimed_at == work.claimed_at)


RESULT = ("state", "sentence", "tested_at", "folders", "messages", "size", "found")
# Written out, because a run keeps thousands of them: of a mailbox that nobody changed while it was tested.
KEEP = (
    "UPDATE mailbox SET state = ?, sentence = ?, tested_at = ?, folders = ?, messages = ?, size = ?, found = ?,"
    " run_id = NULL, version = version + 1 WHERE id = ? AND version = ? AND run_id = ?"
)


def result_of(verdict: Verdict) -> list[Any]:
    """What RESULT is of a mailbox after its test, as the database keeps it."""
    facts = verdict.facts
    state = "ok" if verdict.passed else "failed" if is_refused(verdict) else "pending"
    folders = facts.get("folders", [])
    found: dict[str, Any] = {}
    if state == "ok":
        found = {"folders": [[each["name"], each["messages"], each["size"]] for each in folders[:MOST_FOLDERS]]}
    else:
        found = {"evidence": verdict.kept()["evidence"]}
    counted = (len(folders) if state == "ok" else None, facts.get("messages"), facts.get("size"))
    values = (state, verdict.reason, now(), *counted, found)
    return [Mailbox._meta.fields[name].db_value(value) for name, value in zip(RESULT, values, strict=True)]


def is_refused(verdict: Verdict) -> bool:
    """Whether the mailbox itself was refused: the server spoke, and said no."""
    return verdict.outcome is Outcome.FAILED and "capabilities" in verdict.facts


def let_go(work: Work, *, failed: bool = False) -> None:
    """Leave the run for whoever takes it next; after something went wrong, not at once."""
    run = MailboxRun.get_or_none(still_held(work))
    if run is None:
        return
    pause = BACK_OFF[min(run.tries, len(BACK_OFF)) - 1] if failed else timedelta()
    changed = {"claimed_at": None, "not_before": now() + pause} | ({} if failed else {"tries": 0})
    MailboxRun.update(**changed).where(still_held(work)).execute()


# --- the end ------------------------------------------------------------------------------------------


def conclude(work: Work, looked: Verdict, sentence: str = "") -> None:
    """The run is over. `looked`: what the server itself said; `sentence`: why it ended before its time, "" if not."""
    with transaction():
        customer = customer_of(work)
        run = MailboxRun.get_or_none(still_held(work))
        if run is None:
            return
        finish(run, sentence)
        verdict = verdict_over(run.plan, looked)
        if run.cancelled_at is None and run.plan.state == "open" and (run.whole or verdict.passed):
            with suppress(Refused):  # the step is not in the plan any more, or is being checked: that says the same
                keep_answer(Asker(run.asked_by_id, run.asked_by_name), customer.id, run.step_id, verdict)


@dataclass(frozen=True)
class Asker:
    """Who asked for a test, as history names them."""

    id: int | None
    name: str


def customer_of(work: Work) -> Customer:
    """Held first, as by everything that changes a plan."""
    found = Customer.select(Customer).join(Plan).join(MailboxRun).where(MailboxRun.id == work.run_id)
    customer: Customer = locked(found, Customer).get()
    return customer


def finish(run: MailboxRun, sentence: str) -> None:
    """Call inside the transaction."""
    left: int = Mailbox.update(run_id=None).where(Mailbox.run_id == run.id).execute()
    run.state, run.ended_at, run.claimed_at, run.sentence = "done", now(), None, sentence
    run.save()
    customer = run.plan.customer
    told = ", ".join(filter(None, (f"{run.total - left:,} done", f"{left:,} left" if left else "", sentence)))
    facts = {"what": counted(run.total), "told": told.rstrip(".")}
    history.record("plan.mailboxes_tested", PORTAL, partner=customer.partner_id, customer=customer.id, **facts)


def verdict_over(plan: Plan, looked: Verdict) -> Verdict:
    """What is known of a plan's mailboxes as a whole. `looked`: the server's own verdict, with its evidence."""
    if not looked.passed:
        return looked
    sums = sums_of(plan)
    told = {
        name: getattr(sums, name) for name in ("good", "failed", "unknown", "untested", "left_out", "messages", "size")
    }
    whole = replace(looked, facts={**looked.facts, **told})
    if not sums.moving:
        return replace(whole, outcome=Outcome.UNDETERMINED, reason=f"{looked.reason} No mailbox is listed yet.")
    if sums.failed:
        reason = f"{sums.failed:,} of {counted(sums.moving)} cannot be signed in to: {examples(plan, sums.failed)}."
        return replace(whole, outcome=Outcome.FAILED, reason=reason)
    if sums.rest:
        reason = f"{sums.good:,} of {counted(sums.moving)} can be signed in to; of {sums.rest:,} it is not known yet."
        return replace(whole, outcome=Outcome.UNDETERMINED, reason=reason)
    all_of = "The one mailbox" if sums.moving == 1 else f"All {counted(sums.moving)}"
    reason = f"{all_of} can be signed in to: {sums.messages:,} messages, {in_bytes(sums.size)}."
    return replace(whole, reason=reason)


def examples(plan: Plan, count: int) -> str:
    failed = Mailbox.select(Mailbox.address).where((Mailbox.plan == plan) & (Mailbox.state == "failed"))
    shown = [row.address for row in failed.order_by(Mailbox.address).limit(3)]
    return listed(shown) if count <= 3 else f"{', '.join(shown)} and {count - 3:,} more"
