"""The pages about mailboxes: the list, testing, one of them, how they are signed in to."""

from collections.abc import Callable, Iterator

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.gateways.bounds import Bounds
from blueprints.plans.mailbox_places import place_of
from blueprints.plans.mailbox_testing import begin
from blueprints.plans.mailbox_uploading import rfi_list
from data.mailboxes import MailboxRun, MailboxSource
from data.moments import now
from data.plans import Mailbox, Plan
from tests.factories import World, a_prospect
from tests.plans.moving import a_mailbox, a_move, here, mailbox, old_server, states, work
from tests.plans.planned import a_plan, lines, technician
from tests.services import Dovecot
from tests.visits import Visitor


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with old_server("ada", "greta") as running:
        yield running


@pytest.fixture(autouse=True)
def reached(within: Callable[..., Bounds], server: Dovecot) -> Bounds:
    return within(imap=server.port, imaps=server.tls_port, trusted=str(server.certificate))


# --- the list -----------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do_next(world: World, technician: Visitor) -> None:
    answer = technician.get(here(a_move(world)))
    assert "No mailbox is listed yet" in answer.text
    assert answer.find('a[href$="/list"]')


def test_server_and_list_are_those_that_this_customer_has_named(world: World, technician: Visitor) -> None:
    """Whose number among customers is not that of their RFI."""
    a_prospect(world.northstar)
    plan = a_move(world, mailbox_list={"count": 7})
    answer = technician.get(here(plan))
    assert "Nobody has said which server" not in answer.text
    assert "localhost" in answer.find("aside dd")[0].text_content()
    assert rfi_list(place_of(standing_of(world.technician), plan.customer_id)) == {"count": 7}


def test_a_plan_that_moves_nothing_has_no_such_page(world: World, technician: Visitor) -> None:
    assert technician.get(here(a_plan(world))).status == 404


