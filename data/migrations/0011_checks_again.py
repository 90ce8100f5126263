"""When the portal looks again by itself at what a step was about; steps whose waiting is over are found by an index."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE plan_check ADD COLUMN again_at TIMESTAMP",
    "CREATE INDEX plan_check_again ON plan_check (again_at) WHERE again_at IS NOT NULL",
    "CREATE INDEX plan_step_waiting ON plan_step (waiting_until) WHERE state = 'waiting' AND dropped_at IS NULL",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
