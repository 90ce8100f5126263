"""Handing in: the complete set is looked at as a whole, kept as it is for good, and told to the MSP.

One transaction holds the RFI first and then looks at its state, so pressing twice, reloading, and two people at once
make one version, and nothing is saved into it while it is handed in.
"""

from dataclasses import dataclass
from typing import Any

from blueprints.customers.attachments import file_document
from blueprints.plans.making import make_plan
from blueprints.rfi.answers_paper import AnswersPaper, render
from blueprints.rfi.filling import Filled, filled
from blueprints.rfi.letters import Concern, write_to_msp
from blueprints.rfi.reading import read_version
from blueprints.rfi.saving import held, remember
from blueprints.web.refusals import ChangedMeanwhile, Refused
from data.attachments import Attachment
from data.customers import INFRASTRUCTURES, Customer
from data.database import transaction
from data.moments import now
from data.plan_choosing import Needs
from data.rfi import HandedIn, Rfi, RfiFlag


class NotComplete(Refused):
    """Something is missing or wrong; `filled` says what, question by question."""

    def __init__(self, whole: Filled) -> None:
        count = len(whole.problems)
        what = "One answer stands" if count == 1 else f"{count} answers stand"
        super().__init__(f"This cannot be handed in yet. {what} in the way: each is named below, with what to do.")
        self.filled = whole


class SeenBefore(ChangedMeanwhile):
    sentence = "Something happened here since you opened this page. What you typed is kept; look it over again."


@dataclass(frozen=True)
class Handing:
    """An RFI on its way to being handed in, with all that was looked up for it."""

    concern: Concern
    whole: Filled
    number: int


def hand_in(who: Any, found: Rfi, version: int, portal: str) -> HandedIn:
    """Hand the RFI in. `who`: a Standing or a LinkHolder; `found`: the RFI with its customer and partner.

    `version` of the RFI is what the page showed. Raises NotOpen and its kinds, SeenBefore, and NotComplete.
    """
    with transaction():
        rfi = held(found)
        if rfi.version != version:
            raise SeenBefore
        whole = filled(rfi)
        if not whole.complete:
            raise NotComplete(whole)
        remember(rfi, whole.questions)
        concern = Concern(who, rfi, whole.customer, whole.partner, portal)
        handing = Handing(concern, whole, HandedIn.select().where(HandedIn.rfi == rfi).count() + 1)
        kept = keep_version(handing)
        settle(handing)
        unlock_plan(handing)
        tell_msp(handing, kept.attachment)
    return kept


def keep_version(handing: Handing) -> HandedIn:
    """The version with its paper; neither is ever changed."""
    concern, whole = handing.concern, handing.whole
    kept = HandedIn(
        rfi=concern.rfi,
        number=handing.number,
        set_version=whole.questions.version,
        infrastructure=whole.situation.infrastructure,
        answers=whole.answers,
        at=now(),
        by_id=concern.who.id,
        by_name=concern.who.name,
    )
    paper = AnswersPaper.of(kept, concern.customer, concern.partner, read_version(kept, whole.questions))
    order = concern.rfi.order
    of = f" for change order {order.addendum_number}" if order.kind == "change" else ""
    name = f"RFI answers{of}, version {handing.number}.pdf"
    kept.attachment = file_document(concern.who, concern.customer, name, render(paper))
    kept.save(force_insert=True)
    return kept


def settle(handing: Handing) -> None:
    """The RFI is complete, what was flagged is settled, and the customer's record says where their mail is."""
    rfi = handing.concern.rfi
    rfi.state, rfi.reason = "complete", ""
    rfi.version += 1
    rfi.save()
    RfiFlag.update(settled_at=now()).where((RfiFlag.rfi == rfi) & RfiFlag.settled_at.is_null()).execute()
    changed = {"infrastructure": handing.whole.situation.infrastructure, "changed_at": now()}
    Customer.update(**changed, version=Customer.version + 1).where(Customer.id == rfi.customer_id).execute()
    handing.concern.record("rfi.handed_in", number=handing.number)


def unlock_plan(handing: Handing) -> None:
    """The onboarding plan gets the steps that these answers call for, and the first of them may begin."""
    concern, situation = handing.concern, handing.whole.situation
    if handing.number == 1:
        concern.record("plan.unlocked")
    needs = Needs(situation.services, situation.infrastructure, handing.whole.answers)
    make_plan(concern.who, handing.whole.customer, concern.rfi.order_id, needs)


def tell_msp(handing: Handing, paper: Attachment) -> None:
    concern, infrastructure = handing.concern, handing.whole.situation.infrastructure
    write_to_msp(
        concern,
        "rfi_handed_in",
        f"rfi_handed_in:{concern.rfi.id}:{handing.number}",
        (paper,),
        by=concern.who.name,
        number=handing.number,
        infrastructure=INFRASTRUCTURES.get(infrastructure, infrastructure),
    )
