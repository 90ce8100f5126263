"""Contracted prices from a CSV file: every row checked and shown first, then all of them saved or none."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from itsdangerous import BadData, URLSafeTimedSerializer
from peewee import IntegrityError, chunked

from blueprints.accounts.standing import Standing
from blueprints.partners.prices import PriceList, prices_on
from blueprints.partners.rules import find_partner
from blueprints.web.amounts import MOST_USERS, amount
from blueprints.web.csv_files import NotCsv, read_csv
from blueprints.web.refusals import Refused
from data import history
from data.database import transaction
from data.folding import fold
from data.moments import now, today
from data.partners import ContractedPrice, Partner, PriceTier, Product

COLUMNS = ("product code", "valid from", "users from", "monthly price", "one-time fee")
PREVIEW_LASTS = timedelta(days=1)
SHOWN_AT_MOST = 40  # characters of a cell, when a sentence repeats it
AT_ONCE = 1_000  # rows in one INSERT


@dataclass(frozen=True)
class Priced:
    """A row as it was understood. `one_time_fee` is None where the cell is empty."""

    product: Product
    valid_from: date
    users_from: int
    monthly: Decimal
    one_time_fee: Decimal | None

    @property
    def of_list(self) -> tuple[int, date]:
        return self.product.id, self.valid_from


@dataclass(frozen=True)
class Row:
    """A row of the file: its number in the spreadsheet, the cells under COLUMNS, what they mean, what is wrong."""

    number: int
    cells: tuple[str, ...]
    priced: Priced | None = None
    wrong: str = ""


@dataclass(frozen=True)
class Preview:
    """All rows, and the price lists they make when every row is good."""

    rows: tuple[Row, ...]
    lists: tuple[PriceList, ...]

    @property
    def wrong_rows(self) -> int:
        return sum(1 for row in self.rows if row.wrong)


class RowsRefused(Refused):
    """The rows were good when they were shown, and are not any more. Carries the new preview."""

    sentence = "Nothing was saved: meanwhile some rows cannot be imported any more."

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


class PreviewGone(Refused):
    sentence = "This preview is too old or was altered. Upload the file again."


def preview_prices(who: Standing, partner_id: int, content: bytes) -> Preview:
    """What the file would do. Saves nothing. Raises NotThere, MayNot, NotCsv."""
    partner = find_partner(who, partner_id, "prices.edit")
    return checked(partner, rows_under_columns(read_csv(content)))


def import_prices(who: Standing, partner_id: int, rows: Sequence[Row]) -> int:
    """Save all rows or none; the number of price lists saved. Checks everything again.

    Raises NotThere, MayNot, RowsRefused.
    """
    try:
        with transaction():
            partner = find_partner(who, partner_id, "prices.edit", for_update=True)
            preview = checked(partner, rows)
            if preview.wrong_rows:
                raise RowsRefused(preview)
            write_lists(partner, preview.lists)
            history.record("price.imported", who, partner=partner.id, count=len(preview.lists))
    except IntegrityError:
        # Somebody added one of these price lists in the same moment.
        raise RowsRefused(checked(find_partner(who, partner_id, "prices.edit"), rows)) from None
    return len(preview.lists)


def template_rows(who: Standing, partner_id: int) -> list[tuple[str, ...]]:
    """A file to fill in: the columns, and each product with the prices in force, or one row without prices.

    The rows are valid from the first of next month. Raises NotThere, MayNot.
    """
    partner = find_partner(who, partner_id, "prices.edit")
    day = today(partner.timezone)
    in_force = prices_on(partner.id, day)
    begins = (day.replace(day=1) + timedelta(days=31)).replace(day=1).isoformat()
    rows: list[tuple[str, ...]] = [COLUMNS]
    for product in Product.select().where(Product.active).order_by(Product.code):
        if product.id not in in_force:
            rows.append((product.code, begins, "1", "", ""))
            continue
        prices = in_force[product.id]
        rows += [
            (product.code, begins, str(users), plain(monthly), plain(prices.one_time_fee))
            for users, monthly in prices.tiers
        ]
    return rows


def plain(money: Decimal) -> str:
    return f"{money.normalize():f}"


def rows_under_columns(table: Sequence[Sequence[str]]) -> list[Row]:
    """The rows with their cells in the order of COLUMNS, whatever order the file has them in. Raises NotCsv."""
    heading_at = next(place for place, cells in enumerate(table) if cells)
    heading = [fold(cell).replace("-", " ") for cell in table[heading_at]]
    wanted = [column.replace("-", " ") for column in COLUMNS]
    if missing := [column for column, name in zip(COLUMNS, wanted, strict=True) if name not in heading]:
        raise NotCsv(f"The first row names the columns, and {', '.join(f'“{name}”' for name in missing)} is missing.")
    places = [heading.index(name) for name in wanted]
    rows = [
        Row(number, tuple(cells[place] if place < len(cells) else "" for place in places))
        for number, cells in enumerate(table[heading_at + 1 :], heading_at + 2)
        if cells
    ]
    if not rows:
        raise NotCsv("There is no row below the names of the columns.")
    return rows


def checked(partner: Partner, rows: Iterable[Row]) -> Preview:
    """Each row by itself, then the rows of one price list together. Three queries at most."""
    products = {product.code: product for product in Product.select()}
    taken = ContractedPrice.select(ContractedPrice.product_id, ContractedPrice.valid_from)
    there = {(row.product_id, row.valid_from) for row in taken.where(ContractedPrice.partner == partner)}
    read = [read_row(row, products) for row in rows]
    understood = all(row.priced for row in read)
    of_list: defaultdict[tuple[int, date], list[int]] = defaultdict(list)
    for place, row in enumerate(read):
        if row.priced:
            of_list[row.priced.of_list].append(place)
    lists = []
    for key, places in of_list.items():
        prices = check_rows_of_list([read[place] for place in places], already=key in there)
        prices = check_whole_list(prices) if understood else prices
        for place, row in zip(places, prices, strict=True):
            read[place] = row
        if not any(row.wrong for row in prices):
            lists.append(price_list_of(prices))
    return Preview(tuple(read), tuple(lists))


def read_row(row: Row, products: dict[str, Product]) -> Row:
    """The row with what it means, or with the sentence that says what is wrong."""
    code, valid_from, users_from, monthly, one_time_fee = row.cells
    try:
        priced = Priced(
            product_of(code, products),
            day_of(valid_from),
            users_of(users_from),
            money_of("monthly price", monthly),
            money_of("one-time fee", one_time_fee) if one_time_fee else None,
        )
    except Refused as refusal:
        return replace(row, wrong=refusal.sentence)
    return replace(row, priced=priced)


def product_of(code: str, products: dict[str, Product]) -> Product:
    product = products.get(code.upper())
    if product is None:
        raise Refused(
            f"“{shown(code)}” is no product code of the catalogue." if code else "The product code is missing."
        )
    if not product.active:
        raise Refused(f"{product.code} is switched off in the catalogue.")
    return product


def day_of(cell: str) -> date:
    """2027-01-31 or 31.01.2027; slashes are refused, because they mean two different days."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            day = datetime.strptime(cell, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if 1990 <= day.year <= 2100:
            return day
    raise Refused(
        f"Valid from: “{shown(cell)}” is not a day such as 2027-01-31 or 31.01.2027, from 1990 to 2100."
        if cell
        else "The day in “valid from” is missing."
    )


