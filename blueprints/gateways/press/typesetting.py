"""How words become glyphs: which typeface, which direction, which shapes, and where a line may break.

Text in any mixture of scripts goes in; lines of placed glyphs come out, as seen from left to right. All measures are
thousandths of the type size, so one setting serves every size. Nothing here knows the PDF: `embedding` draws it.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import uharfbuzz

from blueprints.gateways.press import directions, typefaces

# A line may break anywhere in these scripts, which put no space between words: Thai, Lao; Myanmar; Khmer; Chinese,
# Japanese, Korean, Yi and full-width forms.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U00020000-\U0003ffff]"
)
# ... but a line does not begin with the first of these, nor end with one of the second.
NOT_FIRST = frozenset(
    ")]},.!?:;%、。，．・：；？！）］｝」』】〉》〕〗〙〛ー々〻゛゜ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶะาำๅฯๆ"
)
NOT_LAST = frozenset("([{（［｛「『【〈《〔〖〘〚เแโใไ")
HYPHENS = frozenset("-‐–—/")
FIXED_SPACES = frozenset("\u00a0\u2007\u202f")

# Taken out before setting: marks that change the direction of what follows would let a name hide how it is written.
HIDDEN = dict.fromkeys(map(ord, "\u00ad\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
COMPATIBILITY_IDEOGRAPHS = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")


class Glyph(NamedTuple):
    """`number` in its face; the `text` it stands for; how far it moves on; where it is drawn off its place."""

    number: int
    text: str
    advance: int
    dx: int
    dy: int
    own_advance: int  # what the font itself says; `advance` differs from it by kerning


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one face and one direction, from left to right.

    `said`: the whole text of the run, where its glyphs cannot say it one by one (a Thai vowel in two parts).
    """

    face: str
    weight: int
    glyphs: tuple[Glyph, ...]
    said: str = ""

    @property
    def width(self) -> int:
        return sum(glyph.advance for glyph in self.glyphs)


@dataclass(frozen=True, slots=True)
class Line:
    runs: tuple[Run, ...]
    width: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A paragraph, set: its lines, and whether it is read from right to left."""

    lines: tuple[Line, ...]
    right_to_left: bool

    @property
    def width(self) -> int:
        return max((line.width for line in self.lines), default=0)


def clean(text: str) -> str:
    """What can be printed of a text: one line, composed characters, U+FFFD for what is none (a lone surrogate)."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(map(_printable, text.translate(HIDDEN)))
    # Composing would swap compatibility ideographs (some family names) for others, so they are passed by.
    parts = COMPATIBILITY_IDEOGRAPHS.split(shown)
    return "".join(part if at % 2 else unicodedata.normalize("NFC", part) for at, part in enumerate(parts))


def set_text(text: str, width: float, weight: int = typefaces.REGULAR) -> Setting:
    """Set a text in lines no wider than `width` (thousandths of the type size) where at all possible."""
    words = _words(clean(text), weight)
    lines = tuple(_line(words, start, end) for start, end in _lines(words, width))
    return Setting(lines, words.right_to_left)


# --- characters, faces and directions ----------------------------------------------------------------------------


