"""The product catalogue: the seven questions for adding and changing."""

import pytest

from data.history import History, sentence
from data.orders import OrderLine
from data.partners import Product
from tests.factories import World
from tests.partners.orders import a_submitted_order
from tests.visits import Visitor

NEW = {
    "code": "go-on",
    "name": "Mail goes on",
    "description": "Continuity",
    "services": ["continuity", "security"],
    "active": "y",
}
SHIELD = {"code": "SHIELD", "name": "Mail shield", "services": ["security"], "active": "y", "version": "1"}

WRONG = [
    ({"code": ""}, "code", "Fill this in"),
    ({"code": "A" * 21}, "code", "At most 20"),
    ({"code": "A B"}, "code", "A–Z, 0–9"),
    ({"code": "-A"}, "code", "A–Z, 0–9"),
    ({"code": "ÄÖ"}, "code", "A–Z, 0–9"),
    ({"code": "=1+1"}, "code", "A–Z, 0–9"),
    ({"code": "A\x00"}, "code", "control character"),
    ({"code": "vault"}, "code", "already has this code"),
    ({"name": ""}, "name", "Fill this in"),
    ({"name": " \t "}, "name", "Fill this in"),
    ({"name": "x" * 201}, "name", "At most 200"),
    ({"description": "x" * 1_001}, "description", "At most 1000"),
    ({"services": ["security", "coffee"]}, "services", "Choose services from the list"),
    ({"services": ["\x00"]}, "services", "Choose services from the list"),
]


class TestCatalogue:
    def test_lists_what_can_be_ordered_first(self, operator: Visitor, world: World) -> None:
        Product.update(active=False).where(Product.id == world.shield.id).execute()
        answer = operator.get("/catalogue/")
        assert [row.cssselect("code")[0].text for row in answer.find("tbody tr")] == ["VAULT", "NEWER", "SHIELD"]
        assert "Switched off" in answer.find("tbody tr")[-1].text_content()

    def test_says_what_to_do_when_it_is_empty(self, operator: Visitor) -> None:
        from data.partners import ContractedPrice, PriceTier  # noqa: PLC0415 - only here

        for record in (PriceTier, ContractedPrice, Product):
            record.delete().execute()
        assert "The catalogue is empty" in operator.get("/catalogue/").text

    def test_is_for_operators(self, admin: Visitor, world: World) -> None:
        for address in ("/catalogue/", "/catalogue/new", f"/catalogue/{world.shield.id}"):
            assert admin.get(address).status == 403

    @pytest.mark.parametrize("product_id", [0, 999, 2**63])
    def test_an_unknown_product_is_a_404(self, operator: Visitor, product_id: int) -> None:
        assert operator.get(f"/catalogue/{product_id}").status == 404
        assert operator.post(f"/catalogue/{product_id}", SHIELD).status in (404, 405)


class TestAddProduct:
    def test_adds_and_says_so(self, operator: Visitor) -> None:
        answer = operator.post("/catalogue/new", NEW, htmx=True)
        assert answer.headers["HX-Redirect"] == "/catalogue/"
        assert "Mail goes on added" in operator.get("/catalogue/").text
        product = Product.get(Product.code == "GO-ON")
        assert (product.services, product.active) == (("security", "continuity"), True)

    def test_works_without_htmx(self, operator: Visitor) -> None:
        assert operator.post("/catalogue/new", NEW).location == "/catalogue/"

    @pytest.mark.parametrize(("typed", "name", "words"), WRONG)
    def test_shows_what_is_wrong_and_keeps_the_typing(self, operator: Visitor, typed, name: str, words: str) -> None:
        answer = operator.post("/catalogue/new", NEW | typed)
        assert answer.status == 422
        assert words in answer.find(f"#{name}-why")[0].text_content()
        if name != "name":
            assert answer.value("name") == "Mail goes on"
        assert Product.select().count() == 3

    def test_two_presses_make_one(self, operator: Visitor) -> None:
        assert [operator.post("/catalogue/new", NEW).status for _ in range(2)] == [303, 422]
        assert Product.select().count() == 4

    def test_a_product_may_switch_on_nothing(self, operator: Visitor) -> None:
        operator.post("/catalogue/new", NEW | {"services": []})
        assert Product.get(Product.code == "GO-ON").services == ()

    def test_is_for_operators(self, admin: Visitor) -> None:
        assert admin.post("/catalogue/new", NEW).status == 403

    def test_leaves_one_line_of_history(self, operator: Visitor) -> None:
        operator.post("/catalogue/new", NEW)
        assert [sentence(line) for line in History.select()] == ["Product GO-ON added: Mail goes on"]


