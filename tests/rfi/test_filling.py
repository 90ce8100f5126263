"""The page of an RFI: what it asks, what it proposes, saving it whole, and who may only read it."""

from collections.abc import Callable

import pytest

from blueprints.rfi.filling import filled
from data.customers import INFRASTRUCTURES, Customer
from data.history import History
from data.moments import now
from data.partners import Partner
from data.rfi import AskedSet, Rfi, RfiAnswer, RfiFlag
from tests.factories import World
from tests.rfi.typing_in import BY_LINK, Held, an_rfi, door, kept
from tests.visits import Answer, Visitor


@pytest.fixture
def rfi(world: World) -> Rfi:
    return an_rfi(world)


def of(rfi: Rfi) -> Rfi:
    return Rfi.get_by_id(rfi.id)


def asked(page: Answer) -> list[str]:
    return [each.get("name").removeprefix("seen:") for each in page.find("[name^='seen:']")]


def told(page: Answer, question: str) -> str:
    return " ".join(page.find(f"#told-{question}")[0].text_content().split())


class TestPage:
    def test_shows_the_record_locked_the_sections_and_how_far_it_is(self, technician: Visitor, rfi: Rfi) -> None:
        page = technician.get(door(rfi))
        for words in (rfi.customer.name, "Mail shield", "Ines Lead", "Northstar IT"):
            assert words in page.find("#summary")[0].text_content()
        assert not page.find("#summary input")
        titles = [heading.text_content() for heading in page.find("#questions h2")]
        assert titles[:3] == ["Contacts", "Infrastructure", "Email domains and DNS"]
        whole = filled(of(rfi))
        assert f"{whole.done} of {whole.total} answered" in page.text

    def test_is_the_same_by_link(self, technician: Visitor, nobody: Visitor, rfi: Rfi) -> None:
        assert asked(nobody.get(BY_LINK)) == asked(technician.get(door(rfi)))

    @pytest.mark.parametrize("infrastructure", INFRASTRUCTURES)
    def test_draws_every_question_of_an_infrastructure(
        self, technician: Visitor, rfi: Rfi, infrastructure: str
    ) -> None:
        Customer.update(infrastructure=infrastructure).execute()
        page = technician.get(door(rfi))
        assert asked(page) == [entry.question.id for entry in filled(of(rfi)).entries]
        assert len(asked(page)) > 25

    def test_asks_a_constant_number_of_statements(
        self, technician: Visitor, rfi: Rfi, statements: Callable[[Callable[[], object]], int]
    ) -> None:
        empty = statements(lambda: technician.get(door(rfi)))
        Held.open(technician, door(rfi)).type(
            infrastructure="onprem", mail_domains="a.example\nb.example", outbound_ips="91.198.174.10"
        ).save()
        assert statements(lambda: technician.get(door(rfi))) <= empty
        assert empty < 16

    def test_what_is_missing_is_named_with_a_link_to_its_field(self, technician: Visitor, rfi: Rfi) -> None:
        page = technician.get(door(rfi))
        for link in page.find("#before li a"):
            assert page.find(link.get("href").replace(".", "\\.")), link.get("href")
        assert "Technical contact" in page.find("#before")[0].text_content()
        assert not page.find(".why"), "nothing is called wrong before anybody typed"

    def test_shows_what_a_reviewer_flagged_first_with_what_was_handed_in(
        self, nobody: Visitor, rfi: Rfi, technician: Visitor
    ) -> None:
        Held.open(technician, door(rfi)).type(dns_host="Name servers of old").save()
        Rfi.update(state="error").execute()
        RfiFlag.create(rfi=rfi, question="dns_host", comment="These are gone.", at=now(), by_name="Olga")
        assert "These are gone." in nobody.get(BY_LINK).find("#questions > section:first-of-type")[0].text_content()
        page = technician.get(door(rfi))
        assert "These are gone." in page.find("#flagged")[0].text_content()
        assert page.find("#flagged a")[0].get("href") == "#f-dns_host"


