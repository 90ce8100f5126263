"""Pictures drawn anew, a page each: nothing of the file gets into the PDF but the colours of its dots."""

import zlib
from collections.abc import Iterator
from io import BytesIO

import pikepdf
from pikepdf import Dictionary, Name, Pdf, Stream
from PIL import Image, ImageOps

from blueprints.gateways.papers.limits import (
    MOST_PAGES,
    MOST_PIXELS,
    MOST_PIXELS_IN_ALL,
    CannotBeSafe,
    TooManyPages,
    TooMuchWork,
)

SHORT_SIDE, LONG_SIDE = 595.276, 841.89  # points: A4
DOTS = 96 / 72  # dots a point, where a picture is smaller than the page
QUALITY = 90
STRIP = 256  # rows
WORTH_IT = 2  # a picture without loss may take this many times what a JPEG of it takes
NOT_A_PICTURE = "This picture is damaged and cannot be read. Save it again and upload that."
COLOURS = {"1": Name.DeviceGray, "L": Name.DeviceGray, "RGB": Name.DeviceRGB}

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def drawn_anew(content: bytes, picture_format: str) -> Pdf:
    """A page for each picture in the file: several in a TIFF, one in all others. Raises CannotBeSafe."""
    made = pikepdf.new()
    try:
        with Image.open(BytesIO(content), formats=(picture_format,)) as picture:
            for frame in frames_of(picture):
                add_page(made, upright(frame), lossy=picture_format == "JPEG")
    except Image.DecompressionBombError:
        raise CannotBeSafe(too_fine("")) from None
    except MemoryError:
        raise TooMuchWork from None
    except (
        OSError,
        ValueError,
        TypeError,
        SyntaxError,
        EOFError,
        LookupError,
        OverflowError,
        RuntimeError,
        zlib.error,
    ):
        # The decoders raise many kinds, and each means that the picture is broken.
        raise CannotBeSafe(NOT_A_PICTURE) from None
    return made


def frames_of(picture: Image.Image) -> Iterator[Image.Image]:
    """Each picture of the file, its size looked at before a single dot is unpacked. Raises CannotBeSafe."""
    several = picture.format == "TIFF"
    pixels = 0
    for number in range(MOST_PAGES + 1):
        if number:
            if not several:
                return
            try:
                picture.seek(number)
            except EOFError:
                return
        if number == MOST_PAGES:
            raise TooManyPages(f"more than {MOST_PAGES}")
        size = picture.width * picture.height
        pixels += size
        if size > MOST_PIXELS or pixels > MOST_PIXELS_IN_ALL:
            raise CannotBeSafe(too_fine(f"It says it is {picture.width:,} × {picture.height:,} pixels. "))
        yield picture


def too_fine(told: str) -> str:
    return f"{told}At most {MOST_PIXELS // 1_000_000} million pixels are accepted. Save it with a lower resolution."


def upright(frame: Image.Image) -> Image.Image:
    """Turned as its camera was held, on white, in one of the three kinds of colour that pages know here."""
    turned = ImageOps.exif_transpose(frame)
    if turned.mode in COLOURS and "transparency" not in turned.info:
        return turned
    if turned.mode.startswith("I;16") or turned.mode in ("I", "F"):
        return in_grey(turned)
    if turned.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in turned.info:
        seen = turned if turned.mode == "RGBA" else turned.convert("RGBA")
        white = Image.new("RGB", seen.size, "white")
        white.paste(seen, mask=seen.getchannel("A"))
        return white
    return turned.convert("RGB")


def in_grey(picture: Image.Image) -> Image.Image:
    """More than eight bits a dot, brought to eight: from black to white, or from the darkest to the lightest."""
    if picture.mode != "F":
        picture = picture.convert("I")
    low, high = picture.getextrema()
    low, high = (0, 65_535) if picture.mode == "I" and low >= 0 and 255 < high <= 65_535 else (low, high)
    spread = (high - low) or 1
    return picture.point(lambda dot: dot * (255 / spread) - low * (255 / spread)).convert("L")


def add_page(made: Pdf, picture: Image.Image, *, lossy: bool) -> None:
    picture.info = {}  # words in it that Pillow would write again
    wide, high = (side / DOTS for side in picture.size)
    room = (LONG_SIDE, SHORT_SIDE) if wide > high else (SHORT_SIDE, LONG_SIDE)
    scale = min(1, room[0] / wide, room[1] / high)
    wide, high = max(wide * scale, 1), max(high * scale, 1)
    page = Dictionary(
        Type=Name.Page,
        MediaBox=[0, 0, round(wide, 2), round(high, 2)],
        Resources=Dictionary(XObject=Dictionary(Picture=made.make_indirect(image(made, picture, lossy)))),
        Contents=made.make_stream(b"q %.2f 0 0 %.2f 0 0 cm /Picture Do Q" % (wide, high)),
    )
    made.pages.append(pikepdf.Page(made.make_indirect(page)))


def image(made: Pdf, picture: Image.Image, lossy: bool) -> Stream:
    """Without loss where that is not much larger than a JPEG, as drawings and screens are, unless it was one."""
    data, packing = b"", Name.FlateDecode
    if picture.mode != "1":
        jpeg = BytesIO()
        picture.save(jpeg, "JPEG", quality=QUALITY)
        data, packing = jpeg.getvalue(), Name.DCTDecode
    if not lossy or not data:
        lossless = packed(picture)
        if not data or len(lossless) <= WORTH_IT * len(data):
            data, packing = lossless, Name.FlateDecode
    drawn = Stream(made, data)
    drawn.Type, drawn.Subtype = Name.XObject, Name.Image
    drawn.Width, drawn.Height = picture.size
    drawn.ColorSpace = COLOURS[picture.mode]
    drawn.BitsPerComponent = 1 if picture.mode == "1" else 8
    drawn.Filter = packing
    return drawn


def packed(picture: Image.Image) -> bytes:
    """The dots, a strip at a time, so that they are not held once more."""
    packing, strips = zlib.compressobj(6), []
    for top in range(0, picture.height, STRIP):
        strip = picture.crop((0, top, picture.width, min(top + STRIP, picture.height)))
        strips.append(packing.compress(strip.tobytes()))
    return b"".join([*strips, packing.flush()])