class Piece(NamedTuple):
    """A stretch of the text in one face at one level of direction (odd: from right to left)."""

    start: int
    end: int
    face: str
    level: int


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph ready to be broken into lines. `advances` and `begins` have one entry a character."""

    text: str
    weight: int
    right_to_left: bool
    pieces: tuple[Piece, ...]
    advances: tuple[int, ...]  # a cluster's width stands at its first character
    begins: tuple[bool, ...]  # whether a cluster (what readers take for one letter) begins here


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " " if character.isspace() else ""
    code = ord(character)
    if category == "Cs" or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return "\ufffd"
    return character


@lru_cache(maxsize=512)
def _words(text: str, weight: int) -> Words:
    right_to_left, levels = directions.levels(text)
    pieces = tuple(_pieces(text, _faces(text), levels))
    advances = [0] * len(text)
    begins = [False] * len(text)
    for piece in pieces:
        for at, advance in _clusters(text, weight, piece):
            advances[at] += advance
            begins[at] = True
    return Words(text, weight, right_to_left, pieces, tuple(advances), tuple(begins))


def _faces(text: str) -> list[str]:
    """The face of each character. Spaces, marks and joiners stay in the face before them if it has them."""
    if text.isascii():
        return [typefaces.TEXT_FACE] * len(text)
    eastern = typefaces.eastern(text)
    faces: list[str] = []
    for character in text:
        stays = faces and unicodedata.category(character) in ("Zs", "Mn", "Mc", "Me", "Cf")
        if stays and faces[-1] not in typefaces.EASTERN and _joins(character, faces[-1]):
            faces.append(faces[-1])
        else:
            faces.append(typefaces.face_of(character, eastern))
    return faces


def _joins(character: str, face: str) -> bool:
    """Whether a space, mark or joiner stays in a face. Joiners and selectors of variants need not be in it."""
    if character.isspace() and face in typefaces.WITHOUT_WORDS:
        return False
    return character in "\u200c\u200d" or "\ufe00" <= character <= "\ufe0f" or typefaces.has(face, character)


def _pieces(text: str, faces: list[str], levels: list[int]) -> Iterator[Piece]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or (faces[at], levels[at]) != (faces[start], levels[start]):
            yield Piece(start, at, faces[start], levels[start])
            start = at


# --- shapes ------------------------------------------------------------------------------------------------------


def _shape(text: str, weight: int, piece: Piece) -> tuple[list, list]:
    """Glyphs and positions of a piece; the text around it decides how letters at its ends join."""
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text, piece.start, piece.end - piece.start)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if piece.level % 2 else "ltr"
    uharfbuzz.shape(typefaces.font(piece.face, weight), buffer, {})
    return buffer.glyph_infos, buffer.glyph_positions


def _clusters(text: str, weight: int, piece: Piece) -> Iterator[tuple[int, int]]:
    """The first character and the width of each cluster of a piece; a cluster may come in parts."""
    if piece.face in typefaces.EASTERN:
        for at in range(piece.start, piece.end):
            yield at, typefaces.eastern_advance(text[at])
        return
    for info, position in zip(*_shape(text, weight, piece), strict=True):
        yield info.cluster, position.x_advance


@lru_cache(maxsize=1024)
def _run(text: str, weight: int, piece: Piece) -> Run:
    if piece.face in typefaces.EASTERN:
        return Run(piece.face, typefaces.REGULAR, tuple(map(_eastern_glyph, text[piece.start : piece.end])))
    infos, positions = _shape(text, weight, piece)
    advance_of = typefaces.font(piece.face, weight).get_glyph_h_advance
    texts = _texts(text, piece, [info.cluster for info in infos])
    glyphs = tuple(
        Glyph(info.codepoint, said, at.x_advance, at.x_offset, at.y_offset, advance_of(info.codepoint))
        for info, at, said in zip(infos, positions, texts, strict=True)
    )
    # From right to left the parts without text are dots above and below letters, which need no more saying; and
    # readers turn such a run themselves, so they would turn its text once too often.
    unsaid = piece.level % 2 == 0 and not all(texts)
    return Run(piece.face, weight, glyphs, text[piece.start : piece.end] if unsaid else "")


def _texts(text: str, piece: Piece, clusters: list[int]) -> list[str]:
    """The text that each glyph stands for, so that what is copied out of the paper is what was written.

    A cluster with as many glyphs as characters gives each its own, in reading order; else the first has it all.
    """
    backwards = piece.level % 2 == 1
    begins = sorted(set(clusters))
    texts = [""] * len(clusters)
    at = 0
    while at < len(clusters):
        count = 1
        while at + count < len(clusters) and clusters[at + count] == clusters[at]:
            count += 1
        following = bisect_right(begins, clusters[at])
        said = text[clusters[at] : begins[following] if following < len(begins) else piece.end]
        shares = list(said) if len(said) == count else [said] + [""] * (count - 1)
        texts[at : at + count] = reversed(shares) if backwards else shares
        at += count
    return texts


def _eastern_glyph(character: str) -> Glyph:
    advance = typefaces.eastern_advance(character)
    return Glyph(ord(character), character, advance, 0, 0, advance)


# --- lines -------------------------------------------------------------------------------------------------------


def _lines(words: Words, width: float) -> Iterator[tuple[int, int]]:
    """Start and end of each line, in the order in which the text is written; spaces at its ends are left out."""
    text, start = words.text, 0
    while start < len(text):
        end = _line_end(words, start, width)
        line = text[start:end]
        yield start + len(line) - len(line.lstrip(" ")), start + len(line.rstrip(" "))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1


def _line_end(words: Words, start: int, width: float) -> int:
    text, used, breakable = words.text, 0, 0
    at = start
    while at < len(text) and (used + words.advances[at] <= width or text[at] == " "):
        used += words.advances[at]
        at += 1
        if at < len(text) and words.begins[at] and _may_break(text[at - 1], text[at]):
            breakable = at
    if at == len(text):
        return at
    if breakable:
        return breakable
    # A word longer than the line is cut between two letters; a line has at least one.
    while at > start and not words.begins[at]:
        at -= 1
    if at == start:
        at += 1
        while at < len(text) and not words.begins[at]:
            at += 1
    return at


def _may_break(before: str, after: str) -> bool:
    if after.isspace() or after in NOT_FIRST or before in NOT_LAST:
        return False
    if before.isspace():
        return before not in FIXED_SPACES
    if before in HYPHENS:
        return after.isalnum()
    return before == "\u200b" or bool(UNSPACED.match(before) or UNSPACED.match(after))


def _line(words: Words, start: int, end: int) -> Line:
    pieces = [
        Piece(max(piece.start, start), min(piece.end, end), piece.face, piece.level)
        for piece in words.pieces
        if piece.start < end and piece.end > start
    ]
    seen = directions.in_order_seen(pieces, lambda piece: piece.level)
    runs = tuple(_run(words.text, words.weight, piece) for piece in seen)
    return Line(runs, sum(run.width for run in runs))
