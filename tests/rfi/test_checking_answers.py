"""Answers that are one text, groups of them, and secrets: put in form, refused, or warned about."""

from datetime import UTC, datetime

import pytest
import time_machine

from blueprints.rfi.checking import TooLong, brings, check, read, told, written
from data.questions import SECRET_KEPT
from tests.rfi.situations import a_question, a_situation, checked, sentences

PERSON = a_question(
    "group",
    required=True,
    questions=[
        {"id": "name", "kind": "line", "label": "Name", "required": True},
        {"id": "email", "kind": "email", "label": "Email", "required": True, "personal": True},
        {"id": "phone", "kind": "phone", "label": "Phone"},
    ],
)
SECRET = a_question("secret", required=True)


# --- email, phone -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["ann", "ann@", "@acme.example", "ann@acme", "a b@acme.example", "ann@acme..example"])
def test_refuses_what_is_no_email_address(text: str) -> None:
    assert "is not an email address" in sentences(checked(a_question("email"), text))[0]


def test_shared_mailboxes_are_warned_about_where_one_person_is_meant() -> None:
    personal = a_question("email", personal=True)
    for name in ("info", "Admin", "office", "postmaster"):
        (warning,) = checked(personal, f"{name}@acme.example").warnings
        assert "looks like a mailbox that several people read" in warning
    assert not checked(personal, "ada@acme.example").warnings
    assert not checked(a_question("email"), "info@acme.example").warnings


def test_an_emergency_address_that_goes_down_with_the_mail_is_warned_about() -> None:
    emergency = a_question("email", outside="mail_domains")
    answers = {"mail_domains": ["acme.example", "bücher.example"]}
    for inside in ("jon@acme.example", "jon@mail.acme.example", "jon@BÜCHER.example"):
        assert checked(emergency, inside, answers=answers).warnings, inside
    assert not checked(emergency, "jon@elsewhere.example", answers=answers).warnings
    assert not checked(emergency, "jon@acme.example").warnings, "no domain is known yet"


def test_an_address_that_stands_for_somebody_else_already_is_warned_about() -> None:
    own = a_question("email", unlike=["technical_contact", "second"])
    answers = {"technical_contact": {"first_name": "Ada", "email": " Ada@BÜCHER.example "}, "second": "no address"}
    for same in ("ada@bücher.example", "ADA@xn--bcher-kva.example"):
        (warning,) = checked(own, same, answers=answers).warnings
        assert "given for a contact above" in warning
    assert not checked(own, "tom@bücher.example", answers=answers).warnings
    (warning,) = checked(own, "Lead@acme.example", contacts=frozenset({"lead@acme.example"})).warnings
    assert "contact on the record" in warning
    assert not checked(a_question("email"), "lead@acme.example", contacts=frozenset({"lead@acme.example"})).warnings
    for odd in (None, [], {"email": None}, {"email": ["x@y"]}, 7):
        assert not checked(own, "tom@acme.example", answers={"technical_contact": odd}).warnings


def test_phone_numbers_are_kept_in_e164_by_the_customers_country() -> None:
    assert checked(a_question("phone"), "020 7946 0000", country="GB").value == "+442079460000"
    assert checked(a_question("phone"), "030 901820", country="DE").value == "+4930901820"
    assert checked(a_question("phone"), "030 901820", country="").value == "+4930901820", "else the MSP's"
    assert checked(a_question("phone"), "+33 1 42 68 53 00", country="GB").value == "+33142685300"


@pytest.mark.parametrize("text", ["call me", "7", "+", "+999 999 999", "1" * 40])
def test_refuses_what_cannot_ring(text: str) -> None:
    assert checked(a_question("phone"), text).problems


def test_odd_numbers_are_warned_about() -> None:
    mobile = a_question("phone", mobile=True)
    assert checked(mobile, "020 7946 0000").warnings == ("This does not look like the number of a mobile.",)
    assert not checked(mobile, "07400 123456").warnings
    assert "No such number" in checked(a_question("phone"), "+44 11 1111 1111").warnings[0]


# --- numbers, days ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "65536", "-1", "1.5", "1e3", "٢٥", "7 7", "9" * 30, "port"])
def test_refuses_numbers_out_of_bounds(text: str) -> None:
    port = a_question("number", least=1, most=65_535)
    assert sentences(checked(port, text)) == ["A whole number from 1 to 65,535, in digits only."]


