"""Whether a domain publishes the keys with which its mail is signed (RFC 6376, section 3.6)."""

import base64
import binascii
from dataclasses import dataclass

from blueprints.gateways.evidence import Answers, Outcome, Question, Verdict, evidence_of, listed, together, told
from blueprints.plans.judging.hearing import absent, unheard
from blueprints.plans.judging.tags import tags_of

SHORTEST = 1024  # bits of an RSA key that is to be believed (RFC 8301, section 3.2)
GOOD = 2048
ED25519_BYTES = 32  # RFC 8463, section 3


def question(domain: str, selector: str) -> Question:
    return Question(f"{selector}._domainkey.{domain}", "TXT")


@dataclass(frozen=True)
class Dkim:
    """Passed when each selector has one good key. Facts: selector → {key, bits, testing}."""

    domain: str
    selectors: tuple[str, ...]

    def questions(self, _: Answers) -> tuple[Question, ...]:
        return tuple(question(self.domain, selector) for selector in self.selectors)

    def judge(self, answers: Answers) -> Verdict:
        if not self.selectors:
            return Verdict(Outcome.UNDETERMINED, f"It is not said yet which keys {self.domain} signs with.")
        each = {selector: judged(self.domain, selector, answers) for selector in self.selectors}
        verdict = together(each)
        reason = self.praise(each) if verdict.passed else verdict.reason
        return Verdict(verdict.outcome, reason, evidence_of(answers), verdict.facts)

    def praise(self, each: dict[str, Verdict]) -> str:
        short = [name for name, one in each.items() if one.facts["key"] == "rsa" and one.facts["bits"] < GOOD]
        note = f" {listed(short)}: a key of {GOOD} bits would be better." if short else ""
        return f"{self.domain} publishes its keys {listed(self.selectors)}.{note}"


def judged(domain: str, selector: str, answers: Answers) -> Verdict:
    asked = question(domain, selector)
    answer = told(answers, asked)
    nobody = unheard(asked.name, answers.get(asked, ()))
    if nobody is not None or answer is None:
        return nobody or Verdict(Outcome.UNDETERMINED, f"{asked.name} was not asked for.")
    if not answer.records:
        return Verdict(Outcome.FAILED, absent(answer))
    keys = [tags for tags in map(tags_of, answer.records) if tags is not None and "p" in tags]
    if len(keys) != 1:
        what = "no key" if not keys else "more than one key, so none counts"
        return Verdict(Outcome.FAILED, f"{asked.name} holds {what}.")
    return key_verdict(asked.name, keys[0])


def key_verdict(name: str, tags: dict[str, str]) -> Verdict:
    if tags.get("v", "DKIM1") != "DKIM1":
        return Verdict(Outcome.FAILED, f"{name} is of a version that nobody knows: {tags['v'][:40]}.")
    raw = "".join(tags["p"].split())
    if not raw:
        return Verdict(Outcome.FAILED, f"The key {name} was revoked: its p= is empty.")
    kind = tags.get("k", "rsa").lower()
    bits = bits_of(kind, raw)
    testing = "y" in tags.get("t", "").split(":")
    facts = {"key": kind, "bits": bits, "testing": testing}
    if kind not in ("rsa", "ed25519"):
        return Verdict(
            Outcome.UNDETERMINED, f"{name} holds a key of a kind that this check does not know.", facts=facts
        )
    if not bits:
        return Verdict(Outcome.FAILED, f"The key {name} cannot be read; a part of it may be missing.", facts=facts)
    if kind == "rsa" and bits < SHORTEST:
        return Verdict(Outcome.FAILED, f"The key {name} has only {bits} bits and counts for nothing.", facts=facts)
    if testing:
        return Verdict(Outcome.FAILED, f"The key {name} is marked as a test (t=y).", facts=facts)
    return Verdict(Outcome.PASSED, f"{name} holds a key of {bits} bits.", facts=facts)


def bits_of(kind: str, raw: str) -> int:
    """Length of a key in base64; 0 when it cannot be read."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - slow to load
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415 - as above

    try:
        key = base64.b64decode(raw, validate=True)
        if kind == "ed25519":
            return 256 if len(key) == ED25519_BYTES else 0
        loaded = load_der_public_key(key)
    except (binascii.Error, ValueError, TypeError, NotImplementedError):
        return 0
    return loaded.key_size if isinstance(loaded, RSAPublicKey) else 0
