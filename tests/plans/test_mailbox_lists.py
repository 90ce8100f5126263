"""Lists of mailboxes: read from files of five formats, looked over, kept, taken over from the RFI, taken away."""

import csv
import io
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine

from blueprints.accounts.standing import standing_of
from blueprints.customers.sealing import unseal
from blueprints.plans import mailbox_jobs, mailbox_uploading
from blueprints.plans.mailbox_export import export
from blueprints.plans.mailbox_lists import Fault, Listed, mailboxes_in, sorted_out
from blueprints.plans.mailbox_places import place_of
from blueprints.plans.mailbox_previews import preview_of, stamp_of
from blueprints.plans.mailbox_uploading import keep_list, read_list, take_over
from blueprints.web.csv_files import NotCsv, csv_rows, read_csv
from blueprints.web.refusals import NotThere, Refused
from data.mailboxes import ListedMailbox, MailboxList
from data.moments import now
from data.plans import Mailbox, Plan
from tests.factories import World
from tests.plans.moving import TIDE, a_mailbox, a_move, here, mailbox, states
from tests.plans.planned import lines, technician
from tests.visits import Visitor

HEADING = "EmailAddress,UserName,Password\n"
GOOD = HEADING + "ada@company.example,ada,tide\ngreta@company.example,greta,ebb\n"
FILES = {
    "microsoft": GOOD,
    "exchange": "IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,Ex_Mailbox,IMAP_Port,IMAP_SSL\n"
    "ada,tide,ada@company.example,old,ada@company.example,993,1\ngreta,ebb,greta@company.example,old,g@new.example,993,1\n",
    "imapsync": "# from;to\nold;ada;tide;new;ada@company.example;x;;\nold;greta;ebb;new;greta@company.example;x;;\n",
    "kerio": "ada@company.example;tide;Ada Lovelace\ngreta@company.example;ebb;Greta\n",
    "google": "ada#tide,ada@company.example\ngreta#ebb,greta@company.example\n",
}


def read(plan: Plan, world: World, text: str, encoding: str = "utf-8") -> MailboxList:
    return read_list(technician(world), plan.customer_id, BytesIO(text.encode(encoding)))


def kept(plan: Plan, world: World, text: str, **how: Any) -> mailbox_uploading.Taken:
    return keep_list(technician(world), plan.customer_id, stamp_of(read(plan, world, text)), **how)


def uploaded(visitor: Visitor, plan: Plan, content: bytes, *, htmx: bool = False) -> Any:
    return visitor.post(f"{here(plan)}/list", {"file": (BytesIO(content), "list.csv")}, htmx=htmx)


def counted(rows: int) -> bytes:
    return HEADING.encode() + b"".join(b"p%06d@company.example,p%06d,tide-%d\n" % (n, n, n) for n in range(rows))


# --- reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_reads_five_formats_in_every_encoding_with_their_passwords(world: World, form: str, encoding: str) -> None:
    plan = a_move(world)
    assert read(plan, world, FILES[form], encoding).format == form
    taken = keep_list(technician(world), plan.customer_id, stamp_of(MailboxList.get()))
    assert (taken.new, taken.changed) == (2, 0)
    ada, greta = mailbox(plan, "ada"), mailbox(plan, "greta")
    assert ada.login == ("ada@company.example" if form == "kerio" else "ada")
    assert (unseal(ada.sealed), unseal(greta.sealed)) == ("tide", "ebb")
    assert ada.name == ("Ada Lovelace" if form == "kerio" else "")
    assert greta.target == ("g@new.example" if form == "exchange" else "")


