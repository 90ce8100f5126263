"""What a file is, told from its bytes alone: neither its name nor what a browser calls it counts."""

import csv
import unicodedata
from dataclasses import dataclass
from io import StringIO

from blueprints.gateways.papers.limits import ACCEPTED, CannotBeSafe

PDF, PICTURE, TEXT, TABLE = "pdf", "picture", "text", "table"

# How files begin → kind and, for pictures, the format as Pillow names it.
BEGINNINGS = {
    b"%PDF-": (PDF, ""),
    b"\x89PNG\r\n\x1a\n": (PICTURE, "PNG"),
    b"\xff\xd8\xff": (PICTURE, "JPEG"),
    b"II*\x00": (PICTURE, "TIFF"),
    b"MM\x00*": (PICTURE, "TIFF"),
    b"II+\x00": (PICTURE, "TIFF"),  # the large form, with 64-bit offsets
    b"MM\x00+": (PICTURE, "TIFF"),
}

# Kinds that people try, told apart so that the refusal can say what to do instead. The first two are text too.
REFUSED = {
    b"{\\rtf": "This is a text document (RTF).",
    b"%!PS": "This is PostScript.",
    b"PK\x03\x04": "This is an office document or an archive (ZIP).",
    b"PK\x05\x06": "This is an archive (ZIP).",
    b"\xd0\xcf\x11\xe0": "This is an office document or a message in an old format.",
    b"GIF8": "This is a GIF picture.",
    b"BM": "This is a BMP picture.",
    b"\x1f\x8b": "This is an archive (gzip).",
    b"7z\xbc\xaf": "This is an archive (7z).",
    b"Rar!": "This is an archive (RAR).",
    b"MZ": "This is a program.",
    b"\x7fELF": "This is a program.",
}
WEB_PAGE = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<?xml", b"<!--")
BLANK = b"\xef\xbb\xbf \t\r\n\x0c"
SEPARATORS = ",;\t|"
ROWS_LOOKED_AT = 50


@dataclass(frozen=True)
class Kind:
    """`format`: of a picture, as Pillow names it. `text`: of a text or a table. `separator`: of a table."""

    name: str
    format: str = ""
    text: str = ""
    separator: str = ""


def kind_of(content: bytes) -> Kind:
    """Raises CannotBeSafe with a sentence that names what is accepted."""
    if not content:
        raise CannotBeSafe("The file is empty.")
    begins = content[:1024].lstrip(BLANK)
    for beginning, (name, picture_format) in BEGINNINGS.items():
        if (begins if name == PDF else content).startswith(beginning):
            return Kind(name, picture_format)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return Kind(PICTURE, "WEBP")
    if begins.lower().startswith(WEB_PAGE):
        raise not_accepted("This is a web page (HTML or XML), whatever its name says.")
    text = text_in(content)
    for beginning, told in REFUSED.items():
        if begins.startswith(beginning) and (text is None or beginning in (b"{\\rtf", b"%!PS")):
            raise not_accepted(told)
    if text is None:
        raise not_accepted("This is no kind of file that can be made safe.")
    if not text.strip():
        raise CannotBeSafe("The file holds nothing but blanks.")
    separator = separator_in(text)
    return Kind(TABLE if separator else TEXT, text=text, separator=separator)


def not_accepted(told: str) -> CannotBeSafe:
    return CannotBeSafe(f"{told} {ACCEPTED}: save or print it as PDF and upload that.")


def text_in(content: bytes) -> str | None:
    """The text in UTF-8, UTF-16 or Windows-1252; None where it is none: something in it is no character."""
    for encoding in encodings_of(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        if all(readable(character) for character in set(text)):
            return text
    return None


def encodings_of(content: bytes) -> tuple[str, ...]:
    """The encodings worth trying, best first. Every second byte of Latin letters in UTF-16 is zero."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    sample = content[:4096]
    if sample[1::2].count(0) > len(sample) / 4:
        return ("utf-16-le",)
    if sample[::2].count(0) > len(sample) / 4:
        return ("utf-16-be",)
    return "utf-8", "cp1252"


def readable(character: str) -> bool:
    return character in "\n\t\x0c" or unicodedata.category(character) not in ("Cc", "Cs", "Cn")


def separator_in(text: str) -> str:
    """What separates the fields of a table, of which each of the first rows has equally many: two at least.

    Where several may, the one that makes more columns does. "" for prose.
    """
    found, most = "", 1
    sample = "\n".join(text.split("\n", ROWS_LOOKED_AT)[:ROWS_LOOKED_AT])
    for separator in SEPARATORS:
        try:
            rows = [row for row in csv.reader(StringIO(sample), delimiter=separator) if row]
        except csv.Error:
            continue
        # The sample may end within a quoted field, so its last row says nothing unless there are few.
        rows = rows[:-1] if len(rows) > 3 else rows
        if len(rows) > 1 and len(rows[0]) > most and len({len(row) for row in rows}) == 1:
            found, most = separator, len(rows[0])
    return found
