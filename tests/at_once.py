"""Deeds of several people or workers at the same moment: `at_once(work, work)`."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from blueprints.web.refusals import Refused
from data.database import database


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each gave, or the refusal that it raised, in their order; anything else that is raised fails the test.

    Each has a thread and a connection of its own, and none begins before all can.
    """
    ready = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        with database.connection_context():
            ready.wait(30)
            try:
                return deed()
            except Refused as refusal:
                return refusal

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(do, deeds))


def names_of(gave: Iterable[Any]) -> list[str]:
    """The names of the kinds of what came of deeds, sorted."""
    return sorted(type(each).__name__ for each in gave)
