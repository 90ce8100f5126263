"""The table of mail services: enough of them, each in order, and recognised by their hosts."""

import re
from pathlib import Path

import pytest

from data import mail_services
from data.customers import INFRASTRUCTURES
from data.mail_services import MailService, service_at

NAME = re.compile(r"_?[a-z0-9-]+(\.[a-z0-9-]+)+")
ROWS = mail_services.mail_services()


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("acme-example.mail.protection.outlook.com", "m365"),
        ("acme-example.a-v1.mx.microsoft", "m365"),
        ("smtp.google.com", "google"),
        ("alt1.aspmx.l.google.com", "google"),
        ("aspmx2.googlemail.com", "google"),
        ("mx.zoho.eu", "zoho"),
        ("in1-smtp.messagingengine.com", "fastmail"),
        ("mailsec.protonmail.ch", "proton"),
        ("mx00.ionos.co.uk", "ionos"),
        ("mta-gw.infomaniak.ch", "infomaniak"),
        ("mxa-00123.gslb.pphosted.com", "proofpoint"),
        ("mx1-eu1.ppe-hosted.com", "proofpoint_essentials"),
        ("cluster5.eu.messagelabs.com", "messagelabs"),
    ],
)
def test_a_service_is_known_by_its_hosts(host: str, service: str) -> None:
    found = service_at(host)
    assert found is not None
    assert found.id == service


@pytest.mark.parametrize(
    "host",
    ["mail.acme.example", "evilgoogle.com", "smtp.google.com.acme.example", "microsoft", "", ".", "zoho.com.evil"],
)
def test_other_hosts_are_nobodys(host: str) -> None:
    assert service_at(host) is None


def test_there_are_more_than_a_dozen_and_each_is_named_once() -> None:
    assert len(ROWS) >= 12
    for what in ("id", "name"):
        assert len({getattr(row, what) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_in_order(row: MailService) -> None:
    assert row.mx
    assert all(NAME.fullmatch(name) for name in (*row.mx, *row.spf))
    assert all(re.fullmatch(r"[a-z0-9-]+", selector) for selector in row.dkim)
    assert row.infrastructure in {"", *INFRASTRUCTURES}
    for other in ROWS:
        if other is not row:
            assert not any(other.takes(end) for end in row.mx), "a host is of one service only"


def test_each_row_says_where_its_facts_are_from() -> None:
    text = Path(mail_services.__file__).with_suffix(".toml").read_text()
    blocks = text.split("[[services]]")
    assert len(blocks) == len(ROWS) + 1
    for before in blocks[:-1]:
        assert re.search(r"(?m)^# .+\n*\Z", before.rstrip() + "\n"), "a remark stands above the row"