class TestSaveProduct:
    def test_saves_and_says_so(self, operator: Visitor, world: World) -> None:
        typed = SHIELD | {"name": "Shield", "services": ["security", "migration"]}
        answer = operator.post(f"/catalogue/{world.shield.id}", typed, htmx=True)
        assert answer.headers["HX-Redirect"] == "/catalogue/"
        said = "Shield saved: name Mail shield → Shield; services Security → Security, Migration."
        assert said in operator.get("/catalogue/").text
        assert Product.get_by_id(world.shield.id).services == ("security", "migration")

    def test_works_without_htmx(self, operator: Visitor, world: World) -> None:
        assert operator.post(f"/catalogue/{world.shield.id}", SHIELD | {"name": "Shield"}).status == 303

    @pytest.mark.parametrize(("typed", "name", "words"), WRONG)
    def test_shows_what_is_wrong(self, operator: Visitor, world: World, typed, name: str, words: str) -> None:
        answer = operator.post(f"/catalogue/{world.shield.id}", SHIELD | typed, htmx=True)
        assert answer.status == 422
        assert words in answer.find(f"#{name}-why")[0].text_content()
        assert Product.get_by_id(world.shield.id).version == 1

    def test_refuses_what_someone_changed_meanwhile(self, operator: Visitor, world: World) -> None:
        here = f"/catalogue/{world.shield.id}"
        operator.post(here, SHIELD | {"name": "First", "services": ["archiving"]})
        answer = operator.post(here, SHIELD | {"name": "Second"}, htmx=True)
        assert answer.status == 409
        assert "Someone else changed this" in answer.text
        assert "Saved meanwhile: First" in answer.text
        assert "Saved meanwhile: Archiving" in answer.text
        assert answer.value("name") == "Second"
        assert Product.get_by_id(world.shield.id).name == "First"
        operator.post(here, SHIELD | {"name": "Second", "version": answer.value("version")})
        assert Product.get_by_id(world.shield.id).name == "Second"

    def test_switched_off_it_is_kept_for_old_orders(self, operator: Visitor, world: World) -> None:
        order = a_submitted_order(world)
        operator.post(
            f"/catalogue/{world.shield.id}", {name: value for name, value in SHIELD.items() if name != "active"}
        )
        assert Product.get_by_id(world.shield.id).active is False
        line = OrderLine.get(OrderLine.order == order)
        assert (line.code, line.name, line.services) == ("SHIELD", "Mail shield", "security")
        assert [sentence(entry) for entry in History.select()] == ["Product SHIELD: switched off"]
        operator.post(f"/catalogue/{world.shield.id}", SHIELD | {"version": "2"})
        assert Product.get_by_id(world.shield.id).active is True

    def test_a_new_code_and_name_leave_orders_as_they_were(self, operator: Visitor, world: World) -> None:
        order = a_submitted_order(world)
        operator.post(f"/catalogue/{world.shield.id}", SHIELD | {"code": "other", "name": "Other"})
        assert Product.get_by_id(world.shield.id).code == "OTHER"
        line = OrderLine.get(OrderLine.order == order)
        assert (line.code, line.name) == ("SHIELD", "Mail shield")

    def test_saving_the_same_again_writes_nothing(self, operator: Visitor, world: World) -> None:
        operator.post(f"/catalogue/{world.shield.id}", SHIELD)
        assert (Product.get_by_id(world.shield.id).version, History.select().count()) == (1, 0)

    def test_is_for_operators(self, admin: Visitor, world: World) -> None:
        assert admin.post(f"/catalogue/{world.shield.id}", SHIELD).status == 403

    def test_leaves_one_line_of_history(self, operator: Visitor, world: World) -> None:
        operator.post(f"/catalogue/{world.shield.id}", SHIELD | {"code": "S-2", "description": "New"})
        told = [sentence(line) for line in History.select()]
        assert told == ["Product SHIELD: code SHIELD → S-2; description rewritten"]
