"""The sample: believable, whole, the same again for the same seed, and harmless."""

import itertools
import re
import unicodedata
from collections import Counter as Tally
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import idna
import pytest
from dateutil.relativedelta import relativedelta

from blueprints.customers.contacts import ContactEntry
from blueprints.customers.domains import as_domain, shown_domain
from blueprints.orders import addendum, submission
from blueprints.orders.pricing import quote
from blueprints.partners.prices import prices_on
from blueprints.prospects.entries import LABELS, Entry, checked, columns_of
from data import history
from data.accounts import Grant, Person
from data.attachments import Attachment
from data.cancellations import Cancellation
from data.customers import INFRASTRUCTURES, SECTORS, SHELVES, Contact, Customer, WantedProduct
from data.database import database, open_database
from data.emails import Email
from data.folding import first_letter, fold
from data.history import History
from data.moments import day_of, now
from data.orders import Counter, Order, OrderLine
from data.partners import ContractedPrice, Partner
from data.plans import Plan
from data.rfi import HandedIn, Rfi, RfiFlag, RfiLink
from data.sample.countries import countries
from tests.factories import World, a_partner, a_price, a_product
from tests.sample.samples import LARGE, SMALL, everything, lines_of, load, submitted, tally

pytestmark = pytest.mark.alike("what a sample says is made up before a database keeps it; loading it is tested on both")

# What regulators keep for fiction: see data/sample/countries.py.
FICTION = re.compile(
    r"\+44(207946|1(13|17|21|31|41|61)496|292018)0\d{3}|\+447700900\d{3}"
    r"|\+3532091\d{5}|\+1\d{3}55501\d\d|\+61[2378](5550|7010)\d{4}|\+61491570(006|156|157|158|159|110)"
    r"|\+49(3023125|4066969|8999998|2214710|6990009)\d{3}|\+4917139200\d\d"
    r"|\+33(19900|46571|26191|35301|53649|63998)\d{4}"
    r"|\+46(8465004|3139006)\d\d|\+467017406[1-9]\d"
)
MOVES = ("customer.status_changed", "prospect.archived")
SCRIPTS = {"LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC", "CJK", "HANGUL", "THAI"}


# --- the same again -----------------------------------------------------------------------------------


def test_the_same_seed_on_the_same_day_gives_the_same_sample(
    prepared: Callable[[Path], AbstractContextManager[str]], tmp_path: Path
) -> None:
    samples = []
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        with prepared(tmp_path / name) as url:
            open_database(url)
            load(SMALL, seed=7)
            samples.append(everything())
            database.close()
    assert samples[0] == samples[1]


def test_another_seed_gives_another_sample(world: World) -> None:
    load(SMALL, seed=1)
    names = tally(Customer.select(Customer.name))
    load(SMALL, seed=2)
    assert len(tally(Customer.select(Customer.name)) - names) > SMALL // 2


# --- every state --------------------------------------------------------------------------------------


def test_forty_customers_show_every_state(watched: World) -> None:
    assert set(tally(Customer.select(Customer.status))) == set(SHELVES)
    assert set(tally(Order.select(Order.state))) == {"draft", "submitted"}
    assert set(tally(Rfi.select(Rfi.state))) == {"incomplete", "complete", "error", "not_applicable"}
    assert set(tally(Plan.select(Plan.state))) == {"open", "done", "closed"}
    assert set(tally(Email.select(Email.state))) == {"sent", "failed", "held", "unsure"}


def test_every_rfi_state_is_seen_among_those_in_progress(small: World) -> None:
    states = Rfi.select(Rfi.state).join(Customer).where(Customer.status == "in_progress")
    assert set(tally(states)) == {"incomplete", "complete", "error", "not_applicable"}


def test_some_complete_customers_are_old_enough_to_be_cancelled_and_some_are_not(small: World) -> None:
    starts = [c.subscription_start for c in Customer.select().where(Customer.status == "complete")]
    eleven_months_ago = now().date() - relativedelta(months=11)
    assert min(starts) < eleven_months_ago < max(starts)


