"""Papers take any text in any script, and come out readable, searchable and the same each time."""

import subprocess
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from bidi import get_display
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from blueprints.gateways.pdf import Paper
from blueprints.gateways.press import directions, typefaces, typesetting
from blueprints.gateways.press.typefaces import EM, SEMIBOLD
from tests.services import need

WRITTEN = datetime(2026, 11, 21, 19, 24, 5, tzinfo=UTC)

NAMES = {
    "Latin": "Łódź Müller & Søn ĐĐ",
    "Vietnamese": "Công ty Trách nhiệm hữu hạn Nguyễn",
    "Cyrillic": "ООО «Ромашка» Їжак",
    "Greek": "Παπαδόπουλος Α.Ε. ΐΰ",
    "Arabic": "شركة النور للتقنية المحدودة",
    "Persian": "شرکت گسترش پژوهش‌های نوین",
    "Hebrew": "חברת אור טכנולוגיות",
    "Thai": "บริษัท น้ำแข็งไทยจำกัด (มหาชน)",
    "Hindi": "क्षत्रिय कंपनी प्रा",
    "Armenian": "Հայկական ընկերություն",
    "Georgian": "ქართული კომპანია",
    "Emoji": "😀 👩‍👩‍👧",
}
EASTERN_NAMES = {
    "Chinese": ("北京科技有限公司", typefaces.CHINESE),
    "Japanese": ("株式会社さくらソフト", typefaces.JAPANESE),
    "Korean": ("주식회사 한빛소프트", typefaces.KOREAN),
}
anything = st.text(st.characters(codec=None, categories=None), max_size=60)
# Letters of each direction, digits of both kinds, and all that the rules of neutrals and brackets are about.
mixed = st.text("abé אבגשرك12٣()[]«».,-/&+$%", max_size=16)


def a_paper(name: str, **changed: object) -> bytes:
    facts = {"title": name, "author": name, "subject": name, "language": "en-GB", "written": WRITTEN}
    paper = Paper(footer=(name, name), **{**facts, **changed})
    paper.letterhead(name, None, "Paper", [name])
    paper.parties(("From", name, [name]), ("To", name, []))
    paper.facts([("Fact", name), ("Figure", "1")])
    paper.table("Things", "Thing", ["Price"], [(name, name, ["€1.00"])])
    paper.sums([("Part", "€1.00", ""), ("All", "€1.00", name)])
    with paper.together():
        paper.section(name)
        paper.words(name)
        paper.ticked(name)
    return paper.printed()


def only(name: str) -> bytes:
    """A paper that says nothing else."""
    paper = Paper(title="", author="", subject="", language="en-GB", written=WRITTEN, footer=("", ""))
    paper.words(name)
    return paper.printed()


