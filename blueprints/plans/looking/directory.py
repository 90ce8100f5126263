"""Looks into a customer's directory: whether it lets the portal in, and knows as many people as were ordered."""

from blueprints.gateways.bounds import PORTS, Door
from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.gateways.ldap import Bind, Server, count_people
from blueprints.plans.checking import Subject
from blueprints.plans.expected_values import expected_of
from blueprints.plans.judging import people

DOORS = {"ldaps": Door.LDAPS, "starttls": Door.LDAP, "none": Door.LDAP}


def ldap(subject: Subject) -> Verdict:
    host, security = subject.text("host"), subject.text("security") or "ldaps"
    if not host:
        return Verdict(Outcome.UNDETERMINED, "The RFI names no directory to look into.")
    door = DOORS.get(security, Door.LDAPS)
    port = str(subject.answer("port") or "").strip()
    if port not in ("", str(PORTS[door])):
        sentence = f"{host} is said to answer at port {port}; checks go to port {PORTS[door]} only."
        return Verdict(Outcome.NOT_HERE, sentence)
    user, secret = subject.text("user"), subject.secret("password")
    if user and not secret:
        return Verdict(Outcome.NOT_HERE, "The password of the directory is not kept (any more), so nobody can sign in.")
    accepted = expected_of(subject.partner.expected, subject.expected).certificate_of(host)
    server = Server(host, door, encrypted=security != "none", accepted=accepted)
    counted = count_people(server, Bind(user, secret), subject.text("base_dn"), subject.bounds_left)
    return people.judge(counted, subject.customer.permitted_users)
