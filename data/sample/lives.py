"""The life of one sample customer, from the first note about a prospect to wherever its case ends.

A life tells its history as it goes and leaves the rows a person's work would have left: the same facts, the same
totals, the same lines of history in the same order.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

from data.customers import SHELVES, Contact, Customer, WantedProduct
from data.database import Record
from data.folding import first_letter, fold
from data.history import History, Portal
from data.orders import Order, OrderLine
from data.rfi import Rfi, RfiLink
from data.sample import letters
from data.sample.cases import Case
from data.sample.catalogue import shown
from data.sample.chance import Chance
from data.sample.companies import Company
from data.sample.dates import SECOND
from data.sample.desks import Actor, Desk
from data.sample.ending import ask_to_cancel
from data.sample.papers import Terms, agreed, commitment, ip_address, order_number, told
from data.sample.people import staff
from data.sample.planning import Outlines, leave_plan
from data.sample.rare import Rare
from data.sample.watched import watch
from data.sample.writing import Rows

MINUTE = 60 * SECOND
LINK_OPENS = timedelta(days=60)
REMINDERS = 4
MOVING, FLAGGED = ("in_progress", "complete"), ("in_progress", "error")  # status, and state of the RFI

# Of a hundred.
INFRASTRUCTURES = (
    ("m365",) * 52 + ("google",) * 12 + ("onprem",) * 12 + ("hosted",) * 10
    + ("hybrid_m365",) * 9 + ("hybrid_google",) * 2 + ("other",) * 3
)  # fmt: skip
ACCOUNT_TYPES = ("standard",) * 92 + ("trial",) * 6 + ("internal",) * 2
OTHER_CONTACTS = (0,) * 45 + (1,) * 35 + (2,) * 15 + (3,) * 5
WITHOUT_LEAD = 0.12  # of the prospects: their order is refused until somebody adds one


@dataclass
class Pen:
    """What all lives are written with. `last_number`: the last addendum number given out; `terms`: the version of the
    terms that all cancellations accepted."""

    chance: Chance
    rows: dict[type[Record], Rows]
    last_number: int
    terms: str
    outlines: Outlines = field(default_factory=Outlines)
    rare: Rare = field(default_factory=Rare)
    letter_states: Iterator[str] = field(default_factory=lambda: itertools.cycle(letters.STATES))


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Whoever opened a personal link, as history names them."""

    name: str
    id: None = None