def test_numbers_are_kept_plain() -> None:
    assert checked(a_question("number", least=1, most=99), " 007 ").value == "7"
    assert sentences(checked(a_question("number", least=3), "2")) == ["A whole number of at least 3, in digits only."]


@pytest.mark.parametrize(
    "text", ["2030-02-30", "30.03.2030", "2030", "1066-10-14", "20300304", "tomorrow", "2030-W10-1"]
)
def test_refuses_what_is_no_day(text: str) -> None:
    assert sentences(checked(a_question("date"), text)) == ["A day such as 2030-03-04, from 1990 to 2100."]


@pytest.mark.parametrize(
    "text",
    ["2030-03-04", "2030-03-04T25:00", "2030-W10-1T18:00", "2030-03-04T18:00+01:00", "18:00", "1066-10-14T09:00"],
)
def test_refuses_what_is_no_moment(text: str) -> None:
    assert "A day and a time" in sentences(checked(a_question("date_time"), text))[0]


@time_machine.travel(datetime(2026, 11, 21, 23, 30, tzinfo=UTC), tick=False)
def test_days_that_are_over_are_refused_by_the_calendar_of_the_msp() -> None:
    soon = a_question("date", future=True, days_ahead=5)
    assert sentences(checked(soon, "2026-11-21")) == ["This day is over. Choose a later one."], "22 November in Berlin"
    assert "less than 5 days" in checked(soon, "2026-11-22").warnings[0]
    assert not checked(soon, "2026-11-27").warnings
    assert not checked(a_question("date"), "2020-01-01").problems, "a past day may be the answer"
    moment = a_question("date_time", future=True)
    assert checked(moment, "2026-11-21T23:59").problems
    found = checked(moment, "2026-11-22 18:00")
    assert found.value == "2026-11-22T18:00"
    assert found.notes == ("By the clock of Europe/Berlin.",)


def test_dates_that_do_not_fit_together_are_warned_about() -> None:
    cutover = a_question(
        "date_time",
        id="cutover",
        warn_when=[{"sooner": {"cutover": "mx_change"}, "hours": 72, "say": "Too soon."}],
    )
    answers = {"mx_change": "2030-03-04T18:00"}
    assert checked(cutover, "2030-03-07T17:59", answers=answers).warnings == ("Too soon.",)
    assert not checked(cutover, "2030-03-07T18:00", answers=answers).warnings
    assert not checked(cutover, "2030-03-07T18:00").warnings, "the other date is not known"


# --- lines and choices ------------------------------------------------------------------------------------


def test_a_tenant_is_named_by_its_first_domain() -> None:
    tenant = a_question("line", form="tenant")
    assert checked(tenant, " Acme.OnMicrosoft.com").value == "acme.onmicrosoft.com"
    assert "Write acme.onmicrosoft.com" in sentences(checked(tenant, "acme.mail.onmicrosoft.com"))[0]
    for wrong in ("acme", "acme.example", "a_b.onmicrosoft.com", ".onmicrosoft.com", "a.b.onmicrosoft.com"):
        assert "ends in .onmicrosoft.com" in sentences(checked(tenant, wrong))[0], wrong


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("DC=acme,DC=example", "DC=acme,DC=example"),
        ("OU=Staff , dc=acme, dc=example", "OU=Staff,dc=acme,dc=example"),
        (r"OU=Sales\, North,O=Acme", r"OU=Sales\, North,O=Acme"),
        ("CN=Größe+UID=7,O=Acme", "CN=Größe+UID=7,O=Acme"),
        ("2.5.4.10=Acme", "2.5.4.10=Acme"),
    ],
)
def test_a_base_dn_is_read_as_the_standard_has_it(text: str, kept: str) -> None:
    assert checked(a_question("line", form="base_dn"), text).value == kept


@pytest.mark.parametrize(
    "text", ["acme.example", "DC=", "=acme", "DC=acme,", "DC=acme;DC=example", "DC=a<b", r"DC=a\zz"]
)
def test_refuses_what_is_no_base_dn(text: str) -> None:
    assert "is not the name of an entry" in sentences(checked(a_question("line", form="base_dn"), text))[0]


