"""A prospect's record: entered, changed, archived, restored."""

from typing import Any

import pytest

from data.customers import Contact, Customer, WantedProduct
from data.history import History, sentence
from data.moments import now
from data.partners import Partner, Product
from data.roles import Role
from tests.factories import World, a_customer, a_grant_over, a_person, a_prospect
from tests.prospects.entered import typed
from tests.visits import Answer, Visitor


def wrong(answer: Answer, field: str) -> str:
    """The sentence beside a field."""
    return " ".join(" ".join(each.text_content().split()) for each in answer.find(f'[id="{field}-why"]'))


def lines(customer: Customer | int) -> list[str]:
    customer_id = customer if isinstance(customer, int) else customer.id
    return [sentence(line) for line in History.select().where(History.customer_id == customer_id).order_by(History.id)]


def the_only(model: Any) -> Any:
    (found,) = model.select()
    return found


class TestCreate:
    def test_works_and_says_so(self, world: World, admin: Visitor) -> None:
        answer = admin.post("/prospects/new", typed(products=[world.vault.id, world.shield.id]))
        customer = the_only(Customer)
        assert (answer.status, answer.location) == (303, f"/prospects/{customer.id}")
        assert "Müller Präzision GmbH is on the list of prospects." in admin.get(answer.location).text
        assert (customer.status, customer.shelf, customer.letter, customer.version) == ("prospect", "prospects", "M", 1)
        assert customer.partner_id == world.northstar.id
        assert customer.name_key == "muller prazision gmbh"
        assert (customer.permitted_users, customer.country, customer.account_type) == (48, "DE", "trial")
        assert {row.product_id for row in WantedProduct.select()} == {world.vault.id, world.shield.id}
        lead = the_only(Contact)
        assert (lead.kind, lead.full_name, lead.email) == ("implementation_lead", "Ines Müller", "ines@mueller.example")
        assert lead.phone == "+4940123456"
        assert lines(customer) == ["Prospect Müller Präzision GmbH created"]

    def test_works_with_parts(self, admin: Visitor) -> None:
        answer = admin.post("/prospects/new", typed(), htmx=True)
        assert answer.headers["HX-Redirect"] == f"/prospects/{the_only(Customer).id}"

    def test_needs_only_a_name_and_a_domain(self, admin: Visitor) -> None:
        assert admin.post("/prospects/new", {"name": "Acme", "primary_domain": "acme.example"}).status == 422
        least = {
            "name": "Acme",
            "primary_domain": "acme.example",
            "company_type": "company",
            "account_type": "standard",
        }
        assert admin.post("/prospects/new", least | {"sector": "", "country": ""}).status == 303
        assert the_only(Customer).permitted_users == 0
        assert not Contact.select().exists()

    def test_shows_what_is_wrong_and_keeps_the_typing(self, admin: Visitor) -> None:
        for htmx in (False, True):
            answer = admin.post("/prospects/new", typed(name="", primary_domain="co.uk", city="Köln"), htmx=htmx)
            assert answer.status == 422
            assert wrong(answer, "name") == "Fill this in."
            assert wrong(answer, "primary_domain").startswith("Many companies share co.uk.")
            assert answer.value("city") == "Köln"
            assert answer.value("lead-email") == "ines@mueller.example"
            assert bool(answer.find("html")) is not htmx
        assert not Customer.select().exists()

    def test_takes_several_contacts(self, admin: Visitor) -> None:
        others = {f"others-{n}-first_name": f"Person {n}" for n in range(5)}
        assert admin.post("/prospects/new", typed() | others).status == 303
        assert Contact.select().where(Contact.kind == "other").count() == 5

    def test_gives_another_row_for_a_contact_and_keeps_the_typing(self, admin: Visitor) -> None:
        for htmx in (False, True):
            answer = admin.post("/prospects/new", typed(others__0__email="kim@x.example", do="add-contact"), htmx=htmx)
            assert answer.status == 200
            assert answer.value("others-0-email") == "kim@x.example"
            assert answer.find('[name="others-1-first_name"]')[0].get("autofocus") is not None
            assert answer.value("name") == "Müller Präzision GmbH"
        full = {f"others-{n}-email": "x" for n in range(5)}
        answer = admin.post("/prospects/new", typed(do="add-contact") | full)
        assert not answer.find('[name="others-5-email"]')
        assert not Customer.select().exists()

    def test_asks_for_the_msp_where_there_are_several(self, world: World, operator: Visitor, admin: Visitor) -> None:
        assert not admin.get("/prospects/new").find("[name=partner]")
        assert operator.get("/prospects/new").find("[name=partner]")
        assert operator.post("/prospects/new", typed(partner=str(world.harbour.id))).status == 303
        assert the_only(Customer).partner_id == world.harbour.id

    @pytest.mark.parametrize("partner", ["", "0", "999", "x", "-1"])
    def test_refuses_an_msp_that_is_not_offered(self, operator: Visitor, partner: str) -> None:
        answer = operator.post("/prospects/new", typed(partner=partner))
        assert answer.status == 422
        assert wrong(answer, "partner") == "Choose one from the list."

    def test_never_enters_for_an_msp_of_others(self, world: World, stranger: Visitor) -> None:
        stranger.post("/prospects/new", typed(partner=str(world.northstar.id)))
        assert the_only(Customer).partner_id == world.harbour.id

    def test_refuses_readers(self, viewer: Visitor, technician: Visitor) -> None:
        for visitor in (viewer, technician):
            assert visitor.get("/prospects/new").status == 403
            assert visitor.post("/prospects/new", typed()).status == 403

    def test_refuses_a_closed_msp(self, world: World, admin: Visitor) -> None:
        Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
        assert admin.get("/prospects/new").status == 403
        assert admin.post("/prospects/new", typed()).status == 403

    def test_refuses_products_that_are_not_offered(self, world: World, admin: Visitor) -> None:
        Product.update(active=False).where(Product.id == world.vault.id).execute()
        for products in ([world.vault.id], [999], ["x"], ["-1"], [2**70]):
            answer = admin.post("/prospects/new", typed(products=products))
            assert answer.status == 422
            assert "not offered" in wrong(answer, "products")
        assert not Customer.select().exists()

    def test_says_that_the_name_is_on_record_once_more(self, world: World, admin: Visitor, stranger: Visitor) -> None:
        earlier = a_prospect(world.northstar, "MULLER prazision gmbh")
        answer = admin.post("/prospects/new", typed())
        page = admin.get(answer.location)
        assert "The same name is on record once more" in page.find("#said")[0].text_content()
        assert page.find(f'#standing a[href="/prospects/{earlier.id}"]')
        answer = stranger.post("/prospects/new", typed(primary_domain="other.example"))
        assert "same name" not in stranger.get(answer.location).text.lower()


