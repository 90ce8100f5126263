"""Who gets what from the customer's own page: nobody, without its link."""

from tests.access import EVERYBODY, Row

NOT_THERE = dict.fromkeys(EVERYBODY, 404)


def guess(_):
    return {"token": "a-guess"}


def guess_at_step(_):
    return {"token": "a-guess", "step_id": 1}


def guess_at_document(_):
    return {"token": "a-guess", "attachment_id": 1}


ROWS = {
    ("welcome.show", "GET"): Row(NOT_THERE, guess),
    ("welcome.start", "POST"): Row(NOT_THERE, guess_at_step),
    ("welcome.done", "POST"): Row(NOT_THERE, guess_at_step),
    ("welcome.check", "POST"): Row(NOT_THERE, guess_at_step),
    ("welcome.remark", "POST"): Row(NOT_THERE, guess_at_step),
    ("welcome.set_cutover", "POST"): Row(NOT_THERE, guess),
    ("welcome.sign_off", "POST"): Row(NOT_THERE, guess),
    ("welcome.document", "GET"): Row(NOT_THERE, guess_at_document),
}
