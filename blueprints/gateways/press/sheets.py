"""The pages of a paper: A4 with a footer that says which page of how many it is."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from blueprints.gateways.press import typesetting
from blueprints.gateways.press.embedding import Fonts
from blueprints.gateways.press.parts import FOOTER, LINE, Style
from blueprints.gateways.press.typefaces import EM
from blueprints.gateways.press.typesetting import Setting

WIDTH, HEIGHT = A4
SIDE, TOP, BOTTOM = 20 * mm, 18 * mm, 26 * mm
MEASURE = WIDTH - 2 * SIDE
FOOTER_TOP = BOTTOM - 8 * mm

CAP_HEIGHT = 0.714  # of the type size, in Noto Sans


class Sheets(Canvas):
    """Pages that wait until all are drawn, so that each can say how many there are."""

    def __init__(self, *given: object, written: datetime, footer: tuple[str, str], **named: object):
        super().__init__(*given, pdfVersion=(1, 7), **named)
        self._fonts = Fonts(self._doc)
        self._drawn: list[dict] = []
        self._footer = footer
        self.setDateFormatter(lambda *_now: written.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'"))

    def _make_preamble(self) -> None:
        self._preamble = ""  # ReportLab's own names a font that no paper uses

    def setFont(self, *_font: object) -> None:  # noqa: N802 - ReportLab calls it so
        """Tables choose a font before they draw a cell, though every word here brings its own."""

    def showPage(self) -> None:  # noqa: N802 - ReportLab calls it so
        self._drawn.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._drawn, start=1):
            self.__dict__.update(page)
            self._draw_footer(f"Page {number} of {len(self._drawn)}")
            super().showPage()
        super().save()

    def text(self, setting: Setting, style: Style, left: float, top: float, width: float) -> None:
        """Draw a set paragraph in a box whose top left corner is given."""
        size = style.size
        # Capitals stand in the middle of the line, so that what is beside them lines up.
        baseline = top - style.leading / 2 - size * CAP_HEIGHT / 2
        operators = [f"BT {style.colour.red:.3g} {style.colour.green:.3g} {style.colour.blue:.3g} rg"]
        for line in setting.lines:
            x = left
            if style.align == "right":
                x += width - line.width * size / EM
            elif setting.right_to_left:
                # In a paper read from the left a name in Arabic stands on the left, its own lines flush right.
                x += (setting.width - line.width) * size / EM
            for run in line.runs:
                operators.append(f"1 0 0 1 {x:.2f} {baseline:.2f} Tm {self._fonts.show(run, size)}")
                x += run.width * size / EM
            baseline -= style.leading
        operators.append("ET")
        self.addLiteral("\n".join(operators))

    def _draw_footer(self, page: str) -> None:
        self.setLineWidth(0.6)
        self.setStrokeColor(LINE)
        self.line(SIDE, FOOTER_TOP, WIDTH - SIDE, FOOTER_TOP)
        right = replace(FOOTER, align="right")
        number = typesetting.set_text(page, inf)
        room = MEASURE - number.width * FOOTER.size / EM - 8 * mm
        top = FOOTER_TOP - 4
        self.text(number, right, SIDE, top, MEASURE)
        for text in self._footer:
            setting = typesetting.set_text(text, room / FOOTER.size * EM)
            self.text(setting, FOOTER, SIDE, top, room)
            top -= len(setting.lines) * FOOTER.leading
