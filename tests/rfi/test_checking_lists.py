"""Lists that people choose, type or upload: forwarding, several choices, CSV files of addresses and of mailboxes."""

import csv
import io
import time

import pytest

from blueprints.rfi.checking import brings, check, faulty_rows, read, told, written
from blueprints.rfi.uploaded_lists import good_rows
from data.questions import Question
from tests.rfi.situations import a_question, a_situation, checked, sentences

FORWARDING = a_question("forwarding", inside="mail_domains", outside="mail_domains")
OWN = {"mail_domains": ["acme.example", "bücher.example"]}
ADDRESSES = a_question("csv", columns="addresses", inside="mail_domains", required=True)
MAILBOXES = a_question("csv", columns="mailboxes", inside="mail_domains")
COLOURS = [{"value": "red", "label": "Red"}, {"value": "blue", "label": "Blue"}]


def uploaded(question: Question, content: str | bytes) -> dict:
    data = content.encode() if isinstance(content, str) else content
    return read(question, {}, {question.id: data})


def said(question: Question, value: object) -> list[str]:
    return sentences(check(question, value, a_situation(answers=OWN)))


# --- forwarding ---------------------------------------------------------------------------------------------


def test_forwarding_is_read_however_the_arrow_is_typed() -> None:
    lines = (
        "a@acme.example -> x@elsewhere.example\nb@acme.example→x@elsewhere.example\nc@acme.example, x@elsewhere.example"
    )
    found = checked(FORWARDING, f"{lines}\nd@bücher.example x@elsewhere.example", answers=OWN)
    assert not found.problems
    assert found.value == [
        "a@acme.example -> x@elsewhere.example",
        "b@acme.example -> x@elsewhere.example",
        "c@acme.example -> x@elsewhere.example",
        "d@xn--bcher-kva.example -> x@elsewhere.example",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a@acme.example", "write two addresses with -> between them"),
        ("a@acme.example -> b@elsewhere.example -> c@elsewhere.example", "write two addresses"),
        ("a@acme.example -> nobody", "“nobody” is not an email address"),
        ("a@foreign.example -> b@elsewhere.example", "a@foreign.example is in none of your email domains."),
        ("a@acme.example -> b@acme.example", "b@acme.example is one of your own addresses"),
    ],
)
def test_refuses_forwarding_that_is_none(text: str, sentence: str) -> None:
    assert sentence in sentences(checked(FORWARDING, text, answers=OWN))[0]


def test_refuses_the_same_forwarding_twice_with_its_line() -> None:
    (problem,) = checked(FORWARDING, "a@acme.example -> x@e.example\na@acme.example,x@e.example", answers=OWN).problems
    assert problem.line == 2


# --- several ------------------------------------------------------------------------------------------------


def test_several_are_chosen_once_each_and_only_from_the_list() -> None:
    question = a_question("several", choices=COLOURS)
    assert check(question, ["red", "red", "blue"], a_situation()).value == ["red", "blue"]
    (sentence,) = sentences(check(question, ["red", "green"], a_situation()))
    assert "“green” can no longer be chosen" in sentence


def test_nothing_else_is_chosen_with_what_stands_alone() -> None:
    question = a_question("several", choices=[*COLOURS, {"value": "none", "label": "None", "alone": True}])
    assert "“None” and something else" in sentences(check(question, ["none", "red"], a_situation()))[0]
    assert not check(question, ["none"], a_situation()).problems


def test_each_domain_must_be_in_one_of_two_lists() -> None:
    question = a_question("several", choices=COLOURS, together_with="cloud")
    assert sentences(check(question, ["red"], a_situation(answers={"cloud": []}))) == [
        "Blue is in neither of the two lists."
    ]
    assert not check(question, ["red"], a_situation(answers={"cloud": ["blue", "red"]})).problems


