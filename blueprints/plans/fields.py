"""Form fields that plans need besides those of blueprints/web/fields.py."""

from datetime import datetime
from typing import Any

from wtforms import DateTimeLocalField
from wtforms.validators import Optional

from blueprints.web.fields import Required, shown

MINUTES = "%Y-%m-%dT%H:%M"
LONGEST = len("2026-11-21T08:00:00")


class DayAndTime(DateTimeLocalField):
    """A day and a time of day on the clock of whoever types it, so without a zone; from 1990 to 2100."""

    def __init__(self, label: str, required: bool = True, **rest: Any) -> None:
        super().__init__(label, [Required("Choose a day and a time.") if required else Optional()], **rest)

    def process_formdata(self, valuelist: list[str]) -> None:
        given = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not given:
            return
        try:
            read = datetime.fromisoformat(given) if len(given) <= LONGEST and "T" in given else None
        except ValueError:
            read = None
        if read is None or read.tzinfo is not None or not 1990 <= read.year <= 2100:
            raise ValueError("A day and a time such as 2026-11-21T08:00, from 1990 to 2100.")
        self.data = read

    def _value(self) -> str:
        return shown(self.raw_data[0]) if self.raw_data else self.data.strftime(MINUTES) if self.data else ""
