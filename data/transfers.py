"""Partner changes: a customer moves from one MSP to another, and each side keeps what is its own.

What both sides may see stands in `Transfer` and `TransferLine`. What only the receiving MSP sees (its prices, its order
number) stands in `Takeover` and `TakeoverLine`, which nothing of the releasing side reads.
"""

from peewee import SQL, BooleanField, ForeignKeyField, IntegerField, TextField

from data.accounts import Person
from data.cancellations import TermsVersion
from data.customers import Customer
from data.database import Record
from data.fields import Day, Moment, Money
from data.kept import Kept
from data.partners import Partner, Product

# From the first question to the day; of each customer at most one is under way, which an index holds.
OPEN = ("asked", "accepted", "confirmed")
STATES = {
    "asked": "Waits for an answer",
    "accepted": "Waits for the provider",
    "confirmed": "Confirmed",
    "moved": "Moved",
    "declined": "Declined",
    "called_off": "Called off",
    "lapsed": "Lapsed",
}


class Transfer(Record):
    """A customer on the way from `partner` to `to_partner`, or to an MSP elsewhere, then `to_partner` is null.

    `customer` is the releasing MSP's record, which stays theirs; `taken_over_as` is the receiving MSP's, made on the
    day. `day` counts on the calendar of the releasing MSP. `token_hash`: SHA-256 of the link that an MSP elsewhere
    answers by. `reason`: why it came to nothing, as both sides may read it.
    """

    customer = ForeignKeyField(Customer, backref="transfers")
    partner = ForeignKeyField(Partner, backref="+")
    to_partner = ForeignKeyField(Partner, null=True, column_name="to_partner_id", backref="+")
    company = TextField()  # name and domain as they were when it was asked for: later ones are nobody else's
    domain = TextField()
    to_name = TextField()
    to_contact = TextField(default="")
    to_email = TextField(default="")
    state = TextField(default="asked")
    day = Day()
    permitted_users = IntegerField()
    terms = ForeignKeyField(TermsVersion, column_name="terms_version")
    asked_at = Moment()
    asked_by = ForeignKeyField(Person, column_name="asked_by_id", backref="+")
    asked_from = TextField(default="")  # IP address
    token_hash = TextField(null=True, unique=True)
    answered_at = Moment(null=True)
    confirmed_at = Moment(null=True)
    confirmed_by = ForeignKeyField(Person, null=True, column_name="confirmed_by_id", backref="+")
    ended_at = Moment(null=True)  # moved, or came to nothing
    reason = TextField(default="")
    taken_over_as = ForeignKeyField(Customer, null=True, column_name="taken_over_as_id", backref="+")
    version = IntegerField(default=1)


class TransferLine(Record):
    """A product that the customer has: it moves, or ends on the day."""

    transfer = ForeignKeyField(Transfer, backref="lines", on_delete="CASCADE")
    product = ForeignKeyField(Product)
    position = IntegerField()
    name = TextField()
    moves = BooleanField()


class Takeover(Record):
    """That the receiving side accepted, and what it agreed to; the receiving MSP's own. `by` null: by the link."""

    transfer = ForeignKeyField(Transfer, unique=True, on_delete="CASCADE")
    by = ForeignKeyField(Person, null=True, column_name="by_id", backref="+")
    by_name = TextField()
    by_email = TextField()
    at = Moment()
    from_address = TextField(default="")  # IP address
    currency = TextField(default="")
    order_number = TextField(default="")
    order_number_not_required = BooleanField(default=False)


class TakeoverLine(Record):
    """What a product costs the receiving MSP, frozen when it accepted."""

    takeover = ForeignKeyField(Takeover, backref="lines", on_delete="CASCADE")
    product = ForeignKeyField(Product)
    position = IntegerField()
    monthly_per_user = Money()
    monthly_total = Money()


class TransferCode(Record):
    """The code that an MSP gives to the one it takes a customer over from: without it nobody learns who is here."""

    partner = ForeignKeyField(Partner, unique=True, on_delete="CASCADE")
    code = TextField(unique=True)
    made_at = Moment()


# The words stand in the statement itself: SQLite uses an index of some rows only where it reads their condition.
IS_OPEN = Transfer.state.in_([SQL(f"'{state}'") for state in OPEN])

# Whether a customer is on its way: other features ask, because nothing else of the subscription may change meanwhile.
under_way = Kept(
    lambda customer: (
        Transfer.select(Transfer.id)
        .where((Transfer.customer == customer) & IS_OPEN)
        .order_by(Transfer.id.desc())
        .limit(1)
    )
)

# Customers that came from another MSP of this installation.
TAKEN_OVER = Transfer.select(Transfer.taken_over_as).where(Transfer.taken_over_as.is_null(False))
