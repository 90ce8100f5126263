"""Documents under a customer: served to those who may see it, and to nobody else."""

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.customers.attachments import file_document
from data.attachments import Attachment, Content
from data.database import transaction
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over
from tests.visits import Visitor

PAPER = b"%PDF-1.4 a paper"


@pytest.fixture
def filed(world: World) -> Attachment:
    customer = a_customer(world.northstar, status="in_progress")
    with transaction():
        return file_document(standing_of(world.admin), customer, "Größe „A“.pdf", PAPER)


def test_serves_the_same_bytes_under_their_name(viewer: Visitor, filed: Attachment) -> None:
    answer = viewer.get(f"/customers/{filed.customer_id}/attachments/{filed.id}")
    assert answer.bytes == PAPER
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Gr%C3%B6%C3%9Fe" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_keeps_the_same_bytes_once(world: World, filed: Attachment) -> None:
    with transaction():
        file_document(standing_of(world.admin), filed.customer, "Again.pdf", PAPER)
    assert (Attachment.select().count(), Content.select().count()) == (2, 1)


def test_hides_documents_of_others(stranger: Visitor, admin: Visitor, world: World, filed: Attachment) -> None:
    assert stranger.get(f"/customers/{filed.customer_id}/attachments/{filed.id}").status == 404
    own = a_customer(world.northstar, status="in_progress")
    assert admin.get(f"/customers/{own.id}/attachments/{filed.id}").status == 404


def test_hides_documents_of_a_customer_one_was_taken_off(viewer: Visitor, world: World, filed: Attachment) -> None:
    a_grant_over(world.viewer, filed.customer, Role.NONE)
    assert viewer.get(f"/customers/{filed.customer_id}/attachments/{filed.id}").status == 404
