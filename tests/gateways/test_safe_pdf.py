"""Whatever comes in, a PDF comes out that does nothing, or a sentence that says why not."""

import subprocess
import time
import warnings
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image

from blueprints.gateways.papers import limits, making, rebuilding, workshop
from blueprints.gateways.papers.limits import CannotBeSafe
from blueprints.gateways.papers.making import Made, make_safe
from tests.customers.uploading import a_pdf, a_picture
from tests.gateways import hostile_pdfs
from tests.gateways.hostile_pdfs import FORBIDDEN, TRICKS, a_drawing, all_at_once, hostile, objects_of, written

FACTS = {"name": "Notes.txt", "written": "2026-11-21T10:00:00+00:00"}


def made_of(content: bytes, seconds: float = limits.SECONDS) -> Made:
    """As the portal does it: in a process of its own."""
    with TemporaryFile() as file:
        file.write(content)
        return make_safe(file, name=FACTS["name"], written=datetime(2026, 11, 21, 10, tzinfo=UTC), seconds=seconds)


def made_here(content: bytes) -> bytes:
    """The same work in this process, for what is known to end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the decoders' own; the portal's process has no ear for them either
        return workshop.safe_pdf(content, FACTS)[0]


def refusal_of(content: bytes) -> str:
    with pytest.raises(CannotBeSafe) as refusal:
        made_here(content)
    return refusal.value.sentence


def assert_harmless(document: bytes) -> None:
    with pikepdf.open(BytesIO(document)) as pdf:
        assert set(pdf.Root.keys()) <= {"/Type", "/Pages"}
        for thing in objects_of(pdf):
            keys = set(thing.keys())
            assert not keys & FORBIDDEN, f"{keys & FORBIDDEN} in {dict(thing.items())}"
            assert thing.get("/Subtype") not in ("/PS", "/U3D", "/Widget", "/Link")
            assert thing.get("/Type") not in ("/Action", "/Filespec", "/Annot", "/EmbeddedFile")
    for word in (b"evil.example", b"app.alert", b"run.exe", b"/etc/passwd"):
        assert word not in document


def words_on(document: bytes, tmp_path: Path) -> str:
    path = tmp_path / "made.pdf"
    path.write_bytes(document)
    return subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout


class TestPdfs:
    @pytest.mark.parametrize("name", TRICKS)
    def test_what_a_pdf_does_is_left_behind(self, name: str) -> None:
        content = hostile(name)
        with pikepdf.open(BytesIO(content)) as pdf:
            assert any(set(thing.keys()) & FORBIDDEN for thing in objects_of(pdf)), "the trick is there"
        assert_harmless(made_here(content))

    def test_all_tricks_at_once_and_it_is_a_sound_pdf_that_shows_the_same(self, tmp_path: Path) -> None:
        made = made_of(all_at_once())
        assert made.pages == 1
        assert_harmless(made.document)
        path = tmp_path / "made.pdf"
        path.write_bytes(made.document)
        checked = subprocess.run(["qpdf", "--check", path], check=False, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "Seen" in words_on(made.document, tmp_path)
        with pikepdf.open(BytesIO(made.document)) as pdf:
            drawn = b"\n".join(part.read_bytes() for part in pdf.pages[0].obj.Contents)
        assert hostile_pdfs.DRAWN in drawn

    def test_what_was_typed_into_a_form_stays_readable(self, tmp_path: Path) -> None:
        assert "Ines" in words_on(made_here(hostile("forms")), tmp_path)

    def test_pages_keep_their_size_turn_and_order(self) -> None:
        pdf = pikepdf.new()
        for width in (100, 200, 300):
            pdf.add_blank_page(page_size=(width, 400))
        pdf.pages[1].obj.Rotate = 90
        with pikepdf.open(BytesIO(made_here(written(pdf)))) as made:
            assert [int(page.mediabox[2]) for page in made.pages] == [100, 200, 300]
            assert [int(page.obj.get("/Rotate", 0)) for page in made.pages] == [0, 90, 0]

    def test_what_pages_share_is_kept_once_and_may_contain_itself(self) -> None:
        pdf = a_drawing()
        form = pdf.make_indirect(Stream(pdf, b"/Me Do", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9]))
        form.Resources = Dictionary(XObject=Dictionary(Me=form))
        pdf.pages[0].obj.Resources.XObject = Dictionary(Me=form)
        pdf.pages.append(pdf.pages[0])
        with pikepdf.open(BytesIO(made_here(written(pdf)))) as made:
            assert sum(thing.get("/Subtype") == "/Form" for thing in objects_of(made)) == 1
            assert len({page.obj.Contents.objgen for page in made.pages}) == 1

    def test_the_same_file_makes_the_same_bytes(self) -> None:
        content = all_at_once()
        assert made_of(content).document == made_of(content).document

    def test_encrypted_ones_are_refused(self) -> None:
        locked = pikepdf.Encryption(owner="owner", user="reader")
        restricted = pikepdf.Encryption(owner="owner", user="", allow=pikepdf.Permissions(extract=False))
        for how in (locked, restricted):
            assert "encrypted" in refusal_of(written(a_drawing(), encryption=how))

    def test_too_many_pages_are_refused(self) -> None:
        assert "It has 5,000 pages; at most 500" in refusal_of(a_pdf(5_000))
        assert workshop.safe_pdf(a_pdf(500), FACTS)[1] == 500

    def test_a_form_that_draws_itself_is_refused(self) -> None:
        pdf = a_drawing()
        pdf.Root.NeedsRendering = True
        assert "Print it as PDF" in refusal_of(written(pdf))

    @pytest.mark.parametrize("content", [b"%PDF-1.7\nnothing here", b"%PDF-"])
    def test_damaged_ones_are_refused(self, content: bytes) -> None:
        assert "damaged" in refusal_of(content)


class TestBombs:
    def test_a_stream_that_unpacks_to_too_much(self) -> None:
        pdf = a_drawing()
        pdf.pages[0].obj.Contents = Stream(pdf, zlib.compress(bytes(limits.MOST_UNPACKED + 1)), Filter=Name.FlateDecode)
        assert "unpacks to far more" in refusal_of(written(pdf, compress_streams=False))

    def test_a_stream_packed_over_and_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rebuilding, "MOST_UNPACKED", limits.MEGABYTE)
        packed = bytes(2 * limits.MEGABYTE)
        for _ in range(3):
            packed = zlib.compress(packed)
        pdf = a_drawing()
        contents = Stream(pdf, packed, Filter=Array([Name.FlateDecode] * 3))
        pdf.pages[0].obj.Contents = contents
        as_it_is = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.none}
        assert "unpacks to far more" in refusal_of(written(pdf, **as_it_is))

    def test_many_streams_that_together_unpack_to_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rebuilding, "MOST_UNPACKED_IN_ALL", limits.MEGABYTE)
        pdf = a_drawing()
        parts = [Stream(pdf, zlib.compress(bytes(99_999)), Filter=Name.FlateDecode) for _ in range(20)]
        pdf.pages[0].obj.Contents = Array([pdf.make_indirect(part) for part in parts])
        assert "unpacks to far more" in refusal_of(written(pdf, compress_streams=False))

    def test_a_picture_in_it_that_says_it_is_huge(self) -> None:
        pdf = a_drawing()
        image = Stream(pdf, b"\0", Type=Name.XObject, Subtype=Name.Image, Width=60_000, Height=60_000)
        image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 8
        pdf.pages[0].obj.Resources.XObject = Dictionary(X=pdf.make_indirect(image))
        assert "million pixels" in refusal_of(written(pdf))

    def test_a_jpeg_in_it_that_is_larger_than_the_document_says(self) -> None:
        jpeg = bytearray(a_picture("JPEG"))
        frame = jpeg.index(b"\xff\xc0")
        jpeg[frame + 5 : frame + 9] = (60_000).to_bytes(2) * 2
        pdf = a_drawing()
        image = Stream(pdf, bytes(jpeg), Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8)
        image.ColorSpace, image.Filter = Name.DeviceRGB, Name.DCTDecode
        pdf.pages[0].obj.Resources.XObject = Dictionary(X=pdf.make_indirect(image))
        assert "million pixels" in refusal_of(written(pdf))

    def test_things_within_things_without_end(self) -> None:
        pdf = a_drawing()
        inner = Dictionary()
        for _ in range(500):
            inner = pdf.make_indirect(Dictionary(Functions=Array([inner])))
        pdf.pages[0].obj.Resources.ColorSpace = Dictionary(C=Array([Name.Separation, Name.X, Name.DeviceGray, inner]))
        assert "nested too deeply" in refusal_of(written(pdf))

    def test_arrays_that_hold_arrays_that_hold_arrays(self) -> None:
        """Each of fifty holds the next one twice: written out they would be a million times a billion."""
        pdf = a_drawing()
        inner = pdf.make_indirect(Array([1]))
        for _ in range(50):
            inner = pdf.make_indirect(Array([inner, inner]))
        pdf.pages[0].obj.Resources.ColorSpace = Dictionary(C=inner)
        assert_harmless(made_here(written(pdf)))

    def test_a_picture_that_says_it_is_huge(self) -> None:
        png = bytearray(a_picture("PNG"))
        png[16:24] = (60_000).to_bytes(4) * 2
        png[29:33] = zlib.crc32(png[12:29]).to_bytes(4)
        assert "At most 100 million pixels" in refusal_of(bytes(png))

    def test_what_takes_too_long_is_given_up(self) -> None:
        begun = time.monotonic()
        with pytest.raises(CannotBeSafe, match="too much time"):
            made_of("\n".join(f"{n} lines take a while" for n in range(30_000)).encode(), seconds=1)
        assert time.monotonic() - begun < 5

    def test_what_takes_too_much_memory_is_given_up(self) -> None:
        """The limit is the system's: what asks for more than it ends there, and the portal only hears of it."""
        hog = "import blueprints.gateways.papers.workshop as w; w.bind(); bytearray(w.MEMORY)"
        command = [making.sys.executable, "-P", "-c", hog]
        ended = subprocess.run(command, env={"PYTHONPATH": str(making.ROOT)}, cwd="/", check=False, capture_output=True)
        assert b"MemoryError" in ended.stderr


