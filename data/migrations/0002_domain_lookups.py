"""The newest answer of the domain name system for each domain that somebody had looked up."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

DOMAIN_LOOKUP = """
CREATE TABLE domain_lookup (
  domain TEXT NOT NULL PRIMARY KEY,
  outcome TEXT NOT NULL CHECK (outcome IN ('found', 'not found', 'could not look up')),
  facts TEXT NOT NULL, asked_at TIMESTAMP NOT NULL, answered_at TIMESTAMP NOT NULL,
  asked_by_id BIGINT REFERENCES person (id));
"""


def up(migrator: SchemaMigrator, db: Database) -> None:
    db.execute_sql(DOMAIN_LOOKUP)
