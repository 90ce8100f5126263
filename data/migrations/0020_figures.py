"""Figures of the first page, kept by the database beside the records they count: tiles, steps by due day, months."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

TABLES = (
    """
CREATE TABLE figure (
  partner_id BIGINT NOT NULL REFERENCES partner (id) ON DELETE CASCADE, what TEXT NOT NULL, n BIGINT NOT NULL,
  PRIMARY KEY (partner_id, what))""",
    """
CREATE TABLE steps_due (
  partner_id BIGINT NOT NULL REFERENCES partner (id) ON DELETE CASCADE, due_on DATE NOT NULL, n BIGINT NOT NULL,
  PRIMARY KEY (partner_id, due_on))""",
    """
CREATE TABLE month_count (
  partner_id BIGINT NOT NULL REFERENCES partner (id) ON DELETE CASCADE, month TEXT NOT NULL, what TEXT NOT NULL,
  n BIGINT NOT NULL, PRIMARY KEY (partner_id, month, what))""",
    # Drafts that wait are found without looking at any other order.
    "CREATE INDEX order_draft_of_partner ON \"order\" (partner_id) WHERE state = 'draft'",
)

# --- what a row counts for, of the records named {row} ------------------------------------------------

FIGURES = {
    "users": "CASE WHEN {row}.shelf = 'complete' THEN {row}.permitted_users ELSE 0 END",
    "rfis": "CASE WHEN {row}.shelf = 'in_progress' AND {row}.rfi_state IN ('incomplete', 'error') THEN 1 ELSE 0 END",
    "ending": "CASE WHEN {row}.status = 'pending_cancellation' THEN 1 ELSE 0 END",
}
LISTED = "{row}.shelf IN ('in_progress', 'complete')"
# As the list of steps that are stuck has it; SQLite reads an index of some rows only by its very words.
OPEN_STEP = (
    "{row}.due_on IS NOT NULL AND {row}.dropped_at IS NULL AND {row}.state NOT IN ('done', 'not_applicable')"
    " AND {row}.state <> 'failed'"
)
ORDERED = "{row}.state = 'submitted' AND {row}.kind = 'new' AND {row}.submitted_at IS NOT NULL"


# ruff: noqa: S608 - statements are put together of our own words alone


def change(table: str, keys: str, rows: str) -> str:
    """Add what the rows (keys, n) come to."""
    return (
        f"INSERT INTO {table} ({keys}, n) SELECT {keys}, sum(n) FROM ({rows}) AS moved WHERE n <> 0"
        f" GROUP BY {keys} HAVING sum(n) <> 0"
        f" ON CONFLICT ({keys}) DO UPDATE SET n = {table}.n + excluded.n"
    )


def signed(rows: list[str], sign: str) -> list[str]:
    return [row.replace("{sign}", sign) for row in rows]


def of_customer(row: str) -> list[str]:
    """What one customer counts for."""
    return [
        f"SELECT {row}.partner_id AS partner_id, '{what}' AS what, {{sign}} * ({counts.format(row=row)}) AS n"
        for what, counts in FIGURES.items()
    ]


def of_step(row: str) -> list[str]:
    """What one step counts for, by its plan and customer."""
    return [
        f"SELECT customer.partner_id, {row}.due_on AS due_on,"
        f" {{sign}} * CASE WHEN {OPEN_STEP.format(row=row)} THEN 1 ELSE 0 END AS n"
        f" FROM plan JOIN customer ON customer.id = plan.customer_id WHERE plan.id = {row}.plan_id"
        f" AND plan.state = 'open' AND {LISTED.format(row='customer')}"
    ]


def of_steps(plans: str, condition: str) -> list[str]:
    """What the open steps of some plans count for, once it is decided whether they do."""
    return [
        f"SELECT customer.partner_id, plan_step.due_on AS due_on, {{sign}} * 1 AS n FROM plan"
        f" JOIN customer ON customer.id = plan.customer_id JOIN plan_step ON plan_step.plan_id = plan.id"
        f" WHERE {plans} AND {condition} AND {OPEN_STEP.format(row='plan_step')}"
    ]


def of_order(row: str, month: str) -> list[str]:
    return [
        f"SELECT {row}.partner_id AS partner_id, {month.format(at=f'{row}.submitted_at')} AS month, 'orders' AS what,"
        f" {{sign}} * CASE WHEN {ORDERED.format(row=row)} THEN 1 ELSE 0 END AS n"
    ]


def of_plan(row: str, month: str) -> list[str]:
    """A plan that is complete is a customer that went live, if the plan is not of a change order."""
    return [
        f"SELECT customer.partner_id, {month.format(at=f'{row}.completed_at')} AS month, 'go_lives' AS what,"
        f" {{sign}} * CASE WHEN {row}.completed_at IS NULL THEN 0 ELSE 1 END AS n"
        f' FROM customer JOIN "order" AS sold ON sold.id = {row}.order_id'
        f" WHERE customer.id = {row}.customer_id AND sold.kind = 'new'"
    ]


def either(*rows: list[str]) -> str:
    return " UNION ALL ".join(each for some in rows for each in some)


BECAME_LISTED = f"({LISTED.format(row='old')}) <> ({LISTED.format(row='new')})"
OF_CUSTOMER = "plan.customer_id = new.id AND plan.state = 'open'"
NOW_LISTED = f"CASE WHEN {LISTED.format(row='new')} THEN 1 ELSE -1 END"
NOW_OPEN = "CASE WHEN new.state = 'open' THEN 1 ELSE -1 END"
DUE = ("steps_due", "partner_id, due_on")
MONTHS = ("month_count", "partner_id, month, what")


def triggers(month: str) -> list[tuple[str, str, str, str, str]]:
    """Name, event, table, when, statement. `month`: how the database says “2026-11” of {at}."""
    figures = ("figure", "partner_id, what")
    changed_figure = " OR ".join(
        f"old.{column} <> new.{column}" for column in ("partner_id", "shelf", "status", "permitted_users", "rfi_state")
    )
    steps = "old.due_on IS NOT NULL OR new.due_on IS NOT NULL"
    new_step, old_step = signed(of_step("new"), "1"), signed(of_step("old"), "-1")
    new_order, old_order = signed(of_order("new", month), "1"), signed(of_order("old", month), "-1")
    new_plan, old_plan = signed(of_plan("new", month), "1"), signed(of_plan("old", month), "-1")
    new_customer, old_customer = signed(of_customer("new"), "1"), signed(of_customer("old"), "-1")
    of_all = signed(of_steps(OF_CUSTOMER, "1 = 1"), NOW_LISTED)
    of_this = signed(of_steps("plan.id = new.id", LISTED.format(row="customer")), NOW_OPEN)
    completed = "old.completed_at IS NOT NULL OR new.completed_at IS NOT NULL"
    return [
        ("customer_figured", "INSERT", "customer", "", change(*figures, either(new_customer))),
        ("customer_unfigured", "DELETE", "customer", "", change(*figures, either(old_customer))),
        (
            "customer_refigured", "UPDATE OF partner_id, shelf, status, permitted_users, rfi_state", "customer",
            changed_figure, change(*figures, either(new_customer, old_customer)),
        ),
        ("customer_steps_due", "UPDATE OF shelf", "customer", BECAME_LISTED, change(*DUE, either(of_all))),
        ("plan_steps_due", "UPDATE OF state", "plan", "(old.state = 'open') <> (new.state = 'open')",
         change(*DUE, either(of_this))),
        ("step_due", "INSERT", "plan_step", "new.due_on IS NOT NULL", change(*DUE, either(new_step))),
        ("step_not_due", "DELETE", "plan_step", "old.due_on IS NOT NULL", change(*DUE, either(old_step))),
        ("step_due_again", "UPDATE OF due_on, state, dropped_at", "plan_step", steps,
         change(*DUE, either(new_step, old_step))),
        ("order_in_month", "INSERT", '"order"', "new.submitted_at IS NOT NULL", change(*MONTHS, either(new_order))),
        ("order_moves_month", "UPDATE OF state, submitted_at", '"order"', "new.submitted_at IS NOT NULL",
         change(*MONTHS, either(new_order, old_order))),
        ("plan_in_month", "INSERT", "plan", "new.completed_at IS NOT NULL", change(*MONTHS, either(new_plan))),
        ("plan_moves_month", "UPDATE OF completed_at", "plan", completed, change(*MONTHS, either(new_plan, old_plan))),
    ]  # fmt: skip


def backfill(month: str) -> list[str]:
    """What is there already."""
    each = signed(of_customer("customer"), "1")
    ordered = signed(of_order("sold", month), "1")[0] + ' FROM "order" AS sold'
    lived = (
        f"SELECT customer.partner_id, {month.format(at='plan.completed_at')} AS month, 'go_lives' AS what, 1 AS n"
        f' FROM plan JOIN customer ON customer.id = plan.customer_id JOIN "order" AS sold ON sold.id = plan.order_id'
        f" WHERE plan.completed_at IS NOT NULL AND sold.kind = 'new'"
    )
    steps = signed(of_steps("plan.state = 'open'", LISTED.format(row="customer")), "1")
    return [
        change("figure", "partner_id, what", " UNION ALL ".join(f"{one} FROM customer" for one in each)),
        change(*DUE, either(steps)),
        change(*MONTHS, f"{ordered} UNION ALL {lived}"),
    ]


# What counts nothing is not kept, or years of days that are over would be read at each visit.
EMPTIED = "DELETE FROM steps_due WHERE n = 0 AND partner_id = new.partner_id AND due_on = new.due_on"


def up(migrator: SchemaMigrator, db: Database) -> None:
    sqlite = isinstance(db, SqliteDatabase)
    month = "substr({at}, 1, 7)" if sqlite else "to_char({at}, 'YYYY-MM')"
    for statement in (*TABLES, *backfill(month)):
        db.execute_sql(statement)
    emptied = ("steps_due_emptied", "UPDATE OF n", "steps_due", "new.n = 0", EMPTIED)
    for name, event, table, when, statement in (*triggers(month), emptied):
        condition = f"WHEN ({when}) " if when else ""
        if sqlite:
            db.execute_sql(f"CREATE TRIGGER {name} AFTER {event} ON {table} {condition}BEGIN {statement}; END")
        else:
            db.execute_sql(
                f"CREATE FUNCTION keep_{name}() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN {statement}; RETURN NULL; END $$"
            )
            db.execute_sql(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {condition}EXECUTE FUNCTION keep_{name}()"
            )
