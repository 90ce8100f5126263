"""What was handed in stays as it is; and an MSP is told before a project is closed."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

COLUMNS = ("ALTER TABLE rfi ADD COLUMN closing_told_at TIMESTAMP",)

# The paper is filed before its version is kept, so not even that link is put in later.
UNALTERABLE_SQLITE = (
    "CREATE TRIGGER handed_in_stays BEFORE DELETE ON handed_in"
    " BEGIN SELECT RAISE(ABORT, 'what was handed in stays'); END",
    "CREATE TRIGGER handed_in_stands BEFORE UPDATE ON handed_in"
    " BEGIN SELECT RAISE(ABORT, 'what was handed in stays'); END",
)
UNALTERABLE_POSTGRESQL = (
    "CREATE FUNCTION refuse_handed_in_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION 'what was handed in stays'; END $$",
    "CREATE TRIGGER handed_in_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON handed_in"
    " EXECUTE FUNCTION refuse_handed_in_change()",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    sqlite = isinstance(db, SqliteDatabase)
    for statement in (*COLUMNS, *(UNALTERABLE_SQLITE if sqlite else UNALTERABLE_POSTGRESQL)):
        db.execute_sql(statement)
