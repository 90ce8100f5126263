"""The logo: uploaded, refused for what it is, drawn anew, served, removed."""

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from blueprints.partners.logos import MOST_BYTES, WrongLogo, check_logo
from data.history import History, sentence
from data.partners import Partner
from tests.factories import World
from tests.partners.pictures import a_picture
from tests.visits import Answer, Visitor


def here(world: World) -> str:
    return f"/partner/{world.northstar.id}/logo"


def newest(world: World) -> Partner:
    return Partner.get_by_id(world.northstar.id)


def upload(visitor: Visitor, world: World, content: bytes, version: str = "1", htmx: bool = False) -> Answer:
    typed = {"logo": (io.BytesIO(content), "../../logo.png\x00.exe"), "version": version}
    return visitor.post(here(world), typed, htmx=htmx, content_type="multipart/form-data")


class TestSetLogo:
    def test_saves_and_says_so(self, admin: Visitor, world: World) -> None:
        answer = upload(admin, world, a_picture(), htmx=True)
        assert answer.status == 200
        assert "Logo saved." in answer.text
        assert answer.find("#picture img")[0].get("alt") == "Logo of Northstar IT"
        # The settings form beside it learns the new version, so that typing in it can still be saved.
        assert answer.find("#seen")[0].get("value") == "2"
        assert newest(world).logo_type == "image/png"

    def test_works_without_htmx(self, admin: Visitor, world: World) -> None:
        answer = upload(admin, world, a_picture())
        assert (answer.status, answer.location) == (303, f"/partner/{world.northstar.id}")
        assert "Logo saved." in admin.get(answer.location).text

    def test_shows_what_is_wrong(self, admin: Visitor, world: World) -> None:
        for htmx in (True, False):
            answer = upload(admin, world, b"GIF89a", htmx=htmx)
            assert answer.status == 422
            assert "neither PNG nor JPEG" in answer.find("#logo-why")[0].text_content()
        assert newest(world).logo is None

    def test_asks_for_a_file(self, admin: Visitor, world: World) -> None:
        for typed in (
            {"version": "1"},
            {"version": "1", "logo": "text"},
            {"version": "1", "logo": (io.BytesIO(b""), "")},
        ):
            answer = admin.post(here(world), typed, content_type="multipart/form-data")
            assert (answer.status, "Choose a PNG or JPEG file" in answer.text) == (422, True)

    def test_refuses_what_someone_changed_meanwhile(self, admin: Visitor, world: World) -> None:
        answer = upload(admin, world, a_picture(), version="7", htmx=True)
        assert (answer.status, "Someone else changed this" in answer.text) == (409, True)
        assert newest(world).logo is None

    def test_hides_partners_of_others(self, stranger: Visitor, world: World) -> None:
        assert upload(stranger, world, a_picture()).status == 404
        assert stranger.post(f"{here(world)}/remove", {"version": "1"}).status == 404
        assert stranger.get(here(world)).status == 404

    def test_refuses_readers(self, visit_as, viewer: Visitor, world: World) -> None:
        for visitor in (visit_as(world.msp_admin), viewer):
            assert upload(visitor, world, a_picture()).status == 403
            assert visitor.post(f"{here(world)}/remove", {"version": "1"}).status == 403

    def test_leaves_one_line_of_history_without_the_picture(self, admin: Visitor, world: World) -> None:
        upload(admin, world, a_picture(size=(40, 20)))
        admin.post(f"{here(world)}/remove", {"version": "2"})
        assert [sentence(line) for line in History.select().order_by(History.id)] == [
            "Partner settings: logo set, 40 × 20 pixels",
            "Partner settings: logo removed",
        ]


class TestRemoveLogo:
    def test_removes_and_says_so(self, admin: Visitor, world: World) -> None:
        upload(admin, world, a_picture())
        answer = admin.post(f"{here(world)}/remove", {"version": "2"}, htmx=True)
        assert "Logo removed." in answer.text
        assert not answer.find("#picture img")
        assert (newest(world).logo, newest(world).logo_type) == (None, "")
        assert admin.get(here(world)).status == 404

    def test_a_second_press_finds_none(self, admin: Visitor, world: World) -> None:
        assert admin.post(f"{here(world)}/remove", {"version": "1"}).status == 404

    def test_refuses_what_someone_changed_meanwhile(self, admin: Visitor, world: World) -> None:
        upload(admin, world, a_picture())
        answer = admin.post(f"{here(world)}/remove", {"version": "1"}, htmx=True)
        assert (answer.status, "Someone else changed this" in answer.text) == (409, True)
        assert newest(world).logo


class TestServing:
    @pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
    def test_is_served_as_what_it_is(self, admin: Visitor, world: World, kind: str, media_type: str) -> None:
        upload(admin, world, a_picture(kind))
        answer = admin.get(here(world))
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert Image.open(io.BytesIO(answer.bytes)).size == (40, 20)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has next to no pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


