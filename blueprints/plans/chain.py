"""The order of a plan's steps: what waits for what, how far it is, and whose turn it is. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from data.plan_definitions import Phase
from data.plans import SETTLED, PlanStep


class Chain:
    """The steps of one plan, dropped ones among them. `last`: keys of the steps that come after all required ones.

    A step that was dropped or is not applicable keeps nobody waiting, but what it waited for does.
    """

    def __init__(self, steps: Iterable[PlanStep], last: frozenset[str] = frozenset()) -> None:
        self.all = sorted(steps, key=in_order)
        self.by_key = {step.key: step for step in self.all}
        self.last = last

    @property
    def steps(self) -> list[PlanStep]:
        """Those that were not dropped, in their order."""
        return [step for step in self.all if step.dropped_at is None]

    @property
    def required(self) -> list[PlanStep]:
        return [step for step in self.steps if not step.optional]

    # --- locks ---

    def waits_for(self, step: PlanStep) -> list[PlanStep]:
        """The steps that must be settled before this one, in their order; none when it can be worked on."""
        open_ones = [each for each in self.before(step) if stands_open(each)]
        return sorted(open_ones, key=in_order) if len(open_ones) > 1 else open_ones

    def before(self, step: PlanStep) -> Iterator[PlanStep]:
        """Every step that this one waits for, settled or not, each once."""
        if step.key in self.last:
            yield from (each for each in self.required if each.key not in self.last)
        seen: set[str] = {each.key for each in self.required} if step.key in self.last else set()
        keys = list(step.after)
        while keys:
            key = keys.pop()
            found = self.by_key.get(key)
            if found is None or key in seen:
                continue
            seen.add(key)
            yield found
            if found.dropped_at is not None or found.state == "not_applicable":
                keys += found.after

    def done_behind(self, step: PlanStep) -> list[PlanStep]:
        """Steps that are done and wait for this one: it cannot be undone before they are."""
        return [
            each
            for each in self.steps
            if each.state == "done" and each is not step and any(one is step for one in self.before(each))
        ]

    # --- how far ---

    @property
    def total(self) -> int:
        return len(self.required)

    @property
    def done(self) -> int:
        return sum(1 for step in self.required if step.state in SETTLED)

    @property
    def workable(self) -> Iterator[PlanStep]:
        """What can be worked on now."""
        return (step for step in self.steps if step.state not in SETTLED and not self.waits_for(step))

    @property
    def current(self) -> PlanStep | None:
        """The first that can be worked on; an optional one only when no required one can."""
        return next((step for step in self.workable if not step.optional), next(self.workable, None))

    @property
    def left_to_sign(self) -> list[PlanStep]:
        """What keeps both sides from signing off."""
        return [step for step in self.required if step.state not in SETTLED and step.key not in self.last]


def in_order(step: PlanStep) -> tuple[int, int]:
    return step.position, step.id or 0


def stands_open(step: PlanStep) -> bool:
    """Whether it keeps others waiting."""
    return step.dropped_at is None and step.state not in SETTLED


def in_phases(phases: Sequence[Phase], steps: Iterable[PlanStep]) -> Iterator[tuple[Phase, list[PlanStep]]]:
    """The phases that have any of the steps, with these; steps of a phase that is gone stand in the last."""
    there: dict[str, list[PlanStep]] = {phase.id: [] for phase in phases}
    for step in steps if phases else ():
        there[step.phase if step.phase in there else phases[-1].id].append(step)
    return ((phase, there[phase.id]) for phase in phases if there[phase.id])