def test_letters_beyond_ascii_survive_each_encoding(world: World) -> None:
    for encoding in ("utf-8", "utf-16", "cp1252"):
        plan = a_move(world)
        listed = read(plan, world, "ada@company.example;Flut-ß;Ada Löwe\n", encoding)
        keep_list(technician(world), plan.customer_id, stamp_of(listed))
        assert mailbox(plan, "ada").name == "Ada Löwe"
        assert unseal(mailbox(plan, "ada").sealed) == "Flut-ß"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",ada,tide", "The address is missing."),
        ("nobody,ada,tide", "“nobody” is not an email address"),
        ("ada@company.example,,tide", "The user name is missing."),
        (f"ada@company.example,ada,{'x' * 1_001}", "longer than any server takes"),
    ],
)
def test_a_faulty_row_says_why_and_shows_no_password(row: str, reason: str) -> None:
    [found] = sorted_out(mailboxes_in(read_csv(f"{HEADING}{row}\n".encode())), passwords=True)
    assert isinstance(found, Fault)
    assert reason in found.reason
    assert found.number == 2
    assert "tide" not in found.cells


def test_a_row_that_comes_again_counts_once_and_with_another_password_is_a_fault() -> None:
    text = GOOD + "ADA@company.example,ada,tide\nada@company.example,ada,ebb\n"
    good, greta, again, other = sorted_out(mailboxes_in(read_csv(text.encode())), passwords=True)
    assert (type(good), type(greta), again) == (Listed, Listed, None)
    assert other.reason == "ada@company.example is in row 2 already, with another password."


def test_passwords_do_not_show_where_a_row_is_printed() -> None:
    [row, _] = sorted_out(mailboxes_in(read_csv(GOOD.encode())), passwords=True)
    assert row.password == "tide"
    assert "tide" not in repr(row)


def test_five_million_rows_are_refused_early_and_never_held(tmp_path: Any) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(HEADING.encode())
        for _ in range(500):
            file.write(b"ada@company.example,a,\n" * 10_000)
    assert path.stat().st_size > 100_000_000
    tracemalloc.start()
    begun = time.monotonic()
    with path.open("rb") as file, pytest.raises(NotCsv, match="25 MB"):
        list(csv_rows(file, 50_000, mailbox_uploading.MOST_BYTES))
    took, (_, most) = time.monotonic() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 5
    assert most < 2_000_000


def test_too_many_short_rows_are_refused_at_the_first_that_is_too_many(tmp_path: Any) -> None:
    file = BytesIO(b"a@b.co,a,\n" * 2_400_000)
    rows: list[list[str]] = []
    with pytest.raises(NotCsv, match="more than 50,000 rows"):
        rows.extend(csv_rows(file, 50_000, mailbox_uploading.MOST_BYTES))
    assert len(rows) == 50_001


