"""Which plan an order calls for, and which of its steps a customer needs. Pure.

One plan for each order. Of several templates that are selected (moving mailboxes and security, say) one is put
together: a step that both have under one id is done once and waits for all that it waits for in either.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from data.conditions import Condition
from data.plan_definitions import Phase, Step, Template


@dataclass(frozen=True)
class Needs:
    """What decides which steps there are, as conditions ask for it. `answers`: of the RFI, as handed in."""

    services: frozenset[str]
    infrastructure: str
    answers: Mapping[str, Any]


# --- which template -----------------------------------------------------------------------------------


def selected(templates: Iterable[Template], needs: Needs) -> Template:
    """What the order calls for, put together; the plan for all other orders when nothing does."""
    templates = tuple(templates)
    called = [each for each in templates if each.select_when and each.select_when.holds(needs)]
    called = called or [each for each in templates if each.otherwise] or list(templates[:1])
    return reduce(combined, called)


def combined(one: Template, other: Template) -> Template:
    """Both plans as one: the first keeps its phases, those of the other stand before or after; sign-off comes last."""
    phases = {phase.id: phase for phase in one.phases}
    shared = {step.id: step for step in other if step.id in one.by_id}
    for id_, phase in phases.items():
        steps = tuple(joined(step, shared[step.id]) if step.id in shared else step for step in phase.steps)
        phases[id_] = replace(phase, steps=steps)
    ordered = list(phases.values())
    for phase in other.phases:
        own = others(phase.steps, one.by_id)
        place = next((at for at, each in enumerate(ordered) if each.id == phase.id), None)
        if place is not None:
            ordered[place] = replace(ordered[place], steps=ordered[place].steps + own)
            continue
        place = next((at for at, each in enumerate(ordered) if each.id == phase.before), len(ordered))
        ordered.insert(place, replace(phase, steps=own))
    return Template(
        id=f"{one.id}_and_{other.id}",
        title=f"{one.title}; {other.title[:1].lower()}{other.title[1:]}",
        select_when=either(one.select_when, other.select_when),
        phases=signed_off_last(ordered),
    )


def gone_on(earlier: Template, newer: Template) -> Template:
    """Two plans that one customer had, one after the other, as one: what both have is as the newer says."""
    before = [replace(phase, steps=others(phase.steps, newer.by_id)) for phase in earlier.phases]
    before = [phase for phase in before if phase.steps]
    if not before:
        return newer
    whole = combined(replace(earlier, phases=tuple(before)), newer)
    return replace(whole, id=newer.id, title=newer.title) if earlier.title in newer.title else whole


def others(steps: Iterable[Step], ids: Collection[str]) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.id not in ids)


def joined(one: Step, other: Step) -> Step:
    """A step of two plans: as the first has it, for whoever either is for, after all that either is after."""
    after = tuple(dict.fromkeys((*one.after, *other.after)))
    return replace(one, after=after, show_when=either(one.show_when, other.show_when), check=one.check or other.check)


def either(one: Condition | None, other: Condition | None) -> Condition | None:
    """Holds when one of both does; None always holds."""
    if one is None or other is None or one == other:
        return one if one == other else None
    return Condition(any_of=(one, other))


def signed_off_last(phases: list[Phase]) -> tuple[Phase, ...]:
    last = tuple(step for phase in phases for step in phase.steps if step.does == "sign_off")
    phases = [replace(phase, steps=tuple(step for step in phase.steps if step not in last)) for phase in phases]
    phases[-1] = replace(phases[-1], steps=phases[-1].steps + last)
    return tuple(phases)


# --- which steps --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chosen:
    """A step that a customer needs. `after`: keys of needed steps; what is not needed is passed through."""

    step: Step
    phase: str
    after: tuple[str, ...]


def chosen(template: Template, needs: Needs, without: Collection[str] = ()) -> tuple[Chosen, ...]:
    """The steps whose conditions hold, in the order of the template; `without` these, which were done before."""
    there = {step.id for step in template if not step.show_when or step.show_when.holds(needs)} - set(without)
    before = {step.id: steps_before(template, step, there) for step in template if step.id in there}
    return tuple(
        Chosen(step, phase.id, without_repeats(step, before))
        for phase in template.phases
        for step in phase.steps
        if step.id in there
    )


def steps_before(template: Template, step: Step, there: set[str]) -> tuple[str, ...]:
    """What a step comes after, where those that are not there stand for what they come after themselves."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    keys = list(step.after)
    while keys:
        key = keys.pop(0)
        if key in seen:
            continue
        seen.add(key)
        if key in there:
            found[key] = None
        elif key in template.by_id:
            keys += template.by_id[key].after
    return tuple(found)


def without_repeats(step: Step, before: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Leaves out what stands for a step that is not there, where another one comes after it anyway."""
    found = before[step.id]
    implied = {earlier for key in found for earlier in before[key]}
    return tuple(key for key in found if key in step.after or key not in implied)
