"""How much is in a mailbox and how old the newest message in it is. Reads only; never a message."""

from datetime import UTC, datetime
from typing import Any

from blueprints.gateways.bounds import Bounds
from blueprints.gateways.evidence import Outcome, Verdict, brief
from blueprints.gateways.imap import Client, Ended, Server, SignIn, enter, number, talked


def newest(server: Server, sign_in: SignIn, folder: str, bounds: Bounds) -> Verdict:
    """Whether one can sign in and open the folder. Facts: as `imap.look`, and `messages`, `newest`.

    `newest`: when the newest message came (ISO 8601), None in an empty folder.
    """

    def look_inside(client: Client, facts: dict[str, Any]) -> str:
        enter(client, sign_in)
        try:
            opened = client.select_folder(folder, readonly=True)
        except client.Error as refused:
            if client.line.broken is not None or client.line.ended:
                raise
            raise Ended(Outcome.FAILED, f"“{brief(folder, 80)}” cannot be opened: {brief(str(refused))}") from None
        facts["messages"] = messages = number(opened.get(b"EXISTS"))
        came = arrived(client, messages) if messages else None
        facts["newest"] = came.isoformat() if came else None
        return f"{sign_in.user} can sign in: {messages:,} messages in “{brief(folder, 80)}”."

    return talked(server, bounds, look_inside)


def arrived(client: Client, last: int) -> datetime | None:
    """When the message with the highest number came: servers number them as they come (RFC 9051, section 2.3.1.2)."""
    found = client.fetch([last], ["INTERNALDATE"]).get(last, {}).get(b"INTERNALDATE")
    if not isinstance(found, datetime):
        return None
    return found.astimezone(UTC)  # IMAPClient gives it on this machine's clock, without a zone
