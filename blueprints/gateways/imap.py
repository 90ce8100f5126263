"""Looks into mailboxes over IMAP: whether the server answers and encrypts, whether a person can sign in, and how
much there is to move. Reads only; never a message.
"""

import imaplib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from blueprints.gateways.bounds import Bounds, Door
from blueprints.gateways.evidence import Outcome, Verdict, brief
from blueprints.gateways.line import Line, Upgrade
from blueprints.gateways.many import PER_SERVER, many, never
from blueprints.gateways.reaching import converse

RECEIVED = 8 * 1024 * 1024  # bytes; 100,000 sizes are half of that
LONGEST_LINE = 256 * 1024
MOST_FOLDERS = 500
MOST_MEASURED = 20_000  # messages of a mailbox whose sizes are asked one by one
AT_A_TIME = 2_000  # of them in one step
AS_BYTES = re.compile(r"^b(['\"])(.*)\1$", re.DOTALL)  # how imaplib's refusals show what a server said
SIZE = re.compile(rb"RFC822\.SIZE (\d{1,15})\b", re.IGNORECASE)


# --- what is asked ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """Where mailboxes are. `encrypted` False: sign in without encryption, because a person said so.

    `accepted`: fingerprint (SHA-256) of a certificate that a person accepted though it is not trusted.
    """

    host: str
    door: Door = Door.IMAPS
    encrypted: bool = True
    accepted: str = ""


@dataclass(frozen=True)
class Password:
    """Signing in as oneself."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Proxy:
    """Signing in to a mailbox as an administrator.

    `separator`: the user is written “user*master” (Dovecot's master user); "": AUTHENTICATE PLAIN says whose
    mailbox is meant (RFC 4616).
    """

    user: str
    administrator: str
    secret: str = field(repr=False)
    separator: str = "*"


@dataclass(frozen=True)
class Token:
    """Signing in with an OAuth 2 access token (XOAUTH2, or OAUTHBEARER of RFC 7628)."""

    user: str
    secret: str = field(repr=False)


SignIn = Password | Proxy | Token


@dataclass(frozen=True)
class Folder:
    """`size` in bytes; None where it was not asked, or only part of the sizes were."""

    name: str
    messages: int
    size: int | None


def look(server: Server, bounds: Bounds) -> Verdict:
    """Whether the server greets and encrypts. Facts: `greeting`, `capabilities`, `certificate`."""
    encrypted = " and encrypts" if server.encrypted else ""
    return talked(server, bounds, lambda *_: f"{server.host} answers{encrypted}.")


def open_mailbox(server: Server, sign_in: SignIn, bounds: Bounds, counted: bool = True) -> Verdict:
    """Whether a person can sign in, and what is there.

    Facts: as `look`, and `folders` [{name, messages, size}], `messages`, `size` (bytes or null), `complete`:
    whether every folder was counted. `counted` False: no folders are asked about.
    """

    def look_inside(client: Client, facts: dict[str, Any]) -> str:
        enter(client, sign_in)
        if not counted:
            return f"{sign_in.user} can sign in."
        folders, complete = folders_of(client)
        sizes = [folder.size for folder in folders]
        facts["folders"] = [vars(folder) for folder in folders]
        facts["messages"] = sum(folder.messages for folder in folders)
        facts["size"] = None if None in sizes else sum(filter(None, sizes))
        facts["complete"] = complete
        more = "" if complete else " Not all of it could be counted."
        return f"{sign_in.user} can sign in: {facts['messages']:,} messages in {len(folders):,} folders.{more}"

    return talked(server, bounds, look_inside)


def open_mailboxes(
    server: Server,
    sign_ins: Iterable[SignIn],
    bounds: Bounds,
    *,
    counted: bool = True,
    at_once: int = PER_SERVER,
    cancelled: Callable[[], bool] = never,
) -> Iterator[tuple[SignIn, Verdict]]:
    """Each mailbox with its verdict, as soon as it is there; see `many` for progress and ending early."""
    return many(
        sign_ins,
        lambda sign_in: open_mailbox(server, sign_in, bounds, counted),
        at_once=at_once,
        per_server=at_once,
        cancelled=cancelled,
    )


# --- one conversation ---------------------------------------------------------------------------------------


