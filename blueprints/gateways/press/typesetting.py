"""How words become glyphs: which typeface, which direction, which shapes, and where a line may break.

Text in any mixture of scripts goes in; lines of placed glyphs, in reading order of the page, come out. All measures
are thousandths of the type size, so one setting serves every size. Nothing here knows the PDF: `gateways/pdf.py`
draws what is set here.

Typefaces: Noto Sans in the scripts that its package brings (variable fonts, OFL; two weights are used). Chinese,
Japanese and Korean have no font here: the reader's program brings one, so their glyphs are UTF-16 code units with the
widths that the PDF format gives to such fonts.

Import this module only where something is set: it loads HarfBuzz.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import uharfbuzz
from bidi import algorithm as bidi
from bidi.mirror import MIRRORED

EM = 1000
REGULAR, SEMIBOLD = 400, 600

# Looked through in this order for a character; the first is the text face, and its empty box stands for whatever
# no face has.
TEXT_FACE = "NotoSans"
FACES = (
    TEXT_FACE,
    *(
        f"NotoSans{script}"
        for script in (
            "Arabic Hebrew Thai Armenian Georgian Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada "
            "Malayalam Sinhala Lao Khmer Myanmar Ethiopic Symbols"
        ).split()
    ),
    "NotoEmoji",
)

# The reader's own fonts, by the names that the PDF format has for them, and the characters that each has.
JAPANESE, KOREAN, CHINESE = "HeiseiKakuGo-W5", "HYGothic-Medium", "STSong-Light"
EASTERN_CHARACTERS = {JAPANESE: "cp932", KOREAN: "cp949", CHINESE: "gbk"}

KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))

# A line may break anywhere in these scripts, which put no space between words: Thai, Lao; Myanmar; Khmer; Chinese,
# Japanese, Korean, Yi and full-width forms.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U00020000-\U0003ffff]"
)
# ... but a line does not begin with the first of these, nor end with one of the second.
NOT_FIRST = frozenset(
    ")]},.!?:;%、。，．・：；？！）］｝」』】〉》〕〗〙〛ー々〻゛゜ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
    "ะาำๅฯๆ"
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
    """Glyphs of one face and one direction, from left to right."""

    face: str
    weight: int
    glyphs: tuple[Glyph, ...]

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


def set_text(text: str, width: float, weight: int = REGULAR) -> Setting:
    """Set a text in lines no wider than `width` (thousandths of the type size) where at all possible."""
    words = _words(clean(text), weight)
    lines = tuple(_line(words, start, end) for start, end in _lines(words, width))
    return Setting(lines, words.right_to_left)


def metrics(face: str) -> tuple[int, int]:
    """Ascender and descender of a Noto face."""
    extents = _font(face, REGULAR).get_font_extents("ltr")
    return extents.ascender, extents.descender


def subset(face: str, weight: int, glyphs: set[int]) -> tuple[bytes, dict[int, int]]:
    """A TrueType font of only these glyphs, at one weight, and where each glyph went in it."""
    hb_face = _face(face)
    wanted = uharfbuzz.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.drop_table_tag_set.update(UNUSED_TABLES)
    wanted.flags = (
        uharfbuzz.SubsetFlags.NO_HINTING
        | uharfbuzz.SubsetFlags.NO_LAYOUT_CLOSURE
        | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    )
    wanted.pin_axis_location(hb_face, "wght", weight)
    plan = uharfbuzz.SubsetPlan(hb_face, wanted)
    moved = plan.old_to_new_glyph_mapping
    return plan.execute().blob.data, {glyph: moved[glyph] for glyph in glyphs}


# A font inside a PDF needs outlines and widths; names, character maps and layout rules have done their work.
UNUSED_TABLES = frozenset(
    int.from_bytes(tag.encode(), "big")
    for tag in ("GDEF", "GPOS", "GSUB", "OS/2", "STAT", "VVAR", "cmap", "gasp", "name", "post", "prep", "vhea", "vmtx")
)


# --- faces -------------------------------------------------------------------------------------------------------


@cache
def _face(name: str) -> uharfbuzz.Face:
    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(files("manimgx_fonts") / f"{name}[wght].ttf")))


@cache
def _font(name: str, weight: int) -> uharfbuzz.Font:
    font = uharfbuzz.Font(_face(name))
    font.scale = (EM, EM)
    font.set_variations({"wght": weight})
    return font


@cache
def _characters(name: str) -> frozenset[int]:
    return frozenset(_face(name).unicodes)


@lru_cache(maxsize=4096)
def _face_of(character: str, eastern: tuple[str, ...]) -> str:
    """The face to draw a character with; those of the reader are tried last, in the order given."""
    code = ord(character)
    for name in FACES:
        if code in _characters(name):
            return name
    for name in eastern:
        if code <= 0xFFFF and _encodes(character, EASTERN_CHARACTERS[name]):
            return name
    return TEXT_FACE


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _eastern(text: str) -> tuple[str, ...]:
    """One Chinese character is drawn differently in three countries: kana or Hangul beside it tell which."""
    if KANA.search(text):
        return JAPANESE, CHINESE, KOREAN
    if HANGUL.search(text):
        return KOREAN, CHINESE, JAPANESE
    return CHINESE, JAPANESE, KOREAN


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
    right_to_left, levels = _levels(text)
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
        return [TEXT_FACE] * len(text)
    eastern = _eastern(text)
    faces: list[str] = []
    for character in text:
        stays = faces and unicodedata.category(character) in ("Zs", "Mn", "Mc", "Me", "Cf")
        if stays and faces[-1] not in EASTERN_CHARACTERS and _joins(character, faces[-1]):
            faces.append(faces[-1])
        else:
            faces.append(_face_of(character, eastern))
    return faces


def _joins(character: str, face: str) -> bool:
    """Variation selectors and joiners are instructions to a face, not characters that it must have."""
    return character in "\u200c\u200d" or "\ufe00" <= character <= "\ufe0f" or ord(character) in _characters(face)


def _levels(text: str) -> tuple[bool, list[int]]:
    """Whether the paragraph is read from right to left, and the level of each character (Unicode annex 9).

    The package's own `get_display` answers with a finished line, but lines are broken before they are turned, so its
    steps are taken one by one up to the levels. It leaves out the rule of brackets (N0), which is added.
    """
    if text.isascii() or not any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in text):
        return False, [0] * len(text)
    storage = bidi.get_empty_storage()
    base = bidi.get_base_level(text)
    storage.update(base_level=base, base_dir="LR"[base])
    bidi.get_embedding_levels(text, storage)
    characters = list(storage["chars"])
    bidi.explicit_embed_and_overrides(storage)
    bidi.resolve_weak_types(storage)
    _resolve_brackets(storage)
    bidi.resolve_neutral_types(storage, debug=False)
    bidi.resolve_implicit_levels(storage, debug=False)
    levels: list[int] = []
    for character in characters:
        # Joiners are left out of the reckoning; they go with the letter before them.
        joiner = character["orig"] == "BN"
        levels.append((levels[-1] if levels else base) if joiner else character["level"])
    return bool(base), levels


def _resolve_brackets(storage: dict) -> None:
    """Rule N0: a pair of brackets takes the direction of what it encloses, or of what stands before it."""
    characters = storage["chars"]
    base = storage["base_dir"]
    for opening, closing in _bracket_pairs(characters):
        inside = {_strong(character) for character in characters[opening + 1 : closing]}
        if base in inside:
            direction = base
        elif inside & {"L", "R"}:
            before = (_strong(character) for character in reversed(characters[:opening]))
            direction = next((strong for strong in before if strong), base)
        else:
            continue
        characters[opening]["type"] = characters[closing]["type"] = direction
        for bracket in (opening, closing):
            for character in characters[bracket + 1 :]:
                if character["orig"] != "NSM":
                    break
                character["type"] = direction


def _strong(character: dict) -> str | None:
    kind = character["type"]
    return "R" if kind in ("EN", "AN", "R") else "L" if kind == "L" else None


def _bracket_pairs(characters: list[dict]) -> list[tuple[int, int]]:
    """Where brackets open and close, in the order in which they open (definition BD16)."""
    open_at: list[tuple[str, int]] = []
    pairs = []
    for at, character in enumerate(characters):
        sign = character["ch"]
        category = unicodedata.category(sign)
        if character["type"] != "ON" or category not in ("Ps", "Pe") or sign not in MIRRORED:
            continue
        if category == "Ps":
            open_at.append((MIRRORED[sign], at))
            continue
        for depth in range(len(open_at) - 1, -1, -1):
            if open_at[depth][0] == sign:
                pairs.append((open_at[depth][1], at))
                del open_at[depth:]
                break
    return sorted(pairs)


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
    uharfbuzz.shape(_font(piece.face, weight), buffer, {})
    return buffer.glyph_infos, buffer.glyph_positions


def _clusters(text: str, weight: int, piece: Piece) -> Iterator[tuple[int, int]]:
    """The first character and the width of each cluster of a piece; a cluster may come in parts."""
    if piece.face in EASTERN_CHARACTERS:
        for at in range(piece.start, piece.end):
            yield at, _eastern_advance(text[at])
        return
    for info, position in zip(*_shape(text, weight, piece), strict=True):
        yield info.cluster, position.x_advance


@lru_cache(maxsize=1024)
def _run(text: str, weight: int, piece: Piece) -> Run:
    if piece.face in EASTERN_CHARACTERS:
        return Run(piece.face, REGULAR, tuple(map(_eastern_glyph, text[piece.start : piece.end])))
    infos, positions = _shape(text, weight, piece)
    advance_of = _font(piece.face, weight).get_glyph_h_advance
    texts = _texts(text, piece, [info.cluster for info in infos])
    return Run(
        piece.face,
        weight,
        tuple(
            Glyph(info.codepoint, said, at.x_advance, at.x_offset, at.y_offset, advance_of(info.codepoint))
            for info, at, said in zip(infos, positions, texts, strict=True)
        ),
    )


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
    advance = _eastern_advance(character)
    return Glyph(ord(character), character, advance, 0, 0, advance)


def _eastern_advance(character: str) -> int:
    return EM // 2 if "\uff61" <= character <= "\uff9f" else EM


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
    runs = tuple(_run(words.text, words.weight, piece) for piece in _in_order_seen(words.pieces, start, end))
    return Line(runs, sum(run.width for run in runs))


def _in_order_seen(pieces: tuple[Piece, ...], start: int, end: int) -> list[Piece]:
    """The pieces of one line from left to right (rule L2); those that the line cuts are cut."""
    line = [
        Piece(max(piece.start, start), min(piece.end, end), piece.face, piece.level)
        for piece in pieces
        if piece.start < end and piece.end > start
    ]
    for level in range(max((piece.level for piece in line), default=0), 0, -1):
        at = 0
        while at < len(line):
            stop = at
            while stop < len(line) and line[stop].level >= level:
                stop += 1
            line[at:stop] = line[at:stop][::-1]
            at = stop + 1
    return line
