"""The first schema.

One text for both databases: PostgreSQL's type names mean the right thing to SQLite too (by affinity). What
differs is filled in: {id} the key that numbers itself, {c} the collation that sorts by code point.
"""

import sqlite3

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

TABLES = """
CREATE TABLE partner (
  id {id}, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,
  street TEXT NOT NULL, postcode TEXT NOT NULL, city TEXT NOT NULL, region TEXT NOT NULL, country TEXT NOT NULL,
  agreement_name TEXT NOT NULL, agreement_date DATE, currency TEXT NOT NULL, timezone TEXT NOT NULL,
  outbound_ips TEXT NOT NULL, inbound_ips TEXT NOT NULL, smart_host TEXT NOT NULL, reply_to TEXT NOT NULL,
  logo BYTEA, logo_type TEXT NOT NULL, closed_at TIMESTAMP, created_at TIMESTAMP NOT NULL, version INTEGER NOT NULL);

CREATE TABLE product (
  id {id}, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL,
  security BOOLEAN NOT NULL, archiving BOOLEAN NOT NULL, continuity BOOLEAN NOT NULL, migration BOOLEAN NOT NULL,
  active BOOLEAN NOT NULL, version INTEGER NOT NULL);

CREATE TABLE contracted_price (
  id {id}, partner_id BIGINT NOT NULL REFERENCES partner (id), product_id BIGINT NOT NULL REFERENCES product (id),
  valid_from DATE NOT NULL, one_time_fee BIGINT NOT NULL CHECK (one_time_fee >= 0), created_at TIMESTAMP NOT NULL);
CREATE UNIQUE INDEX contracted_price_from ON contracted_price (partner_id, product_id, valid_from);

CREATE TABLE price_tier (
  id {id}, contracted_price_id BIGINT NOT NULL REFERENCES contracted_price (id) ON DELETE CASCADE,
  users_from INTEGER NOT NULL CHECK (users_from >= 1), monthly_per_user BIGINT NOT NULL CHECK (monthly_per_user >= 0));
CREATE UNIQUE INDEX price_tier_from ON price_tier (contracted_price_id, users_from);

CREATE TABLE person (
  id {id}, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, operator BOOLEAN NOT NULL, timezone TEXT NOT NULL,
  active BOOLEAN NOT NULL, created_at TIMESTAMP NOT NULL, invited_by_id BIGINT REFERENCES person (id),
  version INTEGER NOT NULL, password TEXT, fs_uniquifier TEXT NOT NULL UNIQUE, tf_primary_method TEXT,
  tf_totp_secret TEXT, tf_last_counter INTEGER, mf_recovery_codes TEXT, last_login_at TIMESTAMP,
  current_login_at TIMESTAMP,
  last_login_ip TEXT, current_login_ip TEXT, login_count INTEGER NOT NULL);

CREATE TABLE customer (
  id {id}, partner_id BIGINT NOT NULL REFERENCES partner (id), name TEXT NOT NULL, name_key TEXT{c} NOT NULL,
  letter TEXT NOT NULL, company_type TEXT NOT NULL, primary_domain TEXT{c} NOT NULL, website TEXT NOT NULL,
  sector TEXT NOT NULL, street TEXT NOT NULL, postcode TEXT NOT NULL, city TEXT NOT NULL, region TEXT NOT NULL,
  country TEXT NOT NULL, account_type TEXT{c} NOT NULL, permitted_users INTEGER NOT NULL CHECK (permitted_users >= 0),
  infrastructure TEXT NOT NULL, status TEXT NOT NULL, shelf TEXT NOT NULL, subscription_start DATE,
  commitment_ends DATE, created_at TIMESTAMP NOT NULL, changed_at TIMESTAMP NOT NULL, version INTEGER NOT NULL,
  CHECK ((status = 'prospect' AND shelf = 'prospects') OR (status = 'in_progress' AND shelf = 'in_progress')
      OR (status IN ('complete', 'pending_cancellation') AND shelf = 'complete')
      OR (status IN ('cancelled', 'transferred', 'closed', 'archived') AND shelf = 'past')));
CREATE UNIQUE INDEX customer_live_domain ON customer (primary_domain) WHERE shelf <> 'past';
CREATE INDEX customer_domain ON customer (primary_domain);

CREATE TABLE customer_count (
  partner_id BIGINT NOT NULL REFERENCES partner (id), shelf TEXT NOT NULL, letter TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (partner_id, shelf, letter));

CREATE TABLE "grant" (
  id {id}, person_id BIGINT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  partner_id BIGINT NOT NULL REFERENCES partner (id) ON DELETE CASCADE,
  customer_id BIGINT REFERENCES customer (id) ON DELETE CASCADE, role TEXT NOT NULL, granted_at TIMESTAMP NOT NULL,
  CHECK (role IN ('partner_admin', 'msp_admin', 'technician', 'viewer', 'none')));
CREATE UNIQUE INDEX grant_over_partner ON "grant" (person_id, partner_id) WHERE customer_id IS NULL;
CREATE UNIQUE INDEX grant_over_customer ON "grant" (person_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX grant_of_partner ON "grant" (partner_id);
CREATE INDEX grant_of_customer ON "grant" (customer_id);

CREATE TABLE wanted_product (
  id {id}, customer_id BIGINT NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  product_id BIGINT NOT NULL REFERENCES product (id));
CREATE UNIQUE INDEX wanted_product_once ON wanted_product (customer_id, product_id);

CREATE TABLE contact (
  id {id}, customer_id BIGINT NOT NULL REFERENCES customer (id) ON DELETE CASCADE, kind TEXT NOT NULL,
  first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL, job_title TEXT NOT NULL);
CREATE INDEX contact_of_customer ON contact (customer_id);
CREATE UNIQUE INDEX contact_one_lead ON contact (customer_id) WHERE kind = 'implementation_lead';

CREATE TABLE "order" (
  id {id}, customer_id BIGINT NOT NULL REFERENCES customer (id), partner_id BIGINT NOT NULL REFERENCES partner (id),
  state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'void')),
  permitted_users INTEGER NOT NULL CHECK (permitted_users >= 0), order_number TEXT NOT NULL,
  order_number_not_required BOOLEAN NOT NULL, currency TEXT NOT NULL, monthly_total BIGINT, one_time_total BIGINT,
  first_payment BIGINT, addendum_number TEXT UNIQUE, agreed TEXT, agreed_hash TEXT, subscription_start DATE,
  commitment_ends DATE, created_at TIMESTAMP NOT NULL, created_by_id BIGINT NOT NULL REFERENCES person (id),
  changed_at TIMESTAMP NOT NULL, changed_by_id BIGINT NOT NULL REFERENCES person (id), submitted_at TIMESTAMP,
  submitted_by_id BIGINT REFERENCES person (id),
  submitted_from TEXT NOT NULL, version INTEGER NOT NULL,
  CHECK (state <> 'submitted' OR (addendum_number IS NOT NULL AND submitted_at IS NOT NULL
         AND monthly_total IS NOT NULL AND agreed_hash IS NOT NULL AND permitted_users >= 1)));
CREATE UNIQUE INDEX order_one_draft ON "order" (customer_id) WHERE state = 'draft';
CREATE INDEX order_of_customer ON "order" (customer_id);

CREATE TABLE order_line (
  id {id}, order_id BIGINT NOT NULL REFERENCES "order" (id) ON DELETE CASCADE,
  product_id BIGINT NOT NULL REFERENCES product (id), position INTEGER NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL,
  services TEXT NOT NULL, monthly_per_user BIGINT, monthly_total BIGINT, one_time_fee BIGINT);
CREATE UNIQUE INDEX order_line_once ON order_line (order_id, product_id);

CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, last INTEGER NOT NULL);
INSERT INTO counter (name, last) VALUES ('addendum', 0);

CREATE TABLE rfi (
  id {id}, customer_id BIGINT NOT NULL REFERENCES customer (id),
  order_id BIGINT NOT NULL UNIQUE REFERENCES "order" (id),
  state TEXT NOT NULL CHECK (state IN ('incomplete', 'complete', 'error', 'not_applicable')),
  opened_at TIMESTAMP NOT NULL, version INTEGER NOT NULL);
CREATE INDEX rfi_of_customer ON rfi (customer_id);

CREATE TABLE rfi_link (
  id {id}, rfi_id BIGINT NOT NULL REFERENCES rfi (id) ON DELETE CASCADE, token_hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, email TEXT NOT NULL, created_at TIMESTAMP NOT NULL, expires_at TIMESTAMP NOT NULL,
  revoked_at TIMESTAMP, last_opened_at TIMESTAMP);
CREATE INDEX rfi_link_of_rfi ON rfi_link (rfi_id);

CREATE TABLE plan (
  id {id}, customer_id BIGINT NOT NULL REFERENCES customer (id),
  order_id BIGINT NOT NULL UNIQUE REFERENCES "order" (id),
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'closed')), opened_at TIMESTAMP NOT NULL,
  version INTEGER NOT NULL);
CREATE INDEX plan_of_customer ON plan (customer_id);

CREATE TABLE content (sha256 TEXT NOT NULL PRIMARY KEY, content BYTEA NOT NULL, size INTEGER NOT NULL);

CREATE TABLE attachment (
  id {id}, customer_id BIGINT NOT NULL REFERENCES customer (id), order_id BIGINT REFERENCES "order" (id),
  sha256 TEXT NOT NULL REFERENCES content (sha256), name TEXT NOT NULL, media_type TEXT NOT NULL, pages INTEGER,
  created_at TIMESTAMP NOT NULL, created_by_id BIGINT REFERENCES person (id));
CREATE INDEX attachment_of_customer ON attachment (customer_id);
CREATE INDEX attachment_of_order ON attachment (order_id);

CREATE TABLE email (
  id {id}, partner_id BIGINT REFERENCES partner (id), customer_id BIGINT REFERENCES customer (id), kind TEXT NOT NULL,
  once TEXT UNIQUE, to_name TEXT NOT NULL, to_email TEXT NOT NULL, reply_to TEXT NOT NULL, subject TEXT NOT NULL,
  text TEXT NOT NULL, html TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'held', 'unsure')),
  tries INTEGER NOT NULL, not_before TIMESTAMP NOT NULL, claimed_at TIMESTAMP, sent_at TIMESTAMP,
  answer TEXT NOT NULL, created_at TIMESTAMP NOT NULL);
CREATE INDEX email_due ON email (not_before) WHERE state = 'waiting';
CREATE INDEX email_claimed ON email (claimed_at) WHERE state = 'sending';
CREATE INDEX email_of_partner ON email (partner_id, id);
CREATE INDEX email_of_customer ON email (customer_id);

CREATE TABLE email_attachment (
  id {id}, email_id BIGINT NOT NULL REFERENCES email (id) ON DELETE CASCADE,
  attachment_id BIGINT NOT NULL REFERENCES attachment (id));
CREATE INDEX email_attachment_of_email ON email_attachment (email_id);

CREATE TABLE history (
  id {id}, at TIMESTAMP NOT NULL, kind TEXT NOT NULL, who_id BIGINT, who_name TEXT NOT NULL, partner_id BIGINT,
  customer_id BIGINT, facts TEXT NOT NULL, act TEXT NOT NULL);
CREATE INDEX history_of_customer ON history (customer_id, id);
CREATE INDEX history_of_partner ON history (partner_id, id);
"""

