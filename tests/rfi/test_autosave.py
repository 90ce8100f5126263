"""Fields that save themselves: quietly, checked as typed, one question at a time; two people; files and secrets."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from lxml import html

from blueprints.customers.sealing import unseal
from data.customers import Contact, Customer
from data.history import History
from data.moments import now
from data.partners import Partner
from data.rfi import Rfi, RfiAnswer
from tests.factories import World
from tests.rfi.typing_in import BY_LINK, Held, an_rfi, door, kept
from tests.test_hostile import HOSTILE
from tests.visits import Answer, Visitor

ONE_OF_EACH_KIND = {
    "technical_contact": "technical_contact.email",
    "partner_administrator": "partner_administrator",
    "infrastructure": "infrastructure",
    "mail_domains": "mail_domains",
    "outbound_ips": "outbound_ips",
    "smart_host": "smart_host",
    "sending_systems": "sending_systems",
    "forwarding": "forwarding",
    "inbound_hosts": "inbound_hosts",
    "server_count": "server_count",
    "terminal_server": "terminal_server",
    "go_live": "go_live",
    "mx_change": "mx_change",
    "notes": "notes",
}


@pytest.fixture
def rfi(world: World) -> Rfi:
    Partner.update(timezone="Asia/Tokyo").execute()
    rfi = an_rfi(world)
    Customer.update(infrastructure="onprem").where(Customer.id == rfi.customer_id).execute()
    return rfi


@pytest.fixture
def ours(technician: Visitor, rfi: Rfi) -> Held:
    return Held.open(technician, door(rfi))


@pytest.fixture
def theirs(nobody: Visitor, rfi: Rfi) -> Held:
    return Held.open(nobody, BY_LINK)


def told(answer: Answer, question: str) -> str:
    return " ".join(answer.find(f"#told-{question}")[0].text_content().split())


def clock(zone: str) -> str:
    return f"{now().astimezone(ZoneInfo(zone)):%H:%M}"


def places(answer: Answer) -> list[str]:
    return [part.get("hx-target") for part in answer.find("hx-partial")]


def answers_given(rfi: Rfi) -> list[str]:
    return [line.facts["question"] for line in History.select().where(History.kind == "rfi.answered")]


class TestSaving:
    def test_brings_what_is_said_beside_the_field_and_the_counts_but_not_the_field(self, ours: Held, rfi: Rfi) -> None:
        answer = ours.type(dns_host="Of the registrar").save_one("dns_host")
        assert answer.status == 200
        assert told(answer, "dns_host") == f"saved {clock('Europe/Berlin')}", "on the reader's clock"
        assert places(answer) == ["#told-dns_host", "#standing", "#before"]
        assert {part.get("hx-swap") for part in answer.find("hx-partial")} == {"outerMorph"}
        assert not answer.find("[name=dns_host]"), "what is being typed in stays as it is"
        assert not answer.find("#said"), "saving is quiet"
        assert kept(rfi) == {"dns_host": "Of the registrar"}

    @pytest.mark.parametrize(
        ("question", "value"),
        [
            ("dns_host", "Of <b>the</b> registrar & co"), ("server_count", "3"), ("server_count", "none of it"),
            ("outbound_ips", "10.2.0.9"), ("outbound_ips", "203.0.113.9"), ("terminal_server", "yes"),
            ("mail_domains", "company.example"), ("notes", ""),
        ],
    )  # fmt: skip  # one line a pair would be long
    def test_it_says_what_the_page_says(self, ours: Held, question: str, value: str) -> None:
        """Drawn in a shorter way where there is nothing but “saved” to be said."""
        saved = ours.type(**{question: value}).save_one(question)
        page = ours.visitor.get(ours.here)
        part, whole = (html.tostring(answer.find(f"#told-{question}")[0]) for answer in (saved, page))
        assert b" ".join(part.split()) == b" ".join(whole.split())

    def test_by_link_the_clock_is_the_msps(self, theirs: Held) -> None:
        assert told(theirs.type(dns_host="Them").save_one("dns_host"), "dns_host") == f"saved {clock('Asia/Tokyo')}"

    def test_what_is_wrong_is_said_and_kept(self, ours: Held, rfi: Rfi) -> None:
        answer = ours.type(outbound_ips="10.2.0.9").save_one("outbound_ips")
        assert answer.status == 200
        assert "10.2.0.9" in told(answer, "outbound_ips")
        assert answer.find("#told-outbound_ips .why")
        assert "Look at these again" in answer.find("#before")[0].text_content()
        assert kept(rfi) == {"outbound_ips": ["10.2.0.9"]}

    def test_what_is_wrong_in_a_part_of_a_group_is_at_that_part(self, ours: Held) -> None:
        answer = ours.type(technical_contact__email="ada@").save_one("technical_contact")
        assert [why.get("id") for why in answer.find(".why")] == ["why-technical_contact-email"]

    def test_too_long_is_not_saved_and_says_so(self, ours: Held, rfi: Rfi) -> None:
        answer = ours.type(dns_host="x" * 5_000).save_one("dns_host")
        assert answer.status == 422
        assert "At most" in told(answer, "dns_host")
        assert kept(rfi) == {}

    def test_the_same_again_is_no_change(self, ours: Held, rfi: Rfi) -> None:
        for _ in range(2):
            assert ours.type(dns_host="Them").save_one("dns_host").status == 200
        assert RfiAnswer.get().version == 1
        assert len(answers_given(rfi)) == 1

    def test_an_answer_that_got_lost_on_its_way_back_is_no_conflict(self, ours: Held, rfi: Rfi) -> None:
        seen = ours.fields["seen:dns_host"]
        ours.type(dns_host="Them").save_one("dns_host")
        ours.fields["seen:dns_host"] = seen
        assert ours.save_one("dns_host").status == 200

    def test_typing_on_goes_on(self, ours: Held, rfi: Rfi) -> None:
        ours.type(dns_host="Th").save_one("dns_host")
        for text in ("The", "Them"):
            assert ours.type(dns_host=text).save_one("dns_host", folded=True).status == 200
        assert kept(rfi) == {"dns_host": "Them"}

    def test_one_line_of_history_while_somebody_goes_on(self, ours: Held, theirs: Held, rfi: Rfi) -> None:
        ours.type(dns_host="T").save_one("dns_host")
        ours.type(dns_host="Them").save_one("dns_host", folded=True)
        assert len(answers_given(rfi)) == 1
        theirs = Held.open(theirs.visitor, BY_LINK).type(dns_host="Those")
        theirs.save_one("dns_host")
        assert len(answers_given(rfi)) == 2, "somebody else"
        with time_machine.travel(now() + timedelta(minutes=11)):
            theirs.type(dns_host="These").save_one("dns_host")
        assert len(answers_given(rfi)) == 3, "later"

    def test_an_address_in_use_already_is_warned_about_and_follows_what_is_answered_above(
        self, technician: Visitor, rfi: Rfi
    ) -> None:
        Contact.create(customer=rfi.customer_id, first_name="Lea", email="Lea@Partner.example")
        ours = Held.open(technician, door(rfi)).type(partner_administrator="lea@partner.example")
        answer = ours.save_one("partner_administrator")
        assert "that of a contact on the record, too" in told(answer, "partner_administrator")
        assert "that of a contact on the record, too" in technician.get(door(rfi)).text
        ours.type(partner_administrator="tom@partner.example")
        assert "safer" not in told(ours.save_one("partner_administrator", folded=True), "partner_administrator")
        answer = ours.type(technical_contact__email="Tom@partner.example").save_one("technical_contact")
        assert "#says-partner_administrator" in places(answer)
        assert "given for a contact above, too" in answer.text
        assert kept(rfi)["partner_administrator"] == "tom@partner.example", "a warning stops nobody"
        answer = ours.type(technical_contact__email="ada@partner.example").save_one("technical_contact", folded=True)
        assert "#says-partner_administrator" in places(answer)
        assert "given for a contact above" not in answer.text

    def test_an_unknown_question_is_not_there(self, ours: Held) -> None:
        assert ours.visitor.post(f"{ours.here}/answers/favourite_colour", {}, htmx=True).status == 404
        assert ours.visitor.get(f"{ours.here}/answers/favourite_colour").status == 404

    def test_what_is_not_asked_now_is_kept_all_the_same(self, ours: Held, rfi: Rfi) -> None:
        data = {"seen:tenant": "0-", "tenant": "contoso.onmicrosoft.com"}
        assert ours.visitor.post(f"{ours.here}/answers/tenant", data, htmx=True).status == 200
        assert kept(rfi) == {"tenant": "contoso.onmicrosoft.com"}

    def test_handed_in_meanwhile_it_is_refused(self, ours: Held, rfi: Rfi) -> None:
        Rfi.update(state="complete").execute()
        answer = ours.type(dns_host="Late").save_one("dns_host")
        assert answer.status == 409
        assert "handed in meanwhile" in answer.text
        assert kept(rfi) == {}

    def test_refuses_readers_and_hides_from_strangers(
        self, viewer: Visitor, stranger: Visitor, nobody: Visitor, rfi: Rfi
    ) -> None:
        data = {"seen:dns_host": "0-", "dns_host": "Them"}
        for visitor, status in ((viewer, 403), (stranger, 404), (nobody, 401)):
            assert visitor.post(f"{door(rfi)}/answers/dns_host", data, htmx=True).status == status
        assert kept(rfi) == {}

    @pytest.mark.parametrize(("question", "field"), ONE_OF_EACH_KIND.items())
    def test_nothing_hostile_breaks_it(self, technician: Visitor, rfi: Rfi, question: str, field: str) -> None:
        held = Held.open(technician, door(rfi))
        for value in HOSTILE:
            answer = held.type(**{field.replace(".", "__"): value}).save_one(question, folded=True)
            assert answer.status in (200, 422), value[:40]
            if answer.status == 422:
                assert answer.find(".why")
        assert technician.get(door(rfi)).status == 200
        for seen in ("", "x", "-1-", "9" * 40, "1-" + "a" * 4_000, "\x00"):
            data = {f"seen:{question}": seen, field: "again"}
            assert technician.client.post(
                f"{door(rfi)}/answers/{question}", data=data | {"csrf_token": technician.token}
            ).status_code in (303, 409, 422)


class TestOtherQuestions:
    def test_come_in_place_when_the_infrastructure_changes(self, ours: Held) -> None:
        answer = ours.type(infrastructure=["", "m365"]).save_one("infrastructure")
        assert places(answer) == ["#told-infrastructure", "#standing", "#before", "#questions"]
        assert answer.find("#questions [name=tenant]")
        assert not answer.find("#questions [name=inbound_hosts]")
        assert all(each.get("hx-morph-skip") is not None for each in answer.find("[data-saves]")), "typing stays"

    def test_come_only_once(self, ours: Held) -> None:
        ours.type(infrastructure=["", "m365"]).save_one("infrastructure")
        assert "#questions" not in places(ours.type(dns_host="Them").save_one("dns_host"))

    def test_follow_an_earlier_answer(self, ours: Held) -> None:
        answer = ours.type(filter_now=["", "replaced"]).save_one("filter_now")
        assert answer.find("#questions [name=filter_ends]")
        answer = ours.type(filter_now=["", "none"]).save_one("filter_now", folded=True)
        assert answer.find("#questions")
        assert not answer.find("[name=filter_ends]")

    def test_come_to_whoever_shows_others_because_of_somebody_else(self, ours: Held, theirs: Held) -> None:
        theirs.type(infrastructure=["", "m365"]).save_one("infrastructure")
        answer = ours.type(dns_host="Them").save_one("dns_host")
        assert answer.find("#questions [name=tenant]")

    def test_what_the_page_has_already_is_named_and_not_sent_again(self, ours: Held) -> None:
        before = {each.get("id") for each in ours.visitor.get(ours.here).find("[data-saves]")}
        answer = ours.type(infrastructure=["", "hybrid_m365"]).save_one("infrastructure")
        named = {each.get("id") for each in answer.find("#questions div[hx-morph-skip]:not([data-saves])")}
        sent = {each.get("id") for each in answer.find("#questions [data-saves]")}
        assert named <= before
        assert not sent & before
        assert len(named) > 20
        there = {each.get("id") for each in ours.visitor.get(ours.here).find("[data-saves]")}
        assert named | sent == there


class TestTwoPeople:
    def test_answers_to_different_questions_both_stay(self, ours: Held, theirs: Held, rfi: Rfi) -> None:
        ours.type(dns_host="Ours").save_one("dns_host")
        theirs.type(notes="Theirs").save_one("notes")
        assert kept(rfi) == {"dns_host": "Ours", "notes": "Theirs"}

    def test_the_later_answer_to_the_same_question_is_refused_with_both_texts(
        self, ours: Held, theirs: Held, rfi: Rfi
    ) -> None:
        theirs.type(dns_host="Theirs").save_one("dns_host")
        for text in ("Ours", "Ours, longer"):
            answer = ours.type(dns_host=text).save_one("dns_host")
            assert answer.status == 409, "as long as nobody has decided"
            assert "Ines Lead (by link) answered this too" in told(answer, "dns_host")
            assert "Theirs is kept: Theirs" in told(answer, "dns_host")
            assert f"Yours is not saved: {text}" in told(answer, "dns_host")
            assert "Both answers are here" in answer.find("#said")[0].text_content()
        assert kept(rfi) == {"dns_host": "Theirs"}

    def test_keep_mine(self, ours: Held, theirs: Held, rfi: Rfi) -> None:
        theirs.type(dns_host="Theirs").save_one("dns_host")
        refused = ours.type(dns_host="Ours").save_one("dns_host")
        over = refused.find("button[name='over:dns_host']")[0]
        answer = ours.save_one("dns_host", **{over.get("name"): over.get("value")})
        assert answer.status == 200
        assert kept(rfi) == {"dns_host": "Ours"}
        assert ours.type(dns_host="Ours, and on").save_one("dns_host", folded=True).status == 200

    def test_keep_mine_is_refused_when_theirs_changed_again(self, ours: Held, theirs: Held, rfi: Rfi) -> None:
        theirs.type(dns_host="Theirs").save_one("dns_host")
        refused = ours.type(dns_host="Ours").save_one("dns_host")
        theirs.type(dns_host="Theirs, newer").save_one("dns_host", folded=True)
        over = refused.find("button[name='over:dns_host']")[0]
        answer = ours.save_one("dns_host", **{over.get("name"): over.get("value")})
        assert answer.status == 409
        assert "Theirs, newer" in told(answer, "dns_host")

    def test_take_theirs(self, ours: Held, theirs: Held, rfi: Rfi) -> None:
        theirs.type(dns_host="Theirs").save_one("dns_host")
        refused = ours.type(dns_host="Ours").save_one("dns_host")
        link = refused.find("#told-dns_host a")[0].get("href")
        answer = ours.visitor.get(link, htmx=True)
        assert answer.value("dns_host") == "Theirs"
        assert not answer.find("[data-saves]"), "its place on the page stays"
        assert ours.visitor.get(link).location == f"{door(rfi)}#f-dns_host"

    def test_the_same_answer_twice_is_no_conflict(self, ours: Held, theirs: Held, rfi: Rfi) -> None:
        theirs.type(dns_host="Them").save_one("dns_host")
        assert ours.type(dns_host="Them").save_one("dns_host").status == 200


class TestSecrets:
    @pytest.fixture
    def asked(self, ours: Held) -> Held:
        ours.type(directory_sync=["", "ldap"]).save_one("directory_sync")
        return Held.open(ours.visitor, ours.here)

    def test_are_sealed_and_never_shown_again(self, asked: Held, rfi: Rfi, viewer: Visitor) -> None:
        answer = asked.type(ldap_password="Brombeermarmelade-29").save_one("ldap_password")
        assert "kept" in answer.text.lower() or "Remove" in answer.text
        assert "Brombeermarmelade" not in answer.html
        row = RfiAnswer.get(RfiAnswer.question == "ldap_password")
        assert row.value is None
        assert unseal(row.sealed) == "Brombeermarmelade-29"
        for visitor in (asked.visitor, viewer):
            assert "Brombeermarmelade" not in visitor.get(asked.here).html
        assert "Brombeermarmelade" not in str([line.facts for line in History.select()])

    def test_stay_when_the_page_is_saved_whole(self, asked: Held, rfi: Rfi) -> None:
        asked.type(ldap_password="Brombeermarmelade-29").save_one("ldap_password")
        Held.open(asked.visitor, asked.here).type(notes="x").save()
        assert unseal(RfiAnswer.get(RfiAnswer.question == "ldap_password").sealed) == "Brombeermarmelade-29"

    def test_nothing_hostile_breaks_them(self, asked: Held) -> None:
        for value in HOSTILE:
            answer = asked.type(ldap_password=value).save_one("ldap_password", folded=True)
            assert answer.status in (200, 422)
            assert not value.strip() or value in ("NaN", "-1") or value not in answer.html

    def test_are_replaced_and_removed(self, asked: Held, rfi: Rfi) -> None:
        asked.type(ldap_password="Brombeermarmelade-29").save_one("ldap_password")
        asked.type(ldap_password="Quittengelee-30").save_one("ldap_password", folded=True)
        assert unseal(RfiAnswer.get(RfiAnswer.question == "ldap_password").sealed) == "Quittengelee-30"
        asked.type(ldap_password="").save_one("ldap_password", folded=True, **{"ldap_password.remove": "y"})
        assert RfiAnswer.get(RfiAnswer.question == "ldap_password").sealed == ""


class TestFiles:
    @pytest.fixture
    def upload(self, ours: Held) -> Callable[[str], Answer]:
        ours.type(mail_domains="c.example").save_one("mail_domains")
        Held.open(ours.visitor, ours.here).type(recipient_validation=["", "list"]).save()

        def send(content: str, folded: bool = False) -> Answer:
            held = Held.open(ours.visitor, ours.here)
            file = (BytesIO(content.encode()), "people.csv")
            return held.save_one("permitted_senders", folded=folded, permitted_senders=file)

        return send

    def test_are_kept_at_once_and_counted(self, upload: Callable, rfi: Rfi) -> None:
        answer = upload("email\nada@c.example\njon@c.example\n")
        assert answer.status == 200
        assert "2" in told(answer, "permitted_senders")
        assert "Download the faulty rows" not in answer.text
        assert answer.find("input[type=file]"), "its field is drawn anew, empty"

    def test_may_be_longer_than_forms_are_elsewhere(self, upload: Callable, rfi: Rfi) -> None:
        rows = "".join(f"{'long' * 12}{number}@c.example\n" for number in range(40_000))
        assert len(rows) > 2 * 1024 * 1024
        assert upload(f"email\n{rows}").status == 200
        assert f"{'long' * 12}39999@c.example" in str(kept(rfi)["permitted_senders"])

    def test_beyond_that_they_are_refused_before_they_are_read(self, upload: Callable) -> None:
        assert upload("email\n" + "a" * 7_100_000).status == 413

    def test_say_which_rows_are_faulty_and_give_them_back(self, upload: Callable, ours: Held) -> None:
        answer = upload("email\nada@c.example\nnobody\n=cmd()\n")
        link = answer.find("a[download]")[0].get("href")
        rows = ours.visitor.get(link)
        assert rows.headers["Content-Type"].startswith("text/csv")
        assert b"nobody" in rows.bytes
        assert b"ada@c.example" not in rows.bytes
        assert b",=cmd" not in rows.bytes

    def test_are_replaced_and_removed(self, upload: Callable, ours: Held, rfi: Rfi) -> None:
        upload("email\nada@c.example\n")
        upload("email\njon@c.example\n", folded=True)
        assert "jon@c.example" in str(kept(rfi)["permitted_senders"])
        held = Held.open(ours.visitor, ours.here)
        held.save_one("permitted_senders", folded=True, **{"permitted_senders.remove": "y"})
        assert not kept(rfi)["permitted_senders"]

    @pytest.mark.parametrize("content", ["", "\x00\x01\x02", "x" * 100_000, "<script>", "email\n" * 3])
    def test_nothing_hostile_breaks_it(self, upload: Callable, content: str) -> None:
        assert upload(content, folded=True).status in (200, 422)
