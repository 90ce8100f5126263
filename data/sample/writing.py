"""Rows by the thousand into the tables: `executemany` on SQLite, COPY on PostgreSQL.

Call inside one transaction. On PostgreSQL the tables are held against other writers meanwhile, as SQLite does by
itself: ids are counted here, and the sequences are set to the last of them in the end.
"""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from data.cancellations import Cancellation
from data.customers import Contact, Customer, WantedProduct
from data.database import Record, database, is_sqlite
from data.emails import Email
from data.history import History
from data.orders import Order, OrderLine
from data.plans import Plan, PlanStep
from data.rfi import Rfi, RfiLink

# Parents first. The columns in the order in which their values are handed in, after the id; those left out
# get the default of their field.
COLUMNS: dict[type[Record], str] = {
    Customer: "partner_id name name_key letter company_type primary_domain website sector street postcode city region"
    " country account_type permitted_users infrastructure status shelf steps_left subscription_start commitment_ends"
    " created_at changed_at version",
    Contact: "customer_id kind first_name last_name email phone job_title",
    WantedProduct: "customer_id product_id",
    Order: "customer_id partner_id state permitted_users order_number order_number_not_required currency monthly_total"
    " one_time_total first_payment addendum_number agreed agreed_hash subscription_start commitment_ends created_at"
    " created_by_id changed_at changed_by_id submitted_at submitted_by_id submitted_from version",
    OrderLine: "order_id product_id position code name services monthly_per_user monthly_total one_time_fee",
    Rfi: "customer_id order_id state opened_at reminders version",
    RfiLink: "rfi_id token_hash name email created_at expires_at last_opened_at",
    Plan: "customer_id order_id state opened_at template steps_done steps_total current_step turn turn_step_id"
    " turn_since partner_signed_at partner_signed_by customer_signed_at customer_signed_by completed_at version",
    PlanStep: "plan_id key phase position title owner optional after state reason assigned_to_id due_on waiting_until"
    " reminded_at changed_at changed_by_id changed_by_name version",
    Cancellation: "customer_id partner_id state export terms_version commitment_ends ends_on asked_at asked_by_id"
    " asked_from ended_at export_until version",
    Email: "partner_id customer_id kind once to_name to_email reply_to subject text state tries not_before claimed_at"
    " sent_at answer created_at",
    History: "at kind who_id who_name partner_id customer_id facts act",
}
# Rows of these point at nothing and nothing points at them by id: within a batch their ids follow time.
IN_TIME = {Email: "created_at", History: "at"}


class Rows:
    """The rows of one table that wait to be written."""

    def __init__(self, record: type[Record], columns: Iterable[str]) -> None:
        self._table = record._meta.table_name
        named = ("id", *columns)
        self._time = named.index(IN_TIME[record]) if record in IN_TIME else None
        left_out = [field for field in record._meta.sorted_fields if field.column_name not in named]
        self._constants = tuple(field.db_value(default_of(field)) for field in left_out)
        self._columns = (*named, *(field.column_name for field in left_out))
        self._next = self._first_id()
        self._waiting: list[tuple[Any, ...]] = []

    def add(self, *values: Any) -> int:
        """Take a row; its id."""
        taken, self._next = self._next, self._next + 1
        self._waiting.append((taken, *values, *self._constants))
        return taken

    def number(self) -> int:
        """The next id, for a row that is put later in the same batch."""
        taken, self._next = self._next, self._next + 1
        return taken

    def put(self, taken: int, *values: Any) -> None:
        self._waiting.append((taken, *values, *self._constants))

    def write(self) -> None:
        rows, self._waiting = self._waiting, []
        if rows and self._time is not None:
            ids = [row[0] for row in rows]
            rows.sort(key=itemgetter(self._time))
            rows = [(taken, *row[1:]) for taken, row in zip(ids, rows, strict=True)]
        insert(self._table, self._columns, rows)

    def finish(self) -> None:
        """Let the ids of others go on after ours."""
        if not is_sqlite():
            database.execute_sql(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", (f'"{self._table}"', self._next)
            )

    def _first_id(self) -> int:
        if is_sqlite():
            query = f'SELECT coalesce(max(id), 0) + 1 FROM "{self._table}"'  # noqa: S608 - a table of ours
            return int(database.execute_sql(query).fetchone()[0])
        query = "SELECT nextval(pg_get_serial_sequence(%s, 'id'))"
        return int(database.execute_sql(query, (f'"{self._table}"',)).fetchone()[0])


def default_of(field: Any) -> Any:
    return field.default() if callable(field.default) else field.default


def insert(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    cursor = database.cursor()
    if is_sqlite():
        blanks = ", ".join("?" * len(columns))
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({blanks})', rows)  # noqa: S608 - as above
        return
    with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


class Writing:
    """All the tables of the sample, written together, batch after batch."""

    def __init__(self) -> None:
        if not is_sqlite():
            tables = ", ".join(f'"{record._meta.table_name}"' for record in COLUMNS)
            database.execute_sql(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
        self.rows = {record: Rows(record, columns.split()) for record, columns in COLUMNS.items()}

    def write(self) -> None:
        for rows in self.rows.values():
            rows.write()

    def finish(self) -> None:
        for rows in self.rows.values():
            rows.finish()
