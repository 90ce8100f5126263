"""Forms of partner settings, partners, products and prices. What the typing means is decided by the rules."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import Field, HiddenField, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.partners import rules
from blueprints.partners.catalogue import SERVICE_NAMES, Entry
from blueprints.partners.prices import PriceList
from blueprints.partners.waiting import MOST_DAYS
from blueprints.web import choices
from blueprints.web.fields import (
    Amount,
    CalendarDay,
    Line,
    LongList,
    Required,
    Text,
    Tick,
    VersionedForm,
    Whole,
    refuse,
)
from blueprints.web.refusals import Refused

MOST_TIERS = 6
CHOOSE = "Choose one from the list."


class Choice(SelectField):
    """One of a list that is made when the form is: `known()` gives it, `blank` names the choice of none."""

    widget = LongList()

    def __init__(
        self, label: str, known: Callable[[], choices.Choices], blank: str = "", required: bool = True, **rest: Any
    ) -> None:
        checks = [Required(CHOOSE)] if required else []
        super().__init__(label, checks, invalid_choice_message=CHOOSE, **rest)
        self.known = known
        self.blank = blank

    def process_data(self, value: str | None) -> None:
        """A value the list has no more (a zone that was renamed, say) stays choosable where it was chosen."""
        super().process_data(value)
        kept = {self.data: self.data} if self.data else {}
        self.choices = ({"": self.blank} if self.blank else {}) | kept | dict(self.known())


class PartnerForm(VersionedForm):
    """The settings of a partner, named as the rules name them."""

    name = Line("Name of the MSP", required=True)
    street = Line("Street and number")
    postcode = Line("Postcode", most=20)
    city = Line("City")
    region = Line("State or region")
    country = Choice("Country", choices.countries, blank="Not given", required=False)
    agreement_name = Line("Name of the agreement", required=True)
    agreement_date = CalendarDay("Date of the agreement")
    currency = Choice("Currency", choices.currencies)
    timezone = Choice("Time zone", choices.timezones)
    outbound_ips = Text("Outbound IPs")
    inbound_ips = Text("Inbound IPs")
    smart_host = Line("Smart host", most=253)
    reply_to = Line("Reply-to address", most=254)
    rfi_reminder_days = Line("RFI reminders on day", most=100)
    rfi_close_days = Whole("Close an unanswered project after", most=MOST_DAYS)
    change_billing = Choice("Changes are paid", choices.billings)

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask the rules about every field, so that all that is wrong is said at once."""
        good = super().validate(extra_validators)
        for name, value in self.typed().items():
            if self[name].errors:
                continue
            try:
                rules.check_setting(name, value)
            except Refused as refusal:
                refuse(self, name, refusal.sentence)
                good = False
        return good

    def typed(self) -> dict[str, Any]:
        """What was typed, by the names of the settings."""
        return {field.name: field.data for field in self if field.name not in ("version", "csrf_token")}


class NewPartnerForm(FlaskForm):
    """An MSP to add."""

    name = Line("Name of the MSP", required=True)
    currency = Choice("Currency", choices.currencies, blank="Choose a currency")
    timezone = Choice("Time zone", choices.timezones, blank="Choose a time zone")


class LogoForm(VersionedForm):
    """A picture to upload. What it is, is seen from its bytes alone."""

    logo = FileField("PNG or JPEG file", [FileRequired("Choose a PNG or JPEG file.")])


class ProductForm(VersionedForm):
    """A product of the catalogue."""

    code = Line("Code", required=True, most=20)
    name = Line("Name", required=True)
    description = Text("Description", most=1_000)
    services = SelectMultipleField(
        "Services it switches on",
        choices=SERVICE_NAMES,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=False,  # the rules refuse what is no service
    )
    active = Tick("Can be ordered", default=True)

    def entry(self) -> Entry:
        return Entry(
            code=self.code.data,
            name=self.name.data,
            description=self.description.data or "",
            services=tuple(self.services.data),
            active=self.active.data,
        )


class PriceForm(FlaskForm):
    """A price list of one product, with up to six tiers; a tier left empty does not count."""

    product = SelectField("Product", [Required(CHOOSE)], invalid_choice_message=CHOOSE)
    valid_from = CalendarDay("Valid from", required=True)
    one_time_fee = Amount("One-time fee", default=Decimal(0))

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        for field in (field for pair in self.tiers() for field in pair):
            field.flags.optional = False  # the hint of the tiers says it once for all

    def offer(self, products: Iterable[tuple[int, str]]) -> None:
        """The products that can be chosen: id and name."""
        self.product.choices = {"": "Choose a product"} | {str(id_): name for id_, name in products}

    def tiers(self) -> list[tuple[Field, Field]]:
        """The pairs of fields, one pair a tier."""
        return [(self[f"users_{place}"], self[f"monthly_{place}"]) for place in range(1, MOST_TIERS + 1)]

    def filled_tiers(self) -> list[tuple[Field, Field]]:
        return [pair for pair in self.tiers() if any(map(filled, pair))]

    def validate(self, extra_validators: Any = None) -> bool:
        good = super().validate(extra_validators)
        for pair in self.filled_tiers():
            for field in pair:
                if not filled(field):
                    field.errors = ["This half of the tier is missing."]
                    good = False
        return good

    def prices(self) -> PriceList:
        """The price list as typed; whether its tiers rise is for the rules to say."""
        tiers = tuple((users.data, monthly.data) for users, monthly in self.filled_tiers())
        return PriceList(int(self.product.data), self.valid_from.data, self.one_time_fee.data, tiers)

    def field_of_tier(self, place: int) -> str:
        """The name of the field where the tier at `place` of `prices()` begins."""
        tiers = self.filled_tiers() or self.tiers()
        return tiers[place][0].name


for place_of_tier in range(1, MOST_TIERS + 1):
    setattr(PriceForm, f"users_{place_of_tier}", Whole(f"Tier {place_of_tier}, users from", least=1, required=False))
    setattr(PriceForm, f"monthly_{place_of_tier}", Amount(f"Tier {place_of_tier}, each a month", required=False))


def filled(field: Field) -> bool:
    """Whether anything was typed in it, right or wrong."""
    return bool(field.raw_data and field.raw_data[0].strip())


class PriceFileForm(FlaskForm):
    """A CSV file with prices."""

    file = FileField("CSV file", [FileRequired("Choose a CSV file.")])


class CheckedPricesForm(FlaskForm):
    """The rows of a preview, sealed."""

    rows = HiddenField()