# Lists are read in the order of one column at a time, by one partner's people or by an operator.
SORTED_BY = ("name_key", "primary_domain", "permitted_users", "account_type", "created_at")

KEPT_COUNT_SQLITE = """
CREATE TRIGGER customer_counted AFTER INSERT ON customer BEGIN
  INSERT INTO customer_count VALUES (new.partner_id, new.shelf, new.letter, 1)
    ON CONFLICT (partner_id, shelf, letter) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER customer_uncounted AFTER DELETE ON customer BEGIN
  UPDATE customer_count SET n = n - 1
    WHERE partner_id = old.partner_id AND shelf = old.shelf AND letter = old.letter;
END;
CREATE TRIGGER customer_recounted AFTER UPDATE OF partner_id, shelf, letter ON customer BEGIN
  UPDATE customer_count SET n = n - 1
    WHERE partner_id = old.partner_id AND shelf = old.shelf AND letter = old.letter;
  INSERT INTO customer_count VALUES (new.partner_id, new.shelf, new.letter, 1)
    ON CONFLICT (partner_id, shelf, letter) DO UPDATE SET n = n + 1;
END;
"""

KEPT_COUNT_POSTGRESQL = """
CREATE FUNCTION count_customer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE customer_count SET n = n - 1
      WHERE partner_id = old.partner_id AND shelf = old.shelf AND letter = old.letter;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO customer_count VALUES (new.partner_id, new.shelf, new.letter, 1)
      ON CONFLICT (partner_id, shelf, letter) DO UPDATE SET n = customer_count.n + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER customer_counted AFTER INSERT OR DELETE ON customer FOR EACH ROW EXECUTE FUNCTION count_customer();
CREATE TRIGGER customer_recounted AFTER UPDATE OF partner_id, shelf, letter ON customer
  FOR EACH ROW EXECUTE FUNCTION count_customer();
"""

