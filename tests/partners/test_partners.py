"""Partners of the installation: who reaches which, adding, closing and opening again."""

import pytest

from blueprints.accounts.standing import Standing, standing_of
from blueprints.partners import rules
from blueprints.web.refusals import MayNot, NotThere
from data.accounts import Person
from data.history import History, sentence
from data.moments import now
from data.partners import Partner
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_partner, a_person
from tests.visits import Visitor

NEW = {"name": "Third Wave", "currency": "CHF", "timezone": "Europe/Zurich"}


def standing(person: Person) -> Standing:
    return standing_of(person)


class TestPartnersFor:
    @pytest.mark.parametrize(
        ("name", "permission", "reached"),
        [
            ("operator", "prospects.edit", ["Harbour Lights", "Northstar IT"]),
            ("admin", "partner.edit", ["Northstar IT"]),
            ("msp_admin", "partner.see", ["Northstar IT"]),
            ("msp_admin", "partner.edit", []),
            ("viewer", "prospects.see", ["Northstar IT"]),
            ("viewer", "prospects.edit", []),
            ("admin", "prices.edit", []),
            ("stranger", "partner.edit", ["Harbour Lights"]),
        ],
    )
    def test_are_those_whose_role_permits_it(
        self, world: World, name: str, permission: str, reached: list[str]
    ) -> None:
        who = standing(getattr(world, name))
        assert [partner.name for partner in rules.partners_for(who, permission)] == reached

    @pytest.mark.parametrize("name", ["admin", "operator"])
    def test_closed_ones_are_only_read(self, world: World, name: str) -> None:
        Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
        who = standing(getattr(world, name))
        assert "Northstar IT" in [partner.name for partner in rules.partners_for(who, "prospects.see")]
        assert "Northstar IT" not in [partner.name for partner in rules.partners_for(who, "prospects.edit")]

    def test_does_not_fetch_the_logos(self, world: World) -> None:
        Partner.update(logo=b"x" * 100, logo_type="image/png").execute()
        assert all(partner.logo is None for partner in rules.partners_for(standing(world.operator), "partner.see"))


class TestFindPartner:
    def test_finds_ones_own(self, world: World) -> None:
        assert rules.find_partner(standing(world.admin), world.northstar.id, "partner.edit") == world.northstar

    def test_hides_those_of_others(self, world: World) -> None:
        for partner_id in (world.harbour.id, 999):
            with pytest.raises(NotThere):
                rules.find_partner(standing(world.admin), partner_id)

    def test_refuses_a_role_that_is_too_low(self, world: World) -> None:
        with pytest.raises(MayNot):
            rules.find_partner(standing(world.technician), world.northstar.id, "partner.edit")

    def test_a_person_of_a_single_customer_knows_the_partner_and_may_not_see_it(self, world: World) -> None:
        person = a_person("Single")
        a_grant_over(person, a_customer(world.northstar), Role.TECHNICIAN)
        with pytest.raises(MayNot):
            rules.find_partner(standing(person), world.northstar.id)
        with pytest.raises(NotThere):
            rules.find_partner(standing(person), world.harbour.id)

    @pytest.mark.parametrize("name", ["admin", "operator"])
    def test_a_closed_one_is_read_and_nothing_is_ordered_in_it(self, world: World, name: str) -> None:
        Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
        who = standing(getattr(world, name))
        assert rules.find_partner(who, world.northstar.id, "partner.see").closed_at
        for permission in ("orders.submit", "prospects.edit", "partner.edit"):
            with pytest.raises(rules.PartnerClosed, match="Northstar IT is closed"):
                rules.find_partner(who, world.northstar.id, permission)


class TestList:
    def test_shows_all_partners_and_which_are_closed(self, operator: Visitor, world: World) -> None:
        a_partner("Closed one", closed_at=now())
        answer = operator.get("/partners/")
        assert [row.cssselect("a")[0].text for row in answer.find("tbody tr")] == [
            "Closed one",
            "Harbour Lights",
            "Northstar IT",
        ]
        assert "Closed" in answer.find("tbody tr")[0].text_content()

    @pytest.mark.parametrize("name", ["admin", "viewer"])
    def test_is_for_operators(self, visit_as, world: World, name: str) -> None:
        assert visit_as(getattr(world, name)).get("/partners/").status == 403