def users_of(cell: str) -> int:
    if not cell:
        raise Refused("The number in “users from” is missing.")
    if not cell.isascii() or not cell.isdigit() or len(cell) > 9 or not 1 <= int(cell) <= MOST_USERS:
        raise Refused(f"Users from: “{shown(cell)}” is not a whole number from 1 to {MOST_USERS:,}.")
    return int(cell)


def money_of(name: str, cell: str) -> Decimal:
    if not cell:
        raise Refused(f"The {name} is missing.")
    try:
        return amount(cell)
    except ValueError as problem:
        raise Refused(f"{name.capitalize()}: “{shown(cell)}”. {problem}") from None


def shown(cell: str) -> str:
    return cell if len(cell) <= SHOWN_AT_MOST else f"{cell[: SHOWN_AT_MOST - 1]}…"


def check_rows_of_list(rows: Sequence[Row], *, already: bool) -> list[Row]:
    """The rows of one price list, with what is wrong between them. `already`: there is a list from that day."""
    checked_rows: list[Row] = []
    seen: dict[int, int] = {}
    fee, fee_at = fee_of(rows)
    for row in rows:
        assert row.priced is not None  # only understood rows come here
        users = row.priced.users_from
        wrong = ""
        if already:
            wrong = f"{row.priced.product.code} has a price list from this day already. Choose another day."
        elif users in seen:
            wrong = f"Row {seen[users]} has a tier from {users} already."
        elif row.priced.one_time_fee not in (None, fee):
            wrong = f"Row {fee_at} of the same price list has another one-time fee."
        seen.setdefault(users, row.number)
        checked_rows.append(replace(row, wrong=wrong))
    return checked_rows


