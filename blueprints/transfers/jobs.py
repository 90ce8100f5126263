"""The worker of partner changes: what is due by the calendar of its MSP happens, whoever is awake."""

from huey import crontab

from blueprints.gateways.queue import nudge as ask_for
from blueprints.gateways.queue import queue
from blueprints.mailroom.jobs import connected
from blueprints.mailroom.jobs import nudge as send_letters

portal = ""


def links_begin_with(address: str) -> None:
    """Once, at the start: the address of the installation, for the links in letters."""
    global portal  # noqa: PLW0603 - set once, before any job runs
    portal = address


def nudge() -> None:
    """Wake the worker after a confirmation, whose day may be today. Never fails, never waits."""
    ask_for(move_due)


@queue.periodic_task(crontab(minute="*/10"))
def move_due() -> None:
    """Every ten minutes: what moves today, and what was not agreed to in time. Doing it again does nothing more."""
    from blueprints.transfers import moving  # noqa: PLC0415 - only the worker moves customers

    with connected():
        done = moving.move_due(portal)
    if done:
        send_letters()
