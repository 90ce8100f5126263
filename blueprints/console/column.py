"""The button *Admin console* in the lists of customers: one question for a page, however many rows it has."""

from collections.abc import Sequence
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.console.doors import HOLDER, NOT_THEIRS, Door, Facts, held_role, judge
from blueprints.customers.finding import Row, Sql, ask, one_of
from data.customers import SHELVES


def doors(who: Standing, rows: Sequence[Row]) -> list[Door]:
    """What each row says, in their order."""
    theirs = [row for row in rows if held_role(who, row.id, row.partner_id) == HOLDER]
    if not theirs:
        return [NOT_THEIRS] * len(rows)
    own, partners, delegated = beside(who, theirs)
    judged: dict[Any, Door] = {}  # most rows of a page are alike
    found = {}
    for row in theirs:
        closed, address, signs_in = partners[row.partner_id]
        if row.id in own:
            address, signs_in = own[row.id]
        case = (row.status, closed, address, signs_in, row.id in delegated)
        if case not in judged:
            judged[case] = judge(HOLDER, Facts(SHELVES[row.status], *case[1:]))
        found[row.id] = judged[case]
    return [found.get(row.id, NOT_THEIRS) for row in rows]


def beside(
    who: Standing, rows: Sequence[Row]
) -> tuple[dict[int, tuple[str, bool]], dict[int, tuple[bool, str, bool]], set[int]]:
    """What the rows do not tell: consoles of their own, those of their MSPs, and where delegated access is on."""
    ids, partners = [row.id for row in rows], list({row.partner_id for row in rows})
    of_rows, of_partners = one_of("customer_id IN", ids), one_of("partner.id IN", partners)
    text = (
        "SELECT 'own', customer_id, address, CASE WHEN signs_in THEN 1 ELSE 0 END, 0 FROM customer_console"  # noqa: S608 - our own words, and marks
        f" WHERE address <> '' AND {of_rows.text}"
        " UNION ALL SELECT 'partner', partner.id, COALESCE(theirs.address, ''),"
        " CASE WHEN theirs.signs_in THEN 1 ELSE 0 END, CASE WHEN partner.closed_at IS NULL THEN 0 ELSE 1 END"
        f" FROM partner LEFT JOIN partner_console AS theirs ON theirs.partner_id = partner.id WHERE {of_partners.text}"
        f" UNION ALL SELECT 'on', customer_id, '', 0, 0 FROM delegation WHERE person_id = ? AND {of_rows.text}"
    )
    params: tuple[Any, ...] = (*of_rows.params, *of_partners.params, who.id, *of_rows.params)
    own: dict[int, tuple[str, bool]] = {}
    of_partner: dict[int, tuple[bool, str, bool]] = {}
    delegated: set[int] = set()
    for kind, row_id, address, signs_in, closed in ask(Sql(text, params)):
        if kind == "own":
            own[row_id] = (address, bool(signs_in))
        elif kind == "partner":
            of_partner[row_id] = (bool(closed), address, bool(signs_in))
        else:
            delegated.add(row_id)
    return own, of_partner, delegated
