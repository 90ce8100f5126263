"""One letter, written as mail servers take it: modern MIME, addresses in every script.

Flask-Mail keeps the shape (Message).
"""

import contextlib
import re
import time
import unicodedata
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr, quote

import idna
from flask_mail import Attachment, Message

SHORT = 200  # a line may have 998 characters (RFC 5322)
LINE_END = "\r\n"
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")


@dataclass(frozen=True)
class Enclosure:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """One letter to one address. The envelope's sender is always MAIL_DEFAULT_SENDER.

    `sender`: the name shown beside that address if the setting has none. `message_id`: what stands before the @
    of the Message-ID; the same at every try, so that mail readers recognise a doubled letter.
    """

    sender: str
    to_name: str
    to_email: str
    reply_to: str
    subject: str
    text: str
    html: str
    enclosures: tuple[Enclosure, ...]
    message_id: str


class CannotWrite(Exception):
    """This letter cannot be written, today or later."""


class Paper(Message):
    """Flask-Mail's message, written with Python's newer MIME classes. Raises CannotWrite for a bad address.

    Bodies are always in seven bits, so that no server has to change a letter, or cuts its long lines.
    """

    def __init__(self, letter: Letter, default_sender: str) -> None:
        name, own = parseaddr(default_sender)
        self.address = address_of(letter.to_email, letter.to_name)
        self.sender_address = address_of(own, name or letter.sender)
        super().__init__(
            subject=plain(letter.subject),
            recipients=[str(self.address)],
            body=letter.text,
            html=letter.html or None,
            sender=str(self.sender_address),
            attachments=[Attachment(each.name, each.media_type, each.content) for each in letter.enclosures],
            reply_to=plain(letter.reply_to) or None,
            extra_headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        )
        self.msgId = f"<{letter.message_id}@{self.sender_address.domain}>"
        self.date = time.time()
        self.content = self.as_bytes()

    @property
    def international(self) -> bool:
        """Whether an address needs SMTPUTF8 (RFC 6531)."""
        return not (self.address.addr_spec + self.sender_address.addr_spec).isascii()

    def _message(self) -> EmailMessage:
        paper = EmailMessage(policy=SMTP.clone(cte_type="7bit", utf8=self.international, refold_source="none"))
        paper.set_raw("From", mailbox(self.sender_address))
        paper.set_raw("To", mailbox(self.address))
        with contextlib.suppress(CannotWrite):  # a partner's bad reply-to keeps no letter back
            if self.reply_to:
                paper.set_raw("Reply-To", mailbox(address_of(str(self.reply_to))))
        paper.set_raw("Subject", self.subject if is_plain(self.subject) else encoded(self.subject))
        paper["Date"] = formatdate(self.date, usegmt=True)
        paper["Message-ID"] = self.msgId
        for header, value in (self.extra_headers or {}).items():
            paper[header] = value
        paper.set_content(self.body)
        if self.html:
            paper.add_alternative(self.html, subtype="html")
        for enclosure in self.attachments:
            kind = enclosure.content_type if MEDIA_TYPE.fullmatch(enclosure.content_type) else ""
            main, _, sub = (kind or "application/octet-stream").partition("/")
            paper.add_attachment(enclosure.data, main, sub, filename=plain(enclosure.filename or ""))
        return paper


def mailbox(address: Address) -> str:
    """The address as a header says it, with its name if it has one."""
    name = address.display_name
    if not name:
        return address.addr_spec
    if is_plain(name):
        return f'"{quote(name)}" <{address.addr_spec}>'
    return f"{encoded(name)}{LINE_END} <{address.addr_spec}>"


def is_plain(words: str) -> bool:
    """Whether a header can say this as it stands, on its one line."""
    return words.isascii() and len(words) < SHORT and "=?" not in words


def encoded(words: str) -> str:
    """Words in ASCII, in lines (RFC 2047). The newer classes lose spaces between long words (Python 3.11)."""
    return Header(words, "utf-8", header_name="Reply-To").encode(linesep=LINE_END)


def address_of(email: str, name: str = "") -> Address:
    """The address with its domain as A-labels. Raises CannotWrite."""
    local, at, domain = email.rpartition("@")
    if not at or not local or not domain or plain(email) != email or " " in email or len(local) > 64:
        raise CannotWrite(f"“{plain(email)}” is no address to write to.")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
        return Address(plain(name), local, ascii_domain)
    except (idna.IDNAError, ValueError) as problem:
        raise CannotWrite(f"“{plain(email)}” is no address to write to: {problem}.") from None


def plain(text: str) -> str:
    """One line without control characters."""
    shown = "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in text)
    return " ".join(shown.split())
