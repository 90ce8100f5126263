"""The history: one line for every change, written in the transaction of the change, never altered.

A line stores facts, not sentences; `sentence()` tells them. The database refuses to change or remove a line.
"""

from contextvars import ContextVar
from typing import Any

from peewee import IntegerField, TextField

from data.database import Record, database
from data.fields import Facts, Moment
from data.moments import now

# What the portal calls the request or job at work, so that one act's lines read together.
act: ContextVar[str] = ContextVar("act", default="")

# kind → the sentence told of it. The braces name the facts that the kind must carry, no more and no less.
KINDS: dict[str, str] = {
    "installation.set_up": "Portal set up for {msp}",
    "person.invited": "{name} <{email}> invited as {role}",
    "person.invited_again": "{name} <{email}> invited again",
    "person.accepted": "{name} accepted the invitation",
    "person.changed": "{name}: {changes}",
    "person.role_changed": "{name}: role {before} → {after}",
    "person.customer_role_changed": "{name}: role on {company} {before} → {after}",
    "person.switched_off": "{name} switched off",
    "person.switched_on": "{name} switched on again",
    "person.signed_in": "{name} signed in from {address}",
    "person.password_changed": "{name} changed the password",
    "person.password_reset": "{name} set a new password by email",
    "person.second_factor_on": "{name} switched the second factor on",
    "person.second_factor_off": "{name} switched the second factor off",
    "person.second_factor_removed": "Second factor of {name} removed",
    "person.recovery_codes_made": "{name} made new recovery codes",
    "person.recovery_code_used": "{name} used a recovery code; {left} left",
    "person.signed_out_everywhere": "{name} signed out everywhere",
    "partner.added": "Partner {name} added",
    "partner.settings_changed": "Partner settings: {changes}",
    "partner.closed": "Partner {name} closed",
    "partner.reopened": "Partner {name} opened again",
    "product.added": "Product {code} added: {name}",
    "product.changed": "Product {code}: {changes}",
    "price.contracted": "Contracted price of {product} from {valid_from}: {tiers}; one-time fee {one_time_fee}",
    "price.removed": "Contracted price of {product} from {valid_from} removed",
    "price.imported": "{count} contracted prices imported",
    "prospect.created": "Prospect {name} created",
    "prospect.changed": "Prospect: {changes}",
    "prospect.archived": "Prospect {name} archived",
    "prospect.restored": "Prospect {name} restored",
    "prospect.domain_checked": "{domain} looked up: {outcome}",
    "order.drafted": "Order saved: {products}, {users} permitted users",
    "order.dropped": "Draft order dropped",
    "order.submitted": "Order {number} submitted: {products}, {users} permitted users, {monthly} a month",
    "order.change_saved": "Change order saved: {changes}",
    "order.change_submitted": "Change order {number} submitted: {changes}; {before} → {after} a month from {day}",
    "order.change_applied": "Change order {number} in effect: {changes}",
    "order.change_withdrawn": "Change order {number} withdrawn",
    "order.change_lapsed": "Change order {number} lapsed: {reason}",
    "customer.lead_changed": "Implementation Lead {before} → {after}",
    "customer.contact_added": "Contact {name} added",
    "customer.contact_changed": "Contact {name}: {changes}",
    "customer.contact_removed": "Contact {name} removed",
    "customer.status_changed": "Status {before} → {after}",
    "cancellation.requested": "Cancellation asked for, {export}; last day of service: {ends}",
    "cancellation.withdrawn": "Cancellation withdrawn: {reason}",
    "cancellation.processed": "The provider began to process the cancellation",
    "cancellation.export_quoted": "Quote for the data export sent",
    "cancellation.ended": "Service ended",
    "cancellation.exported": "Export taken: {files} files",
    "cancellation.export_opened": "Export opened again until {until}",
    "transfer.asked": "Partner change asked for: {products} to {receiver} on {day}",
    "transfer.accepted": "{receiver} accepted the partner change",
    "transfer.declined": "Partner change declined{reason}",
    "transfer.confirmed": "Partner change confirmed for {day}",
    "transfer.called_off": "Partner change called off{reason}",
    "transfer.lapsed": "Partner change lapsed{reason}",
    "transfer.moved": "Moved to {receiver}: {products}; this record stays to be read",
    "transfer.ended": "Ended with {day}, not moved: {products}",
    "transfer.offered": "{releasing} offers {company}, to be taken over on {day}",
    "transfer.takeover_accepted": "Takeover of {company} accepted for {day}: {monthly} a month",
    "transfer.takeover_confirmed": "Takeover of {company} confirmed for {day}",
    "transfer.offer_ended": "Takeover of {company} came to nothing{reason}",
    "transfer.taken_over": "Taken over from {releasing} on {day}",
    "transfer.code_made": "New code for partner changes made",
    "rfi.opened": "RFI opened, link sent to {email}",
    "rfi.opened_for_change": "RFI opened for what change order {number} added: {products}",
    "rfi.asks_for_change": "RFI asks for what change order {number} added, too: {products}",
    "rfi.link_sent_again": "New RFI link sent to {email}; the earlier ones no longer open",
    "rfi.link_sent": "RFI link sent to {email}",
    "rfi.link_revoked": "RFI link of {email} revoked",
    "rfi.link_opened": "RFI link opened by {email}",
    "rfi.answered": "RFI: “{question}” answered",
    "rfi.handed_in": "RFI handed in, version {number}",
    "rfi.flagged": "RFI answers flagged: {questions}",
    "rfi.reopened": "RFI opened again: {reason}",
    "rfi.not_applicable": "RFI set to not applicable: {reason}",
    "rfi.applicable": "RFI applies again",
    "rfi.reminded": "Reminder of the RFI sent to {email}",
    "rfi.not_reminded": "No reminder of the RFI: there is no Implementation Lead with an email address",
    "rfi.silence_told": "MSP told that flagged answers are still waited for",
    "rfi.change_silence_told": "MSP told that the questions of a change order are still unanswered",
    "rfi.closing_told": "MSP told that the project closes on {day} unless the RFI is handed in",
    "rfi.closed": "Project closed: the RFI was not handed in within {days} days",
    "rfi.restarted": "Project started again",
    "rfi.secrets_erased": "Secrets of the RFI erased: {count}",
    "plan.opened": "Onboarding plan opened",
    "plan.unlocked": "Onboarding can start: the RFI is complete",
    "plan.made": "Onboarding plan made: {plan}, {count} steps",
    "plan.step_started": "Step “{step}” started",
    "plan.step_done": "Step “{step}” done",
    "plan.expected_changed": "Expected records: {changes}",
    "plan.check_asked": "Step “{step}”: asked for its check",
    "plan.step_proven": "Step “{step}” done: its check has passed",
    "plan.step_drifted": "Step “{step}” is not as it was: {what}",
    "plan.step_held": "Step “{step}” is as it should be again",
    "plan.step_waiting": "Step “{step}” waits until {until}",
    "plan.step_failed": "Step “{step}” failed: {reason}",
    "plan.step_overridden": "Step “{step}” done by override: {reason}",
    "plan.step_not_applicable": "Step “{step}” not applicable: {reason}",
    "plan.step_undone": "Step “{step}” taken up again: {reason}",
    "plan.step_dropped": "Step “{step}” dropped: {reason}",
    "plan.step_added": "Step “{step}” added",
    "plan.step_assigned": "Step “{step}” given to {person}",
    "plan.step_due": "Step “{step}” due: {day}",
    "plan.step_commented": "Remark on step “{step}”",
    "plan.cutover_set": "Cutover set to {moment}{reason}",
    "plan.signed": "Signed off for {side}{reason}",
    "plan.unsigned": "Signatures withdrawn: something is to be done again",
    "plan.reminded": "Reminder of {steps} sent to {email}",
    "plan.drift_told": "Letter about {steps}, not as before, sent to {email}",
    "plan.completed": "Onboarding complete",
    "plan.reopened": "Onboarding plan opened again: {reason}",
    "plan.adjusted": "Onboarding plan after the RFI was handed in again: {changes}",
    "plan.steps_ended": "Steps that no service calls for any more: {changes}",
    "plan.mailbox_list_read": "List of mailboxes read: {good} good rows, {faults} faulty",
    "plan.mailbox_list_dropped": "List of mailboxes that was read not taken over",
    "plan.mailboxes_listed": "Mailboxes listed: {told}",
    "plan.mailbox_source_changed": "How mailboxes are signed in to: {changes}",
    "plan.mailbox_changed": "Mailbox {address}: {changes}",
    "plan.mailbox_test_begun": "Test of {what} begun",
    "plan.mailbox_test_cancelled": "Test of mailboxes cancelled",
    "plan.mailboxes_tested": "Test of {what} ended: {told}",
    "plan.mailboxes_exported": "List of mailboxes taken away, {format}{passwords}",
    "console.opened": "Console opened, signed in as {role}: {address}",
    "console.address_opened": "Address of the console opened: {address}",
    "console.delegated": "Delegated access of {name} switched on",
    "console.withdrawn": "Delegated access of {name} switched off",
    "console.address_changed": "Console: {changes}",
    "console.settings_changed": "Consoles of customers: {changes}",
    "console.key_rotated": "Key that signs in to consoles rotated; the new one is {kid}",
    "monitor.set_up": "Monitor of {service} set up: {how}",
    "monitor.changed": "Monitor of {service}: {changes}",
    "monitor.switched_off": "Monitor of {service} switched off",
    "monitor.token_made": "New token made for the monitor of {service}",
    "monitor.token_revoked": "Token of the monitor of {service} revoked",
    "monitor.look_asked": "Monitor of {service}: asked to look now",
    "monitor.records_accepted": "Monitor of {service}: records accepted as they are now",
    "monitor.maintenance_planned": "Maintenance of {what} from {begins} to {ends}{reason}",
    "monitor.maintenance_ended": "Maintenance of {what} ended",
    "alert.raised": "{service}: {state}, alert raised",
    "alert.worse": "{service}: the warning became a problem",
    "alert.escalated": "{service}: {count} alerts without reaction, others are told",
    "alert.acknowledged": "{service}: alert acknowledged{remark}",
    "alert.ended": "{service}: {how}",
    "alert.subscriber_added": "{name} is told of alerts, {level}",
    "alert.subscriber_changed": "Alerts to {name}: {changes}",
    "alert.subscriber_tried": "Test of alerts to {name} asked for",
    "alert.subscriber_removed": "{name} is told of alerts no more",
    "alert.key_shown": "Key of the webhook of {name} shown",
    "alert.key_changed": "New key for the webhook of {name} made",
    "alert.webhook_given_up": "Webhook of {name} switched off: {answer}",
    "attachment.received": "{name} uploaded",
    "attachment.filed": "{name} filed under attachments",
    "attachment.refused": "{name} not filed: {reason}",
    "attachment.dismissed": "Refusal of {name} put away",
    "attachment.opened": "{name} opened",
    "attachment.removed": "{name} removed from attachments",
    "note.added": "Note added",
    "note.edited": "Note edited",
    "note.removed": "Note of {author} removed",
    "email.queued": "Email “{subject}” to {email} queued",
    "email.delayed": "Email “{subject}” to {email} not sent yet: {answer}",
    "email.held": "Email “{subject}” to {email} held: no mail server is set",
    "email.sent": "Email “{subject}” sent to {email}",
    "email.failed": "Email “{subject}” to {email} failed: {answer}",
    "email.unsure": "Email “{subject}” to {email} may have been sent",
    "email.sent_again": "Email “{subject}” to {email}: sending it again",
    "mail.tested": "Test email to {email}: {answer}",
    "sample.loaded": "{count} sample customers loaded",
}


