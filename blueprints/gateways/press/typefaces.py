"""The typefaces that papers are set in: which face has which characters, and subsets of them.

Noto Sans in the scripts that its package brings (variable fonts, OFL; two weights are used). Chinese, Japanese and
Korean have no font here: the PDF names one that the reader's program brings.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files

import uharfbuzz

EM = 1000  # all measures are thousandths of the type size
REGULAR, SEMIBOLD = 400, 600

# Looked through in this order for a character. The first is the text face, and its empty box stands for whatever no
# face has.
TEXT_FACE = "NotoSans"
FACES = (
    TEXT_FACE,
    "NotoSansArabic",
    "NotoSansHebrew",
    "NotoSansThai",
    "NotoSansArmenian",
    "NotoSansGeorgian",
    "NotoSansDevanagari",
    "NotoSansBengali",
    "NotoSansGurmukhi",
    "NotoSansGujarati",
    "NotoSansOriya",
    "NotoSansTamil",
    "NotoSansTelugu",
    "NotoSansKannada",
    "NotoSansMalayalam",
    "NotoSansSinhala",
    "NotoSansLao",
    "NotoSansKhmer",
    "NotoSansMyanmar",
    "NotoSansEthiopic",
    "NotoSansSymbols",
    "NotoEmoji",
)
WITHOUT_WORDS = ("NotoSansSymbols", "NotoEmoji")  # their spaces are as wide as their signs

# The reader's own fonts, by the names that the PDF format has for them, and the characters that each has.
JAPANESE, KOREAN, CHINESE = "HeiseiKakuGo-W5", "HYGothic-Medium", "STSong-Light"
EASTERN = {JAPANESE: "cp932", KOREAN: "cp949", CHINESE: "gbk"}

KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")

# A font inside a PDF needs outlines and widths; names, character maps and layout rules have done their work.
UNUSED_TABLES = frozenset(
    int.from_bytes(tag.encode(), "big")
    for tag in ("GDEF", "GPOS", "GSUB", "OS/2", "STAT", "VVAR", "cmap", "gasp", "name", "post", "prep", "vhea", "vmtx")
)


def eastern(text: str) -> tuple[str, ...]:
    """The reader's fonts to try, best first.

    One Chinese character is drawn differently in three countries: kana or Hangul beside it tell which is meant.
    """
    if KANA.search(text):
        return JAPANESE, CHINESE, KOREAN
    if HANGUL.search(text):
        return KOREAN, CHINESE, JAPANESE
    return CHINESE, JAPANESE, KOREAN


@lru_cache(maxsize=4096)
def face_of(character: str, eastern_faces: tuple[str, ...]) -> str:
    """The face to draw a character with; the reader's fonts are tried last, in the order given."""
    for name in FACES:
        if has(name, character):
            return name
    for name in eastern_faces:
        if character <= "\uffff" and _encodes(character, EASTERN[name]):
            return name
    return TEXT_FACE


def has(face: str, character: str) -> bool:
    """Whether a Noto face has a character."""
    return ord(character) in _characters(face)


@cache
def font(face: str, weight: int) -> uharfbuzz.Font:
    """A Noto face at one weight, as HarfBuzz shapes with it."""
    made = uharfbuzz.Font(_face(face))
    made.scale = (EM, EM)
    made.set_variations({"wght": weight})
    return made


def extents(face: str) -> tuple[int, int]:
    """Ascender and descender of a Noto face."""
    of_line = font(face, REGULAR).get_font_extents("ltr")
    return of_line.ascender, of_line.descender


def eastern_advance(character: str) -> int:
    """The width of a character in a reader's font: half-width katakana are half as wide as all else."""
    return EM // 2 if "\uff61" <= character <= "\uff9f" else EM


def subset(face: str, weight: int, glyphs: set[int]) -> tuple[bytes, dict[int, int]]:
    """A TrueType font of only these glyphs, at one weight, and where each glyph went in it."""
    whole = _face(face)
    wanted = uharfbuzz.SubsetInput()
    wanted.glyph_set.update(glyphs)
    wanted.drop_table_tag_set.update(UNUSED_TABLES)
    wanted.flags = (
        uharfbuzz.SubsetFlags.NO_HINTING
        | uharfbuzz.SubsetFlags.NO_LAYOUT_CLOSURE
        | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    )
    wanted.pin_axis_location(whole, "wght", weight)
    plan = uharfbuzz.SubsetPlan(whole, wanted)
    moved = plan.old_to_new_glyph_mapping
    return plan.execute().blob.data, {glyph: moved[glyph] for glyph in glyphs}


@cache
def _face(name: str) -> uharfbuzz.Face:
    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(files("manimgx_fonts") / f"{name}[wght].ttf")))


@cache
def _characters(name: str) -> frozenset[int]:
    return frozenset(_face(name).unicodes)


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