# Part of a name anywhere in it: three letters at a time.
SEARCH_SQLITE = """
CREATE VIRTUAL TABLE customer_search USING fts5(name_key, content='customer', content_rowid='id', tokenize='trigram');
CREATE TRIGGER customer_searchable AFTER INSERT ON customer BEGIN
  INSERT INTO customer_search (rowid, name_key) VALUES (new.id, new.name_key);
END;
CREATE TRIGGER customer_unsearchable AFTER DELETE ON customer BEGIN
  INSERT INTO customer_search (customer_search, rowid, name_key) VALUES ('delete', old.id, old.name_key);
END;
CREATE TRIGGER customer_renamed AFTER UPDATE OF name_key ON customer BEGIN
  INSERT INTO customer_search (customer_search, rowid, name_key) VALUES ('delete', old.id, old.name_key);
  INSERT INTO customer_search (rowid, name_key) VALUES (new.id, new.name_key);
END;
"""

SEARCH_POSTGRESQL = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX customer_search ON customer USING gin (name_key gin_trgm_ops);
"""

UNALTERABLE_SQLITE = """
CREATE TRIGGER history_stays BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER history_stands BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
"""

UNALTERABLE_POSTGRESQL = """
CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'history is append-only';
END $$;
CREATE TRIGGER history_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON history
  EXECUTE FUNCTION refuse_history_change();