class TestShow:
    def test_tells_readers_what_is_known(self, world: World, admin: Visitor, viewer: Visitor) -> None:
        location = admin.post("/prospects/new", typed(products=[world.shield.id])).location
        page = viewer.get(location)
        assert not page.find("form[hx-post]")
        for known in ("Mail shield", "Ines Müller", "Implementation Lead", "+49 40 123456", "Germany", "48", "Hamburg"):
            assert known in page.text

    def test_hides_others(self, world: World, stranger: Visitor, admin: Visitor) -> None:
        prospect = a_prospect(world.northstar)
        assert stranger.get(f"/prospects/{prospect.id}").status == 404
        assert admin.get("/prospects/999").status == 404
        assert admin.get("/prospects/99999999999999999999999").status == 404

    def test_hides_what_was_taken_away(self, world: World, technician: Visitor) -> None:
        prospect = a_prospect(world.northstar)
        a_grant_over(world.technician, prospect, Role.NONE)
        assert technician.get(f"/prospects/{prospect.id}").status == 404

    @pytest.mark.parametrize("status", ["in_progress", "complete", "cancelled", "closed"])
    def test_sends_on_to_the_customer_once_it_is_one(self, world: World, admin: Visitor, status: str) -> None:
        customer = a_customer(world.northstar, status=status)
        for answer in (admin.get(f"/prospects/{customer.id}"), admin.post(f"/prospects/{customer.id}", typed())):
            assert (answer.status, answer.location) == (303, f"/customers/{customer.id}")

    def test_sends_on_to_what_is_left_of_a_customer_that_moved_away(self, world: World, admin: Visitor) -> None:
        customer = a_customer(world.northstar, status="transferred")
        assert admin.get(f"/prospects/{customer.id}").location == f"/customers/{customer.id}"
        assert admin.post(f"/prospects/{customer.id}", typed()).status == 403

    def test_warns_of_numbers_that_cannot_ring(self, world: World, admin: Visitor) -> None:
        prospect = a_prospect(world.northstar)
        Contact.update(phone="+491").where(Contact.customer == prospect).execute()
        assert "such a number is not in use" in admin.get(f"/prospects/{prospect.id}").text

    def test_tells_the_recent_history(self, world: World, admin: Visitor) -> None:
        location = admin.post("/prospects/new", typed()).location
        assert admin.get(location).find("#recent li span")[0].text.strip() == "Prospect Müller Präzision GmbH created"


