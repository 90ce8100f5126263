"""Finds the links in plain text. Only http and https: nothing else in others' words is to be pressed."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

ADDRESS = re.compile(r"https?://[^\s<>\"'`“”«»\u200b-\u200f\u2028-\u202e\u2066-\u2069]+", re.IGNORECASE)
AFTER_WORDS = ".,;:!?…"
BRACKETS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Piece:
    """A stretch of the text; with `href` it is a link."""

    text: str
    href: str = ""


def pieces(text: str) -> list[Piece]:
    """The whole text in order: joined again, the pieces are what was given."""
    found, at = [], 0
    for match in ADDRESS.finditer(text):
        address = trimmed(match.group())
        if not is_address(address):
            continue
        if match.start() > at:
            found.append(Piece(text[at : match.start()]))
        found.append(Piece(address, address))
        at = match.start() + len(address)
    if at < len(text):
        found.append(Piece(text[at:]))
    return found


def trimmed(address: str) -> str:
    """Without the full stop of the sentence, or a bracket that was opened before the address."""
    while address and (
        address[-1] in AFTER_WORDS
        or (address[-1] in BRACKETS and address.count(address[-1]) > address.count(BRACKETS[address[-1]]))
    ):
        address = address[:-1]
    return address


def is_address(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:  # such as brackets that hold no IPv6 address
        return False