def test_a_choice_is_one_of_those_that_can_be_chosen_now() -> None:
    choice = a_question("choice", choices=[{"value": "a", "label": "A"}])
    assert not checked(choice, "a").problems
    assert sentences(checked(choice, "b")) == ["This can no longer be chosen. Choose again."]


def test_yes_or_no_and_nothing_else() -> None:
    assert checked(a_question("yes_no"), "no").value == "no"
    assert sentences(checked(a_question("yes_no"), "maybe")) == ["Choose yes or no."]
    assert sentences(checked(a_question("yes_no", unless_yes="It must be so."), "no")) == ["It must be so."]


def test_ports_that_do_not_fit_the_encryption_are_warned_about() -> None:
    port = a_question(
        "number",
        id="port",
        warn_when=[{"answer": {"port": [389], "security": ["ldaps"]}, "say": "LDAPS is on 636."}],
    )
    assert checked(port, "0389", answers={"security": "ldaps"}).warnings == ("LDAPS is on 636.",)
    assert not checked(port, "636", answers={"security": "ldaps"}).warnings
    assert not checked(port, "389", answers={"security": "starttls"}).warnings


# --- required -----------------------------------------------------------------------------------------------


def test_what_is_required_and_not_there_is_missing_rather_than_wrong() -> None:
    found = checked(a_question("line", required=True), "   ")
    assert found.missing
    assert sentences(found) == ["This is still to be answered."]
    assert not checked(a_question("line"), "").problems


def test_an_answer_can_make_another_one_required() -> None:
    question = a_question("line", required_when={"answer": {"other": ["empty"]}})
    assert checked(question, "").missing
    assert not checked(question, "", answers={"other": "there"}).problems


# --- groups -------------------------------------------------------------------------------------------------


def person(**fields: str) -> dict:
    return read(PERSON, {f"asked.{name}": [text] for name, text in fields.items()}, {})


def test_a_group_says_what_is_wrong_at_its_fields() -> None:
    found = check(PERSON, person(name="Ada", email="info@acme.example", phone="x"), a_situation())
    assert [problem.field for problem in found.problems] == ["asked.phone"]
    assert found.warnings[0].startswith("Email: info@…")
    assert not found.missing


def test_an_untouched_group_is_missing_its_required_fields() -> None:
    found = check(PERSON, None, a_situation())
    assert found.missing
    assert [problem.field for problem in found.problems] == ["asked.name", "asked.email"]


def test_a_group_that_nobody_needs_is_checked_once_it_is_begun() -> None:
    optional = a_question("group", questions=[{"id": "name", "kind": "line", "label": "Name", "required": True},
                                              {"id": "phone", "kind": "phone", "label": "Phone"}])  # fmt: skip
    assert not check(optional, {"name": "", "phone": ""}, a_situation()).problems
    found = check(optional, {"name": "", "phone": "020 7946 0000"}, a_situation())
    assert [problem.field for problem in found.problems] == ["asked.name"]
    assert found.missing


def test_a_group_is_told_and_written_field_by_field() -> None:
    value = person(name="Ada", email="ada@acme.example")
    assert told(PERSON, value) == ("Name: Ada", "Email: ada@acme.example")
    assert written(PERSON, value) == {"asked.name": ["Ada"], "asked.email": ["ada@acme.example"], "asked.phone": [""]}


# --- secrets ------------------------------------------------------------------------------------------------


def test_a_secret_is_never_shown() -> None:
    for value in ("correct horse", SECRET_KEPT):
        assert told(SECRET, value) == ("Kept, not shown.",)
        assert written(SECRET, value) == {"asked": []}
        assert not check(SECRET, value, a_situation()).problems
        assert "horse" not in repr(check(SECRET, value, a_situation()).problems)
    assert told(SECRET, "") == ()


def test_a_secret_is_kept_as_it_is_typed() -> None:
    assert read(SECRET, {"asked": [" pass\u00e9 word "]}, {}) == " pass\u00e9 word "
    assert check(SECRET, " ", a_situation()).problems == ()
    assert check(SECRET, "", a_situation()).missing


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "\ud800", "x" * 201])
def test_refuses_secrets_that_nobody_typed(text: str) -> None:
    with pytest.raises(TooLong) as refused:
        read(SECRET, {"asked": [text]}, {})
    assert text not in str(refused.value)


