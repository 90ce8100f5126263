"""The worker of alerts in haste: it looks each moment, and minutes are half seconds, so that a journey ends soon."""

import logging
import threading
import time
from datetime import timedelta

from blueprints.alerts import jobs, messages, raising
from data.database import database

log = logging.getLogger("quayside.haste")


def hurry() -> None:
    messages.GATHERED, messages.PAUSE = timedelta(seconds=1), timedelta(seconds=2)
    raising.LEAST_PAUSE = raising.MOST_PAUSE = timedelta(seconds=2)
    threading.Thread(target=look_each_moment, daemon=True).start()


def look_each_moment() -> None:
    while True:
        try:
            with database.connection_context():
                jobs.tell.call_local()
        except Exception:
            log.exception("the next look will do it")
        time.sleep(0.3)
