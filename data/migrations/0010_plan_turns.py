"""Whose turn it is in a plan and since when, and what drifted after it was done: kept, so that lists find it."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE plan ADD COLUMN turn TEXT NOT NULL DEFAULT '' CHECK (turn IN ('', 'partner', 'customer', 'everyone'))",
    "ALTER TABLE plan ADD COLUMN turn_step_id BIGINT",
    "ALTER TABLE plan ADD COLUMN turn_since TIMESTAMP",
    "ALTER TABLE plan_step ADD COLUMN alert TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE plan_step ADD COLUMN alert_at TIMESTAMP",
    "CREATE INDEX plan_customer_turn ON plan (turn_since, turn_step_id) WHERE state = 'open' AND turn = 'customer'",
    "CREATE INDEX plan_step_failed ON plan_step (changed_at, id) WHERE state = 'failed' AND dropped_at IS NULL",
    "CREATE INDEX plan_step_alert ON plan_step (alert_at, id) WHERE alert <> '' AND dropped_at IS NULL",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
