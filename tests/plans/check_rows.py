"""Who gets what from the addresses of checks, and of what records should be."""

from data.partners import Partner
from data.plans import PlanStep
from tests.access import Row
from tests.plans.page_rows import READERS, a_made_one, editors, seen
from tests.plans.planned import a_plan


def to_check(world):
    plan = a_plan(world)
    row = PlanStep.get((PlanStep.plan == plan) & (PlanStep.key == "domains"))
    return {"customer_id": plan.customer_id, "step_id": row.id}


def northstar(world):
    return {"partner_id": world.northstar.id}


def seen_of_partner(world):
    return {"version": Partner.get_by_id(world.northstar.id).version, "mx": "10 mx1.provider.example"}


OF_PARTNER = {"nobody": 303, "viewer": 403, "technician": 403, "stranger": 404}

ROWS = {
    ("checks.check", "POST"): Row(editors(303), to_check),
    ("checks.expected", "GET"): Row(READERS, a_made_one),
    ("checks.save_expected", "POST"): Row(editors(303), a_made_one, seen(mx="10 mx1.provider.example")),
    ("checks.expected_of_partner", "GET"): Row(
        OF_PARTNER | dict.fromkeys(("msp_admin", "admin", "operator"), 200), northstar
    ),
    ("checks.save_expected_of_partner", "POST"): Row(
        OF_PARTNER | {"msp_admin": 403, "admin": 303, "operator": 303}, northstar, seen_of_partner
    ),
}
