"""Answers: read from a form, checked, written back into fields, and told in lines. Pure; DNS facts are handed in.

Reading never refuses what is wrong, so that everything typed can be kept; checking says what is wrong with it.
The shape of a value by kind: data/questions.py. Names of fields: the question's id; of a group “<id>.<field>”; of a
csv a file field with the id. “<id>.remove” takes away what cannot be emptied in its field: a file, a secret.
A page sends an empty hidden field of the same name before ticks and radio buttons, so that none is an answer too.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import ModuleType
from typing import Any

from blueprints.customers.contacts import shown_phone
from blueprints.customers.domains import shown_domain
from blueprints.rfi.asking import Situation, domains_in
from blueprints.rfi.findings import Checked, Findings, Problem, Suggestion
from blueprints.rfi.listed_answers import check_domains, check_forwarding, check_hosts, check_ips, check_several
from blueprints.rfi.single_answers import (
    check_choice,
    check_date,
    check_date_time,
    check_email,
    check_host,
    check_line,
    check_number,
    check_phone,
    check_secret,
    check_text,
    check_yes_no,
)
from blueprints.web.refusals import Refused
from data import formats
from data.questions import SECRET_KEPT, Question

__all__ = ["Checked", "Problem", "Suggestion", "TooLong", "brings", "check", "faulty_rows", "read", "told", "written"]

LINES = ("domains", "ips", "hosts", "forwarding")
MOST_LINES = 2_000
MOST_IN_LINES = 100_000  # characters
MOST_CHOSEN = 1_000
MOST_IN = {"text": 4_000, "email": 254, "host": 260}  # characters, by kind; any other may have:
MOST_IN_LINE = 200
DIRECTION_OVERRIDES = "\u202a\u202b\u202d\u202e"

Check = Callable[[Question, Findings, Situation], None]


def check_csv(question: Question, findings: Findings, situation: Situation) -> None:
    lists().check_csv(question, findings, situation)


def lists() -> ModuleType:
    """What reads uploaded lists, loaded when the first one comes."""
    from blueprints.rfi import uploaded_lists  # noqa: PLC0415 - see above

    return uploaded_lists


CHECKS: dict[str, Check] = {
    "line": check_line,
    "text": check_text,
    "choice": check_choice,
    "several": check_several,
    "yes_no": check_yes_no,
    "number": check_number,
    "date": check_date,
    "date_time": check_date_time,
    "email": check_email,
    "phone": check_phone,
    "domains": check_domains,
    "ips": check_ips,
    "host": check_host,
    "hosts": check_hosts,
    "forwarding": check_forwarding,
    "csv": check_csv,
    "secret": check_secret,
}


class TooLong(Refused):
    """More than a field may carry, or what no keyboard types; the sentence says what would do."""


# --- reading --------------------------------------------------------------------------------------------


def brings(question: Question, typed: Mapping[str, list[str]], files: Mapping[str, bytes]) -> bool:
    """Whether a form says anything about the question: an empty file or secret field leaves what is kept."""
    if f"{question.id}.remove" in typed:
        return True
    if question.kind == "csv":
        return bool(files.get(question.id))
    if question.kind == "secret":
        return any(typed.get(question.id, ()))
    return any(name in typed for name in names_of(question))


def names_of(question: Question) -> tuple[str, ...]:
    """The names of a question's fields."""
    return tuple(f"{question.id}.{each.id}" for each in question.questions) or (question.id,)


def read(question: Question, typed: Mapping[str, list[str]], files: Mapping[str, bytes]) -> Any:
    """The value of what was typed, invisible characters left out. Raises TooLong."""
    values = typed.get(question.id, [])
    if question.kind == "group":
        return {each.id: read_field(question, each, typed) for each in question.questions}
    if question.kind == "csv":
        content = files.get(question.id)
        return lists().read_list(question, content) if content else None
    if question.kind == "several":
        if len(values) > MOST_CHOSEN:
            raise TooLong(f"At most {MOST_CHOSEN:,} can be chosen.")
        return [clean(bounded(value, MOST_IN["host"])) for value in values if value]
    text = next((value for value in reversed(values) if value), "")
    if question.kind == "secret":
        return read_secret(text)
    if question.kind in LINES:
        return read_lines(text)
    most = question.most_characters or MOST_IN.get(question.kind, MOST_IN_LINE)
    text = clean(bounded(text.replace("\r\n", "\n"), most))
    return text if question.kind == "text" else " ".join(text.splitlines())


