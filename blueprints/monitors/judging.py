"""What readings mean: the level of one, and the state that several in a row make. Pure: no records, no clock.

Levels are single letters: g(ood), w(arning), p(roblem), in the order of their weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LEVELS = "gwp"
OF_STATE = {"good": "g", "warning": "w", "problem": "p"}
STATE_OF = {letter: state for state, letter in OF_STATE.items()}
SILENT_AFTER = 3  # intervals without news
MOST_DAMPING = 10
LONGEST_GAP = timedelta(minutes=5)  # the portal looks each minute; after more than this it was not there, or was moved


@dataclass(frozen=True)
class Thresholds:
    """From where on a value (or an age, in seconds) is a warning, and a problem; None for nowhere.

    `falling`: the value gets worse as it falls (days left of a certificate), and the threshold itself is bad, too.
    """

    warning: float | None = None
    problem: float | None = None
    warning_age: int | None = None
    problem_age: int | None = None
    falling: bool = False


def level_of(thresholds: Thresholds, value: float | None, oldest: int | None, said: str = "") -> str:
    """The level of one reading: the worst of what its value, its age and the sender (`said`, a level or "") say."""
    found = [said or "g"]
    for bound, level in ((thresholds.warning, "w"), (thresholds.problem, "p")):
        if bound is not None and value is not None and (value <= bound if thresholds.falling else value >= bound):
            found.append(level)
    for bound, level in ((thresholds.warning_age, "w"), (thresholds.problem_age, "p")):
        if bound is not None and oldest is not None and oldest >= bound:
            found.append(level)
    return max(found, key=LEVELS.index)


def state_after(state: str, recent: str, damping: int) -> str:
    """The state after the readings with these levels, oldest first.

    It gets worse when the last `damping` readings all were worse, as bad as the mildest of them; and better likewise,
    no better than the worst of them. So what goes to and fro changes nothing. Nothing known yet: one reading decides.
    """
    if not recent:
        return state
    if state not in OF_STATE:
        return STATE_OF[recent[-1]]
    if len(recent) < damping:
        return state
    now, last = LEVELS.index(OF_STATE[state]), [LEVELS.index(level) for level in recent[-damping:]]
    if min(last) > now:
        return STATE_OF[LEVELS[min(last)]]
    if max(last) < now:
        return STATE_OF[LEVELS[max(last)]]
    return state


def is_worse(before: str, after: str) -> bool:
    """Whether a change is one that maintenance keeps quiet. Not to be known is worse than to be known."""
    weight = {"good": 0, "warning": 1, "problem": 2, "unknown": 3}
    if before == "unknown":
        return after in ("warning", "problem")
    return weight[after] > weight[before]


def quiet_after(read_at: datetime, every: int) -> datetime:
    """When a monitor is silent unless it is heard of again. `every`: seconds between two readings."""
    return read_at + timedelta(seconds=SILENT_AFTER * every)


def was_away(seen_at: datetime, now: datetime) -> bool:
    """Whether the portal did not listen between two looks, or somebody set its clock: then nobody is silent yet."""
    return not timedelta() <= now - seen_at <= LONGEST_GAP


# --- how much of a time was good ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """A time in one state, maintenance left in it."""

    state: str
    begins: datetime
    ends: datetime

    @property
    def seconds(self) -> float:
        return (self.ends - self.begins).total_seconds()


def stretches(
    begins: datetime, ends: datetime, state: str, changes: Sequence[tuple[datetime, str, str]]
) -> list[Stretch]:
    """A time cut where the state changed. `changes`: (at, before, after) in order, `state`: where there is none."""
    found: list[Stretch] = []
    at, now = begins, changes[0][1] if changes else state
    for changed_at, _, after in changes:
        moment = min(max(changed_at, at), ends)
        if moment > at:
            found.append(Stretch(now, at, moment))
        at, now = moment, after
    if ends > at:
        found.append(Stretch(now, at, ends))
    return found


def uptime(cut: Sequence[Stretch], quiet: Sequence[tuple[datetime, datetime]] = ()) -> float | None:
    """The share of the time of which something is known that was no problem, 0 to 1; None when nothing is known.

    `quiet`: maintenance, which counts for nothing; its times may overlap.
    """
    known = bad = 0.0
    for stretch in cut:
        if stretch.state not in OF_STATE:
            continue
        seconds = stretch.seconds - covered(stretch, quiet)
        known += seconds
        bad += seconds if stretch.state == "problem" else 0
    return (known - bad) / known if known > 0 else None


def covered(stretch: Stretch, quiet: Sequence[tuple[datetime, datetime]]) -> float:
    """Seconds of a stretch that lie in maintenance, each counted once."""
    seconds, at = 0.0, stretch.begins
    for begins, ends in sorted(quiet):
        first, last = max(begins, at), min(ends, stretch.ends)
        if last > first:
            seconds += (last - first).total_seconds()
            at = last
    return seconds
