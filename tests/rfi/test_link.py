"""The customer's door: one RFI and nothing else, for who holds its link; typing survives a page that got old."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from data.customers import Customer
from data.moments import now
from data.rfi import Rfi, RfiLink
from tests.factories import World
from tests.rfi.typing_in import BY_LINK, Held, an_rfi, kept
from tests.rfi.waiting_for import an_opened_rfi
from tests.visits import Visitor

SENT = {"seen:dns_host": "0-", "dns_host": "Them"}


@pytest.fixture
def rfi(world: World) -> Rfi:
    return an_rfi(world)


class TestOpening:
    def test_speaks_for_the_msp_to_whom_it_was_written(self, nobody: Visitor, rfi: Rfi) -> None:
        page = nobody.get(BY_LINK)
        assert page.find("header .name")[0].text_content() == "Northstar IT"
        assert "Hello Ines Lead" in page.text
        assert "This link is yours and opens until" in page.text
        assert not page.find("nav[aria-label=Main]")

    def test_leaves_nothing_behind_and_tells_nobody_its_address(self, nobody: Visitor, rfi: Rfi) -> None:
        headers = nobody.get(BY_LINK).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin", "sent to nobody else; over TLS the form token needs it here"

    def test_what_is_typed_is_history_with_its_name(self, nobody: Visitor, admin: Visitor, rfi: Rfi) -> None:
        Held.open(nobody, BY_LINK).type(dns_host="Them").save()
        assert "Ines Lead (by link)" in admin.get(f"/customers/{rfi.customer_id}/history").text


class TestCustomersWhoLeft:
    @pytest.mark.parametrize("status", ["cancelled", "transferred"])
    def test_answer_nothing_more_and_hand_nothing_in(self, nobody: Visitor, rfi: Rfi, status: str) -> None:
        """Their links are ended with them; one that was sent since shows the answers, and that it is over."""
        Customer.update(status=status, shelf="past").where(Customer.id == rfi.customer_id).execute()
        assert nobody.post(BY_LINK, SENT).status == 409
        assert nobody.post(BY_LINK + "/answers/dns_host", SENT, htmx=True).status == 409
        assert nobody.post(BY_LINK + "/hand-in", {**SENT, "version": rfi.version}).status == 409
        assert kept(rfi) == {}
        page = nobody.get(BY_LINK)
        assert "does not look after" in page.text
        assert not page.find("[name=dns_host]")


class TestRefused:
    @pytest.mark.parametrize("where", ["", "/answers/dns_host", "/answers/dns_host/says"])
    @pytest.mark.parametrize(
        "spoilt", [{"revoked_at": True}, {"expires_at": True}, {"token_hash": "of another"}], ids=str
    )
    def test_every_door_is_shut_alike(self, nobody: Visitor, rfi: Rfi, where: str, spoilt: dict) -> None:
        RfiLink.update(**{name: now() if value is True else value for name, value in spoilt.items()}).execute()
        guess = nobody.get("/rfi/a-guess" + where)
        assert nobody.get(BY_LINK + where).text == guess.text
        assert guess.status == 404
        if not where.endswith("says"):
            assert nobody.post(BY_LINK + where, SENT).status == 404
        assert kept(rfi) == {}

    def test_it_opens_no_other_rfi_and_no_other_page(self, nobody: Visitor, world: World, rfi: Rfi) -> None:
        other = an_opened_rfi(world)
        nobody.get(BY_LINK)
        assert nobody.get(f"/customers/{rfi.customer_id}/rfi").status == 303, "to the sign-in page"
        assert nobody.post(f"/customers/{rfi.customer_id}/rfi", SENT).status == 303
        assert kept(rfi) == kept(other) == {}

    def test_it_ends_while_somebody_types(self, nobody: Visitor, rfi: Rfi) -> None:
        held = Held.open(nobody, BY_LINK)
        RfiLink.update(revoked_at=now()).execute()
        answer = held.type(dns_host="Them").save_one("dns_host")
        assert answer.status == 404
        assert "does not open anything" in answer.find("#said")[0].text_content()


class TestOften:
    def test_typing_may_save_itself_more_often_than_pages_open(self, nobody: Visitor, rfi: Rfi) -> None:
        data = SENT | {"csrf_token": nobody.token}
        raw = [nobody.client.post(f"{BY_LINK}/answers/dns_host", data=data).status_code for _ in range(245)]
        assert raw[:240] == [303] * 240
        assert raw[-1] == 429

    def test_guesses_cannot_be_tried_quickly(self, nobody: Visitor) -> None:
        data = {"csrf_token": nobody.token}
        for where in ("", "/answers/dns_host"):
            asked = [nobody.client.post(f"/rfi/guess-{number}{where}", data=data).status_code for number in range(61)]
            assert asked == [404] * 60 + [429]
            gotten = [nobody.client.get(f"/rfi/guess-{number}{where}").status_code for number in range(61)]
            assert gotten == [404] * 60 + [429]


class TestOldPages:
    """The form token belongs to a session that the browser may have lost meanwhile."""

    def test_a_field_gets_a_new_token_and_is_to_send_itself_again(
        self, rfi: Rfi, visit_as: Callable[[None], Visitor]
    ) -> None:
        visitor = visit_as(None)
        held = Held.open(visitor, BY_LINK).type(dns_host="Them")
        answer = held.save_one("dns_host", csrf_token="of another session")
        assert answer.status == 400
        assert "Your typing is still here" in answer.find("#said")[0].text_content()
        token = answer.find("#token[hx-swap-oob]")[0].get("value")
        assert held.save_one("dns_host", csrf_token=token).status == 200
        assert kept(rfi) == {"dns_host": "Them"}

    def test_a_page_comes_again_with_all_its_typing(self, nobody: Visitor, rfi: Rfi) -> None:
        held = Held.open(nobody, BY_LINK).type(dns_host="Them", notes="one\ntwo")
        held.fields["csrf_token"] = ["of another session"]
        page = held.save()
        assert page.status == 400
        assert (page.value("dns_host"), page.value("notes")) == ("Them", "one\ntwo")
        assert "save once more" in page.find("#said")[0].text_content()
        assert page.find("#answers[data-leave-warning=typed]")
        assert kept(rfi) == {}
        held.fields["csrf_token"] = [page.value("csrf_token")]
        assert held.save().status == 303
        assert set(kept(rfi)) == {"dns_host", "notes"}

    @pytest.mark.parametrize("where", ["", "/answers/dns_host", "/hand-in"])
    @pytest.mark.parametrize("htmx", [False, True], ids=["page", "part"])
    def test_of_a_link_that_has_ended_say_nothing_else(self, nobody: Visitor, rfi: Rfi, where: str, htmx: bool) -> None:
        RfiLink.update(revoked_at=now()).execute()
        answer = nobody.post(BY_LINK + where, SENT | {"csrf_token": "of another session"}, htmx=htmx)
        assert answer.status == 404
        assert "does not open anything" in answer.text

    def test_weeks_later_the_link_goes_on_where_it_was(self, visit_as: Callable[[None], Visitor], rfi: Rfi) -> None:
        Held.open(visit_as(None), BY_LINK).type(dns_host="Them").save()
        with time_machine.travel(now() + timedelta(days=50)):
            assert visit_as(None).get(BY_LINK).value("dns_host") == "Them"
