"""`flask --app app setup`, `load-sample` and `password-link`: what pages do, for scripts and for emergencies."""

import sys

import click
from flask import Flask
from flask_wtf import FlaskForm

from blueprints.accounts.letters import password_link
from blueprints.accounts.passwords import hashed
from blueprints.home import door, rules
from blueprints.home.forms import SetupForm
from blueprints.home.showing import add_sample
from blueprints.web.refusals import NotThere
from data.database import database

SAMPLE_CUSTOMERS = 40
SAMPLE_SEED = 1


def add_commands(app: Flask) -> None:
    @app.cli.command("setup")
    @click.option("--partner", required=True, help="Name of the MSP.")
    @click.option("--name", required=True, help="Name of the first person: operator and partner administrator.")
    @click.option("--email", required=True, help="Address the first person signs in with.")
    @click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
    @click.option("--currency", required=True, help="ISO 4217, such as EUR.")
    @click.option("--timezone", required=True, help="IANA, such as Europe/Berlin.")
    @click.option("--sample", is_flag=True, help="Add about forty sample customers.")
    def setup_command(password_stdin: bool, sample: bool, **typed: str) -> None:  # noqa: ARG001 - the flag says where from
        """Set the portal up: the MSP and its first person."""
        password = sys.stdin.readline().rstrip("\r\n")
        typed |= {"password": password, "password_confirm": password}
        with app.test_request_context("/setup", method="POST", data=typed):
            form = SetupForm(meta={"csrf": False})
            if not form.validate():
                raise click.ClickException(told(form))
            try:
                set_up(app, form, sample=sample)
            except rules.AlreadySetUp as refusal:
                raise click.ClickException(refusal.sentence) from None
        click.echo(f"Set up. Sign in at {app.config['SETTINGS'].address} as {form.email.data}.")

    @app.cli.command("load-sample")
    @click.option("--customers", type=click.IntRange(1, 5_000_000), required=True, help="How many.")
    @click.option("--seed", type=int, default=SAMPLE_SEED, show_default=True, help="The same seed, the same sample.")
    def load_sample_command(customers: int, seed: int) -> None:
        """Fill the database with believable customers in every state."""
        with database.connection_context():
            try:
                loaded = add_sample(customers, seed, app.config["SETTINGS"].address, say=click.echo)
            except ValueError as problem:
                raise click.ClickException(str(problem)) from None
        click.echo(f"{loaded:,} sample customers loaded.")

    add_recovery(app)


def add_recovery(app: Flask) -> None:
    @app.cli.command("password-link")
    @click.argument("email")
    @click.option("--remove-second-factor", is_flag=True, help="For who lost the device and the recovery codes.")
    def password_link_command(email: str, remove_second_factor: bool) -> None:
        """Print a link that sets a new password, for somebody whom no letter reaches."""
        with app.test_request_context():
            try:
                uniquifier = rules.let_in(email, remove_second_factor=remove_second_factor)
            except NotThere as refusal:
                raise click.ClickException(refusal.sentence) from None
            click.echo(password_link(uniquifier))


def set_up(app: Flask, form: SetupForm, *, sample: bool) -> rules.Installation:
    """Set up by a form that was found good; used by the page and the command. Raises AlreadySetUp."""
    password_hash = hashed(form.password.data)
    made = rules.set_up(
        partner=form.partner.data,
        currency=form.currency.data,
        timezone=form.timezone.data,
        name=form.name.data,
        email=form.email.data,
        password_hash=password_hash,
    )
    door.shut(app.config["SETTINGS"].quayside_home)
    if sample:
        address = app.config["SETTINGS"].address
        add_sample(SAMPLE_CUSTOMERS, SAMPLE_SEED, address, made.partner_id, say=lambda _: None)
    return made


def told(form: FlaskForm) -> str:
    """What is wrong, by option."""
    options = {"password_confirm": "password"}
    wrong = {options.get(name or "", name or ""): " ".join(errors) for name, errors in form.errors.items()}
    return "\n".join(f"--{name}: {sentence}" for name, sentence in wrong.items())
