"""Plans as files: read, checked against the vocabulary, and put together. Loaded when something is read.

A file is one plan, or adds to the plan of an earlier file: to its phases, and further phases. A step that two plans
have under one id is the same step, done once where a customer needs both plans.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from data.conditions import Condition
from data.definition_tables import File, condition_of, id_of, plain, read_file, tables_of
from data.plan_definitions import BASES, CHECKS, DOES, SHIPPED, Check, Phase, Step, Template, When
from data.plans import OWNERS
from data.question_checks import misunderstood
from data.questions import QuestionSet

# In this order, which is also that in which plans are put together; files with other names follow by name.
ORDER = ("imap_move", "security_archiving")
WHEN = re.compile(rf"({'|'.join(BASES)})(?:\s*([+-]\d{{1,4}})([hd]))?")
LINK = re.compile(r"https://[^\s\"<>]+")
PLAIN = {item.name: item.type for item in fields(Step) if item.type in (str, bool, int)}
STEP_KEYS = frozenset({item.name for item in fields(Step)} | {"stands_after"})
MOST_HOURS = 24 * 90
CLOSED = {"owner": tuple(OWNERS), "does": tuple(DOES)}


@dataclass
class Draft:
    """A plan while files are put together. `phases`: by id, in their order."""

    template: Template
    phases: dict[str, Phase] = field(default_factory=dict)

    def whole(self) -> Template:
        return replace(self.template, phases=tuple(self.phases.values()))


@dataclass
class Drafts:
    """All plans while files are put together, and which file each step is from: (plan, step) → file."""

    plans: dict[str, Draft] = field(default_factory=dict)
    files: dict[tuple[str, str], File] = field(default_factory=dict)

    def add(self, file: File, table: Mapping[str, Any]) -> None:
        """Add what a file defines. Raises WrongDefinition."""
        draft = self.plan_of(file, table)
        for each in tables_of(file, "", "phases", table.get("phases", [])):
            self.add_phase(file, draft, each)

    def plan_of(self, file: File, table: Mapping[str, Any]) -> Draft:
        for key in table:
            if key not in ("plan", "title", "select_when", "otherwise", "phases"):
                raise file.wrong(f"“{key}” is not known here, only plan, title, select_when, otherwise and phases")
        id_ = id_of(file, {"id": table.get("plan")}, "plan")
        draft = self.plans.get(id_)
        if draft is None:
            draft = self.plans[id_] = Draft(self.new_plan(file, id_, table))
        elif len(table) > len({"plan", "phases"} & set(table)):
            raise file.wrong(f"plan “{id_}” has its title and selection already; only add phases and steps")
        return draft

    def new_plan(self, file: File, id_: str, table: Mapping[str, Any]) -> Template:
        title, otherwise = table.get("title"), table.get("otherwise", False)
        if not isinstance(title, str) or not title.strip():
            raise file.wrong(f"plan “{id_}” needs a title")
        plain(file, id_, "otherwise", otherwise, bool)
        if otherwise and any(draft.template.otherwise for draft in self.plans.values()):
            raise file.wrong("only one plan can be the one for all other orders")
        shown = condition_of(file, "", "select_when", table["select_when"]) if "select_when" in table else None
        if shown is None and not otherwise:
            raise file.wrong(f"plan “{id_}” needs “select_when”, which says for which orders it is")
        return Template(id_, title, shown, otherwise)

    def add_phase(self, file: File, draft: Draft, table: Mapping[str, Any]) -> None:
        id_ = id_of(file, table, "phase")
        for key, value in table.items():
            if key not in ("id", "title", "help", "before", "steps"):
                raise file.wrong(f"phase “{id_}” has “{key}”, which no phase has", id_, key)
            if key != "steps":
                plain(file, id_, key, value, str)
        phase = draft.phases.get(id_)
        if phase is None:
            if not table.get("title"):
                raise file.wrong(f"phase “{id_}” needs a title", id_)
            phase = Phase(id_, table["title"], table.get("help", ""), table.get("before", ""))
        elif {"title", "help", "before"} & set(table):
            raise file.wrong(f"phase “{id_}” has its title, help and place already; only add steps", id_)
        steps = list(phase.steps)
        for each in tables_of(file, id_, "steps", table.get("steps", [])):
            self.add_step(file, draft, steps, each)
        draft.phases[id_] = replace(phase, steps=tuple(steps))

    def add_step(self, file: File, draft: Draft, steps: list[Step], table: Mapping[str, Any]) -> None:
        step, follows = step_of(file, table), table.get("stands_after", "")
        key = (draft.template.id, step.id)
        if key in self.files:
            raise file.wrong(f"“{step.id}” is a step of {self.files[key].name} already", step.id, again=True)
        self.files[key] = file
        places = [place for place, each in enumerate(steps) if each.id == follows]
        if follows and not places:
            raise file.wrong(
                f"“{step.id}” is to stand after “{follows}”, which its phase does not have", step.id, "stands_after"
            )
        steps.insert(places[0] + 1 if follows else len(steps), step)

    def put_together(self) -> tuple[Template, ...]:
        """The plans, with every reference between steps checked. Raises WrongDefinition."""
        templates = tuple(draft.whole() for draft in self.plans.values())
        known = {step.id for template in templates for step in template}
        phases = {phase.id for template in templates for phase in template.phases}
        for template in templates:
            self.check_sign_off(template)
            for phase in template.phases:
                if phase.before and phase.before not in phases:
                    file = next(file for (plan, _), file in self.files.items() if plan == template.id)
                    raise file.wrong(
                        f"phase “{phase.id}” is to stand before “{phase.before}”, which is no phase", phase.id, "before"
                    )
            for step in template:
                self.check_prerequisites(self.files[template.id, step.id], step, known)
        self.check_circles(templates)
        return templates

    def check_prerequisites(self, file: File, step: Step, known: set[str]) -> None:
        for key, named in (("after", step.after), ("hours_after", tuple(dict(step.hours_after)))):
            for other in named:
                if other not in known:
                    raise file.wrong(f"“{step.id}” waits for “{other}”, which is no step", step.id, key)

    def check_sign_off(self, template: Template) -> None:
        last = [step for step in template if step.does == "sign_off"]
        if len(last) > 1:
            raise self.files[template.id, last[1].id].wrong("a plan has one step that signs off", last[1].id, "does")

    def check_circles(self, templates: Iterable[Template]) -> None:
        """Over all plans together: no selection of plans, and of steps in them, can then go in a circle."""
        waits: dict[str, set[str]] = {}
        for template in templates:
            for step in template:
                waits.setdefault(step.id, set()).update(step.after)
        circle = circle_in(waits)
        if circle:
            file = next(file for (_, step), file in reversed(self.files.items()) if step == circle[0])
            raise file.wrong(f"these steps wait for one another: {' → '.join(circle)}", circle[0], "after")

    def check_questions(self, templates: Iterable[Template], questions: QuestionSet) -> None:
        """What plans ask of an RFI must be there and be able to say so. Raises WrongDefinition."""
        for template in templates:
            of_plan = next((file for (plan, _), file in self.files.items() if plan == template.id), File(template.id))
            check_condition(of_plan, "", "select_when", template.select_when, questions)
            for step in template:
                file = self.files[template.id, step.id]
                check_condition(file, step.id, "show_when", step.show_when, questions)
                for id_ in asked_by(step):
                    if id_ not in questions.by_id:
                        raise file.wrong(
                            f"the check of “{step.id}” names “{id_}”, which is no question", step.id, "check"
                        )


def check_condition(file: File, id_: str, key: str, condition: Condition | None, questions: QuestionSet) -> None:
    reason = misunderstood(condition, questions.by_id, "no question of the RFI") if condition else ""
    if reason:
        raise file.wrong(f"“{id_ or key}” {reason}", id_, key)


def asked_by(step: Step) -> Iterator[str]:
    return (id_ for _, ids in (step.check.answers if step.check else ()) for id_ in ids)


def circle_in(waits: Mapping[str, set[str]]) -> list[str]:
    """Steps of which each waits for the next and the last for the first, which stands at both ends; [] without."""
    settled: set[str] = set()

    def walk(id_: str, path: list[str]) -> list[str]:
        if id_ in path:
            return [*path[path.index(id_) :], id_]
        for other in sorted(waits.get(id_, set()) - settled):
            if circle := walk(other, [*path, id_]):
                return circle
        settled.add(id_)
        return []

    return next((circle for id_ in waits if id_ not in settled and (circle := walk(id_, []))), [])


def read_folders(folders: Iterable[Path], questions: QuestionSet) -> tuple[Template, ...]:
    """The plans of all *.toml files of these folders, one folder after the other. Raises WrongDefinition."""
    drafts = Drafts()
    for folder in folders:
        for path in sorted(folder.glob("*.toml"), key=in_order):
            file, table = read_file(path, SHIPPED)
            drafts.add(file, table)
    templates = drafts.put_together()
    drafts.check_questions(templates, questions)
    return templates


def read_table(name: str, table: Mapping[str, Any]) -> Template:
    """The plan of one table, as a file has it; it may come after steps of others. Raises WrongDefinition."""
    drafts = Drafts()
    drafts.add(File(name), table)
    (draft,) = drafts.plans.values()
    return draft.whole()


def in_order(path: Path) -> tuple[int, str]:
    return ORDER.index(path.stem) if path.stem in ORDER else len(ORDER), path.stem


# --- one step -------------------------------------------------------------------------------------------


def step_of(file: File, table: Mapping[str, Any]) -> Step:
    """The step of a table. Raises WrongDefinition."""
    id_ = id_of(file, table, "step")
    for key in table:
        if key not in STEP_KEYS:
            raise file.wrong(f"“{key}” of “{id_}” is not known for a step", id_, key)
    for key in ("title", "owner"):
        if not table.get(key):
            raise file.wrong(f"“{id_}” needs a {key}" if key == "title" else f"“{id_}” needs an owner", id_)
    step = Step(**{key: value_of(file, id_, key, value) for key, value in table.items() if key != "stands_after"})
    if not step.title.strip():
        raise file.wrong(f"“{id_}” needs a title", id_)
    return step


def value_of(file: File, id_: str, key: str, value: Any) -> Any:
    """The value of a key of a step, of the type that it has there."""
    read = {
        "show_when": condition_of,
        "after": ids_of,
        "hours_after": hours_after_of,
        "earliest": when_of,
        "latest": when_of,
        "check": check_of,
        "waits_hours": hours_of,
        "link": link_of,
    }.get(key)
    if read:
        return read(file, id_, key, value)
    plain(file, id_, key, value, PLAIN[key])
    if key in CLOSED and value not in CLOSED[key]:
        raise file.wrong(f"“{value}” in “{key}” of “{id_}” is none of {', '.join(CLOSED[key])}", id_, key)
    return value


def ids_of(file: File, id_: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise file.wrong(f"“{key}” of “{id_}” is a list of ids", id_, key)
    return tuple(value)


def hours_after_of(file: File, id_: str, key: str, value: Any) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, dict) or not value:
        raise file.wrong(f"“{key}” of “{id_}” is a table of steps with hours, such as {{ mx_change = 72 }}", id_, key)
    return tuple((other, hours_of(file, id_, key, hours)) for other, hours in value.items())


def hours_of(file: File, id_: str, key: str, value: Any) -> int:
    hours: int = plain(file, id_, key, value, int)
    if not 1 <= hours <= MOST_HOURS:
        raise file.wrong(f"“{key}” of “{id_}” is from 1 to {MOST_HOURS} hours", id_, key)
    return hours


def when_of(file: File, id_: str, key: str, value: Any) -> When:
    found = WHEN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise file.wrong(f"“{key}” of “{id_}” is like “cutover -72h” or “order +14d”", id_, key)
    base, number, unit = found.groups()
    return When(base, int(number or 0) * (24 if unit == "d" else 1))


def link_of(file: File, id_: str, key: str, value: Any) -> str:
    if not isinstance(value, str) or not LINK.fullmatch(value):
        raise file.wrong(f"“{key}” of “{id_}” is an address that begins with https://", id_, key)
    return value


def check_of(file: File, id_: str, key: str, value: Any) -> Check:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind not in CHECKS:
        raise file.wrong(f"“{key}” of “{id_}” needs a kind, one of {', '.join(CHECKS)}", id_, key)
    needed, more = CHECKS[kind]
    for parameter in value:
        if parameter not in ("kind", "watch", *needed, *more):
            raise file.wrong(
                f"a check of kind {kind} has no “{parameter}”, only {', '.join((*needed, *more))}", id_, key
            )
    for parameter in needed:
        if parameter not in value:
            raise file.wrong(f"the check of “{id_}” needs “{parameter}”", id_, key)
    answers = tuple(
        (parameter, ids_of(file, id_, key, ids if isinstance(ids, list) else [ids]))
        for parameter, ids in value.items()
        if parameter not in ("kind", "watch")
    )
    return Check(kind, answers, plain(file, id_, key, value.get("watch", False), bool))