# --- lists of addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "Email,Name\nann@acme.example,Ann\nBob@ACME.example,Bob\n",
        "Name;E-Mail\nAnn;ann@acme.example\nBob;Bob@acme.example\n",
        "ann@acme.example\nBob@acme.example",
        "\n\nname\tPrimarySmtpAddress\nAnn\tSMTP:ann@acme.example\n\nBob\tBob@acme.example",
        "Display Name,Email/UPN\nAnn,ann@acme.example\nBob,Bob@acme.example",
        "email,name\nann@acme.example,Grüße\nBob@acme.example,x\n".encode("utf-16"),
        "email,name\nann@acme.example,Grüße\nBob@acme.example,x\n".encode("utf-8-sig"),
        "email,name\nann@acme.example,Grüße\nBob@acme.example,x\n".encode("cp1252"),
    ],
)
def test_a_column_of_addresses_is_found_in_any_encoding(content: str | bytes) -> None:
    value = uploaded(ADDRESSES, content)
    assert [address for _, address, _ in good_rows(value)] == ["ann@acme.example", "Bob@acme.example"]
    assert value["count"] == 2
    assert said(ADDRESSES, value) == []
    assert told(ADDRESSES, value) == ("2 addresses (list of addresses).",)


def test_only_the_addresses_are_kept_of_a_list() -> None:
    assert "Ann" not in str(uploaded(ADDRESSES, "Email,Name\nann@acme.example,Ann\n"))


def test_the_same_address_twice_is_kept_once_and_said() -> None:
    value = uploaded(ADDRESSES, "email\nann@acme.example\nANN@acme.example\n")
    assert value["count"] == 1
    assert "1 row says again" in check(ADDRESSES, value, a_situation(answers=OWN)).notes[0]


def test_faulty_rows_are_told_and_can_be_downloaded_with_their_reason() -> None:
    content = "Name,Email\nAnn,ann@acme.example\nBob,bob\nCy,\nDee,dee@foreign.example\nEve,e e@acme.example\n"
    value = uploaded(ADDRESSES, content)
    first, second = said(ADDRESSES, value)
    assert first.startswith("3 rows cannot be used. Row 3: “bob” is not an email address")
    assert second == "1 address is in foreign.example, which is none of your email domains."
    heading, *rows = faulty_rows(ADDRESSES, value, a_situation(answers=OWN))
    assert heading == ["Row", "Reason", "Cells"]
    assert [row[0] for row in rows] == ["3", "4", "5", "6"]
    assert rows[0][2:] == ["Bob", "bob"]
    assert rows[1][1] == "The address is missing."
    assert rows[2][1] == "foreign.example is none of your email domains."
    assert [row[0] for row in faulty_rows(ADDRESSES, value)[1:]] == ["3", "4", "6"], "without the domains"


def test_domains_in_any_script_are_the_same() -> None:
    assert said(ADDRESSES, uploaded(ADDRESSES, "email\nann@bücher.example\nbob@xn--bcher-kva.example\n")) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Name,Room\nAnn,7\n", "None of them is called “Email”"),
        ("email\n", "There is no address in this file."),
        (b"\x00\x01\x02", "not a text file"),
        ('email\n"ann@acme.example\n', "quotation mark"),
        (b"\xff\xfe\x00", "cannot be read"),
        ("\n\n", "The file is empty."),
    ],
)
def test_refuses_files_that_are_no_list(content: str | bytes, sentence: str) -> None:
    assert sentence in said(ADDRESSES, uploaded(ADDRESSES, content))[0]


def test_a_list_can_be_taken_away_and_is_missing_then() -> None:
    assert not brings(ADDRESSES, {"asked": [""]}, {"asked": b""})
    assert brings(ADDRESSES, {"asked.remove": ["1"]}, {})
    assert read(ADDRESSES, {}, {}) is None
    assert check(ADDRESSES, None, a_situation()).missing
    assert written(ADDRESSES, uploaded(ADDRESSES, "ann@acme.example")) == {"asked": []}


# --- lists of mailboxes -------------------------------------------------------------------------------------

