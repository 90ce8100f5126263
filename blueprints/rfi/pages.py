"""The page of an RFI: its sections and counts, what stands in the way of handing in, and the locked summary."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from blueprints.customers.domains import shown_domain
from blueprints.customers.rules import implementation_lead
from blueprints.rfi.answers import Typed
from blueprints.rfi.checking import told
from blueprints.rfi.doors import Door
from blueprints.rfi.filling import Entry, Filled
from blueprints.rfi.rules import products_of
from blueprints.rfi.saving import Saved, why_not_open
from data import formats

if TYPE_CHECKING:
    from blueprints.rfi.shown import Shown, Why


@dataclass(frozen=True)
class Drawing:
    """How an RFI is drawn by one door; `saved` and `typed` of the form that was just sent, if one was."""

    door: Door
    filled: Filled
    saved: Saved | None = None
    typed: Typed | None = None
    stale: bool = False  # nothing of the form was kept, so all of it is shown again
    asking: bool = False
    tries: int = 1

    def shown(self, entry: Entry) -> "Shown":
        from blueprints.rfi.shown import Shown  # noqa: PLC0415 - needed when a question is drawn

        name = entry.question.id
        conflict = self.saved.conflicts.get(name) if self.saved else None
        refused = self.saved.refused.get(name, "") if self.saved else ""
        again = self.typed if self.typed and (conflict or refused or (self.stale and self.typed.has(name))) else None
        return Shown(entry, self.filled, self.door, self.asking, self.typed, again, conflict, refused, self.tries)

    @property
    def wrong(self) -> tuple[tuple["Shown", "Why"], ...]:
        """What is answered and cannot be right."""
        shown = (self.shown(entry) for entry in self.filled.entries if entry.wrong)
        return tuple((each, why) for each in shown for why in each.whys)

    @property
    def missing(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.filled.entries if entry.checked.missing)

    @property
    def open(self) -> bool:
        """Whether what is typed here is kept."""
        return self.door.may_fill and why_not_open(self.filled.rfi) is None

    @property
    def flagged(self) -> tuple[Entry, ...]:
        """The answers that a reviewer wants to be looked at again."""
        return tuple(entry for entry in self.filled.entries if entry.flag)

    @cached_property
    def again(self) -> tuple[Entry, ...]:
        """Those that come first, the others below them: by link, what was flagged."""
        return self.flagged if self.door.link else ()

    @property
    def others_open(self) -> bool:
        """Whether something is in the way of handing in, or not kept, among the others."""
        asked = {entry.question.id for entry in self.again}
        unsaved = {*self.saved.conflicts, *self.saved.refused} if self.saved else set()
        return self.stale or bool(unsaved - asked) or any(entry not in self.again for entry, _ in self.filled.problems)

    @property
    def unsaved(self) -> bool:
        """Whether something stands on the page that is not kept."""
        return self.stale or bool(self.saved and not self.saved.whole)

    def is_as(self, typed: Typed) -> bool:
        """Whether a form showed what is asked, and what is proposed where nobody has answered."""
        entries = list(self.filled.entries)
        return set(typed.questions()) == {entry.question.id for entry in entries} and all(
            entry.answer or typed.seen(entry.question.id).mark == entry.seen.mark for entry in entries
        )

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The locked facts of the record."""
        customer = self.filled.customer
        town = f"{customer.postcode} {customer.city}".strip()
        address = filter(None, (customer.street, town, customer.region, formats.country(customer.country)))
        lead = implementation_lead(customer)
        return [
            ("Company", customer.name),
            ("Address", ", ".join(address)),
            ("Primary domain", shown_domain(customer.primary_domain)),
            ("Ordered", ", ".join(products_of(self.filled.rfi))),
            ("Permitted users", formats.number(customer.permitted_users)),
            ("Implementation Lead", ", ".join(filter(None, (lead.full_name, lead.email))) if lead else ""),
            ("Service partner", self.filled.partner.name),
        ]

    def told(self) -> list[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
        """All answers in lines, by section, for those who read."""
        return [
            (each.section.title, [(entry.question.label, told(entry.question, entry.value)) for entry in each.entries])
            for each in self.filled.sections
        ]
