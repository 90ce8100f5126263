"""What the visitor takes for a page that it has looked at before."""

import pytest

from tests.visits import shape_of

PAGE = '<main class="a"><table><tr><td id="b">Müller &amp; Sons</td></tr></table><br></main>'


@pytest.mark.parametrize(
    "like",
    [
        PAGE.replace("Müller &amp; Sons", "Acme"),
        PAGE.replace('"b"', '"c-1"'),
        PAGE.replace("</tr>", "</tr>" + '<tr><td id="d">Acme</td></tr>' * 3),
    ],
)
def test_other_words_and_more_rows_of_the_same_make_no_other_page(like: str) -> None:
    assert shape_of(like) == shape_of(PAGE)


@pytest.mark.parametrize(
    "other",
    [
        PAGE.replace("&amp;", "&"),
        PAGE.replace("Müller", "<b>Müller"),
        PAGE.replace("Müller", 'Müller"<'),
        PAGE.replace('"b"', '"b" onclick="c"'),
        PAGE.replace('"b"', 'b"'),
        PAGE.replace("</td>", ""),
        PAGE.replace("<tr>", "Acme<tr>"),
        PAGE.replace("Müller &amp; Sons", ""),
    ],
)
def test_what_may_break_a_page_makes_another(other: str) -> None:
    assert shape_of(other) != shape_of(PAGE)


def test_other_classes_make_another_page_where_looks_matter() -> None:
    other = PAGE.replace('class="a"', 'class="z"')
    assert shape_of(other) == shape_of(PAGE)
    assert shape_of(other, classes=True) != shape_of(PAGE, classes=True)
