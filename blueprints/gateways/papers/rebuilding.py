"""PDFs made anew: each page is copied, by an allow-list, into a new document that nothing else gets into.

What annotations and filled forms show is drawn onto the page first; what they do is left behind with them.
"""

import zlib
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, StreamDecodeLevel
from PIL import Image

from blueprints.gateways.papers.allowed import DRAWINGS, PACKING, PICTURES, SHAPES, SHORT_NAMES, VALUE, Named
from blueprints.gateways.papers.limits import (
    MEGABYTE,
    MOST_PAGES,
    MOST_PIXELS,
    MOST_UNPACKED,
    MOST_UNPACKED_IN_ALL,
    CannotBeSafe,
    TooManyPages,
    UnpacksToTooMuch,
)

DEEPEST = 100  # one thing within another
A4 = (0, 0, 595.276, 841.89)  # points
SIDES = (1, 14_400)  # points, of a page (annex C.2)
ENCRYPTED = "This PDF is encrypted. Save a copy without a password and without restrictions, and upload that."
DAMAGED = "This PDF is damaged and cannot be read. Save it again from the program that made it, and upload that."
TOO_FINE = f"A picture in it has more than {MOST_PIXELS // 1_000_000} million pixels. Save it with a lower resolution."
LIVE_FORM = "This PDF is a form that draws itself (XFA). Print it as PDF and upload that."
TOO_DEEP = "This PDF is nested too deeply. Print it as PDF and upload that."


def rebuilt(content: bytes) -> Pdf:
    """A new document with the same pages. Raises CannotBeSafe."""
    try:
        with Pdf.open(BytesIO(content), suppress_warnings=True) as source:
            refuse_unless_sound(source)
            source.generate_appearance_streams()
            source.flatten_annotations("screen")
            return Copyist().copy_of(source)
    except pikepdf.PasswordError:
        raise CannotBeSafe(ENCRYPTED) from None
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, RuntimeError, ValueError, TypeError, LookupError):
        # So it is that the library says that something in the file is not what it should be.
        raise CannotBeSafe(DAMAGED) from None


def refuse_unless_sound(source: Pdf) -> None:
    if source.is_encrypted:
        raise CannotBeSafe(ENCRYPTED)
    pages = len(source.pages)
    if pages > MOST_PAGES:
        raise TooManyPages(pages)
    if pages == 0:
        raise CannotBeSafe("This PDF has no pages.")
    if source.Root.get("/NeedsRendering", False):
        raise CannotBeSafe(LIVE_FORM)


class Copyist:
    """Copies pages into a new document. What several pages share is copied once, and may contain itself."""

    def __init__(self) -> None:
        self.made = pikepdf.new()
        self.copied: dict[tuple[tuple[int, int], str], Object] = {}
        self.unpacked = 0  # bytes

    def copy_of(self, source: Pdf) -> Pdf:
        for page in source.pages:
            self.made.pages.append(pikepdf.Page(self.made.make_indirect(self.page(page.obj))))
        return self.made

    def page(self, page: Object) -> Dictionary:
        copied = Dictionary(Type=Name.Page, MediaBox=box(inherited(page, "/MediaBox")) or list(A4))
        if cropped := box(inherited(page, "/CropBox")):
            copied.CropBox = cropped
        for key in ("/Rotate", "/UserUnit"):
            if isinstance(value := inherited(page, key), int | float) or key == "/Rotate":
                copied[key] = round(value or 0) // 90 * 90 % 360 if key == "/Rotate" else value
        for key, shape in (("/Resources", "resources"), ("/Contents", "content"), ("/Group", "group")):
            value = inherited(page, key) if key == "/Resources" else page.get(key)
            copy = self.copy(value, shape, 0)
            if copy is not None:
                copied[key] = copy
        return copied

    def copy(self, thing: Any, shape: str | Named, depth: int) -> Any:
        """The thing with only what its shape allows; None where nothing of it may stay."""
        if depth > DEEPEST:
            raise CannotBeSafe(TOO_DEEP)
        if not isinstance(thing, Object) or isinstance(thing, Name | pikepdf.String):
            return thing
        if not may_stay(thing, shape):
            return None
        key = thing.objgen, str(shape)
        if thing.is_indirect and key in self.copied:
            return self.copied[key]
        copied = self.begun(thing)
        if thing.is_indirect:  # known before it is filled, because it may contain itself
            copied = self.copied[key] = self.made.make_indirect(copied)
        self.fill(copied, thing, shape, depth)
        if shape == "drawing" and isinstance(thing, Stream):
            refuse_too_fine(copied)
        return copied

    def fill(self, copied: Object, thing: Object, shape: str | Named, depth: int) -> None:
        """What may not stay leaves a null behind in an array, where places mean something, and nothing elsewhere."""
        if isinstance(thing, Array):
            for each in thing:
                copied.append(self.copy(each, shape, depth + 1))
            return
        for name in sorted(thing.keys()):
            inner = shape.shape if isinstance(shape, Named) else SHAPES[shape].get(name[1:])
            if inner is not None and (value := self.copy(thing[name], inner, depth + 1)) is not None:
                copied[name] = value

    def begun(self, thing: Object) -> Object:
        """An empty thing of the same kind in the new document; a stream has its bytes already."""
        if isinstance(thing, Array):
            return Array()
        return self.stream(thing) if isinstance(thing, Stream) else Dictionary()

    # --- streams --------------------------------------------------------------------------------------

    def stream(self, thing: Stream) -> Stream:
        """The stream's bytes under a known filter. What was packed in unusual ways is unpacked."""
        filters, parameters = filters_of(thing)
        packing = [name for name in filters if name in PACKING]
        pictured = filters[len(packing) :]
        if filters[: len(packing)] != packing or len(pictured) > 1 or not set(pictured) <= set(PICTURES):
            raise CannotBeSafe("This PDF is packed in a way that is not known. Print it as PDF and upload that.")
        raw = thing.read_raw_bytes()
        if packing[:1] == ["/FlateDecode"]:
            self.count(unpacked_size(raw))
        if packing and filters != ["/FlateDecode"]:
            raw = self.unpack(raw, packing, parameters[: len(packing)])
            filters, parameters = pictured, parameters[len(packing) :]
        made = Stream(self.made, raw)
        if filters:
            made.Filter = Name(filters[0])
            if parameters[0] is not None and (facts := self.copy(parameters[0], "unpacking", 1)) is not None:
                made.DecodeParms = facts
        if pictured:
            refuse_too_fine_inside(raw, pictured[0])
        return made

    def unpack(self, raw: bytes, filters: list[str], parameters: list[Any]) -> bytes:
        """Memory is bounded by the process; what comes out is counted."""
        with pikepdf.new() as aside:
            packed = Stream(aside, raw, Filter=Array([Name(name) for name in filters]))
            facts = [self.copy(each, "unpacking", 1) for each in parameters]
            if any(fact is not None for fact in facts):
                packed.DecodeParms = Array([Dictionary() if fact is None else plain_copy(fact) for fact in facts])
            unpacked = packed.read_bytes(StreamDecodeLevel.generalized)
        self.count(len(unpacked))
        return unpacked

    def count(self, size: int) -> None:
        self.unpacked += size
        if size > MOST_UNPACKED or self.unpacked > MOST_UNPACKED_IN_ALL:
            raise UnpacksToTooMuch


