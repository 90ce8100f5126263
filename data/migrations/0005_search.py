"""The search over everything: one table of what can be found, an index of letters, and triggers that keep both true.

{place} is the place in the order of results (data/findable.py). On PostgreSQL each place is a partition of its own:
results are read place after place until there are enough, and how often a word occurs is known for each.
"""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

from data import findable

PLACES, PAST, RECORD_BITS = 8, 4, 41

COLUMNS = """
  place SMALLINT NOT NULL, id {id}, partner_id BIGINT NOT NULL, customer_id BIGINT NOT NULL,
  name TEXT{c} NOT NULL, address TEXT{c} NOT NULL, number TEXT{c} NOT NULL, text TEXT NOT NULL"""

# The index of letters knows nothing of partners but for `scope`: a partner in three signs of Unicode's private area,
# which no folded text that is looked for has in it. Three signs are one entry of the index.
SQLITE = (
    "CREATE TABLE findable ("
    + COLUMNS.replace("{id}", "INTEGER NOT NULL PRIMARY KEY").replace("{c}", "")
    + """, scope TEXT AS (char(57344 + ((partner_id >> 24) & 4095), 57344 + ((partner_id >> 12) & 4095),
    57344 + (partner_id & 4095))) VIRTUAL)""",
    """
CREATE VIRTUAL TABLE findable_search USING fts5(
  text, scope, content='findable', content_rowid='id', columnsize=0, tokenize='trigram case_sensitive 1')""",
)
SQLITE_TRIGGERS = (
    """
CREATE TRIGGER findable_searchable AFTER INSERT ON findable BEGIN
  INSERT INTO findable_search (rowid, text, scope) VALUES (new.id, new.text, new.scope);
END""",
    """
CREATE TRIGGER findable_unsearchable AFTER DELETE ON findable BEGIN
  INSERT INTO findable_search (findable_search, rowid, text, scope) VALUES ('delete', old.id, old.text, old.scope);
END""",
    """
CREATE TRIGGER findable_rewritten AFTER UPDATE OF id, text, partner_id ON findable BEGIN
  INSERT INTO findable_search (findable_search, rowid, text, scope) VALUES ('delete', old.id, old.text, old.scope);
  INSERT INTO findable_search (rowid, text, scope) VALUES (new.id, new.text, new.scope);
END""",
    """
CREATE TRIGGER findable_moved AFTER UPDATE OF shelf, partner_id ON customer
WHEN (old.shelf = 'past') <> (new.shelf = 'past') OR old.partner_id <> new.partner_id BEGIN
  UPDATE findable SET partner_id = new.partner_id,
    place = CASE WHEN new.shelf = 'past' THEN place | {past} ELSE place & ~{past} END,
    id = CASE WHEN new.shelf = 'past' THEN id | {past_bit} ELSE id & ~{past_bit} END
    WHERE customer_id = new.id;
END""",
)
REMOVED_SQLITE = """
CREATE TRIGGER {kind}_not_findable AFTER DELETE ON "{kind}" BEGIN
  DELETE FROM findable WHERE id IN ({live} - old.id, {past} - old.id);
END"""

POSTGRESQL = (
    "CREATE TABLE findable ("
    + COLUMNS.replace("{id}", "BIGINT NOT NULL").replace("{c}", ' COLLATE "C"')
    + ", PRIMARY KEY (place, id)) PARTITION BY LIST (place)",
    *(f"CREATE TABLE findable_{place} PARTITION OF findable FOR VALUES IN ({place})" for place in range(PLACES)),
)
POSTGRESQL_TRIGGERS = (
    "CREATE INDEX findable_search ON findable USING gin (text gin_trgm_ops)",
    "CREATE INDEX findable_in_partner ON findable (partner_id, id)",
    """
CREATE FUNCTION move_findable() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE findable SET partner_id = new.partner_id,
    place = CASE WHEN new.shelf = 'past' THEN place | {past} ELSE place & ~{past} END,
    id = CASE WHEN new.shelf = 'past' THEN id | {past_bit} ELSE id & ~{past_bit} END
    WHERE customer_id = new.id;
  RETURN NULL;
END $$""",
    """
CREATE TRIGGER findable_moved AFTER UPDATE OF shelf, partner_id ON customer FOR EACH ROW
WHEN ((old.shelf = 'past') <> (new.shelf = 'past') OR old.partner_id <> new.partner_id)
EXECUTE FUNCTION move_findable()""",
    """
CREATE FUNCTION remove_findable() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  DELETE FROM findable WHERE id IN (TG_ARGV[0]::bigint - old.id, TG_ARGV[1]::bigint - old.id);
  RETURN NULL;
END $$""",
)
REMOVED_POSTGRESQL = """
CREATE TRIGGER {kind}_not_findable AFTER DELETE ON "{kind}" FOR EACH ROW
EXECUTE FUNCTION remove_findable({live}, {past})"""

INDEXES = (
    "CREATE INDEX findable_of_customer ON findable (customer_id)",
    *(
        f"CREATE INDEX findable_{key} ON findable (partner_id, place, {key}) WHERE {key} <> ''"
        for key in ("name", "address", "number")
    ),
)

# What is built in one go lies in a dozen pieces; in one, it is read in a third of the time.
BUILD_SQLITE = (
    "INSERT INTO findable_search (findable_search) VALUES ('rebuild')",
    "INSERT INTO findable_search (findable_search) VALUES ('optimize')",
)
KINDS = ("customer", "contact", "order", "note")  # in the order of results


def up(migrator: SchemaMigrator, db: Database) -> None:
    """Indexes come after the rows, which takes a third of the time.

    What is found of a record is told by the rules of today (data/findable.py), not kept here: nothing else is made of
    this table, so a later migration that changes it fills it anew, and the call here goes.
    """
    sqlite = isinstance(db, SqliteDatabase)
    for statement in SQLITE if sqlite else POSTGRESQL:
        db.execute_sql(statement)
    findable.fill()
    for statement in (*INDEXES, *(SQLITE_TRIGGERS if sqlite else POSTGRESQL_TRIGGERS)):
        db.execute_sql(written(statement))
    removed = REMOVED_SQLITE if sqlite else REMOVED_POSTGRESQL
    for place, kind in enumerate(KINDS):
        live, past = (((at + 1) << RECORD_BITS) - 1 for at in (place, place + PAST))
        db.execute_sql(removed.format(kind=kind, live=live, past=past))
    for statement in BUILD_SQLITE if sqlite else ("ANALYZE findable",):
        db.execute_sql(statement)


def written(statement: str) -> str:
    return statement.replace("{past}", str(PAST)).replace("{past_bit}", str(PAST << RECORD_BITS))
