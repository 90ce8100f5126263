"""What papers are put together from: type in a few styles, paragraphs, ticks and logos.

Each part draws itself on a sheet (`sheets.Sheets`).
"""

from dataclasses import dataclass, replace

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from blueprints.gateways.press import pictures, typesetting
from blueprints.gateways.press.typefaces import EM, REGULAR, SEMIBOLD
from blueprints.gateways.press.typesetting import Setting

# The colours of the screens in light.
INK, SOFT, LINE, ACCENT, WASH = map(HexColor, ("#16202b", "#52606d", "#dde3e9", "#0b5c8a", "#e8f2f8"))


@dataclass(frozen=True, slots=True)
class Style:
    """Type: size and line height in points."""

    size: float
    leading: float
    weight: int = REGULAR
    colour: Color = INK
    align: str = "left"


TITLE = Style(20, 25, SEMIBOLD, align="right")
SENDER = Style(14, 19, SEMIBOLD)
SECTION = Style(11.5, 16, SEMIBOLD)
NAME = Style(10.5, 15, SEMIBOLD)
BODY = Style(9, 13.5)
STRONG = Style(9, 13.5, SEMIBOLD)
NOTE = Style(8, 11.5, colour=SOFT)
NOTED = Style(8, 11.5)
LABEL = Style(7.5, 11, SEMIBOLD, SOFT)
FOOTER = Style(7, 10, colour=SOFT)
SUM = Style(11, 16, SEMIBOLD)


class Text(Flowable):
    """A paragraph in any scripts, broken between lines where the page ends."""

    def __init__(self, text: str, style: Style, setting: Setting | None = None):
        """`setting`: the part of a text that is set already, as splitting leaves it."""
        super().__init__()
        self.text, self.style = text, style
        self._setting, self._set_to = setting, 0.0
        self._split = setting is not None

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        if self._setting is None or (self._set_to != width and not self._split):
            self._setting = typesetting.set_text(self.text, width / self.style.size * EM, self.style.weight)
            self._set_to = width
        self.width, self.height = width, len(self._setting.lines) * self.style.leading
        return self.width, self.height

    def split(self, _width: float, height: float) -> list[Flowable]:
        """What fits into the height and the rest. A table asks with a width that it does not wrap with."""
        assert self._setting is not None
        lines, fitting = self._setting.lines, int(height / self.style.leading)
        if not 0 < fitting < len(lines):
            return []
        parts = lines[:fitting], lines[fitting:]
        return [Text(self.text, self.style, replace(self._setting, lines=part)) for part in parts]

    def draw(self) -> None:
        self.canv.text(self._setting, self.style, 0, self.height, self.width)


class Tick(Flowable):
    """A box with its tick."""

    SIDE = 8.5

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.SIDE, (BODY.leading + self.SIDE) / 2  # the middle of a line of body text

    def draw(self) -> None:
        sheet, side = self.canv, self.SIDE
        sheet.setLineWidth(0.8)
        sheet.setStrokeColor(ACCENT)
        sheet.setFillColor(WASH)
        sheet.roundRect(0, 0, side, side, 1.5, fill=1)
        sheet.setLineWidth(1.2)
        tick = sheet.beginPath()
        tick.moveTo(0.22 * side, 0.5 * side)
        tick.lineTo(0.43 * side, 0.28 * side)
        tick.lineTo(0.8 * side, 0.76 * side)
        sheet.drawPath(tick)


class Picture(Flowable):
    """The logo, in its box at the top left."""

    def __init__(self, picture: pictures.Printable):
        super().__init__()
        self._picture = picture
        scale = min(pictures.LOGO_WIDTH / picture.width, pictures.LOGO_HEIGHT / picture.height)
        self.width, self.height = picture.width * scale, picture.height * scale

    def draw(self) -> None:
        self.canv.drawImage(ImageReader(self._picture.open()), 0, 0, self.width, self.height)