class History(Record):
    """One line: when, who, what, over which partner and customer, and the facts of it."""

    at = Moment(default=now)
    kind = TextField()
    who_id = IntegerField(null=True)
    who_name = TextField()
    partner_id = IntegerField(null=True)
    customer_id = IntegerField(null=True)
    facts = Facts()
    act = TextField(default="")


INSERT = (
    "INSERT INTO history (at, kind, who_id, who_name, partner_id, customer_id, facts, act)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def facts_of(kind: str) -> set[str]:
    """The names in the braces of a kind's sentence. KeyError for an unknown kind."""
    return {part.split("}")[0] for part in KINDS[kind].split("{")[1:]}


def record(kind: str, who: Any, *, partner: int | None = None, customer: int | None = None, **facts: Any) -> None:
    """Write one line. Call inside the transaction of the change.

    `who` has `.id` and `.name` (a person or the portal itself: `PORTAL`). `partner` and `customer` are ids.
    Raises ValueError for facts that are missing or not foreseen, RuntimeError outside a transaction.
    """
    if facts_of(kind) != set(facts):
        raise ValueError(f"{kind} tells {sorted(facts_of(kind))}, not {sorted(facts)}")
    if not database.in_transaction():
        raise RuntimeError("history is written in the transaction of the change it tells")
    # Every change writes a line, a submitted order nine: the statement is written out, not built anew each time.
    at = History.at.db_value(now())
    row = (at, kind, who.id, who.name, partner, customer, History.facts.db_value(facts), act.get())
    database.execute_sql(INSERT.replace("?", database.param), row)


def sentence(line: History) -> str:
    """The line as people read it."""
    return KINDS[line.kind].format(**line.facts)


class Portal:
    """The portal itself, when no person acts: a worker, a command, a clock."""

    id = None
    name = "the portal"


PORTAL = Portal()
