"""Prices from a CSV file: every row checked and shown, all saved or none."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.accounts.standing import standing_of
from blueprints.partners import price_import
from blueprints.partners.prices import PriceList, prices_on
from blueprints.web.csv_files import NotCsv, read_csv, write_csv
from data.history import History, sentence
from data.orders import OrderLine
from data.partners import ContractedPrice, PriceTier, Product
from tests.factories import World, a_price
from tests.partners.orders import a_submitted_order
from tests.visits import Answer, Visitor

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
COLUMNS = "product code,valid from,users from,monthly price,one-time fee\n"
GOOD = COLUMNS + "SHIELD,2027-01-01,100,2.10,100\nSHIELD,2027-01-01,1,2.75,\nVAULT,2027-02-01,1,1.5,0\n"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(TODAY, tick=False):
        yield


def here(world: World) -> str:
    return f"/partner/{world.northstar.id}/prices/import"


def upload(visitor: Visitor, world: World, content: str | bytes, htmx: bool = False) -> Answer:
    sent = content.encode() if isinstance(content, str) else content
    typed = {"file": (io.BytesIO(sent), "prices.csv")}
    return visitor.post(here(world), typed, htmx=htmx, content_type="multipart/form-data")


def confirm(visitor: Visitor, world: World, rows: str, htmx: bool = False) -> Answer:
    return visitor.post(f"{here(world)}/confirm", {"rows": rows}, htmx=htmx)


def states(answer: Answer) -> list[str]:
    """What stands in the last cell of each row of the preview."""
    return [" ".join(row.cssselect("td")[-1].text_content().split()) for row in answer.find("tbody tr")]


def nothing_saved() -> bool:
    return ContractedPrice.select().count() == 4 and History.select().count() == 0


class TestPreview:
    def test_shows_each_row_as_it_was_understood(self, operator: Visitor, world: World) -> None:
        for htmx in (True, False):
            answer = upload(operator, world, GOOD, htmx=htmx)
            assert answer.status == 200
            assert states(answer) == ["Good", "Good", "Good"]
            first = " ".join(answer.find("tbody tr")[0].text_content().split())
            assert first == "Mail shieldrow 2 1 January 2027 100 €2.10 €100.00 Good"
            assert "They make 2 price lists" in answer.text
            assert answer.find("[name=rows]")
        assert nothing_saved()

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_reads_what_spreadsheets_save(self, operator: Visitor, world: World, encoding: str) -> None:
        written = GOOD.replace(",", ";").replace(".", ",").replace("2027-01-01", "01.01.2027").replace("\n", "\r\n")
        answer = upload(operator, world, written.encode(encoding))
        assert states(answer) == ["Good", "Good", "Good"]
        assert "€2.75" in answer.text

    def test_takes_columns_in_any_order_and_leaves_others_alone(self, operator: Visitor, world: World) -> None:
        content = "Note,Monthly Price,USERS FROM,one time fee,Valid from,Product code\nx,2,1,0,2027-01-01,shield\n"
        assert states(upload(operator, world, content)) == ["Good"]

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            (",2027-03-01,1,2,0", "The product code is missing"),
            ("NOPE,2027-03-01,1,2,0", "“NOPE” is no product code"),
            ("<b>x</b>,2027-03-01,1,2,0", "“<b>x</b>” is no product code"),
            ("VAULT,,1,2,0", "is missing"),
            ("VAULT,2027-02-30,1,2,0", "“2027-02-30” is not a day"),
            ("VAULT,03/01/2027,1,2,0", "“03/01/2027” is not a day"),
            ("VAULT,1989-01-01,1,2,0", "from 1990 to 2100"),
            ("VAULT,9999-12-31,1,2,0", "from 1990 to 2100"),
            ("VAULT,2027-03-01,,2,0", "“users from” is missing"),
            ("VAULT,2027-03-01,0,2,0", "“0” is not a whole number"),
            ("VAULT,2027-03-01,-1,2,0", "“-1” is not a whole number"),
            ("VAULT,2027-03-01,1.5,2,0", "“1.5” is not a whole number"),
            ("VAULT,2027-03-01,1000001,2,0", "not a whole number from 1 to 1,000,000"),
            ("VAULT,2027-03-01,²,2,0", "“²” is not a whole number"),
            (f"VAULT,2027-03-01,{'9' * 500},2,0", "not a whole number"),
            ("VAULT,2027-03-01,1,,0", "The monthly price is missing"),
            ("VAULT,2027-03-01,1,abc,0", "Monthly price: “abc”"),
            ("VAULT,2027-03-01,1,-2,0", "Monthly price: “-2”"),
            ("VAULT,2027-03-01,1,=1+1,0", "Monthly price: “=1+1”"),
            ("VAULT,2027-03-01,1,1e5,0", "Monthly price: “1e5”"),
            ("VAULT,2027-03-01,1,NaN,0", "Monthly price: “NaN”"),
            ('VAULT,2027-03-01,1,"1,234.50",0', "Monthly price: “1,234.50”"),
            ("VAULT,2027-03-01,1,1.23456,0", "four decimals"),
            ("VAULT,2027-03-01,1,99999999,0", "At most 9,999,999.9999"),
            ("VAULT,2027-03-01,1,2,x", "One-time fee: “x”"),
            ("VAULT,2027-03-01,1,2,", "has a one-time fee"),
            ("VAULT,2027-03-01,5,2,0", "begins at 1 user"),
            ("VAULT,2024-01-01,1,2,0", "VAULT has a price list from this day already"),
            ("VAULT,2027-02-01,1,2,0", "Row 4 has a tier from 1 already"),
            ("VAULT,2027-02-01,2,2,7", "Row 4 of the same price list has another one-time fee"),
            ("VAULT", "is missing"),
        ],
    )
    def test_says_at_the_row_what_is_wrong(self, operator: Visitor, world: World, row: str, words: str) -> None:
        answer = upload(operator, world, GOOD + row + "\n")
        assert answer.status == 422
        assert words in states(answer)[3]
        assert states(answer)[:3] == ["Good"] * 3
        assert "row 5" in answer.find("tbody tr")[3].text_content()
        assert not answer.find("[name=rows]")
        assert nothing_saved()

    def test_a_product_that_is_switched_off_has_no_price(self, operator: Visitor, world: World) -> None:
        Product.update(active=False).where(Product.id == world.vault.id).execute()
        assert states(upload(operator, world, GOOD))[2] == "Wrong VAULT is switched off in the catalogue."

    def test_counts_rows_as_the_spreadsheet_does(self, operator: Visitor, world: World) -> None:
        answer = upload(operator, world, "\n" + COLUMNS + "\n,,,,\nNOPE,2027-01-01,1,2,0\n")
        assert [row.get("data-id") for row in answer.find("tbody tr")] == ["5"]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "The file is empty"),
            (b"a,b\n1,2\n", "“product code”, “valid from”"),
            (COLUMNS.encode(), "no row below"),
            (b"PK\x03\x04\x00\x00", "not a text file"),
            (b"\xff\xfe\x00", "cannot be read"),
            (b'"product code', "quotation mark"),
            (b"x" * 1_000_001, "over 1 MB"),
            (COLUMNS.encode() + b"V,2027-01-01,1,2,0\n" * 5_001, "more than 5,000 rows"),
        ],
        ids=lambda part: part if isinstance(part, str) else repr(part[:20]),
    )
    def test_says_why_it_cannot_read_a_file(self, operator: Visitor, world: World, content: bytes, words: str) -> None:
        answer = upload(operator, world, content)
        assert answer.status == 422
        assert words in answer.find("#file-why")[0].text_content()

    def test_asks_for_a_file(self, operator: Visitor, world: World) -> None:
        answer = operator.post(here(world), {"file": "text"})
        assert (answer.status, "Choose a CSV file" in answer.text) == (422, True)

    def test_a_file_of_ten_megabytes_is_refused(self, operator: Visitor, world: World) -> None:
        assert upload(operator, world, b"x" * 10_000_000).status == 413

    def test_is_for_operators(self, admin: Visitor, stranger: Visitor, world: World) -> None:
        for visitor in (admin, stranger):
            assert visitor.get(here(world)).status == 403
            assert upload(visitor, world, GOOD).status == 403
            assert confirm(visitor, world, "").status == 403

    def test_an_unknown_partner_is_a_404(self, operator: Visitor) -> None:
        assert operator.get("/partner/999/prices/import").status == 404
        for address in ("/partner/999/prices/import", "/partner/999/prices/import/confirm"):
            assert operator.post(address, {}).status == 404

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.lists(
                st.sampled_from(["SHIELD", "VAULT", "2027-01-01", "31.01.2028", "1", "100", "2,5", "", "x", "=1"])
                | st.text(max_size=5),
                max_size=6,
            ),
            max_size=6,
        )
    )
    def test_no_file_breaks_it(self, world: World, rows: list[list[str]]) -> None:
        who = standing_of(world.operator)
        content = write_csv([price_import.COLUMNS, *rows])
        try:
            preview = price_import.preview_prices(who, world.northstar.id, content)
        except NotCsv:
            return
        assert all(bool(row.wrong) or row.priced for row in preview.rows)
        assert preview.wrong_rows or sum(len(prices.tiers) for prices in preview.lists) == len(preview.rows)


class TestImport:
    def sealed(self, operator: Visitor, world: World, content: str = GOOD) -> str:
        return upload(operator, world, content).value("rows")

    def test_saves_all_and_says_so(self, operator: Visitor, world: World) -> None:
        answer = confirm(operator, world, self.sealed(operator, world), htmx=True)
        assert answer.headers["HX-Redirect"] == f"/partner/{world.northstar.id}/prices"
        assert "2 price lists imported." in operator.get(answer.headers["HX-Redirect"]).text
        assert prices_on(world.northstar.id, date(2027, 2, 1)) == {
            world.shield.id: PriceList(
                world.shield.id, date(2027, 1, 1), Decimal(100), ((1, Decimal("2.75")), (100, Decimal("2.1")))
            ),
            world.vault.id: PriceList(world.vault.id, date(2027, 2, 1), Decimal(0), ((1, Decimal("1.5")),)),
        }

    def test_works_without_htmx(self, operator: Visitor, world: World) -> None:
        assert confirm(operator, world, self.sealed(operator, world)).status == 303

    def test_leaves_one_line_of_history(self, operator: Visitor, world: World) -> None:
        confirm(operator, world, self.sealed(operator, world))
        line = History.get()
        assert (History.select().count(), line.partner_id) == (1, world.northstar.id)
        assert sentence(line) == "2 contracted prices imported"

    def test_a_second_press_saves_nothing_and_says_why(self, operator: Visitor, world: World) -> None:
        rows = self.sealed(operator, world)
        confirm(operator, world, rows)
        answer = confirm(operator, world, rows, htmx=True)
        assert answer.status == 409
        assert "Nothing was saved" in answer.text
        assert states(answer) == ["Wrong SHIELD has a price list from this day already. Choose another day."] * 2 + [
            "Wrong VAULT has a price list from this day already. Choose another day."
        ]
        assert ContractedPrice.select().count() == 6

    def test_refuses_all_when_one_row_went_bad_meanwhile(self, operator: Visitor, world: World) -> None:
        rows = self.sealed(operator, world)
        a_price(world.northstar, world.vault, valid_from=date(2027, 2, 1))
        answer = confirm(operator, world, rows)
        assert answer.status == 409
        assert states(answer)[:2] == ["Good", "Good"]
        assert "already" in states(answer)[2]
        assert ContractedPrice.select().count() == 5
        assert PriceTier.select().where(PriceTier.users_from == 100).count() == 2

    @pytest.mark.parametrize("rows", ["", "x", "a.b.c", "\x00", "é", "W10.aaaa.bbbb"])
    def test_refuses_rows_it_did_not_seal(self, operator: Visitor, world: World, rows: str) -> None:
        answer = confirm(operator, world, rows)
        assert answer.status == 422
        assert "Upload the file again" in answer.text
        assert nothing_saved()

    def test_refuses_rows_that_were_altered(self, operator: Visitor, world: World) -> None:
        rows = self.sealed(operator, world)
        for place in (0, len(rows) // 2, len(rows) - 1):
            altered = rows[:place] + ("A" if rows[place] != "A" else "B") + rows[place + 1 :]
            assert confirm(operator, world, altered).status == 422
        assert nothing_saved()

    def test_refuses_rows_checked_for_another_partner_or_person(
        self, operator: Visitor, world: World, visit_as
    ) -> None:
        rows = self.sealed(operator, world)
        assert operator.post(f"/partner/{world.harbour.id}/prices/import/confirm", {"rows": rows}).status == 422
        type(world.stranger).update(operator=True).where(type(world.stranger).id == world.stranger.id).execute()
        assert confirm(visit_as(world.stranger), world, rows).status == 422
        assert nothing_saved()

    def test_refuses_a_preview_of_yesterday(self, world: World) -> None:
        who, row = standing_of(world.operator), price_import.Row(2, ("VAULT", "2027-01-01", "1", "1", "0"))
        rows = price_import.sealed([row], world.northstar.id, who, "secret")
        assert price_import.unsealed(rows, world.northstar.id, who, "secret") == [row]
        with time_machine.travel(datetime(2026, 11, 22, 13, tzinfo=UTC)), pytest.raises(price_import.PreviewGone):
            price_import.unsealed(rows, world.northstar.id, who, "secret")

    def test_missing_and_doubled_rows_are_no_error_of_the_portal(self, operator: Visitor, world: World) -> None:
        assert operator.post(f"{here(world)}/confirm", {}).status == 422
        rows = self.sealed(operator, world)
        assert operator.post(f"{here(world)}/confirm", {"rows": [rows, "x"]}).status == 303

    def test_takes_as_many_rows_as_it_says(self, operator: Visitor, world: World) -> None:
        rows = "".join(f"VAULT,{2030 + n // 200}-01-01,{n % 200 + 1},1.{n:04},0\n" for n in range(5_000))
        answer = upload(operator, world, COLUMNS + rows)
        assert "5,000 rows in the file" in answer.text
        assert confirm(operator, world, answer.value("rows")).status == 303
        assert ContractedPrice.select().count() == 4 + 25
        assert PriceTier.select().count() == 6 + 5_000

    def test_never_alters_a_submitted_order(self, operator: Visitor, world: World) -> None:
        order = a_submitted_order(world)
        before = list(OrderLine.select().where(OrderLine.order == order).dicts())
        confirm(operator, world, self.sealed(operator, world, GOOD.replace("2027-01-01", "2026-11-21")))
        assert list(OrderLine.select().where(OrderLine.order == order).dicts()) == before


class TestTemplate:
    def test_has_the_prices_in_force_and_can_be_uploaded_as_it_is(self, operator: Visitor, world: World) -> None:
        Product.update(active=False).where(Product.id == world.unpriced.id).execute()
        answer = operator.get(f"/partner/{world.northstar.id}/prices/template.csv")
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="contracted-prices.csv"'
        assert read_csv(answer.bytes) == [
            list(price_import.COLUMNS),
            ["SHIELD", "2026-12-01", "1", "2.5", "100"],
            ["SHIELD", "2026-12-01", "100", "2", "100"],
            ["VAULT", "2026-12-01", "1", "1.25", "0"],
        ]
        assert upload(operator, world, answer.bytes).status == 200

    def test_names_products_without_a_price(self, operator: Visitor, world: World) -> None:
        answer = operator.get(f"/partner/{world.northstar.id}/prices/template.csv")
        assert ["NEWER", "2026-12-01", "1", "", ""] in read_csv(answer.bytes)

    def test_begins_next_month_also_in_december(self, world: World) -> None:
        with time_machine.travel(datetime(2026, 12, 31, 12, tzinfo=UTC)):
            rows = price_import.template_rows(standing_of(world.operator), world.northstar.id)
        assert {row[1] for row in rows[1:]} == {"2027-01-01"}
