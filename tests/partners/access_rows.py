"""Who gets what from the addresses of partners, catalogue and prices."""

import io
from datetime import date

from data.partners import Partner
from tests.access import Row
from tests.factories import a_price
from tests.partners.pictures import a_picture

OPERATORS = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 403, "admin": 403, "stranger": 403}
READERS = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 200, "admin": 200, "operator": 200}
EDITORS = {"nobody": 303, "viewer": 403, "technician": 403, "msp_admin": 403, "stranger": 404}
COMING = date(2099, 1, 1)


def northstar(world):
    return {"partner_id": world.northstar.id}


def northstar_with_logo(world):
    Partner.update(logo=a_picture(), logo_type="image/png", closed_at=None).where(
        Partner.id == world.northstar.id
    ).execute()
    return northstar(world)


def shield(world):
    return {"product_id": world.shield.id}


def coming_price(world):
    there = world.northstar.contractedprice_set.where(
        world.northstar.contractedprice_set.model.valid_from == COMING
    ).first()
    price = there or a_price(world.northstar, world.shield, valid_from=COMING)
    return northstar(world) | {"price_id": price.id}


def settings_typed(world):
    partner = Partner.get_by_id(world.northstar.id)
    return {
        "name": "Northstar IT",
        "agreement_name": "Partner agreement",
        "country": "",
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "rfi_reminder_days": partner.rfi_reminder_days,
        "rfi_close_days": partner.rfi_close_days,
        "change_billing": partner.change_billing,
        "version": partner.version,
    }


def picture(world):
    version = Partner.get_by_id(world.northstar.id).version
    return {"logo": (io.BytesIO(a_picture()), "logo.png"), "version": version}


def newest_version(world):
    return {"version": Partner.get_by_id(world.northstar.id).version}


def a_file(_):
    return {
        "file": (
            io.BytesIO(b"product code,valid from,users from,monthly price,one-time fee\nVAULT,2098-01-01,1,2,0\n"),
            "p.csv",
        )
    }


def new_msp(_):
    return {"name": "Third", "currency": "EUR", "timezone": "UTC"}


def new_product(_):
    return {"code": "THIRD", "name": "Third"}


def new_price(world):
    return {
        "product": world.vault.id,
        "valid_from": "2097-01-01",
        "one_time_fee": "0",
        "users_1": "1",
        "monthly_1": "1",
    }


ROWS = {
    ("partners.settings", "GET"): Row(READERS | {"stranger": 404}, northstar),
    ("partners.save_settings", "POST"): Row(EDITORS | {"admin": 303, "operator": 303}, northstar, settings_typed),
    ("partners.logo", "GET"): Row(READERS | {"stranger": 404}, northstar_with_logo),
    ("partners.set_logo", "POST"): Row(EDITORS | {"admin": 303, "operator": 303}, northstar, picture),
    ("partners.remove_logo", "POST"): Row(
        EDITORS | {"admin": 303, "operator": 303}, northstar_with_logo, newest_version
    ),
    ("partners.index", "GET"): Row(OPERATORS | {"operator": 200}),
    ("partners.new_partner", "GET"): Row(OPERATORS | {"operator": 200}),
    ("partners.add_partner", "POST"): Row(OPERATORS | {"operator": 303}, data=new_msp),
    ("partners.close", "POST"): Row(OPERATORS | {"operator": 303}, northstar),
    ("partners.reopen", "POST"): Row(OPERATORS | {"operator": 409}, northstar),  # it is open
    ("partners.catalogue", "GET"): Row(OPERATORS | {"operator": 200}),
    ("partners.new_product", "GET"): Row(OPERATORS | {"operator": 200}),
    ("partners.add_product", "POST"): Row(OPERATORS | {"operator": 303}, data=new_product),
    ("partners.product", "GET"): Row(OPERATORS | {"operator": 200}, shield),
    ("partners.save_product", "POST"): Row(
        OPERATORS | {"operator": 303}, shield, lambda _: {"code": "SHIELD", "name": "New", "version": 1}
    ),
    ("partners.price_lists", "GET"): Row(READERS | {"stranger": 404}, northstar),
    ("partners.new_price", "GET"): Row(OPERATORS | {"operator": 200}, northstar),
    ("partners.add_price", "POST"): Row(OPERATORS | {"operator": 303}, northstar, new_price),
    ("partners.remove_price", "POST"): Row(OPERATORS | {"operator": 303}, coming_price),
    ("partners.price_file", "GET"): Row(OPERATORS | {"operator": 200}, northstar),
    ("partners.preview_prices", "POST"): Row(OPERATORS | {"operator": 200}, northstar, a_file),
    ("partners.import_prices", "POST"): Row(OPERATORS | {"operator": 422}, northstar, lambda _: {"rows": "altered"}),
    ("partners.price_template", "GET"): Row(OPERATORS | {"operator": 200}, northstar),
}
