"""The order in which text is seen: the bidirectional algorithm (Unicode annex 9), line by line.

The package's own `get_display` answers with a finished line, but lines are broken before they are turned, so its steps
are taken one by one up to the levels. It leaves out the rule of brackets (N0), which is added here. Marks that override
directions are no part of a text that comes here (see `typesetting.clean`), so each text is one run of levels.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

from bidi import algorithm
from bidi.mirror import MIRRORED

RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))
OPEN_AT_MOST = 63  # brackets open at once (definition BD16); it also bounds the work

Item = TypeVar("Item")


def levels(text: str) -> tuple[bool, list[int]]:
    """Whether the paragraph is read from right to left, and the level of each character (odd: from right to left)."""
    if text.isascii() or not any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in text):
        return False, [0] * len(text)
    # Characters newer than this Python's tables have no direction there; they are read from left to right.
    text = "".join(character if unicodedata.bidirectional(character) else "x" for character in text)
    storage = algorithm.get_empty_storage()
    base = algorithm.get_base_level(text)
    storage.update(base_level=base, base_dir="LR"[base])
    algorithm.get_embedding_levels(text, storage)
    characters = list(storage["chars"])
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    _resolve_brackets(storage)
    algorithm.resolve_neutral_types(storage, debug=False)
    algorithm.resolve_implicit_levels(storage, debug=False)
    found: list[int] = []
    for character in characters:
        # Joiners are left out of the reckoning; they go with the letter before them.
        joiner = character["orig"] == "BN"
        found.append((found[-1] if found else base) if joiner else character["level"])
    return bool(base), found


def _resolve_brackets(storage: dict) -> None:
    """Rule N0: a pair of brackets takes the direction of what it encloses, or of what stands before it."""
    characters = storage["chars"]
    base = storage["base_dir"]
    for opening, closing in _bracket_pairs(characters):
        inside = {_strong(character) for character in characters[opening + 1 : closing]}
        if base in inside:
            direction = base
        elif inside & {"L", "R"}:
            before = (_strong(character) for character in reversed(characters[:opening]))
            direction = next((strong for strong in before if strong), base)
        else:
            continue
        characters[opening]["type"] = characters[closing]["type"] = direction
        for bracket in (opening, closing):
            for character in characters[bracket + 1 :]:
                if character["orig"] != "NSM":
                    break
                character["type"] = direction


def _strong(character: dict) -> str | None:
    kind = character["type"]
    return "R" if kind in ("EN", "AN", "R") else "L" if kind == "L" else None


def _bracket_pairs(characters: list[dict]) -> list[tuple[int, int]]:
    """Where brackets open and close, in the order in which they open (definition BD16)."""
    open_at: list[tuple[str, int]] = []
    pairs = []
    for at, character in enumerate(characters):
        sign = character["ch"]
        category = unicodedata.category(sign)
        if character["type"] != "ON" or category not in ("Ps", "Pe") or sign not in MIRRORED:
            continue
        if category == "Ps":
            if len(open_at) == OPEN_AT_MOST:
                break
            open_at.append((MIRRORED[sign], at))
            continue
        for depth in range(len(open_at) - 1, -1, -1):
            if open_at[depth][0] == sign:
                pairs.append((open_at[depth][1], at))
                del open_at[depth:]
                break
    return sorted(pairs)


def in_order_seen(pieces: Sequence[Item], level_of: Callable[[Item], int]) -> list[Item]:
    """The pieces of one line from left to right (rule L2)."""
    line = list(pieces)
    for level in range(max(map(level_of, line), default=0), 0, -1):
        at = 0
        while at < len(line):
            stop = at
            while stop < len(line) and level_of(line[stop]) >= level:
                stop += 1
            line[at:stop] = line[at:stop][::-1]
            at = stop + 1
    return line
