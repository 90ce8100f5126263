"""What becomes of an uploaded paper: waiting → making → filed as a safe attachment, or refused with the reason.

Each function is one transaction of its own; none of them makes anything. A paper is claimed before it is worked on:
whoever dies over it leaves the claim behind, so it is tried once more and then refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from peewee import Expression

from blueprints.customers.attachments import file_document
from blueprints.customers.papers import tell_refused
from data.accounts import Person
from data.attachments import Paper, PaperPiece
from data.customers import Customer
from data.database import transaction
from data.moments import now

MOST_TRIES = 2
WORKER_LOST_AFTER = timedelta(minutes=4)  # making takes two minutes at most
LOST = (
    "The portal stopped twice while it was making this file safe, so it leaves it alone. "
    "Save it in another form and upload that."
)


def due(most: int = 50) -> list[int]:
    """Ids of papers to be made safe, in the order in which they came."""
    waiting = Paper.select(Paper.id).where(Paper.state == "waiting")
    return [paper.id for paper in waiting.order_by(Paper.id).limit(most)]


def claim(paper_id: int) -> Paper | None:
    """Take a paper to work on it; None when another worker was quicker or it is gone."""
    ours = (Paper.id == paper_id) & (Paper.state == "waiting")
    with transaction():
        if not Paper.update(state="making", claimed_at=now(), tries=Paper.tries + 1).where(ours).execute():
            return None
        paper: Paper = Paper.get_by_id(paper_id)
    return paper


def pieces_of(paper: Paper) -> Iterator[bytes]:
    """Its bytes, a piece at a time."""
    positions = PaperPiece.select(PaperPiece.position).where(PaperPiece.paper == paper).order_by(PaperPiece.position)
    for position in [piece.position for piece in positions]:
        piece = PaperPiece.get((PaperPiece.paper == paper) & (PaperPiece.position == position))
        yield bytes(piece.content)


def settle_made(paper: Paper, document: bytes, pages: int) -> None:
    """File the safe document in the name of whoever uploaded it; the paper and its bytes are gone then."""
    with transaction():
        if Paper.delete().where(claim_stands(paper)).execute():
            customer, uploader = parties(paper)
            file_document(uploader, customer, paper.name, document, pages=pages, uploaded=True)


def settle_refused(paper: Paper, reason: str) -> None:
    """Keep the reason for whoever uploaded it, and nothing else."""
    with transaction():
        refuse(paper, claim_stands(paper), reason)


def give_up_lost() -> int:
    """Papers whose worker died: to be tried once more, or refused. Returns how many there were."""
    lost = (Paper.state == "making") & (Paper.claimed_at < now() - WORKER_LOST_AFTER)
    if not Paper.select().where(lost).exists():  # nearly always: no transaction then
        return 0
    with transaction():
        papers = list(Paper.select().where(lost))
        for paper in papers:
            if paper.tries < MOST_TRIES:
                Paper.update(state="waiting").where(claim_stands(paper)).execute()
            else:
                refuse(paper, claim_stands(paper), LOST)
    return len(papers)


def refuse(paper: Paper, which: Expression, reason: str) -> None:
    if Paper.update(state="refused", reason=reason).where(which).execute():
        PaperPiece.delete().where(PaperPiece.paper == paper).execute()
        customer, uploader = parties(paper)
        paper.reason = reason
        tell_refused(uploader, customer, paper)


def claim_stands(paper: Paper) -> Expression:
    """Whether nobody else has claimed the paper since."""
    return (Paper.id == paper.id) & (Paper.state == "making") & (Paper.claimed_at == paper.claimed_at)


@dataclass(frozen=True)
class Uploader:
    """Whoever uploaded a paper, as far as filing and history ask."""

    id: int
    name: str


def parties(paper: Paper) -> tuple[Customer, Uploader]:
    person = Person.get_by_id(paper.created_by_id)
    return Customer.get_by_id(paper.customer_id), Uploader(person.id, person.name)
