"""A person's own account, and the people whom an administrator manages."""

from typing import Any

from flask import Blueprint, Flask, Response, g, request, url_for
from flask_limiter import Limiter

from blueprints.accounts import inviting, people, rules, security
from blueprints.accounts.forms import (
    AcceptForm,
    AccountForm,
    CustomerRoleForm,
    InviteForm,
    PersonForm,
    RoleForm,
    SeekForm,
    SeenForm,
    options,
)
from blueprints.accounts.letters import absolute, invitation_link, invited
from blueprints.accounts.passwords import hashed
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.web.access import for_signed_in, needs, open_to_all
from blueprints.web.fields import status_of
from blueprints.web.page import gone_to, page, saved
from blueprints.web.refusals import NotThere, Refused

blueprint = Blueprint("accounts", __name__)


def limit(app: Flask, limiter: Limiter) -> None:
    """An invitation's token is too long to guess; trying is slow all the same."""
    app.view_functions["accounts.accept"] = limiter.limit("30 per minute")(accept)


# --- one's own account -----------------------------------------------------------------------------


@blueprint.get("/account")
@for_signed_in
def account() -> Response:
    return page("accounts/account.html", ["account"], **own_facts())


def own_facts() -> dict[str, Any]:
    own = people.own_account(g.who)
    return {"own": own, "form": AccountForm(formdata=None, obj=own.person)}


@blueprint.post("/account")
@for_signed_in
def change_account() -> Response:
    form = AccountForm()
    status = 422
    if form.validate():
        try:
            rules.change_own(g.who, form.version.data, form.name.data, form.timezone.data)
        except Refused as refusal:
            status = status_of(form, refusal)
        else:
            own = people.own_account(g.who)
            form = AccountForm(formdata=None, obj=own.person)
            return saved(
                url_for("accounts.account"), "accounts/account.html", ["account"], "Saved.", own=own, form=form
            )
    own = people.own_account(g.who)
    form.version.data = own.person.version
    return page("accounts/account.html", ["account"], status, own=own, form=form)


@blueprint.post("/account/sign-out-everywhere")
@for_signed_in
def sign_out_everywhere() -> Response:
    security.stay_signed_in(rules.sign_out_everywhere(g.who))
    return gone_to(url_for("accounts.account"), "You are signed out everywhere else. Only this session goes on.")


# --- accepting an invitation -----------------------------------------------------------------------


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@open_to_all("whoever was invited has no password yet; the token in the address is theirs")
def accept(token: str) -> Response:
    try:
        person = inviting.invited_person(invited(token))
        form = AcceptForm()
        if not form.validate_on_submit():
            status = 422 if form.errors else 200
            return page("accounts/accept.html", ["accept"], status, form=form, person=person, opens=token)
        person = inviting.accept(invited(token), hashed(form.password.data))
    except inviting.InvitationEnded as ended:
        return page("accounts/ended.html", [], 404, sentence=ended.sentence)
    security.sign_in(person.id)
    return gone_to(url_for("home.dashboard"), f"Welcome, {person.name}. You are signed in.")


# --- the people of a partner -----------------------------------------------------------------------


@blueprint.get("/people/", endpoint="people")
@needs("people.manage")
def list_people() -> Response:
    seek = SeekForm(request.args)
    wanted = asked_for(seek)
    found = people.list_people(g.who, wanted, seek.page.data or 1)
    return page("accounts/people.html", ["found"], found=found, seek=seek, wanted=wanted)


@blueprint.get("/people/new")
@needs("people.manage")
def invite() -> Response:
    return page("accounts/invite.html", ["invite"], form=invitation_form(formdata=None))


@blueprint.post("/people/new")
@needs("people.manage")
def send_invitation() -> Response:
    form = invitation_form()
    if not form.validate():
        return page("accounts/invite.html", ["invite"], 422, form=form)
    try:
        role = rules.Role(form.role.data)
        inviting.invite(g.who, form.partner.data, form.name.data, form.email.data, role, doors())
    except Refused as refusal:
        return page("accounts/invite.html", ["invite"], status_of(form, refusal), form=form)
    mailroom_jobs.nudge()
    return gone_to(url_for("accounts.people"), f"{form.name.data} is invited. {letter_on_its_way()}")


def invitation_form(**given: Any) -> InviteForm:
    form = InviteForm(**given)
    form.partner.choices = options((partner.id, partner.name) for partner in people.partners_to_invite_to(g.who))
    return form


def doors() -> inviting.Doors:
    return inviting.Doors(invitation_link, absolute("home.dashboard"))


def letter_on_its_way() -> str:
    if mailroom_jobs.can_send():
        return "A letter with a link is on its way; the link opens for seven days."
    if g.who.operator:
        return "No mail server is set up: the letter with the link waits in the mailroom."
    return "No mail server is set up yet: ask the operator of this portal for the link."


# --- one person -------------------------------------------------------------------------------------


@blueprint.get("/people/<int:person_id>")
@needs("people.manage")
def person(person_id: int) -> Response:
    parts = ["seek"] if "q" in request.args else ["person"]
    return page("accounts/person.html", parts, **person_facts(person_id, SeekForm(request.args)))