def may_stay(thing: Object, shape: str | Named) -> bool:
    """Whether a thing of this kind may stand where the shape is asked for."""
    if isinstance(thing, Array):
        return True
    if not isinstance(thing, Dictionary | Stream) or shape == VALUE:
        return False  # an operator, or more than a value
    # A drawing is an image or a form (which has no size in dots), not PostScript.
    return shape != "drawing" or (isinstance(thing, Stream) and thing.get("/Subtype") in DRAWINGS)


def inherited(page: Object, key: str) -> Any:
    """What the page says of this, or a node of the page tree above it (7.7.3.4)."""
    for _ in range(DEEPEST):
        if (value := page.get(key)) is not None:
            return value
        if not isinstance(page := page.get("/Parent"), Dictionary):
            break
    return None


def box(given: Any) -> list[float] | None:
    """Four numbers, the smaller ones first; None for what is no box of a usual size."""
    if not isinstance(given, Array) or len(given) != 4:
        return None
    try:
        left, bottom, right, top = (float(each) for each in given)
    except (TypeError, ValueError):
        return None
    left, right, bottom, top = min(left, right), max(left, right), min(bottom, top), max(bottom, top)
    usual = all(SIDES[0] <= side <= SIDES[1] for side in (right - left, top - bottom))
    return [left, bottom, right, top] if usual else None


def filters_of(stream: Stream) -> tuple[list[str], list[Any]]:
    """Names of the filters by their long names, and the parameters of each (None without)."""
    given, facts = stream.get("/Filter"), stream.get("/DecodeParms")
    names = [given] if isinstance(given, Name) else list(given) if isinstance(given, Array) else []
    filters = [SHORT_NAMES.get(str(name), str(name)) for name in names]
    parameters = list(facts) if isinstance(facts, Array) else [facts]
    return filters, [*parameters, *[None] * len(filters)][: len(filters)]


def plain_copy(facts: Any) -> Dictionary:
    """Parameters of packing filters are numbers, so they can be written down again for another document."""
    return Dictionary({name: value for name, value in facts.items() if not isinstance(value, Object)})


def unpacked_size(raw: bytes) -> int:
    """Bytes that come out, never held at once. What breaks off counts as far as it goes. Raises UnpacksToTooMuch."""
    unpacking, size = zlib.decompressobj(), 0
    try:
        waiting = raw
        while waiting and not unpacking.eof:
            size += len(unpacking.decompress(waiting, MEGABYTE))
            waiting = unpacking.unconsumed_tail
            if size > MOST_UNPACKED:
                raise UnpacksToTooMuch
    except zlib.error:
        pass
    return size


def refuse_too_fine(drawing: Stream) -> None:
    sides = drawing.get("/Width", 0), drawing.get("/Height", 0)
    if not all(isinstance(side, int) for side in sides) or sides[0] * sides[1] > MOST_PIXELS:
        raise CannotBeSafe(TOO_FINE)


def refuse_too_fine_inside(raw: bytes, filter_name: str) -> None:
    """A JPEG says its own size, whatever the document says of it. What no size can be read from shows nothing."""
    if filter_name not in ("/DCTDecode", "/JPXDecode"):
        return
    try:
        with Image.open(BytesIO(raw), formats=("JPEG", "JPEG2000")) as picture:
            wide, high = picture.size
    except Image.DecompressionBombError:
        raise CannotBeSafe(TOO_FINE) from None
    except (OSError, ValueError, SyntaxError):
        return
    if wide * high > MOST_PIXELS:
        raise CannotBeSafe(TOO_FINE)
