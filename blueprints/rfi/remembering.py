"""RFIs as they were put together last: while somebody types, one answer of many changes, and the rest stays true.

Kept in the memory of the process, and only believed while the database says that nothing of it has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from blueprints.rfi.answers import Answer
from blueprints.rfi.depending import dependencies
from blueprints.rfi.filling import Entry, Filled, FilledSection, Ground, answered, filled, stand
from blueprints.rfi.knowing import domains_named, lookups_of
from blueprints.web.refusals import NotThere
from data.customers import Customer
from data.database import database
from data.kept import Kept
from data.moments import now
from data.partners import Partner
from data.rfi import Rfi, RfiAnswer

T = TypeVar("T")

MOST_REMEMBERED, LONGEST_REMEMBERED = 500, timedelta(seconds=30)
# All that an RFI is put together from but look-ups, contacts and the clock: what is known of those may be a little old.
STAMP = """
SELECT rfi.opened_at, rfi.version, rfi.state, rfi.closed_at, rfi.set_version, rfi.infrastructure, customer.id,
  customer.shelf, customer.version, customer.name, customer.primary_domain, customer.infrastructure,
  customer.permitted_users, customer.country, partner.version, partner.name, partner.country, partner.timezone,
  partner.outbound_ips, partner.inbound_ips, partner.smart_host, kept.answers, kept.versions, kept.last
FROM rfi JOIN customer ON customer.id = rfi.customer_id JOIN partner ON partner.id = customer.partner_id,
  (SELECT count(*) AS answers, coalesce(sum(version), 0) AS versions, max(changed_at) AS last
   FROM rfi_answer WHERE rfi_id = ?) AS kept
WHERE rfi.id = ?"""


@dataclass(frozen=True)
class Memory:
    """An RFI as it was put together, and what it was put together from."""

    stamp: tuple[Any, ...]
    at: datetime
    whole: Filled


memories: dict[int, Memory] = {}


def remembered(rfi_id: int) -> Filled:
    """The RFI as it stands, put together anew only where something of it changed. Raises NotThere."""
    memory = memories.get(rfi_id)
    young = memory and memory.stamp == stamp_of(rfi_id) and now() - memory.at < LONGEST_REMEMBERED
    if memory and young and not looked_up_since(memory.whole):
        return memory.whole
    return put_together(whole_rfi(rfi_id))


def looked_up_since(whole: Filled) -> bool:
    """Whether a look-up that it still waited for has come: the page that asks for it shows what it says by now."""
    awaited = [domain for domain in whole.domains if domain not in whole.situation.lookups]
    return bool(awaited) and bool(lookups_of(awaited))


def whole_rfi(rfi_id: int) -> Rfi:
    """The RFI with its customer and partner. Raises NotThere."""
    found: Rfi | None = whole_rfis.first(rfi_id)
    if found is None:
        raise NotThere
    return found


whole_rfis = Kept(lambda rfi: Rfi.select(Rfi, Customer, Partner).join(Customer).join(Partner).where(Rfi.id == rfi))


def put_together(rfi: Rfi) -> Filled:
    """The RFI as it stands, look-ups and all, whatever is remembered. `rfi`: with its customer and partner."""
    stamp = stamp_of(rfi.id)  # before the rest: what changes meanwhile makes it differ
    return kept_in_mind(rfi.id, stamp, filled(rfi))


def last_seen(rfi_id: int) -> Filled | None:
    """The RFI as it was put together last, true or not."""
    memory = memories.get(rfi_id)
    return memory.whole if memory else None


def kept_in_mind(rfi_id: int, stamp: tuple[Any, ...], whole: Filled) -> Filled:
    memories.pop(rfi_id, None)
    memories[rfi_id] = Memory(stamp, now(), whole)
    if len(memories) > MOST_REMEMBERED:
        memories.pop(next(iter(memories)), None)
    return whole


def stamp_of(rfi_id: int) -> tuple[Any, ...]:
    opened = database.obj  # past the proxy, as whoever types waits for this
    *facts, last = opened.execute_sql(STAMP.replace("?", opened.param), (rfi_id, rfi_id)).fetchone()
    return *facts, RfiAnswer.changed_at.python_value(last)


def stamp_with(stamp: tuple[Any, ...], kept: Mapping[str, Answer], changed: Mapping[str, Answer]) -> tuple[Any, ...]:
    """What it is once these answers were changed or came to those that were kept, as the database would say it."""
    *facts, count, versions, last = stamp
    for name, answer in changed.items():
        was = kept.get(name)
        count += was is None
        versions += answer.version - (was.version if was else 0)
        last = max(last or answer.changed_at, answer.changed_at)
    return *facts, count, versions, last


def after_changes(before: Filled, changed: Mapping[str, Answer], written: Rfi | None) -> Filled:
    """The RFI with new answers: only what depends on them is looked at again. `written`: its row, if that changed."""
    rfi = written or before.rfi
    ground = like(before.ground, rfi=rfi, kept={**before.kept, **changed})
    memory = memories.get(rfi.id)
    known = memory is not None and memory.whole is before and written is None
    stamp = stamp_with(memory.stamp, before.kept, changed) if memory and known else stamp_of(rfi.id)
    if dependencies(before.questions).deciding.isdisjoint(changed):
        return kept_in_mind(rfi.id, stamp, with_answers(before, ground, changed))
    values = {name: answer.value for name, answer in ground.kept.items()}
    if domains_named(ground.questions, values, before.customer) != ground.domains:
        return put_together(rfi)
    return kept_in_mind(rfi.id, stamp, stand(ground, before))


def with_answers(before: Filled, ground: Ground, changed: Mapping[str, Answer]) -> Filled:
    """With other answers to questions on which no other depends."""
    values = {name: answer.value for name, answer in changed.items() if name in before.situation.answers}
    situation = like(before.situation, answers={**before.situation.answers, **values})
    by_id, sections, sums = before.by_id, list(before.sections), {"sums": before.sums}
    again = {name: answered(by_id[name], answer, situation) for name, answer in changed.items() if name in by_id}
    for name, entry in again.items():
        place = next(place for place, section in enumerate(sections) if name in section.by_id)
        was, sections[place] = sections[place], with_entry(sections[place], entry)
        sums = sums if was.sums == sections[place].sums else {}
    made = Filled(ground, situation, tuple(sections))
    vars(made).update(sums, by_id={**by_id, **again}, shape=before.shape)
    return made


def like(record: T, **other: Any) -> T:
    """The same frozen record but for these fields, as dataclasses.replace makes it, in a fourth of the time."""
    made = object.__new__(type(record))
    vars(made).update(vars(record), **other)
    return made


def with_entry(section: FilledSection, entry: Entry) -> FilledSection:
    """The section with this question answered otherwise. What that leaves as it was need not be found out again."""
    was = section.by_id[entry.question.id]
    done, stands = is_done(entry) - is_done(was), bool(entry.checked.problems) - bool(was.checked.problems)
    entries = tuple([entry if each is was else each for each in section.entries])
    made = FilledSection(section.section, entries, section.done + done, section.total + done + stands)
    vars(made).update(by_id={**section.by_id, entry.question.id: entry}, elements=section.elements)
    if not done and entry.checked.problems == was.checked.problems:
        vars(made).update(sums=section.sums)
    return made


def is_done(entry: Entry) -> bool:
    """Whether it counts as answered."""
    return not entry.checked.problems and entry.given
