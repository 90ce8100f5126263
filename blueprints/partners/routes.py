"""Partner settings, the operators' list of partners, the product catalogue, and contracted prices."""

from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, url_for

from blueprints.partners import catalogue as products
from blueprints.partners import logos, price_import, prices, rules
from blueprints.partners.forms import (
    CheckedPricesForm,
    LogoForm,
    NewPartnerForm,
    PartnerForm,
    PriceFileForm,
    PriceForm,
    ProductForm,
)
from blueprints.web.access import needs
from blueprints.web.csv_files import MOST_BYTES, write_csv
from blueprints.web.fields import refuse, status_of
from blueprints.web.page import gone_to, page, saved
from blueprints.web.refusals import ChangedMeanwhile, Refused

blueprint = Blueprint("partners", __name__)


# --- settings ------------------------------------------------------------------------------------


@blueprint.get("/partner/")
@blueprint.get("/partner/<int:partner_id>")
@needs("partner.see")
def settings(partner_id: int | None = None) -> Response:
    """One partner's settings; without an id those of the only one, or the partners to choose from."""
    if partner_id is None:
        partners = rules.partners_for(g.who, "partner.see")
        if len(partners) != 1:
            return page("partners/list.html", ["partners"], partners=partners, may_add=g.who.may("partners.manage"))
        partner_id = partners[0].id
    return settings_page(rules.find_partner(g.who, partner_id))


@blueprint.post("/partner/<int:partner_id>")
@needs("partner.edit")
def save_settings(partner_id: int) -> Response:
    partner = rules.find_partner(g.who, partner_id, "partner.edit")
    form = PartnerForm(obj=partner)
    if not form.validate():
        return settings_page(partner, form=form, status=422)
    try:
        partner, changes = rules.change_settings(g.who, partner_id, form.typed(), form.version.data)
    except Refused as refusal:
        status = status_of(form, refusal)
        partner = rules.find_partner(g.who, partner_id)
        return settings_page(partner, form=form, status=status, meanwhile=status == 409)
    said = f"Saved: {changes}." if changes else "Nothing was changed, so there was nothing to save."
    parts = ["settings", "head", "picture"]
    address = url_for("partners.settings", partner_id=partner_id)
    return saved(address, "partners/settings.html", parts, said, **settings_facts(partner))


def settings_page(
    partner: Any, parts: tuple[str, ...] = ("settings",), status: int = 200, *, meanwhile: bool = False, **forms: Any
) -> Response:
    return page("partners/settings.html", list(parts), status, **settings_facts(partner, meanwhile=meanwhile, **forms))


def settings_facts(
    partner: Any, *, form: PartnerForm | None = None, logo_form: LogoForm | None = None, meanwhile: bool = False
) -> dict[str, Any]:
    """What the settings page shows. `meanwhile`: somebody else's newer values stand beside the typing."""
    now_saved = PartnerForm(formdata=None, obj=partner)
    if form and meanwhile:
        form.version.data = partner.version
    return {
        "partner": partner,
        "form": form or now_saved,
        "logo_form": logo_form or LogoForm(formdata=None),
        "saved_meanwhile": newer(form, now_saved) if form and meanwhile else {},
        "currency_of_orders": rules.currency_of_orders(partner),
        "may_edit": rules.may_edit(g.who, partner),
        "may_manage": g.who.may("partners.manage"),
        "tabs": tabs(partner.id, "partners.settings"),
    }


def newer(typed: PartnerForm, now_saved: PartnerForm) -> dict[str, str]:
    """Field → what is saved in it now, where that differs from what was typed."""
    return {
        name: rules.value_told(now_saved[name].data)
        for name, value in typed.typed().items()
        if (value or "") != (now_saved[name].data or "")
    }


def tabs(partner_id: int, current: str) -> list[dict[str, Any]]:
    pages = (
        ("Settings", "partners.settings"),
        ("Contracted prices", "partners.price_lists"),
        ("Records", "checks.expected_of_partner"),
        ("Consoles", "console.settings"),
    )
    return [
        {"label": label, "href": url_for(endpoint, partner_id=partner_id), "current": endpoint == current}
        for label, endpoint in pages
    ]


@blueprint.get("/partner/<int:partner_id>/logo")
@needs("partner.see")
def logo(partner_id: int) -> Response:
    content, media_type = logos.logo_of(g.who, partner_id)
    answer = make_response(content)
    answer.mimetype = media_type
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.post("/partner/<int:partner_id>/logo")
@needs("partner.edit")
def set_logo(partner_id: int) -> Response:
    partner = rules.find_partner(g.who, partner_id, "partner.edit")
    form = LogoForm()
    if not form.validate():
        return settings_page(partner, ("picture",), 422, logo_form=form)
    try:
        partner = logos.set_logo(g.who, partner_id, form.logo.data.read(logos.MOST_BYTES + 1), form.version.data)
    except Refused as refusal:
        status = status_of(form, refusal)
        return settings_page(rules.find_partner(g.who, partner_id), ("picture",), status, logo_form=form)
    return logo_saved(partner, "Logo saved.")


