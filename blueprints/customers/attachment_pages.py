"""What the pages of attachments show, for the routes here and for the page of the whole customer."""

from functools import cache
from typing import Any

from flask import url_for

from blueprints.accounts.standing import Standing
from blueprints.customers.attachments import PAGE, filed_under
from blueprints.customers.forms import UploadForm
from data.customers import Customer


def attachments_facts(
    who: Standing, customer: Customer, before: int = 0, form: UploadForm | None = None, most: int = PAGE
) -> dict[str, Any]:
    """The panel of attachments: the newest ones or those before a key, at most so many at once, and the form for more.

    `filed_at` is the address of the list, on which each attachment builds its own.
    """
    return {
        "customer": customer,
        "filed": filed_under(who, customer, before, most),
        "filed_at": base_of(customer),
        "newest": not before,
        "uploading": form or nothing_chosen(),
    }


@cache
def nothing_chosen() -> UploadForm:
    """The form as it is first shown, the same to everybody (the page writes the token itself)."""
    return UploadForm(formdata=None, meta={"csrf": False})


def base_of(customer: Customer) -> str:
    return url_for("attachments.listed", customer_id=customer.id)
