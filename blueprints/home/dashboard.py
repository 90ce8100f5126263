"""What the first page tells: what to do next, what is wrong now, what happened lately (the figures: figures.py).

The number of queries depends on how many partners the person works for, never on how many customers there are.
"""

from dataclasses import dataclass
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.cancellations.rules import left_to_do
from blueprints.customers.finding import Sql, ask, one_after_the_other, one_of, reached, select
from blueprints.customers.telling import Told, told
from blueprints.transfers.finding import confirmations_waiting, offers_waiting
from data.accounts import Grant, Person
from data.customers import Customer
from data.history import History
from data.monitors import SERVICES
from data.partners import ContractedPrice, Partner, Product

LINES = 10
COUNTED_UP_TO = 100  # waiting things are counted up to here; more are “100 or more”
PROBLEMS = 5
WATCHED = ("complete", "in_progress")  # shelves


@dataclass(frozen=True)
class Next:
    """Something to do. `place` names where (routes know the address), `partner_id` for which partner."""

    title: str
    text: str
    place: str = ""
    partner_id: int | None = None


@dataclass(frozen=True)
class Problem:
    """A customer of whom a service has a problem now. `services`: which."""

    customer_id: int
    name: str
    services: str


def problems_now(who: Standing) -> list[Problem]:
    """The first few, by the order of their marks."""
    wrong = Sql("monitors < '1'")
    legs = [leg & wrong for shelf in WATCHED for leg in reached(who, "customers.see", shelf)]
    questions = [select("id, name, monitors", Sql("customer"), leg, "monitors, id", PROBLEMS) for leg in legs]
    rows = ask(one_after_the_other(questions)) if questions else []
    return [Problem(row_id, name, failing(marks)) for row_id, name, marks in rows[:PROBLEMS]]


def failing(marks: str) -> str:
    """“Inbound queue, journal queue”: after the rank of the worst stand the five marks, p for a problem."""
    names = [name for name, mark in zip(SERVICES.values(), marks[1:], strict=True) if mark == "p"]
    return ", ".join(names).capitalize()


def what_next(who: Standing, numbers: dict[str, int], can_send: bool) -> list[Next]:
    """What is left to do, most pressing first; `numbers` are those of the tiles.

    Every line is true now and goes away when it is done.
    """
    products = Product.select().where(Product.active).exists()
    found = [
        *supplies(who, products),
        *waiting(who, numbers["rfis"], numbers["rfis_of_complete"]),
        *(cancellations() if who.may("cancellations.process") else ()),
        *(first_prospect(numbers) if products and who.may("prospects.edit") else ()),
        *(letters_held() if not can_send and who.may("mailroom.see") else ()),
        *(company_of_one(who) if who.may("people.manage") else ()),
    ]
    if Person.get_by_id(who.id).tf_primary_method is None:
        text = "With it a stolen password opens nothing."
        found.append(Next("Set up a second factor for yourself", text, "second_factor"))
    return found


def supplies(who: Standing, products: bool) -> list[Next]:
    """Products and prices, without which nothing can be ordered."""
    if not products:
        if who.may("catalogue.edit"):
            text = "Orders are made of products, and there are none yet."
            return [Next("Add products to the catalogue", text, "catalogue")]
        return [Next("There are no products yet", "The operator of this portal adds them; then you can order.")]
    unpriced = partners_without_prices(who)
    if not unpriced:
        return []
    names = ", ".join(partner.name for partner in unpriced[:3]) + (" and others" if len(unpriced) > 3 else "")
    if who.may("prices.edit"):
        text = f"Nothing can be ordered without a price. None yet for: {names}."
        return [Next("Contract prices", text, "prices", unpriced[0].id)]
    text = f"The operator of this portal enters them for {names}; then you can order."
    return [Next("No prices are contracted yet", text)]


def partners_without_prices(who: Standing) -> list[Partner]:
    priced = ContractedPrice.select(ContractedPrice.partner)
    query = Partner.select().where(Partner.closed_at.is_null() & Partner.id.not_in(priced)).order_by(Partner.name_key)
    if not who.operator:
        query = query.where(Partner.id.in_(who.partners_where("orders.edit")))
    return list(query.limit(4))


