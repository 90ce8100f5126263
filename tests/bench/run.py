"""`make bench`: what the portal costs, as ratios within one run. Nothing here fails a test; people read it.

Run alone: .venv/bin/python tests/bench/run.py [one of MEASURES] …
"""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

MEASURES = (
    *("start", "submit", "prospects", "customers", "cancellations", "details", "plan"),
    *("checks", "rfi", "search", "home", "monitors"),
)


def main(asked: list[str]) -> None:
    for name in asked or MEASURES:
        for what, ratio, limit, detail in importlib.import_module(f"tests.bench.{name}").measures():
            within = "within" if ratio <= limit else "OVER"
            print(f"{what:<66} {ratio:8.2f}   {within} {limit:g}   {detail}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
