"""Who gets what from the addresses of an RFI after it was filled in."""

from data.definitions import as_definition, current_sets
from data.moments import now
from data.rfi import AskedSet, HandedIn, Rfi
from tests.access import Row
from tests.rfi.waiting_for import an_opened_rfi

EVERYBODY = ("viewer", "technician", "msp_admin", "admin", "operator")
READERS = {**dict.fromkeys(EVERYBODY, 200), "nobody": 303, "stranger": 404}


def editors(status: int) -> dict[str, int]:
    return {**dict.fromkeys(EVERYBODY, status), "viewer": 403, "nobody": 303, "stranger": 404}


def operators(status: int) -> dict[str, int]:
    return {**dict.fromkeys((*EVERYBODY, "stranger"), 403), "operator": status, "nobody": 303}


def an_open_one(world):
    return {"customer_id": an_opened_rfi(world).customer_id}


def one_set_aside(world):
    return {"customer_id": an_opened_rfi(world, state="not_applicable").customer_id}


def a_closed_one(world):
    rfi = an_opened_rfi(world, closed_at=now())
    rfi.customer.status, rfi.customer.shelf = "closed", "past"
    rfi.customer.save()
    return {"customer_id": rfi.customer_id}


def one_handed_in(world):
    """With two answers, of the questions of the day."""
    rfi, questions = an_opened_rfi(world, state="complete"), current_sets()
    definition = as_definition(questions)
    AskedSet.insert(version=questions.version, definition=definition, kept_at=now()).on_conflict_ignore().execute()
    HandedIn.create(
        rfi=rfi,
        number=1,
        set_version=questions.version,
        infrastructure="m365",
        answers={"infrastructure": "m365", "mail_domains": ["harbour.example"]},
        at=now(),
        by_name="Ines Lead (by link)",
    )
    return {"customer_id": rfi.customer_id}


def its_first_version(world):
    return one_handed_in(world) | {"number": 1}


def seen(**typed):
    """The version that the newest RFI has, and what is typed."""

    def data(_):
        return {"version": Rfi.select().order_by(Rfi.id.desc()).get().version} | typed

    return data


ROWS = {
    # The page of the form says nothing of the questions, so nothing is handed in.
    ("rfi_review.hand_in", "POST"): Row(editors(409), an_open_one, seen()),
    ("rfi_review.hand_in_by_link", "POST"): Row(dict.fromkeys(READERS, 404), lambda _: {"token": "a-guess"}),
    ("rfi_review.review", "GET"): Row(READERS, one_handed_in),
    ("rfi_review.flag", "POST"): Row(editors(303), one_handed_in, seen(remark_mail_domains="All of them?")),
    ("rfi_review.version", "GET"): Row(READERS, its_first_version),
    ("rfi_review.reopening", "GET"): Row(editors(200), one_handed_in),
    ("rfi_review.reopen", "POST"): Row(editors(303), one_handed_in, seen(reason="They moved")),
    ("rfi_review.setting_aside", "GET"): Row(editors(200), an_open_one),
    ("rfi_review.set_aside", "POST"): Row(editors(303), an_open_one, seen(reason="Another application")),
    ("rfi_review.take_up", "POST"): Row(editors(303), one_set_aside, seen()),
    ("rfi_review.restart", "POST"): Row(operators(303), a_closed_one, seen()),
}