@blueprint.post("/people/<int:person_id>")
@needs("people.manage")
def change_person(person_id: int) -> Response:
    form = PersonForm()
    if not g.who.operator:
        del form.email
    if not form.validate():
        return refused(person_id, 422, details=form)
    try:
        email = form.email.data if g.who.operator else ""
        rules.change_person(g.who, person_id, form.version.data, form.name.data, email)
    except Refused as refusal:
        return refused(person_id, status_of(form, refusal), details=form)
    mailroom_jobs.nudge()
    return done(person_id, "Saved.")


@blueprint.post("/people/<int:person_id>/roles/<int:partner_id>")
@needs("people.manage")
def change_role(person_id: int, partner_id: int) -> Response:
    form = RoleForm()
    status = 422
    if form.validate():
        try:
            changed = rules.change_role(g.who, person_id, partner_id, rules.Role(form.role.data), form.version.data)
        except Refused as refusal:
            status = status_of(form, refusal)
        else:
            label = dict(rules.ROLE_CHOICES)[form.role.data]
            if person_id == g.who.id and not people.still_manages(g.who):
                return gone_to(url_for("home.dashboard"), f"Your role is now: {label}.")
            return done(person_id, f"{changed.name}: {label}.")
    return refused(person_id, status, role_forms={partner_id: form})


@blueprint.post("/people/<int:person_id>/customers")
@needs("people.manage")
def change_customer_role(person_id: int) -> Response:
    form = CustomerRoleForm()
    status = 422
    if form.validate():
        role = rules.Role(form.role.data) if form.role.data else None
        label = role.label if role else "as over the partner"
        try:
            rules.change_customer_role(g.who, person_id, form.customer.data, role, form.version.data)
        except Refused as refusal:
            status = status_of(form, refusal)
        else:
            return done(person_id, f"Role for this customer: {label}.")
    return refused(person_id, status, customer_role=form)


@blueprint.post("/people/<int:person_id>/<any('switch-off', 'switch-on', 'second-factor-off'):change>")
@needs("people.manage")
def change_state(person_id: int, change: str) -> Response:
    ways = {
        "switch-off": (rules.switch_off, "is switched off."),
        "switch-on": (rules.switch_on, "is switched on again."),
        "second-factor-off": (rules.remove_second_factor, "signs in with the password alone now."),
    }
    rule, told = ways[change]
    return pressed(person_id, rule, told)


@blueprint.post("/people/<int:person_id>/<any('make-operator', 'unmake-operator'):change>")
@needs("partners.manage")
def change_operator(person_id: int, change: str) -> Response:
    make = change == "make-operator"

    def rule(who: Any, person_id: int, version: int) -> Any:
        return rules.set_operator(who, person_id, make, version)

    return pressed(person_id, rule, "is an operator now." if make else "is no longer an operator.")


def pressed(person_id: int, rule: Any, told: str) -> Response:
    form = SeenForm()
    try:
        changed = rule(g.who, person_id, form.version.data)
    except Refused as refusal:
        return refused(person_id, status_of(form, refusal), buttons=form)
    if person_id == g.who.id:
        return gone_to(url_for("home.dashboard"), f"{changed.name} {told}")
    return done(person_id, f"{changed.name} {told}")


@blueprint.post("/people/<int:person_id>/invite-again")
@needs("people.manage")
def invite_again(person_id: int) -> Response:
    form = SeenForm()
    try:
        again = inviting.invite_again(g.who, person_id, doors())
    except Refused as refusal:
        return refused(person_id, status_of(form, refusal), buttons=form)
    mailroom_jobs.nudge()
    return done(person_id, f"{again.name} is invited again; the earlier link has ended. {letter_on_its_way()}")


def done(person_id: int, said: str) -> Response:
    address = url_for("accounts.person", person_id=person_id)
    return saved(address, "accounts/person.html", ["person"], said, **person_facts(person_id, SeekForm(None)))


def refused(person_id: int, status: int, **forms: Any) -> Response:
    facts = person_facts(person_id, SeekForm(request.args), **forms)
    return page("accounts/person.html", ["person"], status, **facts)


def person_facts(
    person_id: int,
    seek: SeekForm,
    *,
    details: PersonForm | None = None,
    role_forms: dict[int, RoleForm] | None = None,
    customer_role: CustomerRoleForm | None = None,
    buttons: SeenForm | None = None,
) -> dict[str, Any]:
    """What a person's page shows; a form that was refused comes with its typing."""
    shown = people.portrait(g.who, person_id)
    wanted = asked_for(seek)
    found = people.find_customers(g.who, person_id, wanted)
    forms = {held.partner.id: RoleForm(formdata=None, role=held.role.value) for held in shown.roles}
    if role_forms and not role_forms.keys() <= forms.keys():
        raise NotThere
    forms |= role_forms or {}
    for held in shown.roles:
        form = forms[held.partner.id]
        form.role.id, form.role.label.text = f"role-{held.partner.id}", f"Role over {held.partner.name}"
    customer_role = customer_role or CustomerRoleForm(formdata=None)
    customer_role.customer.choices = options((customer.id, customer.name) for customer in found)
    return {
        "shown": shown,
        "seek": seek,
        "wanted": wanted,
        "found": found,
        "details": details or PersonForm(formdata=None, obj=shown.person),
        "role_forms": forms,
        "customer_role": customer_role,
        "pressed": buttons or SeenForm(formdata=None),
        "myself": shown.person.id == g.who.id,
    }


def asked_for(seek: SeekForm) -> str:
    """The words looked for; none if they could not be a name."""
    return seek.q.data or "" if seek.validate() else ""
