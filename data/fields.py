"""Field kinds that mean the same on SQLite and PostgreSQL: exact money, UTC moments, days, JSON facts."""

import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from peewee import BigIntegerField, Field, TextField

MONEY_UNIT = Decimal("0.0001")


class Money(BigIntegerField):
    """An exact Decimal with four places, stored as a whole number of ten-thousandths.

    Whole numbers sort and add the same on both databases; SQLite would store a DECIMAL as a float.
    """

    def db_value(self, value: Decimal | None) -> int | None:
        return None if value is None else int((value / MONEY_UNIT).to_integral_value(ROUND_HALF_UP))

    def python_value(self, value: int | None) -> Decimal | None:
        return None if value is None else Decimal(value) * MONEY_UNIT


class Moment(Field):
    """An aware datetime in UTC. Stored without zone, always with microseconds, so that text sorts as time."""

    field_type = "TIMESTAMP"

    def db_value(self, value: datetime | None) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

    def python_value(self, value: datetime | str | None) -> datetime | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.replace(tzinfo=UTC)


class Day(Field):
    """A calendar day, without a time or a zone."""

    field_type = "DATE"

    def db_value(self, value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    def python_value(self, value: date | str | None) -> date | None:
        return date.fromisoformat(value) if isinstance(value, str) else value


class Facts(TextField):
    """A JSON value (dict or list), kept as text so that it reads back exactly as it was written."""

    def db_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def python_value(self, value: str | None) -> Any:
        return None if value is None else json.loads(value)
