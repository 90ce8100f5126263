"""Forms of consoles: where they are, and how fresh a sign-in must be."""

from typing import Any

from blueprints.console.rules import LEAST_MINUTES, MOST_MINUTES
from blueprints.web.fields import Line, Tick, VersionedForm, Whole


class CustomerConsoleForm(VersionedForm):
    address = Line("Address of the console", most=400)
    signs_in = Tick("It takes the sign-in of this portal")

    def typed(self) -> dict[str, Any]:
        return {"address": self.address.data or "", "signs_in": self.signs_in.data}


class PartnerConsoleForm(CustomerConsoleForm):
    fresh_minutes = Whole("Ask for the password again after", least=LEAST_MINUTES, most=MOST_MINUTES)

    def typed(self) -> dict[str, Any]:
        return {**super().typed(), "fresh_minutes": self.fresh_minutes.data}
