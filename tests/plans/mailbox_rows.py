"""Who gets what from the pages about mailboxes that move."""

from io import BytesIO

from blueprints.plans.mailbox_previews import stamp_of
from blueprints.plans.mailbox_uploading import read_list
from data.mailboxes import MailboxList, MailboxRun
from data.moments import now
from data.plans import Mailbox
from tests.access import Row
from tests.plans.moving import a_move
from tests.plans.page_rows import READERS, editors
from tests.plans.planned import step, technician

FILE = b"EmailAddress,UserName,Password\nada@company.example,ada,tide\nnobody,x,\n"
NO_VIEWERS = READERS | {"viewer": 403}


def a_listed_one(world):
    return {"customer_id": a_move(world, "ada").customer_id}


def one_of_them(world):
    plan = a_move(world, "ada")
    return {"customer_id": plan.customer_id, "mailbox_id": Mailbox.get(Mailbox.plan == plan).id}


def one_being_tested(world):
    plan = a_move(world, "ada")
    MailboxRun.create(plan=plan, step_id=step(plan, "imap_test").id, total=1, asked_at=now(), not_before=now())
    return {"customer_id": plan.customer_id}


def one_with_a_list(world):
    plan = a_move(world)
    read_list(technician(world), plan.customer_id, BytesIO(FILE))
    return {"customer_id": plan.customer_id}


def one_with_a_list_in_its_rfi(world):
    listed = {"format": "microsoft", "rows": "2,ada@company.example,ada\n", "count": 1}
    return {"customer_id": a_move(world, mailbox_list=listed).customer_id}


def the_list(_):
    return {"seen": stamp_of(MailboxList.select().order_by(MailboxList.id.desc()).get())}


def a_file(_):
    return {"file": (BytesIO(FILE), "mailboxes.csv")}


def a_server(_):
    return {"version": 0, "host": "imap.company.example", "security": "tls", "login": "list"}


def version(_):
    row = Mailbox.select().order_by(Mailbox.id.desc()).get()
    return {"version": row.version, "address": row.address, "login": "ada"}


ROWS = {
    ("plans_mailboxes.index", "GET"): Row(READERS, a_listed_one),
    ("plans_mailboxes.testing", "GET"): Row(READERS | dict.fromkeys(READERS.keys() - {"stranger"}, 303), a_listed_one),
    ("plans_mailboxes.test", "POST"): Row(editors(303), a_listed_one),
    ("plans_mailboxes.cancel", "POST"): Row(editors(303), one_being_tested),
    ("plans_mailboxes.mailbox", "GET"): Row(READERS, one_of_them),
    ("plans_mailboxes.change", "POST"): Row(editors(303), one_of_them, version),
    ("plans_mailboxes.test_one", "POST"): Row(editors(303), one_of_them),
    ("plans_mailboxes.leave_out", "POST"): Row(editors(303), one_of_them, lambda _: {"out": "y"}),
    ("plans_mailboxes.source", "GET"): Row(NO_VIEWERS, a_listed_one),
    ("plans_mailboxes.save_source", "POST"): Row(editors(303), a_listed_one, a_server),
    ("plans_mailboxes.preview", "GET"): Row(NO_VIEWERS, one_with_a_list),
    ("plans_mailboxes.upload", "POST"): Row(editors(303), a_listed_one, a_file),
    ("plans_mailboxes.keep", "POST"): Row(editors(303), one_with_a_list, the_list),
    ("plans_mailboxes.drop", "POST"): Row(editors(303), one_with_a_list, the_list),
    ("plans_mailboxes.faulty", "GET"): Row(NO_VIEWERS, one_with_a_list),
    ("plans_mailboxes.take_over", "POST"): Row(editors(303), one_with_a_list_in_its_rfi),
    ("plans_mailboxes.exporting", "GET"): Row(NO_VIEWERS, a_listed_one),
    ("plans_mailboxes.export", "POST"): Row(editors(200), a_listed_one, lambda _: {"format": "list"}),
}