class TestAttacks:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "Choose"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "neither"),
            (b"GIF89a" + a_picture("GIF"), "neither"),
            (a_picture("WEBP"), "neither"),
            (a_picture("BMP"), "neither"),
            (b"%PDF-1.7", "neither"),
            (b"\x89PNG\r\n\x1a\n", "cannot be read"),
            (b"\x89PNG\r\n\x1a\n" + b"<script>" * 100, "cannot be read"),
            (b"\xff\xd8\xff" + b"\x00" * 100, "cannot be read"),
            (a_picture("JPEG", size=(300, 300))[:-200], "cannot be read"),
            (a_picture()[:-30], "cannot be read"),
            (png_header(2_001, 10), "too many pixels"),
            (png_header(10, 2_001), "too many pixels"),
            (png_header(10_000, 10_000), "too many pixels"),
            (png_header(50_000, 50_000), "too many pixels"),
            (png_header(2**31 - 1, 2**31 - 1), "too many pixels"),
            (png_header(0, 0), "cannot be read"),
            (png_header(100, 100), "cannot be read"),
            (a_picture() + b"\0" * MOST_BYTES, "over 512 KB"),
        ],
        ids=lambda part: part if isinstance(part, str) else repr(part[:30]),
    )
    def test_are_refused_with_a_sentence(self, content: bytes, words: str) -> None:
        with pytest.raises(WrongLogo) as refusal:
            check_logo(content)
        assert words in refusal.value.sentence
        assert refusal.value.field == "logo"

    def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked(self) -> None:
        bomb = PngInfo()
        bomb.add_text("Comment", "x" * 70_000_000, zip=True)
        content = a_picture(pnginfo=bomb)
        assert len(content) < MOST_BYTES
        with pytest.raises(WrongLogo):
            check_logo(content)

    def test_nothing_but_the_pixels_is_kept(self) -> None:
        told = PngInfo()
        told.add_text("Comment", "<script>alert(1)</script>")
        exif = Image.Exif()
        exif[0x010E] = "where it was taken"
        for kind, saved in (
            ("PNG", {"pnginfo": told, "exif": exif, "icc_profile": b"secret profile"}),
            ("JPEG", {"comment": b"<script>alert(1)</script>", "exif": exif, "icc_profile": b"secret profile"}),
        ):
            logo = check_logo(a_picture(kind, **saved) + b"<?php hidden behind the end ?>")
            for hidden in (b"script", b"taken", b"secret", b"php"):
                assert hidden not in logo.content

    def test_a_picture_that_is_also_a_page_comes_out_as_a_picture(self) -> None:
        told = PngInfo()
        told.add_text("Title", "<html><body onload=alert(1)>")
        assert b"<html" not in check_logo(a_picture(pnginfo=told)).content

    def test_only_the_first_of_many_pictures_is_kept(self) -> None:
        file = io.BytesIO()
        frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
        frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
        assert getattr(Image.open(io.BytesIO(check_logo(file.getvalue()).content)), "n_frames", 1) == 1

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=200), st.integers(0, 80), st.sampled_from(["PNG", "JPEG"]))
    def test_a_damaged_picture_raises_nothing_but_the_refusal(self, damage: bytes, at: int, kind: str) -> None:
        whole = a_picture(kind)
        try:
            logo = check_logo(whole[:at] + damage + whole[at + len(damage) :])
        except WrongLogo:
            return
        assert logo.content


class TestPictures:
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_png_of_every_kind_is_drawn_anew(self, mode: str) -> None:
        logo = check_logo(a_picture(mode=mode))
        drawn = Image.open(io.BytesIO(logo.content))
        drawn.load()
        assert (drawn.format, drawn.size, logo.media_type) == ("PNG", (40, 20), "image/png")
        assert (drawn.mode == "RGBA") == (mode in ("LA", "RGBA"))

    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_jpeg_of_every_kind_is_drawn_anew(self, mode: str) -> None:
        drawn = Image.open(io.BytesIO(check_logo(a_picture("JPEG", mode=mode)).content))
        assert (drawn.format, drawn.mode) == ("JPEG", "L" if mode == "L" else "RGB")

    def test_transparency_stays(self) -> None:
        file, painted = io.BytesIO(), Image.new("P", (10, 10))
        painted.putpalette([255, 0, 0, 0, 0, 255])
        painted.paste(1, (0, 0, 10, 10))
        painted.save(file, "PNG", transparency=1)
        drawn = Image.open(io.BytesIO(check_logo(file.getvalue()).content))
        assert drawn.getpixel((5, 5))[3] == 0

    def test_a_picture_held_sideways_is_turned(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        logo = check_logo(a_picture("JPEG", size=(40, 20), exif=exif))
        assert (logo.width, logo.height) == (20, 40)

    def test_the_largest_picture_allowed_is_taken(self) -> None:
        logo = check_logo(a_picture(size=(2_000, 2_000)))
        assert (logo.width, logo.height) == (2_000, 2_000)
