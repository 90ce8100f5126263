"""What happens to orders away from their pages: changes that wait take effect on their day."""

from huey import crontab

from blueprints.gateways.queue import queue
from blueprints.mailroom.jobs import connected
from blueprints.orders import change_waiting


@queue.periodic_task(crontab(minute="4"))
def apply_due_changes() -> None:
    """Each hour, because the day begins at another hour for each MSP."""
    with connected():
        change_waiting.apply_due()