def test_cancellations_were_asked_for_in_time_and_ended_on_theirs(large: World) -> None:
    today = datetime.now(UTC).date()
    assert set(tally(Cancellation.select(Cancellation.state))) == {"pending", "ended"}
    for asked in Cancellation.select(Cancellation, Customer).join(Customer):
        start = asked.customer.subscription_start
        assert asked.asked_at.date() >= start + relativedelta(months=11)
        assert asked.ends_on == max(asked.commitment_ends, asked.asked_at.date())
        if asked.state == "pending":
            assert (asked.customer.status, asked.ends_on >= today) == ("pending_cancellation", True)
        else:
            assert (asked.customer.status, asked.ended_at.date() > asked.ends_on - timedelta(days=1)) == (
                "cancelled",
                True,
            )
    left = Customer.select().where(Customer.status.in_(["pending_cancellation", "cancelled"])).count()
    assert left == Cancellation.select().count()


def test_forty_customers_are_written_in_every_script(watched: World) -> None:
    letters = "".join(customer.name for customer in Customer.select())
    assert {unicodedata.name(letter).split()[0] for letter in letters if letter.isalpha()} >= SCRIPTS


def test_few_customers_can_be_asked_for_too(world: World) -> None:
    assert (load(1), load(3)) == (1, 3)
    assert Customer.select().count() == 4


# --- whole --------------------------------------------------------------------------------------------


def test_orders_are_priced_as_real_ones_are(small: World) -> None:
    assert_priced_as_real_ones(submitted())


def test_fractions_of_a_cent_are_rounded_as_orders_round_them(world: World) -> None:
    odd = a_partner("Odd")
    a_price(odd, a_product("ODD"), one_time="0.0050", tiers={1: "0.3335", 40: "0.1111"})
    load(SMALL, partner=odd)
    assert_priced_as_real_ones(submitted())


def assert_priced_as_real_ones(orders: list[Order]) -> None:
    assert orders
    for order in orders:
        lines, partner = lines_of(order), order.partner
        lists = prices_on(partner.id, max(order.subscription_start, first_prices(partner)))
        priced = quote([line.product_id for line in lines], order.permitted_users, lists, partner.currency)
        assert [(line.monthly_per_user, line.monthly_total, line.one_time_fee) for line in lines] == [
            (line.monthly_per_user, line.monthly_total, line.one_time_fee) for line in priced.lines
        ]
        assert (order.monthly_total, order.one_time_total) == (priced.monthly_total, priced.one_time_total)
        assert order.first_payment == priced.first_payment
        assert order.currency == partner.currency


def test_orders_agreed_to_what_an_addendum_would_say(small: World) -> None:
    people = {person.id: person for person in Person.select()}
    for order in submitted():
        paper = addendum_of(order, lines_of(order), people[order.submitted_by_id])
        assert order.agreed == addendum.agreed(paper)
        assert order.agreed_hash == addendum.agreed_hash(paper)
        assert order.order_number_not_required == (order.order_number == "")


def first_prices(partner: Partner) -> date:
    """The day of the partner's oldest price list, which sample orders older than that go by."""
    oldest = ContractedPrice.select().where(ContractedPrice.partner == partner).order_by(ContractedPrice.valid_from)
    day: date = oldest.get().valid_from
    return day


def addendum_of(order: Order, lines: list[OrderLine], person: Person) -> addendum.Addendum:
    agreement = submission.Agreement(order.order_number, not order.order_number, True, True, "", order.submitted_from)
    price: Any = None  # what is printed stands on the order
    sale = submission.Sale(
        who=person,
        order=order,
        customer=order.customer,
        partner=order.partner,
        lines=tuple(lines),
        quote=price,
        lead=price,
        agreement=agreement,
        portal="",
    )
    return submission.addendum_of(sale)


def test_subscriptions_run_twelve_months_from_the_day_of_the_order(small: World) -> None:
    for order in submitted():
        customer = order.customer
        assert order.commitment_ends == submission.last_day_of_commitment(order.subscription_start)
        assert customer.subscription_start == order.subscription_start == day_of(order.submitted_at, "Europe/Berlin")
        assert customer.commitment_ends == order.commitment_ends
        assert customer.permitted_users == order.permitted_users >= 1


