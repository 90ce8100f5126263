"""Chance that repeats itself: the same seed draws the same."""

import random
import re
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

BLANK = re.compile("[#@]")
CAPITALS = "ABCDEFGHJKLMNPRSTUVWXY"


class Chance(random.Random):
    """Python's generator with what the sample draws a few million times. Secrets are never drawn here."""

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def whole(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both included."""
        return least + int(self.random() * (most - least + 1))

    def filled(self, pattern: str) -> str:
        """The pattern with a digit for each # and a capital letter for each @: "80###" → "80331"."""
        return BLANK.sub(self._character, pattern)

    def _character(self, blank: re.Match[str]) -> str:
        return str(int(self.random() * 10)) if blank[0] == "#" else self.pick(CAPITALS)

    def hexadecimal(self, digits: int) -> str:
        return f"{self.getrandbits(4 * digits):0{digits}x}"
