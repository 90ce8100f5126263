"""The form of a prospect. What may be typed is decided by entries.py; here it is read, and shown again."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from wtforms import Field, FieldList, Form, FormField, HiddenField, SelectField, SelectMultipleField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from blueprints.customers import contact_forms
from blueprints.customers.contact_forms import PersonFields
from blueprints.customers.contacts import ContactEntry
from blueprints.customers.domains import shown_domain
from blueprints.prospects import entries
from blueprints.prospects.entries import Entry
from blueprints.web import choices
from blueprints.web.fields import Line, LongList, VersionedForm, Whole, refuse, whole_id

CHOOSE = "Choose one from the list."
Choices = Mapping[Any, str]  # what is sent → what people read
NONE: Choices = MappingProxyType({})


class Choice(SelectField):
    """One of a few; what is not among them is refused in our words."""

    widget = LongList()

    def __init__(self, label: str, offered: Choices = NONE, **rest: Any) -> None:
        super().__init__(label, choices=dict(offered), invalid_choice_message=CHOOSE, **rest)


class Products(SelectMultipleField):
    """Tick boxes. Whether a product may be wanted is the rules' to say; one ticked twice counts once."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, **rest: Any) -> None:
        super().__init__(label, [Optional()], coerce=whole_id, validate_choice=False, choices={}, **rest)


class Rows(FieldList):
    """Repeated fields, whose names bring their numbers; what is no short number is no row."""

    def __init__(self, *given: Any, **rest: Any) -> None:
        super().__init__(*given, **rest)
        self.type = "FieldList"  # by this the parts of templates know it

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        for name in formdata:
            number = name.removeprefix(f"{prefix}-").split("-", 1)[0] if name.startswith(f"{prefix}-") else ""
            if number.isascii() and number.isdigit() and len(number) <= 3:
                yield int(number)


class RecordId(HiddenField):
    """The id of the record that a row is about; 0 for a new one, and for what is no id."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = whole_id(valuelist[0]) if valuelist else 0


class ContactForm(PersonFields):
    """A person at the prospect."""

    id = RecordId(default=0)

    def entry(self) -> ContactEntry:
        return self.typed(self.id.data or 0)


class ProspectForm(VersionedForm):
    """`region`: where phone numbers are from if they do not say so; the MSP's country."""

    partner = Choice("MSP", coerce=whole_id)
    name = Line("Company name", most=entries.LONGEST_NAME, required=True)
    company_type = Choice("Company type", entries.COMPANY_TYPES, default="company")
    primary_domain = Line("Primary domain", most=253, required=True)
    website = Line("Website", most=500)
    sector = Choice("Sector", {"": "Not given"} | dict(zip(entries.SECTORS, entries.SECTORS, strict=True)))
    street = Line("Street and number")
    postcode = Line("Postcode", most=20)
    city = Line("City")
    region = Line("State or region")
    country = Choice("Country")
    account_type = Choice("Account type", entries.ACCOUNT_TYPES, default="standard")
    permitted_users = Whole("Permitted users", required=False)
    products = Products("Products wanted")
    lead = FormField(ContactForm, "Implementation Lead")
    others = Rows(FormField(ContactForm), "Other contacts", max_entries=entries.MOST_CONTACTS)

    def __init__(
        self, *given: Any, phones_from: str = "", products: Choices = NONE, partners: Choices = NONE, **rest: Any
    ) -> None:
        super().__init__(*given, **rest)
        self.phones_from = phones_from
        self.products.choices = dict(products)
        self.country.choices = {"": "Not given"} | dict(choices.countries())
        self.partner.choices = dict(partners)
        if not self.partner.choices:
            del self.partner

    def validate(self, extra_validators: Any = None) -> bool:
        """Everything that is wrong at once: the shape of each field, then what entries.py says of it."""
        good = super().validate(extra_validators)
        for name, sentence in entries.wrong_fields(self.entry(), self.phones_from):
            if not self.field_named(name).errors:
                self.refuse(name, sentence)
                good = False
        return good

    def refuse(self, name: str, sentence: str) -> None:
        """Put a sentence beside the field it belongs to; names as in `entries.wrong_fields`."""
        field = self.field_named(name)
        if isinstance(field, ProspectForm):
            refuse(self, "", sentence)
        else:
            field.errors = [*field.errors, sentence]
        self.others.errors = [each.errors for each in self.others.entries if each.errors] or self.others.errors

    def field_named(self, name: str) -> Field | Form:
        """“others-2-phone” → that field; this form itself for a name that is none of its fields'."""
        holder, *place, inner = name.split("-") if "-" in name else ("", name)
        if holder == "lead":
            return self.lead.form[inner]
        if holder == "others" and place:
            return self.others.entries[int(place[0])].form[inner]
        if name in self:
            return self[name]
        return self

    def entry(self) -> Entry:
        """What was typed."""
        typed = {name: self[name].data or "" for name in entries.LABELS if name != "permitted_users"}
        return Entry(
            **typed,
            permitted_users=self.permitted_users.data or 0,
            product_ids=tuple(self.products.data or ()),
            lead=self.lead.form.entry(),
            others=tuple(each.form.entry() for each in self.others.entries),
        )

    def offer_row(self) -> bool:
        """One more row for a contact, unless there are as many as may be."""
        if len(self.others.entries) >= entries.MOST_CONTACTS:
            return False
        self.others.append_entry()
        return True


def filled_in(entry: Entry, **more: Any) -> dict[str, Any]:
    """An entry as the form's data: names in their own letters, numbers as people read them."""
    columns = entries.columns_of(entry)
    return {
        **columns,
        "primary_domain": shown_domain(entry.primary_domain),
        "products": list(entry.product_ids),
        "lead": contact_forms.filled_in(entry.lead),
        "others": [contact_forms.filled_in(contact) for contact in entry.others],
        **more,
    }
