"""The state of a customer's newest RFI stands beside the customer, whoever writes the RFI."""

from data.customers import Customer
from data.moments import now
from data.rfi import Rfi
from tests.factories import World, a_customer
from tests.orders.drafts import a_draft


def an_rfi(world: World, customer: Customer, state: str) -> Rfi:
    order = a_draft(world, customer)
    order.state = "void"
    order.save()
    return Rfi.create(customer=customer, order=order, state=state, opened_at=now())


def kept(customer: Customer) -> str:
    return Customer.get_by_id(customer.id).rfi_state


def test_follows_the_newest_rfi(world: World) -> None:
    customer, other = a_customer(world.northstar), a_customer(world.northstar)
    assert kept(customer) == ""
    first = an_rfi(world, customer, "complete")
    assert kept(customer) == "complete"
    second = an_rfi(world, customer, "incomplete")
    assert kept(customer) == "incomplete"
    Rfi.update(state="error").where(Rfi.id == second.id).execute()
    assert kept(customer) == "error"
    Rfi.update(state="not_applicable").where(Rfi.id == first.id).execute()
    assert kept(customer) == "error", "an earlier one says nothing"
    assert kept(other) == ""


def test_is_not_undone_by_whoever_had_read_the_customer_before(world: World) -> None:
    customer = a_customer(world.northstar)
    an_rfi(world, customer, "incomplete")
    customer.permitted_users = 30
    customer.save()
    assert kept(customer) == "incomplete"