class TestAddPartner:
    def test_adds_and_says_so(self, operator: Visitor) -> None:
        answer = operator.post("/partners/new", NEW, htmx=True)
        partner = Partner.get(Partner.name == "Third Wave")
        assert answer.headers["HX-Redirect"] == f"/partner/{partner.id}"
        assert (partner.currency, partner.timezone, partner.closed_at) == ("CHF", "Europe/Zurich", None)
        assert "Third Wave added" in operator.get(f"/partner/{partner.id}").text

    def test_works_without_htmx(self, operator: Visitor) -> None:
        assert operator.post("/partners/new", NEW).status == 303

    @pytest.mark.parametrize(
        ("typed", "name", "words"),
        [
            ({"name": ""}, "name", "Fill this in"),
            ({"name": "x" * 201}, "name", "At most 200"),
            ({"name": "a\x00"}, "name", "control character"),
            ({"name": " northstár  it"}, "name", "already has this name"),
            ({"name": "´"}, "name", "at least one letter"),
            ({"currency": ""}, "currency", "Choose one"),
            ({"currency": "BTC"}, "currency", "Choose one"),
            ({"timezone": ""}, "timezone", "Choose one"),
            ({"timezone": "/etc/localtime"}, "timezone", "Choose one"),
        ],
    )
    def test_shows_what_is_wrong_and_keeps_the_typing(
        self, operator: Visitor, typed: dict[str, str], name: str, words: str
    ) -> None:
        answer = operator.post("/partners/new", NEW | typed)
        assert answer.status == 422
        assert words in answer.find(f"#{name}-why")[0].text_content()
        if name != "name":
            assert answer.value("name") == "Third Wave"
        assert Partner.select().count() == 2

    def test_two_of_the_same_name_make_one(self, operator: Visitor) -> None:
        assert operator.post("/partners/new", NEW).status == 303
        assert operator.post("/partners/new", NEW).status == 422
        assert Partner.select().where(Partner.name == "Third Wave").count() == 1

    def test_is_for_operators(self, admin: Visitor) -> None:
        assert admin.get("/partners/new").status == 403
        assert admin.post("/partners/new", NEW).status == 403

    def test_leaves_one_line_of_history(self, operator: Visitor) -> None:
        operator.post("/partners/new", NEW)
        assert [sentence(line) for line in History.select()] == ["Partner Third Wave added"]


class TestClose:
    def test_its_people_keep_reading_and_change_nothing(self, operator: Visitor, admin: Visitor, world: World) -> None:
        here = f"/partner/{world.northstar.id}"
        assert operator.post(f"{here}/close").location == here
        assert "is closed. Its people can still read" in operator.get(here).text
        page = admin.get(here)
        assert "The provider closed Northstar IT" in page.text
        assert not page.find("main form")
        assert admin.get(f"{here}/prices").status == 200
        answer = admin.post(here, {"version": "2"})
        assert (answer.status, "Northstar IT is closed" in answer.text) == (403, True)
        assert admin.post(f"{here}/logo", {"version": "2"}).status == 403
        assert operator.post(f"{here}/logo/remove", {"version": "2"}).status == 403

    def test_opens_again(self, operator: Visitor, admin: Visitor, world: World) -> None:
        here = f"/partner/{world.northstar.id}"
        operator.post(f"{here}/close")
        answer = operator.post(f"{here}/reopen", htmx=True)
        assert answer.headers["HX-Redirect"] == here
        assert "is open again" in operator.get(here).text
        assert admin.get(here).find("main form")

    def test_a_second_press_changes_nothing(self, operator: Visitor, world: World) -> None:
        here = f"/partner/{world.northstar.id}"
        assert [operator.post(f"{here}/{act}").status for act in ("reopen", "close", "close")] == [409, 303, 409]
        assert History.select().count() == 1

    def test_an_open_form_is_stale_afterwards(self, operator: Visitor, admin: Visitor, world: World) -> None:
        here = f"/partner/{world.northstar.id}"
        operator.post(f"{here}/close")
        operator.post(f"{here}/reopen")
        typed = {
            "name": "A",
            "agreement_name": "A",
            "currency": "EUR",
            "timezone": "UTC",
            "country": "",
            "rfi_close_days": "30",
            "change_billing": "prorated",
            "version": "1",
        }
        assert admin.post(here, typed).status == 409

    def test_is_for_operators(self, admin: Visitor, world: World) -> None:
        for act in ("close", "reopen"):
            assert admin.post(f"/partner/{world.northstar.id}/{act}").status == 403

    def test_leaves_one_line_of_history_each(self, operator: Visitor, world: World) -> None:
        operator.post(f"/partner/{world.northstar.id}/close")
        operator.post(f"/partner/{world.northstar.id}/reopen")
        assert [sentence(line) for line in History.select().order_by(History.id)] == [
            "Partner Northstar IT closed",
            "Partner Northstar IT opened again",
        ]
