"""The end of services away from the pages: whatever day is over by the calendar of its MSP."""

from huey import crontab

from blueprints.gateways.queue import queue
from blueprints.mailroom.jobs import connected, nudge

portal = ""


def links_begin_with(address: str) -> None:
    """Once, at the start: the address of the installation, for the links in letters."""
    global portal  # noqa: PLW0603 - set once, before any job runs
    portal = address


@queue.periodic_task(crontab(minute="*/15"))
def end_services() -> None:
    """Days end at any full quarter of an hour, somewhere on earth. Doing it again does nothing more."""
    from blueprints.cancellations import ending  # noqa: PLC0415 - only the worker ends services

    with connected():
        ended = ending.end_due(portal)
    if ended:
        nudge()
