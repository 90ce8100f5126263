"""The process that makes one file safe, and nothing else: `python -m blueprints.gateways.papers.workshop FACTS PORTAL`.

It reads the file from its standard input and writes to its standard output: a line of JSON, {"pages": 3} or
{"refused": "…"}, then the PDF. It binds itself to the limits before it looks at the file, knows no secret of the
portal and touches no other file, so that whatever a file does to it, the portal only hears that it ended.

FACTS is JSON: `name`, what the file is called; `written`, when it was uploaded (ISO 8601). PORTAL is the number of the
process that waits for the answer.
"""

import ctypes
import json
import os
import signal
import sys
from contextlib import suppress
from datetime import datetime
from io import BytesIO

from blueprints.gateways.papers.limits import (
    MEMORY,
    MOST_BYTES,
    MOST_PAGES,
    MOST_RESULT,
    PROCESSOR_SECONDS,
    CannotBeSafe,
    TooManyPages,
    TooMuchWork,
)

PR_SET_PDEATHSIG = 1


def main() -> None:
    bind()
    end_with(int(sys.argv[2]))
    report: dict[str, object] = {}
    made = b""
    try:
        made, report["pages"] = safe_pdf(sys.stdin.buffer.read(MOST_BYTES + 1), json.loads(sys.argv[1]))
    except CannotBeSafe as refusal:
        report["refused"] = refusal.sentence
    except (MemoryError, RecursionError):
        report["refused"] = TooMuchWork().sentence
    except Exception:  # noqa: BLE001 - whatever a library makes of a hostile file, the person gets a sentence
        report["refused"] = "This file cannot be made safe. Print it as PDF and upload that."
    sys.stdout.buffer.write(json.dumps(report).encode() + b"\n" + made)
    sys.stdout.buffer.flush()
    os._exit(0)  # tidying up what a hostile file left in the libraries is not worth the risk


def bind() -> None:
    """Limits that the system keeps (where it has them); beyond them this process ends."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: PROCESSOR_SECONDS,
        resource.RLIMIT_FSIZE: 2 * MOST_RESULT,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for what, most in limits.items():
        with suppress(ValueError, OSError):  # where less is allowed already
            resource.setrlimit(what, (most, most))
    with suppress(OSError):
        os.nice(10)


def end_with(portal: int) -> None:
    """Nobody waits for the answer any more when the portal is killed; Linux can tell us (prctl(2))."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != portal:  # it was killed before it could be asked for
            os._exit(1)


def safe_pdf(content: bytes, facts: dict[str, str]) -> tuple[bytes, int]:
    """The PDF and how many pages it has. Raises CannotBeSafe."""
    from blueprints.gateways.papers import kinds  # noqa: PLC0415 - what follows is loaded within the limits

    kind = kinds.kind_of(content)
    if kind.name in (kinds.TEXT, kinds.TABLE):
        return set_in_type(kind, facts)
    if kind.name == kinds.PDF:
        from blueprints.gateways.papers.rebuilding import rebuilt  # noqa: PLC0415 - only what the kind needs

        made = rebuilt(content)
    else:
        from blueprints.gateways.papers.pictures import drawn_anew  # noqa: PLC0415 - only what the kind needs

        made = drawn_anew(content, kind.format)
    pages, file = len(made.pages), BytesIO()
    made.save(file, linearize=True, deterministic_id=True)
    if file.tell() > MOST_RESULT:
        raise CannotBeSafe("What would come out is too large. Save it with a lower resolution and upload that.")
    return file.getvalue(), pages


def set_in_type(kind: object, facts: dict[str, str]) -> tuple[bytes, int]:
    import pikepdf  # noqa: PLC0415 - only what the kind needs

    from blueprints.gateways.papers.words import table_on_paper, text_on_paper  # noqa: PLC0415 - as above

    written = datetime.fromisoformat(facts["written"])
    if kind.separator:
        made = table_on_paper(kind.text, kind.separator, facts["name"], written)
    else:
        made = text_on_paper(kind.text, facts["name"], written)
    with pikepdf.Pdf.open(BytesIO(made)) as printed:
        pages = len(printed.pages)
    if pages > MOST_PAGES:
        raise TooManyPages(pages)
    return made, pages


if __name__ == "__main__":
    main()
