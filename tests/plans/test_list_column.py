"""The column *Plan* of the list of customers in progress: how far each is, whose turn it is, sorted by what is left."""

import csv
import io

from data.customers import Customer
from data.plans import Plan
from tests.factories import World, a_customer
from tests.plans.planned import a_plan, finish
from tests.visits import Answer, Visitor

LIST = "/customers/in-progress"


def column(answer: Answer) -> list[str]:
    return [" ".join(cell.text_content().split()) for cell in answer.find("td[data-name=Plan]")]


def test_tells_how_far_it_is_and_whose_turn_and_leads_to_the_plan(viewer: Visitor, world: World) -> None:
    plan = a_plan(world)
    page = viewer.get(LIST)
    assert column(page) == [f"{plan.steps_done} of {plan.steps_total}Everyone’s turn"]
    assert page.find("td[data-name=Plan] a")[0].get("href") == f"/customers/{plan.customer_id}/plan"


def test_says_nothing_before_there_are_steps(viewer: Visitor, world: World) -> None:
    a_customer(world.northstar, status="in_progress")
    assert column(viewer.get(LIST)) == [""]


def test_follows_each_change_though_drawn_rows_are_kept(admin: Visitor, world: World) -> None:
    plan = a_plan(world)
    admin.get(LIST)
    finish(world, plan, "review", "configure")
    assert column(admin.get(LIST)) == [f"{plan.steps_done + 2} of {plan.steps_total}Customer’s turn"]


def test_sorts_by_what_is_left_both_ways_and_page_by_page(admin: Visitor, world: World) -> None:
    for number in range(30):
        customer = a_customer(world.northstar, f"Left {number:02}", "in_progress")
        Customer.update(steps_left=number - 1).where(Customer.id == customer.id).execute()
    for way, expected in (("asc", range(30)), ("desc", range(29, -1, -1))):
        page = admin.get(f"{LIST}?sort=plan&dir={way}")
        seen = [link.text for link in page.find("tbody strong a")]
        following = admin.get(page.find("a[rel=next]")[0].get("href"))
        seen += [link.text for link in following.find("tbody strong a")]
        assert seen == [f"Left {number:02}" for number in expected]
        back = admin.get(following.find("a[rel=prev]")[0].get("href"))
        assert [link.text for link in back.find("tbody strong a")] == seen[:25]


def test_asks_once_for_all_rows(admin: Visitor, world: World, statements) -> None:
    a_plan(world)
    once = statements(lambda: admin.get(LIST))
    for _ in range(5):
        a_plan(world)
    assert statements(lambda: admin.get(LIST)) == once


def test_the_newest_plan_counts(admin: Visitor, world: World) -> None:
    older, newer = a_plan(world), a_plan(world)
    Plan.update(customer=older.customer_id, steps_done=3, steps_total=9, turn="").where(Plan.id == newer.id).execute()
    assert column(admin.get(LIST))[0] == "3 of 9"


def test_complete_customers_have_no_such_column(admin: Visitor, world: World) -> None:
    a_customer(world.northstar, status="complete")
    page = admin.get("/customers/complete")
    assert column(page) == []
    assert "Plan" not in [heading.text_content().strip() for heading in page.find("th")]


def test_is_in_the_export(admin: Visitor, world: World) -> None:
    plan = a_plan(world)
    (row,) = csv.DictReader(io.StringIO(admin.get(f"{LIST}/export").bytes.decode("utf-8-sig")))
    told = (row["Steps done"], row["Steps"], row["Whose turn"])
    assert told == (str(plan.steps_done), str(plan.steps_total), "Everyone")
