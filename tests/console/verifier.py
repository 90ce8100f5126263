"""The sample verifier of docs/console.md, read out of it: what is documented is what is tested."""

import re
from pathlib import Path
from types import SimpleNamespace

DOCUMENT = Path(__file__).parents[2] / "docs" / "console.md"


def sample() -> str:
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    return found[1]


def verifier() -> SimpleNamespace:
    """Its names, new each time: nothing was verified yet."""
    names: dict = {}
    exec(compile(sample(), str(DOCUMENT), "exec"), names)  # noqa: S102 - our own document
    return SimpleNamespace(**names)
