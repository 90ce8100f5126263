"""Monitors, their readings and changes; the five marks of each customer stand beside them, kept by the database."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

SERVICES = ("inbound_queue", "outbound_queue", "journal_queue", "journal_connector", "directory_connector")
NAMES = ", ".join(f"'{service}'" for service in SERVICES)

# {id} is the key that numbers itself; {c}: TEXT in PostgreSQL sorts by the cluster's locale unless told otherwise.
TABLES = (
    f"""
CREATE TABLE monitor (
  id {{id}}, customer_id BIGINT NOT NULL REFERENCES customer (id),
  service TEXT NOT NULL CHECK (service IN ({NAMES})), source TEXT NOT NULL CHECK (source IN ('push', 'probe')),
  probe TEXT NOT NULL, settings TEXT NOT NULL, sealed TEXT NOT NULL,
  warning DOUBLE PRECISION, problem DOUBLE PRECISION, warning_age BIGINT, problem_age BIGINT,
  every INTEGER NOT NULL CHECK (every >= 60), damping INTEGER NOT NULL CHECK (damping BETWEEN 1 AND 10),
  token_hash TEXT UNIQUE, token_made_at TIMESTAMP,
  state TEXT NOT NULL CHECK (state IN ('good', 'warning', 'problem', 'unknown', 'off')), since TIMESTAMP NOT NULL,
  recent TEXT NOT NULL, value DOUBLE PRECISION, oldest BIGINT, message TEXT NOT NULL, read_at TIMESTAMP,
  quiet_at TIMESTAMP, due_at TIMESTAMP, claimed_at TIMESTAMP, trouble TEXT NOT NULL, trouble_at TIMESTAMP,
  made_at TIMESTAMP NOT NULL, version INTEGER NOT NULL,
  CHECK (source = 'probe' OR due_at IS NULL), CHECK (state <> 'off' OR (due_at IS NULL AND token_hash IS NULL)))""",
    "CREATE UNIQUE INDEX monitor_once ON monitor (customer_id, service)",
    # What is due and what fell silent are found without looking at anything else.
    "CREATE INDEX monitor_due ON monitor (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX monitor_quiet ON monitor (quiet_at) WHERE quiet_at IS NOT NULL",
    """
CREATE TABLE reading (
  id {id}, monitor_id BIGINT NOT NULL REFERENCES monitor (id) ON DELETE CASCADE, at TIMESTAMP NOT NULL,
  value DOUBLE PRECISION, oldest BIGINT, level TEXT NOT NULL CHECK (level IN ('g', 'w', 'p')), message TEXT NOT NULL,
  key TEXT)""",
    "CREATE INDEX reading_of_monitor ON reading (monitor_id, at)",
    "CREATE UNIQUE INDEX reading_once ON reading (monitor_id, key) WHERE key IS NOT NULL",
    """
CREATE TABLE monitor_rollup (
  id {id}, monitor_id BIGINT NOT NULL REFERENCES monitor (id) ON DELETE CASCADE,
  span TEXT NOT NULL CHECK (span IN ('hour', 'day')), begins_at TIMESTAMP NOT NULL, readings INTEGER NOT NULL,
  valued INTEGER NOT NULL, least DOUBLE PRECISION, most DOUBLE PRECISION, total DOUBLE PRECISION, oldest BIGINT,
  warnings INTEGER NOT NULL, problems INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX monitor_rollup_once ON monitor_rollup (monitor_id, span, begins_at)",
    """
CREATE TABLE monitor_change (
  id {id}, monitor_id BIGINT NOT NULL REFERENCES monitor (id) ON DELETE CASCADE, customer_id BIGINT NOT NULL,
  partner_id BIGINT NOT NULL, service TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, at TIMESTAMP NOT NULL,
  value DOUBLE PRECISION, oldest BIGINT, message TEXT NOT NULL, told_at TIMESTAMP, CHECK (before <> after))""",
    "CREATE INDEX monitor_change_of_monitor ON monitor_change (monitor_id, at)",
    "CREATE INDEX monitor_change_untold ON monitor_change (id) WHERE told_at IS NULL",
    """
CREATE TABLE maintenance (
  id {id}, customer_id BIGINT NOT NULL REFERENCES customer (id),
  monitor_id BIGINT REFERENCES monitor (id) ON DELETE CASCADE, begins_at TIMESTAMP NOT NULL,
  ends_at TIMESTAMP NOT NULL, reason TEXT NOT NULL, by_id BIGINT REFERENCES person (id), by_name TEXT NOT NULL,
  CHECK (ends_at >= begins_at))""",
    "CREATE INDEX maintenance_of_customer ON maintenance (customer_id, ends_at)",
    "CREATE TABLE monitor_watch (id {id}, since TIMESTAMP NOT NULL, seen_at TIMESTAMP NOT NULL)",
    # Rank of the worst mark, so that lists sort by it, and the five marks by the first letter of their states.
    "ALTER TABLE customer ADD COLUMN monitors TEXT{c} NOT NULL DEFAULT '4-----'",
    "CREATE INDEX customer_monitors_in_partner ON customer (partner_id, shelf, monitors, id)",
    "CREATE INDEX customer_monitors ON customer (shelf, monitors, id)",
)

MARK = (
    "COALESCE((SELECT substr(state, 1, 1) FROM monitor WHERE monitor.customer_id = new.customer_id"
    " AND service = '{}' AND state <> 'off'), '-')"
)
FIVE = " || ".join(MARK.format(service) for service in SERVICES)
KEEP = f"""
UPDATE customer SET monitors = (
  SELECT CASE WHEN five LIKE '%p%' THEN '0' WHEN five LIKE '%w%' THEN '1' WHEN five LIKE '%u%' THEN '2'
    WHEN five LIKE '%g%' THEN '3' ELSE '4' END || five
  FROM (SELECT {FIVE} AS five) AS marks)
WHERE id = new.customer_id"""  # noqa: S608 - our own words

# Monitors are set up and switched off; none is ever taken away. Readings that change no state touch no customer.
KEPT_SQLITE = (
    f"CREATE TRIGGER monitor_set_up AFTER INSERT ON monitor BEGIN {KEEP}; END",
    f"CREATE TRIGGER monitor_changed AFTER UPDATE OF state ON monitor WHEN old.state <> new.state BEGIN {KEEP}; END",
)
KEPT_POSTGRESQL = (
    # The customer is held first, by a statement of its own: the next one sees what others committed until then.
    "CREATE FUNCTION keep_monitors() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" PERFORM 1 FROM customer WHERE id = new.customer_id FOR NO KEY UPDATE; {KEEP}; RETURN NULL; END $$",
    "CREATE TRIGGER monitor_set_up AFTER INSERT ON monitor FOR EACH ROW EXECUTE FUNCTION keep_monitors()",
    "CREATE TRIGGER monitor_changed AFTER UPDATE OF state ON monitor FOR EACH ROW"
    " WHEN (old.state <> new.state) EXECUTE FUNCTION keep_monitors()",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    sqlite = isinstance(db, SqliteDatabase)
    key = "INTEGER NOT NULL PRIMARY KEY" if sqlite else "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    for statement in (*TABLES, *(KEPT_SQLITE if sqlite else KEPT_POSTGRESQL)):
        written = statement.replace("{id}", key).replace("{c}", "" if sqlite else ' COLLATE "C"')
        # A cursor of its own: “%” in the marks is no parameter, which PostgreSQL’s driver would look for otherwise.
        db.cursor().execute(written)
