"""The personal link: opens one RFI and nothing else, ends when it should, and can be sent again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from data.customers import Contact
from data.emails import Email
from data.history import History
from data.moments import now
from data.orders import Order
from data.rfi import RfiLink
from tests.factories import World
from tests.orders.drafts import a_draft, submit
from tests.visits import Visitor


def newest_link() -> str:
    """The address in the newest RFI letter, without the host."""
    letter = Email.select().where(Email.kind == "rfi_link").order_by(Email.id.desc()).get()
    return "/rfi/" + next(word for word in letter.text.split() if "/rfi/" in word).rpartition("/")[2]


@pytest.fixture
def order(admin: Visitor, world: World) -> Order:
    order = a_draft(world)
    submit(admin, order)
    return order


class TestOpening:
    def test_names_the_customer_and_says_what_will_be_asked(self, nobody: Visitor, order: Order) -> None:
        page = nobody.get(newest_link())
        assert page.status == 200
        assert order.customer.name in page.text
        assert "Northstar IT ordered these services" in page.text
        assert "Where are your mailboxes today?" in page.text

    def test_shows_when_it_was_opened_last(self, nobody: Visitor, admin: Visitor, order: Order) -> None:
        assert "not opened yet" in admin.get(f"/customers/{order.customer_id}").text
        nobody.get(newest_link())
        nobody.get(newest_link())
        assert "last opened" in admin.get(f"/customers/{order.customer_id}").text
        lines = list(History.select().where(History.kind == "rfi.link_opened"))
        assert [line.who_name for line in lines] == ["Ines Lead (by link)"]

    @pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 5000, "%00", "ünï", "..%2f..%2fsetup"])
    def test_a_guess_gets_the_same_404(self, nobody: Visitor, order: Order, token: str) -> None:
        assert nobody.get(f"/rfi/{token}").status == 404

    def test_ends_after_sixty_days(self, visit_as: Callable, order: Order) -> None:
        with time_machine.travel(now() + timedelta(days=59)):
            assert visit_as(None).get(newest_link()).status == 200
        with time_machine.travel(now() + timedelta(days=61)):
            assert visit_as(None).get(newest_link()).status == 404

    def test_is_rate_limited(self, nobody: Visitor, order: Order) -> None:
        answers = [nobody.get("/rfi/guess").status for _ in range(70)]
        assert answers[:60] == [404] * 60
        assert answers[-1] == 429


class TestSendingAgain:
    def test_ends_the_old_link_and_opens_a_new_one(self, admin: Visitor, nobody: Visitor, order: Order) -> None:
        old = newest_link()
        answer = admin.post(f"/customers/{order.customer_id}/rfi/link")
        assert answer.location == f"/customers/{order.customer_id}"
        assert nobody.get(old).status == 404
        assert nobody.get(newest_link()).status == 200
        assert History.select().where(History.kind == "rfi.link_sent_again").count() == 1

    def test_refuses_when_there_is_nobody_to_write_to(self, admin: Visitor, order: Order) -> None:
        Contact.delete().execute()
        answer = admin.post(f"/customers/{order.customer_id}/rfi/link")
        assert answer.location == f"/customers/{order.customer_id}/contacts"
        assert "no Implementation Lead" in admin.get(answer.location).text
        assert RfiLink.get().revoked_at is None

    def test_hides_customers_of_others(self, stranger: Visitor, order: Order) -> None:
        assert stranger.post(f"/customers/{order.customer_id}/rfi/link").status == 404

    def test_refuses_readers(self, technician: Visitor, order: Order) -> None:
        assert technician.post(f"/customers/{order.customer_id}/rfi/link").status == 403


class TestRevoking:
    def test_ends_the_link(self, admin: Visitor, nobody: Visitor, order: Order) -> None:
        link = RfiLink.get()
        for _ in range(2):
            answer = admin.post(f"/customers/{order.customer_id}/rfi/links/{link.id}/revoke")
            assert answer.status in (303, 200)
        assert nobody.get(newest_link()).status == 404
        assert History.select().where(History.kind == "rfi.link_revoked").count() == 1

    def test_hides_links_of_other_customers(
        self, admin: Visitor, stranger: Visitor, world: World, order: Order
    ) -> None:
        other = a_draft(world)
        submit(admin, other)
        link = RfiLink.select().order_by(RfiLink.id).first()
        assert admin.post(f"/customers/{other.customer_id}/rfi/links/{link.id}/revoke").status == 404
        assert stranger.post(f"/customers/{order.customer_id}/rfi/links/{link.id}/revoke").status == 404
        assert RfiLink.get_by_id(link.id).revoked_at is None
