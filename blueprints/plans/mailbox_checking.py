"""The check of the step that mailboxes belong to: the server as it is now, the mailboxes as they were tested."""

from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.mailroom.jobs import connected
from blueprints.plans.checking import Subject
from blueprints.plans.mailbox_places import source_of
from blueprints.plans.mailbox_testing import verdict_over


def run(subject: Subject) -> Verdict:
    """What a test of all mailboxes would take too long for: whether the server answers and encrypts, and what the
    mailboxes said when they were tested last.
    """
    from blueprints.gateways.imap import look  # noqa: PLC0415 - loaded when a server is looked at

    with connected():
        source = source_of(subject.plan, subject.told)
    if source.missing:
        return Verdict(Outcome.UNDETERMINED, source.missing)
    looked = look(source.server(), subject.bounds_left)
    with connected():
        return verdict_over(subject.plan, looked)
