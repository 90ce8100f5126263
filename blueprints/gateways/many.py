"""Doing the same for many, side by side, without crowding any one server."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 16
PER_SERVER = 4


def never() -> bool:
    return False


def one_server(item: object) -> str:  # noqa: ARG001 - whatever the item, they burden the same
    return ""


def many(
    items: Iterable[Item],
    do: Callable[[Item], Result],
    *,
    server: Callable[[Item], Hashable] = one_server,
    at_once: int = AT_ONCE,
    per_server: int = PER_SERVER,
    cancelled: Callable[[], bool] = never,
) -> Iterator[tuple[Item, Result]]:
    """Each item with what `do` made of it, as soon as it is done, in no order.

    `server` names the server that an item burdens: no more than `per_server` items of one are done at a time,
    and `at_once` altogether. The body of the caller's loop is the place to tell of progress. It ends early when
    `cancelled` (asked before each item is begun) says so or the loop is left: what is being done is done to its
    end, the rest is never begun. What `do` raises is raised.
    """
    turns = Turns(items, server, per_server)
    running: dict[Future[Result], Item] = {}
    with ThreadPoolExecutor(at_once, "many") as pool:
        while True:
            while len(running) < at_once and not cancelled() and (item := turns.begin()) is not None:
                running[pool.submit(do, item.value)] = item.value
            if not running:
                return
            for each in wait(running, return_when=FIRST_COMPLETED).done:
                done = running.pop(each)
                turns.end(done)
                yield done, each.result()


class Next(Generic[Item]):
    """One item, also where that is None."""

    def __init__(self, value: Item) -> None:
        self.value = value


class Turns(Generic[Item]):
    """What waits for each server, and how much each has to do. Servers take turns."""

    def __init__(self, items: Iterable[Item], server: Callable[[Item], Hashable], per_server: int) -> None:
        self.server = server
        self.per_server = per_server
        self.busy: Counter[Hashable] = Counter()
        self.waiting: dict[Hashable, deque[Item]] = {}
        for item in items:
            self.waiting.setdefault(server(item), deque()).append(item)
        self.order = deque(self.waiting)

    def begin(self) -> Next[Item] | None:
        """The next item that may be begun; None when every server has enough to do, or nothing waits."""
        for _ in range(len(self.order)):
            where = self.order.popleft()
            free = self.busy[where] < self.per_server
            item = Next(self.waiting[where].popleft()) if free else None
            if self.waiting[where]:
                self.order.append(where)
            if item is not None:
                self.busy[where] += 1
                return item
        return None

    def end(self, item: Item) -> None:
        self.busy[self.server(item)] -= 1