def test_whoever_ordered_has_an_order_an_rfi_and_a_plan_and_nobody_else_has(large: World) -> None:
    ordered = set(tally(Order.select(Order.customer_id).where(Order.state == "submitted")))
    begun = Customer.select(Customer.id).where(Customer.status.not_in(("prospect", "archived")))
    assert set(tally(begun)) == ordered
    assert tally(Rfi.select(Rfi.customer_id)) == tally(Plan.select(Plan.customer_id)) == Tally(ordered)
    drafted = Order.select(Order.customer_id).where(Order.state == "draft")
    prospects = set(tally(Customer.select(Customer.id).where(Customer.status == "prospect")))
    assert set(tally(drafted)) < prospects


def test_whoever_ordered_has_an_implementation_lead(large: World) -> None:
    led = set(tally(Contact.select(Contact.customer_id).where(Contact.kind == "implementation_lead")))
    assert set(tally(Order.select(Order.customer_id))) <= led
    assert len(led) < Customer.select().count(), "some prospects still lack one"


def test_drafts_have_products_but_no_prices(small: World) -> None:
    for order in Order.select().where(Order.state == "draft"):
        lines = lines_of(order)
        assert lines
        assert {(line.code, line.monthly_total) for line in lines} == {("", None)}
        assert (order.monthly_total, order.addendum_number, order.submitted_at) == (None, None, None)


def test_addendum_numbers_go_on_without_gaps_and_rise_with_time(world: World) -> None:
    Counter.update(last=481).where(Counter.name == "addendum").execute()
    load(SMALL)
    orders = submitted()
    assert [int(order.addendum_number[5:]) for order in orders] == list(range(482, 482 + len(orders)))
    assert Counter.get(Counter.name == "addendum").last == 481 + len(orders)
    assert sorted(orders, key=lambda order: order.submitted_at) == orders
    assert {order.addendum_number[:4] == str(order.subscription_start.year) for order in orders} == {True}
    assert all(re.fullmatch(r"\d{4}-\d{6}", order.addendum_number) for order in orders)


def test_a_million_addenda_do_not_end_the_numbers(world: World) -> None:
    Counter.update(last=999_999).where(Counter.name == "addendum").execute()
    load(20)
    assert "1000000" in {order.addendum_number[5:] for order in Order.select().where(Order.state == "submitted")}


def test_records_are_kept_as_the_form_of_prospects_keeps_them(small: World) -> None:
    for customer in Customer.select():
        people = list(Contact.select().where(Contact.customer == customer).order_by(Contact.id))
        entered = entry_of(customer, people)
        assert checked(entered, region="") == entered
        assert all(unicodedata.is_normalized("NFC", str(value)) for value in columns_of(entered).values())
        assert (customer.name_key, customer.letter) == (fold(customer.name), first_letter(fold(customer.name)))
        assert customer.shelf == SHELVES[customer.status]
        assert customer.infrastructure in {"", *INFRASTRUCTURES}


def entry_of(customer: Customer, people: list[Contact]) -> Entry:
    contacts = tuple(
        ContactEntry(person.id, person.first_name, person.last_name, person.email, person.phone, person.job_title)
        for person in people
    )
    return Entry(**{name: getattr(customer, name) for name in LABELS}, others=contacts)


def test_wanted_products_are_what_was_ordered(small: World) -> None:
    for order in Order.select():
        wanted = WantedProduct.select(WantedProduct.product_id).where(WantedProduct.customer == order.customer_id)
        assert set(tally(wanted)) == {line.product_id for line in lines_of(order)}


# --- history and time ---------------------------------------------------------------------------------


def test_history_tells_exactly_the_facts_of_its_kinds(large: World) -> None:
    for line in History.select():
        assert set(line.facts) == history.facts_of(line.kind), line.kind
        assert history.sentence(line)


def test_history_of_each_customer_is_told_in_order_and_ends_in_its_status(small: World) -> None:
    for customer in Customer.select():
        lines = list(History.select().where(History.customer_id == customer.id).order_by(History.id))
        assert [line.at for line in lines] == sorted(line.at for line in lines)
        assert lines[0].kind == "prospect.created"
        assert lines[0].at == customer.created_at
        moves = [line.facts.get("after", "archived") for line in lines if line.kind in MOVES]
        assert (moves or ["prospect"])[-1] == customer.status.replace("_", " ")
        assert {line.partner_id for line in lines} == {customer.partner_id}