class TestProposals:
    def test_stand_in_the_field_and_count_but_are_not_kept_until_somebody_types(
        self, technician: Visitor, rfi: Rfi
    ) -> None:
        Partner.update(outbound_ips="91.198.174.10").execute()
        Customer.update(infrastructure="onprem").execute()
        page = technician.get(door(rfi))
        assert page.value("outbound_ips") == "91.198.174.10"
        assert told(page, "outbound_ips") == "From the defaults of Northstar IT."
        whole = filled(of(rfi))
        assert whole.answers["outbound_ips"] == ["91.198.174.10"]
        assert "outbound_ips" not in kept(rfi)

    def test_emptied_they_stay_empty(self, technician: Visitor, rfi: Rfi) -> None:
        Partner.update(smart_host="relay.partner.example").execute()
        Customer.update(infrastructure="onprem").execute()
        held = Held.open(technician, door(rfi))
        assert held.fields["smart_host"] == ["relay.partner.example"]
        held.type(smart_host="").save()
        assert kept(rfi) == {"smart_host": ""}
        assert technician.get(door(rfi)).value("smart_host") == ""


class TestSavingWhole:
    def test_keeps_what_was_typed_and_says_so(self, technician: Visitor, rfi: Rfi) -> None:
        held = Held.open(technician, door(rfi))
        held.type(technical_contact__email="ada@c.example", mail_domains="a.example\r\nb.example")
        answer = held.save()
        assert (answer.status, answer.location) == (303, door(rfi))
        page = technician.get(door(rfi))
        assert "Saved." in page.text
        assert page.value("technical_contact.email") == "ada@c.example"
        assert page.value("mail_domains") == "a.example\nb.example"
        assert set(kept(rfi)) == {"technical_contact", "mail_domains"}, "only what was changed"

    def test_goes_on_from_another_device(self, technician: Visitor, nobody: Visitor, rfi: Rfi) -> None:
        Held.open(nobody, BY_LINK).type(dns_host="Of the registrar").save()
        page = technician.get(door(rfi))
        assert page.value("dns_host") == "Of the registrar"
        assert "by Ines Lead (by link)" in told(page, "dns_host")

    def test_saved_again_unchanged_nothing_happens(self, technician: Visitor, rfi: Rfi) -> None:
        Held.open(technician, door(rfi)).type(mail_domains="a.example", notes="one\r\ntwo").save()
        before = History.select().count(), [answer.version for answer in RfiAnswer.select()]
        assert Held.open(technician, door(rfi)).save().status == 303
        assert (History.select().count(), [answer.version for answer in RfiAnswer.select()]) == before

    def test_leaves_a_line_of_history_for_each_answer(self, technician: Visitor, rfi: Rfi) -> None:
        Held.open(technician, door(rfi)).type(mail_domains="secret.example", dns_host="Them").save()
        lines = list(History.select().where(History.kind == "rfi.answered"))
        assert {line.facts["question"] for line in lines} == {"Email domains", "Where is your DNS kept?"}
        assert {line.who_name for line in lines} == {"Tom Technician"}
        assert "secret.example" not in str([line.facts for line in lines])

    def test_an_rfi_goes_on_with_the_questions_it_was_begun_with(self, technician: Visitor, rfi: Rfi) -> None:
        assert of(rfi).set_version_id is None
        Held.open(technician, door(rfi)).type(mail_domains="a.example").save()
        assert of(rfi).set_version_id == AskedSet.get().version

    def test_shows_both_where_somebody_else_answered_and_keeps_the_rest(
        self, technician: Visitor, nobody: Visitor, rfi: Rfi
    ) -> None:
        held = Held.open(technician, door(rfi))
        Held.open(nobody, BY_LINK).type(dns_host="Theirs").save()
        answer = held.type(dns_host="Ours", mail_domains="a.example").save()
        assert answer.status == 409
        assert answer.value("dns_host") == "Ours"
        for words in ("Ines Lead (by link) answered this too", "Theirs", "Ours", "Keep mine"):
            assert words in told(answer, "dns_host")
        assert answer.find("#answers[data-leave-warning=typed]")
        assert kept(rfi) == {"dns_host": "Theirs", "mail_domains": ["a.example"]}
        keep = answer.find("[name='over:dns_host']")[0]
        held.fields = held.fields | {keep.get("name"): [keep.get("value")]}
        assert held.save().status == 303
        assert kept(rfi)["dns_host"] == "Ours"

    def test_keeps_the_typing_that_is_too_long_and_says_so(self, technician: Visitor, rfi: Rfi) -> None:
        answer = Held.open(technician, door(rfi)).type(notes="x" * 5_000, dns_host="Them").save()
        assert answer.status == 422
        assert "At most" in told(answer, "notes")
        assert answer.value("notes") == "x" * 5_000
        assert kept(rfi) == {"dns_host": "Them"}

    def test_leaves_alone_what_is_no_question_of_the_set(self, technician: Visitor, rfi: Rfi) -> None:
        held = Held.open(technician, door(rfi)).type(**{"seen:favourite_colour": "0-", "favourite_colour": "red"})
        assert held.save().status == 303
        assert kept(rfi) == {}


