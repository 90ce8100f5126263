"""Secrets of customers (passwords of directories, mailboxes): encrypted as soon as they are typed, erased at the end.

Kept with Fernet (AES in CBC, signed with HMAC-SHA-256; cryptography.io, “Fernet”). The key stands outside the database,
so a copy of the database alone opens nothing.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from blueprints.web.refusals import Refused
from data import history
from data.customers import Customer
from data.mailboxes import ListedMailbox, MailboxList, MailboxSource
from data.moments import now
from data.plans import Mailbox, Plan
from data.rfi import Rfi, RfiAnswer

PURPOSE = b"secrets of RFIs"


class Unreadable(Refused):
    """Sealed with a key that this installation has no more."""

    sentence = "This secret cannot be opened with the key of this installation. Ask for it again."


class Seal:
    """What closes and opens secrets; open once it was given its keys."""

    keys: MultiFernet | None = None


the_seal = Seal()


def open_seal(secrets: Iterable[str]) -> None:
    """Hand over the keys, at the start: the first closes, all of them open. Each a text of 32 characters or more."""
    the_seal.keys = MultiFernet([Fernet(key_from(secret)) for secret in secrets])


def key_from(secret: str) -> bytes:
    """A Fernet key from a text nobody can guess. Derived, so that any such text will do."""
    derived = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return urlsafe_b64encode(derived)


def seal(text: str) -> str:
    """The encrypted text, in ASCII. The same text is never encrypted to the same twice."""
    assert the_seal.keys is not None, "open_seal() comes first"
    return the_seal.keys.encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """The text again, for a job that signs in with it. Raises Unreadable."""
    assert the_seal.keys is not None, "open_seal() comes first"
    try:
        return the_seal.keys.decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        raise Unreadable from None


def erase_secrets(who: object, customer: Customer) -> int:
    """Erase what a customer's RFIs and mailboxes keep sealed: their plan or project ends, or they leave. How many.

    Call inside the transaction.
    """
    rfis = Rfi.select(Rfi.id).where(Rfi.customer == customer)
    kept = RfiAnswer.rfi.in_(rfis) & (RfiAnswer.sealed != "")
    erased = {
        "sealed": "",
        "version": RfiAnswer.version + 1,
        "changed_at": now(),
        "changed_by_name": history.PORTAL.name,
    }
    count: int = RfiAnswer.update(**erased, changed_by_id=None).where(kept).execute()
    plans = Plan.select(Plan.id).where(Plan.customer == customer)
    with_password = Mailbox.plan.in_(plans) & (Mailbox.sealed != "")
    count += Mailbox.update(sealed="", version=Mailbox.version + 1).where(with_password).execute()
    of_all = MailboxSource.plan.in_(plans) & (MailboxSource.sealed != "")
    count += MailboxSource.update(sealed="", version=MailboxSource.version + 1).where(of_all).execute()
    count += drop_lists(plans)
    if count:
        history.record("rfi.secrets_erased", who, partner=customer.partner_id, customer=customer.id, count=count)
    return count


def drop_lists(plans: object) -> int:
    """Lists of mailboxes that nobody has said yes to, with the passwords in them. How many passwords."""
    lists = MailboxList.select(MailboxList.id).where(MailboxList.plan.in_(plans))
    count: int = ListedMailbox.select().where(ListedMailbox.of.in_(lists) & (ListedMailbox.sealed != "")).count()
    MailboxList.delete().where(MailboxList.plan.in_(plans)).execute()
    return count
