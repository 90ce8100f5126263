"""CSV as spreadsheets write and read it: bytes to rows, rows to bytes, formulas defused. No Flask."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, BinaryIO, cast

from blueprints.web.refusals import Refused

MOST_BYTES = 1_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 50
MOST_IN_CELL = 4_000  # characters
LONGEST_HEADING = MOST_COLUMNS * MOST_IN_CELL
PIECE = 64 * 1024  # bytes
SEPARATORS = ",;\t"
# Where a cell begins: also after what another spreadsheet would take for the end of a cell.
FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@＝＋－＠])")
# What no cell means to say: controls but for tab and line end, direction overrides, what is no character.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a\u202b\u202d\u202e\ufffe\uffff]")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class NotCsv(Refused):
    """The file cannot be read as a table; the sentence says why and what would do."""


def read_csv(content: bytes, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES) -> list[list[str]]:
    """The rows of a CSV file that is small enough to be held whole, as `csv_rows` reads them."""
    return list(csv_rows(io.BytesIO(content), most_rows, most_bytes))


def csv_rows(file: IO[bytes], most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES) -> Iterator[list[str]]:
    """The rows of a CSV file one after the other, the heading among them; an empty row is [].

    Text in UTF-8, in UTF-16 with a byte order mark, or in Windows-1252; cells apart by the comma, semicolon or
    tab that the first line has most of. `most_rows` counts the rows below the heading; reading ends with the first
    that is too many. The first row is row 1 of the spreadsheet; empty ones at the end are left out. The file is read in
    pieces and stays open. Raises NotCsv, also in the middle.
    """
    encoding = encoding_of(file, most_bytes)
    file.seek(0)
    text = io.TextIOWrapper(cast("BinaryIO", file), encoding, newline="")
    try:
        separator = separator_of(text)
        text.seek(0)
        empty, number = 0, 0
        for number, row in enumerate(csv.reader(text, delimiter=separator, strict=True), 1):
            cells = tidy_row(number, row, most_rows)
            if cells:
                yield from ([] for _ in range(empty))
                yield cells
            empty = 0 if cells else empty + 1
        if number == empty:
            raise NotCsv("The file is empty.")
    except csv.Error:
        raise NotCsv(f"Row {number + 1} cannot be read: a quotation mark is missing or stands alone.") from None
    finally:
        text.detach()


def encoding_of(file: IO[bytes], most_bytes: int) -> str:
    """The encoding of a file that nobody names, found by reading it to its end. Raises NotCsv."""
    file.seek(0)
    wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            read_through(file, encoding, most_bytes)
        except UnicodeDecodeError:
            continue
        return encoding
    raise NotCsv("The letters of this file cannot be read. Save it as CSV in UTF-8.")


def read_through(file: IO[bytes], encoding: str, most_bytes: int) -> None:
    """Raises UnicodeDecodeError, NotCsv."""
    decoder, size = codecs.getincrementaldecoder(encoding)(), 0
    file.seek(0)
    while piece := file.read(PIECE):
        size += len(piece)
        if size > most_bytes:
            raise NotCsv(f"The file is over {most_bytes // 1_000_000} MB. Take it apart and upload the pieces.")
        if "\0" in decoder.decode(piece):
            raise NotCsv("This is not a text file. Save the table as CSV and choose that file.")
    decoder.decode(b"", final=True)


def separator_of(text: IO[str]) -> str:
    """What stands between cells, by the first line with something on it."""
    line = "\n"
    while line in ("\n", "\r", "\r\n"):
        line = text.readline(LONGEST_HEADING)
    return max(SEPARATORS, key=line.count)


def tidy_row(number: int, row: list[str], most_rows: int) -> list[str]:
    """The cells without white space around them; [] of an empty row. Raises NotCsv."""
    refuse_excess(number - 1, row, most_rows)
    if any(CONTROL.search(cell) for cell in row):
        raise NotCsv(f"Row {number} contains an invisible control character. Type that cell anew.")
    return [cell.strip() for cell in row] if any(cell.strip() for cell in row) else []


def refuse_excess(before: int, row: Sequence[str], most_rows: int) -> None:
    if before > most_rows:
        raise NotCsv(f"The file has more than {most_rows:,} rows. Take it apart and upload the pieces.")
    if len(row) > MOST_COLUMNS or any(len(cell) > MOST_IN_CELL for cell in row):
        raise NotCsv(f"Row {before + 1} is too long: at most {MOST_COLUMNS} cells of {MOST_IN_CELL:,} characters each.")


def write_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file that spreadsheets open as it is meant: UTF-8 with its mark, every formula defused."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([csv_safe("" if cell is None else str(cell)) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def csv_safe(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would calculate; plain numbers stay as they are.

    OWASP, “CSV Injection”: cells that begin with = + - @, tab or line end. Full-width signs count as well, and
    so does what follows a semicolon, tab or line end, where other spreadsheets begin a new cell.
    """
    return text if NUMBER.fullmatch(text) else FORMULA.sub(r"\1\2'", text)
