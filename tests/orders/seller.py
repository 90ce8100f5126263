"""A process that submits every draft it finds and sends every letter that is due, until it is killed or done.

Run by test_killed.py: python -m tests.orders.seller (settings from the environment, as the portal itself).
"""

from contextlib import suppress

from app import create_app
from blueprints.accounts.standing import standing_of
from blueprints.mailroom import delivery, jobs
from blueprints.orders import submission
from blueprints.orders.rules import AlreadySubmitted, choose, product_ids_of
from data.accounts import Person
from data.database import database
from data.orders import Order


def main() -> None:
    create_app()
    database.connect(reuse_if_open=True)
    print("ready", flush=True)  # noqa: T201 - the test waits for it before it aims
    who = standing_of(Person.get(Person.email == "ada.admin@northstar.example"))
    while True:
        drafts = list(Order.select(Order.id).where(Order.state == "draft").order_by(Order.id).limit(1))
        letters = delivery.due(1)
        if not drafts and not letters:
            return
        for draft in drafts:
            sell(who, draft.id)
        for letter in letters:
            jobs.deliver_one(letter)


def sell(who: object, order_id: int) -> None:
    order = Order.get_by_id(order_id)
    choice = choose(order.customer, order, product_ids_of(order), order.permitted_users)
    agreement = submission.Agreement("", True, True, True, submission.fingerprint(choice), "192.0.2.1")
    with suppress(AlreadySubmitted):  # the other process was quicker
        submission.submit_order(who, order_id, agreement, "https://portal.example")


if __name__ == "__main__":
    main()
