"""The customer's documents: their own answers as they were handed in, opened by their link; nothing else."""

import pytest

from blueprints.customers.attachments import file_document
from blueprints.customers.links import hashed
from data.attachments import Attachment
from data.customers import Customer
from data.database import transaction
from data.definitions import as_definition, current_sets
from data.history import History
from data.moments import now
from data.orders import Order
from data.plans import Plan
from data.rfi import AskedSet, HandedIn, Rfi, RfiLink
from tests.factories import World
from tests.plans.planned import a_plan
from tests.plans.welcomed import HERE, a_welcomed_plan, opened
from tests.visits import Visitor

PDF = b"%PDF-1.7 the answers"


@pytest.fixture
def plan(world: World) -> Plan:
    return a_welcomed_plan(world, "archiving")


def handed_in(world: World, plan: Plan, number: int = 1) -> Attachment:
    """A version of the RFI that the plan was made from, with its paper."""
    questions = current_sets()
    kept = {"version": questions.version, "definition": as_definition(questions), "kept_at": now()}
    AskedSet.insert(**kept).on_conflict_ignore().execute()
    paper = filed(world, plan.customer, f"RFI answers, version {number}.pdf", PDF + bytes([number]))
    HandedIn.create(
        rfi=Rfi.get(Rfi.order == plan.order_id),
        number=number,
        set_version=questions.version,
        infrastructure="m365",
        answers={},
        attachment=paper,
        at=now(),
        by_name="Ines Lead (by link)",
    )
    return paper


def filed(world: World, customer: Customer, name: str, content: bytes = PDF, **more: object) -> Attachment:
    with transaction():
        return file_document(world.technician, customer, name, content, **more)


def opened_lines() -> list[tuple[str, str]]:
    lines = History.select().where(History.kind == "attachment.opened").order_by(History.id)
    return [(line.who_name, line.facts["name"]) for line in lines]


def test_are_their_answers_newest_first(nobody: Visitor, world: World, plan: Plan) -> None:
    papers = [handed_in(world, plan, number) for number in (1, 2)]
    links = [link.get("href") for link in nobody.get(HERE).find("#documents li a")]
    assert links == [f"{HERE}/documents/{paper.id}" for paper in reversed(papers)]


def test_open_alone_in_their_page_as_any_attachment(nobody: Visitor, world: World, plan: Plan) -> None:
    paper = handed_in(world, plan)
    answer = nobody.get(f"{HERE}/documents/{paper.id}")
    assert answer.bytes == PDF + b"\x01"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "attachment" not in answer.headers["Content-Disposition"]


def test_who_opened_them_is_history_once_an_hour(nobody: Visitor, world: World, plan: Plan) -> None:
    first, second = handed_in(world, plan, 1), handed_in(world, plan, 2)
    for paper in (first, first, second):
        nobody.get(f"{HERE}/documents/{paper.id}")
    assert opened_lines() == [("Ines Lead (by link)", first.name), ("Ines Lead (by link)", second.name)]


def test_are_not_sent_again_where_the_browser_has_them(nobody: Visitor, world: World, plan: Plan) -> None:
    address = f"{HERE}/documents/{handed_in(world, plan).id}"
    tag = nobody.get(address).headers["ETag"]
    assert nobody.client.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_what_the_msp_filed_is_not_there(nobody: Visitor, world: World, plan: Plan) -> None:
    """An addendum says what the MSP pays; what its people uploaded is theirs."""
    addendum = filed(world, plan.customer, "Order addendum 2026-000001.pdf", b"%PDF 1", order=Order.get())
    upload = filed(world, plan.customer, "quote of the provider.pdf", b"%PDF 2", uploaded=True)
    page = nobody.get(HERE)
    for paper in (addendum, upload):
        assert paper.name not in page.text
        assert nobody.get(f"{HERE}/documents/{paper.id}").status == 404
    assert opened_lines() == []


def test_of_other_customers_are_not_there(nobody: Visitor, world: World, plan: Plan) -> None:
    other = opened(a_plan(world, "archiving"), "another")
    paper = handed_in(world, other)
    assert nobody.get(f"{HERE}/documents/{paper.id}").status == 404
    assert nobody.get(f"/welcome/another/documents/{paper.id}").status == 200


@pytest.mark.parametrize(
    "spoilt", [{"revoked_at": now()}, {"expires_at": now()}, {"token_hash": "x"}], ids=lambda row: next(iter(row))
)
def test_do_not_open_once_the_link_has_ended(nobody: Visitor, world: World, plan: Plan, spoilt: dict) -> None:
    paper = handed_in(world, plan)
    RfiLink.update(**spoilt).where(RfiLink.token_hash == hashed(HERE.rpartition("/")[2])).execute()
    assert nobody.get(f"{HERE}/documents/{paper.id}").text == nobody.get("/welcome/a-guess/documents/1").text


def test_the_link_opens_them_nowhere_else(nobody: Visitor, world: World, plan: Plan, admin: Visitor) -> None:
    paper = handed_in(world, plan)
    assert nobody.get(f"/customers/{plan.customer_id}/attachments/{paper.id}").status == 303, "to the sign-in page"
    assert admin.get(f"/customers/{plan.customer_id}/attachments/{paper.id}").status == 200


def test_none_yet_is_said(nobody: Visitor, plan: Plan) -> None:
    assert "No documents yet." in nobody.get(HERE).text