"""


def up(migrator: SchemaMigrator, db: Database) -> None:
    sqlite = isinstance(db, SqliteDatabase)
    key = "INTEGER NOT NULL PRIMARY KEY" if sqlite else "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    # TEXT in PostgreSQL sorts by the cluster's locale unless told otherwise; SQLite always sorts by code point.
    run_each(db, TABLES.replace("{id}", key).replace("{c}", "" if sqlite else ' COLLATE "C"'))
    for column in SORTED_BY:
        run_each(db, f"CREATE INDEX customer_{column}_in_partner ON customer (partner_id, shelf, {column}, id);")
        run_each(db, f"CREATE INDEX customer_{column} ON customer (shelf, {column}, id);")
    run_each(db, "CREATE INDEX customer_letter_in_partner ON customer (partner_id, shelf, letter, name_key, id);")
    run_each(db, "CREATE INDEX customer_letter ON customer (shelf, letter, name_key, id);")
    for script in (
        (KEPT_COUNT_SQLITE, SEARCH_SQLITE, UNALTERABLE_SQLITE)
        if sqlite
        else (KEPT_COUNT_POSTGRESQL, SEARCH_POSTGRESQL, UNALTERABLE_POSTGRESQL)
    ):
        run_each(db, script)


def run_each(db: Database, script: str) -> None:
    """Run a script inside the open transaction: PostgreSQL takes it whole, sqlite3 one statement at a time."""
    if not isinstance(db, SqliteDatabase):
        db.execute_sql(script)
        return
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if statement.strip() and sqlite3.complete_statement(statement):
            db.execute_sql(statement)
            statement = ""
