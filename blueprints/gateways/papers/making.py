"""Makes files safe: each in a process of its own, whose time, memory and output are limited.

Linux and other Unix systems keep all limits; elsewhere only time is limited.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from blueprints.gateways.papers.limits import MOST_RESULT, SECONDS, CannotBeSafe, TooMuchWork

ROOT = Path(__file__).parents[3]
WORKSHOP = "blueprints.gateways.papers.workshop"
LONGEST_REPORT = 10_000  # bytes


@dataclass(frozen=True)
class Made:
    """A safe PDF."""

    document: bytes
    pages: int


def make_safe(file: BinaryIO, *, name: str, written: datetime, seconds: float = SECONDS) -> Made:
    """A safe PDF of what is in an open file on disk. Raises CannotBeSafe; OSError where no process can be started.

    The process gets the file and not its name, and none of the portal's environment.
    """
    facts = json.dumps({"name": name, "written": written.isoformat()})
    command = [sys.executable, "-P", "-m", WORKSHOP, facts, str(os.getpid())]
    file.seek(0)
    with TemporaryFile() as answer:
        try:
            ended = subprocess.run(  # noqa: S603 - our own program; what it is told is one argument
                command,
                stdin=file,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PYTHONPATH": os.pathsep.join([str(ROOT), *other_places()]), "PYTHONDONTWRITEBYTECODE": "1"},
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TooMuchWork from None
        if ended.returncode:
            raise TooMuchWork  # killed at a limit, or by what the file did to it
        answer.seek(0)
        return read_answer(answer)


def other_places() -> list[str]:
    """Where this process finds its libraries, should they be elsewhere than Python itself says."""
    return [place for place in sys.path if place.endswith("-packages")]


def read_answer(answer: BinaryIO) -> Made:
    report = json.loads(answer.readline(LONGEST_REPORT) or "{}")
    if "refused" in report:
        raise CannotBeSafe(report["refused"])
    document = answer.read(MOST_RESULT + 1)
    if "pages" not in report or not document.startswith(b"%PDF-") or len(document) > MOST_RESULT:
        raise TooMuchWork
    return Made(document, report["pages"])
