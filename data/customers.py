"""Customers from prospect to past, and their contacts."""

from peewee import ForeignKeyField, IntegerField, TextField

from data.database import Record
from data.fields import Day, Moment
from data.findable import Findable
from data.partners import Partner

# Where a customer is listed, by status. The database checks that the two agree.
SHELVES = {
    "prospect": "prospects",
    "in_progress": "in_progress",
    "complete": "complete",
    "pending_cancellation": "complete",
    "cancelled": "past",
    "transferred": "past",
    "closed": "past",
    "archived": "past",
}
ACCOUNT_TYPES = {"standard": "Standard", "trial": "Trial", "internal": "Internal use"}
COMPANY_TYPES = {
    "company": "Company",
    "public": "Public body",
    "charity": "Charity or association",
    "education": "School or university",
    "other": "Other",
}
INFRASTRUCTURES = {
    "m365": "Microsoft 365",
    "google": "Google Workspace",
    "onprem": "On-premises",
    "hosted": "Hosted",
    "hybrid_m365": "Hybrid with Microsoft 365",
    "hybrid_google": "Hybrid with Google",
    "other": "Other",
}
SECTORS = (
    "Agriculture",
    "Construction",
    "Education",
    "Finance and insurance",
    "Government",
    "Health",
    "Hospitality",
    "Legal",
    "Manufacturing",
    "Media",
    "Non-profit",
    "Professional services",
    "Retail",
    "Technology",
    "Transport",
    "Utilities",
    "Other",
)


class Customer(Findable, Record):
    """One company through its whole life; a prospect is a customer whose `status` is still `prospect`.

    `name_key` is the folded name by which lists sort and search; `letter` is A–Z or #.
    `shelf` says in which list it stands and follows `status` (SHELVES).
    """

    partner = ForeignKeyField(Partner)
    name = TextField()
    name_key = TextField()
    letter = TextField()
    company_type = TextField(default="company")
    primary_domain = TextField()  # A-labels, lower case; unique among live records
    website = TextField(default="")
    sector = TextField(default="")
    street = TextField(default="")
    postcode = TextField(default="")
    city = TextField(default="")
    region = TextField(default="")
    country = TextField(default="")
    account_type = TextField(default="standard")
    permitted_users = IntegerField(default=0)
    infrastructure = TextField(default="")
    status = TextField(default="prospect")
    shelf = TextField(default="prospects")
    rfi_state = TextField(default="")  # that of the newest RFI, kept by the database for lists; "" without one
    steps_left = IntegerField(default=-1)  # of the plan, kept likewise; -1 while it has no steps
    monitors = TextField(default="4-----")  # rank of the worst of its five marks, and the marks, kept likewise
    subscription_start = Day(null=True)
    commitment_ends = Day(null=True)
    created_at = Moment()
    changed_at = Moment()
    version = IntegerField(default=1)


class WantedProduct(Record):
    """A product a prospect wants; becomes the first choice of its order."""

    customer = ForeignKeyField(Customer, on_delete="CASCADE")
    product_id = IntegerField()


class Contact(Findable, Record):
    """A person at the customer. Kinds: implementation_lead (one per customer), other."""

    customer = ForeignKeyField(Customer, backref="contacts", on_delete="CASCADE")
    kind = TextField(default="other")
    first_name = TextField(default="")
    last_name = TextField(default="")
    email = TextField(default="")
    phone = TextField(default="")
    job_title = TextField(default="")

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
