"""What the portal keeps of a customer as one ZIP, written while it is read: memory does not grow with it.

Nothing is on disk meanwhile. Each file is read a piece at a time; papers are stored as they are, texts are packed.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from blueprints.web.csv_files import csv_safe

LONGEST_NAME = 120  # characters of a paper's name in the archive
UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')  # on one system or another

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class File:
    """A file of the archive. `pieces`: its content, read when its turn comes. `packed`: papers are packed already."""

    name: str
    written: datetime
    pieces: Callable[[], Iterator[bytes]]
    packed: bool = True


class Pipe(io.RawIOBase):
    """Where the archive is written to; what is written is taken out again at once. Nothing can be sought in it."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.waiting.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        taken, self.waiting = b"".join(self.waiting), []
        return taken


def zipped(files: Iterable[File], passed: Callable[[int], None]) -> Iterator[bytes]:
    """The archive, piece by piece; `passed` is told the number of files after each."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, file in enumerate(files, 1):
            entry = zipfile.ZipInfo(file.name, file.written.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED if file.packed else zipfile.ZIP_STORED
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w", force_zip64=True) as place:
                for piece in file.pieces():
                    place.write(piece)
                    if ready := pipe.taken():
                        yield ready
            yield pipe.taken()
            passed(number)
    yield pipe.taken()


def fitting(name: str) -> str:
    """The name without what file systems refuse."""
    return " ".join(UNFIT.sub(" ", name).split()).strip(" .")[:LONGEST_NAME] or "paper"


# --- rows as files ------------------------------------------------------------------------------------


def as_json(rows: Iterable[Facts]) -> Iterator[bytes]:
    """A JSON list, one row a line."""
    yield b"["
    for place, row in enumerate(rows):
        text = json.dumps(row, ensure_ascii=False, default=plain)
        yield (",\n" if place else "\n").encode() + text.encode()
    yield b"\n]\n"


def as_csv(heading: Sequence[str], rows: Iterable[Facts]) -> Iterator[bytes]:
    """The same for spreadsheets; what is a list or a table stands in its cell as JSON."""
    yield ("\ufeff" + line(heading)).encode()  # the mark by which spreadsheets know UTF-8
    for row in rows:
        yield line([cell(row.get(name)) for name in heading]).encode()


def line(cells: Sequence[str]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([csv_safe(each) for each in cells])
    return file.getvalue()


def cell(value: Any) -> str:
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False, default=plain) if isinstance(value, (list, dict)) else str(plain(value))
    )


def plain(value: Any) -> Any:
    """Days and moments in ISO 8601, amounts as decimal text."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
