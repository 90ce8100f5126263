"""What the portal makes of a sample, on every database: the figures kept of it, and the pages that show it."""

from blueprints.accounts.standing import standing_of
from blueprints.customers.finding import EVERY, ask
from blueprints.home.figures import Figures, kept, months_until, recounted
from blueprints.monitors import jobs
from blueprints.monitors.views import PERIODS
from blueprints.plans.making import chain_of, template_of
from blueprints.plans.reminding import tend
from blueprints.plans.rules import LOCKED, plan_of
from blueprints.plans.stuck import REASONS, stuck_steps
from blueprints.plans.working import fail
from data.alerts import Alert
from data.customers import Customer
from data.emails import Email
from data.moments import now, today
from data.monitors import Monitor, Reading, Rollup
from data.partners import Partner
from data.plans import Mailbox, Plan, PlanStep
from data.rfi import HandedIn, Rfi, RfiFlag
from data.roles import Role
from tests.factories import World, a_partner, a_person
from tests.sample.samples import load, submitted, tally, with_steps
from tests.visits import Visitor


def test_the_pages_of_every_sample_customer_open(small: World, admin: Visitor) -> None:
    for customer in Customer.select():
        place = "prospects" if customer.status == "prospect" else "customers"
        assert customer.name in admin.get(f"/{place}/{customer.id}").text
    for order in submitted():
        assert order.addendum_number in admin.get(f"/orders/{order.id}").text


def test_what_is_in_error_has_a_flagged_answer_that_can_be_read(watched: World, operator: Visitor) -> None:
    (rfi, *_) = Rfi.select().join(Customer).where((Rfi.state == "error") & (Customer.status == "in_progress"))
    flag = RfiFlag.get(RfiFlag.rfi == rfi)
    handed_in = HandedIn.get(HandedIn.rfi == rfi)
    assert handed_in.at < flag.at < now()
    assert flag.question in handed_in.answers
    page = operator.get(f"/customers/{rfi.customer_id}/rfi/review")
    assert flag.comment in page.text
    assert rfi.customer.primary_domain in page.text
    assert "1 answer is flagged" in operator.get(f"/customers/{rfi.customer_id}").text
    assert operator.get(f"/customers/{rfi.customer_id}/rfi").status == 200


def test_one_customer_is_in_the_middle_of_moving_mailboxes(world: World, operator: Visitor) -> None:
    load(40, partner=bare(world))
    (plan,) = Plan.select().join(Mailbox).distinct()
    assert tally(Mailbox.select(Mailbox.state)) == {"ok": 10, "failed": 3, "pending": 1}
    step = PlanStep.get((PlanStep.plan == plan) & (PlanStep.key == "imap_test"))
    assert (plan.state, step.state) == ("open", "in_progress")
    assert {mailbox.address.split("@")[1] for mailbox in Mailbox.select()} == {plan.customer.primary_domain}
    page = operator.get(f"/customers/{plan.customer_id}/plan/mailboxes")
    assert "cannot sign in" in page.text
    assert "10" in page.text


def test_kept_figures_of_plans_equal_a_recount(large: World) -> None:
    for plan in with_steps():
        chain = chain_of(template_of(plan), plan.steps)
        assert (plan.steps_done, plan.steps_total) == (chain.done, chain.total)
        assert plan.customer.steps_left == chain.total - chain.done
        current = chain.current if plan.state == "open" else None
        kept = (plan.current_step, plan.turn, plan.turn_step_id)
        assert kept == ((current.title, current.owner, current.id) if current else ("", "", None))
    assert set(Customer.select(Customer.steps_left).where(Customer.shelf == "prospects").tuples()) == {(-1,)}


def test_plans_are_seen_and_worked_like_others(large: World) -> None:
    who = standing_of(large.admin)
    ours = [plan for plan in with_steps() if plan.customer.partner_id == large.northstar.id]
    plan = next(plan for plan in ours if plan.state == "open" and plan.steps_done < 5)
    view = plan_of(who, plan.customer_id)
    assert view is not None
    assert view.current is not None
    assert LOCKED in {step.state for step in view.steps}
    fail(who, plan.customer_id, view.current.id, view.current.version, "It does not answer.")


def test_some_are_stuck_for_each_reason_that_a_sample_has(large: World) -> None:
    who = standing_of(large.operator)
    counts = {reason: len(stuck_steps(who, reason, most=500).rows) for reason in REASONS}
    assert counts.pop("drifted") == 0
    assert all(counts.values()), counts


def test_nobody_is_reminded_of_what_was_made_up(large: World) -> None:
    before = Email.select().count()
    assert tend("https://portal.example") == 0
    assert Email.select().count() == before


def test_what_is_kept_of_readings_is_what_rolling_up_would_keep(watched: World) -> None:
    before = Reading.select().count(), Rollup.select().count()
    jobs.roll_up.call_local()
    assert (Reading.select().count(), Rollup.select().count()) == before


def test_the_figures_of_the_first_page_equal_a_recount(watched: World) -> None:
    day = today("UTC")
    both = []
    for question in (kept, recounted):
        figures = Figures(months_until(day))
        figures.add(ask(question(EVERY, day, figures.span[0])))
        both.append((figures.numbers, {key: n for key, n in figures.months.items() if n}))
    assert both[0] == both[1]
    assert both[0][0]["problems"] == Customer.select().where(Customer.monitors.startswith("0")).count() > 0


def test_pages_show_what_is_monitored(watched: World, admin: Visitor) -> None:
    monitor = Monitor.get(Monitor.state == "problem")
    here = f"/customers/{monitor.customer_id}"
    assert admin.get(here).status == 200
    for period in PERIODS:
        address = f"{here}/monitors/{monitor.service.replace('_', '-')}?period={period}"
        assert admin.get(address).find("svg.chart .mean")
    alert = Alert.get((Alert.monitor == monitor) & Alert.ended_at.is_null())
    assert "Escalation" in admin.get(f"/alerts/{alert.id}").text


def bare(world: World) -> Partner:
    """An MSP without prices of its own, so it sells what the sample sells."""
    partner = a_partner("Quiet Water")
    a_person("Quinn Quiet", partner, Role.PARTNER_ADMIN)
    return partner
