"""Onboardings from the questions to *complete*, against real servers, each step done for a true reason.

A move of mailboxes with the customer's link, by both sides; the same without JavaScript; and email security, where each
check fails first, says why, and passes once that was mended.
"""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import expect

from data.customers import Customer
from data.definitions import current_sets
from data.mailboxes import MailboxSource
from data.moments import now
from data.plans import Mailbox, Plan, PlanStep
from data.rfi import Rfi, RfiAnswer
from tests.browser.conftest import Window
from tests.browser.onboarding import (
    ADMIN,
    ADMIN_PASSWORD,
    DIRECTORY,
    IMAP,
    MAIL,
    NAMES,
    NEW,
    NOBODY_THERE,
    PASSWORD,
    Onboarding,
    checked,
    finish,
    onboarding,
    press_on,
)
from tests.browser.portal import wait_until
from tests.browser.rfi.filling_in import answer, everything_is_saved
from tests.browser.test_notes import sign_in
from tests.services import HOST

SOON = 20_000  # milliseconds in which an answer comes to an open page, on a busy machine


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Onboarding]:
    with onboarding(tmp_path_factory.mktemp("move")) as made:
        yield made


# --- a move of mailboxes --------------------------------------------------------------------------------


def test_a_move_goes_from_the_questions_to_complete(at: Onboarding, window: Callable[..., Window]) -> None:
    customer_id, domain = at.customer("company.example", "migration"), "company.example"
    ours, theirs = window(), window(width=390)
    sign_in(ours, at.served)
    say_what_records_should_be(ours, at)
    link = a_new_link(ours, at, customer_id)
    theirs.go(link)
    fill_in(theirs, domain)
    theirs.page.get_by_role("button", name="Hand in").click()
    expect(theirs.page.locator("#said")).to_contain_text(re.compile("handed in", re.IGNORECASE))
    theirs.look_over()

    mailboxes_are_good(ours, at, customer_id)
    finish(ours, at, customer_id, "imap_test", "review", "create_mailboxes", "add_ons", "mail_back")
    theirs.go(link.replace("/rfi/", "/welcome/"))
    through_the_phases(ours, theirs, at, customer_id, domain)


def test_a_move_without_javascript(at: Onboarding, window: Callable[..., Window]) -> None:
    """The acts of both sides on a phone; each person's own password opens their mailbox, one of them only at last."""
    customer_id, domain = at.customer("quay.example", "migration"), "quay.example"
    told = {"filter_now": "none", "directory_sync": "list", "by_hand": "no", "mail_domains": [domain]}
    source = {"imap_host": IMAP, "imap_security": "tls", "imap_port": "993", "imap_login": "list"}
    at.expect()
    at.hand_in(customer_id, "migration", {**told, **source})
    ours, theirs = window(javascript=False, width=360), window(javascript=False, width=360)
    sign_in(ours, at.served)
    a_list_with_a_wrong_password(ours, at, customer_id, domain)
    finish(ours, at, customer_id, "imap_test", "review", "create_mailboxes", "mail_back")
    theirs.go(at.link(customer_id))
    through_the_phases(ours, theirs, at, customer_id, domain)


def through_the_phases(ours: Window, theirs: Window, at: Onboarding, customer_id: int, domain: str) -> None:
    """Once the new mailboxes are made; `theirs` shows the customer's tasks."""
    phase_one(theirs, at, customer_id, domain)
    finish(ours, at, customer_id, "first_copy")
    theirs.page.reload()
    press_on(theirs, at, customer_id, "webmail", "Yes, everything is right")
    press_on(theirs, at, customer_id, "profiles", "Everybody is ready")
    known_everywhere(ours, at, customer_id)
    finish(ours, at, customer_id, "cut_over", "last_copy")
    theirs.page.reload()
    phase_three(theirs, at, customer_id, domain)
    both_sides_sign_off(ours, theirs, at, customer_id)