def test_an_empty_secret_field_leaves_what_is_kept() -> None:
    assert not brings(SECRET, {"asked": [""]}, {})
    assert brings(SECRET, {"asked": ["new"]}, {})
    assert brings(SECRET, {"asked": [""], "asked.remove": ["1"]}, {})
    assert read(SECRET, {}, {}) == ""


# --- reading and telling ------------------------------------------------------------------------------------


def test_a_form_brings_only_the_questions_whose_fields_it_has() -> None:
    assert brings(a_question("several", choices=[{"value": "a", "label": "A"}]), {"asked": [""]}, {})
    assert not brings(a_question("line"), {"other": ["x"]}, {})
    assert brings(PERSON, {"asked.phone": [""]}, {})


def test_a_ticked_box_comes_after_the_empty_field_before_it() -> None:
    several = a_question("several", choices=[{"value": "a", "label": "A"}, {"value": "b", "label": "B"}])
    assert read(several, {"asked": ["", "a", "b"]}, {}) == ["a", "b"]
    assert read(several, {"asked": [""]}, {}) == []
    assert read(a_question("yes_no"), {"asked": ["", "yes"]}, {}) == "yes"


def test_what_cannot_be_seen_is_left_out() -> None:
    assert read(a_question("line"), {"asked": ["A\x00d\u202ea\ud800\nB"]}, {}) == "Ada B"
    assert read(a_question("text"), {"asked": ["one\r\ntwo\x07"]}, {}) == "one\ntwo"
    assert read(a_question("ips"), {"asked": ["1.1.1.1\r\n\r\n8.8.8.8\r\n\r\n"]}, {}) == ["1.1.1.1", "", "8.8.8.8"]


@pytest.mark.parametrize(
    ("kind", "keys", "length"),
    [
        ("line", {}, 201),
        ("line", {"most_characters": 10}, 11),
        ("text", {}, 4_001),
        ("ips", {}, 100_001),
        ("email", {}, 255),
    ],
)
def test_refuses_what_is_too_long_to_keep(kind: str, keys: dict, length: int) -> None:
    with pytest.raises(TooLong, match=f"At most {length - 1:,} characters."):
        read(a_question(kind, **keys), {"asked": ["x" * length]}, {})


def test_refuses_more_lines_and_ticks_than_can_be_meant() -> None:
    with pytest.raises(TooLong, match="lines"):
        read(a_question("ips"), {"asked": ["\n".join("x" * 2_001)]}, {})
    several = a_question("several", choices=[{"value": "a", "label": "A"}])
    with pytest.raises(TooLong, match="chosen"):
        read(several, {"asked": ["a"] * 1_001}, {})


@pytest.mark.parametrize(
    ("question", "value", "lines"),
    [
        (a_question("yes_no"), "yes", ("Yes",)),
        (a_question("number", unit="GB"), "1500", ("1,500 GB",)),
        (a_question("date"), "2030-03-04", ("4 March 2030",)),
        (a_question("date_time"), "2030-03-04T18:00", ("4 March 2030, 18:00",)),
        (a_question("phone"), "+442079460000", ("+44 20 7946 0000",)),
        (a_question("domains"), ["xn--bcher-kva.example", ""], ("bücher.example",)),
        (a_question("choice", choices=[{"value": "a", "label": "Apples"}]), "a", ("Apples",)),
        (a_question("several", choices=[{"value": "a", "label": "Apples"}]), ["a", "gone"], ("Apples", "gone")),
        (a_question("choice", choices_from="mail_domains"), "xn--bcher-kva.example", ("bücher.example",)),
        (a_question("text"), "one\n\ntwo", ("one", "two")),
        (a_question("date"), "nonsense", ("nonsense",)),
        (a_question("number"), "٧", ("٧",)),
        (a_question("line"), "", ()),
        (a_question("line"), None, ()),
    ],
)
def test_answers_are_told_as_people_read_them(question: object, value: object, lines: tuple[str, ...]) -> None:
    assert told(question, value) == lines  # type: ignore[arg-type]  # parameters are objects to pytest
