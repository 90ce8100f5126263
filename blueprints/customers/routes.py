"""The notes and history of a customer; list_routes.py has the lists, attachment_routes.py the documents."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, g, request, url_for

from blueprints.customers import log, notes
from blueprints.customers.forms import NoteForm, RemoveNoteForm
from blueprints.customers.list_routes import blueprint
from blueprints.customers.pages import note_facts, notes_facts, writing_facts
from blueprints.customers.rules import find_customer
from blueprints.web.access import needs
from blueprints.web.fields import refuse
from blueprints.web.page import asked_page, gone_to, making_old, page, saved, wants_parts

# A note is one of several on its page, so the id of its element carries its number and htmx is told which it is;
# what follows the notes shown so far begins with one of them.
CARD, FURTHER = "card", "further"


# --- notes --------------------------------------------------------------------------------------------


@blueprint.get("/<int:customer_id>/notes")
@needs("customers.see")
def notes_of(customer_id: int) -> Response:
    """The newest notes, or with `before` those that follow in time."""
    before = log.key_from(request.args.get("before", ""))
    facts = notes_facts(g.who, find_customer(g.who, customer_id), before)
    return page("customers/notes.html", [FURTHER if before else "written"], **facts)


@blueprint.get("/<int:customer_id>/notes/new")
@needs("customers.edit")
def new_note(customer_id: int) -> Response:
    customer = find_customer(g.who, customer_id, "customers.edit")
    return written(NoteForm(formdata=None), customer)


@blueprint.post("/<int:customer_id>/notes")
@needs("customers.edit")
def add_note(customer_id: int) -> Response:
    customer = find_customer(g.who, customer_id, "customers.edit")
    form = NoteForm()
    if not form.validate():
        return written(form, customer, status=422)
    notes.add_note(g.who, customer_id, form.text.data)
    address = url_for("customers.notes_of", customer_id=customer_id)
    facts = notes_facts(g.who, customer)
    answer = saved(address, "customers/note_added.html", ["writing", "written"], "Note added.", **facts)
    return making_old(answer, "recent")


@blueprint.get("/<int:customer_id>/notes/<int:note_id>")
@needs("customers.see")
def note(customer_id: int, note_id: int) -> Response:
    """One note; with `edit`, its form for those who may."""
    customer, shown = notes.find_note(g.who, customer_id, note_id)
    if shown.may_edit and "edit" in request.args:
        return written(NoteForm(formdata=None, obj=shown.note), customer, shown)
    return page("customers/note.html", [CARD], **note_facts(customer, shown))


@blueprint.post("/<int:customer_id>/notes/<int:note_id>")
@needs("customers.edit")
def edit_note(customer_id: int, note_id: int) -> Response:
    customer, shown = notes.find_note(g.who, customer_id, note_id, "customers.edit")
    form = NoteForm()
    if not form.validate():
        return written(form, customer, shown, status=422)
    try:
        changed = notes.edit_note(g.who, customer_id, note_id, form.version.data, form.text.data)
    except notes.EditedMeanwhile as refusal:
        refuse(form, "", refusal.sentence)
        customer, shown = notes.find_note(g.who, customer_id, note_id)
        form.version.data = shown.note.version
        return written(form, customer, shown, status=409, said=refusal.sentence, meanwhile=True)
    said = "Note saved." if changed else "Nothing was changed, so there was nothing to save."
    address = url_for("customers.note", customer_id=customer_id, note_id=note_id)
    facts = note_facts(*notes.find_note(g.who, customer_id, note_id))
    return making_old(saved(address, "customers/note_edited.html", ["writing"], said, **facts), "recent")


def written(
    form: NoteForm,
    customer: Any,
    shown: notes.Shown | None = None,
    *,
    status: int = 200,
    said: str = "",
    meanwhile: bool = False,
) -> Response:
    """The form of a note: a page, or for htmx what the page's dialog holds. `shown`: the note that is edited."""
    facts = writing_facts(form, customer, shown, meanwhile=meanwhile)
    return page("customers/writing.html", ["writing"], status, said, **facts)


@blueprint.post("/<int:customer_id>/notes/<int:note_id>/remove")
@needs("customers.edit")
def remove_note(customer_id: int, note_id: int) -> Response:
    customer, shown = notes.find_note(g.who, customer_id, note_id, "customers.edit")
    form = RemoveNoteForm()
    form.validate()
    try:
        notes.remove_note(g.who, customer_id, note_id, form.version.data or 0)
    except notes.EditedMeanwhile as refusal:
        customer, shown = notes.find_note(g.who, customer_id, note_id)
        facts = note_facts(customer, shown, refusal=refusal.sentence)
        return page("customers/note.html", [CARD], 409, refusal.sentence, **facts)
    if wants_parts():
        answer = page("customers/note_gone.html", [CARD], said="Note removed.", shown=shown)
        return making_old(answer, "recent")
    return gone_to(url_for("customers.notes_of", customer_id=customer_id), "Note removed.")


@blueprint.get("/<int:customer_id>/notes/<int:note_id>/versions")
@needs("customers.see")
def note_versions(customer_id: int, note_id: int) -> Response:
    """What the note said before each edit."""
    customer, shown = notes.find_note(g.who, customer_id, note_id)
    facts = note_facts(customer, shown, earlier=notes.earlier_versions(shown.note))
    return page("customers/note_versions.html", [], **facts)


# --- history ------------------------------------------------------------------------------------------


@blueprint.get("/<int:customer_id>/history")
@needs("customers.see")
def history(customer_id: int) -> Response:
    """Every milestone, a page at a time; a panel of the customer's page, too, which keeps its own address."""
    found = log.history_of(g.who, customer_id, log.Asked.read(request.args))
    here = url_for("customers.history", customer_id=customer_id)

    def link(**key: int | None) -> str:
        """The address of the same log from a key on; "" without one."""
        address = url_for("customers.history", customer_id=customer_id, **found.asked.narrowed, **key)
        return address if any(key.values()) else ""

    answer = page(
        "customers/history.html",
        ["log"],
        said=log.told_how_many(found) if request.args else "",  # the panel that came with the page was not asked for
        log=found,
        groups=log.GROUPS,
        here=here,
        newer=link(after=found.newer),
        older=link(before=found.older),
    )
    if wants_parts() and urlsplit(asked_page()).path == here:
        paged = found.asked.before or found.asked.after
        answer.headers["HX-Push-Url" if paged else "HX-Replace-Url"] = request.full_path.rstrip("?")
    return answer
