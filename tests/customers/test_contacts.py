"""The contacts of a customer: listed, added, changed, removed, and which of them is the Implementation Lead."""

from collections.abc import Callable

import pytest
from flask import Flask

from blueprints.accounts.standing import standing_of
from blueprints.customers.contact_rules import MOST
from blueprints.customers.links import new_link
from data.accounts import Person
from data.customers import Contact, Customer
from data.database import transaction
from data.emails import Email
from data.history import History, sentence
from data.rfi import Rfi, RfiLink
from tests.customers.writing import a_contact
from tests.factories import World, a_customer
from tests.orders.drafts import a_draft
from tests.rfi.waiting_for import submitted
from tests.visits import Visitor

NOA = {"first_name": "Noa", "last_name": "New", "email": "noa@company.example", "phone": "", "job_title": "Owner"}


@pytest.fixture
def customer(world: World) -> Customer:
    return a_customer(world.northstar, "Acme", "in_progress", country="GB")


@pytest.fixture
def lead(customer: Customer) -> Contact:
    return Contact.get(Contact.customer == customer)


@pytest.fixture
def link(world: World, customer: Customer, lead: Contact) -> RfiLink:
    """That the Implementation Lead was sent with the order."""
    order = submitted(a_draft(world, customer), world)
    rfi = Rfi.get_or_none(Rfi.customer == customer) or Rfi.create(
        customer=customer, order=order, opened_at=order.submitted_at
    )
    with transaction():
        return new_link(rfi, lead, "http://127.0.0.1:8000")[0]


def here(customer: Customer, *rest: object) -> str:
    return "/".join(map(str, (f"/customers/{customer.id}/contacts", *rest)))


def typed(customer: Customer, **changed: str) -> dict[str, str]:
    return NOA | {"version": str(version_of(customer))} | changed


def seen(customer: Customer) -> dict[str, str]:
    return {"version": str(version_of(customer))}


def version_of(customer: Customer) -> int:
    return Customer.get_by_id(customer.id).version


def told() -> list[str]:
    return [sentence(line) for line in History.select().order_by(History.id)]


def leads_of(customer: Customer) -> list[str]:
    of_it = (Contact.customer == customer) & (Contact.kind == "implementation_lead")
    return [contact.email for contact in Contact.select().where(of_it)]


class TestList:
    def test_shows_the_lead_first_and_how_to_reach_each(
        self, viewer: Visitor, customer: Customer, lead: Contact
    ) -> None:
        Contact.update(kind="other").where(Contact.id == lead.id).execute()
        a_contact(customer, "Noa", "noa@company.example", kind="implementation_lead", phone="+442079460000")
        rows = viewer.get(here(customer)).find("#listed li")
        assert [row.cssselect("strong")[0].text_content() for row in rows] == ["Noa", "Ines Lead"]
        assert "Implementation Lead" in rows[0].text_content()
        assert "+44 20 7946 0000" in rows[0].text_content()

    def test_offers_readers_nothing(self, viewer: Visitor, customer: Customer) -> None:
        answer = viewer.get(here(customer))
        assert not answer.find("#listed form, #listed a[href*=contacts], main a.button")

    def test_says_that_there_is_no_lead(self, admin: Visitor, world: World) -> None:
        customer = a_customer(world.northstar, status="complete", lead="")
        assert "Implementation Lead is the person" in admin.get(here(customer)).text
        a_contact(customer)
        assert "No Implementation Lead" in admin.get(here(customer)).text

    def test_is_reached_from_the_customers_page_by_those_who_may(
        self, admin: Visitor, viewer: Visitor, customer: Customer
    ) -> None:
        panel = f"#contacts a[href='{here(customer)}']"
        assert admin.get(f"/customers/{customer.id}").find(panel)
        assert not viewer.get(f"/customers/{customer.id}").find(panel)

    def test_is_where_a_missing_address_is_added(self, admin: Visitor, customer: Customer, link: RfiLink) -> None:
        Contact.update(email="").where(Contact.customer == customer).execute()
        answer = admin.post(f"/customers/{customer.id}/rfi/link")
        assert answer.location == here(customer)
        assert "Add one first" in admin.get(answer.location).text
        part = admin.post(f"/customers/{customer.id}/rfi/link", htmx=True)
        assert part.headers["HX-Redirect"] == here(customer)

    def test_sends_prospects_to_their_page(self, admin: Visitor, world: World) -> None:
        prospect = a_customer(world.northstar)
        assert admin.get(here(prospect)).location == f"/prospects/{prospect.id}"
        assert admin.post(here(prospect, "new"), typed(prospect)).location == f"/prospects/{prospect.id}"


