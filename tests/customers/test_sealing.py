"""Secrets: encrypted as they are kept, opened by jobs alone, erased at the end."""

import pytest

from blueprints.customers.sealing import Unreadable, erase_secrets, open_seal, seal, unseal
from data.database import transaction
from data.history import PORTAL, History
from data.moments import now
from data.rfi import Rfi, RfiAnswer
from tests.factories import World, a_customer
from tests.orders.drafts import a_draft

SECRET = "Brombeermarmelade-29"
OLD, NEW = "the key of last year, long enough", "the key of this year, long enough"


@pytest.fixture(autouse=True)
def _the_key_of_the_portal_after(portal):
    yield
    open_seal(portal.config["SETTINGS"].sealing_keys)


def an_rfi(world: World) -> Rfi:
    customer = a_customer(world.northstar, status="in_progress")
    return Rfi.create(customer=customer, order=a_draft(world, customer), opened_at=now())


def a_secret(rfi: Rfi) -> RfiAnswer:
    return RfiAnswer.create(
        rfi=rfi, question="ldap_password", sealed=seal(SECRET), changed_at=now(), changed_by_name="Ines"
    )


def test_what_is_sealed_is_opened_again_and_shows_nothing(portal) -> None:
    sealed = seal(SECRET)
    assert SECRET not in sealed
    assert sealed.isascii()
    assert seal(SECRET) != sealed
    assert unseal(sealed) == SECRET
    assert unseal(seal("ключ 💣")) == "ключ 💣"


def test_an_older_key_still_opens_and_the_newest_seals(portal) -> None:
    open_seal([OLD])
    before = seal(SECRET)
    open_seal([NEW, OLD])
    assert unseal(before) == SECRET
    after = seal(SECRET)
    open_seal([NEW])
    assert unseal(after) == SECRET
    with pytest.raises(Unreadable):
        unseal(before)


@pytest.mark.parametrize("sealed", ["", "x", "gAAAA", "ü" * 40, "a" * 5000])
def test_refuses_what_it_did_not_seal(portal, sealed: str) -> None:
    with pytest.raises(Unreadable):
        unseal(sealed)


def test_erases_every_secret_of_a_customer_and_of_no_other(world: World) -> None:
    rfi, other = an_rfi(world), an_rfi(world)
    for each in (rfi, other):
        a_secret(each)
        RfiAnswer.create(rfi=each, question="mail_domains", value=["a.example"], changed_at=now(), changed_by_name="I")
    with transaction():
        assert erase_secrets(PORTAL, rfi.customer) == 1
        assert erase_secrets(PORTAL, rfi.customer) == 0
    kept = {(answer.rfi_id, answer.question): (answer.sealed != "", answer.value) for answer in RfiAnswer.select()}
    assert kept == {
        (rfi.id, "ldap_password"): (False, None),
        (rfi.id, "mail_domains"): (False, ["a.example"]),
        (other.id, "ldap_password"): (True, None),
        (other.id, "mail_domains"): (False, ["a.example"]),
    }
    assert [(line.kind, line.facts) for line in History.select()] == [("rfi.secrets_erased", {"count": 1})]
