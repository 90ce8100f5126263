"""What an installation of an earlier version has in its database."""

from data.database import database
from data.moments import now


def put(table: str, **values: object) -> int:
    """A row as a version before would have written it: only with the columns that its schema had."""
    columns, marks = ", ".join(values), ", ".join([database.param] * len(values))
    found = database.execute_sql(f'INSERT INTO "{table}" ({columns}) VALUES ({marks}) RETURNING id', [*values.values()])
    return int(found.fetchone()[0])


def fill() -> None:
    """What people had in the first version: an MSP, somebody of it, a customer with an order, its RFI and a link."""
    at = now().replace(tzinfo=None).isoformat(" ")
    nothing = dict.fromkeys(("street", "postcode", "city", "region", "country"), "")
    partner = put(
        "partner",
        **nothing,
        name="Northstar",
        name_key="northstar",
        agreement_name="Terms",
        currency="EUR",
        timezone="Europe/Berlin",
        outbound_ips="",
        inbound_ips="",
        smart_host="",
        reply_to="",
        logo_type="",
        created_at=at,
        version=1,
    )
    person = put(
        "person",
        name="Ann",
        email="ann@northstar.example",
        operator=False,
        timezone="Europe/Berlin",
        active=True,
        created_at=at,
        version=1,
        fs_uniquifier="ann",
        login_count=0,
    )
    customer = put(
        "customer",
        **nothing,
        partner_id=partner,
        name="Here before",
        name_key="here before",
        letter="H",
        company_type="company",
        primary_domain="before.example",
        website="",
        sector="",
        account_type="standard",
        permitted_users=12,
        infrastructure="m365",
        status="in_progress",
        shelf="in_progress",
        created_at=at,
        changed_at=at,
        version=1,
    )
    order = put(
        "order",
        customer_id=customer,
        partner_id=partner,
        state="draft",
        permitted_users=12,
        order_number="",
        order_number_not_required=True,
        currency="EUR",
        created_at=at,
        created_by_id=person,
        changed_at=at,
        changed_by_id=person,
        submitted_from="",
        version=1,
    )
    rfi = put("rfi", customer_id=customer, order_id=order, state="incomplete", opened_at=at, version=1)
    put(
        "rfi_link",
        rfi_id=rfi,
        token_hash="0" * 64,
        name="Lee",
        email="lee@before.example",
        created_at=at,
        expires_at=at,
    )
