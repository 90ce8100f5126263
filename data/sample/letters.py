"""Sample letters: the two that an order writes, in the states a letter can end in."""

from typing import TYPE_CHECKING, Any

from data.emails import Email
from data.history import PORTAL
from data.sample.dates import SECOND
from data.sample.papers import Terms

if TYPE_CHECKING:
    from data.sample.lives import Life

SINCE = 60  # days; older orders of the sample keep no letters

# No letter of the sample waits: it would be sent to .example, that is to nobody, again and again.
STATES = ("sent", "failed", "sent", "held", "sent", "unsure", "sent", "sent", "sent", "sent")
ANSWERS = {
    "sent": "250 2.0.0 Ok: queued",
    "failed": "550 5.1.1 Recipient address rejected: no such mailbox",
    "held": "",
    "unsure": "The connection broke after the letter was handed over.",
}

ADDENDUM = """Hello {name},

order {number} for {customer} is submitted: {products}, {users} permitted users.

This letter belongs to the sample data, so there is no addendum with it.

{partner}
"""
RFI_LINK = """Hello {name},

to set up {products} for {customer}, {partner} needs some answers from you.

This letter belongs to the sample data, so the personal link has been left out.

{partner}
"""


def write_both(life: "Life", order: int, terms: Terms) -> bool:
    """The addendum to whoever submitted the order, and the link of the RFI to the Implementation Lead.

    Whether the link can have arrived.
    """
    facts = {
        "customer": life.company.name,
        "partner": life.desk.partner.name,
        "number": terms.number,
        "products": ", ".join(line.name for line in terms.lines),
        "users": terms.users,
    }
    person, lead = terms.submitted_by, life.staff[0]
    subject = f"Order {terms.number}: {life.company.name}"
    write(life, f"order_addendum:{order}", person.name, person.email, subject, ADDENDUM, facts)
    if life.case.rfi == "not_applicable":
        return False
    subject = f"{life.company.name}: what {life.desk.partner.name} needs to set up your mail"
    state = write(life, f"rfi_link:{order}", lead.full_name, lead.email, subject, RFI_LINK, facts)
    return state in ("sent", "unsure")


def write(life: "Life", once: str, name: str, email: str, subject: str, text: str, facts: dict[str, Any]) -> str:
    """A letter of the kind that `once` begins with, in the next state, and its lines of history. Returns the state."""
    state, at = next(life.pen.letter_states), life.at
    settled_at = life.desk.days.moment(life.time + life.chance.whole(2, 50) * SECOND)
    life.pen.rows[Email].add(
        life.desk.id, life.customer, once.partition(":")[0], once, name, email, life.desk.partner.reply_to,
        subject, text.format(name=name, **facts), state, 0 if state == "held" else 1, at,
        None if state == "held" else settled_at, settled_at if state == "sent" else None, ANSWERS[state], at,
    )  # fmt: skip
    life.tell("email.queued", subject=subject, email=email)
    answer = {"answer": ANSWERS[state]} if state == "failed" else {}
    life.tell(f"email.{state}", PORTAL, settled_at, subject=subject, email=email, **answer)
    return state
