"""Amounts and numbers as people write them. No Flask: forms and rules read the same way."""

from decimal import Decimal, InvalidOperation

MOST_USERS = 1_000_000
MOST_MONEY = Decimal("9999999.9999")


def amount(given: str) -> Decimal:
    """“2,50” or “2.50” as an exact Decimal with at most four decimals. Raises ValueError with a sentence."""
    plain = given.replace(",", ".")
    if not plain.isascii() or len(plain) > 20 or plain.count(".") > 1 or set(plain) - set("0123456789."):
        raise ValueError("An amount such as 2.50: digits, and a point or comma before the decimals.")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise ValueError("An amount such as 2.50.") from None
    if value > MOST_MONEY or value != value.quantize(Decimal("0.0001")):
        raise ValueError("At most 9,999,999.9999, with at most four decimals.")
    return value
