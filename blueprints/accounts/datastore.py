"""What Flask-Security stores, kept by the rules of the house: one change, one transaction, one line of history.

Flask-Security saves piece by piece while it works, and hashing a password in between takes long. So what it wants
saved is collected during the request; `commit()` writes it all at once, with its history and its letters.
"""

from dataclasses import dataclass, field
from typing import Any

from flask import g
from flask_security import PeeweeUserDatastore, UserMixin

from blueprints.accounts.rules import only_partner
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.mailroom.rules import write
from data import history
from data.accounts import Person
from data.database import transaction


class Account(UserMixin, Person):  # in this order: a Peewee record has a get_id() of its own
    """A person as Flask-Security knows them: the same rows."""

    class Meta:
        table_name = "person"
        only_save_dirty = True  # what somebody else changed meanwhile (switched off, say) is left alone


@dataclass
class Unsaved:
    """What the request at work wants written."""

    accounts: list[Account] = field(default_factory=list)
    lines: list[tuple[str, Account, dict[str, Any]]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)


def unsaved() -> Unsaved:
    if "unsaved" not in g:
        g.unsaved = Unsaved()
    return g.unsaved


def tell(kind: str, account: Account, **facts: Any) -> None:
    """A line of history, written with the change that it tells."""
    unsaved().lines.append((kind, account, facts))


def send(**letter: Any) -> None:
    """A letter (the arguments of mailroom.rules.write), queued with the change that it is about."""
    unsaved().letters.append(letter)


class Accounts(PeeweeUserDatastore):
    """Flask-Security's view of people. `find_user` takes one attribute: `fs_uniquifier` or `email`."""

    def __init__(self, database: Any) -> None:
        super().__init__(database, Account, None, None)

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Account | None:  # noqa: ARG002 - Flask-Security says it
        """Addresses are kept and looked for in lower case, so `case_insensitive` says nothing new."""
        (attribute, value), *_ = wanted.items()
        return Account.get_or_none(getattr(Account, attribute) == value)

    def put(self, account: Account) -> Account:
        if not any(waiting is account for waiting in unsaved().accounts):
            unsaved().accounts.append(account)
        return account

    def tf_reset(self, account: Account) -> None:
        """Without a second factor its recovery codes mean nothing."""
        account.tf_last_counter = None
        account.mf_recovery_codes = None
        super().tf_reset(account)

    def commit(self) -> None:
        """Write what the request collected; then wake the mailroom."""
        waiting: Unsaved | None = g.pop("unsaved", None)
        if waiting is None:
            return
        with transaction():
            for account in waiting.accounts:
                account.save()
            for kind, account, facts in waiting.lines:
                history.record(kind, account, partner=only_partner(account), name=account.name, **facts)
            for letter in waiting.letters:
                write(history.PORTAL, **letter)
        if waiting.letters:
            mailroom_jobs.nudge()
