"""Names as people look for them: case and accents folded, so that “muller” finds “Müller”."""

import unicodedata

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


def first_letter(folded: str) -> str:
    """The letter under which a folded name is listed: A to Z, or # for everything else."""
    first = folded[:1].upper()
    return first if "A" <= first <= "Z" and len(first) == 1 else "#"
