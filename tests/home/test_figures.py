"""The figures of the first page are kept; whatever happened, they are what counting the records gives."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from blueprints.accounts.standing import standing_of
from blueprints.customers.finding import EVERY, ask, one_of
from blueprints.home.chart import BOTTOM, HEIGHT, chart_of, top_of_scale
from blueprints.home.figures import NUMBERS, Figures, figures_for, months_until, recounted
from data.accounts import Grant
from data.customers import SHELVES, Customer
from data.database import database
from data.moments import now, today
from data.orders import Order
from data.partners import Partner
from data.plans import STEP_STATES, Plan, PlanStep
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_person
from tests.visits import Visitor

RFI_STATES = ("", "incomplete", "complete", "error", "not_applicable")
MARKS = ("4-----", "0p----", "3ggggg", "0gpwu-", "1w----")
A_DAY = timedelta(days=1)
STATUSES = (*SHELVES, *("in_progress", "complete", "prospect") * 4, "pending_cancellation")  # most of life is there


def an_order(customer: Customer, **changed: Any) -> Order:
    person = Grant.select().first().person_id
    facts = {
        "customer": customer, "partner": customer.partner_id, "state": "draft", "currency": "EUR",
        "permitted_users": 5, "created_by_id": person, "changed_by_id": person, "created_at": now(),
        "changed_at": now(),
    }  # fmt: skip
    return Order.create(**facts | changed)


def submit(order: Order, at: Any) -> None:
    """As much of it as the database asks for."""
    order.state, order.submitted_at, order.agreed_hash, order.monthly_total = "submitted", at, "0" * 64, 0
    order.addendum_number = f"A-{order.id}"
    order.save()


def a_plan(customer: Customer, **changed: Any) -> Plan:
    order = an_order(customer, state="void", kind=changed.pop("kind", "new"))
    return Plan.create(customer=customer, order=order, opened_at=now(), **changed)


def a_step(plan: Plan, **changed: Any) -> PlanStep:
    facts = {"plan": plan, "key": f"k{random.random()}", "phase": "p", "position": 1, "title": "T", "owner": "partner"}
    return PlanStep.create(**facts | {"changed_at": now()} | changed)


class Life:
    """Whatever may happen to records, one thing after another."""

    def __init__(self, seed: int, partners: list[Partner]) -> None:
        self.chance, self.partners = random.Random(seed), partners
        self.customers: list[Customer] = []

    def moment(self) -> Any:
        return now() - timedelta(days=self.chance.randint(0, 500))

    def day(self) -> date | None:
        return self.chance.choice((None, *[today("UTC") + timedelta(days=self.chance.randint(-40, 20))] * 4))

    def go_on(self) -> None:
        if len(self.customers) < 4 or self.chance.random() < 0.15:
            status = self.chance.choice(STATUSES)
            users = self.chance.randint(0, 90)
            self.customers.append(
                a_customer(self.chance.choice(self.partners), status=status, permitted_users=users, lead="")
            )
            return
        often = (self.move, self.ask, self.mark, self.plan, self.step, self.work) * 2
        seldom = (self.resize, self.finish, self.order, self.sell, self.forget)
        deed = self.chance.choice(often + seldom)
        deed(self.chance.choice(self.customers))

    def move(self, customer: Customer) -> None:
        status = self.chance.choice(STATUSES)
        Customer.update(status=status, shelf=SHELVES[status]).where(Customer.id == customer.id).execute()

    def resize(self, customer: Customer) -> None:
        Customer.update(permitted_users=self.chance.randint(0, 90)).where(Customer.id == customer.id).execute()

    def ask(self, _: Customer) -> None:
        for each in self.customers:
            Customer.update(rfi_state=self.chance.choice(RFI_STATES)).where(Customer.id == each.id).execute()

    def mark(self, _: Customer) -> None:
        for each in self.customers:
            Customer.update(monitors=self.chance.choice(MARKS)).where(Customer.id == each.id).execute()

    def plan(self, customer: Customer) -> None:
        done = self.chance.choice((None, None, self.moment()))
        plan = a_plan(customer, kind=self.chance.choice(("new", "change")), completed_at=done)
        for _ in range(4):
            a_step(plan, due_on=self.day(), state=self.chance.choice(STEP_STATES))

    def step(self, customer: Customer) -> None:
        for plan in Plan.select().where(Plan.customer == customer):
            a_step(plan, due_on=self.day(), state=self.chance.choice(STEP_STATES))

    def work(self, customer: Customer) -> None:
        for step in PlanStep.select().join(Plan).where(Plan.customer == customer):
            step.due_on, step.state = self.day(), self.chance.choice(STEP_STATES)
            step.dropped_at = self.chance.choice((None, None, now()))
            step.save()

    def finish(self, customer: Customer) -> None:
        for plan in Plan.select().where(Plan.customer == customer):
            plan.state = self.chance.choice(("open", "open", "open", "done", "closed"))
            plan.completed_at = self.chance.choice((None, self.moment()))
            plan.save()

    def order(self, customer: Customer) -> None:
        if not Order.select().where((Order.customer == customer) & (Order.state == "draft")).exists():
            an_order(customer)

    def sell(self, customer: Customer) -> None:
        for order in Order.select().where(Order.customer == customer):
            if order.state == "draft":
                submit(order, self.moment())
            elif self.chance.random() < 0.3:
                Order.update(state="void").where(Order.id == order.id).execute()

    def forget(self, customer: Customer) -> None:
        PlanStep.delete().where(
            PlanStep.plan.in_(Plan.select(Plan.id).where(Plan.customer == customer)) & (PlanStep.state == "done")
        ).execute()


def counted(condition: Any = EVERY) -> Figures:
    day = today("Europe/Berlin")
    found = Figures(months_until(day))
    found.add(ask(recounted(condition, day, found.span[0])))
    return found


def told(figures: Figures) -> tuple[dict[str, int], dict]:
    return figures.numbers, {key: n for key, n in figures.months.items() if n}


@pytest.mark.parametrize("seed", range(6))
def test_what_is_kept_is_what_counting_gives(app: Flask, world: World, seed: int) -> None:
    life = Life(seed, [world.northstar, world.harbour])
    operator, admin = standing_of(world.operator), standing_of(world.admin)
    once_more_than_nothing: set[str] = set()
    for number in range(200):
        life.go_on()
        if number % 20 == 19:
            assert told(figures_for(operator)) == told(counted())
            ours = one_of("customer.partner_id IN", [world.northstar.id])
            assert told(figures_for(admin)) == told(counted(ours))
            once_more_than_nothing |= {name for name, n in figures_for(operator).numbers.items() if n}
    assert once_more_than_nothing == set(NUMBERS)
    assert figures_for(operator).months


@pytest.mark.parametrize("seed", range(3))
def test_roles_over_single_customers_count(app: Flask, world: World, seed: int) -> None:
    life = Life(100 + seed, [world.northstar, world.harbour])
    for _ in range(120):
        life.go_on()
    ours = [each for each in life.customers if each.partner_id == world.northstar.id]
    theirs = [each for each in life.customers if each.partner_id == world.harbour.id]
    for customer in ours[:3]:
        a_grant_over(world.technician, customer, Role.NONE)
    guest = a_person("Gil Guest", world.harbour, Role.NONE)
    for customer in theirs[:3]:
        a_grant_over(guest, customer, Role.VIEWER)
    seen = one_of("customer.id IN", [each.id for each in ours[3:]])
    assert told(figures_for(standing_of(world.technician))) == told(counted(seen))
    seen = one_of("customer.id IN", [each.id for each in theirs[:3]])
    assert told(figures_for(standing_of(guest))) == told(counted(seen))


def test_asks_one_question_and_a_second_for_exceptions(app: Flask, world: World, statements: Callable) -> None:
    hidden = a_customer(world.northstar, status="complete")
    for person in (world.operator, world.admin):
        standing = standing_of(person)
        assert statements(lambda standing=standing: figures_for(standing)) == 1
    a_grant_over(world.technician, hidden, Role.NONE)
    standing = standing_of(world.technician)
    assert statements(lambda: figures_for(standing)) == 2


def test_who_sees_nothing_has_nothing_counted(app: Flask, world: World) -> None:
    a_customer(world.northstar, status="complete")
    assert set(figures_for(standing_of(a_person("Neu Ling"))).numbers.values()) == {0}
    assert set(figures_for(standing_of(world.stranger)).numbers.values()) == {0}


def test_days_that_are_over_and_count_nothing_are_not_kept(app: Flask, world: World) -> None:
    step = a_step(a_plan(a_customer(world.northstar, status="in_progress")), due_on=today("UTC") - A_DAY)
    assert database.execute_sql("SELECT n FROM steps_due").fetchall()[0][0] == 1
    step.state = "done"
    step.save()
    assert database.execute_sql("SELECT n FROM steps_due").fetchall() == []


def test_a_step_is_overdue_when_its_day_is_over(admin: Visitor, world: World) -> None:
    plan = a_plan(a_customer(world.northstar, status="in_progress"))
    here = today("Europe/Berlin")
    a_step(plan, due_on=here)
    assert figures_for(standing_of(world.admin)).numbers["overdue"] == 0
    a_step(plan, due_on=here - A_DAY)
    assert figures_for(standing_of(world.admin)).numbers["overdue"] == 1
    assert "1 Steps overdue" in admin.get("/").text
    listed = admin.get(next(link.get("href") for link in admin.get("/").find(".tiles a") if "overdue" in link.text))
    assert len(listed.find("tbody tr")) == 1, "the tile leads to what it counts"


def test_rfis_that_wait_are_those_the_list_shows(admin: Visitor, stranger: Visitor, world: World) -> None:
    for shelf, states in (("in_progress", ("error", "complete", "incomplete")), ("complete", ("incomplete", ""))):
        for state in states:
            a_customer(world.northstar, f"{shelf} {state}", shelf, rfi_state=state)
    page = admin.get("/")
    tile = next(each for each in page.find(".tiles li") if "RFIs waiting" in each.text_content())
    assert " ".join(tile.text_content().split()) == "2 RFIs waiting + 1 of complete customers"
    found = [
        sorted(name.text for name in admin.get(link.get("href")).find("tbody strong a")) for link in tile.cssselect("a")
    ]
    assert found == [["in_progress error", "in_progress incomplete"], ["complete incomplete"]]
    assert "An RFI of a complete customer waits for answers" in page.text
    led = [link.get("href") for link in page.find("#next a")]
    assert "/customers/complete?rfi=waiting" in led
    assert "/customers/in-progress?rfi=waiting" in led
    assert "of complete customers" not in stranger.get("/").text


# --- the chart ----------------------------------------------------------------------------------------


def test_months_end_with_this_one() -> None:
    assert months_until(date(2026, 2, 28)) == [
        *("2025-03", "2025-04", "2025-05", "2025-06", "2025-07", "2025-08"),
        *("2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02"),
    ]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (1, 2), (3, 4), (9, 10), (11, 20), (95, 100), (101, 200), (999, 1_000)]
)
def test_a_scale_reads_well(most: int, top: int) -> None:
    assert top_of_scale(most) == top


def test_bars_are_as_high_as_their_numbers() -> None:
    figures = Figures(months_until(date(2026, 11, 22)))
    figures.months = {("2026-11", "orders"): 10, ("2026-11", "go_lives"): 5, ("2026-01", "orders"): 1}
    chart = chart_of(figures)
    assert len(chart.months) == 12
    orders, go_lives = chart.months[-1].bars
    assert orders.height == 2 * go_lives.height == 160
    assert orders.y + orders.height == go_lives.y + go_lives.height == HEIGHT - BOTTOM
    assert chart.months[-1].with_year == "November 2026"
    assert [each.name for each in chart.months][-3:] == ["Sept", "Oct", "Nov"]
    assert [bar.kind for month in chart.months[:2] for bar in month.bars] == ["orders"] or chart.months[1].orders == 1
    assert chart.told == "11 orders and 5 go-lives in the last 12 months."


def test_the_page_draws_it_and_tells_it_as_a_table(admin: Visitor, world: World) -> None:
    assert "No orders yet" in admin.get("/").text
    customer = a_customer(world.northstar, status="complete")
    submit(an_order(customer), now())
    a_plan(customer, completed_at=now(), state="done")
    page = admin.get("/")
    assert [rect.get("class") for rect in page.find("svg.months rect")] == ["orders", "go_lives"]
    newest = page.find("details tbody tr")[0]
    assert [cell.text for cell in newest.cssselect("td.n")] == ["1", "1"]
    assert "1 orders and 1 go-lives" in page.text


# --- problems now -------------------------------------------------------------------------------------


def test_names_who_has_a_problem_now(admin: Visitor, stranger: Visitor, world: World) -> None:
    for number, marks in enumerate(("0p----", "0g-p--", "1w----", "3ggggg")):
        a_customer(world.northstar, f"Company {number}", "complete", monitors=marks)
    page = admin.get("/")
    listed = [" ".join(each.text_content().split()) for each in page.find("section[aria-labelledby=problems] li")]
    assert sorted(listed) == ["Company 0Inbound queue", "Company 1Journal queue"]
    assert "2 Problems now" in page.text
    address = next(link.get("href") for link in page.find(".tiles a") if "Problems" in link.text)
    assert {name.text for name in admin.get(address).find("tbody strong a")[:2]} == {"Company 0", "Company 1"}
    assert "Company 0" not in stranger.get("/").text
    assert not stranger.get("/").find("section[aria-labelledby=problems]")