class Ended(Exception):
    """The conversation need not go on."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.verdict = Verdict(outcome, reason)


class Session(imaplib.IMAP4):
    """imaplib over a line that is already there, and which believes no server how much there is to read.

    It reads by itself, because imaplib does so differently from one Python to the next.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self.words = line.makefile()
        self.greeted = False
        super().__init__(line.host)

    def capability(self) -> tuple[str, list[Any]]:
        """What the greeting has told is not asked for: each mailbox is one answer quicker. Later it is always asked."""
        told = not self.greeted and "CAPABILITY" in self.untagged_responses
        self.greeted = True
        return self._untagged_response("OK", [None], "CAPABILITY") if told else super().capability()

    def _create_socket(self, *_: object) -> Line:
        return self.line

    def read(self, size: int) -> bytes:
        if size > self.line.room:
            raise self.abort(f"{size:,} bytes announced at once")
        return self.words.read(size)

    def readline(self) -> bytes:
        line = self.words.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise self.abort("a line without an end")
        return line


class Beginning(Upgrade):
    """Begins to encrypt, and to listen anew: what was said before does not count as said in secret."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def wrap_socket(self, line: Line, **_: object) -> Line:
        line.encrypt()
        self.session.words = line.makefile()
        return line


class Client(IMAPClient):
    """IMAPClient over the same."""

    def __init__(self, line: Line) -> None:
        self.line = line
        super().__init__(line.host, port=line.port, ssl=False, use_uid=False)
        self._imap.debug = 0  # or it would write passwords into the log

    def _create_IMAP4(self) -> Session:  # noqa: N802 - its name in IMAPClient
        return Session(self.line)

    def _set_read_timeout(self) -> None:
        """The line keeps its own time."""


def talked(server: Server, bounds: Bounds, do: Callable[[Client, dict[str, Any]], str]) -> Verdict:
    """A conversation that greets, encrypts, does something and ends; `do` gives the sentence of a good end."""

    def talk(line: Line) -> Verdict:
        facts: dict[str, Any] = {}
        try:
            sentence = greeted(line, server, facts, do)
        except Ended as ended:
            return replace(ended.verdict, facts=facts)
        note = line.certificate.sentence(datetime.now(UTC)) if line.certificate and line.certificate.trusted else ""
        return Verdict(Outcome.PASSED, " ".join(filter(None, (sentence, note))), facts=facts)

    return converse(server.host, server.door, bounds, talk, received=RECEIVED, accepted=server.accepted)


def greeted(line: Line, server: Server, facts: dict[str, Any], do: Callable[[Client, dict[str, Any]], str]) -> str:
    """Raises Ended, and what imaplib and IMAPClient raise."""
    client = Client(line)
    facts["greeting"] = brief(client.welcome)
    if line.certificate is None and server.encrypted:
        if not client.has_capability("STARTTLS"):
            raise Ended(Outcome.FAILED, f"{line.host} does not offer to encrypt (STARTTLS).")
        client.starttls(ssl_context=Beginning(client._imap))
    facts["capabilities"] = sorted(brief(each, 50) for each in client.capabilities())
    if line.certificate is not None:
        facts["certificate"] = line.certificate.facts()
        if not line.trusted:
            raise Ended(Outcome.FAILED, f"{line.host}: {line.certificate.sentence(datetime.now(UTC))}")
    sentence = do(client, facts)
    line.leave()
    with suppress(imaplib.IMAP4.error, OSError):
        client.logout()
    return sentence


# --- signing in ---------------------------------------------------------------------------------------------


def enter(client: Client, sign_in: SignIn) -> None:
    """Sign in the way the server offers. Raises Ended with the server's words."""
    line = client.line
    if isinstance(sign_in, Proxy) and sign_in.separator:
        user, owner = f"{sign_in.user}{sign_in.separator}{sign_in.administrator}", ""
    elif isinstance(sign_in, Proxy):
        user, owner = sign_in.administrator, sign_in.user
    else:
        user, owner = sign_in.user, ""
    line.transcript.hide(sign_in.secret, f"{owner}\0{user}\0{sign_in.secret}")
    if "\0" in user + owner + sign_in.secret or "\r" in user + sign_in.secret or "\n" in user + sign_in.secret:
        raise Ended(Outcome.FAILED, "A name or password with control characters cannot be signed in with.")
    try:
        if isinstance(sign_in, Token):
            enter_with_token(client, sign_in)
        else:
            enter_with_password(client, user, owner, sign_in.secret)
    except LoginError as refused:
        if line.broken is not None or line.ended:
            raise
        raise Ended(*refusal(sign_in.user, str(refused))) from None