@blueprint.post("/partner/<int:partner_id>/logo/remove")
@needs("partner.edit")
def remove_logo(partner_id: int) -> Response:
    form = LogoForm()
    try:
        partner = logos.remove_logo(g.who, partner_id, form.version.data)
    except ChangedMeanwhile as refusal:
        status_of(form, refusal)
        return settings_page(rules.find_partner(g.who, partner_id), ("picture",), 409, logo_form=form)
    return logo_saved(partner, "Logo removed.")


def logo_saved(partner: Any, said: str) -> Response:
    """The logo's part, and the new version for the settings form beside it, whose typing stays."""
    address = url_for("partners.settings", partner_id=partner.id)
    return saved(address, "partners/settings.html", ["picture", "seen"], said, **settings_facts(partner))


# --- partners of the installation ----------------------------------------------------------------


@blueprint.get("/partners/")
@needs("partners.manage")
def index() -> Response:
    partners = rules.partners_for(g.who, "partners.manage")
    return page("partners/list.html", ["partners"], partners=partners, may_add=True)


@blueprint.get("/partners/new")
@needs("partners.manage")
def new_partner() -> Response:
    return page("partners/new.html", ["partner"], form=NewPartnerForm())


@blueprint.post("/partners/new")
@needs("partners.manage")
def add_partner() -> Response:
    form = NewPartnerForm()
    if not form.validate():
        return page("partners/new.html", ["partner"], 422, form=form)
    try:
        partner = rules.add_partner(g.who, form.name.data, form.currency.data, form.timezone.data)
    except Refused as refusal:
        return page("partners/new.html", ["partner"], status_of(form, refusal), form=form)
    address = url_for("partners.settings", partner_id=partner.id)
    return gone_to(address, f"{partner.name} added. Next, invite its first administrator under People.")


@blueprint.post("/partner/<int:partner_id>/close")
@needs("partners.manage")
def close(partner_id: int) -> Response:
    partner = rules.close_partner(g.who, partner_id)
    address = url_for("partners.settings", partner_id=partner_id)
    return gone_to(address, f"{partner.name} is closed. Its people can still read.")


@blueprint.post("/partner/<int:partner_id>/reopen")
@needs("partners.manage")
def reopen(partner_id: int) -> Response:
    partner = rules.reopen_partner(g.who, partner_id)
    return gone_to(url_for("partners.settings", partner_id=partner_id), f"{partner.name} is open again.")


# --- catalogue -----------------------------------------------------------------------------------


@blueprint.get("/catalogue/")
@needs("catalogue.edit")
def catalogue() -> Response:
    return page("partners/catalogue.html", ["products"], products=products.products_for(g.who))


@blueprint.get("/catalogue/new")
@needs("catalogue.edit")
def new_product() -> Response:
    return product_page(ProductForm())


@blueprint.post("/catalogue/new")
@needs("catalogue.edit")
def add_product() -> Response:
    form = ProductForm()
    if not form.validate():
        return product_page(form, status=422)
    try:
        product = products.add_product(g.who, form.entry())
    except Refused as refusal:
        return product_page(form, status=status_of(form, refusal))
    return gone_to(
        url_for("partners.catalogue"), f"{product.name} added. It can be ordered where it has a contracted price."
    )


@blueprint.get("/catalogue/<int:product_id>")
@needs("catalogue.edit")
def product(product_id: int) -> Response:
    found = products.find_product(g.who, product_id)
    return product_page(ProductForm(obj=found), found)


@blueprint.post("/catalogue/<int:product_id>")
@needs("catalogue.edit")
def save_product(product_id: int) -> Response:
    found = products.find_product(g.who, product_id)
    form = ProductForm()
    if not form.validate():
        return product_page(form, found, 422)
    try:
        found, changes = products.change_product(g.who, product_id, form.entry(), form.version.data)
    except Refused as refusal:
        status = status_of(form, refusal)
        found = products.find_product(g.who, product_id)
        if status == 409:
            form.version.data = found.version
        return product_page(form, found, status, meanwhile=products.entry_of(found) if status == 409 else None)
    said = f"{found.name} saved: {changes}." if changes else f"Nothing of {found.name} was changed."
    return gone_to(url_for("partners.catalogue"), said)


def product_page(form: ProductForm, found: Any = None, status: int = 200, meanwhile: Any = None) -> Response:
    """`found`: the product as saved, None for a new one. `meanwhile`: its newer entry beside the typing."""
    here = url_for("partners.product", product_id=found.id) if found else url_for("partners.new_product")
    return page("partners/product.html", ["product"], status, form=form, product=found, here=here, meanwhile=meanwhile)