def a_list_with_a_wrong_password(ours: Window, at: Onboarding, customer_id: int, domain: str) -> None:
    here = f"{at.plan(customer_id)}/mailboxes"
    rows = "".join(f"{name}@{domain},{name}@{domain},{PASSWORD if name != 'greta' else 'ebb'}\n" for name in NAMES)
    content = f"EmailAddress,UserName,Password\n{rows}".encode()
    ours.go(f"{here}/list")
    ours.page.set_input_files("[name=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": content})
    ours.press("Look the file over")
    ours.press("Keep these 3 rows")
    ours.press("Test all")
    the_test_says(ours, "1 failed")
    expect(ours.page.locator("#found tbody tr", has_text="greta")).to_contain_text("AUTHENTICATIONFAILED")
    ours.go(f"{at.plan(customer_id)}/{at.step(customer_id, 'imap_test').id}")
    ours.sees(f"1 of 3 mailboxes cannot be signed in to: greta@{domain}.")
    ours.go(here)
    ours.press(f"greta@{domain}")
    ours.fill(secret=PASSWORD)
    ours.press("Save")
    ours.go(here)
    ours.press("Test the 1 that is not good")
    the_test_says(ours, "All good")


def the_test_says(ours: Window, mark: str) -> None:
    for _ in range(60):
        if ours.page.locator("#testing .mark").inner_text() == mark:
            return
        ours.page.wait_for_timeout(200)
        ours.page.reload()
    pytest.fail(f"not “{mark}”: {ours.page.locator('#testing').inner_text()}")


def say_what_records_should_be(ours: Window, at: Onboarding) -> None:
    ours.go(f"{at.served.address}/partner/1/expected")
    ours.fill(mx=f"10 {NEW}", spf_include="_spf.provider.example", autodiscover="autodiscover.provider.example")
    ours.press("Save")
    ours.sees("Saved")


def a_new_link(ours: Window, at: Onboarding, customer_id: int) -> str:
    """Sent from the customer's page; it comes with a letter."""
    before = len(at.served.sink.received)
    ours.go(f"{at.served.address}/customers/{customer_id}")
    ours.press("Send a new link")
    letter = at.served.sink.wait_for(before + 1, 30)[-1]
    assert letter.recipients == ("ada@company.example",)
    found = re.search(r"http://\S+/rfi/\S+", letter.email.get_body(("plain",)).get_content())
    assert found
    return found.group()


def fill_in(theirs: Window, domain: str) -> None:
    """All that is asked of somebody who moves from an IMAP server of their own."""
    given = {
        "mail_domains": domain,
        "filter_now": "none",
        "directory_sync": "none",
        "imap_host": IMAP,
        "imap_security": "tls",
        "imap_port": "993",
        "imap_login": "admin",
        "imap_admin": ADMIN,
        "imap_admin_form": "user*admin",
        "imap_admin_password": ADMIN_PASSWORD,
        "mx_change": f"{now() + timedelta(days=4):%Y-%m-%dT18:00}",
        "cutover": f"{now() + timedelta(days=8):%Y-%m-%dT07:00}",
        "by_hand": "no",
    }
    rows = "".join(f"{name}@{domain},{name}@{domain},\n" for name in NAMES)
    file = {"name": "list.csv", "mimeType": "text/csv", "buffer": f"EmailAddress,UserName,Password\n{rows}".encode()}
    questions, done = current_sets(), set()
    first = ["infrastructure", "mail_domains"]
    while first:
        for name in first:
            controls = theirs.page.locator(f'[name="{name}"]:not([type=hidden])')
            if name == "mailbox_list":
                controls.set_input_files(file)
            elif name not in given:
                answer(theirs.page, questions.question(name), "onprem")
            elif controls.first.get_attribute("type") == "radio":
                theirs.page.locator(f'[name="{name}"][value="{given[name]}"]').evaluate("e => e.click()")
            else:
                controls.fill(given[name])
        done.update(first)
        theirs.settle()
        asked = theirs.page.locator("[name^='seen:']").evaluate_all("all => all.map(e => e.name.slice(5))")
        first = [name for name in asked if name not in done]
    theirs.page.keyboard.press("Tab")
    everything_is_saved(theirs)
    theirs.look_over()


