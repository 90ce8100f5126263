"""What people type into the form of a prospect."""

from typing import Any


def typed(**changed: Any) -> dict[str, Any]:
    """A prospect as a browser sends it, with everything filled in; `changed` by field name."""
    return {
        "name": "Müller Präzision GmbH",
        "primary_domain": "mueller.example",
        "company_type": "company",
        "website": "https://www.mueller.example",
        "sector": "Manufacturing",
        "street": "Hafenstraße 5",
        "postcode": "20457",
        "city": "Hamburg",
        "region": "",
        "country": "DE",
        "account_type": "trial",
        "permitted_users": "48",
        "lead-id": "0",
        "lead-first_name": "Ines",
        "lead-last_name": "Müller",
        "lead-email": "ines@mueller.example",
        "lead-phone": "+49 40 123456",
        "lead-job_title": "Head of IT",
    } | {name.replace("__", "-"): value for name, value in changed.items()}
