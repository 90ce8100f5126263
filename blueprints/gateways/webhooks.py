"""Says something to a webhook: one POST to an https address, with the bounds of every look at the world.

Private addresses are refused, redirects told and never followed, the answer's body is not read, and nothing is said to
a server whose certificate is not trusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from blueprints.gateways.bounds import Bounds, Door
from blueprints.gateways.evidence import Outcome, Verdict, brief
from blueprints.gateways.https import REDIRECTS, Conversation
from blueprints.gateways.line import Line
from blueprints.gateways.reaching import converse

STEP_SECONDS, WHOLE_SECONDS = 10.0, 20.0  # who takes longer has not understood what a webhook is
GONE = 410  # “and will stay so” (RFC 9110, section 15.5.11)


@dataclass(frozen=True)
class Heard:
    """`taken`: answered with 2xx. `gone`: no more is wanted there. `words`: what was answered, or why nothing was."""

    taken: bool
    gone: bool
    words: str


def post(address: str, body: bytes, headers: Mapping[str, str], bounds: Bounds) -> Heard:
    """Takes twenty seconds at most (and what the resolver takes); never raises."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return Heard(taken=False, gone=False, words="This is no address of a webhook.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    limits = replace(
        bounds.limits, step=min(bounds.limits.step, STEP_SECONDS), whole=min(bounds.limits.whole, WHOLE_SECONDS)
    )

    def talk(line: Line) -> Verdict:
        if not line.trusted:
            reason = line.certificate.problem if line.certificate else "there is none"
            return Verdict(Outcome.FAILED, f"{line.host}: Its certificate is not trusted: {reason}.")
        talking = Conversation(line)
        with line.hushed("(the message)"):
            talking.request(
                "POST",
                quote(path, safe="/?&=%:@!$'()*+,;~"),
                body,
                {"Accept": "*/*", "Connection": "close", **headers},
            )
        status = talking.getresponse().status
        return judged(line.host, status)

    verdict = converse(host, Door.HTTPS, replace(bounds, limits=limits), talk)
    status = verdict.facts.get("status", 0)
    return Heard(taken=verdict.passed, gone=status == GONE, words=brief(verdict.reason, 300))


def judged(host: str, status: int) -> Verdict:
    words = f"{host} answered {status}."
    if status in REDIRECTS:
        words = f"{host} answered {status}: it points elsewhere, which is not followed."
    return Verdict(Outcome.PASSED if 200 <= status < 300 else Outcome.FAILED, words, facts={"status": status})
