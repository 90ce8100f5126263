"""Mailboxes tested against a real Dovecot: one, all, as administrator, with a server that goes away, after a crash."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine

from blueprints.customers.sealing import erase_secrets
from blueprints.gateways.bounds import Bounds
from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.plans import mailbox_jobs, mailbox_testing
from blueprints.plans.checking import subject_of
from blueprints.plans.mailbox_checking import run as check
from blueprints.plans.mailbox_places import Said, change_source, place_of
from blueprints.plans.mailbox_testing import (
    NothingToTest,
    NothingUnderWay,
    NotReadyToTest,
    UnderWay,
    begin,
    begin_one,
    cancel,
    due_runs,
    newest_run,
)
from blueprints.plans.working import done
from data.database import transaction
from data.mailboxes import MailboxRun
from data.moments import now
from data.plans import Mailbox, Plan, PlanCheck
from tests.factories import World
from tests.gateways.conftest import SOON
from tests.plans.checked import newest, told
from tests.plans.moving import (
    ANCHOR,
    MASTER,
    a_mailbox,
    a_move,
    a_secret,
    mailbox,
    old_server,
    states,
    work,
)
from tests.plans.planned import act, step, technician
from tests.plans.planned import told as history
from tests.services import Dovecot

Within = Callable[..., Bounds]
NAMES = ("ada", "greta", "wangari")


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with old_server(*NAMES, *(f"p{number}" for number in range(30))) as running:
        yield running


@pytest.fixture(autouse=True)
def reached(within: Within, server: Dovecot) -> Bounds:
    return within(imap=server.port, imaps=server.tls_port, trusted=str(server.certificate))


def all_tested(world: World, plan: Plan) -> MailboxRun:
    begun = begin(technician(world), plan.customer_id, "all")
    work()
    return MailboxRun.get_by_id(begun.id)


def test_counts_folders_messages_and_sizes_of_all(world: World) -> None:
    plan = a_move(world, *NAMES)
    run = all_tested(world, plan)
    assert (run.state, run.total, run.sentence, run.claimed_at) == ("done", 3, "", None)
    assert states(plan) == dict.fromkeys(NAMES, "ok")
    ada = mailbox(plan, "ada")
    assert (ada.folders, ada.messages, ada.size, ada.run_id) == (2, 3, 60, None)
    assert sorted(ada.found["folders"]) == [["Archive.2025", 1, 20], ["INBOX", 2, 40]]
    assert told(newest(plan, "imap_test")) == (
        "passed",
        "All 3 mailboxes can be signed in to: 3 messages, 1 KB.",
    )
    assert "Test of 3 mailboxes begun" in history()
    assert "Test of 3 mailboxes ended: 3 done" in history()


def test_the_step_is_done_by_a_person_once_all_have_passed(world: World) -> None:
    plan = a_move(world, *NAMES)
    all_tested(world, plan)
    assert step(plan, "imap_test").state == "not_started"
    assert act(done, technician(world), plan, "imap_test").state == "done"


def test_a_wrong_password_is_the_mailboxs_own_failure_with_the_servers_words(world: World) -> None:
    plan = a_move(world, "ada")
    a_mailbox(plan, "greta", "ebb-and-flow")
    all_tested(world, plan)
    assert states(plan) == {"ada": "ok", "greta": "failed"}
    greta = mailbox(plan, "greta")
    assert "cannot sign in" in greta.sentence
    assert "ebb-and-flow" not in str(greta.found) + greta.sentence
    assert "LOGIN" in str(greta.found["evidence"])
    assert told(newest(plan, "imap_test")) == (
        "failed",
        "1 of 2 mailboxes cannot be signed in to: greta@company.example.",
    )
    assert step(plan, "imap_test").state == "failed"


def test_the_rest_can_be_tested_alone_and_answers_for_all(world: World) -> None:
    plan = a_move(world, "ada")
    a_mailbox(plan, "greta", "ebb-and-flow")
    all_tested(world, plan)
    before = mailbox(plan, "ada").tested_at
    a_mailbox(plan, "wangari")
    begun = begin(technician(world), plan.customer_id, "rest")
    work()
    assert MailboxRun.get_by_id(begun.id).total == 2
    assert mailbox(plan, "ada").tested_at == before
    assert newest(plan, "imap_test").sentence.startswith("1 of 3 mailboxes cannot")


def test_one_alone_says_nothing_of_the_others(world: World) -> None:
    plan = a_move(world, *NAMES)
    begin_one(technician(world), plan.customer_id, mailbox(plan, "ada").id)
    work()
    assert states(plan) == {"ada": "ok", "greta": "pending", "wangari": "pending"}
    assert not PlanCheck.select().exists()
    assert "Test of mailbox ada@company.example begun" in history()


def test_the_last_one_alone_answers_for_all(world: World) -> None:
    plan = a_move(world, "ada")
    begin_one(technician(world), plan.customer_id, mailbox(plan, "ada").id)
    work()
    assert told(newest(plan, "imap_test"))[0] == "passed"


@pytest.mark.parametrize("form", ["user*admin", ""])
def test_an_administrator_opens_them_all(world: World, form: str) -> None:
    admin = {"imap_login": "admin", "imap_admin": MASTER, "imap_admin_form": form}
    plan = a_move(world, *NAMES, password="", **admin)
    a_secret(plan, "imap_admin_password", ANCHOR)
    all_tested(world, plan)
    assert states(plan) == dict.fromkeys(NAMES, "ok")
    assert mailbox(plan, "ada").messages == 3


def test_a_name_joined_in_another_way_is_written_so(world: World) -> None:
    plan = a_move(world, imap_login="admin", imap_admin="root", imap_admin_form="admin/user/")
    a_secret(plan, "imap_admin_password", "anchor")
    sign_in = place_of(technician(world), plan.customer_id).source.sign_in
    assert sign_in("ada", "").user == "root/ada/"


def test_a_wrong_administrators_password_is_not_tried_for_thousands(world: World) -> None:
    plan = a_move(world, *(f"p{number}" for number in range(30)), password="")
    said = Said("127.0.0.1", "tls", "admin", admin=MASTER, admin_form="user*admin", secret="rust")
    change_source(technician(world), plan.customer_id, 0, said)
    run = all_tested(world, plan)
    assert run.sentence == "5 in a row were refused with the same sign-in, so the rest was left."
    found = list(states(plan).values())
    assert 5 <= found.count("failed") < 15
    assert found.count("pending") >= 15
    assert told(newest(plan, "imap_test"))[0] == "failed"


def test_a_token_is_shown_to_the_server(world: World) -> None:
    """Dovecot as it is set up here takes none, and says so; that is what the mailbox says."""
    plan = a_move(world, "ada", password="")
    said = Said("127.0.0.1", "tls", "token", secret="eyJ0eXAi")
    change_source(technician(world), plan.customer_id, 0, said)
    all_tested(world, plan)
    assert mailbox(plan, "ada").sentence == "127.0.0.1 does not offer to sign in with a token."


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_other_ways_of_encrypting(world: World, security: str) -> None:
    plan = a_move(world, "ada", imap_security=security, imap_port="143")
    all_tested(world, plan)
    assert states(plan) == {"ada": "ok"}


# --- what it is refused for ---------------------------------------------------------------------------


def test_without_passwords_it_is_said_what_is_missing(world: World) -> None:
    plan = a_move(world, "ada", password="")
    with pytest.raises(NothingToTest, match="no password for any of them"):
        begin(technician(world), plan.customer_id, "all")


def test_without_mailboxes_it_is_said_where_they_come_from(world: World) -> None:
    with pytest.raises(NothingToTest, match="Upload a list"):
        begin(technician(world), a_move(world).customer_id, "all")


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"imap_host": ""}, "which server"),
        ({"imap_port": "1993"}, "port 1993"),
        ({"imap_login": "admin"}, "administrator’s name or password"),
    ],
)
def test_it_is_said_what_must_be_known_first(world: World, answers: dict, sentence: str) -> None:
    plan = a_move(world, "ada", **answers)
    with pytest.raises(NotReadyToTest, match=sentence):
        begin(technician(world), plan.customer_id, "all")


def test_one_run_at_a_time(world: World) -> None:
    plan = a_move(world, *NAMES)
    begin(technician(world), plan.customer_id, "all")
    with pytest.raises(UnderWay):
        begin_one(technician(world), plan.customer_id, mailbox(plan, "ada").id)


def test_what_is_left_out_is_not_tested(world: World) -> None:
    plan = a_move(world, "ada")
    a_mailbox(plan, "nobody", "ebb-and-flow", state="skipped")
    all_tested(world, plan)
    assert states(plan) == {"ada": "ok", "nobody": "skipped"}
    assert told(newest(plan, "imap_test"))[1].startswith("The one mailbox can be signed in to")


# --- a server that is not there -----------------------------------------------------------------------


def test_a_server_that_is_not_there_says_nothing_about_mailboxes(world: World, within: Within) -> None:
    within(imaps=1)
    plan = a_move(world, *NAMES)
    run = all_tested(world, plan)
    assert states(plan) == dict.fromkeys(NAMES, "pending")
    assert "could not be reached" in run.sentence
    assert told(newest(plan, "imap_test"))[0] == "failed"


def test_a_network_that_may_not_be_asked_is_no_failure(world: World, within: Within, server: Dovecot) -> None:
    within(imaps=server.tls_port, allowed=())
    plan = a_move(world, "ada")
    all_tested(world, plan)
    assert told(newest(plan, "imap_test"))[0] == "could_not_run"
    assert step(plan, "imap_test").state == "not_started"


def test_a_server_that_goes_away_in_the_middle_ends_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch, within: Within, server: Dovecot
) -> None:
    plan = a_move(world, *(f"p{number}" for number in range(30)))
    gone = Verdict(Outcome.FAILED, "localhost: It ended the conversation.")
    monkeypatch.setattr("blueprints.gateways.imap.open_mailbox", lambda *_: gone)
    run = all_tested(world, plan)
    assert run.sentence == "localhost stopped answering. Test the rest later."
    assert set(states(plan).values()) == {"pending"}
    assert 10 <= Mailbox.select().where(Mailbox.tested_at.is_null(False)).count() < 20
    assert told(newest(plan, "imap_test"))[0] == "undetermined"


# --- ending early, and going on -----------------------------------------------------------------------


def test_a_cancelled_run_leaves_the_rest_as_it_was(world: World) -> None:
    plan = a_move(world, *NAMES)
    begun = begin(technician(world), plan.customer_id, "all")
    cancel(technician(world), plan.customer_id)
    run = MailboxRun.get_by_id(begun.id)
    assert (run.state, run.sentence) == ("done", "It was cancelled.")
    assert not Mailbox.select().where(Mailbox.run_id.is_null(False)).exists()
    with pytest.raises(NothingUnderWay):
        cancel(technician(world), plan.customer_id)


def test_a_run_is_cancelled_while_its_worker_is_at_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = a_move(world, *(f"p{number}" for number in range(30)))
    monkeypatch.setattr(mailbox_jobs, "WRITTEN_EVERY", 0.0)
    begin(technician(world), plan.customer_id, "all")
    writing = mailbox_testing.write_results

    def write_and_cancel(work: mailbox_testing.Work, results: list) -> bool:
        if not MailboxRun.select().where(MailboxRun.cancelled_at.is_null(False)).exists():
            cancel(technician(world), plan.customer_id)
        return writing(work, results)

    monkeypatch.setattr(mailbox_testing, "write_results", write_and_cancel)
    work()
    found = list(states(plan).values())
    assert 1 <= found.count("ok") < 15
    assert newest_run(place_of(technician(world), plan.customer_id)).sentence == "It was cancelled."
    assert not PlanCheck.select().exists()


def test_a_run_goes_on_in_turns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_jobs, "AT_ONCE", 0.05)
    monkeypatch.setattr(mailbox_jobs, "nudge_for", lambda _: None)
    plan = a_move(world, *(f"p{number}" for number in range(30)))
    begin(technician(world), plan.customer_id, "all")
    turns = 0
    while due_runs():
        work()
        turns += 1
    assert turns > 1
    assert set(states(plan).values()) == {"ok"}
    assert told(newest(plan, "imap_test"))[0] == "passed"


def test_a_run_that_lost_its_worker_goes_on_where_it_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = a_move(world, *NAMES)
    begun = begin(technician(world), plan.customer_id, "all")
    claimed = mailbox_testing.claim(begun.id)
    first, *_ = mailbox_testing.next_mailboxes(claimed)
    mailbox_testing.write_results(claimed, [(first, Verdict(Outcome.PASSED, "In.", facts={"folders": []}))])
    assert due_runs() == []
    with time_machine.travel(now() + mailbox_testing.WORKER_LOST_AFTER + timedelta(seconds=1), tick=True):
        looked: list[str] = []
        real = mailbox_jobs.tested
        monkeypatch.setattr(
            mailbox_jobs,
            "tested",
            lambda *given: real(*given[:2], [looked.append(m.address) or m for m in given[2]], given[3]),
        )
        work()
        late = [(first, Verdict(Outcome.FAILED, "Out.", facts={"capabilities": []}))]
        assert not mailbox_testing.write_results(claimed, late), "its claim is lost"
    assert len(looked) == 2
    assert set(states(plan).values()) == {"ok"}


def test_what_goes_wrong_is_tried_again_later_and_given_up_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Verdict:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("blueprints.gateways.imap.look", broken)
    plan = a_move(world, *NAMES)
    begun = begin(technician(world), plan.customer_id, "all")
    for hour in range(1, 7):
        with time_machine.travel(now() + timedelta(hours=hour), tick=True):
            work()
    run = MailboxRun.get_by_id(begun.id)
    assert run.state == "done"
    assert "could not go on" in run.sentence


def test_a_mailbox_changed_while_it_is_tested_is_tested_again(world: World) -> None:
    plan = a_move(world, "ada")
    begun = begin(technician(world), plan.customer_id, "all")
    claimed = mailbox_testing.claim(begun.id)
    [seen] = mailbox_testing.next_mailboxes(claimed)
    Mailbox.update(version=Mailbox.version + 1).execute()
    mailbox_testing.write_results(claimed, [(seen, Verdict(Outcome.FAILED, "Out.", facts={"capabilities": []}))])
    assert states(plan) == {"ada": "pending"}
    assert len(mailbox_testing.next_mailboxes(claimed)) == 1


# --- the check of the step ----------------------------------------------------------------------------


def test_the_steps_own_check_looks_at_the_server_and_says_what_is_known(world: World) -> None:
    plan = a_move(world, *NAMES)
    subject = subject_of(PlanCheck(step=step(plan, "imap_test")))
    verdict = check(subject)
    assert verdict.outcome is Outcome.UNDETERMINED
    assert verdict.reason == "0 of 3 mailboxes can be signed in to; of 3 it is not known yet."
    assert "capabilities" in verdict.facts
    all_tested(world, plan)
    assert check(subject).passed


def test_the_steps_own_check_fails_with_the_server(world: World, within: Within) -> None:
    within(imaps=1, limits=SOON)
    plan = a_move(world, *NAMES)
    verdict = check(subject_of(PlanCheck(step=step(plan, "imap_test"))))
    assert verdict.outcome is Outcome.FAILED


def test_secrets_are_gone_when_the_plan_is_complete(world: World) -> None:
    plan = a_move(world, "ada")
    said = Said("127.0.0.1", "tls", "admin", admin=MASTER, admin_form="user*admin", secret=ANCHOR)
    change_source(technician(world), plan.customer_id, 0, said)
    with transaction():
        assert erase_secrets(technician(world), plan.customer) == 2
    assert not place_of(technician(world), plan.customer_id).source.sealed
    assert not mailbox(plan, "ada").sealed