class TestPictures:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
    def test_each_kind_becomes_a_page(self, kind: str) -> None:
        made = made_of(a_picture(kind, (400, 300)))
        assert made.pages == 1
        assert_harmless(made.document)

    def test_a_tiff_has_a_page_for_each_picture(self) -> None:
        pages = [Image.new("1", (60, 90), colour) for colour in (0, 1, 0)]
        file = BytesIO()
        pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:], compression="group4")
        assert workshop.safe_pdf(file.getvalue(), FACTS)[1] == 3

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
    def test_in_any_kind_of_colour(self, mode: str) -> None:
        file = BytesIO()
        Image.new(mode, (20, 10)).save(file, "TIFF" if mode in ("CMYK", "YCbCr", "I", "F") else "PNG")
        with pikepdf.open(BytesIO(made_here(file.getvalue()))) as pdf:
            image = pdf.pages[0].obj.Resources.XObject.Picture
            assert (image.Width, image.Height) == (20, 10)

    def test_what_is_written_into_it_or_behind_it_is_left_behind(self) -> None:
        file = BytesIO()
        where = Image.Exif()
        where[0x010E] = "evil.example"
        Image.new("RGB", (9, 9)).save(file, "JPEG", exif=where, comment=b"app.alert")
        assert_harmless(made_here(file.getvalue() + b"PK\x03\x04 run.exe"))

    def test_a_picture_lies_as_its_camera_was_held(self) -> None:
        file = BytesIO()
        turned = Image.Exif()
        turned[0x0112] = 6
        Image.new("RGB", (40, 20)).save(file, "JPEG", exif=turned)
        with pikepdf.open(BytesIO(made_here(file.getvalue()))) as pdf:
            image = pdf.pages[0].obj.Resources.XObject.Picture
            assert (image.Width, image.Height) == (20, 40)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
    def test_damaged_ones_are_refused(self, kind: str) -> None:
        whole = a_picture(kind, (300, 300))
        assert "damaged" in refusal_of(whole[: len(whole) // 2])


class TestWords:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
    def test_texts_in_each_encoding(self, encoding: str, tmp_path: Path) -> None:
        said = words_on(made_here("Grüße, 5 €\n\n  zwei Wörter\n".encode(encoding)), tmp_path)
        assert "Grüße, 5 €" in said
        assert "zwei Wörter" in said

    def test_in_every_script_and_with_its_fonts(self, tmp_path: Path) -> None:
        document = made_of("Ünïcode\nשלום\nสวัสดี\n".encode()).document
        assert "Ünïcode" in words_on(document, tmp_path)
        path = tmp_path / "made.pdf"
        fonts = subprocess.run(["pdffonts", path], check=True, capture_output=True, text=True).stdout
        assert all(line.split()[-5] == "yes" for line in fonts.splitlines()[2:]), fonts

    def test_lines_keep_their_indent(self, tmp_path: Path) -> None:
        said = words_on(made_here(b"a:\n    b: 1\n\tc: 2\n"), tmp_path).splitlines()
        assert said[1].index("b") > said[0].index("a")
        assert said[2].index("c") > said[1].index("b")

    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    def test_tables_are_set_as_tables(self, separator: str, tmp_path: Path) -> None:
        rows = [("Name", "Town"), ("Müller, Söhne", "Köln"), ("=1+1", "A|B")]
        table = "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows)
        said = words_on(made_here(table.encode()), tmp_path)
        assert "Müller, Söhne" in said
        assert '"' not in said

    def test_the_head_of_a_table_is_on_each_page_and_a_wide_one_is_told_row_by_row(self, tmp_path: Path) -> None:
        long = "Name;Town\n" + "".join(f"Company {n};Town {n}\n" for n in range(100))
        assert words_on(made_here(long.encode()), tmp_path).count("Name") == 3
        wide = ";".join(f"Head {n}" for n in range(20)) + "\n" + ";".join(str(n) for n in range(20)) + "\n"
        assert "Head 19: 19" in words_on(made_here(wide.encode()), tmp_path)

    def test_prose_with_commas_is_no_table(self, tmp_path: Path) -> None:
        said = words_on(made_here(b"Dear Ines,\nthank you, and all, for the files.\nYours, Tom\n"), tmp_path)
        assert "thank you, and all, for the files." in said

    def test_too_many_pages_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "more than 500 pages" in refusal_of(b"line\n" * 200_000)
        monkeypatch.setattr(workshop, "MOST_PAGES", 3)
        assert "It has 4 pages" in refusal_of(b"line\n" * 200)


class TestKinds:
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "The file is empty."),
            (b" \n\t\n", "nothing but blanks"),
            (b"<!DOCTYPE html><title>x</title>", "web page"),
            (b"\xef\xbb\xbf  <HTML><script>alert(1)</script>", "web page"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "web page"),
            (b"PK\x03\x04\x14\x00\x06\x00word/document.xml\x00", "office document"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "old format"),
            (b"{\\rtf1\\ansi Hello}", "RTF"),
            (b"%!PS-Adobe-3.0\nshowpage\n", "PostScript"),
            (b"GIF89a\x01\x00\x01\x00\x00\x00\x00", "GIF"),
            (b"MZ\x90\x00\x03\x00\x00\x00", "program"),
            (b"\x7fELF\x02\x01\x01\x00", "program"),
            (b"\x00\x01\x02\x03" * 50, "no kind of file"),
        ],
    )
    def test_others_are_refused_with_what_is_accepted(self, content: bytes, told: str) -> None:
        sentence = refusal_of(content)
        assert told in sentence
        if len(content.strip()) > 1:
            assert "PDF, pictures (PNG, JPEG, TIFF, WebP), text and CSV are accepted" in sentence

    def test_what_holds_a_page_before_the_pdf_begins_is_a_page(self) -> None:
        assert "web page" in refusal_of(b"<html>" + a_pdf())