class TestAdding:
    @pytest.mark.parametrize("htmx", [False, True])
    def test_works_and_says_so(self, technician: Visitor, customer: Customer, *, htmx: bool) -> None:
        answer = technician.post(here(customer, "new"), typed(customer), htmx=htmx)
        assert (answer.headers["HX-Redirect"] if htmx else answer.location) == here(customer)
        assert "Noa New is added" in technician.get(here(customer)).text
        added = Contact.get(Contact.email == "noa@company.example")
        assert (added.kind, added.job_title, added.customer_id) == ("other", "Owner", customer.id)
        assert told()[-1] == "Contact Noa New added"

    def test_is_found_at_once(self, admin: Visitor, customer: Customer) -> None:
        admin.post(here(customer, "new"), typed(customer))
        assert "Noa New" in admin.get("/search?q=noa@company").text

    @pytest.mark.parametrize(
        ("wrong", "field", "words"),
        [
            ({"first_name": "", "last_name": "", "email": ""}, "first_name", "Fill in a name"),
            ({"email": "noa"}, "email", "is not an email address"),
            ({"phone": "call me"}, "phone", "cannot be read as a phone number"),
            ({"first_name": "x" * 300}, "first_name", "At most 200"),
            ({"email": "", "lead": "y"}, "email", "needs an email address"),
        ],
    )
    @pytest.mark.parametrize("htmx", [False, True])
    def test_shows_what_is_wrong_and_keeps_the_typing(
        self, admin: Visitor, customer: Customer, wrong: dict[str, str], field: str, words: str, *, htmx: bool
    ) -> None:
        answer = admin.post(here(customer, "new"), typed(customer, job_title="Chief", **wrong), htmx=htmx)
        assert answer.status == 422
        assert words in answer.find(f"#{field}-why")[0].text_content()
        assert answer.find("[name=job_title]")[0].value == "Chief"
        assert Contact.select().where(Contact.customer == customer).count() == 1

    def test_a_number_is_from_the_customers_country(self, admin: Visitor, customer: Customer) -> None:
        admin.post(here(customer, "new"), typed(customer, phone="020 7946 0000"))
        assert Contact.get(Contact.first_name == "Noa").phone == "+442079460000"

    def test_an_odd_number_is_kept_and_said(self, admin: Visitor, customer: Customer) -> None:
        admin.post(here(customer, "new"), typed(customer, phone="+49 12"))
        assert "Check +49 12" in admin.get(here(customer)).text

    def test_up_to_as_many_as_a_customer_can_have(self, admin: Visitor, customer: Customer) -> None:
        for number in range(MOST - 1):
            a_contact(customer, f"Ola {number}")
        answer = admin.post(here(customer, "new"), typed(customer))
        assert (answer.status, f"at most {MOST}" in answer.text) == (422, True)
        assert "Add a contact" not in admin.get(here(customer)).text

    def test_as_implementation_lead(self, admin: Visitor, customer: Customer, link: RfiLink) -> None:
        admin.post(here(customer, "new"), typed(customer, lead="y"))
        assert leads_of(customer) == ["noa@company.example"]
        assert RfiLink.get_by_id(link.id).revoked_at is not None
        assert Email.get(Email.kind == "new_lead").to_email == "noa@company.example"
        assert [line for line in told() if "Contact Noa" in line] == []

    def test_the_tick_is_set_while_there_is_no_lead_and_not_offered_to_technicians(
        self, admin: Visitor, technician: Visitor, world: World, customer: Customer
    ) -> None:
        without = a_customer(world.northstar, status="in_progress", lead="")
        assert admin.get(here(without, "new")).find("[name=lead][checked]")
        assert admin.get(here(customer, "new")).find("[name=lead]:not([checked])")
        assert not technician.get(here(customer, "new")).find("[name=lead]")
        technician.post(here(customer, "new"), typed(customer, lead="y"))
        assert Contact.get(Contact.first_name == "Noa").kind == "other"

    def test_a_lead_not_over_one_who_was_chosen_meanwhile(self, admin: Visitor, customer: Customer) -> None:
        before = typed(customer, lead="y")
        ola = a_contact(customer, "Ola", "ola@company.example")
        admin.post(here(customer, ola.id, "lead"), seen(customer))
        answer = admin.post(here(customer, "new"), before)
        assert (answer.status, leads_of(customer)) == (409, ["ola@company.example"])
        assert answer.value("version") == str(version_of(customer))
        assert answer.value("first_name") == "Noa"


