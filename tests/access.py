"""A row of the access table: what each kind of person gets from one endpoint and method."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.factories import World

EVERYBODY = ("nobody", "viewer", "technician", "msp_admin", "admin", "operator", "stranger")


def nothing(_: World) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    """`statuses`: person → status expected. `args`, `data`: made from the world just before asking."""

    statuses: dict[str, int]
    args: Callable[[World], dict[str, Any]] = field(default=nothing)
    data: Callable[[World], dict[str, Any]] = field(default=nothing)
