"""Links in a letter's text: only addresses of the web, and no more of the sentence than belongs to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.web.links import pieces


def links(text: str) -> list[str]:
    return [piece.href for piece in pieces(text) if piece.href]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Open https://portal.example/rfi/17.", ["https://portal.example/rfi/17"]),
        ("(see http://portal.example/a_(b)) or", ["http://portal.example/a_(b)"]),
        ("<https://portal.example/?a=1&b=2>", ["https://portal.example/?a=1&b=2"]),
        ("https://a.example, https://b.example!", ["https://a.example", "https://b.example"]),
        ("HTTPS://Portal.Example/X", ["HTTPS://Portal.Example/X"]),
        ("https://münchen.example/straße", ["https://münchen.example/straße"]),
        ("http://127.0.0.1:8000/rfi/x\nnext", ["http://127.0.0.1:8000/rfi/x"]),
        ("javascript:alert(1) data:text/html,x ftp://a.example mailto:a@b.example", []),
        ("https:// and https://?x and http://[not-an-address/", []),
        ("no link at all", []),
        ("", []),
        ("https://portal.example/\u202egnp.exe", ["https://portal.example/"]),
    ],
)
def test_finds(text: str, found: list[str]) -> None:
    assert links(text) == found


@given(st.text() | st.from_regex(r"(https?://[a-z\[\]().,:/@?#]{0,20}[ \n]?){1,4}"))
def test_no_word_is_lost(text: str) -> None:
    found = pieces(text)
    assert "".join(piece.text for piece in found) == text
    assert all(piece.href.lower().startswith(("http://", "https://")) for piece in found if piece.href)