def check_whole_list(rows: list[Row]) -> list[Row]:
    """The rows, the first of them with what the price list lacks."""
    wrong = rows[0].wrong
    if fee_of(rows)[0] is None:
        wrong = wrong or "No row of this price list has a one-time fee. Write 0 if there is none."
    if not any(row.priced and row.priced.users_from == 1 for row in rows):
        wrong = wrong or "No row of this price list begins at 1 user."
    return [replace(rows[0], wrong=wrong), *rows[1:]]


def fee_of(rows: Sequence[Row]) -> tuple[Decimal | None, int]:
    """The first one-time fee given, and the number of its row."""
    given = ((row.priced.one_time_fee, row.number) for row in rows if row.priced)
    return next(((fee, number) for fee, number in given if fee is not None), (None, 0))


def price_list_of(rows: Sequence[Row]) -> PriceList:
    """The price list that good rows make."""
    priced = [row.priced for row in rows if row.priced]
    fee, _ = fee_of(rows)
    tiers = tuple(sorted((row.users_from, row.monthly) for row in priced))
    return PriceList(priced[0].product.id, priced[0].valid_from, fee or Decimal(0), tiers)


def write_lists(partner: Partner, lists: Sequence[PriceList]) -> None:
    """The rows of checked price lists, many at once. Call inside the transaction."""
    at = now()
    for some in chunked(lists, AT_ONCE):
        ContractedPrice.insert_many(
            [
                {
                    "partner": partner.id,
                    "product": prices.product_id,
                    "valid_from": prices.valid_from,
                    "one_time_fee": prices.one_time_fee,
                    "created_at": at,
                }
                for prices in some
            ]
        ).execute()
    written = ContractedPrice.select().where(ContractedPrice.partner == partner)
    ids = {(row.product_id, row.valid_from): row.id for row in written}
    tiers = [
        {
            "contracted_price": ids[prices.product_id, prices.valid_from],
            "users_from": users_from,
            "monthly_per_user": monthly,
        }
        for prices in lists
        for users_from, monthly in prices.tiers
    ]
    for some in chunked(tiers, AT_ONCE):
        PriceTier.insert_many(some).execute()


def sealed(rows: Iterable[Row], partner_id: int, who: Standing, secret: str) -> str:
    """The rows as text that comes back unaltered or not at all; good for this person and partner, for a day."""
    return seal_of(partner_id, who, secret).dumps([[row.number, *row.cells] for row in rows])


def unsealed(text: str, partner_id: int, who: Standing, secret: str) -> list[Row]:
    """The rows that `sealed` made. Raises PreviewGone."""
    try:
        rows = seal_of(partner_id, who, secret).loads(text, max_age=int(PREVIEW_LASTS.total_seconds()))
    except BadData:
        raise PreviewGone from None
    return [Row(number, tuple(cells)) for number, *cells in rows]


def seal_of(partner_id: int, who: Standing, secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=f"price import, partner {partner_id}, person {who.id}")