def enter_with_token(client: Client, sign_in: Token) -> None:
    bearer = client.has_capability("AUTH=OAUTHBEARER") and not client.has_capability("AUTH=XOAUTH2")
    if not bearer and not client.has_capability("AUTH=XOAUTH2"):
        raise Ended(Outcome.FAILED, f"{client.line.host} does not offer to sign in with a token.")
    with client.line.hushed(f"AUTHENTICATE {'OAUTHBEARER' if bearer else 'XOAUTH2'} {sign_in.user} …"):
        (client.oauthbearer_login if bearer else client.oauth2_login)(sign_in.user, sign_in.secret)


def enter_with_password(client: Client, user: str, owner: str, secret: str) -> None:
    """LOGIN where that will do, because it takes one step less; it knows ASCII only, and nobody but oneself."""
    plain = client.has_capability("AUTH=PLAIN")
    closed = client.has_capability("LOGINDISABLED")
    if plain and (owner or closed or not (user + secret).isascii()):
        with client.line.hushed(f"AUTHENTICATE PLAIN {' for '.join(filter(None, (user, owner)))} …"):
            client.plain_login(user, secret, owner)
    elif owner or closed:
        raise Ended(Outcome.FAILED, f"{client.line.host} does not offer to sign in this way.")
    else:
        with client.line.hushed(f"LOGIN {user} …"):
            client.login(user, secret)


def refusal(user: str, words: str) -> tuple[Outcome, str]:
    """What a refused sign-in means, by the codes of RFC 5530."""
    said = brief(AS_BYTES.sub(r"\2", words))
    if any(code in words.upper() for code in ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")):
        return Outcome.UNDETERMINED, f"{user} could not sign in now: {said}"
    return Outcome.FAILED, f"{user} cannot sign in: {said}"


# --- counting -----------------------------------------------------------------------------------------------


def folders_of(client: Client) -> tuple[list[Folder], bool]:
    """The folders with messages in them or none, and whether that is all of them and their sizes."""
    found = [(flags, name) for flags, _, name in client.list_folders() if not unopened(flags)]
    sized = client.has_capability("STATUS=SIZE")  # RFC 8438
    room, complete = MOST_MEASURED, len(found) <= MOST_FOLDERS
    folders: list[Folder] = []
    for _, name in found[:MOST_FOLDERS]:
        if client.line.deadline.remaining() < client.line.bounds.limits.whole / 4:
            return folders, False  # the rest of the time is for what is begun
        try:
            folder = folder_of(client, name, sized, room)
        except client.Error:
            if client.line.broken is not None or client.line.ended:
                raise
            complete = False
            continue
        room -= 0 if sized else folder.messages
        complete = complete and folder.size is not None
        folders.append(folder)
    return folders, complete


def unopened(flags: Iterable[bytes]) -> bool:
    return any(flag.lower() in (b"\\noselect", b"\\nonexistent") for flag in flags)


def folder_of(client: Client, name: str, sized: bool, room: int) -> Folder:
    """One folder; its size from the server, or from its messages when there is `room` to ask for so many."""
    status = client.folder_status(name, ["MESSAGES", "SIZE"] if sized else ["MESSAGES"])
    messages = number(status.get(b"MESSAGES"))
    size: int | None = number(status.get(b"SIZE")) if sized else None
    if not sized and messages <= max(room, 0):
        size = measured(client, name, messages)
    return Folder(brief(str(name)), messages, size)


def number(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def measured(client: Client, name: str, messages: int) -> int:
    """The sizes of all messages, asked for in portions, together. The folder is opened read-only."""
    if not messages:
        return 0
    client.select_folder(name, readonly=True)
    size = 0
    for first in range(1, messages + 1, AT_A_TIME):
        last = min(first + AT_A_TIME - 1, messages)
        # IMAPClient names every message in such a question; imaplib lets us say from where to where.
        kind, lines = client._imap.fetch(f"{first}:{last}", "(RFC822.SIZE)")
        if kind != "OK":
            raise client.Error(f"the sizes in {name} were not told")
        size += sum(int(found[1]) for line in lines if isinstance(line, bytes) for found in SIZE.finditer(line))
    return size
