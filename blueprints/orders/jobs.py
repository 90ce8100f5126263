"""What happens to orders away from their pages: changes that wait take effect on their day."""

from huey import crontab

from blueprints.gateways.queue import queue
from blueprints.mailroom.jobs import connected

portal = ""


def links_begin_with(address: str) -> None:
    """Once, at the start: the address of the installation, for the links in letters."""
    global portal  # noqa: PLW0603 - set once, before any job runs
    portal = address


@queue.periodic_task(crontab(minute="4"))
def apply_due_changes() -> None:
    """Each hour, because the day begins at another hour for each MSP."""
    from blueprints.orders import change_waiting  # noqa: PLC0415 - only the worker applies what waited

    with connected():
        change_waiting.apply_due(portal)