def test_a_body_that_is_too_large_is_refused_before_it_is_read(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    answer = uploaded(technician, plan, b"x" * (mailbox_uploading.MOST_BYTES + 200_000))
    assert answer.status == 413
    assert not MailboxList.select().exists()


def test_fifty_thousand_rows_are_read_looked_over_and_kept(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    begun = time.monotonic()
    assert uploaded(technician, plan, counted(50_000)).status == 303
    read_in = time.monotonic() - begun
    answer = technician.get(f"{here(plan)}/list")
    assert "50,000 good rows" in answer.text
    begun = time.monotonic()
    assert technician.post(f"{here(plan)}/list/keep", {"seen": stamp_of(MailboxList.get())}).status == 303
    kept_in = time.monotonic() - begun
    assert Mailbox.select().where(Mailbox.plan == plan).count() == 50_000
    begun = time.monotonic()
    assert "1–50 of 50,000" in technician.get(here(plan)).text
    shown_in = time.monotonic() - begun
    assert (read_in < 20, kept_in < 20, shown_in < 2) == (True, True, True), (read_in, kept_in, shown_in)


# --- looking it over ----------------------------------------------------------------------------------


def test_every_row_is_shown_before_anything_is_kept(world: World, technician: Visitor) -> None:
    plan = a_move(world, "greta", "wangari")
    answer = uploaded(technician, plan, f"{GOOD}nobody,x,tide\n".encode(), htmx=True)
    assert answer.status == 200
    assert "2 good rows, 1 faulty. Nothing is kept yet." in answer.text
    rows = [" ".join(row.text_content().split()) for row in answer.find("tbody tr")]
    assert rows == [
        "ada@company.example New ada given 2",
        "greta@company.example Here already greta given 3",
        "nobody · x · •••“nobody” is not an email address such as mail@northstar.example. Faulty–– 4",
    ]
    assert "1 that are here now" in answer.text
    assert "tide" not in answer.html
    assert set(states(plan)) == {"greta", "wangari"}
    assert lines()[-1] == "List of mailboxes read: 2 good rows, 1 faulty"


def test_rows_are_looked_over_page_by_page(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    uploaded(technician, plan, counted(120))
    first = technician.get(f"{here(plan)}/list")
    assert len(first.find("tbody tr")) == 50
    second = technician.get(first.find("a[rel=next]")[0].get("href"))
    third = technician.get(second.find("a[rel=next]")[0].get("href"))
    assert "Rows 102–121" in third.text
    assert not third.find("a[rel=next]")
    back = technician.get(third.find("a[rel=prev]")[0].get("href"))
    assert "Rows 52–101" in back.text
    assert "Rows 2–51" in technician.get(back.find("a[rel=prev]")[0].get("href")).text


def test_faulty_rows_are_shown_alone_and_taken_away_with_their_reasons(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    uploaded(technician, plan, f"{GOOD}nobody,x,tide\n".encode())
    assert len(technician.get(f"{here(plan)}/list?only=faulty").find("tbody tr")) == 1
    answer = technician.get(f"{here(plan)}/list/faulty.csv")
    rows = read_csv(answer.bytes)
    assert rows[0] == ["Row", "Reason", "Cells"]
    assert rows[1][0] == "4"
    assert b"tide" not in answer.bytes


def test_addresses_elsewhere_are_pointed_out(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    uploaded(technician, plan, f"{HEADING}ada@other.example,ada,\n{GOOD[len(HEADING) :]}".encode())
    assert "Not among the email domains of the RFI: other.example (1)." in technician.get(f"{here(plan)}/list").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a,b,c,d\n1,2,3,4\n", "EmailAddress, UserName, Password"),
        (b"a,b\x00\n", "not a text file"),
        (HEADING.encode() + b'"ada,', "Row 2"),
        (HEADING.encode() + b"a@b.example,\x1b,\n", "Row 2"),
        (b"EmailAddress,UserName\n" + b"a@b.example,a\n" * 50_001, "50,000 rows"),
    ],
)
def test_a_file_that_is_no_list_is_refused_beside_the_field(
    world: World, technician: Visitor, content: bytes, words: str
) -> None:
    plan = a_move(world, "ada")
    answer = uploaded(technician, plan, content, htmx=True)
    assert answer.status == 422
    assert words in answer.text
    assert not MailboxList.select().exists()


def test_another_upload_takes_the_place_of_the_one_before(world: World) -> None:
    plan = a_move(world)
    first = read(plan, world, GOOD)
    read(plan, world, HEADING + "wangari@company.example,w,\n")
    assert [row.address for row in ListedMailbox.select()] == ["wangari@company.example"]
    with pytest.raises(Refused, match="not waiting any more"):
        keep_list(technician(world), plan.customer_id, stamp_of(first))


def test_a_list_is_dropped(world: World, technician: Visitor) -> None:
    plan = a_move(world)
    uploaded(technician, plan, GOOD.encode())
    listed = stamp_of(MailboxList.get())
    assert technician.post(f"{here(plan)}/list/drop", {"seen": listed}).location == here(plan)
    assert not ListedMailbox.select().exists()
    assert technician.post(f"{here(plan)}/list/drop", {"seen": listed}, htmx=True).status == 409
    assert "not taken over" in lines()[-1]


def test_a_list_that_nobody_wants_is_dropped_after_some_days(world: World) -> None:
    plan = a_move(world)
    read(plan, world, GOOD)
    mailbox_jobs.tend.call_local()
    assert ListedMailbox.select().exists()
    with time_machine.travel(now() + timedelta(days=4), tick=True):
        mailbox_jobs.tend.call_local()
    assert not ListedMailbox.select().exists()


# --- keeping it ---------------------------------------------------------------------------------------


def test_keeping_says_what_came_of_it(world: World, technician: Visitor) -> None:
    plan = a_move(world, "greta", "wangari")
    uploaded(technician, plan, GOOD.encode())
    answer = technician.post(f"{here(plan)}/list/keep", {"seen": stamp_of(MailboxList.get())})
    assert (answer.status, answer.location) == (303, here(plan))
    assert set(states(plan)) == {"ada", "greta", "wangari"}
    assert lines()[-1] == "Mailboxes listed: 1 new, 1 there already and brought up to date"
    assert not ListedMailbox.select().exists()
    again = technician.post(f"{here(plan)}/list/keep", {"seen": "1"}, htmx=True)
    assert again.status == 409


def test_what_a_row_does_not_say_stays(world: World) -> None:
    plan = a_move(world)
    a_mailbox(plan, "ada", name="Ada L", target="ada@new.example", login="ada", state="ok", tested_at=now())
    kept(plan, world, HEADING + "ada@company.example,ada,\n")
    ada = mailbox(plan, "ada")
    assert (ada.name, ada.target, unseal(ada.sealed), ada.state) == ("Ada L", "ada@new.example", TIDE, "ok")


def test_another_password_is_to_be_tested_again(world: World) -> None:
    plan = a_move(world)
    a_mailbox(plan, "ada", login="ada", state="ok", messages=7, tested_at=now())
    kept(plan, world, GOOD)
    ada = mailbox(plan, "ada")
    assert (unseal(ada.sealed), ada.state, ada.messages, ada.tested_at) == ("tide", "pending", None, None)


def test_what_was_left_out_stays_left_out(world: World) -> None:
    plan = a_move(world)
    a_mailbox(plan, "ada", state="skipped")
    kept(plan, world, GOOD)
    assert states(plan) == {"ada": "skipped", "greta": "pending"}


def test_a_list_can_take_the_place_of_the_one_there(world: World) -> None:
    plan = a_move(world, "wangari")
    taken = kept(plan, world, GOOD, replace=True)
    assert taken.told == "2 new, 1 taken away"
    assert set(states(plan)) == {"ada", "greta"}


def test_more_than_a_plan_moves_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_uploading, "MOST_MAILBOXES", 2)
    plan = a_move(world, "wangari")
    with pytest.raises(Refused, match="at most"):
        kept(plan, world, GOOD)
    assert set(states(plan)) == {"wangari"}


def test_strangers_cannot_have_a_file_read(world: World) -> None:
    plan = a_move(world)
    with pytest.raises(NotThere):
        read_list(standing_of(world.stranger), plan.customer_id, BytesIO(GOOD.encode()))


# --- the list of the RFI ------------------------------------------------------------------------------


OF_RFI = {"format": "microsoft", "count": 2, "rows": "2,Ada@company.example,ada\n3,greta@company.example,\n"}


def test_the_list_of_the_rfi_is_taken_over_and_only_what_is_new(world: World, technician: Visitor) -> None:
    plan = a_move(world, "greta", mailbox_list=OF_RFI)
    assert "One mailbox of the RFI’s list is not here yet." in technician.get(here(plan)).text
    answer = technician.post(f"{here(plan)}/take-over")
    assert (answer.status, answer.location) == (303, here(plan))
    assert mailbox(plan, "ada").login == "ada"
    assert unseal(mailbox(plan, "greta").sealed) == TIDE
    assert lines()[-1] == "Mailboxes listed: 1 new, as the RFI has them"
    assert "From the RFI" not in technician.get(here(plan)).text


def test_without_such_a_list_it_is_said(world: World) -> None:
    with pytest.raises(Refused, match="No list of mailboxes"):
        take_over(technician(world), a_move(world).customer_id)


def test_a_list_that_waits_comes_first(world: World) -> None:
    plan = a_move(world, mailbox_list=OF_RFI)
    read(plan, world, GOOD)
    with pytest.raises(Refused, match="waits for your yes"):
        take_over(technician(world), plan.customer_id)
    assert preview_of(place_of(technician(world), plan.customer_id)) is not None


# --- taking it away -----------------------------------------------------------------------------------


def exported(visitor: Visitor, plan: Plan, form: str, passwords: bool = False) -> Any:
    return visitor.post(f"{here(plan)}/export", {"format": form} | ({"passwords": "y"} if passwords else {}))


def test_the_list_has_results_and_no_passwords(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    Mailbox.update(state="ok", folders=2, messages=3, size=60, name="=cmd|' /C calc'!A0").execute()
    answer = exported(technician, plan, "list")
    heading, row = read_csv(answer.bytes)
    assert dict(zip(heading, row, strict=True)) == {
        "EmailAddress": "ada@company.example",
        "UserName": "ada@company.example",
        "Name": "'=cmd|' /C calc'!A0",
        "Target": "ada@company.example",
        "State": "Good",
        "Folders": "2",
        "Messages": "3",
        "Bytes": "60",
        "Result": "",
    }
    assert TIDE.encode() not in answer.bytes
    assert "attachment" in answer.headers["Content-Disposition"]
    assert lines()[-1] == "List of mailboxes taken away, a list with the results, for a spreadsheet"


@pytest.mark.parametrize("form", FILES)
def test_an_import_has_passwords_only_when_somebody_says_so(world: World, technician: Visitor, form: str) -> None:
    plan = a_move(world, "ada")
    assert TIDE.encode() not in exported(technician, plan, form).bytes
    answer = exported(technician, plan, form, passwords=True)
    assert TIDE.encode() in answer.bytes
    assert lines()[-1].endswith(" with passwords")
    again = a_move(world)
    listed = read_list(technician_of(world), again.customer_id, BytesIO(answer.bytes))
    assert (listed.format, listed.good, listed.faults) == (form, 1, 0), "what goes out can come in"
    keep_list(technician_of(world), again.customer_id, stamp_of(listed))
    assert unseal(mailbox(again, "ada").sealed) == TIDE


def technician_of(world: World) -> Any:
    return technician(world)


def test_the_list_with_passwords_is_refused_beside_the_box(world: World, technician: Visitor) -> None:
    answer = exported(technician, a_move(world, "ada"), "list", passwords=True)
    assert answer.status == 422
    assert "never has passwords" in answer.text


def test_a_password_that_a_spreadsheet_would_calculate_is_left_out_and_said(world: World, technician: Visitor) -> None:
    plan = a_move(world, "ada")
    a_mailbox(plan, "greta", "=2+5")
    assert "One password begins with a sign" in technician.get(f"{here(plan)}/export").text
    rows = list(csv.reader(io.StringIO(exported(technician, plan, "microsoft", passwords=True).bytes.decode())))
    assert [row[2] for row in rows] == ["Password", TIDE, ""]


def test_what_is_left_out_is_not_imported(world: World) -> None:
    plan = a_move(world, "ada")
    a_mailbox(plan, "greta", state="skipped")
    file = export(technician(world), plan.customer_id, "kerio", passwords=False)
    assert file.content == b"ada@company.example;;\r\n"


def test_many_are_taken_away_in_order(world: World, statements: Callable) -> None:
    plan = a_move(world)
    kept(plan, world, counted(5_000).decode())
    file = export(technician(world), plan.customer_id, "microsoft", passwords=True)
    rows = file.content.decode().splitlines()
    assert len(rows) == 5_001
    assert rows[5_000] == "p004999@company.example,p004999,tide-4999"
