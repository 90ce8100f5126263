"""The mailboxes that move with a plan: their list, testing them, lists coming in and going out."""

from typing import Any

from flask import Blueprint, Response, g, make_response, request, url_for
from jinja2_fragments.flask import render_block
from markupsafe import Markup

from blueprints.plans import (
    mailbox_export,
    mailbox_jobs,
    mailbox_previews,
    mailbox_testing,
    mailbox_uploading,
    mailboxes,
)
from blueprints.plans.mailbox_forms import (
    ExportForm,
    KeepForm,
    LeaveOutForm,
    MailboxForm,
    SourceForm,
    TestForm,
    UploadForm,
)
from blueprints.plans.mailbox_pages import (
    LIST,
    MAILBOX,
    PAGE,
    SOURCE,
    address_of,
    export_facts,
    list_facts,
    mailbox_facts,
    mailbox_form,
    page_facts,
    source_facts,
)
from blueprints.plans.mailbox_places import Said, change_source, place_of
from blueprints.plans.mailboxes import Wanted
from blueprints.web.access import needs
from blueprints.web.csv_files import write_csv
from blueprints.web.fields import status_of, whole_id
from blueprints.web.page import elsewhere, gone_to, page, saved, wants_parts
from blueprints.web.refusals import ChangedMeanwhile, MayNot, NotThere, Refused

blueprint = Blueprint("plans_mailboxes", __name__, url_prefix="/customers/<int:customer_id>/plan/mailboxes")
BESIDE_FILE = 100_000  # bytes of the form around it


@blueprint.url_value_preprocessor
def take_long_lists(endpoint: str | None, _values: Any) -> None:
    """Before the form token is looked for; what is longer still is refused before it is read."""
    if endpoint == "plans_mailboxes.upload":
        request.max_content_length = mailbox_uploading.MOST_BYTES + BESIDE_FILE


def here(customer_id: int) -> str:
    return url_for("plans_mailboxes.index", customer_id=customer_id)


# --- the list -----------------------------------------------------------------------------------------


@blueprint.get("")
@blueprint.get("/of/<int:plan_id>")
@needs("customers.see")
def index(customer_id: int, plan_id: int | None = None) -> Response:
    """The list of the newest plan, or that of an earlier one."""
    facts = page_facts(g.who, place_of(g.who, customer_id, plan_id=plan_id), Wanted.read(request.args))
    return page(PAGE, ["found"], said=facts["found_told"], **facts)


def index_refused(customer_id: int, refusal: Refused) -> Response:
    """The page again, with what could not be done."""
    if isinstance(refusal, NotThere | MayNot):
        raise refusal
    facts = page_facts(g.who, place_of(g.who, customer_id), Wanted.read(request.args))
    status = 409 if isinstance(refusal, ChangedMeanwhile | mailbox_testing.UnderWay) else 422
    return page(PAGE, ["testing"], status, refusal.sentence, **facts | {"refused": refusal.sentence})


# --- testing ------------------------------------------------------------------------------------------


@blueprint.get("/test", defaults={"plan_id": None})
@blueprint.get("/of/<int:plan_id>/test")
@needs("customers.see")
def testing(customer_id: int, plan_id: int | None) -> Response:
    """How far the test is, for a page that looks again; and the rows it shows, where something came of them."""
    place, wanted = place_of(g.who, customer_id, plan_id=plan_id), Wanted.read(request.args)
    if not wants_parts():
        return gone_to(address_of(place, **wanted.whole_query))
    facts = page_facts(g.who, place, wanted, looks=whole_id(request.args.get("looks", "")))
    answer = page(PAGE, ["testing"], said=facts["ended_told"], **facts)
    if request.args.get("seen") != facts["stamp"]:
        rows = Markup(render_block(PAGE, "found", **facts))  # noqa: S704 - drawn with autoescape by Jinja
        answer.set_data(answer.get_data(as_text=True) + str(elsewhere("found", rows, "outerMorph")))
    return answer


@blueprint.post("/test")
@needs("customers.edit")
def test(customer_id: int) -> Response:
    form = TestForm()
    try:
        run = mailbox_testing.begin(g.who, customer_id, form.which.data if form.validate() else "all")
    except Refused as refusal:
        return index_refused(customer_id, refusal)
    mailbox_jobs.nudge_for(run.id)
    return testing_saved(customer_id, f"{mailbox_testing.counted(run.total)} to test. You can leave this page.")


