"""Fonts inside a PDF: subsets of the Noto faces, and the names of the reader's own for Chinese, Japanese and Korean.

ReportLab embeds a font by characters. Shaped text is made of glyphs (one letter has several, one glyph stands for
several letters), so here a font is embedded by glyphs: each pair of a glyph and the text it stands for gets a code of
its own, and the font says for each code which text it is. What is copied or searched is then what was written.
(Composite fonts, PDF 1.7, 9.7; text of a code, 9.10.3.)
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfdoc import (
    PDFArray,
    PDFDictionary,
    PDFDocument,
    PDFName,
    PDFStream,
    PDFString,
    PDFZCompress,
)

from blueprints.gateways.press import typefaces
from blueprints.gateways.press.typesetting import Glyph, Run

SYMBOLIC = 1 << 2  # the flag of a font whose codes follow no standard encoding


class Fonts:
    """The fonts of one document; each is made when first drawn with."""

    def __init__(self, document: PDFDocument):
        self._document = document
        self._fonts: dict[tuple[str, int], NotoFont | ReadersFont] = {}

    def show(self, run: Run, size: float) -> str:
        """The PDF operators that draw a run at the text position."""
        key = run.face, run.weight
        font = self._fonts.get(key)
        if font is None:
            kind = ReadersFont if run.face in typefaces.EASTERN else NotoFont
            font = self._fonts[key] = kind(self._document, *key)
        shown = f"{font.name} {size:g} Tf {' '.join(_shown(font, run.glyphs, size))}"
        if run.said:
            return f"/Span<</ActualText<FEFF{_utf16(run.said)}>>>BDC {shown} EMC"
        return shown


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def _shown(font: "NotoFont | ReadersFont", glyphs: Iterable[Glyph], size: float) -> Iterator[str]:
    """Codes, moved apart or together where shaping says so (`TJ`), raised or lowered for marks (`Ts`)."""
    row: list[str] = []
    codes, rise, owed = "", 0, 0
    for glyph in glyphs:
        if glyph.dy != rise:
            if codes:
                row.append(f"<{codes}>")
            yield f"[{''.join(row)}]TJ {glyph.dy * size / typefaces.EM:.3f} Ts"
            row, codes, rise = [], "", glyph.dy
        move = owed + glyph.dx
        if move:
            if codes:
                row.append(f"<{codes}>")
            row.append(str(-move))
            codes = ""
        codes += f"{font.code(glyph):04X}"
        owed = glyph.advance - glyph.dx - glyph.own_advance
    row.append(f"<{codes}>")
    yield f"[{''.join(row)}]TJ"
    if rise:
        yield "0 Ts"


class ReadersFont:
    """A font that the reader's program brings; a code is a UTF-16 code unit."""

    def __init__(self, document: PDFDocument, face: str, _weight: int):
        font = UnicodeCIDFont(face)
        font.addObjects(document)
        self.name = document.fontMapping[font.name]

    def code(self, glyph: Glyph) -> int:
        return glyph.number


class NotoFont:
    """The glyphs of one face at one weight that a document uses."""

    def __init__(self, document: PDFDocument, face: str, weight: int):
        self.face, self.weight = face, weight
        self._codes: dict[tuple[int, str], int] = {}
        self._widths: list[int] = []
        self._resource = f"N{sum(isinstance(font, NotoFont) for font in document.delayedFonts) + 1}"
        self.name = f"/{self._resource}"
        document.delayedFonts.append(self)  # ReportLab then asks it for its objects when all pages are drawn

    def code(self, glyph: Glyph) -> int:
        """The code of a glyph with its text, given out in the order of use from 1 (0 is the missing glyph)."""
        key = glyph.number, glyph.text
        code = self._codes.get(key)
        if code is None:
            code = self._codes[key] = len(self._codes) + 1
            self._widths.append(glyph.own_advance)
        return code

    def addObjects(self, document: PDFDocument) -> None:  # noqa: N802 - ReportLab calls it so
        data, places = typefaces.subset(self.face, self.weight, {number for number, _ in self._codes})
        # A subset carries six letters of its own before the name (9.6.4); taken from its bytes they never change.
        letters = "".join(chr(ord("A") + byte % 26) for byte in sha256(data).digest()[:6])
        name = PDFName(f"{letters}+{self.face}-{self.weight}")
        ascender, descender = typefaces.extents(self.face)
        file = _stream(data)
        file.dictionary["Length1"] = len(data)
        descriptor = PDFDictionary(
            {
                "Type": PDFName("FontDescriptor"),
                "FontName": name,
                "Flags": SYMBOLIC,
                "FontBBox": PDFArray([-1000, descender, 3000, ascender]),
                "ItalicAngle": 0,
                "Ascent": ascender,
                "Descent": descender,
                "CapHeight": 714,
                "StemV": 80 if self.weight == typefaces.REGULAR else 130,
                "FontFile2": document.Reference(file),
            }
        )
        outlines = PDFDictionary(
            {
                "Type": PDFName("Font"),
                "Subtype": PDFName("CIDFontType2"),
                "BaseFont": name,
                "CIDSystemInfo": PDFDictionary(
                    {"Registry": PDFString("Adobe"), "Ordering": PDFString("Identity"), "Supplement": 0}
                ),
                "FontDescriptor": document.Reference(descriptor),
                "W": PDFArray([1, PDFArray(self._widths)]),
                "CIDToGIDMap": document.Reference(_stream(self._places(places))),
            }
        )
        font = PDFDictionary(
            {
                "Type": PDFName("Font"),
                "Subtype": PDFName("Type0"),
                "BaseFont": name,
                "Encoding": PDFName("Identity-H"),
                "DescendantFonts": PDFArray([document.Reference(outlines)]),
                "ToUnicode": document.Reference(_stream(self._meanings())),
            }
        )
        document.idToObject["BasicFonts"].dict[self._resource] = document.Reference(font)

    def _places(self, places: dict[int, int]) -> bytes:
        """Which glyph of the subset each code is, two bytes a code."""
        return b"\0\0" + b"".join(places[number].to_bytes(2, "big") for number, _ in self._codes)

    def _meanings(self) -> bytes:
        """The character map that says which text each code stands for."""
        said = [(code, text) for (_, text), code in self._codes.items() if text]
        lines = [
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
            "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def",
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
            "1 begincodespacerange <0000> <FFFF> endcodespacerange",
        ]
        for at in range(0, len(said), 100):  # at most a hundred in one go (9.10.3)
            part = said[at : at + 100]
            lines.append(f"{len(part)} beginbfchar")
            lines += [f"<{code:04X}> <{_utf16(text)}>" for code, text in part]
            lines.append("endbfchar")
        lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
        return "\n".join(lines).encode("ascii")


def _stream(content: bytes) -> PDFStream:
    return PDFStream(content=content, filters=[PDFZCompress])
