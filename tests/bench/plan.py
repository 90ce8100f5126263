"""The page of a plan beside a bare route that draws the same HTML of a prepared context (issue: at most 2.5×)."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app import create_app
from blueprints.accounts.standing import standing_of
from blueprints.plans.arranging import comment
from blueprints.plans.pages import plan_facts
from blueprints.plans.rules import view_of
from blueprints.web.settings import Settings
from data.customers import Customer
from data.database import database, migrate
from data.plans import PlanStep
from tests.bench.prospects import SECRET_KEY, session_of
from tests.bench.serving import Asker, compare, served
from tests.factories import World, make_world
from tests.plans.planned import a_plan, finish, proven

MOST_TIMES_BARE = 2.5


def measures() -> Iterator[tuple[str, float, float, str]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        customer, context = prepare(folder)
        (folder / "context.json").write_text(json.dumps(context))
        database_file = folder / "portal.sqlite"
        environ = {"DATABASE_URL": f"sqlite:///{database_file}", "QUAYSIDE_HOME": name, "SECRET_KEY": SECRET_KEY}
        bare_environ = {"BARE_CONTEXT": str(folder / "context.json"), "BARE_DATABASE": str(database_file)}
        cookie = {"Cookie": f"quayside={session_of('ada.admin', environ['DATABASE_URL'])}"}
        with (
            served("app:served", environ) as portal,
            served("tests.bench.bare_plan:create_app", bare_environ) as bare,
        ):
            ours, theirs = Asker(portal, f"/customers/{customer}/plan", cookie), Asker(bare, f"/{customer}")
            compare(ours, theirs)
            sizes = [len(asker.ask()) for asker in (ours, theirs)]
    ms = [min(asker.times) * 1000 for asker in (ours, theirs)]
    detail = f"{ms[0]:.2f} ms ({sizes[0]:,} bytes) against {ms[1]:.2f} ms ({sizes[1]:,} bytes)"
    yield "the page of a plan / its HTML drawn bare", ms[0] / ms[1], MOST_TIMES_BARE, detail


def prepare(folder: Path) -> tuple[int, dict[str, Any]]:
    """A portal with a long plan, halfway, that was talked about; its customer, and what the page is drawn from."""
    portal = create_app(Settings(folder, f"sqlite:///{folder / 'portal.sqlite'}", SECRET_KEY, "sealing " * 5))
    migrate()
    with database.connection_context():
        make_world()
        world = World.read()
        plan = a_plan(world, "migration", "security", infrastructure="onprem")
        rows = list(PlanStep.select().where((PlanStep.plan == plan) & (PlanStep.state != "done")))
        finish(world, plan, *[row.key for row in rows[: len(rows) // 2]])
        who = standing_of(world.admin)
        for row in rows:
            proven(row)
            comment(who, plan.customer_id, row.id, "Called them; they look into it.")
        with portal.test_request_context():
            customer = Customer.get_by_id(plan.customer_id)
            facts = plan_facts(customer, view_of(who, customer))
            around = {"who": {"name": who.name, "email": who.email, "acts": ["customers.see"]}, "navigation": []}
            return customer.id, plain(facts | around)


def plain(value: Any) -> Any:
    """What a template reads, as JSON has it; moments in words."""
    if is_dataclass(value):
        names = [field.name for field in fields(value)]
        read = [name for name, kind in vars(type(value)).items() if hasattr(kind, "__get__") and not callable(kind)]
        return {name: plain(getattr(value, name)) for name in (*names, *read) if not name.startswith("_")}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, datetime | date):
        return f"{value:%d %b %Y, %H:%M CET}"
    return value if isinstance(value, str | int | float | None) else str(getattr(value, "name", value))