@blueprint.post("/cancel")
@needs("customers.edit")
def cancel(customer_id: int) -> Response:
    try:
        mailbox_testing.cancel(g.who, customer_id)
    except Refused as refusal:
        return index_refused(customer_id, refusal)
    return testing_saved(customer_id, "Cancelled. What was being tested just now is tested to its end.")


def testing_saved(customer_id: int, said: str) -> Response:
    wanted = Wanted.read(request.args)
    address = url_for("plans_mailboxes.index", customer_id=customer_id, **wanted.whole_query)
    facts = page_facts(g.who, place_of(g.who, customer_id), wanted) if wants_parts() else {}
    return saved(address, PAGE, ["testing", "found"], said, **facts)


# --- one mailbox --------------------------------------------------------------------------------------


@blueprint.get("/<int:mailbox_id>")
@blueprint.get("/of/<int:plan_id>/<int:mailbox_id>")
@needs("customers.see")
def mailbox(customer_id: int, mailbox_id: int, plan_id: int | None = None) -> Response:
    return mailbox_page(customer_id, mailbox_id, plan_id=plan_id)


def mailbox_page(
    customer_id: int,
    mailbox_id: int,
    form: MailboxForm | None = None,
    status: int = 200,
    said: str = "",
    plan_id: int | None = None,
) -> Response:
    place = place_of(g.who, customer_id, plan_id=plan_id)
    looks = whole_id(request.args.get("looks", ""))
    facts = mailbox_facts(g.who, place, mailboxes.mailbox_at(place, mailbox_id), form, looks)
    return page(MAILBOX, ["mailbox"], status, said, **facts)


@blueprint.post("/<int:mailbox_id>")
@needs("customers.edit")
def change(customer_id: int, mailbox_id: int) -> Response:
    form = MailboxForm()
    mailboxes.mailbox_at(place_of(g.who, customer_id, "customers.edit"), mailbox_id)
    if not form.validate():
        return mailbox_page(customer_id, mailbox_id, form, 422)
    seen = (form.address.data or "", form.version.data)
    typed = (form.login.data, form.name.data, form.target.data, form.secret.data)
    try:
        mailboxes.change_mailbox(g.who, customer_id, mailbox_id, seen, *typed)
    except Refused as refusal:
        return mailbox_page(customer_id, mailbox_id, form, status_of(form, refusal))
    return mailbox_saved(customer_id, mailbox_id, "Saved.")


@blueprint.post("/<int:mailbox_id>/test")
@needs("customers.edit")
def test_one(customer_id: int, mailbox_id: int) -> Response:
    try:
        run = mailbox_testing.begin_one(g.who, customer_id, mailbox_id)
    except Refused as refusal:
        return mailbox_refused(customer_id, mailbox_id, refusal)
    mailbox_jobs.nudge_for(run.id)
    return mailbox_saved(customer_id, mailbox_id, "It is being tested.")


@blueprint.post("/<int:mailbox_id>/leave-out")
@needs("customers.edit")
def leave_out(customer_id: int, mailbox_id: int) -> Response:
    out = bool(LeaveOutForm().out.data)
    try:
        mailboxes.leave_out(g.who, customer_id, mailbox_id, out=out)
    except Refused as refusal:
        return mailbox_refused(customer_id, mailbox_id, refusal)
    return mailbox_saved(customer_id, mailbox_id, "It is left out." if out else "It moves with the others.")


def mailbox_saved(customer_id: int, mailbox_id: int, said: str) -> Response:
    if wants_parts():
        return mailbox_page(customer_id, mailbox_id, said=said)
    return gone_to(url_for("plans_mailboxes.mailbox", customer_id=customer_id, mailbox_id=mailbox_id), said)


def mailbox_refused(customer_id: int, mailbox_id: int, refusal: Refused) -> Response:
    """The page again, with what could not be done, and the fields as they are kept."""
    form = mailbox_form(mailboxes.mailbox_at(place_of(g.who, customer_id), mailbox_id))
    return mailbox_page(customer_id, mailbox_id, form, status_of(form, refusal), refusal.sentence)


# --- how they are signed in to ------------------------------------------------------------------------


@blueprint.get("/source")
@needs("customers.edit")
def source(customer_id: int) -> Response:
    return page(SOURCE, ["source"], **source_facts(place_of(g.who, customer_id, "customers.edit")))


