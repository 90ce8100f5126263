"""What the list of complete customers says of cancelling each. The feature that knows stands on this one, so it is
told at the start whom to ask."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from blueprints.accounts.standing import Standing
from blueprints.customers.finding import Row


class Ending(NamedTuple):
    """Whether a customer may be cancelled today; else why not, and from when, in a few words."""

    may: bool
    why: str = ""


Endings = Callable[[Standing, Sequence[Row]], list[Ending]]

asked: Endings | None = None


def are_told_by(feature: Endings) -> None:
    """Once, at the start: who says how each of some rows may end."""
    global asked  # noqa: PLW0603 - set once, before any list is drawn
    asked = feature


def endings_of(who: Standing, rows: Sequence[Row]) -> list[Ending | None]:
    """One for each row; None where nobody knows."""
    return [*asked(who, rows)] if asked else [None] * len(rows)
