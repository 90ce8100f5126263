"""The state of its newest RFI stands beside each customer, kept by the database, so that lists sort by it."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

NEWEST = """
UPDATE customer SET rfi_state = COALESCE(
  (SELECT state FROM rfi WHERE rfi.customer_id = customer.id ORDER BY rfi.id DESC LIMIT 1), '')"""

# {c}: TEXT in PostgreSQL sorts by the cluster's locale unless told otherwise; SQLite always sorts by code point.
COLUMN = (
    "ALTER TABLE customer ADD COLUMN rfi_state TEXT{c} NOT NULL DEFAULT ''",
    NEWEST,
    "CREATE INDEX customer_rfi_state_in_partner ON customer (partner_id, shelf, rfi_state, id)",
    "CREATE INDEX customer_rfi_state ON customer (shelf, rfi_state, id)",
)

# RFIs are opened and move on; none is ever taken away.
KEPT_SQLITE = (
    f"CREATE TRIGGER rfi_begun AFTER INSERT ON rfi BEGIN {NEWEST} WHERE id = new.customer_id; END",
    f"CREATE TRIGGER rfi_moved AFTER UPDATE OF state ON rfi BEGIN {NEWEST} WHERE id = new.customer_id; END",
)

KEPT_POSTGRESQL = (
    f"""
CREATE FUNCTION keep_rfi_state() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {NEWEST} WHERE id = new.customer_id;
  RETURN NULL;
END $$""",
    """
CREATE TRIGGER rfi_counts AFTER INSERT OR UPDATE OF state ON rfi
  FOR EACH ROW EXECUTE FUNCTION keep_rfi_state()""",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    sqlite = isinstance(db, SqliteDatabase)
    for statement in (*COLUMN, *(KEPT_SQLITE if sqlite else KEPT_POSTGRESQL)):
        db.execute_sql(statement.replace("{c}", "" if sqlite else ' COLLATE "C"'))
