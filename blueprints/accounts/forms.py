"""The forms of signing in (Flask-Security's, in our words) and of the account and people pages."""

from collections.abc import Iterable
from typing import Any

from flask_security import (
    ChangePasswordForm,
    ForgotPasswordForm,
    LoginForm,
    MfRecoveryForm,
    ResetPasswordForm,
    TwoFactorVerifyCodeForm,
    VerifyForm,
    hash_password,
)
from flask_security.forms import valid_user_email
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, HiddenField, PasswordField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, StopValidation

from blueprints.accounts.addresses import plain_address
from blueprints.accounts.passwords import password_faults
from blueprints.accounts.rules import ROLE_CHOICES, USUAL_ROLE
from blueprints.web import choices
from blueprints.web.fields import Line, VersionedForm, Whole, shown

LONGEST_PASSWORD = 128
SHORTEST_PASSWORD = 12


class Next(HiddenField):
    """Where to go on after signing in."""

    def _value(self) -> str:
        return shown(self.data)


class GoesOn:
    """Flask-Security checks where to go on when it goes there; an address of elsewhere is passed over, no error."""

    next = Next()

    def validate_next(self, _: Field) -> None:
        return


def is_address(_: Any, field: Field) -> None:
    """The plain form of a well-formed address; whether somebody has it is asked later."""
    try:
        field.data = plain_address(field.data or "")
    except ValueError as problem:
        raise StopValidation(str(problem)) from None


class Address(EmailField):
    """An email address in its plain form (addresses.py)."""

    def __init__(self, label: str = "Email address", validators: tuple[Any, ...] = (), **rest: Any) -> None:
        super().__init__(label, [InputRequired("Fill this in."), is_address, *validators], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0].strip() if valuelist else ""

    def _value(self) -> str:
        return shown(self.data)


class Password(PasswordField):
    """A password. `autocomplete`: current-password or new-password, for the browser's keeper of passwords."""

    def __init__(self, label: str, autocomplete: str, validators: tuple[Any, ...] = (), **rest: Any) -> None:
        checks = [
            InputRequired("Fill this in."),
            Length(max=LONGEST_PASSWORD, message=f"At most {LONGEST_PASSWORD} characters."),
            *validators,
        ]
        super().__init__(label, checks, render_kw={"autocomplete": autocomplete}, **rest)


def strong_enough(_: Any, field: Field) -> None:
    if faults := password_faults(field.data or ""):
        raise StopValidation(" ".join(faults))


def new_password(label: str = "New password") -> Password:
    return Password(
        label,
        "new-password",
        (strong_enough,),
        description=f"At least {SHORTEST_PASSWORD} characters. Four unrelated words are good and easy to keep.",
    )


def repeated(name: str, label: str = "The same password again") -> Password:
    return Password(label, "new-password", (EqualTo(name, "This differs from the password above."),))


class SignInForm(GoesOn, LoginForm):
    email = Address(render_kw={"autocomplete": "username"})
    password = Password("Password", "current-password")
    remember = None  # a session ends with the browser

    def __init__(self, *arguments: Any, **rest: Any) -> None:
        super().__init__(*arguments, **rest)
        self.password.description = ""  # Flask-Security puts a link there; the page has its own


class ConfirmForm(GoesOn, VerifyForm):
    password = Password("Password", "current-password")


class ForgottenPasswordForm(ForgotPasswordForm):
    email = Address(validators=(valid_user_email,), render_kw={"autocomplete": "username"})

    def validate(self, **rest: Any) -> bool:
        """Somebody invited has no password to be hashed into the link; that must not be the faster answer."""
        good = super().validate(**rest)
        if good and self.user.password is None:
            hash_password("not a password")
        return good


class SetPasswordForm(ResetPasswordForm):
    password = new_password()
    password_confirm = repeated("password")


class NewPasswordForm(ChangePasswordForm):
    password = Password("Current password", "current-password")
    new_password = new_password()
    new_password_confirm = repeated("new_password")


class CodeForm(TwoFactorVerifyCodeForm):
    """Six digits of the authenticator app; apps show them as “123 456”."""

    code = Line(
        "Code from your app",
        required=True,
        most=20,
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )


def code_in_fours(typed: str | None) -> str:
    """A recovery code as it is kept: lower case, in groups of four."""
    bare = "".join(character for character in (typed or "").lower() if character.isalnum())[:40]
    return "-".join(bare[start : start + 4] for start in range(0, len(bare), 4))


class RecoveryCodeForm(MfRecoveryForm):
    code = StringField(
        "Recovery code",
        [InputRequired("Type one of your recovery codes.")],
        filters=[code_in_fours],
        render_kw={"autocomplete": "off"},
    )


def options(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    """What a select or radio field offers, from (value, label)."""
    return [SelectChoice(value, label) for value, label in pairs]


def row_id(given: Any) -> int:
    """The number of a row. ValueError for what no database holds."""
    if not str(given).isascii() or not str(given).isdigit() or len(str(given)) > 18:
        raise ValueError("Choose from the list.")
    return int(given)


class AccountForm(VersionedForm):
    name = Line("Your name", required=True)
    timezone = SelectField("Time zone", description="Days and times are shown in it.")

    def __init__(self, *arguments: Any, **rest: Any) -> None:
        super().__init__(*arguments, **rest)
        self.timezone.choices = options(choices.timezones())


class AcceptForm(FlaskForm):
    """Whoever was invited chooses a password."""

    password = new_password("Password")
    password_confirm = repeated("password")


class InviteForm(FlaskForm):
    name = Line("Name", required=True)
    email = Address(render_kw={"autocomplete": "off"})
    role = SelectField("Role", choices=options(ROLE_CHOICES), default=USUAL_ROLE)
    partner = SelectField("Partner", coerce=row_id)


class PersonForm(VersionedForm):
    """`email` is for operators: whoever changes an address can have the password set anew."""

    name = Line("Name", required=True)
    email = Address()


class RoleForm(VersionedForm):
    role = SelectField("Role", choices=options(ROLE_CHOICES))


class CustomerRoleForm(VersionedForm):
    """Up or down for one customer; the empty role is the one over the partner."""

    customer = RadioField("Customer", [InputRequired("Choose a customer.")], coerce=row_id, validate_choice=False)
    role = SelectField("Role for this customer", choices=options((("", "As over the partner"), *ROLE_CHOICES)))


class SeenForm(VersionedForm):
    """A button that changes a person, as the page showed them."""


class SeekForm(FlaskForm):
    """What stands in the address of a list; nothing is changed by it."""

    class Meta:
        csrf = False

    q = Line("Search", most=100, render_kw={"type": "search", "autocomplete": "off"})
    page = Whole("Page", least=1, most=1_000_000, required=False)
