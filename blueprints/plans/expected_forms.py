"""The form of what records should be. What each line means is read by the rules (expected_values.py)."""

from collections.abc import Mapping
from typing import Any

from wtforms import SelectField

from blueprints.plans.expected_values import KEYS, read, typed_of
from blueprints.web.fields import Line, Text, VersionedForm, refuse
from blueprints.web.refusals import Refused

POLICIES = {"": "Any policy will do", "none": "none", "quarantine": "quarantine", "reject": "reject"}


class ExpectedForm(VersionedForm):
    """Its fields are named as the values are."""

    mx = Text(
        "Hosts that take the mail",
        description="Each on a line, with the number it is tried in: 10 mx1.provider.example",
    )
    spf_include = Text(
        "SPF: what has to be included",
        description="Each on a line: include:_spf.provider.example, or ip4:198.51.100.0/24",
    )
    dkim_selectors = Text("DKIM selectors", description="Each on a line. Their keys are looked for below _domainkey.")
    dkim_target = Line(
        "DKIM: where the selectors lead",
        most=253,
        description="Where customers publish an alias (CNAME) instead of a key: {selector}.{dashes}.provider.example",
    )
    autodiscover = Text("Hosts that autodiscover leads to", description="Each on a line.")
    dmarc_policy = SelectField(
        "DMARC policy, at least",
        choices=POLICIES,
        default="",
        description="A stricter one passes, too.",
        invalid_choice_message="Choose one from the list.",
    )
    dmarc_reports = Line("DMARC reports go to", most=254, description="An address that has to be in the record.")
    token = Text(
        "Tokens that prove the domains",
        most=100_000,
        description="Each on a line, with its domain before it: company.example provider-token=1a2b. "
        "One without a domain is for all. Empty: the portal makes its own.",
    )
    token_name = Line(
        "Name at which the token stands",
        most=100,
        description="Before the domain, such as _proof. Empty: at the domain itself.",
    )
    certificates = Text(
        "Certificates accepted as they are",
        description="Of mail servers and directories whose certificate nobody vouches for. Each on a line, the server "
        "and the SHA-256 fingerprint that somebody compared: mail.company.example 3F:A0:…",
    )

    def fill(self, kept: Mapping[str, Any], version: int) -> "ExpectedForm":
        """With what is kept, as it is typed."""
        for name in KEYS:
            self[name].data = typed_of(kept.get(name))
        self.version.data = version
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask the rules about every field, so that all that is wrong is said at once."""
        good = super().validate(extra_validators)
        for name in KEYS:
            if self[name].errors:
                continue
            try:
                read(name, self[name].data or "")
            except Refused as refusal:
                refuse(self, name, refusal.sentence)
                good = False
        return good

    def typed(self) -> dict[str, str]:
        return {name: self[name].data or "" for name in KEYS}
