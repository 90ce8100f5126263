"""Partners (the MSPs on this installation), the product catalogue, and contracted prices."""

from peewee import BlobField, BooleanField, ForeignKeyField, IntegerField, TextField

from data.database import Record
from data.fields import Day, Facts, Moment, Money

SERVICES = ("security", "archiving", "continuity", "migration")
BILLING = {"prorated": "For the days that are left, at once", "next_billing": "From the next billing date"}


class Partner(Record):
    """An MSP on the installation, with the defaults that prefill what it does."""

    name = TextField()
    name_key = TextField(unique=True)
    street = TextField(default="")
    postcode = TextField(default="")
    city = TextField(default="")
    region = TextField(default="")
    country = TextField(default="")  # ISO 3166 two letters, or empty
    agreement_name = TextField(default="Partner agreement")
    agreement_date = Day(null=True)
    currency = TextField()  # ISO 4217
    timezone = TextField()  # IANA
    outbound_ips = TextField(default="")  # one address a line
    inbound_ips = TextField(default="")
    smart_host = TextField(default="")
    reply_to = TextField(default="")
    rfi_reminder_days = TextField(default="3, 7, 14, 21")  # after it was opened
    rfi_close_days = IntegerField(default=30)  # after which an unanswered one closes the project; 0: never
    change_billing = TextField(default="prorated")  # how a change within a billing period is paid: one of BILLING
    expected = Facts(default=dict)  # what its customers' records should be: see Plan.expected
    logo = BlobField(null=True)
    logo_type = TextField(default="")  # image/png or image/jpeg
    closed_at = Moment(null=True)
    created_at = Moment()
    version = IntegerField(default=1)


class Product(Record):
    """Something that can be ordered; the services it switches on decide questions and plan steps."""

    code = TextField(unique=True)
    name = TextField()
    description = TextField(default="")
    security = BooleanField(default=False)
    archiving = BooleanField(default=False)
    continuity = BooleanField(default=False)
    migration = BooleanField(default=False)
    active = BooleanField(default=True)
    version = IntegerField(default=1)

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(service for service in SERVICES if getattr(self, service))


class ContractedPrice(Record):
    """What a product costs a partner from a day on. A newer `valid_from` takes over; old rows stay."""

    partner = ForeignKeyField(Partner)
    product = ForeignKeyField(Product)
    valid_from = Day()
    one_time_fee = Money()  # per order line, in the partner's currency
    created_at = Moment()


class PriceTier(Record):
    """The monthly price of each permitted user when there are at least `users_from` of them."""

    contracted_price = ForeignKeyField(ContractedPrice, backref="tiers", on_delete="CASCADE")
    users_from = IntegerField()
    monthly_per_user = Money()