def mailboxes_are_good(ours: Window, at: Onboarding, customer_id: int) -> None:
    """The list of the RFI is taken over, and each mailbox is signed in to as the RFI says."""
    ours.go(f"{at.plan(customer_id)}/mailboxes")
    ours.press("Take them over")
    ours.press("Test all")
    expect(ours.page.locator("#testing .mark")).to_have_text("All good", timeout=SOON)
    expect(ours.page.locator("#found tbody tr .good")).to_have_count(3)
    ours.look_over()


def phase_one(theirs: Window, at: Onboarding, customer_id: int, domain: str) -> None:
    """The customer looks the mailboxes over, gives the date, and changes the records that they copy from the page."""
    press_on(theirs, at, customer_id, "verify_objects", "Yes, everything is right")
    card = theirs.page.locator(f"#step-{at.step(customer_id, 'cutover_date').id}")
    card.locator("[name=cutover_at]").fill((now() + timedelta(hours=76)).strftime("%Y-%m-%dT%H:%M"))
    card.get_by_role("button", name="Set this date").click()
    theirs.settle()
    theirs.sees("You change over on")
    press_on(theirs, at, customer_id, "lower_ttl", "Done")

    checked(theirs, at, customer_id, "mx_change", f"Mail for {domain} does not go to {NEW}.")
    theirs.look_over()
    at.names.zones[domain]["MX"] = [f"{copied(theirs, at, customer_id, 'mx_change')}."]
    at.names.zones[f"autodiscover.{domain}"] = {"CNAME": [f"{copied(theirs, at, customer_id, 'autodiscover')}."]}
    checked(theirs, at, customer_id, "mx_change", f"Mail for {domain} goes to {NEW}, say all name servers asked.")
    checked(theirs, at, customer_id, "autodiscover", f"autodiscover.{domain} leads to autodiscover.provider.example.")
    theirs.look_over()


def copied(theirs: Window, at: Onboarding, customer_id: int, key: str) -> str:
    """The value of the first record of a step, as somebody copies it from the page."""
    return theirs.page.locator(f"#record-{at.step(customer_id, key).id}-1-value").inner_text()


def known_everywhere(ours: Window, at: Onboarding, customer_id: int) -> None:
    """Seen at once, but done only when 72 hours have passed."""
    ours.go(f"{at.plan(customer_id)}/{at.step(customer_id, 'mx_spread').id}")
    ours.press("Check now")
    told(ours, "say all name servers asked.")
    expect(ours.page.locator(".head .mark")).not_to_have_text("Done")
    ours.look_over()
    at.time_passes(hours=73)
    ours.page.reload()
    ours.press("Check again")
    told(ours, "say all name servers asked.", mark="Done")


def told(ours: Window, words: str, mark: str = "") -> None:
    """The check of the step on screen answers so, and the step is then as `mark` says."""
    evidence, head = ours.page.locator("#evidence"), ours.page.locator(".head .mark")
    for _ in range(60):
        if words in evidence.inner_text() and mark in head.inner_text():
            return
        ours.page.wait_for_timeout(200)
        ours.page.reload()
    pytest.fail(f"“{words}” is not said: {head.inner_text()}, {evidence.inner_text()}")


def phase_three(theirs: Window, at: Onboarding, customer_id: int, domain: str) -> None:
    """The customer publishes the record that is left, and says that everything is there."""
    at.names.zones[domain]["TXT"] = [f'"{copied(theirs, at, customer_id, "spf")}"']
    checked(theirs, at, customer_id, "spf", f"The SPF record of {domain} names include:_spf.provider.example")
    press_on(theirs, at, customer_id, "clients", "Everybody is ready")
    press_on(theirs, at, customer_id, "verify_data", "Yes, everything is right")