class TestChanging:
    def test_works_and_says_so(self, technician: Visitor, customer: Customer) -> None:
        ola = a_contact(customer, "Ola", "ola@company.example")
        answer = technician.get(here(customer, ola.id))
        assert answer.value("email") == "ola@company.example"
        kept = {name: answer.value(name) for name in (*NOA, "version")}
        technician.post(here(customer, ola.id), kept | {"job_title": "Owner"})
        assert "Saved: job title empty → “Owner”" in technician.get(here(customer)).text
        assert told()[-1] == "Contact Ola: job title empty → “Owner”"
        assert Email.select().count() == 0

    def test_what_was_written_before_is_not_found_any_more(self, admin: Visitor, customer: Customer) -> None:
        ola = a_contact(customer, "Ola", "ola@company.example")
        admin.post(here(customer, ola.id), typed(customer))
        assert "Acme" not in admin.get("/search?q=ola@company").find("main")[0].text_content()
        assert "Noa New" in admin.get("/search?q=noa@company").text

    def test_nothing_changed_leaves_nothing(self, admin: Visitor, customer: Customer, lead: Contact) -> None:
        same = typed(customer, first_name="Ines", last_name="Lead", email=lead.email, job_title="")
        before = version_of(customer)
        admin.post(here(customer, lead.id), same)
        assert "nothing to save" in admin.get(here(customer)).text
        assert (version_of(customer), told()) == (before, [])

    def test_refuses_what_changed_meanwhile_and_shows_both(self, admin: Visitor, customer: Customer) -> None:
        ola = a_contact(customer, "Ola", "ola@company.example")
        before = typed(customer)
        admin.post(here(customer, ola.id), typed(customer, first_name="Olaf"))
        answer = admin.post(here(customer, ola.id), before)
        assert answer.status == 409
        assert "first name “Olaf” → “Noa”" in answer.text
        again = admin.post(here(customer, ola.id), before | {"version": answer.value("version")})
        assert (again.status, Contact.get_by_id(ola.id).first_name) == (303, "Noa")

    def test_another_address_of_the_lead_ends_the_links_to_the_one_before(
        self, admin: Visitor, customer: Customer, lead: Contact, link: RfiLink
    ) -> None:
        admin.post(here(customer, lead.id), typed(customer))
        assert RfiLink.get_by_id(link.id).revoked_at is not None
        letter = Email.get(Email.kind == "new_lead")
        assert letter.to_email == "noa@company.example"
        assert "/welcome/" in letter.text

    def test_but_another_number_does_not(
        self, admin: Visitor, customer: Customer, lead: Contact, link: RfiLink
    ) -> None:
        admin.post(here(customer, lead.id), typed(customer, email=lead.email, phone="+442079460000"))
        assert Contact.get_by_id(lead.id).phone == "+442079460000"
        assert RfiLink.get_by_id(link.id).revoked_at is None
        assert not Email.select().where(Email.kind == "new_lead").exists()

    def test_technicians_do_not_say_where_personal_links_go(
        self, technician: Visitor, customer: Customer, lead: Contact
    ) -> None:
        answer = technician.post(here(customer, lead.id), typed(customer))
        assert answer.status == 422
        assert "an administrator of your MSP" in answer.find("#email-why")[0].text_content()
        assert leads_of(customer) == [lead.email]
        same = typed(customer, email=lead.email)
        assert technician.post(here(customer, lead.id), same).status == 303

    def test_the_lead_keeps_an_address(self, admin: Visitor, customer: Customer, lead: Contact) -> None:
        answer = admin.post(here(customer, lead.id), typed(customer, email=""))
        assert answer.status == 422
        assert "needs an email address" in answer.find("#email-why")[0].text_content()


class TestRemoving:
    @pytest.mark.parametrize("htmx", [False, True])
    def test_works_and_says_so(self, technician: Visitor, customer: Customer, *, htmx: bool) -> None:
        ola = a_contact(customer, "Ola", "ola@company.example")
        answer = technician.post(here(customer, ola.id, "remove"), seen(customer), htmx=htmx)
        said = answer if htmx else technician.get(answer.location)
        assert "Ola is removed" in said.text
        assert len(said.find("#listed li")) == 1
        assert told()[-1] == "Contact Ola removed"
        assert "Acme" not in technician.get("/search?q=ola@company").find("main")[0].text_content()

    def test_refuses_what_changed_meanwhile(self, admin: Visitor, customer: Customer) -> None:
        ola = a_contact(customer, "Ola")
        answer = admin.post(here(customer, ola.id, "remove"), {"version": "0"})
        assert (answer.status, "meanwhile" in answer.find("[role=alert]")[0].text_content()) == (409, True)
        assert Contact.get_or_none(Contact.id == ola.id)

    def test_the_lead_stays(self, admin: Visitor, customer: Customer, lead: Contact) -> None:
        answer = admin.post(here(customer, lead.id, "remove"), seen(customer))
        assert (answer.status, "stays until another" in answer.text) == (422, True)
        assert leads_of(customer) == [lead.email]

    def test_twice_is_not_there(self, admin: Visitor, customer: Customer) -> None:
        ola = a_contact(customer, "Ola")
        admin.post(here(customer, ola.id, "remove"), seen(customer))
        assert admin.post(here(customer, ola.id, "remove"), seen(customer)).status == 404