def read_field(question: Question, each: Question, typed: Mapping[str, list[str]]) -> Any:
    return read(each, {each.id: typed.get(f"{question.id}.{each.id}", [])}, {})


def read_lines(text: str) -> list[str]:
    lines = clean(bounded(text, MOST_IN_LINES).replace("\r\n", "\n").replace("\r", "\n")).rstrip().split("\n")
    if len(lines) > MOST_LINES:
        raise TooLong(f"At most {MOST_LINES:,} lines.")
    return [line.rstrip() for line in lines] if lines != [""] else []


def read_secret(text: str) -> str:
    """A password is kept as it is typed: what is left out of it would lock somebody out."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in bounded(text, MOST_IN_LINE)):
        raise TooLong("This contains an invisible control character. Type it anew instead of pasting.")
    return text


def bounded(text: str, most: int) -> str:
    if len(text) > most:
        raise TooLong(f"At most {most:,} characters.")
    return text


def clean(text: str) -> str:
    """Composed (NFC), without what cannot be seen: controls, lone surrogates, changes of direction."""
    if not text.isprintable():
        text = "".join(character for character in text if not invisible(character))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def invisible(character: str) -> bool:
    if character.isprintable() or character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs", "Cn") or character in DIRECTION_OVERRIDES


# --- checking -------------------------------------------------------------------------------------------


def check(question: Question, value: Any, situation: Situation) -> Checked:
    """What is wrong, odd or worth knowing. `situation`: with the answers that count (asking.ask)."""
    value = in_shape(question, value)
    if not is_given(question, value):
        return missing(question, value, situation)
    if question.kind == "group":
        return check_group(question, value, situation)
    return with_cautions(question, check_given(question, value, situation), situation)


def check_given(question: Question, value: Any, situation: Situation) -> Checked:
    findings = Findings(question.id, value)
    try:
        CHECKS[question.kind](question, findings, situation)
    except Refused as refusal:
        findings.refuse(refusal.sentence)
    return findings.checked


def missing(question: Question, value: Any, situation: Situation) -> Checked:
    """What is said of a question without an answer."""
    required = question.required or (question.required_when is not None and question.required_when.holds(situation))
    if not required:
        return Checked(value)
    if question.kind == "group":
        return check_group(question, {each.id: None for each in question.questions} | value, situation)
    return Checked(value, (Problem(question.id, "This is still to be answered."),), missing=True)


def check_group(question: Question, value: Mapping[str, Any], situation: Situation) -> Checked:
    """Every field by itself; the group misses something when that is all that is wrong."""
    fields = [(each, check(each, value.get(each.id), situation)) for each in question.questions]
    problems = [
        replace(problem, field=f"{question.id}.{each.id}") for each, checked in fields for problem in checked.problems
    ]
    return Checked(
        {each.id: checked.value for each, checked in fields},
        tuple(problems),
        tuple(f"{each.label}: {warning}" for each, checked in fields for warning in checked.warnings),
        tuple(note for _, checked in fields for note in checked.notes),
        missing=bool(problems) and all(checked.missing for _, checked in fields if checked.problems),
    )


def with_cautions(question: Question, checked: Checked, situation: Situation) -> Checked:
    """The warnings of the definition as well, about this answer beside the others."""
    if not question.warn_when:
        return checked
    now = replace(situation, answers={**situation.answers, question.id: checked.value})
    said = tuple(caution.say for caution in question.warn_when if caution.when.holds(now))
    return replace(checked, warnings=(*checked.warnings, *said))


def in_shape(question: Question, value: Any) -> Any:
    """The value if it has the shape of its kind; what has another shape was not typed into this question."""
    if question.kind == "csv":
        whole = isinstance(value, dict) and (
            {"rows", "count", "domains", "faults"} <= set(value) or "unreadable" in value
        )
        return value if whole else None
    if question.kind == "group":
        return value if isinstance(value, dict) else {}
    if question.kind in LINES or question.kind == "several":
        return [line for line in value if isinstance(line, str)] if isinstance(value, list) else []
    if question.kind == "secret" and value == SECRET_KEPT:
        return value
    return value if isinstance(value, str) else ""


def is_given(question: Question, value: Any) -> bool:
    """Whether a value in shape says anything."""
    if question.kind == "group":
        return any(is_given(each, in_shape(each, value.get(each.id))) for each in question.questions)
    if isinstance(value, list):
        return any(line.strip() for line in value)
    return bool(value.strip()) if isinstance(value, str) and question.kind != "secret" else bool(value)


def names_to_look_up(question: Question, value: Any) -> tuple[str, ...]:
    """The domains and hosts in an answer about which DNS is to be asked."""
    if not question.look_up:
        return ()
    value = in_shape(question, value)
    return domains_in(value if isinstance(value, list) else [value])


# --- showing --------------------------------------------------------------------------------------------


def written(question: Question, value: Any) -> dict[str, list[str]]:
    """What the fields show, by their names; a secret and a file show nothing."""
    value = in_shape(question, value)
    if question.kind == "group":
        return {f"{question.id}.{each.id}": written(each, value.get(each.id))[each.id] for each in question.questions}
    if question.kind in ("secret", "csv"):
        return {question.id: []}
    if question.kind in LINES:
        return {question.id: ["\n".join(value)]}
    return {question.id: value if isinstance(value, list) else [value]}


def told(question: Question, value: Any) -> tuple[str, ...]:
    """The answer in lines, for the summary, the review and the paper; none for an empty one, and no secret."""
    value = in_shape(question, value)
    if not is_given(question, value):
        return ()
    if question.kind == "group":
        return tuple(f"{each.label}: {line}" for each in question.questions for line in told(each, value.get(each.id)))
    if question.kind == "csv":
        return lists().told_list(value)
    if question.kind == "secret":
        return ("Kept, not shown.",)
    if isinstance(value, list):
        return tuple(told_word(question, line) for line in value if line.strip())
    return tuple(line for line in told_word(question, value).splitlines() if line.strip())


def told_word(question: Question, text: str) -> str:
    """One text of an answer as people read it; what cannot be read stays as it was typed."""
    labels = {choice.value: choice.label for choice in question.choices}
    if text in labels:
        return labels[text]
    teller = TELLERS.get("domains" if question.choices_from else question.kind)
    try:
        return teller(question, text) if teller else text
    except ValueError:
        return text


def told_moment(_: Question, text: str) -> str:
    at = datetime.fromisoformat(text)
    return f"{formats.day(at.date())}, {at:%H:%M}"


def told_number(question: Question, text: str) -> str:
    shown = formats.number(int(text)) if text.isascii() and len(text) <= 15 else text
    return f"{shown} {question.unit}".strip()


TELLERS: dict[str, Callable[[Question, str], str]] = {
    "yes_no": lambda _, text: {"yes": "Yes", "no": "No"}.get(text, text),
    "number": told_number,
    "date": lambda _, text: formats.day(date.fromisoformat(text)),
    "date_time": told_moment,
    "phone": lambda _, text: shown_phone(text),
    "domains": lambda _, text: shown_domain(text),
}


def faulty_rows(question: Question, value: Any, situation: Situation | None = None) -> list[list[str]]:
    """The rows of a csv that have something wrong, below a heading: number, reason, cells without passwords.

    With a situation, those whose address is in none of the domains they must be in are among them.
    """
    value = in_shape(question, value)
    return lists().rows_with_reasons(question, value, situation) if value and "rows" in value else []
