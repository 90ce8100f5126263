"""What a takeover costs the receiving MSP: its own contracted prices on the day, and nothing once.

One-time fees are for setting a product up. It is set up already, so none is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from blueprints.orders.addendum import hash_of
from blueprints.orders.pricing import NoPrice, Quote, quote
from blueprints.partners.prices import prices_on
from data.partners import Partner
from data.transfers import TransferLine


@dataclass(frozen=True)
class Costs:
    """`quote`: None while a product has no price; `unpriced`: the names of those."""

    quote: Quote | None
    unpriced: tuple[str, ...]

    @property
    def mark(self) -> str:
        """What the page shows, in short: changes when any price does."""
        if self.quote is None:
            return ""
        lines = [
            [line.product_id, f"{line.monthly_per_user:f}", f"{line.monthly_total:f}"] for line in self.quote.lines
        ]
        return hash_of({"currency": self.quote.currency, "lines": lines})[:16]


def costs_of(partner: Partner, lines: Sequence[TransferLine], permitted_users: int, day: date) -> Costs:
    """Prices of the products that move, for this MSP from this day on. `lines`: need product and name alone."""
    lists = prices_on(partner.id, day)
    quoted, unpriced = [], []
    for line in lines:
        try:
            (priced,) = quote([line.product_id], permitted_users, lists, partner.currency).lines
        except NoPrice:
            unpriced.append(line.name)
        else:
            quoted.append(replace(priced, one_time_fee=priced.one_time_fee * 0))
    return Costs(None if unpriced else Quote(partner.currency, tuple(quoted)), tuple(unpriced))
