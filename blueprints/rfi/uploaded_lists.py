"""Lists that come as CSV files with an RFI: what is kept of them, without the passwords in them. Pure.

What is kept of a file (the value of a csv answer): `format`, one of FORMATS; `rows`, a CSV text of its good rows:
number in the file, address, and for mailboxes the user name on the old server; `count` of them; `domains`, how many
addresses are in each; `twice`, how many rows said again what an earlier one had said; `faults`, each
[number, reason, cells as they may be shown]. Of a file that is no table, only `unreadable`, the sentence why.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from blueprints.customers.domains import shown_domain
from blueprints.plans.mailbox_lists import (
    FORMATS,
    MOST_ROWS,
    Fault,
    Table,
    addresses_in,
    domain_of_plain,
    mailboxes_in,
    sorted_out,
)
from blueprints.rfi.asking import Situation, domains_in
from blueprints.rfi.findings import Findings
from blueprints.rfi.single_answers import domain_of
from blueprints.web.csv_files import NotCsv, csv_rows
from blueprints.web.refusals import Refused
from data.questions import Question

MOST_BYTES = 6_000_000


def read_list(question: Question, content: bytes) -> dict[str, Any]:
    """What is kept of a file. Never raises: what cannot be read is `unreadable`."""
    most = min(question.most or MOST_ROWS, MOST_ROWS)
    rows = csv_rows(io.BytesIO(content), most_rows=most, most_bytes=MOST_BYTES)
    try:
        return kept_of(mailboxes_in(rows) if question.columns == "mailboxes" else addresses_in(rows))
    except NotCsv as refusal:
        return {"unreadable": refusal.sentence}


def kept_of(table: Table) -> dict[str, Any]:
    """Raises NotCsv."""
    good: list[tuple[int, str, str]] = []
    faults: list[list[Any]] = []
    twice = 0
    for row in sorted_out(table):
        if row is None:
            twice += 1
        elif isinstance(row, Fault):
            faults.append([row.number, row.reason, list(row.cells)])
        else:
            good.append((row.number, row.address, row.user))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(good)
    return {
        "format": table.form.name,
        "rows": text.getvalue(),
        "count": len(good),
        "domains": dict(Counter(domain_of_plain(address) for _, address, _ in good)),
        "twice": twice,
        "faults": faults,
    }


# --- checking what is kept ------------------------------------------------------------------------------


def check_csv(question: Question, findings: Findings, situation: Situation) -> None:
    kept = findings.value
    if "unreadable" in kept:
        raise Refused(kept["unreadable"])
    if kept["faults"]:
        number, reason, _ = kept["faults"][0]
        rows = "1 row" if len(kept["faults"]) == 1 else f"{len(kept['faults']):,} rows"
        findings.refuse(f"{rows} cannot be used. Row {number}: {reason} Mend the file and choose it again.")
    elif not kept["count"]:
        raise Refused("There is no address in this file.")
    for domain, count in elsewhere(question, kept, situation).items():
        findings.refuse(f"{counted(count)} in {shown_domain(domain)}, which is none of your email domains.")
    if kept["twice"]:
        rows = "1 row says" if kept["twice"] == 1 else f"{kept['twice']:,} rows say"
        findings.notes.append(f"{rows} again what an earlier row says; that is kept once.")
    if question.columns == "mailboxes":
        findings.notes.append("Only addresses and user names are kept of the file. Its passwords are not.")


def counted(count: int) -> str:
    return "1 address is" if count == 1 else f"{count:,} addresses are"


def elsewhere(question: Question, kept: dict[str, Any], situation: Situation | None) -> dict[str, int]:
    """How many addresses are in domains that they must not be in."""
    if situation is None or not question.inside:
        return {}
    own = domains_in(situation.answers.get(question.inside))
    return {domain: count for domain, count in kept["domains"].items() if own and domain_of(f"x@{domain}") not in own}


def good_rows(kept: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Number in the file, address, user name on the old server (or "")."""
    for number, address, user in csv.reader(io.StringIO(kept.get("rows", ""), newline="")):
        yield int(number), address, user


def rows_with_reasons(question: Question, kept: dict[str, Any], situation: Situation | None) -> list[list[str]]:
    """A heading, then each faulty row: its number, the reason, its cells without passwords."""
    wrong = elsewhere(question, kept, situation)
    found: list[tuple[int, str, list[str]]] = [
        (number, reason, cells) for number, reason, cells in kept.get("faults", ())
    ]
    if wrong:
        for number, address, user in good_rows(kept):
            domain = domain_of_plain(address)
            if domain in wrong:
                found.append((number, f"{shown_domain(domain)} is none of your email domains.", [address, user]))
    return [["Row", "Reason", "Cells"], *([str(number), reason, *cells] for number, reason, cells in sorted(found))]


def told_list(kept: dict[str, Any]) -> tuple[str, ...]:
    if "unreadable" in kept:
        return ("A file that cannot be read.",)
    lines = [f"{kept['count']:,} addresses ({FORMATS.get(kept['format'], kept['format'])})."]
    if kept["faults"]:
        lines.append(f"{len(kept['faults']):,} rows cannot be used.")
    return tuple(lines)