def both_sides_sign_off(ours: Window, theirs: Window, at: Onboarding, customer_id: int) -> None:
    """The customer is complete then; both sides get a letter, and no secret is kept."""
    with at.records():
        assert secrets_of(customer_id), "a password was handed over"
        name = Customer.get_by_id(customer_id).name
    theirs.press("Sign off for", exact=False)
    theirs.sees("Northstar IT signs off next.")
    before = len(at.served.sink.received)
    ours.go(at.plan(customer_id))
    ours.press("Sign off for the MSP")
    expect(ours.page.locator(".head .mark")).to_have_text("Complete")
    theirs.page.reload()
    theirs.sees("Every step was settled")
    theirs.look_over()
    ours.go(at.plan(customer_id).removesuffix("/plan"))
    ours.sees("Complete")
    subjects = {f"{name}: onboarding is complete", f"{name}: your mail services are set up"}
    wait_until(lambda: subjects <= {each.email["Subject"] for each in at.served.sink.received[before:]})
    with at.records():
        assert not secrets_of(customer_id)
        assert Customer.get_by_id(customer_id).status == "complete"
        steps = PlanStep.select().join(Plan).where((Plan.customer == customer_id) & PlanStep.dropped_at.is_null())
        assert [(row.key, row.state, row.reason) for row in steps if row.state != "done"] == []
        assert [row.key for row in steps if row.reason] == [], "nothing was overridden"


def secrets_of(customer_id: int) -> list[str]:
    of_rfi = RfiAnswer.select().join(Rfi).where(Rfi.customer == customer_id)
    of_plan = [Kind.select().join(Plan).where(Plan.customer == customer_id) for Kind in (Mailbox, MailboxSource)]
    return [row.sealed for query in (of_rfi, *of_plan) for row in query if row.sealed]


# --- each check fails first -----------------------------------------------------------------------------


def test_each_check_fails_saying_why_and_passes_once_it_is_mended(
    at: Onboarding, window: Callable[..., Window]
) -> None:
    """Of the plan for email security, whose steps have all kinds of checks but that of mailboxes."""
    customer_id, domain = at.customer("harbour.example", "security"), "harbour.example"
    answers = {"filter_now": "none", "mail_domains": [domain], "inbound_hosts": [MAIL], "directory_sync": "ldap"}
    directory = {"ldap_host": DIRECTORY, "ldap_security": "ldaps", "ldap_port": "636"}
    directory |= {"ldap_base_dn": at.directory.suffix, "ldap_user": at.directory.administrator}
    at.expect()
    at.hand_in(customer_id, "security", {**answers, **directory}, {"ldap_password": at.directory.password})
    ours = window(color_scheme="dark")
    sign_in(ours, at.served)
    finish(ours, at, customer_id, "configure")
    break_everything(at, domain)
    with at.records():
        Customer.update(permitted_users=30).where(Customer.id == customer_id).execute()
    ask(ours, at, customer_id, *WRONG)
    for key, sentence in WRONG.items():
        see(ours, at, customer_id, key, sentence.format(domain))
    at.names.zones[DIRECTORY] = {"A": [HOST]}
    at.smtp.known = frozenset()
    with at.records():
        Customer.update(permitted_users=20).where(Customer.id == customer_id).execute()
    ask(ours, at, customer_id, "directory", "recipients")
    see(ours, at, customer_id, "directory", "The directory knows 30 people with mail; 20 are permitted.")
    see(ours, at, customer_id, "recipients", f"refuses ada@{domain}: 550")

    with at.records():
        Customer.update(permitted_users=30).where(Customer.id == customer_id).execute()
    token = value_of(ours, at, customer_id, "domains")
    mend(at, domain, token, value_of(ours, at, customer_id, "spf"))
    right = ("domains", "directory", "recipients", "inbound", "spf", "mx_change", "autodiscover", "dmarc")
    ask(ours, at, customer_id, *right)
    for key in right:
        see(ours, at, customer_id, key, "Passed", mark="Done")
    finish(ours, at, customer_id, "outbound")
    at.names.zones[MAIL] = {"A": [NOBODY_THERE]}  # the firewall lets the new filter in, and nobody else
    at.time_passes(hours=49)
    ask(ours, at, customer_id, "dkim", "lock_down")
    see(ours, at, customer_id, "dkim", f"{domain} publishes its keys s1.", mark="Done")
    see(ours, at, customer_id, "lock_down", f"{NOBODY_THERE} takes no connection from here.", mark="Done")


