"""Uploads: what people hand in under a customer, kept in pieces until a worker has made it safe, or refused at once."""

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from blueprints.accounts.standing import Standing
from blueprints.customers.rules import find_customer
from blueprints.gateways.papers.limits import ACCEPTED, MEGABYTE, MOST_BYTES
from blueprints.web.refusals import NotThere, Refused
from data import history
from data.attachments import Paper, PaperPiece
from data.customers import Customer
from data.database import transaction
from data.moments import now

MOST_FILES = 20  # in one upload
MOST_IN_ALL = 100 * MEGABYTE  # in one upload
LONGEST_NAME = 150  # characters
UNNAMED = "Unnamed file"
PIECE = MEGABYTE
EMPTY = f"The file is empty. {ACCEPTED}."
TOO_LARGE = f"It is larger than {MOST_BYTES // MEGABYTE} MB. Make it smaller or upload it in parts."


class NothingChosen(Refused):
    sentence = f"Choose one file or several. {ACCEPTED}."


class TooManyFiles(Refused):
    sentence = f"At most {MOST_FILES} files at once. Upload the others after these."


@dataclass(frozen=True)
class Upload:
    """A file as it came: `name` is what the sender calls it, `file` is open at its beginning."""

    name: str
    file: BinaryIO


# --- receiving ----------------------------------------------------------------------------------------


def receive(who: Standing, customer_id: int, uploads: Sequence[Upload]) -> list[Paper]:
    """Keep what was uploaded for the worker; what is empty or too large is refused at once and not kept.

    Each file is a transaction of its own. Raises NotThere, MayNot, NothingChosen, TooManyFiles.
    """
    find_customer(who, customer_id, "customers.edit")
    if not uploads:
        raise NothingChosen("", "files")
    if len(uploads) > MOST_FILES:
        raise TooManyFiles("", "files")
    return [receive_one(who, customer_id, upload) for upload in uploads]


def receive_one(who: Standing, customer_id: int, upload: Upload) -> Paper:
    size = upload.file.seek(0, os.SEEK_END)
    reason = EMPTY if size == 0 else TOO_LARGE if size > MOST_BYTES else ""
    with transaction():
        customer = find_customer(who, customer_id, "customers.edit")
        paper: Paper = Paper.create(
            customer=customer,
            name=shown_name(upload.name),
            size=size,
            state="refused" if reason else "waiting",
            reason=reason,
            created_at=now(),
            created_by=who.id,
        )
        if reason:
            tell_refused(who, customer, paper)
        else:
            for position, content in pieces(upload.file):
                PaperPiece.create(paper=paper, position=position, content=content)
            tell(who, customer, "attachment.received", name=paper.name)
    return paper


def pieces(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    file.seek(0)
    position = 0
    while content := file.read(PIECE):
        yield position, content
        position += len(content)


def shown_name(given: str) -> str:
    """A name that can be shown: the last part of a path, without what is invisible or turns the direction of text.

    Too long ones lose their middle, so that how they end is still seen.
    """
    last = re.split(r"[/\\]", given)[-1]
    kept = "".join(" " if sign.isspace() else sign for sign in last if sign.isspace() or visible(sign))
    name = " ".join(unicodedata.normalize("NFC", kept).split()).strip(". ")
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 21]}…{name[-20:]}"
    return name or UNNAMED


def visible(sign: str) -> bool:
    """Not a control, a format character (direction marks are), half a pair, or what is no character."""
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Cn", "Co")


def told(papers: Sequence[Paper]) -> str:
    """What is spoken of an upload."""
    refused = sum(paper.state == "refused" for paper in papers)
    kept = len(papers) - refused
    sentences = [f"{files(kept)} received, being made safe now."] if kept else []
    if refused:
        sentences.append(f"{files(refused)} refused; the list says why.")
    return " ".join(sentences)


def files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


# --- putting a refusal away ---------------------------------------------------------------------------


def dismiss(who: Standing, customer_id: int, paper_id: int) -> Paper:
    """Take a refusal out of its uploader's list. Raises NotThere, for those of others too; MayNot."""
    with transaction():
        customer = find_customer(who, customer_id, "customers.edit")
        theirs = (Paper.id == paper_id) & (Paper.customer == customer) & (Paper.created_by == who.id)
        paper: Paper | None = Paper.select().where(theirs & (Paper.state == "refused")).first()
        if paper is None:
            raise NotThere("This refusal was put away before.")
        paper.delete_instance()
        tell(who, customer, "attachment.dismissed", name=paper.name)
    return paper


def tell_refused(who: object, customer: Customer, paper: Paper) -> None:
    """The history says why; what to do about it is for the uploader."""
    reason = paper.reason.split(". ")[0].removesuffix(".")
    tell(who, customer, "attachment.refused", name=paper.name, reason=reason)


def tell(who: object, customer: Customer, kind: str, **facts: str) -> None:
    history.record(kind, who, partner=customer.partner_id, customer=customer.id, **facts)
