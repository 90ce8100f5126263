"""Logos on paper: a PNG or JPEG as anyone may have uploaded it, made ready to be printed."""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError
from reportlab.lib.units import mm

LOGO_WIDTH, LOGO_HEIGHT = 64 * mm, 18 * mm  # the box it is printed in
DOTS = 300 / 72  # dots a point: what an office printer shows
DOTS_AT_MOST = 40_000_000  # a picture with more of them is not opened
LOSSLESS_BYTES = 30_000  # a picture larger than this without loss is printed as JPEG


@dataclass(frozen=True, slots=True)
class Printable:
    """A picture as it goes into the paper: three bytes a dot, or JPEG."""

    data: bytes
    width: int
    height: int
    jpeg: bool

    def open(self) -> BytesIO | Image.Image:
        return BytesIO(self.data) if self.jpeg else Image.frombytes("RGB", (self.width, self.height), self.data)


@lru_cache(maxsize=32)
def printable(data: bytes) -> Printable | None:
    """A PNG or JPEG on white, no finer than print shows. None for what is no such picture: the name is printed then."""
    try:
        picture = Image.open(BytesIO(data), formats=("PNG", "JPEG"))
        if picture.width * picture.height > DOTS_AT_MOST:
            return None
        picture = ImageOps.exif_transpose(picture).convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None
    picture.thumbnail((round(LOGO_WIDTH * DOTS), round(LOGO_HEIGHT * DOTS)), Image.Resampling.LANCZOS)
    on_white = Image.new("RGB", picture.size, "white")
    on_white.paste(picture, mask=picture)
    lossless = BytesIO()
    on_white.save(lossless, "PNG")
    if lossless.tell() <= LOSSLESS_BYTES:
        return Printable(on_white.tobytes(), *on_white.size, jpeg=False)
    lossy = BytesIO()
    on_white.save(lossy, "JPEG", quality=88)
    return Printable(lossy.getvalue(), *on_white.size, jpeg=True)
