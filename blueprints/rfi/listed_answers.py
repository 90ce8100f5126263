"""Checks of answers that are several: chosen ones, and lines. Pure.

A line may hold several entries where a comma, a semicolon or a space can only stand between them.
"""

import re
from collections.abc import Callable, Iterator

from blueprints.customers.domains import WrongDomain, as_domain, is_public_suffix, shown_domain
from blueprints.partners.addresses import email_address, shown
from blueprints.rfi.asking import MAIL_DOMAINS, Situation, domains_in
from blueprints.rfi.findings import Findings
from blueprints.rfi.mail_flow import hold_against_infrastructure, tell_domain
from blueprints.rfi.network_addresses import host_and_port, single_address, without_port
from blueprints.rfi.single_answers import domain_of, refuse_elsewhere
from blueprints.web.refusals import Refused
from data.questions import Question

MOST_ENTRIES = 500
BETWEEN = re.compile(r"[\s,;]+")
ARROW = re.compile(r"\s*(?:->|=>|→|>|;|,|\t)\s*|\s+")
RECORD_NAME = re.compile(r"(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{2,63}(?<!-)")


def check_several(question: Question, findings: Findings, situation: Situation) -> None:
    known = {choice.value: choice for choice in question.choices}
    findings.value = list(dict.fromkeys(findings.value))
    for value in findings.value:
        if value not in known:
            findings.refuse(f"“{shown(shown_domain(value))}” can no longer be chosen. Take it away, and choose again.")
        elif known[value].alone and len(findings.value) > 1:
            findings.refuse(f"“{known[value].label}” and something else cannot both be so.")
    check_together(question, findings, situation)


def check_together(question: Question, findings: Findings, situation: Situation) -> None:
    """Each of the choices must be chosen here or at the other question."""
    if question.together_with and not findings.problems:
        there = situation.answers.get(question.together_with) or ()
        for choice in question.choices:
            if choice.value not in findings.value and choice.value not in there:
                findings.refuse(f"{choice.label} is in neither of the two lists.")


def check_lines(question: Question, findings: Findings, entry: Callable[[str], str], *, whole: bool = False) -> None:
    """Put each entry in form by `entry`, which raises Refused; the same one twice is refused with both lines."""
    lines: dict[str, int] = {}
    most = question.most or MOST_ENTRIES
    for count, (line, written) in enumerate(entries(findings.value, whole=whole), 1):
        if count > most:
            findings.problems.clear()  # what is wrong with so many is not looked at
            findings.refuse(f"At most {most:,} entries.")
            return
        try:
            found = entry(written)
        except Refused as refusal:
            findings.refuse(refusal.sentence, line)
            continue
        if found in lines:
            findings.refuse(f"“{shown(written)}” is there already, in line {lines[found]}.", line)
        else:
            lines[found] = line
    if not findings.problems:
        findings.value = list(lines)


def entries(value: list[str], *, whole: bool) -> Iterator[tuple[int, str]]:
    """Each entry with the number of its line, from 1; `whole`: a line is one entry."""
    for number, line in enumerate(value, 1):
        for written in (line.strip(),) if whole else BETWEEN.split(line):
            if written:
                yield number, written


def check_ips(question: Question, findings: Findings, _: Situation) -> None:
    check_lines(
        question, findings, lambda text: single_address(text, public=question.public, networks=question.networks)
    )


def check_hosts(question: Question, findings: Findings, _: Situation) -> None:
    def entry(text: str) -> str:
        found = host_and_port(text, default_port=question.default_port, public=question.public)
        refuse_elsewhere(without_port(found), question)
        return found

    check_lines(question, findings, entry)


def check_domains(question: Question, findings: Findings, situation: Situation) -> None:
    check_lines(question, findings, record_name if question.underscores else own_domain)
    if question.look_up:
        for domain in domains_in(findings.value):
            tell_domain(domain, situation, findings)
    if question.id == MAIL_DOMAINS and not findings.problems:
        hold_against_record(findings, situation)
        hold_against_infrastructure(situation.infrastructure, situation, findings)


def own_domain(text: str) -> str:
    """A domain that a company can have for itself, in A-labels. Raises Refused."""
    try:
        domain = as_domain(text)
    except WrongDomain as wrong:
        raise Refused(f"“{shown(text)}”: {wrong}") from None
    if is_public_suffix(domain):
        raise Refused(f"Many companies share {shown_domain(domain)}. Write your own domain below it.")
    return domain


def record_name(text: str) -> str:
    """A name that an SPF record can include: a domain whose parts may have underscores. Raises Refused."""
    name = text.lower().removeprefix("include:").removesuffix(".")
    if not RECORD_NAME.fullmatch(name) or len(name) > 253 or name.rpartition(".")[2].isdigit():
        raise Refused(f"“{shown(text)}” is not a name such as _spf.company.example.")
    return name


def hold_against_record(findings: Findings, situation: Situation) -> None:
    for domain in findings.value:
        if domain in situation.taken:
            findings.warnings.append(
                f"{shown_domain(domain)} is another customer’s domain on this portal. Is it yours?"
            )
    primary = situation.customer.primary_domain
    if primary and primary not in findings.value:
        findings.warnings.append(f"{shown_domain(primary)} is in your record, but not among these.")


def check_forwarding(question: Question, findings: Findings, situation: Situation) -> None:
    inside = domains_in(situation.answers.get(question.inside)) if question.inside else ()
    outside = domains_in(situation.answers.get(question.outside)) if question.outside else ()

    def entry(text: str) -> str:
        addresses = [part for part in ARROW.split(text) if part]
        if len(addresses) != 2:
            raise Refused(f"“{shown(text)}”: write two addresses with -> between them, from and to.")
        source, target = (email_address(address) for address in addresses)
        if inside and domain_of(source) not in inside:
            raise Refused(f"{shown(source)} is in none of your email domains.")
        if outside and domain_of(target) in outside:
            raise Refused(f"{shown(target)} is one of your own addresses: only what leaves your domains belongs here.")
        return f"{source} -> {target}"

    check_lines(question, findings, entry, whole=True)
