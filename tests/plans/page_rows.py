"""Who gets what from the pages of plans."""

from data.customers import Customer
from data.plans import Plan, PlanStep
from data.rfi import Rfi
from tests.access import Row
from tests.plans.planned import a_plan
from tests.rfi.waiting_for import an_opened_rfi

EVERYBODY = ("viewer", "technician", "msp_admin", "admin", "operator")
READERS = {**dict.fromkeys(EVERYBODY, 200), "nobody": 303, "stranger": 404}


def editors(status: int) -> dict[str, int]:
    return {**dict.fromkeys(EVERYBODY, status), "viewer": 403, "nobody": 303, "stranger": 404}


def operators(status: int) -> dict[str, int]:
    return {**dict.fromkeys((*EVERYBODY, "stranger"), 403), "operator": status, "nobody": 303}


def a_made_one(world):
    return {"customer_id": a_plan(world).customer_id}


def not_made_yet(world):
    """The RFI is settled, and the portal did not make the plan then."""
    rfi = an_opened_rfi(world)
    Rfi.update(state="not_applicable").where(Rfi.id == rfi.id).execute()
    return {"customer_id": rfi.customer_id}


def one_to_sign(world):
    found = a_made_one(world)
    PlanStep.update(state="done").where(PlanStep.key != "sign_off").execute()
    return found


def a_complete_one(world):
    found = one_to_sign(world)
    Plan.update(state="done").execute()
    Customer.update(status="complete", shelf="complete").where(Customer.id == found["customer_id"]).execute()
    return found


def a_step(world):
    plan = a_plan(world)
    return {
        "customer_id": plan.customer_id,
        "step_id": PlanStep.get((PlanStep.plan == plan) & (PlanStep.key == "configure")).id,
    }


def to_start(world):
    return a_step(world) | {"act": "start"}


def seen(**typed):
    """The version that the newest plan has, and what is typed."""

    def data(_):
        return {"version": Plan.select().order_by(Plan.id.desc()).get().version} | typed

    return data


ROWS = {
    ("plans.show", "GET"): Row(READERS, a_made_one),
    ("plans.step", "GET"): Row(READERS, a_step),
    ("plans.do", "POST"): Row(editors(303), to_start, lambda _: {"version": 1}),
    ("plans.news", "GET"): Row({**dict.fromkeys(EVERYBODY, 204), "nobody": 303, "stranger": 404}, a_made_one),
    ("plans.make", "POST"): Row(editors(303), not_made_yet),
    ("plans.cutover", "GET"): Row(editors(200), a_made_one),
    ("plans.set_cutover", "POST"): Row(editors(303), a_made_one, seen(cutover_at="2027-03-01T08:00")),
    ("plans.adding", "GET"): Row(editors(200), a_made_one),
    ("plans.add", "POST"): Row(editors(303), a_made_one, seen(title="Visit", owner="partner", phase="finish")),
    ("plans.sign_off", "POST"): Row(editors(303), one_to_sign, seen()),
    ("plans.signing_for_customer", "GET"): Row(editors(200), one_to_sign),
    ("plans.sign_for_customer", "POST"): Row(editors(303), one_to_sign, seen(reason="By phone")),
    ("plans.reopening", "GET"): Row(operators(200), a_complete_one),
    ("plans.reopen", "POST"): Row(operators(303), a_complete_one, seen(reason="Too early")),
    ("plans_stuck.index", "GET"): Row(READERS | {"stranger": 200}),
}
