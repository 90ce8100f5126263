"""Mail services as they show in DNS: whose hosts take a domain's mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class MailService:
    """`mx`: ends of the names of its hosts; `spf`: what SPF records include; `dkim`: selectors that all have.

    `infrastructure`: what a customer has whose mail goes there directly, "" where that says nothing (a filter).
    """

    id: str
    name: str
    mx: tuple[str, ...]
    spf: tuple[str, ...] = ()
    dkim: tuple[str, ...] = ()
    infrastructure: str = ""

    def takes(self, host: str) -> bool:
        return any(host == end or host.endswith(f".{end}") for end in self.mx)


@cache
def mail_services() -> tuple[MailService, ...]:
    """All of mail_services.toml, by its order."""
    import tomllib  # noqa: PLC0415 - read when first asked

    rows = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["services"]
    return tuple(service_of(row) for row in rows)


def service_of(row: Mapping[str, Any]) -> MailService:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return MailService(**{**row, **lists})


def service_at(host: str) -> MailService | None:
    """The service that a host belongs to (a name in lower case, without a dot at the end), if it is a known one."""
    return next((service for service in mail_services() if service.takes(host)), None)
