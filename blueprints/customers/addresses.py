"""Postal addresses as papers print them."""

from data import formats
from data.customers import Customer
from data.partners import Partner


def address_lines(holder: Partner | Customer) -> tuple[str, ...]:
    """The address as it is printed; empty lines left out."""
    town = f"{holder.postcode} {holder.city}".strip()
    return tuple(line for line in (holder.street, town, holder.region, formats.country(holder.country)) if line)
