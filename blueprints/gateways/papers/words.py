"""Texts and tables set on paper by the house's own press."""

import csv
from datetime import datetime
from io import StringIO

from blueprints.gateways.papers.limits import MOST_PAGES, CannotBeSafe, TooManyPages
from blueprints.gateways.pdf import Paper

LINES_A_PAGE = 50  # about; a text with twice as many lines as fit is not set at all
SIGNS_A_LINE = 120
COLUMNS_SIDE_BY_SIDE = 8  # tables with more columns are set a row after another, each value with its name
TAB = 8


def text_on_paper(text: str, name: str, written: datetime) -> bytes:
    """The PDF. Raises TooManyPages."""
    refuse_too_long(text.count("\n"), len(text))
    paper = blank(name, written)
    paper.lines(text.expandtabs(TAB).replace("\f", "\n").rstrip("\n").split("\n"))
    return paper.printed()


def table_on_paper(text: str, separator: str, name: str, written: datetime) -> bytes:
    """The PDF: a table whose first row is repeated on each page, or where it is too wide, a list of its rows."""
    try:
        rows = [row for row in csv.reader(StringIO(text), delimiter=separator) if row]
    except csv.Error:
        raise CannotBeSafe("A field of this table is too long. Save the table as PDF and upload that.") from None
    columns = max(map(len, rows))
    refuse_too_long(len(rows) * (1 if columns <= COLUMNS_SIDE_BY_SIDE else columns), len(text))
    paper = blank(name, written)
    if columns <= COLUMNS_SIDE_BY_SIDE:
        paper.grid([[*row, *[""] * (columns - len(row))] for row in rows])
    else:
        heads = [*rows[0], *(f"Column {number}" for number in range(len(rows[0]) + 1, columns + 1))]
        for number, row in enumerate(rows[1:], 1):
            paper.section(f"Row {number:,}")
            paper.lines([f"{head}: {value}" for head, value in zip(heads, row, strict=False)])
    return paper.printed()


def blank(name: str, written: datetime) -> Paper:
    return Paper(title=name, author="", subject="", language="en", written=written, footer=(name, ""))


def refuse_too_long(lines: int, signs: int) -> None:
    """Before any work: what is far too long. What is a little too long is told by its pages."""
    if max(lines / LINES_A_PAGE, signs / (LINES_A_PAGE * SIGNS_A_LINE)) > 2 * MOST_PAGES:
        raise TooManyPages(f"more than {MOST_PAGES}")
