"""An RFI with its two doors, and its page as a browser holds it: what stands in its fields, and sending them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from blueprints.customers.links import hashed
from blueprints.rfi.answers import Typed
from data.moments import now
from data.orders import OrderLine
from data.rfi import Rfi, RfiAnswer, RfiLink
from tests.factories import World
from tests.rfi.waiting_for import an_opened_rfi
from tests.visits import Answer, Visitor

TOKEN = "a-token-that-only-the-letter-carries-0000000"
BY_LINK = f"/rfi/{TOKEN}"


def an_rfi(world: World, services: str = "security,archiving,continuity,migration", **changed: object) -> Rfi:
    """Open, unanswered, with a link that opens it."""
    rfi = an_opened_rfi(world, **changed)
    OrderLine.update(services=services).where(OrderLine.order == rfi.order_id).execute()
    RfiLink.update(token_hash=hashed(TOKEN), expires_at=now() + timedelta(days=60)).where(RfiLink.rfi == rfi).execute()
    return rfi


def door(rfi: Rfi) -> str:
    """The address for the MSP's people."""
    return f"/customers/{rfi.customer_id}/rfi"


def fields_of(page: Answer) -> dict[str, list[str]]:
    """What a browser would send of the page's form, by names; without files and buttons."""
    sent: dict[str, list[str]] = {}
    for control in page.find("#answers input, [form=answers]"):
        kind, name = control.get("type", ""), control.get("name")
        if control.tag == "button" or kind in ("submit", "file"):
            continue
        if kind in ("checkbox", "radio") and control.get("checked") is None:
            continue
        if control.tag == "select":
            value = next((option.get("value") for option in control.cssselect("option[selected]")), "")
        elif control.tag == "textarea":
            value = (control.text or "").removeprefix("\n")
        else:
            value = control.get("value", "")
        sent.setdefault(name, []).append(value)
    sent.pop("csrf_token", None)
    return sent


@dataclass
class Held:
    """The page of an RFI in somebody's browser."""

    visitor: Visitor
    here: str
    fields: dict[str, list[str]]

    @classmethod
    def open(cls, visitor: Visitor, here: str) -> "Held":
        page = visitor.get(here)
        assert page.status == 200, page.text
        return cls(visitor, here, fields_of(page))

    def type(self, **typed: Any) -> "Held":
        """Into fields by their names; “__” stands for the dot of a group's field."""
        for name, value in typed.items():
            self.fields[name.replace("__", ".")] = value if isinstance(value, list) else [value]
        return self

    def save(self, **options: Any) -> Answer:
        """The whole form, as without JavaScript."""
        return self.visitor.post(self.here, self.fields, **options)

    def save_one(self, question: str, *, folded: bool = False, **more: Any) -> Answer:
        """One question's own fields, as they save themselves; the page then holds what came back.

        `folded`: another line of history is not expected.
        """
        wanted = (question, f"seen:{question}", "shape")
        data = {
            name: values for name, values in self.fields.items() if name in wanted or name.startswith(f"{question}.")
        }
        address = f"{self.here}/answers/{question}"
        if folded:
            sent = {"csrf_token": self.visitor.token} | data | more
            raw = self.visitor.client.post(address, data=sent, headers={"HX-Request": "true"})
            answer = self.visitor.look(raw, htmx=True)
        else:
            answer = self.visitor.post(address, data | more, htmx=True)
        for control in answer.find("input[type=hidden][form=answers]"):
            self.fields[control.get("name")] = [control.get("value")]
        return answer


def kept(rfi: Rfi) -> dict[str, Any]:
    """What is kept, by question."""
    return {answer.question: answer.value for answer in RfiAnswer.select().where(RfiAnswer.rfi == rfi)}


def typed_into(values: dict[str, str], over: int = 0) -> Typed:
    """A form with these answers, filled in on a page that showed other ones; `over`: the version it showed."""
    seen = {f"seen:{question}": [f"{over}-"] for question in values}
    return Typed({question: [value] for question, value in values.items()} | seen, {})
