"""Steps of plans, their checks and comments, mailboxes that move; how far each plan is, beside its customer."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

# {id} is the key that numbers itself, as in the first schema.
TABLES = (
    """
CREATE TABLE plan_template (
  version TEXT NOT NULL PRIMARY KEY, definition TEXT NOT NULL, kept_at TIMESTAMP NOT NULL)""",
    "ALTER TABLE plan ADD COLUMN template TEXT REFERENCES plan_template (version)",
    "ALTER TABLE plan ADD COLUMN cutover_at TIMESTAMP",
    "ALTER TABLE plan ADD COLUMN expected TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE plan ADD COLUMN steps_done INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE plan ADD COLUMN steps_total INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE plan ADD COLUMN current_step TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE plan ADD COLUMN partner_signed_at TIMESTAMP",
    "ALTER TABLE plan ADD COLUMN partner_signed_by TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE plan ADD COLUMN customer_signed_at TIMESTAMP",
    "ALTER TABLE plan ADD COLUMN customer_signed_by TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE plan ADD COLUMN completed_at TIMESTAMP",
    "ALTER TABLE partner ADD COLUMN expected TEXT NOT NULL DEFAULT '{}'",
    """
CREATE TABLE plan_step (
  id {id}, plan_id BIGINT NOT NULL REFERENCES plan (id) ON DELETE CASCADE, key TEXT NOT NULL, phase TEXT NOT NULL,
  position INTEGER NOT NULL, title TEXT NOT NULL, help TEXT NOT NULL,
  owner TEXT NOT NULL CHECK (owner IN ('partner', 'customer', 'everyone')), optional BOOLEAN NOT NULL,
  after TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('not_started', 'in_progress', 'waiting', 'done', 'failed', 'not_applicable')),
  reason TEXT NOT NULL, assigned_to_id BIGINT REFERENCES person (id), due_on DATE, waiting_until TIMESTAMP,
  reminded_at TIMESTAMP, changed_at TIMESTAMP NOT NULL, changed_by_id BIGINT REFERENCES person (id),
  changed_by_name TEXT NOT NULL, dropped_at TIMESTAMP, version INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX plan_step_once ON plan_step (plan_id, key)",
    "CREATE INDEX plan_step_due ON plan_step (due_on)"
    " WHERE due_on IS NOT NULL AND dropped_at IS NULL AND state NOT IN ('done', 'not_applicable')",
    """
CREATE TABLE step_comment (
  id {id}, step_id BIGINT NOT NULL REFERENCES plan_step (id) ON DELETE CASCADE, text TEXT NOT NULL CHECK (text <> ''),
  at TIMESTAMP NOT NULL, by_id BIGINT REFERENCES person (id), by_name TEXT NOT NULL)""",
    "CREATE INDEX step_comment_of_step ON step_comment (step_id)",
    """
CREATE TABLE plan_check (
  id {id}, step_id BIGINT NOT NULL REFERENCES plan_step (id) ON DELETE CASCADE, kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'running', 'done')), not_before TIMESTAMP NOT NULL,
  claimed_at TIMESTAMP, tries INTEGER NOT NULL, watch BOOLEAN NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('', 'passed', 'failed', 'undetermined', 'could_not_run')),
  sentence TEXT NOT NULL, evidence TEXT NOT NULL, answered_at TIMESTAMP, asked_by_id BIGINT REFERENCES person (id),
  asked_by_name TEXT NOT NULL)""",
    "CREATE INDEX plan_check_of_step ON plan_check (step_id, id)",
    "CREATE INDEX plan_check_due ON plan_check (not_before) WHERE state <> 'done'",
    # One check at a time for each step; pressing twice asks once.
    "CREATE UNIQUE INDEX plan_check_under_way ON plan_check (step_id) WHERE state <> 'done'",
    """
CREATE TABLE mailbox (
  id {id}, plan_id BIGINT NOT NULL REFERENCES plan (id) ON DELETE CASCADE, address TEXT NOT NULL, login TEXT NOT NULL,
  name TEXT NOT NULL, target TEXT NOT NULL, sealed TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'testing', 'ok', 'failed', 'skipped')), folders INTEGER,
  messages INTEGER, size BIGINT, sentence TEXT NOT NULL, tested_at TIMESTAMP, version INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX mailbox_once ON mailbox (plan_id, address)",
    # Required steps that are left to do, so that lists sort by it; -1 without a plan that has steps.
    "ALTER TABLE customer ADD COLUMN steps_left INTEGER NOT NULL DEFAULT -1",
    "CREATE INDEX customer_steps_left_in_partner ON customer (partner_id, shelf, steps_left, id)",
    "CREATE INDEX customer_steps_left ON customer (shelf, steps_left, id)",
)

LEFT = (
    "UPDATE customer SET steps_left = CASE WHEN new.steps_total = 0 THEN -1 ELSE new.steps_total - new.steps_done END"
    " WHERE id = new.customer_id"
)
KEPT_SQLITE = (f"CREATE TRIGGER plan_moved AFTER UPDATE OF steps_done, steps_total ON plan BEGIN {LEFT}; END",)
KEPT_POSTGRESQL = (
    f"CREATE FUNCTION keep_steps_left() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {LEFT}; RETURN NULL; END $$",
    "CREATE TRIGGER plan_moved AFTER UPDATE OF steps_done, steps_total ON plan"
    " FOR EACH ROW EXECUTE FUNCTION keep_steps_left()",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    sqlite = isinstance(db, SqliteDatabase)
    key = "INTEGER NOT NULL PRIMARY KEY" if sqlite else "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    for statement in (*TABLES, *(KEPT_SQLITE if sqlite else KEPT_POSTGRESQL)):
        db.execute_sql(statement.replace("{id}", key))
