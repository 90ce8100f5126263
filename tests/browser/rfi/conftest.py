"""A portal whose RFI asks for everything, before each test as new."""

from collections.abc import Iterator
from datetime import timedelta
from secrets import token_urlsafe

import pytest

from blueprints.customers.links import hashed
from data.customers import Customer
from data.moments import now
from data.orders import OrderLine
from data.rfi import Rfi, RfiAnswer, RfiLink
from tests.browser.portal import PASSWORD, serving
from tests.browser.rfi.filling_in import Desk, filled_database
from tests.services import HOST, dns_server

ZONES = {
    "acme.example": {"MX": ["0 acme-example.mail.protection.outlook.com."], "NS": ["ns1.host.example."]},
    "acme-group.example": "SERVFAIL",
    "acme-harbour.example": {"MX": ["10 mail.acme-harbour.example."], "NS": ["ns1.harbour.example."]},
    "acme-meadow.example": {"MX": ["10 mail.acme-meadow.example."], "NS": ["ns1.meadow.example."]},
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, chromium: object) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with dns_server(ZONES) as names:
        told_names = {"DNS_SERVERS": f"{HOST}:{names.port}"}
        with serving(folder / "home", sample=True, **told_names) as served:
            with filled_database(folder):
                unanswered = (Rfi.state == "incomplete") & (Customer.status == "in_progress")
                customer = Customer.select().join(Rfi).where(unanswered).order_by(Customer.id).first()
            context = chromium.new_context()
            page = context.new_page()
            page.goto(served.address + "/sign-in")
            page.fill("[name=email]", "ada@northstar.example")
            page.fill("[name=password]", PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.wait_for_url(served.address + "/")
            context.storage_state(path=folder / "signed-in.json")
            context.close()
            yield Desk(served, folder, customer.id, folder / "signed-in.json")


@pytest.fixture(autouse=True)
def as_new(desk: Desk) -> None:
    """Nothing answered, opened just now, everything ordered; the link opens it."""
    with filled_database(desk.folder):
        rfi = Rfi.get(Rfi.customer == desk.customer_id)
        RfiAnswer.delete().where(RfiAnswer.rfi == rfi).execute()
        fresh = {
            "state": "incomplete",
            "infrastructure": "",
            "set_version": None,
            "opened_at": now(),
            "closed_at": None,
        }
        Rfi.update(**fresh).where(Rfi.id == rfi.id).execute()
        Customer.update(infrastructure="").where(Customer.id == desk.customer_id).execute()
        everything = {"services": "security,archiving,continuity,migration"}
        OrderLine.update(**everything).where(OrderLine.order == rfi.order_id).execute()
        RfiLink.delete().where(RfiLink.rfi == rfi).execute()
        desk.tokens.append(token_urlsafe(32))
        until = now() + timedelta(days=60)
        made = {"name": "Ines Lead", "email": "ines@acme.example", "created_at": now(), "expires_at": until}
        RfiLink.create(rfi=rfi, token_hash=hashed(desk.tokens[-1]), **made)