class TestChoosingTheLead:
    @pytest.mark.parametrize("htmx", [False, True])
    def test_is_as_with_a_change_order(
        self, admin: Visitor, customer: Customer, lead: Contact, link: RfiLink, *, htmx: bool
    ) -> None:
        ola = a_contact(customer, "Ola", "ola@company.example")
        answer = admin.post(here(customer, ola.id, "lead"), seen(customer), htmx=htmx)
        said = answer if htmx else admin.get(answer.location)
        assert "Ola is the Implementation Lead" in said.text
        assert leads_of(customer) == ["ola@company.example"]
        assert Contact.get_by_id(lead.id).kind == "other"
        assert RfiLink.get_by_id(link.id).revoked_at is not None
        assert Email.get(Email.kind == "new_lead").to_email == "ola@company.example"
        changed = f"Implementation Lead Ines Lead <{lead.email}> → Ola <ola@company.example>"
        assert [line for line in told() if line == changed] == [changed]

    def test_writes_without_a_link_where_nothing_is_to_be_opened(self, admin: Visitor, customer: Customer) -> None:
        ola = a_contact(customer, "Ola", "ola@company.example")
        admin.post(here(customer, ola.id, "lead"), seen(customer))
        assert "/welcome/" not in Email.get(Email.kind == "new_lead").text

    def test_not_one_without_an_address(self, admin: Visitor, customer: Customer, lead: Contact) -> None:
        ola = a_contact(customer, "Ola")
        assert not admin.get(here(customer)).find(f"form[action$='{ola.id}/lead']")
        answer = admin.post(here(customer, ola.id, "lead"), seen(customer))
        assert (answer.status, "needs an email address" in answer.text) == (422, True)
        assert leads_of(customer) == [lead.email]

    def test_refuses_what_changed_meanwhile(self, admin: Visitor, customer: Customer, lead: Contact) -> None:
        ola = a_contact(customer, "Ola", "ola@company.example")
        before = seen(customer)
        admin.post(here(customer, "new"), typed(customer))
        assert admin.post(here(customer, ola.id, "lead"), before).status == 409
        assert leads_of(customer) == [lead.email]

    def test_pressing_twice_changes_one_lead(self, admin: Visitor, customer: Customer) -> None:
        ola = a_contact(customer, "Ola", "ola@company.example")
        before = seen(customer)
        for _ in range(2):
            assert admin.post(here(customer, ola.id, "lead"), before).status == 303
        assert Email.select().where(Email.kind == "new_lead").count() == 1


@pytest.mark.parametrize("status", ["transferred", "cancelled", "closed"])
def test_of_customers_who_left_stay_as_they_are(admin: Visitor, world: World, status: str) -> None:
    customer = a_customer(world.northstar, status=status)
    ola = a_contact(customer, "Ola", "ola@company.example")
    assert not admin.get(here(customer)).find("#listed form, main a.button")
    assert admin.get(here(customer, "new")).status == 403
    for rest, data in (
        (("new",), typed(customer)),
        ((ola.id,), typed(customer)),
        ((ola.id, "remove"), seen(customer)),
        ((ola.id, "lead"), seen(customer)),
    ):
        assert admin.post(here(customer, *rest), data).status == 403
    assert told() == []


def test_another_customers_contact_is_not_there(admin: Visitor, world: World, customer: Customer) -> None:
    other = a_contact(a_customer(world.northstar, status="complete"), "Ola", "ola@company.example")
    assert admin.get(here(customer, other.id)).status == 404
    for rest in ((other.id,), (other.id, "remove"), (other.id, "lead")):
        assert admin.post(here(customer, *rest), typed(customer)).status == 404


def test_who_reads_a_single_customer_changes_none_of_its_contacts(
    app: Flask, world: World, customer: Customer, visit_as: Callable[[Person], Visitor]
) -> None:
    assert not standing_of(world.viewer).may("customers.edit")
    assert visit_as(world.viewer).post(here(customer, "new"), typed(customer)).status == 403
