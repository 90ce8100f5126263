"""Letters for tests, and what became of them."""

from typing import Any

from blueprints.mailroom import jobs, rules
from data.database import transaction
from data.emails import Email
from data.history import PORTAL, History, sentence
from tests.factories import World


def a_letter(world: World, **changed: Any) -> Email:
    """A letter of Northstar, committed and waiting."""
    facts: dict[str, Any] = {
        "kind": "rfi_link",
        "to_email": "ines@customer.example",
        "to_name": "Ines Lead",
        "subject": "Your onboarding begins",
        "text": "Open https://portal.example/rfi/17.",
        "partner": world.northstar,
    }
    with transaction():
        return rules.write(PORTAL, **facts | changed)


def a_letter_in(world: World, state: str, **changed: Any) -> Email:
    """A letter in this state, as if a worker had been at it."""
    letter = a_letter(world, **changed)
    Email.update(state=state, tries=1, claimed_at=letter.created_at).where(Email.id == letter.id).execute()
    return again(letter)


def again(letter: Email) -> Email:
    return Email.get_by_id(letter.id)


def deliver() -> None:
    """What the worker does each minute, done now."""
    jobs.deliver_due.call_local()


def told() -> list[str]:
    """The history of letters, oldest first, without the line of their writing."""
    lines = History.select().where(History.kind.startswith("email.") | History.kind.startswith("mail."))
    return [sentence(line) for line in lines.order_by(History.id) if line.kind != "email.queued"]
