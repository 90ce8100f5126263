"""Papers: documents that people keep and send on, set with ReportLab on A4.

A `Paper` is written from top to bottom in a few kinds of parts (letterhead, parties, facts, table, sums, words, ticks)
and printed once. The same parts give the same bytes, in every process: the only time in a paper is the one it is told.
Each page carries the paper's footer and "Page x of y".

It knows neither records nor the web, and takes any text: `press/typesetting.py` sets mixed scripts and directions,
markup in a text means nothing, and what no font has is printed as an empty box.

Import this module where a paper is made, not at the top: it loads ReportLab, HarfBuzz and Pillow.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from heapq import nlargest
from io import BytesIO
from math import inf
from threading import Lock

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Spacer,
    Table,
)

from blueprints.gateways.press import pictures, typesetting
from blueprints.gateways.press.parts import (
    ACCENT,
    BODY,
    INK,
    LABEL,
    LINE,
    NAME,
    NOTE,
    NOTED,
    SECTION,
    SENDER,
    STRONG,
    SUM,
    TITLE,
    Picture,
    Text,
    Tick,
)
from blueprints.gateways.press.sheets import BOTTOM, HEIGHT, MEASURE, SIDE, TOP, Sheets
from blueprints.gateways.press.typefaces import EM

rl_config.useA85 = 0  # streams as bytes, not as text: a fifth smaller

GAP = 8 * mm  # between two blocks side by side
FACTS_GAP = 12  # at the least between two facts
FIGURE_GAP = 10  # at the left of each figure
ASKED_WIDTH = 62 * mm  # what was asked, beside its answer
LINES_IN_ONE = 30  # of an answer, in one row of its table; ReportLab lays out many rows faster than a long one
OUTGROWS_A_PAGE = 500  # characters in a cell that may need more than one page
CELL_GAP = 6  # between two columns of words
NARROWEST = 18  # the least that a column of words gets
LOOKED_AT, MOST_LOOKED_AT = 30, 120  # fields of a column, and characters of each, for its width
ROWS_IN_ONE = 2_000  # of a grid; the time for laying out a table grows with the square of its rows
SPACES = re.compile(r"^ +| {2,}")
HEAD_WIDTH = 52  # the least that the head of a column of figures gets; its words wrap

# ReportLab keeps what it knows of fonts in shared tables, so one paper is printed at a time.
PRESS = Lock()


class Paper:
    """A document in the making. `footer` is two lines on each page; `written` (aware) is its only date."""

    def __init__(
        self,
        *,
        title: str,
        author: str,
        subject: str,
        language: str,
        written: datetime,
        footer: tuple[str, str],
    ):
        self._facts = {
            "title": typesetting.clean(title),
            "author": typesetting.clean(author),
            "subject": typesetting.clean(subject),
            "creator": "Quayside",
            "lang": language,
        }
        self._written = written
        self._footer = footer
        self._story: list[Flowable] = []

    def letterhead(self, sender: str, logo: bytes | None, title: str, notes: Iterable[str]) -> None:
        """The sender's logo (or, without a readable one, the name) on the left, what this paper is on the right."""
        picture = pictures.printable(logo) if logo else None
        left = Picture(picture) if picture else _sender(sender)
        right = [Text(title, TITLE), *(Text(note, replace(NOTE, align="right")) for note in notes)]
        self._beside([left], right, space_after=7 * mm)

    def parties(self, left: tuple[str, str, Sequence[str]], right: tuple[str, str, Sequence[str]]) -> None:
        """Two parties side by side: each a label, a name, and the lines below it."""
        self._beside(_party(*left), _party(*right), space_after=7 * mm)

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """A strip of labelled facts between two lines."""
        cells = [[Text(label, LABEL), Text(fact, STRONG)] for label, fact in facts]
        strip = _table([cells], _shares([max(map(_natural_width, cell)) for cell in cells]))
        strip.setStyle(
            [
                ("LINEABOVE", (0, 0), (-1, 0), 0.6, LINE),
                ("LINEBELOW", (0, -1), (-1, -1), 0.6, LINE),
                ("RIGHTPADDING", (0, 0), (-2, -1), FACTS_GAP),
                ("TOPPADDING", (0, 0), (-1, -1), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
            ]
        )
        self._story += [strip, Spacer(0, 7 * mm)]

    def answers(self, title: str, answers: Sequence[tuple[str, Sequence[str]]]) -> None:
        """A titled list: what was asked on the left, and beside it the lines of what was said."""
        self._story.append(CondPageBreak(30 * mm))
        self.section(title)
        cells, ends = [], []
        for asked, lines in answers:
            for start in range(0, len(lines), LINES_IN_ONE):
                said = [Text(line, BODY) for line in lines[start : start + LINES_IN_ONE]]
                cells.append([Text("" if start else asked, NOTE), said])
            ends.append(len(cells) - 1)
        table = _table(cells, [ASKED_WIDTH, MEASURE - ASKED_WIDTH])
        table.setStyle(
            [
                ("RIGHTPADDING", (0, 0), (0, -1), FACTS_GAP),
                ("TOPPADDING", (0, 0), (0, -1), 1),  # the smaller type stands on the line of the larger
                *(("TOPPADDING", (0, end + 1), (0, end + 1), 6) for end in (-1, *ends[:-1])),
                *(("TOPPADDING", (1, end + 1), (1, end + 1), 5) for end in (-1, *ends[:-1])),
                *(("BOTTOMPADDING", (0, end), (-1, end), 5) for end in ends),
                *(("LINEBELOW", (0, end), (-1, end), 0.6, LINE) for end in ends),
                ("LINEABOVE", (0, 0), (-1, 0), 0.6, LINE),
            ]
        )
        self._story += [table, Spacer(0, 6 * mm)]

    def section(self, title: str) -> None:
        self._story += [Text(title, SECTION), Spacer(0, 1.5 * mm)]

    def table(
        self, title: str, words: str, figures: Sequence[str], rows: Sequence[tuple[str, str, Sequence[str]]]
    ) -> None:
        """A titled table whose heads are repeated on each page: one column of words, then columns of figures.

        A row is a text, a softer one below it, and its figures.
        """
        self._story.append(CondPageBreak(45 * mm))  # a title and a head alone at the end of a page help nobody
        self.section(title)
        widths, size = _column_widths(figures, [row[2] for row in rows])
        figure = replace(BODY, size=size, align="right")
        heads = [Text(words, LABEL), *(Text(head, replace(LABEL, align="right")) for head in figures)]
        cells = [[[Text(text, BODY), Text(soft, NOTE)], *(Text(f, figure) for f in row)] for text, soft, row in rows]
        table = _table([heads, *cells], widths, repeat=1)
        table.setStyle(
            [
                ("LEFTPADDING", (1, 0), (-1, -1), FIGURE_GAP),
                ("TOPPADDING", (0, 1), (-1, -1), 4.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5.5),
                ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.6, LINE),
            ]
        )
        self._story.append(table)

    def sums(self, sums: Sequence[tuple[str, str, str]]) -> None:
        """The money summary, flush right below a table: label, amount, a note. The last line is the one that counts."""
        cells = [
            [[Text(label, BODY), *([Text(note, NOTE)] if note else [])], Text(amount, replace(STRONG, align="right"))]
            for label, amount, note in sums[:-1]
        ]
        label, amount, note = sums[-1]
        cells.append([[Text(label, SUM), Text(note, NOTE)], Text(amount, replace(SUM, align="right"))])
        amounts = max(_natural_width(row[1]) for row in cells) + FIGURE_GAP
        table = _table(cells, [max((MEASURE - GAP) / 2 - amounts, 45 * mm), amounts], flush="RIGHT")
        table.setStyle(
            [
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
                ("LINEBELOW", (0, 0), (-1, -3), 0.6, LINE),
                ("LINEABOVE", (0, -1), (-1, -1), 1.2, ACCENT),
                ("TOPPADDING", (0, -1), (-1, -1), 6),
            ]
        )
        self._story += [Spacer(0, 3 * mm), KeepTogether([table]), Spacer(0, 7 * mm)]

    def words(self, text: str) -> None:
        self._story += [Text(text, BODY), Spacer(0, 2 * mm)]

    def lines(self, texts: Iterable[str]) -> None:
        """Lines as they stand in a text file: spaces at their beginning and between words keep their number."""
        for text in texts:
            if text.strip():
                self._story.append(Text(SPACES.sub(lambda run: "\u00a0" * len(run[0]), text), NOTED))
            else:
                self._story.append(Spacer(0, NOTED.leading))

    def grid(self, rows: Sequence[Sequence[str]]) -> None:
        """A table of words, equally many in each row. The first row is its head and is repeated on each page."""
        widths = _word_widths(rows)
        for start in range(1, max(len(rows), 2), ROWS_IN_ONE):
            self._part_of_grid(rows[0], rows[start : start + ROWS_IN_ONE], widths)

    def _part_of_grid(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: list[float]) -> None:
        heads = [Text(text, LABEL) for text in head]
        table = _table([heads, *([Text(text, NOTED) for text in row] for row in rows)], widths, repeat=1)
        table.setStyle(
            [
                ("RIGHTPADDING", (0, 0), (-2, -1), CELL_GAP),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
            ]
        )
        self._story.append(table)

    def ticked(self, text: str) -> None:
        """Something that was confirmed, with its tick."""
        table = _table([[Tick(), Text(text, BODY)]], [6 * mm, MEASURE - 6 * mm])
        self._story += [table, Spacer(0, 1.5 * mm)]

    def space(self) -> None:
        self._story.append(Spacer(0, 2.5 * mm))

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written meanwhile stays on one page where it fits on one."""
        before, self._story = self._story, []
        yield
        self._story = [*before, KeepTogether(self._story)]

    def printed(self) -> bytes:
        """The PDF. Call once."""
        pages = BytesIO()
        document = BaseDocTemplate(
            pages, pagesize=A4, invariant=1, pageCompression=1, displayDocTitle=True, **self._facts
        )
        frame = Frame(SIDE, BOTTOM, MEASURE, HEIGHT - TOP - BOTTOM, 0, 0, 0, 0)
        document.addPageTemplates(PageTemplate(frames=[frame]))
        with PRESS:
            document.build(self._story, canvasmaker=self._sheets)
        return pages.getvalue()

    def _sheets(self, *given: object, **named: object) -> Sheets:
        return Sheets(*given, written=self._written, footer=self._footer, **named)

    def _beside(self, left: list[Flowable], right: list[Flowable], space_after: float) -> None:
        half = (MEASURE - GAP) / 2
        table = _table([[left, right]], [half + GAP, half])
        table.setStyle([("RIGHTPADDING", (0, 0), (0, 0), GAP)])
        self._story += [table, Spacer(0, space_after)]


def _sender(name: str) -> Text:
    """A short name in large type, a long one in smaller."""
    return Text(name, SENDER if _natural_width(Text(name, SENDER)) <= MEASURE else NAME)


def _party(label: str, name: str, lines: Sequence[str]) -> list[Flowable]:
    return [Text(label, LABEL), Text(name, NAME), *(Text(line, BODY) for line in lines)]


def _column_widths(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[float], float]:
    """Widths in points and the size of figures. Figures never break, so they get smaller where the words lack room."""
    for size in (BODY.size, 8, 7, 6, 5):
        style = replace(BODY, size=size)
        columns = [
            FIGURE_GAP + max([HEAD_WIDTH, *(_natural_width(Text(row[at], style)) for row in rows)])
            for at in range(len(heads))
        ]
        left = MEASURE - sum(columns)
        if left >= MEASURE / 4:
            break
    return [left, *columns], size


def _word_widths(rows: Sequence[Sequence[str]]) -> list[float]:
    """Widths in points for columns of words: what each needs, and where that is too much, less for the widest."""
    columns = [[row[at] for row in rows] for at in range(len(rows[0]))]
    wanted = [max(_width_of_column(column), NARROWEST) + CELL_GAP for column in columns]
    fair = MEASURE / len(wanted)
    narrow = sum(width for width in wanted if width <= fair)
    wide = sum(width for width in wanted if width > fair)
    squeezed = min(1, (MEASURE - narrow) / wide) if wide else 1
    return [width if width <= fair else max(width * squeezed, min(fair, width)) for width in wanted]


def _width_of_column(texts: Sequence[str]) -> float:
    """What the head and the texts with the most characters take: looking at all of them would take long."""
    longest = nlargest(LOOKED_AT, texts[1:], key=len)
    widths = [_natural_width(Text(text[:MOST_LOOKED_AT], NOTED)) for text in longest]
    return max([_natural_width(Text(texts[0][:MOST_LOOKED_AT], LABEL)), *widths])


def _shares(wanted: Sequence[float]) -> list[float]:
    """Widths for columns side by side: what each asks for and an equal part of what is left, or else equal parts."""
    left = MEASURE - sum(wanted) - FACTS_GAP * (len(wanted) - 1)
    if left < 0:
        return [MEASURE / len(wanted)] * len(wanted)
    part = FACTS_GAP + left / len(wanted)
    return [*(want + part for want in wanted[:-1]), wanted[-1] + left / len(wanted)]


def _natural_width(text: Text) -> float:
    """The width at which a text just fits on one line: a hair more than it has, which rounding might take."""
    return typesetting.set_text(text.text, inf, text.style.weight).width * text.style.size / EM + 0.01


def _table(cells: list[list], widths: list[float], *, repeat: int = 0, flush: str = "LEFT") -> Table:
    """A table without ReportLab's own padding. A row is broken only where it may outgrow a page."""
    texts = [cell if isinstance(cell, list) else [cell] for row in cells for cell in row]
    # A text takes at least a line, and even of the widest letters ten stand on a line.
    longest = max(
        (sum(max(len(part.text), 10) for part in cell if isinstance(part, Text)) for cell in texts), default=0
    )
    table = Table(cells, colWidths=widths, hAlign=flush, repeatRows=repeat, splitInRow=int(longest > OUTGROWS_A_PAGE))
    table.setStyle(
        [
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return table