# --- contracted prices ---------------------------------------------------------------------------


@blueprint.get("/partner/<int:partner_id>/prices")
@needs("partner.see")
def price_lists(partner_id: int) -> Response:
    return page("partners/prices.html", ["prices"], **price_facts(partner_id))


def price_facts(partner_id: int) -> dict[str, Any]:
    return {
        "partner": rules.find_partner(g.who, partner_id),
        "priced": prices.price_lists(g.who, partner_id),
        "may_edit": g.who.may("prices.edit"),
        "tabs": tabs(partner_id, "partners.price_lists"),
    }


@blueprint.get("/partner/<int:partner_id>/prices/new")
@needs("prices.edit")
def new_price(partner_id: int) -> Response:
    return price_page(partner_id, PriceForm())


@blueprint.post("/partner/<int:partner_id>/prices/new")
@needs("prices.edit")
def add_price(partner_id: int) -> Response:
    form = PriceForm()
    form.offer(products.offered(g.who))
    if not form.validate():
        return price_page(partner_id, form, 422)
    try:
        prices.contract_price(g.who, partner_id, form.prices())
    except prices.WrongTiers as refusal:
        refuse(form, form.field_of_tier(refusal.place), refusal.sentence)
        return price_page(partner_id, form, 422)
    except Refused as refusal:
        return price_page(partner_id, form, status_of(form, refusal))
    return gone_to(url_for("partners.price_lists", partner_id=partner_id), "Price list added.")


def price_page(partner_id: int, form: PriceForm, status: int = 200) -> Response:
    partner = rules.find_partner(g.who, partner_id, "prices.edit")
    form.offer(products.offered(g.who))
    return page("partners/new_price.html", ["price"], status, partner=partner, form=form)


@blueprint.post("/partner/<int:partner_id>/prices/<int:price_id>/remove")
@needs("prices.edit")
def remove_price(partner_id: int, price_id: int) -> Response:
    removed = prices.remove_price(g.who, partner_id, price_id)
    address = url_for("partners.price_lists", partner_id=partner_id)
    said = f"Price list of {removed.product.name} removed."
    return saved(address, "partners/prices.html", ["prices"], said, **price_facts(partner_id))


@blueprint.get("/partner/<int:partner_id>/prices/import")
@needs("prices.edit")
def price_file(partner_id: int) -> Response:
    return import_page(partner_id, PriceFileForm())


@blueprint.post("/partner/<int:partner_id>/prices/import")
@needs("prices.edit")
def preview_prices(partner_id: int) -> Response:
    """Show what the file would do. Saves nothing."""
    rules.find_partner(g.who, partner_id, "prices.edit")
    form = PriceFileForm()
    if not form.validate():
        return import_page(partner_id, form, status=422)
    try:
        preview = price_import.preview_prices(g.who, partner_id, form.file.data.read(MOST_BYTES + 1))
    except Refused as refusal:
        refusal.field = "file"
        return import_page(partner_id, form, status=status_of(form, refusal))
    return import_page(partner_id, form, preview, 422 if preview.wrong_rows else 200)


@blueprint.post("/partner/<int:partner_id>/prices/import/confirm")
@needs("prices.edit")
def import_prices(partner_id: int) -> Response:
    """Save the rows of a preview: all of them, or none."""
    rules.find_partner(g.who, partner_id, "prices.edit")
    form = PriceFileForm(formdata=None)
    secret = current_app.config["SECRET_KEY"]
    try:
        rows = price_import.unsealed(CheckedPricesForm().rows.data or "", partner_id, g.who, secret)
        count = price_import.import_prices(g.who, partner_id, rows)
    except price_import.RowsRefused as refusal:
        form.form_errors.append(refusal.sentence)
        return import_page(partner_id, form, refusal.preview, 409)
    except Refused as refusal:
        return import_page(partner_id, form, status=status_of(form, refusal))
    address = url_for("partners.price_lists", partner_id=partner_id)
    return gone_to(address, f"{count} price {'list' if count == 1 else 'lists'} imported.")


def import_page(partner_id: int, form: PriceFileForm, preview: Any = None, status: int = 200) -> Response:
    partner = rules.find_partner(g.who, partner_id, "prices.edit")
    secret = current_app.config["SECRET_KEY"]
    good = preview is not None and not preview.wrong_rows
    rows = price_import.sealed(preview.rows, partner_id, g.who, secret) if good else ""
    return page("partners/import.html", ["import"], status, partner=partner, form=form, preview=preview, sealed=rows)


@blueprint.get("/partner/<int:partner_id>/prices/template.csv")
@needs("prices.edit")
def price_template(partner_id: int) -> Response:
    answer = make_response(write_csv(price_import.template_rows(g.who, partner_id)))
    answer.mimetype = "text/csv"
    answer.headers["Content-Disposition"] = 'attachment; filename="contracted-prices.csv"'
    return answer