class TestTheProcess:
    def test_it_knows_nothing_of_the_portal(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Its environment is what it needs to find the code, and no secret of ours."""
        seen: dict[str, object] = {}
        run = subprocess.run

        def look(command: list[str], **how: object) -> object:
            seen.update(how, command=command)
            return run(command, **how)

        monkeypatch.setenv("SECRET_KEY", "ours")
        monkeypatch.setattr(making.subprocess, "run", look)
        made_of(b"Hello")
        assert set(seen["env"]) == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
        assert seen["cwd"] == "/"

    @pytest.mark.parametrize("answer", [b"", b"{}\n", b'{"pages": 1}\nnot a pdf', b'{"pages": 1}\n'])
    def test_what_it_answers_is_not_believed(self, answer: bytes) -> None:
        with pytest.raises(CannotBeSafe):
            making.read_answer(BytesIO(answer))


def mutations(whole: bytes) -> st.SearchStrategy[bytes]:
    """The file with some bytes changed, cut out or put in."""
    at = st.integers(0, len(whole) - 1)
    change = st.tuples(at, st.integers(0, 40), st.binary(max_size=12))

    def apply(changes: list[tuple[int, int, bytes]]) -> bytes:
        mutated = whole
        for start, length, put in changes:
            mutated = mutated[:start] + put + mutated[start + length :]
        return mutated

    return st.lists(change, min_size=1, max_size=6).map(apply)


FUZZED: dict[str, Callable[[], bytes]] = {
    "pdf": lambda: written(pikepdf.open(BytesIO(all_at_once())), object_stream_mode=pikepdf.ObjectStreamMode.disable),
    "png": lambda: a_picture("PNG", (90, 90)),
    "tiff": lambda: a_picture("TIFF", (30, 30)),
}


@pytest.mark.parametrize("kind", FUZZED)
def test_mutated_files_never_hang_and_never_get_through(kind: str) -> None:
    whole = FUZZED[kind]()

    @given(mutations(whole))
    @settings(max_examples=100 if kind == "pdf" else 40, deadline=10_000, database=None)
    def check(mutated: bytes) -> None:
        try:
            made = made_here(mutated)
        except CannotBeSafe:
            return
        if not mutated[:1024].lstrip().startswith(b"%PDF-"):
            return  # a text or a picture by now: what it says is only shown
        with pikepdf.open(BytesIO(made)) as pdf:
            assert all(not set(thing.keys()) & FORBIDDEN for thing in objects_of(pdf))

    check()
