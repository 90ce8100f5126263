"""Checks of answers that are one text: one function for each kind. Pure.

Each puts `findings.value` in form or refuses; it is only asked when something was answered.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from blueprints.customers.contacts import phone_number
from blueprints.customers.domains import WrongDomain, as_domain, shown_domain
from blueprints.partners.addresses import email_address, shown
from blueprints.rfi.asking import INFRASTRUCTURE, Situation, domains_in, is_below
from blueprints.rfi.findings import Findings
from blueprints.rfi.mail_flow import hold_against_infrastructure, tell_host
from blueprints.rfi.network_addresses import host
from blueprints.web.refusals import Refused
from data.moments import today
from data.questions import Question

TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\.onmicrosoft\.(com|us)")
# RFC 4514, section 3: attribute=value, several joined by commas or plus signs, special characters escaped.
RDN = r"""(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=\s*(?:[^\\,+"<>;\x00]|\\[\\ "#+,;<=>]|\\[0-9A-Fa-f]{2})+"""
BASE_DN = re.compile(rf"{RDN}(?:\s*[,+]\s*{RDN})*")
# Of all that ISO 8601 allows, what browsers send.
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(DAY.pattern + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
MOST_NUMBER = 10**12
# Before the @ of addresses that several people read (RFC 2142 names some of them).
SHARED = frozenset(
    {"admin", "administrator", "administration", "accounts", "billing", "contact", "enquiries", "hello", "help"}
    | {"helpdesk", "hostmaster", "info", "it", "mail", "marketing", "noc", "office", "postmaster", "root", "sales"}
    | {"security", "service", "servicedesk", "support", "team", "webmaster"}
)


def check_line(question: Question, findings: Findings, _: Situation) -> None:
    text = findings.value.strip()
    if question.form == "tenant":
        findings.value = tenant(text)
    elif question.form == "base_dn":
        findings.value = base_dn(text)
    else:
        findings.value = text


def tenant(text: str) -> str:
    """The first domain of a Microsoft 365 tenant: “Company.onmicrosoft.com” → lower case. Raises Refused."""
    name = text.lower().removeprefix("@")
    if ".mail.onmicrosoft." in name:
        whole = name.replace(".mail.onmicrosoft.", ".onmicrosoft.")
        raise Refused(f"{shown(name)} is for mail between the two halves of a hybrid. Write {shown(whole)}.")
    if not TENANT.fullmatch(name):
        raise Refused("A tenant name ends in .onmicrosoft.com, as in company.onmicrosoft.com.")
    return name


def base_dn(text: str) -> str:
    """“OU=Staff, DC=company ,DC=example” without the spaces between its parts. Raises Refused."""
    if not BASE_DN.fullmatch(text):
        raise Refused("This is not the name of an entry, such as OU=Staff,DC=company,DC=example.")
    return re.sub(r"(?<!\\)\s*,\s*(?=[A-Za-z0-9.-]+\s*=)", ",", text)


def check_text(_: Question, findings: Findings, __: Situation) -> None:
    findings.value = findings.value.strip()


def check_secret(_: Question, __: Findings, ___: Situation) -> None:
    """Whatever it is; reading it has refused what cannot be a secret."""


def check_choice(question: Question, findings: Findings, situation: Situation) -> None:
    if findings.value not in {choice.value for choice in question.choices}:
        raise Refused("This can no longer be chosen. Choose again." if findings.value else "Choose one.")
    if question.id == INFRASTRUCTURE:
        hold_against_infrastructure(findings.value, situation, findings)


def check_yes_no(question: Question, findings: Findings, _: Situation) -> None:
    if findings.value not in ("yes", "no"):
        raise Refused("Choose yes or no.")
    if question.unless_yes and findings.value == "no":
        raise Refused(question.unless_yes)


def check_number(question: Question, findings: Findings, _: Situation) -> None:
    text = findings.value.strip()
    least, most = question.least or 0, MOST_NUMBER if question.most is None else question.most
    if not (text.isascii() and text.isdigit() and len(text) <= 15 and least <= int(text) <= most):
        upto = f"from {least:,} to {most:,}" if question.most is not None else f"of at least {least:,}"
        raise Refused(f"A whole number {upto}, in digits only.")
    findings.value = str(int(text))


def check_date(question: Question, findings: Findings, situation: Situation) -> None:
    text = findings.value.strip()
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 1990 <= day.year <= 2100:
        raise Refused("A day such as 2030-03-04, from 1990 to 2100.")
    findings.value = day.isoformat()
    check_day(question, day, findings, situation)


def check_date_time(question: Question, findings: Findings, situation: Situation) -> None:
    text = findings.value.strip()
    try:
        at = datetime.fromisoformat(text) if MOMENT.fullmatch(text) else None
    except ValueError:
        at = None
    if at is None or not 1990 <= at.year <= 2100:
        raise Refused("A day and a time such as 2030-03-04T18:00, from 1990 to 2100.")
    findings.value = at.isoformat(timespec="minutes")
    check_day(question, at.date(), findings, situation)
    findings.notes.append(f"By the clock of {situation.partner.timezone.replace('_', ' ')}.")


def check_day(question: Question, day: date, findings: Findings, situation: Situation) -> None:
    ahead = day - today(situation.partner.timezone)
    if question.future and ahead < timedelta():
        raise Refused("This day is over. Choose a later one.")
    if question.days_ahead and timedelta() <= ahead < timedelta(days=question.days_ahead):
        findings.warnings.append(
            f"This is less than {question.days_ahead} days from now. Preparing for it may take longer."
        )


def check_email(question: Question, findings: Findings, situation: Situation) -> None:
    findings.value = email_address(findings.value)
    name, _, domain = findings.value.rpartition("@")
    if question.personal and name.lower() in SHARED:
        findings.warnings.append(
            f"{name}@… looks like a mailbox that several people read. One person’s own address is safer."
        )
    if question.unlike:
        warn_of_one_in_use(question, findings, situation)
    domains = domains_in(situation.answers.get(question.outside)) if question.outside else ()
    if domains and is_below(domain, domains):
        findings.warnings.append(
            f"When your mail is down, {shown_domain(domain)} is down too. Better is an address elsewhere."
        )


def warn_of_one_in_use(question: Question, findings: Findings, situation: Situation) -> None:
    """Who does what cannot be told apart where one address stands for two people, or one person for two."""
    address = findings.value.lower()
    above = {given for other in question.unlike for given in addresses_in(situation.answers.get(other))}
    if address in above or address in situation.contacts:
        where = "given for a contact above" if address in above else "that of a contact on the record"
        findings.warnings.append(f"This address is {where}, too. One that stands for nothing else is safer.")


def addresses_in(answer: Any) -> set[str]:
    """The email addresses in an answer, in the form in which they are compared."""
    texts = answer.values() if isinstance(answer, Mapping) else [answer]
    return {compared(text) for text in texts if isinstance(text, str) and "@" in text}


def compared(text: str) -> str:
    try:
        return email_address(text).lower()
    except Refused:
        return text.strip().lower()


def check_phone(question: Question, findings: Findings, situation: Situation) -> None:
    import phonenumbers  # noqa: PLC0415 - its tables are loaded when a number first needs them

    region = situation.customer.country or situation.partner.country
    findings.value = phone_number(findings.value, region)
    number = phonenumbers.parse(findings.value)
    if not phonenumbers.is_possible_number(number):
        raise Refused("This number is too short or too long to ring anywhere.")
    if not phonenumbers.is_valid_number(number):
        findings.warnings.append("No such number is given out there, as far as is known. Check its digits.")
    elif question.mobile and phonenumbers.number_type(number) not in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    ):
        findings.warnings.append("This does not look like the number of a mobile.")


def check_host(question: Question, findings: Findings, situation: Situation) -> None:
    findings.value = host(findings.value, addresses=question.addresses)
    refuse_elsewhere(findings.value, question)
    if question.look_up:
        tell_host(findings.value, situation, findings)


def refuse_elsewhere(name: str, question: Question) -> None:
    """Raises Refused for a host that is not below the names it must be below."""
    if not is_below(name, question.ends_with):
        raise Refused(f"{shown(name)} does not end in {' or '.join(question.ends_with)}.")


def domain_of(address: str) -> str:
    """The domain of an email address in A-labels, "" if there is none."""
    try:
        return as_domain(address.rpartition("@")[2])
    except WrongDomain:
        return ""
