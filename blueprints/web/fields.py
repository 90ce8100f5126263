"""Form fields that refuse what no field may carry: control characters, NUL, endless text, endless numbers."""

import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    Field,
    HiddenField,
    IntegerField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, StopValidation, ValidationError
from wtforms.widgets import Select, TextInput

from blueprints.web.amounts import MOST_USERS, amount
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused

LINE = 200
TEXT = 4_000
LONGEST_MOMENT = len("2026-11-21T08:00:00")


def tidy(value: str | None) -> str | None:
    """Composed form (NFC), outer white space gone, line ends as \\n."""
    if value is None:
        return None
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def shown(value: str | None) -> str:
    """What was typed, as it can be shown again: what HTML cannot carry becomes a visible “�”."""
    return "".join("\ufffd" if unshowable(character) else character for character in value or "")


def unshowable(character: str) -> bool:
    return (unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t") or character in "\ufffe\uffff"


def no_control_characters(allowed: str = "") -> Callable[[Any, Field], None]:
    """Refuse what is invisible and dangerous: controls, lone surrogates, direction overrides."""

    def check(_: Any, field: Field) -> None:
        for character in field.data or "":
            if character in allowed:
                continue
            if unicodedata.category(character) in ("Cc", "Cs") or character in "\u202a\u202b\u202d\u202e\ufffe\uffff":
                raise ValidationError("This contains an invisible control character. Type it anew instead of pasting.")

    return check


class Required(InputRequired):
    """Something must be typed, and white space is nothing."""

    def __call__(self, _: Any, field: Field) -> None:
        if not (field.raw_data and field.raw_data[0].strip()):
            raise StopValidation(self.message)


class Line(StringField):
    """One line of text, tidied and at most `most` characters."""

    def __init__(self, label: str, required: bool = False, most: int = LINE, validators: Any = (), **rest: Any) -> None:
        checks = [
            Required("Fill this in.") if required else Optional(),
            Length(max=most, message=f"At most {most} characters."),
            no_control_characters(),
            *validators,
        ]
        super().__init__(label, checks, filters=[tidy], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0] if valuelist else ""

    def _value(self) -> str:
        return shown(self.data)


class Text(TextAreaField):
    """Several lines of text."""

    def __init__(self, label: str, required: bool = False, most: int = TEXT, validators: Any = (), **rest: Any) -> None:
        checks = [
            Required("Fill this in.") if required else Optional(),
            Length(max=most, message=f"At most {most} characters."),
            no_control_characters("\n\t"),
            *validators,
        ]
        super().__init__(label, checks, filters=[tidy], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0] if valuelist else ""

    def _value(self) -> str:
        return shown(self.data)


def within(least: int, most: int, bounds: str) -> Callable[[Any, Field], None]:
    """Refuse a number outside; what is no number at all was refused with the same words before."""

    def check(_: Any, field: Field) -> None:
        if field.data is not None and not least <= field.data <= most:
            raise ValidationError(bounds)

    return check


class Whole(IntegerField):
    """A whole number within bounds; refuses “1e9”, “١٢”, twelve megabytes of digits."""

    widget = TextInput()

    def __init__(self, label: str, least: int = 0, most: int = MOST_USERS, required: bool = True, **rest: Any) -> None:
        bounds = f"A whole number from {least:,} to {most:,}."
        super().__init__(
            label,
            [Required(bounds) if required else Optional(), within(least, most, bounds)],
            **rest,
        )
        self.bounds = bounds

    def process_formdata(self, valuelist: list[str]) -> None:
        given = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not given:
            return
        bare = given.removeprefix("-")
        if not bare.isascii() or not bare.isdigit() or len(bare) > 12:
            raise ValueError(self.bounds)
        self.data = int(given)

    def _value(self) -> str:
        return shown(self.raw_data[0]) if self.raw_data else "" if self.data is None else str(self.data)


class Amount(DecimalField):
    """An amount of money with at most four decimals, typed with a point or a comma."""

    widget = TextInput()

    def __init__(self, label: str, required: bool = True, **rest: Any) -> None:
        super().__init__(label, [Required("An amount such as 2.50.") if required else Optional()], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        given = valuelist[0].strip() if valuelist else ""
        self.data = None
        if given:
            self.data = amount(given)

    def _value(self) -> str:
        return shown(self.raw_data[0]) if self.raw_data else "" if self.data is None else f"{self.data.normalize():f}"


class LongList(Select):
    """A list to choose from with hundreds of options, such as countries and time zones: each is drawn once."""

    @classmethod
    def render_option(cls, choice: Any, **_: object) -> Markup:
        return option(choice.value, choice.label or choice.value, choice.selected)


@lru_cache(maxsize=2_000, typed=True)
def option(value: object, label: object, selected: bool) -> Markup:
    drawn = '<option selected value="{}">{}</option>' if selected else '<option value="{}">{}</option>'
    return Markup(drawn).format(value, label)  # noqa: S704 - one of the two texts above


class Tick(BooleanField):
    """A box to tick. Its value is ours, whatever was sent."""

    def _value(self) -> str:
        return "y"


class CalendarDay(DateField):
    """A day from 1990 to 2100."""

    def __init__(self, label: str, required: bool = False, **rest: Any) -> None:
        super().__init__(label, [Required("Choose a day.") if required else Optional()], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        given = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not given:
            return
        try:
            self.data = date.fromisoformat(given) if len(given) == 10 else None
        except ValueError:
            self.data = None
        if self.data is None or not 1990 <= self.data.year <= 2100:
            self.data = None
            raise ValueError("A day such as 2026-11-21, from 1990 to 2100.")

    def _value(self) -> str:
        return shown(self.raw_data[0]) if self.raw_data else self.data.isoformat() if self.data else ""


class DayAndTime(DateTimeLocalField):
    """A day and a time of day on the clock of whoever types it, so without a zone; from 1990 to 2100."""

    def __init__(self, label: str, required: bool = True, **rest: Any) -> None:
        super().__init__(label, [Required("Choose a day and a time.") if required else Optional()], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        given = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not given:
            return
        try:
            read = datetime.fromisoformat(given) if len(given) <= LONGEST_MOMENT and "T" in given else None
        except ValueError:
            read = None
        if read is None or read.tzinfo is not None or not 1990 <= read.year <= 2100:
            raise ValueError("A day and a time such as 2026-11-21T08:00, from 1990 to 2100.")
        self.data = read

    def _value(self) -> str:
        return shown(self.raw_data[0]) if self.raw_data else self.data.strftime("%Y-%m-%dT%H:%M") if self.data else ""


class Version(HiddenField):
    """The version of the record that the person saw; what cannot be read counts as never seen."""

    def process_formdata(self, valuelist: list[str]) -> None:
        given = valuelist[0] if valuelist else ""
        self.data = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def whole_id(given: object) -> int:
    """A record's id as a form brings it; what is none becomes 0, which is nobody's."""
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


class VersionedForm(FlaskForm):
    """A form of a record that others may change meanwhile."""

    version = Version()


def refuse(form: FlaskForm, field: str, sentence: str) -> None:
    """Put a rule's refusal beside the field it belongs to (or on top of the form)."""
    if field and field in form:
        form[field].errors = [*form[field].errors, sentence]
    else:
        form.form_errors.append(sentence)


def status_of(form: FlaskForm, refusal: Refused) -> int:
    """Put the refusal into the form; the status it is answered with. What is not there or not allowed goes on."""
    if isinstance(refusal, NotThere | MayNot):
        raise refusal
    refuse(form, refusal.field, refusal.sentence)
    return 409 if isinstance(refusal, ChangedMeanwhile) else 422
