"""Nothing private of the releasing MSP is anywhere that the receiving MSP's people come, before the day or after it.

Its own people find all of it where they did: so what is looked for is really there, and the looking really looks.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from blueprints.cancellations.ending import end_due
from data.accounts import Person
from data.customers import Customer
from data.history import History
from data.transfers import Transfer
from tests.cancellations.cancelled import pending
from tests.factories import World
from tests.transfers.changing import ASKING, ON_THE_DAY, PORTAL_ADDRESS, Moved, accepted, asked, clock, moved
from tests.transfers.crawling import crawl
from tests.transfers.planted import CUSTOMERS_OWN, MONEY, SHOWN, Planted, marker, plant
from tests.visits import Visitor

WORDS = ["Zwm", "quellenhof", "lead@quellenhof.example", "2026-9"]


@pytest.fixture
def planted(world: World) -> Planted:
    with clock(ASKING):
        return plant(world)


def told(app: Flask, visitor: Visitor, planted: Planted) -> dict[str, set[str]]:
    """Marker → the addresses where it was found. Folded, because domains are."""
    looked_for = [*planted.markers, *MONEY]
    found: dict[str, set[str]] = {}
    count = 0
    for address, text in crawl(app, visitor, WORDS):
        count += 1
        folded = text.casefold()
        for each in looked_for:
            if each.casefold() in folded:
                found.setdefault(each, set()).add(address)
    assert count > 70, "hardly anything was looked at"
    return found


def test_the_releasing_msp_finds_all_its_own_after_the_move(
    app: Flask, world: World, planted: Planted, visit_as: Callable[[Person], Visitor]
) -> None:
    moved(world, planted.customer)
    with clock(ON_THE_DAY):
        found = told(app, visit_as(planted.person), planted)
    assert [of for of in SHOWN if marker(of) not in found] == []
    assert set(MONEY) <= set(found)


@pytest.mark.parametrize("who", ["admin", "msp_admin", "technician", "viewer"])
def test_the_receiving_msp_finds_none_of_it_after_the_move(
    who: str, app: Flask, world: World, planted: Planted, visit_as: Callable[[Person], Visitor]
) -> None:
    done = moved(world, planted.customer)
    with clock(ON_THE_DAY):
        visitor = visit_as(getattr(world, who))
        assert told(app, visitor, planted) == {}
        assert visitor.get(f"/customers/{done.new.id}").status == 200


def test_nor_while_it_is_asked_or_has_declined(
    app: Flask, world: World, planted: Planted, visit_as: Callable[[Person], Visitor]
) -> None:
    with clock(ASKING):
        transfer = asked(world, planted.customer)
        admin = visit_as(world.admin)
        assert told(app, admin, planted) == {}
        admin.post(f"/partner-changes/{transfer.id}/decline", {"version": "1"})
        assert Transfer.get_by_id(transfer.id).state == "declined"
        Customer.update(name="Renamed Zwmlaterm").where(Customer.id == planted.customer.id).execute()
        assert told(app, admin, planted) == {}
        assert (
            "Zwmlaterm" not in admin.get("/partner-changes/").text + admin.get(f"/partner-changes/{transfer.id}").text
        )


def test_the_releasing_msp_learns_nothing_of_the_receiving_ones(
    app: Flask, world: World, planted: Planted, visit_as: Callable[[Person], Visitor]
) -> None:
    """Its people, its prices (40 users at 2.50 and 1.25 are 150.00), its order number, and its customer."""
    done = moved(world, planted.customer)
    with clock(ON_THE_DAY):
        theirs = "\n".join(text for _, text in crawl(app, visit_as(planted.person), WORDS))
    for secret in ("Ada Admin", "ada.admin@", "€150.00", "PO-9", "2027-000001", f"/customers/{done.new.id}"):
        assert secret not in theirs


def test_its_final_export_has_none_of_it_either(
    app: Flask, world: World, planted: Planted, visit_as: Callable[[Person], Visitor]
) -> None:
    done = moved(world, planted.customer)
    with clock(ON_THE_DAY + timedelta(days=1)):
        pending(world, customer=done.new, export=True)
    with clock(ON_THE_DAY + timedelta(days=4)):
        assert end_due(PORTAL_ADDRESS) == 1
        admin = visit_as(world.admin)
        archive = admin.get(f"/customers/{done.new.id}/export/file")
        assert archive.bytes.startswith(b"PK")
        assert told(app, admin, planted) == {}
        assert admin.get(f"/customers/{done.old.id}/export/file").status == 404


class TestGoesAlong:
    @pytest.fixture
    def done(self, world: World, planted: Planted) -> Moved:
        return moved(world, planted.customer)

    def test_what_is_the_customers_own(self, world: World, done: Moved, visit_as: Callable[[Person], Visitor]) -> None:
        with clock(ON_THE_DAY):
            admin = visit_as(world.admin)
            page = admin.get(f"/customers/{done.new.id}")
            assert page.status == 200
            for words in ("Ines Lead", CUSTOMERS_OWN, "Taken over from Harbour Lights", "€150.00"):
                assert words in page.text
            answers = admin.get(f"/customers/{done.new.id}/rfi/versions/1")
            assert CUSTOMERS_OWN in answers.text
            plan = admin.get(f"/customers/{done.new.id}/plan")
            assert "the former MSP" in plan.text

    def test_the_history_between_customer_and_provider_when_it_was(self, world: World, done: Moved) -> None:
        lines = list(History.select().where(History.customer_id == done.new.id).order_by(History.id))
        carried = [line for line in lines if line.partner_id is None]
        assert [line.kind for line in carried] == [
            "rfi.handed_in", "plan.made", "plan.step_done", "plan.step_done", "plan.signed", "plan.completed",
        ]  # fmt: skip  # in one line as they came
        assert {line.who_name for line in carried} == {"the former MSP"}
        assert all(line.at < done.transfer.ended_at for line in carried)
        assert [line.kind for line in lines if line.partner_id][:2] == ["transfer.taken_over", "order.submitted"]

    def test_what_did_not_go_along_is_said_to_the_receiving_msp(self, world: World, done: Moved) -> None:
        from data.emails import Email  # noqa: PLC0415 - for this alone

        letter = Email.get(Email.kind == "transfer_taken_over")
        assert "Partner administrator email; Technical contact" in letter.text
        assert letter.customer_id == done.new.id


def test_whoever_was_kept_from_the_customer_is_kept_from_taking_it_over(
    world: World, planted: Planted, visit_as: Callable[[Person], Visitor]
) -> None:
    from data.roles import Role  # noqa: PLC0415 - for this alone
    from tests.factories import a_grant_over  # noqa: PLC0415 - as above

    with clock(ASKING):
        transfer = asked(world, planted.customer)
        a_grant_over(world.msp_admin, planted.customer, Role.NONE)
        assert visit_as(world.msp_admin).get(f"/partner-changes/{transfer.id}").status == 404
        assert visit_as(world.admin).get(f"/partner-changes/{transfer.id}").status == 200


def test_a_role_over_the_customer_there_gives_nothing_here(
    world: World, planted: Planted, visit_as: Callable[[Person], Visitor]
) -> None:
    with clock(ASKING):
        transfer = accepted(world, asked(world, planted.customer))
        assert visit_as(planted.person).get(f"/partner-changes/{transfer.id}").status == 404
