"""Names as people look for them: case and accents folded, so that “muller” finds “Müller”."""

import unicodedata
from collections.abc import Iterable, Iterator

# Letters that Unicode does not take apart into a base letter and a mark.
WHOLE_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i"}
)


def fold(text: str) -> str:
    """Lower case without accents, white space single: the form in which names are sorted and searched."""
    if text.isascii():
        return " ".join(text.lower().split())
    # Taken apart first, so that letters inside other signs (℡, ㎏) are folded too.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(c for c in apart if not unicodedata.combining(c)).translate(WHOLE_LETTERS)
    return " ".join(bare.split())


class Letters(dict[str, str]):
    """Letter → its folded form, asked once for each letter; white space is a space."""

    def __missing__(self, letter: str) -> str:
        self[letter] = folded = " " if letter.isspace() else fold(letter)
        return folded


LETTERS = Letters()


def places_of(words: Iterable[str], text: str) -> list[tuple[int, int]]:
    """Where the folded words stand in a text as people wrote it: (start, end) of each, in order, none overlapping."""
    if text.isascii():
        folded, origins = text.lower(), range(len(text) + 1)
    else:
        letters = [LETTERS[letter] for letter in text]
        folded = "".join(letters)
        origins = [place for place, letter in enumerate(letters) for _ in letter] + [len(text)]  # type: ignore[assignment]  # indexed alike
    found: list[tuple[int, int]] = []
    for first, last in sorted(occurrences(words, folded)):
        # The whole letter, if only a part of it is meant: an ß for an s.
        start, end = origins[first], origins[last - 1] + 1
        if found and start < found[-1][1]:
            start, end = found[-1][0], max(end, found.pop()[1])
        found.append((start, end))
    return found


def occurrences(words: Iterable[str], folded: str) -> Iterator[tuple[int, int]]:
    for word in filter(None, words):
        start = folded.find(word)
        while start >= 0:
            yield start, start + len(word)
            start = folded.find(word, start + len(word))


def first_letter(folded: str) -> str:
    """The letter under which a folded name is listed: A to Z, or # for everything else."""
    first = folded[:1].upper()
    return first if "A" <= first <= "Z" and len(first) == 1 else "#"
