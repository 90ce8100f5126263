"""Forms about mailboxes: how they are signed in to, lists that come in and go out, one of them."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, PasswordField, RadioField, SelectChoice
from wtforms.validators import Length, Optional

from blueprints.plans.mailbox_export import FORMATS
from blueprints.plans.mailbox_lists import LONGEST_NAME, LONGEST_PASSWORD, LONGEST_USER
from blueprints.web.fields import Line, Tick, VersionedForm, no_control_characters

LONGEST_TOKEN = 8_000  # characters; a signed token that names many rights has some thousand
SECURITY = (("tls", "TLS, port 993"), ("starttls", "STARTTLS, port 143"), ("none", "None, port 143"))
LOGIN = (
    ("list", "Each mailbox with its own password"),
    ("admin", "An administrator’s name and password for all of them"),
    ("token", "A token (OAuth 2), one for all or one for each"),
)


def options(pairs: tuple[tuple[str, str], ...]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


class Secret(PasswordField):
    """What is typed, white space and all; never shown again."""

    def __init__(self, label: str, most: int = LONGEST_PASSWORD, **rest: Any) -> None:
        too_long = Length(max=most, message=f"At most {most:,} characters.")
        super().__init__(label, [Optional(strip_whitespace=False), too_long, no_control_characters()], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0] if valuelist else ""


class SourceForm(VersionedForm):
    host = Line("IMAP server", required=True, most=253)
    security = RadioField("Encryption", choices=options(SECURITY), default="tls")
    login = RadioField("How mailboxes are signed in to", choices=options(LOGIN), default="list")
    admin = Line("Administrator’s user name", most=LONGEST_USER)
    admin_form = Line("How the two names are joined", most=100)
    secret = Secret("Administrator’s password, or token", most=LONGEST_TOKEN)
    forget = Tick("Forget the password or token that is kept")
    accepted = Line("Fingerprint of a certificate to accept", most=120)


class UploadForm(FlaskForm):
    file = FileField("CSV file", [FileRequired("Choose a file.")])


class KeepForm(FlaskForm):
    """`seen`: the stamp of the list that the person looked at."""

    seen = HiddenField()
    replace = Tick("Take away the mailboxes that are not in this file")


class MailboxForm(VersionedForm):
    """`address`: of the mailbox that it was filled in for; ids of deleted ones are given again."""

    address = HiddenField()
    login = Line("User name on the old server", most=LONGEST_USER)
    name = Line("Name", most=LONGEST_NAME)
    target = Line("Address on the new side", most=LONGEST_USER)
    secret = Secret("New password or token", most=LONGEST_TOKEN)


class LeaveOutForm(FlaskForm):
    out = Tick("Leave it out")


class TestForm(FlaskForm):
    which = RadioField("Which", choices=options((("all", "All"), ("rest", "The rest"))), default="all")


class ExportForm(FlaskForm):
    format = RadioField("What for", choices=options(tuple(FORMATS.items())), default="list")
    passwords = Tick("With the passwords, in plain text: I give this file to nobody but the import")
