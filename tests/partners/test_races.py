"""Two people in the same moment: the database lets one in, and the other reads a sentence.

The look-ups that would have warned are switched off, as they see nothing when both look before either writes.
"""

from datetime import date
from decimal import Decimal

import pytest

from blueprints.accounts.standing import Standing, standing_of
from blueprints.partners import catalogue, price_import, prices, rules
from data.history import History
from data.partners import ContractedPrice, Partner, Product
from tests.factories import World


@pytest.fixture
def who(world: World) -> Standing:
    return standing_of(world.operator)


@pytest.fixture(autouse=True)
def _nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((rules, "refuse_taken_name"), (catalogue, "refuse_taken_code"), (prices, "refuse_second")):
        monkeypatch.setattr(module, name, lambda *_: None)


def test_one_of_two_new_partners_with_the_same_name_is_refused(who: Standing) -> None:
    with pytest.raises(rules.NameTaken):
        rules.add_partner(who, "NORTHSTAR  IT", "EUR", "UTC")
    assert (Partner.select().count(), History.select().count()) == (2, 0)


def test_one_of_two_partners_renamed_alike_is_refused(who: Standing, world: World) -> None:
    with pytest.raises(rules.NameTaken):
        rules.change_settings(who, world.northstar.id, {"name": "Harbour Lights"}, 1)
    assert Partner.get_by_id(world.northstar.id).version == 1


def test_one_of_two_products_with_the_same_code_is_refused(who: Standing, world: World) -> None:
    with pytest.raises(catalogue.CodeTaken):
        catalogue.add_product(who, catalogue.Entry("SHIELD", "Second"))
    with pytest.raises(catalogue.CodeTaken):
        catalogue.change_product(who, world.vault.id, catalogue.Entry("SHIELD", "Second"), 1)
    assert (Product.select().count(), History.select().count()) == (3, 0)


def test_one_of_two_price_lists_from_the_same_day_is_refused(who: Standing, world: World) -> None:
    again = prices.PriceList(world.shield.id, date(2024, 1, 1), Decimal(0), ((1, Decimal(1)),))
    with pytest.raises(prices.AlreadyPriced):
        prices.contract_price(who, world.northstar.id, again)
    assert (ContractedPrice.select().count(), History.select().count()) == (4, 0)


def test_an_import_that_meets_another_saves_nothing(
    who: Standing, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        price_import.Row(2, ("VAULT", "2027-01-01", "1", "1", "0")),
        price_import.Row(3, ("SHIELD", "2024-01-01", "1", "1", "0")),
    ]
    check = price_import.check_rows_of_list
    blind = [True]

    def looks_only_later(rows: list[price_import.Row], *, already: bool) -> list[price_import.Row]:
        return check(rows, already=already and not blind)

    def write(*given: object) -> None:
        blind.clear()
        write_lists(*given)

    write_lists = price_import.write_lists
    monkeypatch.setattr(price_import, "check_rows_of_list", looks_only_later)
    monkeypatch.setattr(price_import, "write_lists", write)
    with pytest.raises(price_import.RowsRefused) as refusal:
        price_import.import_prices(who, world.northstar.id, rows)
    assert [bool(row.wrong) for row in refusal.value.preview.rows] == [False, True]
    assert (ContractedPrice.select().count(), History.select().count()) == (4, 0)
