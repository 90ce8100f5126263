"""Whether a directory knows about as many people with mail as were ordered."""

from dataclasses import replace

from blueprints.gateways.evidence import Outcome, Verdict

TOLERANCE = 10  # percent


def judge(counted: Verdict, permitted: int, tolerance: int = TOLERANCE) -> Verdict:
    """The verdict of `gateways.ldap.count_people`, held against the permitted users.

    What was not counted to its end can only be too many. Facts: those of the count, and `permitted`.
    """
    people = counted.facts.get("people")
    facts = {**counted.facts, "permitted": permitted}
    if people is None:
        return replace(counted, facts=facts)
    room = permitted * tolerance // 100
    if people > permitted + room:
        at_least = "" if counted.facts.get("complete") else "at least "
        reason = f"The directory knows {at_least}{people:,} people with mail; {permitted:,} are permitted."
        return replace(counted, outcome=Outcome.FAILED, reason=reason, facts=facts)
    if not counted.passed:
        return replace(counted, facts=facts)
    if people < permitted - room:
        reason = f"The directory knows only {people:,} people with mail; {permitted:,} are permitted."
        return replace(counted, outcome=Outcome.FAILED, reason=reason, facts=facts)
    reason = f"{counted.reason} That fits the {permitted:,} permitted users."
    return replace(counted, reason=reason, facts=facts)