def test_tells_state_folders_messages_and_size(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    a_mailbox(plan, "greta", "wrong")
    technician.post(f"{here(plan)}/test")
    work()
    answer = technician.get(here(plan))
    rows = [" ".join(row.text_content().split()) for row in answer.find("#found tbody tr")]
    assert rows[0] == "ada@company.example Good 2 3 1 KB"
    assert "greta@company.example cannot sign in: [AUTHENTICATIONFAILED]" in rows[1]
    assert rows[1].endswith("Failed – – –")
    assert "1 failed" in answer.text


def test_a_page_begins_beside_an_address_and_leads_on_and_back(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    many_mailboxes(plan, 120)
    first = technician.get(here(plan))
    assert "1–50 of 120" in first.text
    second = technician.get(first.find("a[rel=next]")[0].get("href"))
    assert "51–100 of 120" in second.text
    third = technician.get(second.find("a[rel=next]")[0].get("href"))
    assert "101–120 of 120" in third.text
    assert not third.find("a[rel=next]")
    back = technician.get(third.find("a[rel=prev]")[0].get("href"))
    assert "51–100 of 120" in back.text
    assert "1–50 of 120" in technician.get(back.find("a[rel=prev]")[0].get("href")).text


def test_is_searched_and_narrowed(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada", "greta")
    Mailbox.update(state="failed", sentence="No.").where(Mailbox.address.startswith("greta")).execute()
    assert [row.get("data-id") for row in technician.get(f"{here(plan)}?q=GRET").find("tbody tr")] == [
        str(mailbox(plan, "greta").id)
    ]
    assert len(technician.get(f"{here(plan)}?state=failed", htmx=True).find("tbody tr")) == 1
    assert "No mailbox is like that" in technician.get(f"{here(plan)}?q=%25").text


@pytest.mark.parametrize(
    "query", ["after=%00", "before=" + "x" * 9_000, "state=moon", "q=%F0%9F", "after=zzzz", "looks=-1"]
)
def test_whatever_stands_in_the_address_is_no_error(world: World, technician: Visitor, query: str) -> None:
    assert technician.get(f"{here(a_move(world, 'ada'))}?{query}").status == 200


def test_readers_see_and_cannot_press(world: World, viewer: Visitor) -> None:
    plan = a_move(world, "ada")
    answer = viewer.get(here(plan))
    assert not answer.find("main form[method=post]")
    assert not viewer.get(f"{here(plan)}/{mailbox(plan, 'ada').id}").find("main form[method=post]")


def test_a_list_of_fifty_thousand_costs_a_handful_of_statements(
    world: World, technician: Visitor, statements: Callable
) -> None:
    plan = a_move(world)
    many_mailboxes(plan, 100)
    few = statements(lambda: technician.get(here(plan)))
    many_mailboxes(plan, 900, 100)
    assert statements(lambda: technician.get(here(plan))) == few


def many_mailboxes(plan: Plan, count: int, first: int = 0) -> None:
    rows = [
        {"plan": plan, "address": f"p{number:05}@company.example", "login": f"p{number}"}
        for number in range(first, first + count)
    ]
    for start in range(0, count, 100):
        Mailbox.insert_many(rows[start : start + 100]).execute()


# --- testing ------------------------------------------------------------------------------------------


def test_test_all_shows_a_bar_and_can_be_left(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada", "greta")
    answer = technician.post(f"{here(plan)}/test", {"which": "all"}, htmx=True)
    assert "0 of 2 mailboxes tested" in answer.text
    assert "2 mailboxes to test. You can leave this page." in answer.text
    [look] = answer.find("[hx-trigger='load delay:2s']")
    again = technician.get(look.get("hx-get"), htmx=True)
    assert again.find("progress[value='0'][max='2']")
    assert again.find("#found") == [], "nothing came of the rows that are shown"
    work()
    over = technician.get(again.find("[hx-trigger='load delay:2s']")[0].get("hx-get"), htmx=True)
    assert not over.find("progress")
    assert not over.find("[hx-trigger]"), "it stops asking"
    assert "The test is over: 2 of 2 mailboxes are good." in over.text
    assert len(over.find("#found tbody tr .good")) == 2


def test_test_all_works_without_htmx(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    answer = technician.post(f"{here(plan)}/test?state=pending")
    assert (answer.status, answer.location) == (303, f"{here(plan)}?state=pending")
    shown = technician.get(here(plan))
    assert "0 of 1 mailboxes tested" in shown.text
    assert shown.find(f'a[href="{here(plan)}"]'), "Look again"


def test_two_presses_begin_one_run(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    technician.post(f"{here(plan)}/test")
    answer = technician.post(f"{here(plan)}/test", htmx=True)
    assert answer.status == 409
    assert "tested already" in answer.text
    assert MailboxRun.select().count() == 1


def test_what_is_missing_stands_beside_the_button(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada", password="")
    answer = technician.post(f"{here(plan)}/test")
    assert answer.status == 422
    assert "There is no password for any of them yet." in answer.text
    assert not MailboxRun.select().exists()


def test_cancel_ends_it(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    technician.post(f"{here(plan)}/test")
    answer = technician.post(f"{here(plan)}/cancel", htmx=True)
    assert "Cancelled." in answer.text
    assert "It ended early: It was cancelled." in answer.text
    assert "Test of mailboxes cancelled" in lines()
    assert technician.post(f"{here(plan)}/cancel", htmx=True).status == 422


# --- one mailbox --------------------------------------------------------------------------------------


def test_one_shows_its_folders_and_is_tested_alone(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada", "greta")
    at = f"{here(plan)}/{mailbox(plan, 'ada').id}"
    answer = technician.post(f"{at}/test", htmx=True)
    assert "Waits for its test" in answer.text
    work()
    shown = technician.get(at)
    assert "ada@company.example can sign in: 3 messages in 2 folders." in shown.text
    assert [row.text_content() for row in shown.find("tbody tr")] == ["Archive.202511 KB", "INBOX21 KB"]
    assert states(plan)["greta"] == "pending"


def test_one_that_failed_shows_what_the_server_said_but_no_password(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    row = a_mailbox(plan, "ada", "ebb-and-flow")
    technician.post(f"{here(plan)}/{row.id}/test")
    work()
    answer = technician.get(f"{here(plan)}/{row.id}")
    assert "LOGIN ada@company.example" in answer.text
    assert "ebb-and-flow" not in answer.html


def test_another_password_makes_it_untested_and_is_never_shown(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    technician.post(f"{here(plan)}/test")
    work()
    row = mailbox(plan, "ada")
    typed = {
        "login": row.login,
        "name": "Ada L",
        "target": "",
        "secret": "spring tide ",
        "version": row.version,
        "address": row.address,
    }
    answer = technician.post(f"{here(plan)}/{row.id}", typed, htmx=True)
    assert answer.status == 200
    assert "Saved." in answer.text
    assert "spring tide" not in answer.html
    assert states(plan) == {"ada": "pending"}
    assert lines()[-1] == "Mailbox ada@company.example: name, password changed"
    work()


def test_one_changed_meanwhile_is_refused_with_the_typing_kept(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    row = mailbox(plan, "ada")
    Mailbox.update(version=5).execute()
    answer = technician.post(
        f"{here(plan)}/{row.id}", {"login": "adelaide", "version": 1, "address": row.address}, htmx=True
    )
    assert answer.status == 409
    assert answer.value("login") == "adelaide"
    assert mailbox(plan, "ada").login == row.login
    again = {"login": "adelaide", "version": answer.value("version"), "address": row.address}
    assert technician.post(f"{here(plan)}/{row.id}", again).status == 303


def test_the_form_of_a_mailbox_that_is_gone_changes_no_other_with_its_number(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    gone = {"login": "adelaide", "version": 1, "address": mailbox(plan, "ada").address}
    Mailbox.update(address="greta@company.example").execute()
    answer = technician.post(f"{here(plan)}/{mailbox(plan, 'greta').id}", gone, htmx=True)
    assert answer.status == 409
    assert mailbox(plan, "greta").login == "ada@company.example"


def test_a_wrong_one_keeps_the_typing(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    row = mailbox(plan, "ada")
    answer = technician.post(
        f"{here(plan)}/{row.id}", {"login": "x" * 400, "name": "Ada", "version": 1, "address": row.address}
    )
    assert answer.status == 422
    assert answer.value("name") == "Ada"


def test_one_is_left_out_and_taken_in_again(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    at = f"{here(plan)}/{mailbox(plan, 'ada').id}"
    technician.post(f"{at}/leave-out", {"out": "y"})
    assert states(plan) == {"ada": "skipped"}
    assert "Left out" in technician.get(at).text
    assert technician.post(f"{at}/leave-out", {"out": "y"}, htmx=True).status == 422
    technician.post(f"{at}/leave-out")
    assert states(plan) == {"ada": "pending"}
    assert "Mailbox ada@company.example: left out" in lines()


def test_a_mailbox_of_another_plan_is_not_there(world: World, technician: Visitor) -> None:
    plan, other = a_move(world, "ada"), a_move(world, "ada")
    row = Mailbox.get(Mailbox.plan == other)
    assert technician.get(f"{here(plan)}/{row.id}").status == 404
    assert technician.post(f"{here(plan)}/{row.id}/test").status == 404


# --- how they are signed in to ------------------------------------------------------------------------


SAID = {"version": 0, "host": "IMAP.Company.example", "security": "starttls", "login": "admin", "admin": "root"}


def test_begins_with_what_the_rfi_says(world: World, technician: Visitor) -> None:
    plan = a_move(world, imap_login="admin", imap_admin="postmaster", imap_admin_form="user*admin")
    answer = technician.get(f"{here(plan)}/source")
    assert answer.value("host") == "localhost"
    assert answer.find("[name=login][checked]")[0].get("value") == "admin"
    assert answer.value("admin") == "postmaster"
    assert "As the RFI says it." in technician.get(here(plan)).text


def test_is_set_otherwise_with_a_line_of_history_that_holds_no_secret(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    answer = technician.post(f"{here(plan)}/source", SAID | {"secret": "anchor-chain", "admin_form": "user*admin"})
    assert (answer.status, answer.location) == (303, here(plan))
    row = MailboxSource.get()
    assert (row.host, row.security, row.login, row.version) == ("imap.company.example", "starttls", "admin", 1)
    assert "anchor-chain" not in row.sealed
    assert "localhost → imap.company.example" in lines()[-1]
    assert "new secret" in lines()[-1]
    assert "anchor-chain" not in lines()[-1]
    shown = technician.get(f"{here(plan)}/source")
    assert "anchor-chain" not in shown.html
    assert place_of(standing(world), plan.customer_id).source.sign_in("ada", "").secret == "anchor-chain"


def standing(world: World) -> object:
    return technician(world)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"host": "not a host"}, "host"),
        ({"host": ""}, "host"),
        ({"admin": ""}, "admin"),
        ({"accepted": "ab:cd"}, "accepted"),
        ({"security": "rot13"}, "security"),
        ({"secret": "x" * 9_000}, "secret"),
        ({"admin": "a\x00b"}, "admin"),
    ],
)
def test_says_what_is_wrong_beside_the_field(world: World, technician: Visitor, typed: dict, field: str) -> None:
    plan = a_move(world)
    answer = technician.post(f"{here(plan)}/source", SAID | typed, htmx=True)
    assert answer.status == 422
    assert answer.find(f".wrong [name={field}], .wrong#{field}")
    assert not MailboxSource.select().exists()


def test_somebody_elses_saving_is_not_overwritten(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    technician.post(f"{here(plan)}/source", SAID)
    answer = technician.post(f"{here(plan)}/source", SAID | {"host": "other.company.example"}, htmx=True)
    assert answer.status == 409
    assert answer.value("host") == "other.company.example"
    assert MailboxSource.get().host == "imap.company.example"
    again = SAID | {"host": "other.company.example", "version": answer.value("version")}
    assert technician.post(f"{here(plan)}/source", again).status == 303


def test_a_secret_is_kept_until_it_is_forgotten(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    technician.post(f"{here(plan)}/source", SAID | {"secret": "anchor"})
    technician.post(f"{here(plan)}/source", SAID | {"version": 1})
    assert MailboxSource.get().sealed
    technician.post(f"{here(plan)}/source", SAID | {"version": 2, "forget": "y"})
    assert not MailboxSource.get().sealed
    assert "secret removed" in lines()[-1]


def test_a_complete_plan_is_only_looked_at(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    Plan.update(state="done").execute()
    answer = technician.get(here(plan))
    assert not answer.find("main form[method=post]")
    assert technician.post(f"{here(plan)}/test").status == 422
    assert not MailboxRun.select().exists()


def test_a_run_of_a_plan_that_ended_meanwhile_ends(world: World) -> None:
    plan = a_move(world, "ada")
    begin(technician(world), plan.customer_id, "all")
    Plan.update(state="closed").execute()
    work()
    run = MailboxRun.get()
    assert (run.state, run.sentence) == ("done", "The plan is over.")
    assert run.ended_at <= now()
