"""One verdict over many, such as all domains of a customer, that people can still read."""

from collections.abc import Mapping
from dataclasses import replace

from blueprints.gateways.evidence import WORST_FIRST, Outcome, Verdict, together

MOST_REASONS = 5
MOST_ASKED = 300  # servers whose answers are kept
MOST_CHARACTERS = 200_000  # of their answers


def over_all(verdicts: Mapping[str, Verdict]) -> Verdict:
    """The worst of them in its own words, a few of many. `verdicts`: by what each is about, in no order.

    It is waited for only what waiting will help, all of it. Evidence of the worst comes first, and is cut.
    """
    given = dict(sorted(verdicts.items()))
    whole = together(given)
    worst = [each for each in given.values() if each.outcome is whole.outcome]
    reasons = list(dict.fromkeys(each.reason for each in worst))
    more = len(reasons) - MOST_REASONS
    reason = " ".join(reasons[:MOST_REASONS]) + (f" And {more} more like these." if more > 0 else "")
    hopeless = any(each.outcome is Outcome.FAILED and each.again_in is None for each in worst)
    ordered = sorted(given.values(), key=lambda each: WORST_FIRST.index(each.outcome))
    evidence = tuple(asked for each in ordered for asked in each.evidence)
    return replace(whole, reason=reason, evidence=evidence, again_in=None if hopeless else whole.again_in)


def cut(verdict: Verdict) -> Verdict:
    """With no more evidence than is worth keeping; the facts say how much was left out, if some was."""
    room, kept = MOST_CHARACTERS, []
    for asked in verdict.evidence[:MOST_ASKED]:
        room -= len(asked.answer)
        if room < 0:
            break
        kept.append(asked)
    left_out = len(verdict.evidence) - len(kept)
    if not left_out:
        return verdict
    return replace(verdict, evidence=tuple(kept), facts={**verdict.facts, "left_out": left_out})