def waiting(who: Standing, rfis: int, of_complete: int) -> list[Next]:
    """Drafts to be submitted, and RFIs that customers have not answered; `of_complete`: those of complete ones."""
    found = []
    if who.may("orders.edit"):
        drafts = drafts_waiting(who)
        if drafts:
            title = "An order is not submitted yet" if drafts == 1 else f"{many(drafts)} orders are not submitted yet"
            found.append(Next(title, "Drafts stand with their prospects and customers.", "prospects"))
    if rfis:
        title = "An RFI waits for answers" if rfis == 1 else f"{rfis:,} RFIs wait for answers"
        found.append(Next(title, "Onboarding starts when the RFI is complete.", "rfis"))
    if of_complete:
        one, several = "An RFI of a complete customer waits", f"{of_complete:,} RFIs of complete customers wait"
        title = f"{one if of_complete == 1 else several} for answers"
        found.append(Next(title, "What is in service goes on meanwhile.", "rfis_of_complete"))
    return [*found, *partner_changes(who)]


def drafts_waiting(who: Standing) -> int:
    """Along the index of drafts: the word stands in the statement itself, or SQLite would not use it."""
    is_draft = Sql("state = 'draft'")
    if who.operator:
        legs = [is_draft]
    else:
        raised, lowered = who.exceptions("orders.edit")
        kept = one_of("customer_id NOT IN", lowered) if lowered else Sql()
        legs = [Sql("partner_id = ?", (each,)) & is_draft & kept for each in who.partners_where("orders.edit")]
        legs += [one_of("customer_id IN", raised) & is_draft] if raised else []
    found = ask(one_after_the_other([select("id", Sql('"order"'), leg, "", COUNTED_UP_TO) for leg in legs]))
    return min(len(found), COUNTED_UP_TO)


def partner_changes(who: Standing) -> list[Next]:
    """Customers that are offered to this person's MSPs, and what the provider confirms."""
    found = [
        Next(f"{each.company} is offered to you", "Another MSP asks you to take this customer over.", "transfers")
        for each in offers_waiting(who, 3)
    ]
    if confirmations := confirmations_waiting(who, COUNTED_UP_TO):
        count = len(confirmations)
        title = "A partner change waits" if count == 1 else f"{many(count)} partner changes wait"
        found.append(Next(f"{title} for the provider", "Both MSPs agree; it happens once you confirm it.", "transfers"))
    return found


def cancellations() -> list[Next]:
    """Those with something left to do for the provider."""
    left = left_to_do(COUNTED_UP_TO)
    title = "A cancellation waits for you" if left == 1 else f"{many(left)} cancellations wait for you"
    return [Next(title, "Quote the data export, or begin to process them.", "cancellations")] if left else []


def up_to(query: Any) -> int:
    return query.limit(COUNTED_UP_TO).count()


def many(count: int) -> str:
    return f"{count} or more" if count == COUNTED_UP_TO else str(count)


def first_prospect(numbers: dict[str, int]) -> list[Next]:
    if any(numbers[shelf] for shelf in ("prospects", "in_progress", "complete")):
        return []
    text = "A company that may become your customer: its name and domain will do."
    return [Next("Add the first prospect", text, "prospects")]


def letters_held() -> list[Next]:
    text = "Letters are held in the mailroom; read them there and pass them on, or set a mail server."
    return [Next("No mail server is set up", text, "mailroom")]


def company_of_one(who: Standing) -> list[Next]:
    """Whether the person is the only one of all the partners whose people they manage."""
    others = Grant.select().where((Grant.person != who.id) & Grant.partner.in_(who.partners_where("people.manage")))
    if others.exists() or not who.partners_where("people.manage"):
        return []
    return [Next("Invite colleagues", "You are the only one here so far.", "people")]


def recent_history(who: Standing) -> list[Told]:
    """The newest lines about customers the person sees, newest first."""
    questions = [select("id", Sql("history"), leg, "id DESC", LINES) for leg in legs_of_history(who)]
    ids = sorted((row[0] for row in ask(one_after_the_other(questions))), reverse=True)[:LINES] if questions else []
    lines = list(History.select().where(History.id.in_(ids)).order_by(History.id.desc()))
    named = {line.customer_id for line in lines}
    names = dict(Customer.select(Customer.id, Customer.name).where(Customer.id.in_(named)).tuples())
    return [told(line, who.timezone, names.get(line.customer_id, "")) for line in lines]


def legs_of_history(who: Standing) -> list[Sql]:
    """Conditions on lines of history that exclude one another, each served by an index."""
    of_customers = Sql("customer_id IS NOT NULL")
    if who.operator:
        return [of_customers]
    raised, lowered = who.exceptions("customers.see")
    seen = of_customers & (one_of("customer_id NOT IN", lowered) if lowered else Sql())
    legs = [Sql("partner_id = ?", (partner,)) & seen for partner in who.partners_where("customers.see")]
    return [*legs, one_of("customer_id IN", raised)] if raised else legs
