"""Doing the same for many: all of them, side by side, no server crowded."""

import threading
import time
from collections import Counter

import pytest

from blueprints.gateways.many import many


class Crowd:
    """Work that knows how much of it is done at a time, altogether and at each server."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.seconds = seconds
        self.lock = threading.Lock()
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.begun = 0

    def do(self, item: str) -> str:
        with self.lock:
            self.begun += 1
            for where in ("all", item[0]):
                self.now[where] += 1
                self.most[where] = max(self.most[where], self.now[where])
        time.sleep(self.seconds)
        with self.lock:
            self.now.subtract(["all", item[0]])
        return item.upper()


def test_each_item_comes_with_its_result() -> None:
    crowd = Crowd()
    items = [f"{server}{number}" for number in range(20) for server in "abc"]
    assert dict(many(items, crowd.do)) == {item: item.upper() for item in items}


def test_no_server_has_more_to_do_than_it_may() -> None:
    crowd = Crowd()
    items = [f"a{number}" for number in range(30)] + [f"b{number}" for number in range(10)]
    list(many(items, crowd.do, server=lambda item: item[0], at_once=8, per_server=3))
    assert crowd.most["a"] == crowd.most["b"] == 3
    assert crowd.most["all"] == 6


def test_a_slow_server_keeps_no_other_waiting() -> None:
    done = [
        item
        for item, _ in many(
            ["slow"] * 4 + [f"quick{number}" for number in range(8)],
            lambda item: time.sleep(0.2 if item == "slow" else 0.001),
            server=lambda item: item[:4],
            at_once=4,
            per_server=2,
        )
    ]
    assert "slow" not in done[:8]


def test_it_takes_as_long_as_it_must() -> None:
    crowd = Crowd(0.05)
    begun = time.monotonic()
    list(many([f"a{number}" for number in range(40)], crowd.do, at_once=8, per_server=8))
    assert time.monotonic() - begun < 40 * 0.05 / 8 * 2


def test_whoever_leaves_the_loop_ends_it() -> None:
    crowd = Crowd()
    for _ in many([f"a{number}" for number in range(1000)], crowd.do, at_once=4, per_server=4):
        break
    assert crowd.begun <= 8


def test_it_ends_when_it_is_cancelled() -> None:
    crowd, done = Crowd(), 0
    for done, _ in enumerate(many(["a"] * 1000, crowd.do, per_server=2, cancelled=lambda: crowd.begun >= 10), 1):  # noqa: B007 - counted
        pass
    assert done == crowd.begun
    assert 10 <= done < 10 + 2, "one more may have been handed over that had not begun to count"


def test_what_goes_wrong_is_raised() -> None:
    def stumble(item: str) -> str:
        raise KeyError(item)

    with pytest.raises(KeyError):
        list(many(["a"], stumble))


def test_of_none_there_is_nothing() -> None:
    assert list(many([], Crowd().do)) == []
    assert list(many([None, None], lambda item: item)) == [(None, None), (None, None)]
