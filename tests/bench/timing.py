"""Timing two ways of doing a thing in turn, so that a machine that slows down slows both."""

import time
from collections.abc import Callable
from statistics import median


def in_turn(first: Callable[[], object], second: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of each, taken A B A B … after one warm-up of both."""
    took: tuple[list[float], list[float]] = ([], [])
    for place in range(rounds + 1):
        for do, times in zip((first, second), took, strict=True):
            begun = time.perf_counter()
            do()
            if place:
                times.append(time.perf_counter() - begun)
    return median(took[0]), median(took[1])
