"""CSV as spreadsheets write and read it: bytes to rows, rows to bytes, formulas defused. No Flask."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence

from blueprints.web.refusals import Refused

MOST_BYTES = 1_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 50
MOST_IN_CELL = 4_000  # characters
SEPARATORS = ",;\t"
# Where a cell begins: also after what another spreadsheet would take for the end of a cell.
FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@＝＋－＠])")
# What no cell means to say: controls but for tab and line end, direction overrides, what is no character.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a\u202b\u202d\u202e\ufffe\uffff]")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


class NotCsv(Refused):
    """The file cannot be read as a table; the sentence says why and what would do."""


def read_csv(content: bytes, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES) -> list[list[str]]:
    """The rows of a CSV file, the heading among them; an empty row is [].

    Text in UTF-8, in UTF-16 with a byte order mark, or in Windows-1252; cells apart by the comma, semicolon or
    tab that the first line has most of. `most_rows` counts the rows below the heading. The first row of the list
    is row 1 of the spreadsheet. Raises NotCsv.
    """
    if len(content) > most_bytes:
        raise NotCsv(f"The file is over {most_bytes // 1_000_000} MB. Take it apart and upload the pieces.")
    text = decoded(content)
    if "\0" in text:
        raise NotCsv("This is not a text file. Save the table as CSV and choose that file.")
    heading = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(SEPARATORS, key=heading.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            refuse_excess(len(rows), row, most_rows)
            if any(CONTROL.search(cell) for cell in row):
                raise NotCsv(f"Row {len(rows) + 1} contains an invisible control character. Type that cell anew.")
            rows.append([cell.strip() for cell in row] if any(cell.strip() for cell in row) else [])
    except csv.Error:
        raise NotCsv(f"Row {len(rows) + 1} cannot be read: a quotation mark is missing or stands alone.") from None
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise NotCsv("The file is empty.")
    return rows


def decoded(content: bytes) -> str:
    """The text of a file whose encoding nobody names."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotCsv("The letters of this file cannot be read. Save it as CSV in UTF-8.")


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
