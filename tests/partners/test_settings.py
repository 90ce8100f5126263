"""Partner settings: the seven questions, and each field with what must not get into it."""

from datetime import date

import pytest

from data.history import History, sentence
from data.moments import now
from data.partners import Partner
from tests.factories import World, a_partner, a_person
from tests.partners.orders import a_submitted_order
from tests.visits import Answer, Visitor

GOOD = {
    "name": "Northstar IT",
    "street": "Quay 4",
    "postcode": "20457",
    "city": "Hamburg",
    "region": "",
    "country": "DE",
    "agreement_name": "Master agreement",
    "agreement_date": "2026-02-01",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "outbound_ips": "11.22.33.44",
    "inbound_ips": "2a01:4f8::1",
    "smart_host": "smtp.northstar.example",
    "reply_to": "mail@northstar.example",
    "rfi_reminder_days": "3, 7, 14, 21",
    "rfi_close_days": "30",
    "change_billing": "prorated",
    "version": "1",
}


def here(world: World) -> str:
    return f"/partner/{world.northstar.id}"


def newest(world: World) -> Partner:
    return Partner.get_by_id(world.northstar.id)


def refused(answer: Answer, name: str) -> str:
    """What is said beside the field; fails when nothing is."""
    assert answer.status == 422
    return answer.find(f"#{name}-why")[0].text_content().strip()


class TestSaveSettings:
    def test_saves_and_says_so(self, admin: Visitor, world: World) -> None:
        answer = admin.post(here(world), GOOD, htmx=True)
        assert answer.status == 200
        assert "Saved: street empty → Quay 4" in answer.text
        assert answer.find("#settings")
        assert answer.value("version") == "2"
        saved = newest(world)
        assert (saved.city, saved.country, saved.agreement_date) == ("Hamburg", "DE", date(2026, 2, 1))
        assert (saved.outbound_ips, saved.inbound_ips) == ("11.22.33.44", "2a01:4f8::1")
        assert (saved.smart_host, saved.reply_to, saved.version) == (
            "smtp.northstar.example",
            "mail@northstar.example",
            2,
        )

    def test_works_without_htmx(self, admin: Visitor, world: World) -> None:
        answer = admin.post(here(world), GOOD)
        assert (answer.status, answer.location) == (303, here(world))
        page = admin.get(here(world))
        assert "Saved: street empty → Quay 4" in page.text
        assert page.value("city") == "Hamburg"

    def test_shows_all_that_is_wrong_and_keeps_the_typing(self, admin: Visitor, world: World) -> None:
        typed = {"outbound_ips": "11.22.33.44\n10.0.0.1", "smart_host": "bad host", "reply_to": "me", "city": "Kiel"}
        for htmx in (True, False):
            answer = admin.post(here(world), GOOD | typed, htmx=htmx)
            assert "“10.0.0.1” is an address of a private or reserved network" in refused(answer, "outbound_ips")
            assert "“bad host” is not a host name" in refused(answer, "smart_host")
            assert "“me” is not an email address" in refused(answer, "reply_to")
            assert {name: answer.value(name).replace("\r", "") for name in typed} == typed
            assert answer.value("version") == "1"
        assert newest(world).version == 1

    def test_refuses_what_someone_changed_meanwhile(self, admin: Visitor, operator: Visitor, world: World) -> None:
        operator.post(here(world), GOOD | {"city": "Bremen"})
        answer = admin.post(here(world), GOOD | {"city": "Kiel"}, htmx=True)
        assert answer.status == 409
        assert "Someone else changed this" in answer.text
        assert answer.value("city") == "Kiel"
        assert "Saved meanwhile: Bremen" in answer.text
        assert newest(world).city == "Bremen"
        # The form now carries the newest version: saving again is a decision, no accident.
        again = {"city": "Kiel", "version": answer.value("version")}
        assert admin.post(here(world), GOOD | again).status == 303
        assert newest(world).city == "Kiel"

    def test_hides_partners_of_others(self, stranger: Visitor, world: World) -> None:
        for answer in (stranger.get(here(world)), stranger.post(here(world), GOOD)):
            assert answer.status == 404
            assert "Northstar" not in answer.html
        assert newest(world).version == 1

    def test_refuses_readers(self, visit_as, technician: Visitor, viewer: Visitor, world: World) -> None:
        for visitor in (visit_as(world.msp_admin), technician, viewer):
            assert visitor.post(here(world), GOOD).status == 403

    def test_leaves_one_line_of_history(self, admin: Visitor, world: World) -> None:
        before = GOOD | {"timezone": "Europe/Paris", "street": "", "postcode": "", "city": "", "country": ""}
        admin.post(here(world), before | {"outbound_ips": "11.22.33.44\n9.9.9.9", "agreement_date": ""})
        line = History.get()
        assert History.select().count() == 1
        assert (line.kind, line.partner_id, line.who_name) == (
            "partner.settings_changed",
            world.northstar.id,
            "Ada Admin",
        )
        assert sentence(line) == (
            "Partner settings: agreement name Partner agreement → Master agreement; "
            "time zone Europe/Berlin → Europe/Paris; outbound IPs empty → 11.22.33.44, 9.9.9.9; "
            "inbound IPs empty → 2a01:4f8::1; smart host empty → smtp.northstar.example; "
            "reply-to address empty → mail@northstar.example"
        )

    def test_tells_how_changes_are_paid_in_words(self, admin: Visitor, world: World) -> None:
        admin.post(here(world), GOOD | {"change_billing": "next_billing"})
        told = "payment of changes for the days that are left, at once → from the next billing date"
        assert told in sentence(History.get())

    def test_saving_the_same_again_writes_nothing(self, admin: Visitor, world: World) -> None:
        admin.post(here(world), GOOD)
        answer = admin.post(here(world), GOOD | {"version": "2"}, htmx=True)
        assert "Nothing was changed" in answer.text
        assert (newest(world).version, History.select().count()) == (2, 1)


