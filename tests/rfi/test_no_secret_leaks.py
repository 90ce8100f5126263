"""A password typed into an RFI is found nowhere but sealed in its own column: a marker is looked for everywhere."""

import io
import logging
import re
import subprocess
from collections.abc import Iterator

import pytest

from blueprints.customers.sealing import unseal
from data.attachments import Content
from data.database import database
from data.emails import Email
from data.history import History, sentence
from data.questions import QuestionSet
from data.rfi import Rfi, RfiAnswer
from tests import services
from tests.factories import World
from tests.rfi.filled_in import a_filled_rfi, questions
from tests.rfi.test_hand_in_pages import with_a_link
from tests.rfi.typing_in import BY_LINK, Held, door
from tests.rfi.waiting_for import of
from tests.visits import Answer, Visitor

__all__ = ["questions"]  # a fixture
MARKER = "Xylophonwalzer-4711"
HREF = re.compile(r"^/(?!sign-out|static)[^#?]*")


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """What all loggers say, down to the smallest; SQL with its parameters is not a log anybody keeps."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root, peewee = logging.getLogger(), logging.getLogger("peewee")
    levels = root.level, peewee.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    peewee.setLevel(logging.WARNING)
    yield heard
    root.removeHandler(handler)
    root.setLevel(levels[0])
    peewee.setLevel(levels[1])


def rows_of_all_tables() -> Iterator[tuple[str, str, str]]:
    """Table, column and value of everything that is kept."""
    for table in database.get_tables():
        cursor = database.execute_sql(f'SELECT * FROM "{table}"')
        columns = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            for column, value in zip(columns, row, strict=True):
                text = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                yield table, column, text


def pages_from(visitor: Visitor, *starts: str) -> Iterator[tuple[str, str]]:
    """Each page that can be reached by links from these, with its source."""
    waiting, seen = list(starts), set(starts)
    while waiting:
        address = waiting.pop()
        answer = Answer(visitor.client.get(address))  # letters are no pages of ours
        yield address, answer.bytes.decode("latin-1")
        for link in answer.find("main a[href], iframe[src]"):
            found = HREF.match(link.get("href") or link.get("src"))
            if found and found[0] not in seen:
                seen.add(found[0])
                waiting.append(found[0])


def pressed(page: Held, **typed: str) -> Answer:
    """*Hand in*, pressed. Whoever changes an answer of a moment ago leaves no new line of history."""
    sent = {"csrf_token": page.visitor.token} | page.type(**typed).fields
    return page.visitor.look(page.visitor.client.post(f"{page.here}/hand-in", data=sent), htmx=False)


def text_of(pdf: bytes) -> str:
    services.need("poppler")
    return subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def test_a_secret_is_kept_sealed_and_found_nowhere_else(
    nobody: Visitor,
    admin: Visitor,
    operator: Visitor,
    world: World,
    questions: QuestionSet,
    everything_logged: io.StringIO,
) -> None:
    rfi = with_a_link(a_filled_rfi(world, questions, without=("directory_password",)))
    said = [Held.open(nobody, BY_LINK).type(directory_password=MARKER).save_one("directory_password").html]
    refused = pressed(Held.open(nobody, BY_LINK), directory_password=MARKER + "-2", contact_email="wrong")
    assert refused.status == 422
    said += [refused.html, nobody.get(BY_LINK).html]
    said.append(pressed(Held.open(nobody, BY_LINK), contact_email="tina@harbour.example").html)
    assert of(rfi).state == "complete"
    remark = {"version": str(of(rfi).version), "remark_directory_password": "It does not sign in."}
    said.append(admin.post(f"{door(rfi)}/flags", remark).html)
    said.append(nobody.get(BY_LINK).html)
    page = Held.open(nobody, BY_LINK).type(directory_password=MARKER + "-3")
    said += [page.save_one("directory_password", folded=True).html, pressed(page).html]

    for visitor in (admin, operator, nobody):
        starts = (BY_LINK,) if visitor is nobody else (door(rfi), f"/customers/{rfi.customer_id}", "/mailroom/")
        said += [source for _, source in pages_from(visitor, *starts)]
    assert len(said) > 20
    for source in said:
        assert MARKER not in source
    for table, column, value in rows_of_all_tables():
        assert MARKER not in value, f"{table}.{column}"
    for kept in Content.select():
        assert MARKER not in text_of(bytes(kept.content))
    for letter in Email.select():
        assert MARKER not in letter.text + letter.html + letter.subject
    for line in History.select():
        assert MARKER not in sentence(line)
    assert MARKER not in everything_logged.getvalue()
    assert unseal(RfiAnswer.get(RfiAnswer.question == "directory_password").sealed) == MARKER + "-3"
    assert Rfi.get_by_id(rfi.id).state == "complete"
