"""What files of definitions have in common: tables with ids, and refusals that name file, line and reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.conditions import Condition, WrongCondition, read_condition
from data.definitions import WrongDefinition

HEADING = re.compile(r"\s*\[\[?\s*[A-Za-z]")
ID = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class File:
    """A file's name and text, to say where something stands. `group`: the question whose fields are being read."""

    name: str
    text: str = ""
    group: str = ""

    def wrong(self, reason: str, id: str = "", key: str = "", *, again: bool = False) -> WrongDefinition:  # noqa: A002 - as in the files
        """The refusal of a key of the table with an id; `again`: the last table with it, not the first."""
        line = self.line_of(self.group, "questions") if self.group else self.line_of(id, key, again=again)
        return WrongDefinition(f"{self.name}{f', line {line}' if line else ''}: {reason}.")

    def line_of(self, id: str, key: str = "", *, again: bool = False) -> int:  # noqa: A002 - as in the files
        """The line of an id, or of a key in the table with that id; 0 when there is none."""
        lines = self.text.splitlines()
        named = re.compile(rf"""\bid\s*=\s*["']{re.escape(id)}["']""")
        places = [place for place, line in enumerate(lines) if id and named.search(line)]
        if not places:
            return 0
        at = places[-1 if again else 0]
        keyed = re.compile(rf"^\s*{re.escape(key)}\s*=")
        table = table_around(lines, at)
        return next((place for place in table if key and keyed.match(lines[place])), at) + 1


def table_around(lines: list[str], at: int) -> range:
    """The lines of the table that a line belongs to: from its [[heading]] to before the next."""
    heads = [place for place, line in enumerate(lines) if HEADING.match(line)]
    begins = max((place for place in heads if place <= at), default=0)
    return range(begins, min((place for place in heads if place > at), default=len(lines)))


def read_file(path: Path, shipped: Path) -> tuple[File, dict[str, Any]]:
    """A file and what it says. Those in the folder `shipped` are called by name alone. Raises WrongDefinition."""
    import tomllib  # noqa: PLC0415 - only who reads files needs it, once

    name = path.name if path.parent == shipped else str(path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise WrongDefinition(f"{name}: cannot be read as a text in UTF-8 ({problem}).") from None
    try:
        return File(name, text), tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        reason, _, line = str(problem).partition(" (at line ")
        where = f", line {line.split(',')[0]}" if line else ""
        raise WrongDefinition(f"{name}{where}: {reason}.") from None


def plain(file: File, id_: str, key: str, value: Any, wanted: Any) -> Any:
    """The value of a key that is of this type: str, bool, or a whole number."""
    if wanted is bool and not isinstance(value, bool):
        raise file.wrong(f"“{key}” of “{id_}” is true or false", id_, key)
    if wanted is str and not isinstance(value, str):
        raise file.wrong(f"“{key}” of “{id_}” is a text", id_, key)
    if wanted not in (bool, str) and (not isinstance(value, int) or isinstance(value, bool)):
        raise file.wrong(f"“{key}” of “{id_}” is a whole number", id_, key)
    return value


def condition_of(file: File, id_: str, key: str, table: Any) -> Condition:
    try:
        return read_condition(table)
    except WrongCondition as wrong:
        raise file.wrong(f"{f'“{id_}”: ' if id_ else ''}{wrong}", id_, key) from None


def id_of(file: File, table: Mapping[str, Any], what: str) -> str:
    id_ = table.get("id")
    if not isinstance(id_, str) or not ID.fullmatch(id_):
        told = f"“{id_}”" if id_ is not None else "a " + what
        raise file.wrong(f"{told} needs an id of a–z, 0–9 and _, beginning with a letter", str(id_ or ""))
    return id_


def tables_of(file: File, id_: str, key: str, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise file.wrong(f"“{key}” is a list of tables", id_, key)
    return value