@pytest.fixture
def entered(world: World, admin: Visitor) -> str:
    """The address of a prospect with two contacts beside its lead."""
    contacts = {"others-0-first_name": "Kim", "others-0-email": "kim@mueller.example", "others-1-first_name": "Lou"}
    return admin.post("/prospects/new", typed(products=[world.shield.id]) | contacts).location


def as_shown(page: Answer, **changed: str) -> dict[str, Any]:
    """What a browser sends of the form on a page, some of it typed over."""
    sent: dict[str, Any] = {}
    for field in page.find("#edit input[name], #edit select[name]"):
        if field.get("type") != "checkbox":
            sent[field.get("name")] = field.value or ""
        elif field.checked:
            sent.setdefault(field.get("name"), []).append(field.get("value"))
    return sent | {name.replace("__", "-"): value for name, value in changed.items()}


class TestEdit:
    def test_works_and_says_so(self, world: World, admin: Visitor, entered: str) -> None:
        sent = as_shown(
            admin.get(entered), name="Müller AG", permitted_users="60", products=[world.vault.id], lead__phone=""
        )
        answer = admin.post(entered, sent)
        assert (answer.status, answer.location) == (303, entered)
        customer = the_only(Customer)
        assert (customer.name, customer.name_key, customer.version) == ("Müller AG", "muller ag", 2)
        assert lines(customer)[1:] == [
            "Prospect: name “Müller Präzision GmbH” → “Müller AG”; permitted users 48 → 60; "
            "Implementation Lead’s phone “+4940123456” → empty; products wanted SHIELD → VAULT"
        ]
        assert "Saved: name “Müller Präzision GmbH” → “Müller AG”" in admin.get(entered).text

    def test_works_with_parts(self, admin: Visitor, entered: str) -> None:
        answer = admin.post(entered, as_shown(admin.get(entered), name="Müller AG"), htmx=True)
        assert answer.status == 200
        assert answer.find("#edit")
        assert answer.value("version") == "2"
        assert answer.find("#head h1")[0].text == "Müller AG"
        assert answer.find("#recent")
        assert answer.find("#standing [name=version]")[0].get("value") == "2"

    def test_changes_nothing_when_nothing_was_changed(self, admin: Visitor, entered: str) -> None:
        answer = admin.post(entered, as_shown(admin.get(entered)))
        assert answer.status == 303
        customer = the_only(Customer)
        assert customer.version == 1
        assert len(lines(customer)) == 1

    def test_changes_adds_and_removes_contacts(self, admin: Visitor, entered: str) -> None:
        kim, lou = Contact.select().where(Contact.kind == "other").order_by(Contact.id)
        sent = as_shown(
            admin.get(entered),
            others__0__job_title="CTO",
            others__1__first_name="",
            others__2__email="max@mueller.example",
        )
        assert admin.post(entered, sent | {"others-2-id": str(lou.id + 999)}).status == 303
        kept, added = Contact.select().where(Contact.kind == "other").order_by(Contact.id)
        assert (kept.id, kept.job_title, added.email) == (kim.id, "CTO", "max@mueller.example")
        assert lines(the_only(Customer))[1] == (
            "Prospect: contact Kim: job title empty → “CTO”; contact max@mueller.example added; contact Lou removed"
        )

    def test_never_takes_a_contact_of_another_record(self, world: World, admin: Visitor, entered: str) -> None:
        theirs = Contact.get(Contact.customer == a_prospect(world.harbour))
        admin.post(
            entered, as_shown(admin.get(entered), others__0__id=str(theirs.id), others__0__email="x@mueller.example")
        )
        assert Contact.get_by_id(theirs.id).email == theirs.email
        assert Contact.get_by_id(theirs.id).customer_id == theirs.customer_id

    def test_removes_the_lead(self, admin: Visitor, entered: str) -> None:
        empty = dict.fromkeys(("first_name", "last_name", "email", "phone", "job_title"), "")
        admin.post(entered, as_shown(admin.get(entered)) | {f"lead-{name}": value for name, value in empty.items()})
        assert not Contact.select().where(Contact.kind == "implementation_lead").exists()

    def test_shows_what_is_wrong_and_keeps_the_typing(self, admin: Visitor, entered: str) -> None:
        for htmx in (False, True):
            sent = as_shown(admin.get(entered), name="", lead__email="no address", others__1__phone="call me")
            answer = admin.post(entered, sent, htmx=htmx)
            assert answer.status == 422
            assert wrong(answer, "name") == "Fill this in."
            assert "is not an email address" in wrong(answer, "lead-email")
            assert "cannot be read as a phone number" in wrong(answer, "others-1-phone")
            assert {a.get("href") for a in answer.find(".wrongs a")} == {"#name", "#lead-email", "#others-1-phone"}
            assert answer.value("lead-email") == "no address"
            assert answer.find("form#edit")[0].get("data-leave-warning") == "typed"

    def test_refuses_what_changed_meanwhile_and_keeps_the_typing(self, admin: Visitor, entered: str) -> None:
        seen = admin.get(entered)
        admin.post(entered, as_shown(seen, city="Bremen"))
        for htmx in (False, True):
            answer = admin.post(entered, as_shown(seen, name="Müller AG"), htmx=htmx)
            assert answer.status == 409
            assert "Someone else changed this while you were writing." in answer.text
            assert answer.value("name") == "Müller AG"
            assert "city “Bremen” → “Hamburg”" in answer.text
            assert the_only(Customer).name == "Müller Präzision GmbH"
        again = admin.post(entered, as_shown(answer))
        assert again.status == 303, "with the newer version seen, saving again takes the typing"
        assert (the_only(Customer).name, the_only(Customer).city) == ("Müller AG", "Hamburg")

    def test_hides_others(self, stranger: Visitor, entered: str) -> None:
        assert stranger.post(entered, typed(version="1")).status == 404

    def test_refuses_readers(self, viewer: Visitor, technician: Visitor, entered: str) -> None:
        for visitor in (viewer, technician):
            assert visitor.post(entered, typed(version="1")).status == 403

    def test_lets_in_whom_the_record_is_given_to(self, world: World, viewer: Visitor, entered: str) -> None:
        a_grant_over(world.viewer, the_only(Customer), Role.MSP_ADMIN)
        assert viewer.post(entered, as_shown(viewer.get(entered), name="Müller AG")).status == 303

    def test_refuses_a_closed_msp(self, world: World, admin: Visitor, entered: str) -> None:
        seen = as_shown(admin.get(entered), name="Müller AG")
        Partner.update(closed_at=now()).where(Partner.id == world.northstar.id).execute()
        assert admin.post(entered, seen).status == 403
        page = admin.get(entered)
        assert not page.find("form[hx-post]")
        assert "Northstar IT is closed" in page.text

    def test_keeps_products_that_left_the_catalogue(self, world: World, admin: Visitor, entered: str) -> None:
        Product.update(active=False).where(Product.id == world.shield.id).execute()
        assert admin.post(entered, as_shown(admin.get(entered), name="Müller AG")).status == 303
        assert the_only(WantedProduct).product_id == world.shield.id

    @pytest.mark.parametrize("version", ["", "x", "-1", "999999999999", "0"])
    def test_a_version_that_was_never_seen_is_refused(self, admin: Visitor, entered: str, version: str) -> None:
        assert admin.post(entered, typed(version=version, name="Other")).status == 409