LISTS = {
    "microsoft": "EmailAddress,UserName,Password\nann@acme.example,ann.old,s3cret\nbob@acme.example,bob.old,s3cret\n",
    "exchange": "IMAP_Mailbox,IMAP_Password,SMTP_Address,IMAP_Server,Ex_Mailbox,IMAP_Port,IMAP_SSL\n"
    "ann.old,s3cret,ann@acme.example,imap.old.example,ann,993,yes\n"
    "bob.old,s3cret,bob@acme.example,imap.old.example,bob,993,yes\n",
    "imapsync": "# host1;user1;…\n"
    "old.example;ann.old;s3cret;new.example;ann@acme.example;s3cret;--tls1;\n"
    "old.example;bob.old;s3cret;new.example;bob@acme.example;s3cret;;\n",
    "kerio": "ann@acme.example;s3cret;Ann Berger\nbob@acme.example;s3cret;Bob Cole\n",
    "google": "ann.old#s3cret,ann@acme.example\nbob.old#s3cret,bob@acme.example\n",
    "addresses": "Email,Kennwort\nann@acme.example,s3cret\nbob@acme.example,s3cret\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_five_tools_are_recognised_and_their_passwords_left_out(name: str) -> None:
    value = uploaded(MAILBOXES, LISTS[name])
    assert value["format"] == name
    assert value["faults"] == []
    users = {"kerio": ["ann@acme.example", "bob@acme.example"], "addresses": ["", ""]}.get(name, ["ann.old", "bob.old"])
    found = [(address, user) for _, address, user in good_rows(value)]
    assert found == [("ann@acme.example", users[0]), ("bob@acme.example", users[1])]
    assert "s3cret" not in str(value)
    result = check(MAILBOXES, value, a_situation(answers=OWN))
    assert not result.problems
    assert "Its passwords are not." in result.notes[-1]
    assert "s3cret" not in str(told(MAILBOXES, value))


@pytest.mark.parametrize("name", LISTS)
def test_passwords_stay_out_of_faulty_rows(name: str) -> None:
    value = uploaded(MAILBOXES, LISTS[name].replace("bob@acme.example", "bob@@acme.example"))
    (row,) = faulty_rows(MAILBOXES, value)[1:]
    assert "“bob@@acme.example” is not an email address" in row[1]
    assert "s3cret" not in str(value)


def test_rows_of_mailboxes_are_refused_one_by_one() -> None:
    content = "EmailAddress,UserName,Password\nann@acme.example,,x\nbob@acme.example,b,x\nbob@acme.example,c,x\n"
    value = uploaded(MAILBOXES, content)
    assert [reason for _, reason, _ in value["faults"]] == [
        "The user name is missing.",
        "bob@acme.example is in row 3 already, with another user name.",
    ]


def test_short_rows_are_refused() -> None:
    value = uploaded(MAILBOXES, "old.example;a;p;new.example;a@acme.example;p;\nold.example;b;p\n")
    assert [reason for _, reason, _ in value["faults"]] == ["This row has 3 cells, and needs 6."]


def test_an_unknown_list_of_mailboxes_is_told_what_would_do() -> None:
    assert "EmailAddress, UserName, Password" in said(MAILBOXES, uploaded(MAILBOXES, "a,b,c,d\n1,2,3,4\n"))[0]
    assert "EmailAddress, UserName, Password" in said(MAILBOXES, uploaded(MAILBOXES, "# nothing\n"))[0]


# --- size ---------------------------------------------------------------------------------------------------


def test_fifty_thousand_rows_are_read_in_a_couple_of_seconds() -> None:
    content = "email\n" + "\n".join(f"person.{n}@acme.example" for n in range(50_000))
    begun = time.perf_counter()
    value = uploaded(ADDRESSES, content)
    assert time.perf_counter() - begun < 4
    assert value["count"] == 50_000
    begun = time.perf_counter()
    assert said(ADDRESSES, value) == []
    assert time.perf_counter() - begun < 0.1, "a page that shows the list does not read it again"


def test_refuses_more_rows_at_the_first_one_too_many() -> None:
    assert "more than 50,000 rows" in said(ADDRESSES, uploaded(ADDRESSES, "email\n" + "a@b.co\n" * 50_001))[0]
    begun = time.perf_counter()
    assert "over 6 MB" in said(ADDRESSES, uploaded(ADDRESSES, b"a@b.co\n" * 5_000_000))[0]
    assert time.perf_counter() - begun < 1


def test_faulty_rows_can_be_written_as_a_file() -> None:
    rows = faulty_rows(ADDRESSES, uploaded(ADDRESSES, 'email\n"a,b"\n'))
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    assert "a,b" in text.getvalue()
