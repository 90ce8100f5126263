"""A migration meets a database that people have been working with, made by the version before."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playhouse.migrations import Runner

from data.customers import Customer
from data.database import MIGRATIONS, database, migrate, open_database, pending_migrations
from data.moments import now
from data.rfi import RfiAnswer
from tests import services


@pytest.fixture
def empty(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> str:
    """The address of a database with nothing in it, of the kind that is tested on. (`app` says it touches one.)"""
    if not database.is_closed():
        database.close()
    if request.config.getoption("--database") == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite'}"
    server = request.getfixturevalue("postgresql")
    return server.new_database().url


@pytest.fixture(scope="module")
def postgresql() -> Iterator[services.PostgreSQL]:
    with services.postgresql() as server:
        yield server


def versions() -> list[str]:
    return sorted(path.stem for path in MIGRATIONS.glob("0*.py"))


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


@pytest.mark.parametrize("last", versions()[:-1])
def test_a_database_of_each_version_before_is_carried_along(empty: str, tmp_path: Path, last: str) -> None:
    open_database(empty)
    before = tmp_path / "before"
    before.mkdir()
    for name in versions()[: versions().index(last) + 1]:
        shutil.copy(MIGRATIONS / f"{name}.py", before)
    with database.connection_context():
        Runner(database.obj, str(before)).up()
        with database.atomic():
            fill()
    later = versions()[versions().index(last) + 1 :]
    assert pending_migrations() == later
    assert migrate() == later
    with database.connection_context():
        customer = Customer.get(Customer.name == "Here before")
        assert customer.partner.rfi_close_days == 30
        [rfi] = customer.rfis
        assert (rfi.state, rfi.infrastructure, rfi.set_version, rfi.reminders) == ("incomplete", "", None, 0)
        assert [link.name for link in rfi.links] == ["Lee"]
        RfiAnswer.create(
            rfi=rfi, question="mail_domains", value=["before.example"], changed_at=now(), changed_by_name="Lee"
        )
        assert [answer.value for answer in rfi.answers] == [["before.example"]]
        assert list(customer.notes) == []
        if last < "0005_search":  # later versions write what is found by themselves, and `put` is none of them
            found = database.execute_sql("SELECT name, address FROM findable").fetchall()
            assert [tuple(row) for row in found] == [("here before", "before.example")]
