"""CSV as spreadsheets write it, and as they must not be made to calculate it."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blueprints.web.csv_files import MOST_BYTES, NotCsv, csv_safe, read_csv, write_csv

HEADING = "code,price\n"
ROWS = [["code", "name"], ["A", "Müller"], ["B", "Łódź"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_reads_what_spreadsheets_save(encoding: str, separator: str, line_end: str) -> None:
    text = line_end.join(separator.join(row) for row in ROWS) + line_end
    assert read_csv(text.encode(encoding)) == ROWS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_reads_both_byte_orders(encoding: str) -> None:
    assert read_csv("\ufeffa;ü\n1;2\n".encode(encoding)) == [["a", "ü"], ["1", "2"]]


def test_takes_what_is_not_utf_8_for_windows_1252() -> None:
    assert read_csv("name;price\nMüller – Söhne;1 €".encode("cp1252"))[1] == ["Müller – Söhne", "1 €"]


def test_keeps_the_row_numbers_of_the_spreadsheet() -> None:
    assert read_csv(b"a,b\n\n , \n1,2\n\n") == [["a", "b"], [], [], ["1", "2"]]


def test_reads_quoted_cells() -> None:
    assert read_csv(b'a,b\n"1,5","say ""x""\nagain"\n') == [["a", "b"], ["1,5", 'say "x"\nagain']]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"a,b\x00\n1,2", "not a text file"),
        (b"a,b\n1,\x1b2", "Row 2"),
        ("a,b\n1,\u202e2".encode(), "Row 2"),
        (b"\xff\xfea", "letters"),
        (b"a,\x81\x8d", "letters"),
        (b'a,b\n"1,2\n', "Row 2"),
        (b'a,b\n"1"x,2\n', "Row 2"),
        (b"a," * 60, "Row 1"),
        (b"a,b\n" + b"x" * 5_000 + b",1\n", "Row 2"),
        (b"a,b\n" + b"1,2\n" * 5_001, "5,000 rows"),
        (b"x" * (MOST_BYTES + 1), "1 MB"),
    ],
)
def test_says_why_it_cannot_read_a_file(content: bytes, words: str) -> None:
    with pytest.raises(NotCsv) as refusal:
        read_csv(content)
    assert words in refusal.value.sentence


def test_takes_as_many_rows_as_it_says() -> None:
    assert len(read_csv(b"a,b\n" + b"1,2\n" * 5_000)) == 5_001


def test_a_cell_larger_than_python_reads_is_refused_like_any_other() -> None:
    with pytest.raises(NotCsv):
        read_csv(b'a,b\n"' + b"x" * 200_000 + b'",1\n')


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b'"')
@example(b"\xef\xbb\xbf")
@example(b"\xfe\xff\xd8\x00")
def test_never_raises_anything_but_its_own_refusal(content: bytes) -> None:
    try:
        rows = read_csv(content)
    except NotCsv:
        return
    assert rows
    assert all(isinstance(cell, str) for row in rows for cell in row)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-SUM(A1)", "'-SUM(A1)"),
        ("@cmd", "'@cmd"),
        ("  =1", "  '=1"),
        ("\t=1", "\t'=1"),
        ("\r=1", "\r'=1"),
        ("＝1+1", "'＝1+1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("-2.50", "-2.50"),
        ("+3", "+3"),
        ("-2.5+1", "'-2.5+1"),
        ("a-b", "a-b"),
        ("Müller, Söhne", "Müller, Söhne"),
        ("", ""),
    ],
)
def test_defuses_formulas(text: str, safe: str) -> None:
    assert csv_safe(text) == safe


@given(st.text(max_size=60))
def test_no_cell_written_begins_with_a_sign_that_calculates(text: str) -> None:
    written = csv_safe(text)
    for separator in ("\r", "\n", "\t", ";"):
        for cell in written.replace(separator, "\n").split("\n"):
            if cell.lstrip()[:1] in ("=", "+", "-", "@"):
                assert written == text  # a plain number
                assert float(text.replace(",", ".")) is not None


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8"), max_size=10), min_size=1, max_size=3), min_size=1, max_size=4
    )
)
def test_what_is_written_reads_back(rows: list[list[str]]) -> None:
    written = write_csv(rows)
    assert written.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert read == [[csv_safe(cell) for cell in row] for row in rows]


def test_writes_numbers_and_nothing() -> None:
    assert write_csv([["a", 5, None]]).decode("utf-8-sig") == "a,5,\r\n"
