"""Change orders: what they change, from when, until when they can be withdrawn, and how MSPs pay for them."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

STATEMENTS = (
    "ALTER TABLE \"order\" ADD COLUMN kind TEXT NOT NULL DEFAULT 'new' CHECK (kind IN ('new', 'change'))",
    'ALTER TABLE "order" ADD COLUMN changes_id BIGINT REFERENCES "order" (id)',
    'ALTER TABLE "order" ADD COLUMN lead TEXT',
    "ALTER TABLE \"order\" ADD COLUMN billing TEXT NOT NULL DEFAULT ''"
    " CHECK (billing IN ('', 'prorated', 'next_billing'))",
    'ALTER TABLE "order" ADD COLUMN monthly_before BIGINT',
    'ALTER TABLE "order" ADD COLUMN prorated BIGINT',
    'ALTER TABLE "order" ADD COLUMN next_billing_on DATE',
    'ALTER TABLE "order" ADD COLUMN effective_on DATE',
    'ALTER TABLE "order" ADD COLUMN withdraw_until DATE',
    'ALTER TABLE "order" ADD COLUMN applied_at TIMESTAMP',
    # One change at a time: none is submitted while another waits for its day.
    'CREATE UNIQUE INDEX order_one_waiting ON "order" (customer_id)'
    " WHERE kind = 'change' AND state = 'submitted' AND applied_at IS NULL",
    'CREATE INDEX order_to_apply ON "order" (effective_on)'
    " WHERE kind = 'change' AND state = 'submitted' AND applied_at IS NULL",
    "ALTER TABLE partner ADD COLUMN change_billing TEXT NOT NULL DEFAULT 'prorated'"
    " CHECK (change_billing IN ('prorated', 'next_billing'))",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