class TestArchive:
    def test_works_and_says_so(self, admin: Visitor, entered: str) -> None:
        answer = admin.post(f"{entered}/archive", {"version": "1"})
        assert (answer.status, answer.location) == (303, entered)
        page = admin.get(entered)
        assert "Müller Präzision GmbH is archived." in page.text
        assert not page.find("form[hx-post]")
        customer = the_only(Customer)
        assert (customer.status, customer.shelf) == ("archived", "past")
        assert lines(customer)[1:] == ["Prospect Müller Präzision GmbH archived"]
        assert "No prospects yet" in admin.get("/prospects/").text

    def test_works_with_parts(self, admin: Visitor, entered: str) -> None:
        answer = admin.post(f"{entered}/archive", {"version": "1"}, htmx=True)
        assert answer.headers["HX-Redirect"] == entered

    def test_refuses_what_changed_meanwhile(self, admin: Visitor, entered: str) -> None:
        for version in ("0", "2", "", "x"):
            assert admin.post(f"{entered}/archive", {"version": version}).status == 409
        assert the_only(Customer).status == "prospect"

    def test_sends_on_to_the_customer_once_it_is_one(self, world: World, admin: Visitor) -> None:
        customer = a_customer(world.northstar, status="in_progress")
        for act in ("archive", "restore"):
            answer = admin.post(f"/prospects/{customer.id}/{act}", {"version": "1"})
            assert answer.location == f"/customers/{customer.id}"

    def test_hides_others_and_refuses_readers(self, stranger: Visitor, viewer: Visitor, entered: str) -> None:
        for act in ("archive", "restore"):
            assert stranger.post(f"{entered}/{act}", {"version": "1"}).status == 404
            assert viewer.post(f"{entered}/{act}", {"version": "1"}).status == 403

    def test_frees_the_domain(self, admin: Visitor, entered: str) -> None:
        admin.post(f"{entered}/archive", {"version": "1"})
        assert admin.post("/prospects/new", typed(name="Another")).status == 303


