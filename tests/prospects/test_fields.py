"""What each field of a prospect takes, and what it refuses with a sentence."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.customers.contacts import ContactEntry, phone_number, shown_phone
from blueprints.customers.domains import WrongDomain, as_domain, is_public_suffix, shown_domain
from blueprints.prospects import entries
from blueprints.prospects.entries import Entry
from blueprints.web.refusals import Refused
from data.customers import Contact, Customer
from data.partners import Partner
from tests.factories import World
from tests.prospects.entered import typed
from tests.prospects.test_record import wrong
from tests.visits import Visitor

pytestmark = pytest.mark.alike("what a field takes is decided before a database is asked")
CONTROLS = ("a\x00b", "a\x07b", "a\x85b", "a\u202eb", "a\ufffeb")
LINES = ("name", "website", "street", "postcode", "city", "region", "lead-first_name", "lead-last_name", "lead-email")
LINES += ("lead-phone", "lead-job_title", "others-0-first_name", "others-0-email", "primary_domain")
CHOICES = ("company_type", "sector", "country", "account_type")


@pytest.mark.parametrize("field", LINES)
def test_lines_refuse_control_characters(admin: Visitor, field: str) -> None:
    for control in CONTROLS:
        answer = admin.post("/prospects/new", typed() | {field: control})
        assert answer.status == 422, ascii(control)
        assert "invisible control character" in wrong(answer, field)
        assert not Customer.select().exists()


@pytest.mark.parametrize("field", LINES)
def test_lines_refuse_what_is_too_long(admin: Visitor, field: str) -> None:
    answer = admin.post("/prospects/new", typed() | {field: "x" * 10_000})
    assert answer.status == 422
    assert "At most" in wrong(answer, field)
    assert answer.value(field) == "x" * 10_000


@pytest.mark.parametrize("field", CHOICES)
def test_choices_refuse_what_they_do_not_offer(admin: Visitor, field: str) -> None:
    for value in ("nothing", "<b>", "\x00", "x" * 10_000):
        answer = admin.post("/prospects/new", typed() | {field: value})
        assert answer.status == 422, ascii(value)
        assert wrong(answer, field) == "Choose one from the list."


@pytest.mark.parametrize("users", ["-1", "1000001", "9" * 30, "1e3", "1.5", "ten", "١٢", "0x10", "\x00", "１２"])
def test_permitted_users_are_a_whole_number(admin: Visitor, users: str) -> None:
    answer = admin.post("/prospects/new", typed(permitted_users=users))
    assert answer.status == 422
    assert wrong(answer, "permitted_users") == "A whole number from 0 to 1,000,000."
    assert "\x00" in users or answer.value("permitted_users") == users


@pytest.mark.parametrize("users", [("0", 0), ("", 0), ("1000000", 1_000_000), (" 7 ", 7)])
def test_permitted_users_may_be_unknown(admin: Visitor, users: tuple[str, int]) -> None:
    assert admin.post("/prospects/new", typed(permitted_users=users[0])).status == 303
    assert Customer.get().permitted_users == users[1]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=1+1", "'; DROP TABLE customer; --", "{{ 7*7 }}", "%s %n", "🙂"]
)
def test_a_name_is_only_text(admin: Visitor, name: str) -> None:
    location = admin.post("/prospects/new", typed(name=name)).location
    assert Customer.get().name == name
    page = admin.get(location)
    assert page.find("h1")[0].text == name
    assert page.value("name") == name


def test_a_name_that_is_white_space_is_none(admin: Visitor) -> None:
    for name in (" ", "\u00a0", "\t\n", "\u3000"):
        assert wrong(admin.post("/prospects/new", typed(name=name)), "name") == "Fill this in."


def test_bytes_that_are_no_text_are_no_error_of_ours(admin: Visitor) -> None:
    body = (
        f"csrf_token={admin.token}&name=%FF%FE&primary_domain=acme.example&company_type=company&account_type=standard"
    )
    answer = admin.client.post(
        "/prospects/new", data=body + "&sector=&country=", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code in (303, 422)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"name": ["One", "Two"], "primary_domain": ["a.example", "b.example"]},
        {"others-x-email": "a", "others--1-email": "b", "others-99999999999-email": "c@x.example", "others": "d"},
        {"lead": "x", "lead-": "x", "csrf": "x", "version": ["1", "2"]},
        {f"others-{n}-email": f"p{n}@x.example" for n in range(200)},
        {"others-²-email": "a", f"others-{'9' * 5_000}-email": "b", "others-١-email": "c"},
        {"do": ["verify", "save"]},
        {"do": "\x00"},
    ],
    ids=str,
)
def test_missing_and_doubled_parameters_are_no_error_of_ours(admin: Visitor, sent: dict[str, Any]) -> None:
    assert admin.post("/prospects/new", sent).status in (200, 422)
    assert admin.post("/prospects/new", typed() | sent).status in (200, 303, 422)
    assert Contact.select().count() <= 6


def test_others_come_in_the_order_of_their_numbers(admin: Visitor) -> None:
    sent = {"others-7-email": "x", "others-3-phone": "call me"}
    answer = admin.post("/prospects/new", typed() | sent)
    assert answer.status == 422
    assert "phone number" in wrong(answer, "others-0-phone")
    assert "email address" in wrong(answer, "others-1-email")


class TestDomain:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("Acme.Example", "acme.example"),
            (" acme.example. ", "acme.example"),
            ("Bücher.Example", "xn--bcher-kva.example"),
            ("faß.example", "xn--fa-hia.example"),
            ("ＡＣＭＥ.example", "acme.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("a.b.c.d.example", "a.b.c.d.example"),
            ("3com.example", "3com.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ],
    )
    def test_is_kept_in_one_form(self, given: str, kept: str) -> None:
        assert as_domain(given) == kept
        assert as_domain(shown_domain(kept)) == kept

    @pytest.mark.parametrize(
        "given",
        [
            *("", "acme", "acme..example", ".acme.example", "-acme.example", "acme-.example", "ac_me.example"),
            *("acme .example", "a" * 64 + ".example", "a." * 140 + "example", "192.0.2.1", "1.2.3.4.", "2001:db8::1"),
            *("[2001:db8::1]", "https://acme.example", "acme.example/path", "info@acme.example", "acme.example:25"),
            *("xn--zzzzzz.example", "xn--.example", "acme.123", "\u200b.example", "🙂.example", "a\x00b.example"),
            *("%61.example", "ab--c.example", "\u202eacme.example"),
        ],
        ids=ascii,
    )
    def test_refuses_what_is_none(self, given: str) -> None:
        with pytest.raises(WrongDomain):
            as_domain(given)

    @settings(max_examples=300, deadline=None)
    @given(st.text(max_size=80))
    def test_never_breaks(self, text: str) -> None:
        try:
            kept = as_domain(text)
        except WrongDomain:
            return
        assert kept == kept.lower()
        assert kept.isascii()
        assert as_domain(kept) == kept
        assert as_domain(shown_domain(kept)) == kept

    @pytest.mark.parametrize("suffix", ["co.uk", "com.au", "kobe.jp", "xn--55qx5d.cn"])
    def test_refuses_what_many_share(self, admin: Visitor, suffix: str) -> None:
        assert is_public_suffix(suffix)
        answer = admin.post("/prospects/new", typed(primary_domain=suffix))
        assert wrong(answer, "primary_domain").startswith(f"Many companies share {suffix}.")

    def test_may_be_below_what_a_company_rents_out(self) -> None:
        assert not is_public_suffix("github.io")
        assert not is_public_suffix("acme.co.uk")
        assert not is_public_suffix("company.example")

    def test_is_shown_in_its_own_letters(self, admin: Visitor) -> None:
        location = admin.post("/prospects/new", typed(primary_domain="BÜCHER.example")).location
        page = admin.get(location)
        assert Customer.get().primary_domain == "xn--bcher-kva.example"
        assert page.value("primary_domain") == "bücher.example"


class TestWebsite:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("", ""),
            ("www.acme.example", "https://www.acme.example"),
            ("HTTP://Acme.example/Path?q=1#x", "http://acme.example/Path?q=1#x"),
            ("https://bücher.example:8443/", "https://xn--bcher-kva.example:8443/"),
            ("acme.example/a:b", "https://acme.example/a:b"),
        ],
    )
    def test_is_an_address_of_the_web(self, given: str, kept: str) -> None:
        assert entries.web_address(given) == kept
        assert entries.web_address(kept) == kept

    @pytest.mark.parametrize(
        "given",
        [
            *("javascript:alert(1)", "data:text/html,x", "ftp://acme.example", "//", "https://", "https:///x"),
            *("mailto:a@b.example", "https://localhost", "https://192.0.2.1", "https://[::1]/", "http://["),
            *("https://user:pass@acme.example", "https://acme.example:99999", "https://acme.example/a b"),
            *("java\nscript:x", "https://acme", "\\\\acme.example"),
        ],
        ids=ascii,
    )
    def test_refuses_what_is_none(self, given: str) -> None:
        with pytest.raises(Refused):
            entries.web_address(given)


class TestPhone:
    @pytest.mark.parametrize(
        ("given", "region", "kept"),
        [
            ("+49 (0)40 123-456", "", "+4940123456"),
            ("040 123456", "DE", "+4940123456"),
            ("0044 20 7946 0000", "DE", "+442079460000"),
            ("020 7946 0000 ext 12", "GB", "+442079460000 ext. 12"),
            ("", "DE", ""),
        ],
    )
    def test_is_kept_in_international_form(self, given: str, region: str, kept: str) -> None:
        assert phone_number(given, region) == kept
        assert phone_number(shown_phone(kept), "") == kept

    @pytest.mark.parametrize("given", ["call me", "1", "040 123456", "+", "x" * 300, "0" * 60, "+999 123"])
    def test_refuses_what_cannot_be_read(self, given: str) -> None:
        with pytest.raises(Refused):
            phone_number(given, "")

    def test_is_from_the_country_of_the_msp(self, world: World, admin: Visitor) -> None:
        assert admin.post("/prospects/new", typed(lead__phone="040 123456")).status == 422
        Partner.update(country="DE").where(Partner.id == world.northstar.id).execute()
        location = admin.post("/prospects/new", typed(lead__phone="040 123456")).location
        assert Contact.get().phone == "+4940123456"
        assert admin.get(location).value("lead-phone") == "+49 40 123456"

    def test_is_taken_though_it_is_odd_and_said_to_be(self, admin: Visitor) -> None:
        location = admin.post("/prospects/new", typed(lead__phone="+49 12")).location
        assert "Check +49 12" in admin.get(location).text


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    columns=st.dictionaries(st.sampled_from(sorted(entries.LABELS)), st.text(max_size=30), max_size=6),
    email=st.text(max_size=20),
    phone=st.text(max_size=20),
)
def test_a_checked_entry_stays_as_it_is(columns: dict[str, str], email: str, phone: str) -> None:
    columns.pop("permitted_users", None)
    entry = Entry(
        **{"name": "Acme", "primary_domain": "acme.example"} | columns, lead=ContactEntry(email=email, phone=phone)
    )  # type: ignore[arg-type]  # all of them text
    try:
        kept = entries.checked(entry, "GB")
    except Refused:
        assert list(entries.wrong_fields(entry, "GB"))
        return
    assert entries.checked(kept, "GB") == kept