def test_one_line_tells_of_the_load(small: World) -> None:
    (line,) = History.select().where(History.kind == "sample.loaded")
    assert line.facts == {"count": SMALL}
    assert line.partner_id == small.northstar.id


def test_everything_happened_before_today_on_working_days(large: World) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = list(History.select().where(History.customer_id.is_null(False)))
    assert max(line.at for line in told) < midnight
    # Services end at midnight, and whoever is on duty acknowledges alerts, on any day.
    by_people = [line.at for line in told if line.who_name != "the portal" and line.kind != "alert.acknowledged"]
    assert {moment.weekday() for moment in by_people} == {0, 1, 2, 3, 4}
    for customer in Customer.select():
        assert customer.created_at <= customer.changed_at < midnight
    assert all(order.created_at < order.submitted_at for order in submitted())


def test_people_who_act_may_submit_orders(small: World) -> None:
    assert set(tally(Order.select(Order.submitted_by_id).where(Order.state == "submitted"))) <= {
        small.admin.id,
        *tally(Person.select(Person.id).where(Person.name == "Mara Manager")),
    }


# --- harmless -----------------------------------------------------------------------------------------


def test_nobody_who_signs_in_and_no_paper_is_made(world: World) -> None:
    before = Person.select().count(), Grant.select().count()
    load(SMALL)
    assert (Person.select().count(), Grant.select().count()) == before
    assert Attachment.select().count() == 0


def test_no_letter_waits_to_be_sent(large: World) -> None:
    assert not Email.select().where(Email.state.in_(("waiting", "sending"))).exists()


def test_personal_links_open_for_nobody_and_end_after_sixty_days(small: World) -> None:
    for link in RfiLink.select():
        assert re.fullmatch("[0-9a-f]{64}", link.token_hash)
        assert link.expires_at == link.created_at + timedelta(days=60)


def test_domains_are_reserved_ones_in_the_form_they_are_kept(large: World) -> None:
    domains = [customer.primary_domain for customer in Customer.select()]
    assert len(set(domains)) == LARGE
    assert any(domain.startswith("xn--") for domain in domains)
    for domain in domains:
        assert domain.endswith(".example")
        assert idna.encode(idna.decode(domain), std3_rules=True).decode() == domain
        assert as_domain(domain) == as_domain(shown_domain(domain)) == domain


def test_addresses_and_websites_are_at_those_domains(large: World) -> None:
    domains = {customer.id: customer.primary_domain for customer in Customer.select()}
    for contact in Contact.select():
        assert re.fullmatch(r"[a-z][a-z.-]*", contact.email.split("@")[0])
        assert contact.email.split("@")[1] == domains[contact.customer_id]
    for customer in Customer.select():
        assert customer.website in ("", f"https://www.{customer.primary_domain}/")
    addresses = tally(Contact.select(Contact.customer_id.concat(Contact.email)))
    assert max(addresses.values()) == 1, "people at one company share no address"


def test_telephone_numbers_ring_nowhere(large: World) -> None:
    phones = set(tally(Contact.select(Contact.phone)))
    assert "" in phones
    assert all(FICTION.fullmatch(phone) for phone in phones - {""})


# --- what it is made of -------------------------------------------------------------------------------


def test_every_country_is_complete() -> None:
    assert sum(country.share for country in countries()) == 40
    for country in countries():
        assert len(country.families) == len(country.families_of_women)
        assert {sector for sector, _ in country.trades} <= set(SECTORS)
        assert all(shapes for shapes in country.shapes.values())
        for word in itertools.chain(country.families, country.stems, country.women, country.men):
            assert re.fullmatch("[a-z0-9-]+", word.roman)
            assert unicodedata.is_normalized("NFC", word.text)


def test_that_is_shown_once_however_large_the_sample_is(large: World) -> None:
    assert RfiFlag.select().count() == HandedIn.select().count() == 2
