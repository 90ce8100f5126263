"""Quayside: the portal, put together. `create_app()` builds it; the commands below run and tend it."""

import gc

gc.disable()  # all that the imports make stays: looking through it again and again takes a tenth of the start

import socket
import sys
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import Flask
from htmx_flask import Htmx
from jinja2 import StrictUndefined
from peewee import Database
from werkzeug.middleware.proxy_fix import ProxyFix

from blueprints.accounts import routes as accounts
from blueprints.accounts import security
from blueprints.alerts import routes as alerts
from blueprints.alerts import subscriber_routes as subscribers
from blueprints.cancellations import routes as cancellations
from blueprints.console import routes as console
from blueprints.customer_details import routes as customer_details
from blueprints.customers import attachment_routes as attachments
from blueprints.customers import contact_routes as contacts
from blueprints.customers import routes as customers
from blueprints.gateways import bounds, mail
from blueprints.gateways.queue import open_queue, start_worker
from blueprints.home import routes as home
from blueprints.home.navigation import navigation_for
from blueprints.mailroom import jobs as mailroom_jobs
from blueprints.mailroom import routes as mailroom
from blueprints.monitors import push_routes as pushes
from blueprints.monitors import routes as monitors
from blueprints.orders import change_routes as changes
from blueprints.orders import routes as orders
from blueprints.partners import routes as partners
from blueprints.plans import check_routes as checks
from blueprints.plans import mailbox_routes as plans_mailboxes
from blueprints.plans import routes as plans
from blueprints.plans import stuck_routes as plans_stuck
from blueprints.plans import welcome_routes as welcome
from blueprints.prospects import routes as prospects
from blueprints.rfi import reminding_routes as rfi_reminding
from blueprints.rfi import review_routes as rfi_review
from blueprints.rfi import routes as rfi
from blueprints.transfers import routes as transfers
from blueprints.web.access import guard, open_to_all
from blueprints.web.errors import answer_errors
from blueprints.web.headers import strict_headers
from blueprints.web.limits import open_limits
from blueprints.web.requests import act_of_request, connection_of_request, ids_in_addresses, only_plain_views
from blueprints.web.sessions import RememberedTokens, remember_sessions
from blueprints.web.settings import LOOPBACK, Settings, WrongSetting, read_settings
from blueprints.web.templates import prepare_templates
from data.database import back_up, migrate, open_database, pending_migrations
from data.definitions import WrongDefinition, open_question_sets
from data.plan_definitions import open_plans
from data.terms import open_terms

gc.freeze()
gc.enable()

FEATURES = (
    home,
    accounts,
    partners,
    prospects,
    orders,
    changes,
    customers,
    attachments,
    contacts,
    customer_details,
    cancellations,
    transfers,
    console,
    rfi,
    rfi_review,
    rfi_reminding,
    plans,
    plans_stuck,
    plans_mailboxes,
    checks,
    monitors,
    pushes,
    welcome,
    alerts,
    subscribers,
    mailroom,
)
TWO_MEGABYTES = 2 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The portal: settings → database → extensions → features → errors → headers → guard.

    Raises WrongSetting with a sentence for whoever starts it.
    """
    settings = settings or read_settings()
    app = Flask(__name__, instance_path=str(settings.quayside_home))
    configure(app, settings)
    bounds.install(bounds_of(settings))
    read_definitions(settings)
    database = connect(settings)
    open_queue(settings.jobs_url, settings.quayside_home, database)
    Htmx(app)
    RememberedTokens(app)
    remember_sessions(app)
    limiter = open_limits(app, settings.limits_url)
    mail.open_post(app, settings.mail_server)
    ids_in_addresses(app)
    act_of_request(app)
    connection_of_request(app)
    only_plain_views(app)
    security.start(app, limiter, settings)
    for feature in FEATURES:
        app.register_blueprint(feature.blueprint)
        if limit := getattr(feature, "limit", None):
            limit(app, limiter)
    prepare_templates(app, partial(navigation_for, app))
    add_commands(app, settings)
    open_to_all("style, script and pictures")(app.view_functions["static"])
    answer_errors(app)
    strict_headers(app)
    guard(app, security.person_asking)
    return app


def configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="quayside",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=TWO_MEGABYTES,
        MAX_FORM_MEMORY_SIZE=TWO_MEGABYTES,
        WTF_CSRF_TIME_LIMIT=None,  # valid for the session: pages stay open on desks for days
        RATELIMIT_HEADERS_ENABLED=True,
        MAIL_SERVER=settings.mail_server,
        MAIL_PORT=settings.mail_port,
        MAIL_USE_TLS=settings.mail_use_tls,
        MAIL_USE_SSL=settings.mail_use_ssl,
        MAIL_USERNAME=settings.mail_username or None,
        MAIL_PASSWORD=settings.mail_password or None,
        MAIL_DEFAULT_SENDER=settings.mail_default_sender or f"quayside@{settings.host}",
        TRUSTED_HOSTS=trusted_hosts(settings),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[settings.proxies] * 4)  # type: ignore[method-assign]  # Flask's own way


def bounds_of(settings: Settings) -> bounds.Bounds:
    """How far checks may go."""
    return bounds.Bounds(
        resolvers=settings.dns_servers,
        allowed=settings.allowed_networks,
        trusted=settings.trusted_certificates,
        name=settings.ehlo_name,
    )


def trusted_hosts(settings: Settings) -> list[str]:
    """Links in letters are built from the request's host, so only our own names may stand there."""
    return [host for host in (urlsplit(settings.portal_url).hostname, settings.host, *LOOPBACK) if host]


