"""Where mail goes, as DNS tells it: said beside each domain, and held against the infrastructure. Pure."""

from collections.abc import Iterator

from blueprints.customers.domains import shown_domain
from blueprints.rfi.asking import INFRASTRUCTURE, Lookup, Situation, mail_domains
from blueprints.rfi.findings import Findings, Suggestion
from data.customers import INFRASTRUCTURES
from data.mail_services import MailService, service_at

FOUND, NOT_FOUND = "found", "not found"  # outcomes of a look-up
MOST_HOSTS = 3  # named in a sentence
# What may be chosen when mail goes straight to such a service: a hybrid has its mailboxes there, too.
FITS = {
    "m365": ("m365", "hybrid_m365"),
    "google": ("google", "hybrid_google"),
    "hosted": ("hosted", "other"),
}


def tell_domain(domain: str, situation: Situation, findings: Findings) -> None:
    """Say what DNS says of a domain, if it was asked."""
    lookup = situation.lookups.get(domain)
    if lookup is None:
        return
    name = shown_domain(domain)
    if lookup.outcome == NOT_FOUND:
        findings.warnings.append(f"{name}: DNS knows no such domain. Check the spelling.")
    elif lookup.outcome != FOUND:
        findings.notes.append(f"{name}: could not look it up just now.")
    else:
        findings.notes.append(f"{name}: {mail_of(lookup)}{name_servers_of(lookup)}")


def mail_of(lookup: Lookup) -> str:
    if "MX" in lookup.facts.get("unanswered", ()):
        return "where its mail goes could not be looked up."
    hosts = hosts_of(lookup)
    if hosts:
        services = dict.fromkeys(service.name for service in services_of(lookup))
        looks_like = f", which looks like {' and '.join(services)}" if services else ""
        return f"mail goes to {listed(hosts)}{looks_like}."
    return "it says that it takes no mail." if lookup.facts.get("mail") else "no mail server is named for it (no MX)."


def name_servers_of(lookup: Lookup) -> str:
    servers = tuple(lookup.facts.get("name_servers", ()))
    return f" Name servers: {listed(servers)}." if servers else ""


def listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:MOST_HOSTS]) + (" and more" if len(names) > MOST_HOSTS else "")


def hosts_of(lookup: Lookup) -> tuple[str, ...]:
    return tuple(host for host in lookup.facts.get("mail", ()) if host != ".")


def services_of(lookup: Lookup) -> Iterator[MailService]:
    return (service for host in hosts_of(lookup) if (service := service_at(host)))


def tell_host(host: str, situation: Situation, findings: Findings) -> None:
    """Say whether a host has an address, if it was asked."""
    lookup = situation.lookups.get(host)
    if lookup is None:
        return
    addresses = tuple(lookup.facts.get("addresses", ()))
    if addresses:
        findings.notes.append(f"{host} is {listed(addresses)}.")
    elif lookup.outcome == NOT_FOUND or (lookup.outcome == FOUND and not unanswered(lookup)):
        findings.warnings.append(f"{host} has no address in DNS. Check the spelling.")
    else:
        findings.notes.append(f"{host} could not be looked up just now.")


def unanswered(lookup: Lookup) -> bool:
    return not {"A", "AAAA"}.isdisjoint(lookup.facts.get("unanswered", ()))


def hold_against_infrastructure(chosen: str, situation: Situation, findings: Findings) -> None:
    """Warn when mail goes straight to another kind of service than was chosen, with one press to switch."""
    if not chosen:
        return
    for domain in mail_domains(situation):
        lookup = situation.lookups.get(domain)
        for service in services_of(lookup) if lookup else ():
            if not service.infrastructure or chosen in FITS[service.infrastructure]:
                continue
            findings.warnings.append(contradiction(shown_domain(domain), service, chosen))
            label = INFRASTRUCTURES[service.infrastructure]
            findings.suggestion = Suggestion(INFRASTRUCTURE, service.infrastructure, f"Switch to {label}")
            return


def contradiction(domain: str, service: MailService, chosen: str) -> str:
    hybrid = f"hybrid_{service.infrastructure}"
    either = f" or {INFRASTRUCTURES[hybrid]}" if hybrid in INFRASTRUCTURES else ""
    should = f"{INFRASTRUCTURES[service.infrastructure]}{either}"
    here = INFRASTRUCTURES.get(chosen, chosen)
    return f"Mail for {domain} goes to {service.name}, but “{here}” is chosen. Is it {should}?"
