"""Form fields that refuse what no field may carry: control characters, NUL, endless text, endless numbers."""

import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
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


class Parsed:
    """A field whose text is read into something else; what cannot be read is shown again as it was typed.

    `read` raises ValueError with a sentence; `written` is how the field shows what is kept.
    """

    data: Any
    raw_data: list[str] | None

    def process_formdata(self, valuelist: list[str]) -> None:
        given = valuelist[0].strip() if valuelist else ""
        self.data = None
        if given:
            self.data = self.read(given)

    def _value(self) -> str:
        return shown(self.raw_data[0]) if self.raw_data else "" if self.data is None else self.written(self.data)

    def read(self, given: str) -> Any:
        raise NotImplementedError

    def written(self, kept: Any) -> str:
        return str(kept)


class Whole(Parsed, IntegerField):
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

    def read(self, given: str) -> int:
        bare = given.removeprefix("-")
        if not bare.isascii() or not bare.isdigit() or len(bare) > 12:
            raise ValueError(self.bounds)
        return int(given)


class Amount(Parsed, DecimalField):
    """An amount of money with at most four decimals, typed with a point or a comma."""

    widget = TextInput()

    def __init__(self, label: str, required: bool = True, **rest: Any) -> None:
        super().__init__(label, [Required("An amount such as 2.50.") if required else Optional()], **rest)

    def read(self, given: str) -> Decimal:
        return amount(given)

    def written(self, kept: Decimal) -> str:
        return f"{kept.normalize():f}"


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


class CalendarDay(Parsed, DateField):
    """A day from 1990 to 2100."""

    def __init__(self, label: str, required: bool = False, **rest: Any) -> None:
        super().__init__(label, [Required("Choose a day.") if required else Optional()], **rest)

    def read(self, given: str) -> date:
        try:
            found = date.fromisoformat(given) if len(given) == 10 else None
        except ValueError:
            found = None
        if found is None or not 1990 <= found.year <= 2100:
            raise ValueError("A day such as 2026-11-21, from 1990 to 2100.")
        return found


class DayAndTime(Parsed, DateTimeLocalField):
    """A day and a time of day on the clock of whoever types it, so without a zone; from 1990 to 2100."""

    def __init__(self, label: str, required: bool = True, **rest: Any) -> None:
        super().__init__(label, [Required("Choose a day and a time.") if required else Optional()], **rest)

    def read(self, given: str) -> datetime:
        try:
            found = datetime.fromisoformat(given) if len(given) <= LONGEST_MOMENT and "T" in given else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None or not 1990 <= found.year <= 2100:
            raise ValueError("A day and a time such as 2026-11-21T08:00, from 1990 to 2100.")
        return found

    def written(self, kept: datetime) -> str:
        return f"{kept:%Y-%m-%dT%H:%M}"


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
    for each in (refusal, *refusal.further):
        refuse(form, each.field, each.sentence)
    return 409 if isinstance(refusal, ChangedMeanwhile) else 422
