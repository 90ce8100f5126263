"""What several name servers say together: who was heard, who agrees, and when those behind will have caught up."""

from collections.abc import Callable, Iterable

from blueprints.gateways.evidence import Answer, Outcome, Said, Verdict, brief, listed

Wrong = Callable[[Answer], str]


def absent(answer: Answer) -> str:
    """Why an answer brings no record, as a sentence; "" when it brings some, or tells nothing."""
    name, kind = answer.question.name, answer.question.kind
    return {
        Said.NO_NAME: f"There is no name {name}.",
        Said.NO_RECORD: f"{name} has no {kind} record.",
        Said.CIRCLE: f"{name} is an alias that leads back to itself.",
    }.get(answer.said, "")


def unheard(name: str, answers: Iterable[Answer]) -> Verdict | None:
    """The verdict when nobody told anything about a name; None when somebody did.

    Servers that all keep silent are out of reach for us, which says nothing about the domain; an error they
    answer is theirs, or of the domain.
    """
    given = list(answers)
    if any(each.tells or each.said is Said.ELSEWHERE for each in given):
        return None
    errors = [each for each in given if each.said is Said.TROUBLE]
    if not errors:
        return Verdict(Outcome.NOT_HERE, f"No name server answered, so {name} could not be looked up from here.")
    words = brief(errors[0].words.partition("\n")[0] or str(errors[0].said), 80)
    return Verdict(Outcome.UNDETERMINED, f"{name} could not be looked up: {errors[0].server} answered {words}.")


def spread(name: str, answers: Iterable[Answer], wrong: Wrong, right: str) -> Verdict:
    """Whether every name server of the zone and every resolver says the right thing.

    `wrong` says what is wrong with one answer, "" when it is right; `right` is the sentence when all are. The
    zone's own servers are judged first: what they say, the resolvers will say when their time to live is over
    (`again_in`).
    """
    given = list(answers)
    nobody = unheard(name, given)
    if nobody is not None:
        return nobody
    own = [each for each in given if each.authority]
    others = [each for each in given if not each.authority]
    for group in (own, others):
        behind = [each for each in group if each.tells and wrong(each)]
        if behind:
            return not_yet(group, behind, wrong, changed=any(each.tells for each in own))
    return quiet(name, own, others) or Verdict(Outcome.PASSED, right)


def not_yet(group: list[Answer], behind: list[Answer], wrong: Wrong, changed: bool) -> Verdict:
    """Some of a group are wrong. `changed`: the zone's own servers were heard, so resolvers that are wrong though
    those are right only remember."""
    sentence = wrong(behind[0])
    resolvers = not behind[0].authority
    wait = max((each.ttl or 0 for each in behind), default=0) if resolvers else None
    if resolvers and changed:
        sentence = f"{listed(each.server for each in behind)} still from memory: {sentence}"
    elif len(behind) < sum(each.tells for each in group):
        sentence = f"Not all name servers agree. {listed(each.server for each in behind)}: {sentence}"
    return Verdict(Outcome.FAILED, sentence, again_in=wait)


def quiet(name: str, own: list[Answer], others: list[Answer]) -> Verdict | None:
    """Nobody is wrong; whether enough were heard to say that it is right."""
    if not any(each.tells or each.said is Said.ELSEWHERE for each in own):
        why = f"The resolvers are right about {name}, but none of its own name servers answers this machine"
        return Verdict(Outcome.NOT_HERE, f"{why}: {reasons(own)}.")
    silent = [each for each in (*own, *others) if not each.tells and each.said is not Said.ELSEWHERE]
    if silent:
        servers = listed(dict.fromkeys(each.server for each in silent))
        return Verdict(Outcome.UNDETERMINED, f"Who answered is right about {name}, but {servers} did not answer.")
    return None


def reasons(unheard: list[Answer]) -> str:
    return listed(dict.fromkeys(brief(f"{each.server}, {each.words or each.said}", 120) for each in unheard), 3)
