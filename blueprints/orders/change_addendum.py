"""The addendum of a change order: what was agreed before and after, when it takes effect, and what is paid when.

Like the addendum of an order it knows no records, has the same hash and prints the same bytes each time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from blueprints.orders.addendum import (
    NOT_REQUIRED,
    Addendum,
    AddendumLine,
    agreed,
    hash_of,
    money_of,
    party_block,
    plain,
    write_agreement,
)
from data.formats import day, number

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class ChangeAddendum(Addendum):
    """An addendum whose `lines` and sums are those after the change. All amounts in its currency.

    `first_payment`: what is due now. `withdraw_until`: the last day; None for what takes effect at once.
    """

    lines_before: tuple[AddendumLine, ...] = ()
    users_before: int = 0
    monthly_before: Decimal = Decimal(0)
    changes: str = ""  # in words
    effective_on: date = date.min
    withdraw_until: date | None = None
    days_left: int = 0  # of the billing period, counted from the day of the order
    days: int = 0  # of the whole period
    prorated: Decimal = Decimal(0)
    next_billing_on: date = date.min
    next_payment: Decimal = Decimal(0)

    @property
    def lead_only(self) -> bool:
        """Whether nothing changes but the Implementation Lead."""
        same = [line.code for line in self.lines] == [line.code for line in self.lines_before]
        return same and self.permitted_users == self.users_before


def agreed_change(addendum: ChangeAddendum) -> dict[str, object]:
    """The agreed data as plain JSON values: those of an order, and what they change."""
    return agreed(addendum) | {
        "changes": addendum.changes,
        "before": {
            "permitted_users": addendum.users_before,
            "monthly_total": plain(addendum.monthly_before),
            "lines": [
                {"code": line.code, "name": line.name, "monthly_total": plain(line.monthly_total)}
                for line in addendum.lines_before
            ],
        },
        "effective_on": addendum.effective_on.isoformat(),
        "withdraw_until": addendum.withdraw_until.isoformat() if addendum.withdraw_until else None,
        "prorated": plain(addendum.prorated),
        "next_billing_on": addendum.next_billing_on.isoformat(),
        "next_payment": plain(addendum.next_payment),
    }


def render_change(addendum: ChangeAddendum) -> bytes:
    """The addendum as a PDF. It never refuses: text that cannot be printed shows as an empty box."""
    from blueprints.gateways.pdf import Paper  # noqa: PLC0415 - loads ReportLab, which importing the portal must not

    title = f"{addendum.kind} {addendum.number}"
    paper = Paper(
        title=title,
        author=addendum.partner.name,
        subject=addendum.customer.name,
        language=addendum.locale.replace("_", "-"),
        written=addendum.submitted_at,
        footer=(title, f"SHA-256 of the agreed data: {hash_of(agreed_change(addendum))}"),
    )
    submitted = addendum.submitted_at.astimezone(ZoneInfo(addendum.timezone)).date()
    notes = (f"No. {addendum.number}", day(submitted, addendum.locale))
    paper.letterhead(addendum.partner.name, addendum.logo, addendum.kind, notes)
    paper.parties(party_block("Partner", addendum.partner), party_block("Customer", addendum.customer))
    paper.facts(list(facts(addendum)))
    paper.section("What changes")
    paper.words(f"{addendum.changes}.")
    for sentence in terms(addendum):
        paper.words(sentence)
    paper.space()
    title = f"Products (all amounts in {addendum.currency})"
    figures = ("Permitted users", "Per user and month", "Per month before", "Per month after", "One-time fee")
    paper.table(title, "Product", figures, list(rows(addendum)))
    paper.sums(list(sums(addendum)))
    write_agreement(paper, addendum)
    return paper.printed()


def facts(addendum: ChangeAddendum) -> Iterator[tuple[str, str]]:
    before, after = (number(users, addendum.locale) for users in (addendum.users_before, addendum.permitted_users))
    yield "Order number", addendum.order_number or NOT_REQUIRED
    yield "Permitted users", after if before == after else f"{before} → {after}"
    yield "In effect from", day(addendum.effective_on, addendum.locale)
    yield "Commitment ends", day(addendum.commitment_ends, addendum.locale)


def terms(addendum: ChangeAddendum) -> Iterator[str]:
    """When it takes effect, and until when it can be withdrawn."""
    if addendum.withdraw_until:
        on, until = (day(each, addendum.locale) for each in (addendum.effective_on, addendum.withdraw_until))
        yield f"It takes effect on {on}, the next billing date. Until {until} it can be withdrawn."
    elif not addendum.lead_only:
        yield "It takes effect at once. The commitment stays as it was agreed with the first order."


def rows(addendum: ChangeAddendum) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """All products afterwards, then those that are replaced."""
    before = {line.code: line for line in addendum.lines_before}
    after = {line.code for line in addendum.lines}
    for line in addendum.lines:
        was = before.get(line.code)
        soft = line.code if was else f"{line.code}, new"
        yield line.name, soft, figures_of(addendum, line, was.monthly_total if was else None, line.monthly_total)
    for code, line in before.items():
        if code not in after:
            yield line.name, f"{code}, replaced", figures_of(addendum, line, line.monthly_total, None)


def figures_of(
    addendum: ChangeAddendum, line: AddendumLine, before: Decimal | None, after: Decimal | None
) -> tuple[str, ...]:
    fee = line.one_time_fee if before is None else None
    amounts = (line.monthly_per_user, before, after, fee)
    shown = (NOTHING if amount is None else money_of(addendum, amount) for amount in amounts)
    return (number(line.permitted_users, addendum.locale), *shown)


def sums(addendum: ChangeAddendum) -> Iterator[tuple[str, str, str]]:
    """The last line is the one that counts: what is due now, or on the next billing date."""

    def shown(amount: Decimal) -> str:
        return money_of(addendum, amount)

    if addendum.lead_only:
        yield "Ongoing monthly payment", shown(addendum.monthly_total), ""
        yield "Due now", shown(addendum.first_payment), "Nothing is charged for this change"
        return
    next_on = day(addendum.next_billing_on, addendum.locale)
    yield "Monthly payment until now", shown(addendum.monthly_before), ""
    yield "Ongoing monthly payment", shown(addendum.monthly_total), f"From {next_on}"
    yield "Difference each month", shown(addendum.monthly_total - addendum.monthly_before), ""
    if addendum.prorated:
        share = f"{addendum.days_left} of {addendum.days} days of this billing period"
        yield "Difference for the rest of this period", shown(addendum.prorated), share
    if addendum.one_time_total:
        yield "One-time fees", shown(addendum.one_time_total), ""
    if addendum.first_payment:
        yield (
            "Due now",
            shown(addendum.first_payment),
            f"The next payment, on {next_on}: {shown(addendum.next_payment)}",
        )
    else:
        yield "Next payment", shown(addendum.next_payment), f"On {next_on}; nothing is due now"