class TestFields:
    @pytest.mark.parametrize(
        ("name", "typed", "words"),
        [
            ("name", "", "Fill this in"),
            ("name", "   ", "Fill this in"),
            ("name", "´", "at least one letter"),
            ("name", "x" * 201, "At most 200"),
            ("name", "a\x00b", "control character"),
            ("name", "a\u202eb", "control character"),
            ("name", "HARBOUR  LÍGHTS", "already has this name"),
            ("street", "a\nb", "control character"),
            ("postcode", "1" * 21, "At most 20"),
            ("country", "XX", "Choose one from the list"),
            ("country", "Germany", "Choose one from the list"),
            ("currency", "XXX", "Choose one from the list"),
            ("currency", "", "Choose one from the list"),
            ("currency", "DEM", "Choose one from the list"),
            ("timezone", "Mars/Olympus", "Choose one from the list"),
            ("timezone", "../../etc/passwd", "Choose one from the list"),
            ("agreement_name", "", "Fill this in"),
            ("agreement_date", "2026-02-30", "A day such as"),
            ("agreement_date", "9999-01-01", "from 1990 to 2100"),
            ("agreement_date", "tomorrow", "A day such as"),
            ("outbound_ips", "1\x002", "control character"),
            ("outbound_ips", "1" * 4_001, "At most 4000"),
            ("inbound_ips", "mail.example", "“mail.example” is not an IP address"),
            ("smart_host", "x" * 254, "At most 253"),
            ("reply_to", "a@b.example\r\nBcc: c@d.example", "control character"),
            ("rfi_reminder_days", "3, soon", "“soon” is not a day from 1 to 365"),
            ("rfi_reminder_days", "0, 3", "“0” is not a day"),
            ("rfi_reminder_days", "-3", "“-3” is not a day"),
            ("rfi_reminder_days", "٣", "is not a day"),
            ("rfi_reminder_days", "366", "is not a day"),
            ("rfi_reminder_days", "1,2,3,4,5,6,7,8,9,10,11", "At most 10 reminders"),
            ("rfi_reminder_days", "3, 30", "a reminder on day 30 would never go out"),
            ("rfi_close_days", "", "A whole number from 0 to 365"),
            ("rfi_close_days", "6", "From 7 to 365 days, or 0 for never"),
            ("rfi_close_days", "-1", "A whole number from 0 to 365"),
            ("rfi_close_days", "1e2", "A whole number from 0 to 365"),
            ("rfi_close_days", "366", "A whole number from 0 to 365"),
            ("change_billing", "", "Choose one from the list"),
            ("change_billing", "sometimes", "Choose one from the list"),
        ],
    )
    def test_refuses_with_a_sentence_beside_it(
        self, admin: Visitor, world: World, name: str, typed: str, words: str
    ) -> None:
        answer = admin.post(here(world), GOOD | {name: typed})
        assert words in refused(answer, name)
        assert newest(world).version == 1

    def test_html_is_text(self, admin: Visitor, world: World) -> None:
        admin.post(here(world), GOOD | {"city": "<script>alert(1)</script>"})
        page = admin.get(here(world))
        assert "<script>alert" not in page.html
        assert page.value("city") == "<script>alert(1)</script>"

    def test_bytes_that_are_not_utf_8_are_no_error_of_the_portal(self, admin: Visitor, world: World) -> None:
        body = f"csrf_token={admin.token}&version=1&name=%FF%FE&currency=EUR&timezone=UTC&agreement_name=a&country="
        answer = admin.client.post(here(world), data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code < 500

    def test_takes_the_first_of_a_doubled_field(self, admin: Visitor, world: World) -> None:
        admin.post(here(world), GOOD | {"city": ["Kiel", "Bremen"]})
        assert newest(world).city == "Kiel"

    def test_missing_fields_are_refused_and_change_nothing(self, admin: Visitor, world: World) -> None:
        assert admin.post(here(world), {"version": "1"}).status == 422
        assert newest(world).version == 1

    @pytest.mark.parametrize("version", ["", "x", "-1", "0", "99999999999999999999"])
    def test_a_version_nobody_saw_is_stale(self, admin: Visitor, world: World, version: str) -> None:
        assert admin.post(here(world), GOOD | {"version": version}).status == 409

    def test_a_body_of_ten_megabytes_is_refused(self, admin: Visitor, world: World) -> None:
        assert admin.post(here(world), GOOD | {"street": "x" * 10_000_000}).status == 413

    def test_a_name_that_only_changes_its_accents_is_its_own(self, admin: Visitor, world: World) -> None:
        assert admin.post(here(world), GOOD | {"name": "Nörthstar IT"}).status == 303
        assert newest(world).name_key == "northstar it"


class TestWaiting:
    def test_days_are_kept_in_order_and_each_once(self, admin: Visitor, world: World) -> None:
        answer = admin.post(here(world), GOOD | {"rfi_reminder_days": "10; 4,4", "rfi_close_days": "12"}, htmx=True)
        assert "days of RFI reminders 3, 7, 14, 21 → 4, 10" in answer.text
        assert (answer.value("rfi_reminder_days"), answer.value("rfi_close_days")) == ("4, 10", "12")

    def test_nobody_is_reminded_and_nothing_closed_where_an_msp_wants_that(
        self, admin: Visitor, visit_as, world: World
    ) -> None:
        assert admin.post(here(world), GOOD | {"rfi_reminder_days": "", "rfi_close_days": "0"}).status == 303
        assert (newest(world).rfi_reminder_days, newest(world).rfi_close_days) == ("", 0)
        assert "Close an unanswered project after never" in visit_as(world.msp_admin).get(here(world)).text

    def test_late_reminders_are_well_where_nothing_is_closed(self, admin: Visitor, world: World) -> None:
        assert admin.post(here(world), GOOD | {"rfi_reminder_days": "90", "rfi_close_days": "0"}).status == 303


class TestCurrency:
    def test_changes_while_no_order_was_submitted(self, admin: Visitor, world: World) -> None:
        assert admin.post(here(world), GOOD | {"currency": "CHF"}).status == 303
        assert newest(world).currency == "CHF"

    def test_stays_once_an_order_was_submitted_and_says_why(self, admin: Visitor, world: World) -> None:
        a_submitted_order(world)
        assert "Orders were submitted in EUR" in admin.get(here(world)).text
        answer = admin.post(here(world), GOOD | {"currency": "CHF"}, htmx=True)
        assert "Orders were submitted in EUR" in refused(answer, "currency")
        assert newest(world).currency == "EUR"
        assert admin.post(here(world), GOOD).status == 303

    def test_orders_of_others_do_not_hold_it(self, admin: Visitor, world: World) -> None:
        a_submitted_order(world, partner=world.harbour)
        assert admin.post(here(world), GOOD | {"currency": "CHF"}).status == 303


class TestWhoSeesWhat:
    def test_readers_see_it_and_find_nothing_to_press(self, visit_as, world: World) -> None:
        answer = visit_as(world.msp_admin).get(here(world))
        assert "Europe/Berlin" in answer.text
        assert not answer.find("main form, main input, main button")

    def test_without_an_id_it_is_the_persons_own(self, admin: Visitor) -> None:
        assert admin.get("/partner/").find("h1")[0].text == "Northstar IT"

    def test_with_several_partners_it_asks_which(self, operator: Visitor, world: World) -> None:
        answer = operator.get("/partner/")
        assert [row.get("data-id") for row in answer.find("tbody tr")] == [
            str(world.harbour.id),
            str(world.northstar.id),
        ]

    def test_a_person_of_two_partners_sees_these_two(self, visit_as, world: World) -> None:
        from data.accounts import Grant  # noqa: PLC0415 - only here
        from data.roles import Role  # noqa: PLC0415 - only here

        third = a_partner("Third")
        person = a_person("Bo Both", world.northstar, Role.MSP_ADMIN)
        Grant.create(person=person, partner=third, role=Role.PARTNER_ADMIN, granted_at=now())
        answer = visit_as(person).get("/partner/")
        assert [row.get("data-id") for row in answer.find("tbody tr")] == [str(world.northstar.id), str(third.id)]
        assert "Add an MSP" not in answer.text

    @pytest.mark.parametrize("partner_id", [0, 999_999, 2**31, 2**63, 10**30])
    def test_an_unknown_id_is_a_404(self, operator: Visitor, partner_id: int) -> None:
        assert operator.get(f"/partner/{partner_id}").status == 404