def read(pdf: bytes, *options: str) -> str:
    """What a reader finds in it, without the marks that show directions, composed."""
    need("poppler")
    done = subprocess.run(["pdftotext", *options, "-", "-"], input=pdf, capture_output=True, check=True)
    text = done.stdout.decode().translate(dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e")))
    return unicodedata.normalize("NFC", text)


def pictured(pdf: bytes, dots: int = 60) -> Image.Image:
    """The first page in grey."""
    need("poppler")
    command = ["pdftoppm", "-r", str(dots), "-gray", "-f", "1", "-l", "1", "-"]
    return Image.open(BytesIO(subprocess.run(command, input=pdf, capture_output=True, check=True).stdout))


def glyphs_of(text: str) -> list[typesetting.Glyph]:
    setting = typesetting.set_text(text, 10**6)
    return [glyph for line in setting.lines for run in line.runs for glyph in run.glyphs]


# --- scripts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_each_script_has_its_glyphs(name: str) -> None:
    assert all(glyph.number for glyph in glyphs_of(name))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_each_script_is_drawn(name: str) -> None:
    drawn = pictured(only(name)).crop((0, 0, 496, 200)).point(lambda grey: 255 * (grey < 200))
    left, top, right, bottom = drawn.getbbox()
    assert right - left > 15
    assert 4 < bottom - top < 40


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_each_script_is_found_by_its_words(name: str) -> None:
    """Whole lines of one direction are found as they are; where directions meet, readers differ in what comes first."""
    found = read(only(name))
    assert all(word in found for word in unicodedata.normalize("NFC", name).split())
    assert unicodedata.normalize("NFC", name) in found


@pytest.mark.parametrize(("name", "face"), EASTERN_NAMES.values(), ids=EASTERN_NAMES)
def test_chinese_japanese_and_korean_are_set_in_the_readers_fonts(name: str, face: str) -> None:
    runs = [run for line in typesetting.set_text(name, 10**6).lines for run in line.runs]
    assert {run.face for run in runs if run.face != typefaces.TEXT_FACE} == {face}


@pytest.mark.parametrize("name", [name for name, _ in EASTERN_NAMES.values()], ids=EASTERN_NAMES)
def test_chinese_japanese_and_korean_names_are_found(name: str) -> None:
    if not Path("/usr/share/poppler/cidToUnicode").is_dir():
        pytest.skip("needs poppler-data, without which pdftotext knows no reader's fonts")
    assert name in read(only(name))


def test_names_in_several_scripts_at_once() -> None:
    name = "Müller ООО شركة חברה บริษัท 株式会社さ 한빛 Ω"
    found = read(only(name))
    assert all(word in found for word in name.split()[:5])
    assert all(glyph.number for glyph in glyphs_of(name))


def test_arabic_letters_join() -> None:
    alone = glyphs_of("ب")
    assert len({glyph.number for glyph in glyphs_of("ببب")} - {glyph.number for glyph in alone}) >= 2


def test_letters_in_parts_are_composed() -> None:
    assert [glyph.text for glyph in glyphs_of("e\u0301")] == ["é"]
    assert [glyph.text for glyph in glyphs_of("\u1112\u1161\u11ab")] == ["한"]  # a file name from a Mac


def test_what_no_font_has_is_an_empty_box_that_still_says_what_it_was() -> None:
    (glyph,) = glyphs_of("\U00010900")
    assert (glyph.number, glyph.text) == (0, "\U00010900")
    assert glyph.advance > 0


def test_half_width_katakana_are_half_as_wide() -> None:
    assert [glyph.advance for glyph in glyphs_of("ｱア")] == [EM // 2, EM]


# --- directions ------------------------------------------------------------------------------------------------------


def seen(text: str) -> str:
    """The characters from left to right, by our levels, brackets not turned."""
    _, levels = directions.levels(text)
    ordered = directions.in_order_seen(list(enumerate(text)), lambda at_character: levels[at_character[0]])
    return "".join(character for _, character in ordered)


@given(mixed)
@settings(max_examples=500, deadline=None)
def test_directions_agree_with_the_algorithm_of_unicode(text: str) -> None:
    text = text.strip()  # rule L1, white space at the ends, is that of lines, which have none there
    assert seen(text) == get_display(text)


def test_a_right_to_left_name_is_broken_before_it_is_turned() -> None:
    words = ["אחת", "שתיים", "שלוש", "ארבע", "חמש", "שש", "שבע"]
    setting = typesetting.set_text(" ".join(words), 9000)
    assert setting.right_to_left
    assert len(setting.lines) > 1
    lines = ["".join(glyph.text for run in line.runs for glyph in reversed(run.glyphs)) for line in setting.lines]
    assert " ".join(lines).split() == words


def test_marks_that_override_directions_are_left_out() -> None:
    """Else a name could be printed as something else than what was agreed."""
    assert typesetting.clean("ab\u202edc\u202c\u2066x\u2069") == "abdcx"


# --- lines -----------------------------------------------------------------------------------------------------------


@given(anything, st.integers(2, 30))
@example("א\U0003134b", 2)  # newer than the tables of Python 3.11
@settings(max_examples=200, deadline=None)
def test_every_character_is_set_once(text: str, ems: int) -> None:
    setting = typesetting.set_text(text, ems * EM)
    said = "".join(run.said or "".join(g.text for g in run.glyphs) for line in setting.lines for run in line.runs)
    assert Counter(said.replace(" ", "")) == Counter(typesetting.clean(text).replace(" ", ""))


@given(st.text("abcWil -/אבגשركبนำ้กแ株式会한A", max_size=80), st.integers(4, 20))
@settings(max_examples=200, deadline=None)
def test_no_line_is_wider_than_its_column(text: str, ems: int) -> None:
    # Letters at both sides of a break join no longer, which may widen a line by less than a letter.
    assert all(line.width <= (ems + 1) * EM for line in typesetting.set_text(text, ems * EM).lines)


def lines_of(text: str, ems: int) -> list[str]:
    setting = typesetting.set_text(text, ems * EM)
    return ["".join(run.said or "".join(g.text for g in run.glyphs) for run in line.runs) for line in setting.lines]


def test_lines_break_at_spaces_and_hyphens() -> None:
    assert lines_of("one two three-four", 6) == ["one two", "three-four"]
    assert lines_of("one two three-four", 4) == ["one two", "three-", "four"]


def test_a_fixed_space_holds() -> None:
    assert lines_of("CHF\u00a0100 CHF\u00a0200", 6) == ["CHF\u00a0100", "CHF\u00a0200"]


def test_a_word_longer_than_the_line_is_cut_between_letters() -> None:
    lines = lines_of("W" * 200, 20)
    assert len(lines) > 8
    assert "".join(lines) == "W" * 200


def test_thai_is_cut_between_letters_with_their_marks() -> None:
    lines = lines_of("น้ำแข็ง" * 10, 5)
    assert len(lines) > 5
    assert not any(unicodedata.category(line[0]) == "Mn" for line in lines)
    assert "".join(lines) == "น้ำแข็ง" * 10


def test_no_line_begins_with_a_full_stop_or_ends_with_an_opening_bracket() -> None:
    assert lines_of("北京科技。北京（科技）", 4) == ["北京科", "技。北京", "（科技）"]


@pytest.mark.parametrize(
    ("given_", "printed"),
    [
        ("a\x00b\x07c", "abc"),
        ("two\r\nlines\tand\u2028more", "two  lines and more"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("no \ufffe character", "no \ufffd character"),
        ("豈", "豈"),  # a compatibility ideograph stays the one that was written
    ],
)
def test_what_cannot_be_printed_is_left_out_or_shown(given_: str, printed: str) -> None:
    assert typesetting.clean(given_) == printed


# --- papers ----------------------------------------------------------------------------------------------------------


@given(anything)
@settings(max_examples=40, deadline=None)
def test_no_text_stops_a_paper(text: str) -> None:
    assert a_paper(text).startswith(b"%PDF-")


@pytest.mark.parametrize("text", ["", " ", "word " * 1200, "x" * 5000, "ก" * 1500, "אב " * 800, "(" * 500 + "א"])
def test_no_length_stops_a_paper(text: str) -> None:
    assert a_paper(text).startswith(b"%PDF-")


def test_markup_is_text() -> None:
    name = '<b>A</b> &amp; <font color="red">B</font> %s {0} \\n (c)'
    assert name in read(a_paper(name))


@pytest.mark.parametrize("name", ["plain", *NAMES.values(), *(name for name, _ in EASTERN_NAMES.values())])
def test_the_second_opinion_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    need("qpdf")
    path = tmp_path / "paper.pdf"
    path.write_bytes(a_paper(name))
    done = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_fonts_are_embedded_in_parts() -> None:
    need("poppler")
    done = subprocess.run(["pdffonts", "-"], input=a_paper("Müller חברה 😀"), capture_output=True, check=True)
    fonts = done.stdout.decode().splitlines()[2:]
    assert len(fonts) >= 4
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts)  # embedded, subset, with its text


def test_semibold_is_another_weight_of_the_same_letters() -> None:
    regular, semibold = (typesetting.set_text("Order", 10**6, weight).width for weight in (400, SEMIBOLD))
    assert regular < semibold


def test_who_wrote_what_when_is_in_the_papers_facts() -> None:
    need("poppler")
    pdf = a_paper("x", title="Order 7", author="Nordlicht ש", subject="Ромашка")
    done = subprocess.run(["pdfinfo", "-isodates", "-"], input=pdf, capture_output=True, check=True)
    facts = dict(line.split(":", 1) for line in done.stdout.decode().splitlines())
    assert facts["Title"].strip() == "Order 7"
    assert facts["Author"].strip() == "Nordlicht ש"
    assert facts["Subject"].strip() == "Ромашка"
    assert facts["CreationDate"].strip() == "2026-11-21T19:24:05Z"
    assert b"/Lang (en-GB)" in pdf


def test_each_page_says_which_of_how_many_it_is() -> None:
    paper = Paper(title="", author="", subject="", language="en-GB", written=WRITTEN, footer=("No. 7", "abc"))
    paper.table("Things", "Thing", ["Price"], [(f"Thing {n}", "", ["1"]) for n in range(100)])
    pages = read(paper.printed()).split("\f")[:-1]
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "No. 7" in page


# --- logos -----------------------------------------------------------------------------------------------------------


def a_logo(size: tuple[int, int] = (600, 200), mode: str = "RGBA") -> Image.Image:
    picture = Image.new(mode, size)
    ImageDraw.Draw(picture).ellipse((0, 0, size[0] // 2, size[1] - 1), fill="#0b5c8a" if mode != "L" else 90)
    return picture


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def with_logo(logo: bytes) -> bytes:
    paper = Paper(title="", author="", subject="", language="en-GB", written=WRITTEN, footer=("", ""))
    paper.letterhead("Nordlicht Systemhaus", logo, "Order", [])
    return paper.printed()


LOGOS: dict[str, Callable[[], bytes]] = {
    "a PNG with transparency": lambda: saved(a_logo(), "PNG"),
    "a grey PNG": lambda: saved(a_logo(mode="L"), "PNG"),
    "a JPEG": lambda: saved(a_logo(mode="RGB"), "JPEG"),
    "a CMYK JPEG": lambda: saved(a_logo(mode="RGB").convert("CMYK"), "JPEG"),
    "a large photograph": lambda: saved(Image.effect_noise((3000, 1500), 90).convert("RGB"), "JPEG"),
    "a single dot": lambda: saved(a_logo((1, 1)), "PNG"),
    "a thin line": lambda: saved(a_logo((3000, 1)), "PNG"),
}


@pytest.mark.parametrize("logo", LOGOS.values(), ids=LOGOS)
def test_a_logo_takes_the_place_of_the_name_and_stays_small(logo: Callable[[], bytes]) -> None:
    pdf = with_logo(logo())
    assert b"/Subtype /Image" in pdf
    assert len(pdf) < 60_000
    assert "Nordlicht" not in read(pdf)


@pytest.mark.parametrize(
    "logo",
    [
        b"",
        b"not a picture",
        saved(a_logo(), "PNG")[:200],
        saved(a_logo(), "GIF"),
        saved(Image.new("1", (8000, 7000)), "PNG"),  # small to store, large to open
    ],
    ids=["nothing", "words", "cut off", "another kind", "a bomb"],
)
def test_without_a_readable_logo_the_name_is_printed(logo: bytes) -> None:
    pdf = with_logo(logo)
    assert b"/Subtype /Image" not in pdf
    assert "Nordlicht Systemhaus" in read(pdf)


def test_transparency_is_white_on_paper() -> None:
    page = pictured(with_logo(saved(Image.new("RGBA", (600, 200), (0, 0, 0, 0)), "PNG")))
    assert page.crop((47, 40, 190, 90)).getextrema()[0] > 250