class Life:
    """One customer. `age`: days since it ordered, or since it was noted where it did not."""

    def __init__(self, pen: Pen, desk: Desk, company: Company, case: Case, age: float) -> None:
        self.pen, self.chance, self.desk, self.company, self.case = pen, pen.chance, desk, company, case
        self.begun = desk.days.ago(age)
        self.created = desk.days.before(self.begun, self.chance, 3, 90) if case.rfi else self.begun
        self.act_at(self.created)
        self.person = self.chance.pick(desk.people)
        self.customer = pen.rows[Customer].number()
        self.version, self.status = 1, "prospect"
        self.created_at = self.changed_at = self.at
        self.users = company.users
        self.infrastructure = self.chance.pick(INFRASTRUCTURES) if case.rfi or self.chance.random() < 0.6 else ""
        self.wanted = desk.prices.choice(self.chance)
        moved = desk.prices.with_service(self.wanted, "migration") if (case.status, case.rfi) == MOVING else None
        self.moving = bool(moved) and pen.rare.takes("moving")  # its mailboxes are about to move
        self.wanted = moved if moved and self.moving else self.wanted
        self.flagged = (case.status, case.rfi) == FLAGGED and pen.rare.takes("flagged")
        self.start: str | None = None  # of the subscription, and its commitment: days, set by the order
        self.ends: str | None = None
        self.staff = staff(self.chance, company, 1 + self.chance.pick(OTHER_CONTACTS))
        self.contact = LinkHolder(f"{self.staff[0].full_name} (by link)")
        self.services: frozenset[str] = frozenset()  # that the order switches on
        self.steps_left = -1  # of the plan
        self.watched_since = ""  # when its monitors were set up

    def write(self) -> None:
        """Live it, and leave its rows."""
        self.note_prospect()
        if self.case.rfi:
            ordered, at, made = self.order()
            self.go_on(partial(leave_plan, self, ordered, at, made))
        elif self.case.draft:
            self.draft()
        elif self.case.status == "archived":
            self.later(20, 90)
            self.status = "archived"
            self.change()
            self.tell("prospect.archived", name=self.company.name)
        self.leave_record()

    # --- telling ---

    def act_at(self, time: float) -> None:
        """Another act begins at that time."""
        self.time, self.at = time, self.desk.days.moment(time)
        self.act = self.chance.hexadecimal(16)

    def later(self, least: float, most: float) -> None:
        """Some days later another act begins, by one of the partner's people."""
        self.act_at(self.desk.days.after(self.time, self.chance, least, most))
        self.person = self.chance.pick(self.desk.people)

    def tell(self, kind: str, by: Actor | Portal | LinkHolder | None = None, at: str = "", **facts: Any) -> None:
        """One line of history, now and by the person at work unless told otherwise."""
        who = by or self.person
        self.pen.rows[History].add(
            at or self.at, kind, who.id, who.name, self.desk.id, self.customer, told(tuple(facts.items())), self.act
        )

    def change(self) -> None:
        self.version, self.changed_at = self.version + 1, self.at

    def move_to(self, status: str, by: Portal | None = None) -> None:
        before, self.status = self.status, status
        self.change()
        self.tell("customer.status_changed", by, before=before.replace("_", " "), after=status.replace("_", " "))

    # --- living ---

    def note_prospect(self) -> None:
        self.tell("prospect.created", name=self.company.name)
        room = (self.begun if self.case.rfi else self.desk.days.today) - self.created
        if room > 1 and self.chance.random() < 0.35:
            self.later(0.2, room * 0.6)
            before, self.users = self.users, max(2, round(self.users * self.chance.uniform(0.7, 1.5)))
            if before != self.users:
                self.change()
                self.tell("prospect.changed", changes=f"permitted users {before} → {self.users}")

    def draft(self) -> None:
        """A draft order, saved for later."""
        self.later(0.05, (self.desk.days.today - self.time) * 0.8)
        self.tell_draft()
        at, person = self.at, self.person.id
        nothing_frozen = (None,) * 8  # totals, number, agreed data and dates
        order = self.pen.rows[Order].add(
            self.customer, self.desk.id, "draft", self.users, "", False, self.desk.currency,
            *nothing_frozen, at, person, at, person, None, None, "", 1,
        )  # fmt: skip
        for position, product in enumerate(self.wanted):
            self.pen.rows[OrderLine].add(order, product, position, "", "", "", None, None, None)

    def tell_draft(self) -> None:
        names = ", ".join(self.desk.prices.names[product] for product in self.wanted)
        self.tell("order.drafted", products=names, users=self.users)

    def order(self) -> tuple[int, str, float | None]:
        """Saved, then submitted on the day the life's age counts from.

        Returns the order, when it opened its plan, and when the RFI made the plan (None: it has not).
        """
        day = int(self.begun)
        self.users = max(self.users, self.desk.prices.least_users(self.wanted, day))
        self.act_at(self.begun - self.chance.whole(3, 25) * MINUTE)
        self.person = self.chance.pick(self.desk.people)
        self.tell_draft()
        saved_at = self.at
        self.act_at(self.begun)
        terms = self.terms(day)
        self.start, self.ends = terms.start, terms.ends
        order = self.leave_order(terms, saved_at)
        self.move_to("in_progress")
        names = ", ".join(line.name for line in terms.lines)
        monthly = shown(terms.monthly_total, self.desk.currency)
        self.tell("order.submitted", number=terms.number, products=names, users=terms.users, monthly=monthly)
        self.tell("plan.opened")
        recent = self.desk.days.today - self.begun < letters.SINCE
        arrived = letters.write_both(self, order, terms) if recent else True
        self.services = frozenset(service for line in terms.lines for service in line.services.split(",") if service)
        self.rfi = self.leave_rfi(order, arrived)
        if self.case.rfi not in ("complete", "error"):
            return order, self.at, None
        return order, self.at, self.desk.days.after(self.time, self.chance, 1, 6)

    def terms(self, day: int) -> Terms:
        self.pen.last_number += 1
        start, ends = commitment(day)
        year = start[:4]
        return Terms(
            number=f"{year}-{self.pen.last_number:06}",
            order_number=order_number(self.chance, year),
            lines=self.desk.prices.quote(self.wanted, self.users, day),
            users=self.users,
            submitted_by=self.person,
            submitted_at=self.at,
            submitted_from=ip_address(self.chance),
            start=start,
            ends=ends,
        )

    def go_on(self, leave_plan: Callable[[], int]) -> None:
        """What came after the order."""
        status, days = self.case.status, self.desk.days
        if status == "in_progress":
            self.steps_left = leave_plan()
            return
        if status == "closed":
            self.later(45, 90)
            self.steps_left = leave_plan()
            self.move_to("closed")
            return
        self.later(20, 75)
        self.steps_left = leave_plan()
        self.move_to("complete")
        if status == "complete":
            if self.pen.rare.takes("watched"):
                watch(self, self.pen.rare.shown["watched"] - 1)
            return
        if status == "transferred":
            self.later(40, max(41, (days.today - self.time) * 0.9))
            self.move_to("transferred")
            return
        ask_to_cancel(self)

    # --- leaving rows ---

    def leave_order(self, terms: Terms, saved_at: str) -> int:
        person = terms.submitted_by.id
        facts, fingerprint = agreed(self.desk, self.company, terms)
        monthly, once = terms.monthly_total, terms.one_time_total
        order = self.pen.rows[Order].add(
            self.customer, self.desk.id, "submitted", terms.users, terms.order_number, not terms.order_number,
            self.desk.currency, monthly, once, monthly + once, terms.number, facts, fingerprint,
            terms.start, terms.ends, saved_at, person, saved_at, person,
            terms.submitted_at, person, terms.submitted_from, 2,
        )  # fmt: skip
        add_line = self.pen.rows[OrderLine].add
        for position, line in enumerate(terms.lines):
            add_line(
                order, line.product_id, position, line.code, line.name, line.services,
                line.monthly_per_user, line.monthly_total, line.one_time_fee,
            )  # fmt: skip
        return order

    def leave_rfi(self, order: int, link_arrived: bool) -> int:
        state, at = self.case.rfi, self.at
        # All reminders count as sent, so that the portal writes to nobody who was made up.
        rfi = self.pen.rows[Rfi].add(self.customer, order, state, at, REMINDERS, 1 if state == "incomplete" else 2)
        if state == "not_applicable":  # another application asks the questions
            return rfi
        lead, opened_at = self.staff[0], None
        self.tell("rfi.opened", email=lead.email)
        if link_arrived and (state != "incomplete" or self.chance.random() < 0.5):
            opened_at = self.desk.days.moment(self.desk.days.after(self.time, self.chance, 0.1, 5))
            self.tell("rfi.link_opened", self.contact, opened_at, email=lead.email)
        # A hash without its token: nobody knows an address that this opens, not even who knows the seed. Rising,
        # because its index is unique, and a million places in the middle of an index take long to write.
        nobody = f"{order:016x}{self.chance.hexadecimal(48)}"
        until = f"{date.fromisoformat(at[:10]) + LINK_OPENS}{at[10:]}"
        self.pen.rows[RfiLink].add(rfi, nobody, lead.full_name, lead.email, at, until, opened_at)
        return rfi

    def leave_record(self) -> None:
        company = self.company
        key = fold(company.name)
        self.pen.rows[Customer].put(
            self.customer, self.desk.id, company.name, key, first_letter(key), company.company_type,
            company.domain, f"https://www.{company.domain}/" if self.chance.random() < 0.8 else "", company.sector,
            company.street, company.postcode, company.city.name.text, company.city.region, company.country.code,
            self.chance.pick(ACCOUNT_TYPES), self.users, self.infrastructure, self.status, SHELVES[self.status],
            self.steps_left, self.start, self.ends, self.created_at, self.changed_at, self.version,
        )  # fmt: skip
        lead_known = bool(self.case.rfi) or self.case.draft or self.chance.random() >= WITHOUT_LEAD
        for place, member in enumerate(self.staff):
            kind = "implementation_lead" if place == 0 and lead_known else "other"
            self.pen.rows[Contact].add(
                self.customer, kind, member.first_name, member.last_name, member.email, member.telephone, member.job
            )
        for product in self.wanted:
            self.pen.rows[WantedProduct].add(self.customer, product)
