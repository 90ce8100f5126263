"""Roles a person can hold over a partner or a customer, and what each permits."""

from enum import StrEnum


class Role(StrEnum):
    """Highest first. NONE exists to take a single customer away from a person who sees the rest."""

    PARTNER_ADMIN = "partner_admin"
    MSP_ADMIN = "msp_admin"
    TECHNICIAN = "technician"
    VIEWER = "viewer"
    NONE = "none"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]


ROLE_LABELS = {
    Role.PARTNER_ADMIN: "Partner administrator",
    Role.MSP_ADMIN: "MSP administrator",
    Role.TECHNICIAN: "Technician",
    Role.VIEWER: "Viewer",
    Role.NONE: "No access",
}

SEE = frozenset({"prospects.see", "customers.see", "orders.see", "attachments.see"})
WORK = SEE | {"customers.edit"}
SELL = WORK | {
    "prospects.edit",
    "orders.edit",
    "orders.submit",
    "customers.cancel",
    "rfi.links",
    "mailroom.see",
    "mailroom.send",
    "alerts.edit",
}
RUN = SELL | {"people.manage", "partner.edit", "partner.see", "console.open", "console.delegate"}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.PARTNER_ADMIN: RUN,
    Role.MSP_ADMIN: SELL | {"partner.see"},
    Role.TECHNICIAN: WORK,
    Role.VIEWER: SEE,
    Role.NONE: frozenset(),
}

# The provider's own work, done by operators only and over the whole installation.
OPERATOR_ONLY = frozenset(
    {"partners.manage", "catalogue.edit", "prices.edit", "rfi.restart", "cancellations.process", "transfers.confirm"}
)
ALL_PERMISSIONS = RUN | OPERATOR_ONLY


def roles_with(permission: str) -> tuple[Role, ...]:
    """The roles that permit it; () for what only operators may do. KeyError for an unknown permission."""
    if permission not in ALL_PERMISSIONS:
        raise KeyError(permission)
    return tuple(role for role, permitted in PERMISSIONS.items() if permission in permitted)
