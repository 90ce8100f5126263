"""Sample plans: the steps that an order called for, worked as far as the life of the customer has come.

Plans that are open tell each step in the history, as working them does. Those that are done tell their beginning and
their end, and have steps if they were made lately: older ones are from before the portal kept steps.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from data.moments import now
from data.plan_choosing import Chosen, Needs, chosen, selected
from data.plan_definitions import as_definition, current_templates
from data.plans import Plan, PlanStep, PlanTemplate
from data.sample.rare import hand_in, move_mailboxes

if TYPE_CHECKING:
    from data.sample.lives import Life

SINCE = 180  # days; plans that are done and older have no steps
FILTERS = ("none",) * 6 + ("replaced",) * 3 + ("kept",)
SYNCS = {
    "m365": ("cloud", "cloud", "agent"),
    "hybrid_m365": ("cloud", "ldap", "agent"),
    "onprem": ("ldap", "ldap", "agent"),
    "hybrid_google": ("ldap", "list"),
    "hosted": ("ldap", "list", "list"),
}
STATES = ("not_started",) * 5 + ("in_progress",) * 3 + ("waiting", "failed")  # of the step that comes next, of ten
FAILURES = ("The record is not there yet.", "Nobody answered on the phone.", "The licence has not arrived.")
AT_ONCE = ("order", "rfi")
MAILBOXES = "mailboxes"
# Counts as when the last reminder went out, so that the portal writes to nobody about what was made up.
NO_REMINDERS = "9999-01-01 00:00:00.000000"


@dataclass(frozen=True, slots=True)
class Outline:
    """The steps that some answers call for. `order`: their places, in an order in which they can be done, without the
    optional ones and the signatures; `after`: as stored.
    """

    version: str
    title: str
    steps: Sequence[Chosen]
    after: Sequence[str]
    order: Sequence[int]

    @property
    def required(self) -> int:
        return sum(1 for each in self.steps if not each.step.optional)


@dataclass
class Outlines:
    """Those of one load; their templates are kept in its database when they are first used."""

    by_needs: dict[tuple[Any, ...], Outline] = field(default_factory=dict)

    def of(self, services: frozenset[str], infrastructure: str, filter_now: str, sync: str, by_hand: str) -> Outline:
        key = (services, infrastructure, filter_now, sync, by_hand)
        if key not in self.by_needs:
            answers = {"filter_now": filter_now, "directory_sync": sync, "by_hand": by_hand}
            self.by_needs[key] = outline(Needs(services, infrastructure, answers))
        return self.by_needs[key]


def outline(needs: Needs) -> Outline:
    template = selected(current_templates(), needs)
    row = {"version": template.version, "definition": as_definition(template), "kept_at": now()}
    PlanTemplate.insert(**row).on_conflict_ignore().execute()
    steps = chosen(template, needs)
    after = [json.dumps(list(each.after)) for each in steps]
    return Outline(template.version, template.title, steps, after, order_of(steps))


def order_of(steps: Sequence[Chosen]) -> list[int]:
    """Always the first that can be done."""
    left, done, order = list(range(len(steps))), set[str](), []
    while left:
        place = next(place for place in left if done.issuperset(steps[place].after))
        left.remove(place)
        done.add(steps[place].step.id)
        if not steps[place].step.optional and steps[place].step.does != "sign_off":
            order.append(place)
    return order


def leave_plan(life: "Life", order: int, opened_at: str, made: float | None) -> int:
    """Leave the plan of an order, which the RFI made at that time (None: not yet). How many steps are left; -1
    without steps.
    """
    state = {"in_progress": "open", "closed": "closed"}.get(life.case.status, "done")
    plan = life.pen.rows[Plan].number()
    if made is None or (state != "open" and life.desk.days.today - made > SINCE):
        nothing = (None, 0, 0, "", "", None, None, None, "", None, "", None)
        life.pen.rows[Plan].put(plan, life.customer, order, state, opened_at, *nothing, 1 if state == "open" else 2)
        return -1
    chance = life.chance
    sync = chance.pick(SYNCS.get(life.infrastructure, ("list",)))
    by_hand = "yes" if chance.random() < 0.3 else "no"
    filter_now = chance.pick(FILTERS)
    if life.flagged or life.moving:
        given = {"filter_now": filter_now, "directory_sync": sync, "by_hand": by_hand, "imap_login": "admin"}
        hand_in(life, life.rfi, made, given, flagged=life.flagged)
    found = life.pen.outlines.of(life.services, life.infrastructure, filter_now, sync, by_hand)
    worked = Worked(life, found, plan, made)
    figures = worked.to_the_end() if state == "done" else worked.some_of_the_way()
    life.pen.rows[Plan].put(plan, life.customer, order, state, opened_at, found.version, *figures, 3)
    return int(figures[1] - figures[0])


class Worked:
    """A plan with steps while they are written. Its figures: steps done and required, the title of the current step,
    whose turn it is, that step's id, since when; when and by whom both sides signed; when it was complete.
    """

    def __init__(self, life: "Life", found: Outline, plan: int, made: float) -> None:
        self.life, self.found, self.plan, self.made = life, found, plan, made
        self.made_at = life.desk.days.moment(made)
        life.tell("plan.made", by=life.contact, at=self.made_at, plan=found.title, count=len(found.steps))

    def moments(self, places: Sequence[int], end: float) -> dict[int, str]:
        """When these steps were done, one after the other, since the plan was made and before that time."""
        days, chance, time = self.life.desk.days, self.life.chance, self.made
        pace, found = (end - self.made) / (len(places) + 1), {}
        for place in places:
            time = days.after(time, chance, pace * 0.6, pace)
            found[place] = days.moment(min(time, end))
        return found

    def to_the_end(self) -> tuple[Any, ...]:
        life, order, steps = self.life, self.found.order, self.found.steps
        at = self.moments(order, life.time)
        for place, each in enumerate(steps):
            if place in at or each.step.does == "sign_off":
                self.add(place, "done", at.get(place, life.at))
            elif life.chance.random() < 0.6:
                self.add(place, "done", life.at)
            else:
                self.add(place, "not_started", self.made_at)
        for side, who in (("the MSP", life.person), ("the customer", life.contact)):
            life.tell("plan.signed", by=who, side=side, reason="")
        life.tell("plan.completed", by=life.contact)
        required = self.found.required
        return required, required, "", "", None, None, life.at, life.person.name, life.at, life.contact.name, life.at

    def some_of_the_way(self) -> tuple[Any, ...]:
        """Some steps are done one after the other, and the next one is in some state."""
        life, steps = self.life, self.found.steps
        done = {place: self.made_at for place in self.found.order if steps[place].step.does in AT_ONCE}
        left = [place for place in self.found.order if place not in done]
        far = life.chance.whole(0, len(left) if life.case.rfi == "complete" else 2)
        if life.moving:
            far = next(at for at, place in enumerate(left) if steps[place].step.does == MAILBOXES)
        done |= (lately := self.moments(left[:far], life.desk.days.today))
        for place, at in lately.items():
            life.tell("plan.step_done", by=self.who(place), at=at, step=steps[place].step.title)
        current, since, turn_id = self.current(done), max(done.values(), default=self.made_at), None
        for place in range(len(steps)):
            if place == current:
                turn_id = self.add_current(place, since)
            else:
                self.add(place, "done" if place in done else "not_started", done.get(place, self.made_at))
        step = steps[current].step
        signed = (None, "", None, "", None)
        return len(done), self.found.required, step.title, step.owner, turn_id, since, *signed

    def current(self, done: dict[int, str]) -> int:
        """The first required step that can be worked on; the signatures when nothing else is left."""
        steps = self.found.steps
        settled = {steps[place].step.id for place in done}
        left = sorted(set(self.found.order) - set(done))
        signatures = next(place for place, each in enumerate(steps) if each.step.does == "sign_off")
        return next((place for place in left if settled.issuperset(steps[place].after)), signatures)

    def add_current(self, place: int, since: str) -> int:
        life, chance, step = self.life, self.life.chance, self.found.steps[place].step
        days, facts = life.desk.days, {"by": self.who(place), "at": since, "step": step.title}
        state = "not_started" if step.does == "sign_off" else chance.pick(STATES)
        moving = life.moving and step.does == MAILBOXES
        state = "in_progress" if moving else state
        due = days.iso(days.today + chance.whole(-9, 14)) if chance.random() < 0.5 else None
        assigned = life.person.id if step.owner == "partner" and chance.random() < 0.6 else None
        reason, until = "", None
        if state == "in_progress":
            life.tell("plan.step_started", **facts)
        elif state == "waiting":
            until = days.moment(days.today + chance.whole(1, 3) + chance.random())
            life.tell("plan.step_waiting", until=f"{until[:16]} UTC", **facts)
        elif state == "failed":
            reason = chance.pick(FAILURES)
            life.tell("plan.step_failed", reason=reason, **facts)
        added = self.add(place, state, since, reason, assigned, due, until)
        if moving:
            move_mailboxes(life, self.plan, added, since)
        return added

    def who(self, place: int) -> Any:
        """Who does the step: somebody of the MSP, or the customer by their link."""
        return self.life.contact if self.found.steps[place].step.owner == "customer" else self.life.person

    def add(
        self,
        place: int,
        state: str,
        at: str,
        reason: str = "",
        assigned: int | None = None,
        due: str | None = None,
        until: str | None = None,
    ) -> int:
        each, who = self.found.steps[place], self.who(place)
        return self.life.pen.rows[PlanStep].add(
            self.plan, each.step.id, each.phase, place + 1, each.step.title, each.step.owner, each.step.optional,
            self.found.after[place], state, reason, assigned, due, until, NO_REMINDERS, at, who.id, who.name,
            1 if state == "not_started" else 2,
        )  # fmt: skip
