"""Who gets what from the addresses of plans: the rows of *_rows.py beside this file."""

import importlib
from pathlib import Path

from tests.access import Row

HERE = Path(__file__)
ROWS: dict[tuple[str, str], Row] = {}
for table in sorted(HERE.parent.glob("*_rows.py")):
    if table != HERE:
        ROWS |= importlib.import_module(f"tests.plans.{table.stem}").ROWS