class TestRestore:
    def test_works_and_says_so(self, admin: Visitor, entered: str) -> None:
        admin.post(f"{entered}/archive", {"version": "1"})
        answer = admin.post(f"{entered}/restore")
        assert (answer.status, answer.location) == (303, entered)
        assert "is a prospect again" in admin.get(entered).text
        customer = the_only(Customer)
        assert (customer.status, customer.shelf) == ("prospect", "prospects")
        assert lines(customer)[2:] == ["Prospect Müller Präzision GmbH restored"]

    def test_twice_does_it_once(self, admin: Visitor, entered: str) -> None:
        admin.post(f"{entered}/archive", {"version": "1"})
        admin.post(f"{entered}/restore")
        assert admin.post(f"{entered}/restore").status == 303
        assert "not archived" in admin.get(entered).text
        assert len(lines(the_only(Customer))) == 3

    def test_refuses_while_another_record_has_the_domain(self, world: World, admin: Visitor, entered: str) -> None:
        admin.post(f"{entered}/archive", {"version": "1"})
        a_prospect(world.harbour, "Hidden", primary_domain="mueller.example")
        for htmx in (False, True):
            answer = admin.post(f"{entered}/restore", htmx=htmx)
            assert answer.status == 409
            assert "in use on this installation" in answer.text
            assert "Hidden" not in answer.text


def test_a_person_without_an_msp_of_their_own_sees_only_what_is_given(world: World, visit_as: Any) -> None:
    only = a_person("Una Only")
    given = a_prospect(world.harbour, "Given")
    a_grant_over(only, given, Role.MSP_ADMIN)
    visitor = visit_as(only)
    assert visitor.get(f"/prospects/{given.id}").status == 200
    assert visitor.get("/prospects/new").status == 403