@blueprint.post("/source")
@needs("customers.edit")
def save_source(customer_id: int) -> Response:
    place, form = place_of(g.who, customer_id, "customers.edit"), SourceForm()
    if not form.validate():
        return page(SOURCE, ["source"], 422, **source_facts(place, form))
    typed = {name: field.data for name, field in form._fields.items() if name not in ("version", "csrf_token")}
    try:
        change_source(g.who, customer_id, form.version.data, Said(**typed))
    except Refused as refusal:
        status = status_of(form, refusal)
        return page(SOURCE, ["source"], status, **source_facts(place_of(g.who, customer_id), form))
    return gone_to(here(customer_id), "Saved. Test the mailboxes to see whether it works.")


# --- lists coming in ----------------------------------------------------------------------------------


@blueprint.get("/list")
@needs("customers.edit")
def preview(customer_id: int) -> Response:
    return list_page(customer_id)


def list_page(customer_id: int, status: int = 200, *, form: Any = None, wrong: str = "", said: str = "") -> Response:
    """`form`: the upload as it was refused; `wrong`: what else could not be done."""
    place = place_of(g.who, customer_id, "customers.edit")
    facts = list_facts(place, request.args, form or UploadForm(formdata=None))
    return page(LIST, ["list"], status, said or wrong, wrong=wrong, **facts)


@blueprint.post("/list")
@needs("customers.edit")
def upload(customer_id: int) -> Response:
    """Show what a file would bring. Nothing of it is listed yet."""
    place_of(g.who, customer_id, "customers.edit")
    form = UploadForm()
    if not form.validate():
        return list_page(customer_id, 422, form=form)
    try:
        kept = mailbox_uploading.read_list(g.who, customer_id, form.file.data.stream)
    except Refused as refusal:
        refusal.field = "file"
        return list_page(customer_id, status_of(form, refusal), form=form)
    said = f"{kept.good:,} good rows, {kept.faults:,} faulty. Nothing is kept yet."
    if wants_parts():
        return list_page(customer_id, said=said)
    return gone_to(url_for("plans_mailboxes.preview", customer_id=customer_id), said)


@blueprint.post("/list/keep")
@needs("customers.edit")
def keep(customer_id: int) -> Response:
    form = KeepForm()
    try:
        taken = mailbox_uploading.keep_list(g.who, customer_id, form.seen.data or "", replace=form.replace.data)
    except Refused as refusal:
        return list_page(customer_id, status_of(form, refusal), wrong=refusal.sentence)
    return gone_to(here(customer_id), f"Mailboxes: {taken.told}.")


@blueprint.post("/list/drop")
@needs("customers.edit")
def drop(customer_id: int) -> Response:
    form = KeepForm()
    try:
        mailbox_uploading.drop_list(g.who, customer_id, form.seen.data or "")
    except Refused as refusal:
        return list_page(customer_id, status_of(form, refusal), wrong=refusal.sentence)
    return gone_to(here(customer_id), "The list is dropped; the mailboxes are as they were.")


@blueprint.get("/list/faulty.csv")
@needs("customers.edit")
def faulty(customer_id: int) -> Response:
    rows = mailbox_previews.faulty_rows(place_of(g.who, customer_id, "customers.edit"))
    return csv_answer(write_csv(rows), "mailboxes-faulty.csv")


@blueprint.post("/take-over")
@needs("customers.edit")
def take_over(customer_id: int) -> Response:
    try:
        taken = mailbox_uploading.take_over(g.who, customer_id)
    except Refused as refusal:
        return index_refused(customer_id, refusal)
    return gone_to(here(customer_id), f"Mailboxes: {taken.told}.")


# --- lists going out ----------------------------------------------------------------------------------


@blueprint.get("/export")
@needs("customers.edit")
def exporting(customer_id: int) -> Response:
    facts = export_facts(place_of(g.who, customer_id, "customers.edit"), ExportForm(formdata=None))
    return page("plans/mailboxes_export.html", ["export"], **facts)


@blueprint.post("/export")
@needs("customers.edit")
def export(customer_id: int) -> Response:
    place, form = place_of(g.who, customer_id, "customers.edit"), ExportForm()
    status = 200 if form.validate() else 422
    if status == 200:
        try:
            file = mailbox_export.export(g.who, customer_id, form.format.data, passwords=form.passwords.data)
            return csv_answer(file.content, file.name)
        except Refused as refusal:
            status = status_of(form, refusal)
    return page("plans/mailboxes_export.html", ["export"], status, **export_facts(place, form))


def csv_answer(content: bytes, name: str) -> Response:
    answer = make_response(content)
    answer.mimetype = "text/csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