class TestInfrastructure:
    def test_changing_it_asks_others_and_keeps_what_was_typed_for_it_before(
        self, technician: Visitor, admin: Visitor, rfi: Rfi
    ) -> None:
        Held.open(technician, door(rfi)).type(infrastructure="m365").save()
        page = technician.get(door(rfi))
        assert "tenant" in asked(page)
        Held.open(technician, door(rfi)).type(tenant="contoso.onmicrosoft.com", dns_host="Them").save()
        Held.open(technician, door(rfi)).type(infrastructure="onprem", notes="typed at that moment").save()
        page = technician.get(door(rfi))
        assert "tenant" not in asked(page)
        assert "inbound_hosts" in asked(page)
        assert page.value("notes") == "typed at that moment"
        assert kept(rfi)["tenant"] == "contoso.onmicrosoft.com"
        assert "tenant" not in filled(of(rfi)).answers
        Held.open(admin, door(rfi)).type(infrastructure="m365").save()
        assert technician.get(door(rfi)).value("tenant") == "contoso.onmicrosoft.com"

    def test_without_javascript_a_button_brings_the_questions(self, technician: Visitor, rfi: Rfi) -> None:
        page = technician.get(door(rfi))
        buttons = page.find("#s-infrastructure button[form=answers]")
        assert [button.text_content() for button in buttons] == ["Update questions"]


class TestReaders:
    def test_read_the_answers_and_have_no_fields(self, viewer: Visitor, technician: Visitor, rfi: Rfi) -> None:
        Held.open(technician, door(rfi)).type(dns_host="Of the registrar").save()
        page = viewer.get(door(rfi))
        assert "Of the registrar" in page.text
        assert "lets you read" in page.text
        assert not page.find("#questions input, #answers")
        assert viewer.post(door(rfi), {"seen:dns_host": "1-", "dns_host": "No"}).status == 403
        assert kept(rfi)["dns_host"] == "Of the registrar"

    def test_strangers_find_nothing(self, stranger: Visitor, rfi: Rfi) -> None:
        for address in (door(rfi), f"{door(rfi)}/answers/dns_host", f"{door(rfi)}/answers/dns_host/says"):
            assert stranger.get(address).status == 404
        assert stranger.post(door(rfi), {"seen:dns_host": "0-", "dns_host": "No"}).status == 404

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"state": "complete"}, "Handed in"),
            ({"state": "not_applicable", "reason": "the other application"}, "the other application"),
            ({"closed_at": True}, "was closed"),
        ],
    )
    def test_what_takes_no_answers_says_why_and_refuses_them(
        self, technician: Visitor, nobody: Visitor, rfi: Rfi, changed: dict, words: str
    ) -> None:
        held = Held.open(technician, door(rfi)).type(dns_host="Late")
        Rfi.update(**{name: now() if value is True else value for name, value in changed.items()}).execute()
        for visitor, here in ((technician, door(rfi)), (nobody, BY_LINK)):
            page = visitor.get(here)
            assert words in page.text
            assert not page.find("#questions input")
        answer = held.save()
        assert answer.status == 409
        assert kept(rfi) == {}
