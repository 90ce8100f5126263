"""Steps of complete plans are watched on after a change order opened another plan, and by what was expected of them."""

from peewee import Database
from playhouse.migrate import SchemaMigrator

NEWER = "SELECT 1 FROM plan AS newer WHERE newer.customer_id = plan.customer_id AND newer.id > plan.id"
SAID = "FROM plan AS was WHERE was.customer_id = plan.customer_id AND was.id < plan.id AND was.expected <> '{}'"
# ruff: noqa: S608 - statements are put together of our own words alone
STATEMENTS = (
    # What records should be is read from the newest plan alone now, so it gets what a plan before it said.
    f"""
UPDATE plan SET expected = (SELECT was.expected {SAID} ORDER BY was.id DESC LIMIT 1)
WHERE expected = '{{}}' AND EXISTS (SELECT 1 {SAID}) AND NOT EXISTS ({NEWER})""",
    # The newest answer about each step that is done; whether the step is watched at all is seen at the next look.
    f"""
UPDATE plan_check SET again_at = answered_at
WHERE state = 'done' AND again_at IS NULL AND id IN (
  SELECT max(run.id) FROM plan_check AS run JOIN plan_step AS step ON step.id = run.step_id
  JOIN plan ON plan.id = step.plan_id JOIN customer ON customer.id = plan.customer_id
  WHERE step.state = 'done' AND step.dropped_at IS NULL AND plan.state = 'done'
    AND customer.shelf IN ('in_progress', 'complete') AND EXISTS ({NEWER})
  GROUP BY run.step_id)""",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