def connect(settings: Settings) -> Database:
    try:
        return open_database(settings.database_url)
    except Exception as problem:
        raise WrongSetting(f"DATABASE_URL: {problem}") from problem


def read_definitions(settings: Settings) -> None:
    """Question sets of the RFI, plans and terms, with those that the MSP has put into the instance folder."""
    try:
        questions = open_question_sets(settings.quayside_home)
    except WrongDefinition as wrong:
        raise WrongSetting(f"Question sets: {wrong}") from None
    try:
        open_plans(settings.quayside_home, questions)
    except WrongDefinition as wrong:
        raise WrongSetting(f"Plans: {wrong}") from None
    try:
        open_terms(settings.quayside_home)
    except WrongDefinition as wrong:
        raise WrongSetting(f"Terms: {wrong}") from None


def served() -> Flask:
    """The portal as the server runs it: with its worker in the same process."""
    app = create_app()
    mailroom_jobs.start_with(app)
    start_worker()
    spare_collector()
    return app


def spare_collector() -> None:
    """What the start made stays for good: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def add_commands(app: Flask, settings: Settings) -> None:
    @app.cli.command("migrate")
    def migrate_command() -> None:
        """Bring the database up to date; a SQLite database is copied first."""
        database_file = Path(settings.database_url.removeprefix("sqlite:///"))
        filled = settings.database_url.startswith("sqlite") and database_file.exists()
        waiting = pending_migrations()
        if waiting and filled:
            kept = database_file.with_suffix(f".before-{waiting[0]}.sqlite")
            back_up(kept)
            click.echo(f"Copied the database to {kept} first.")
        for name in migrate():
            click.echo(f"Migrated: {name}")

    @app.cli.command("backup")
    @click.argument("target", type=click.Path(path_type=Path))
    def backup_command(target: Path) -> None:
        """Copy the SQLite database to TARGET, whole and consistent, while the portal runs."""
        back_up(target)
        click.echo(f"Copied to {target}.")

    @app.cli.command("serve")
    def serve_command() -> None:
        """Serve the portal on HOST and PORT, worker included."""
        serve(settings)

    @app.cli.command("work")
    def work_command() -> None:
        """Only work: a worker on a machine of its own (JOBS_URL must name a shared queue)."""
        mailroom_jobs.start_with(app)
        start_worker().join()

    home.add_commands(app)
    console.add_commands(app)


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def serve(settings: Settings, served: str = "app:served") -> None:
    """Serve until told to stop. `served`: what makes the portal, as module:function. Raises a sentence of click's."""
    from granian import Granian  # noqa: PLC0415 - only the serving process needs the server
    from granian.constants import Interfaces  # noqa: PLC0415 - as above
    from granian.log import LogLevels  # noqa: PLC0415 - as above

    if pending_migrations():
        raise click.ClickException("The database is older than this portal. Run: flask --app app migrate")
    if answers(settings.host, settings.port):
        # The server shares its port with others of its kind: a second portal would start and answer every other press.
        raise click.ClickException(f"PORT: something answers on {settings.host}:{settings.port} already.")
    click.echo(home.greeting(settings))
    sys.stdout.flush()
    Granian(
        served,
        settings.host,
        settings.port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=settings.threads,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
    ).serve()