WRONG = {
    "domains": "{0} has TXT records, but not “quayside-domain=",
    "directory": "could not be reached",
    "spf": "The SPF record of {0} does not name include:_spf.provider.example.",
    "recipients": "also accepts recipients that do not exist",
    "inbound": "also accepts recipients that do not exist",
    "mx_change": "50 mail.old.example should be removed: it still gets mail when the others do not answer for {0}.",
    "lock_down": "127.0.0.1 still takes mail for ada@{0} from anywhere.",
    "autodiscover": "autodiscover.{0} leads to autodiscover.old.example, not to autodiscover.provider.example.",
    "dkim": "There is no name s1._domainkey.{0}.",
    "dmarc": "The policy at _dmarc.{0} is none",
}


def break_everything(at: Onboarding, domain: str) -> None:
    at.names.zones[DIRECTORY] = {"A": [NOBODY_THERE]}
    at.smtp.known = None  # it takes mail for anybody
    at.names.zones[domain]["MX"] = [f"10 {NEW}.", f"50 {MAIL}."]
    at.names.zones[f"autodiscover.{domain}"] = {"CNAME": ["autodiscover.old.example."]}
    at.names.zones[f"_dmarc.{domain}"] = {"TXT": ['"v=DMARC1; p=none"']}


def mend(at: Onboarding, domain: str, token: str, spf: str) -> None:
    at.smtp.known = frozenset({f"ada@{domain}"})
    at.names.zones[domain] |= {"MX": [f"10 {NEW}."], "TXT": [f'"{token}"', f'"{spf}"']}
    at.names.zones[f"autodiscover.{domain}"] = {"CNAME": ["autodiscover.provider.example."]}
    at.names.zones[f"_dmarc.{domain}"] = {"TXT": ['"v=DMARC1; p=quarantine"']}
    key = generate_private_key(65_537, 2_048).public_key()
    der = base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    at.names.zones[f"s1._domainkey.{domain}"] = {"TXT": [f'"v=DKIM1; k=rsa; p={der[:200]}" "{der[200:]}"']}


def ask(ours: Window, at: Onboarding, customer_id: int, *keys: str) -> None:
    """*Check now* on each; the worker answers meanwhile, one after the other."""
    at.time_passes()
    for key in keys:
        ours.page.goto(f"{at.plan(customer_id)}/{at.step(customer_id, key).id}")
        with ours.page.expect_response(lambda answer: answer.request.method == "POST"):
            ours.page.locator('form[action$="/check"] button').click()


def see(ours: Window, at: Onboarding, customer_id: int, key: str, words: str, mark: str = "") -> None:
    """The step says so, on a page that is sound where it is bad news."""
    ours.page.goto(f"{at.plan(customer_id)}/{at.step(customer_id, key).id}")
    told(ours, words, mark)
    if not mark:
        ours.look_over()


def value_of(ours: Window, at: Onboarding, customer_id: int, key: str) -> str:
    """Of the record that a step says to publish, as somebody copies it."""
    ours.page.goto(f"{at.plan(customer_id)}/{at.step(customer_id, key).id}")
    return ours.page.locator("#evidence code[id$=-value]").first.inner_text()
