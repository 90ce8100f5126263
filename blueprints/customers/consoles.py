"""What the lists of customers say of opening each console. The feature that knows stands on this one, so it is told at
the start whom to ask."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from blueprints.accounts.standing import Standing
from blueprints.customers.finding import Row


class Door(Hashable, Protocol):
    """`way`: "signed", or "address" when the console is only opened; "" while it is shut, and `why` in a few words."""

    @property
    def way(self) -> str: ...

    @property
    def why(self) -> str: ...


Doors = Callable[[Standing, Sequence[Row]], Sequence[Any]]

asked: Doors | None = None


def are_told_by(feature: Doors) -> None:
    """Once, at the start: who says whether the consoles of some rows open."""
    global asked  # noqa: PLW0603 - set once, before any list is drawn
    asked = feature


def doors_of(who: Standing, rows: Sequence[Row]) -> Sequence[Door | None]:
    """One for each row; None where nobody knows."""
    return asked(who, rows) if asked else [None] * len(rows)
