"""The provider's part: an operator confirms what both sides have agreed to. Calling it off is in rules.py."""

from blueprints.accounts.standing import Standing
from blueprints.transfers.finding import CONFIRMING, held, offered_to
from blueprints.transfers.letters import write_confirmed
from blueprints.transfers.rules import concern_of
from blueprints.web.refusals import MayNot, Refused
from data import formats
from data.database import transaction
from data.moments import now, today
from data.transfers import Transfer


class NotAccepted(Refused):
    sentence = "The receiving side has not accepted this, so there is nothing to confirm."


class ConfirmedAlready(Refused):
    sentence = "This partner change is confirmed already."


class TooLate(Refused):
    sentence = "The day of the change is over. It lapses; the releasing MSP can ask anew."


def confirm(who: Standing, transfer_id: int, version: int, portal: str) -> Transfer:
    """From now on it happens on the day by itself. Raises NotThere, MayNot, NotAccepted, ConfirmedAlready, Seen."""
    if not who.may(CONFIRMING):
        raise MayNot
    with transaction():
        found = offered_to(who, transfer_id)
        if found.state == "confirmed":
            raise ConfirmedAlready
        transfer = held(found, version)
        if transfer.state != "accepted":
            raise NotAccepted
        if today(transfer.partner.timezone) > transfer.day:
            raise TooLate
        transfer.state, transfer.confirmed_at, transfer.confirmed_by = "confirmed", now(), who.id
        transfer.version += 1
        transfer.save()
        concern = concern_of(who, transfer, portal)
        on = formats.day(transfer.day)
        concern.tell_releasing("transfer.confirmed", day=on)
        concern.tell_receiving("transfer.takeover_confirmed", company=transfer.company, day=on)
        write_confirmed(concern)
    return transfer
