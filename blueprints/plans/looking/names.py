"""Looks at the records of a customer's domains, all of them side by side, against what is expected of each."""

from collections.abc import Callable

from blueprints.gateways.bounds import Deadline
from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.gateways.many import many
from blueprints.gateways.names import gather
from blueprints.plans.checking import Subject
from blueprints.plans.expected_values import Expected, expected_of
from blueprints.plans.expecting import token_at
from blueprints.plans.judging.autodiscover import Autodiscover
from blueprints.plans.judging.check import Check
from blueprints.plans.judging.dkim import Dkim
from blueprints.plans.judging.dmarc import Dmarc
from blueprints.plans.judging.mx import Mx
from blueprints.plans.judging.spf import Spf
from blueprints.plans.judging.token import Token
from blueprints.plans.looking.overall import over_all

AT_ONCE = 8  # domains
TOO_SHORT = 0.5  # seconds, in which nothing is begun any more


def token(subject: Subject) -> Verdict:
    def check(domain: str, expected: Expected) -> Check:
        return Token(*token_at(domain, expected, subject.customer))

    return each_domain(subject, check)


def mx(subject: Subject) -> Verdict:
    return each_domain(subject, lambda domain, expected: Mx(domain, expected.mx))


def spf(subject: Subject) -> Verdict:
    return each_domain(subject, lambda domain, expected: Spf(domain, expected.spf_include))


def dkim(subject: Subject) -> Verdict:
    return each_domain(subject, lambda domain, expected: Dkim(domain, expected.dkim_selectors))


def dmarc(subject: Subject) -> Verdict:
    def check(domain: str, expected: Expected) -> Check:
        return Dmarc(domain, expected.dmarc_policy or "none", expected.dmarc_reports)

    return each_domain(subject, check)


def autodiscover(subject: Subject) -> Verdict:
    return each_domain(subject, lambda domain, expected: Autodiscover(domain, expected.autodiscover))


def each_domain(subject: Subject, check_of: Callable[[str, Expected], Check]) -> Verdict:
    """One verdict over all domains of the step, within the time of one check."""
    expected = expected_of(subject.partner.expected, subject.expected)
    deadline = Deadline(subject.bounds.limits)

    def look(domain: str) -> Verdict:
        if deadline.remaining() < TOO_SHORT:
            return Verdict(Outcome.UNDETERMINED, f"There was no time left to look at {domain}.")
        check = check_of(domain, expected.at(domain))
        return check.judge(gather(check.questions, subject.bounds, deadline))

    return over_all(dict(many(subject.domains, look, at_once=AT_ONCE, per_server=AT_ONCE)))
