"""What the environment says about this installation, read once, checked, and frozen."""

import os
import re
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import click

HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}\.)+[a-z][a-z0-9-]{0,62}")
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


class WrongSetting(click.ClickException):
    """A setting the portal cannot start with; the sentence names it and says what would do.

    Of click's kind, so that the command line prints the sentence alone.
    """


@dataclass(frozen=True)
class Settings:
    """One installation's settings. Each field is an environment variable in capitals (README has the table)."""

    quayside_home: Path
    database_url: str
    secret_key: str
    sealing_key: str  # of RFI secrets; several with commas between them: the first seals, all of them open
    host: str = "127.0.0.1"
    port: int = 8000
    portal_url: str = ""  # where people reach the portal, without a trailing slash
    proxies: int = 0  # reverse proxies in front whose X-Forwarded-* headers are believed
    threads: int = 8
    mail_server: str = ""
    mail_port: int = 587
    mail_use_tls: bool = True
    mail_use_ssl: bool = False
    mail_username: str = ""
    mail_password: str = ""
    mail_default_sender: str = ""
    jobs_url: str = ""  # "", a Redis address, or "database"
    limits_url: str = "memory://"
    dns_servers: tuple[str, ...] = ()  # addresses, with :port if not 53; empty: the machine's own
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()  # private ones that checks may connect to
    trusted_certificates: str = ""  # a PEM file with further authorities that checks trust
    ehlo_name: str = ""  # what checks call this machine to SMTP servers; empty: its address

    @property
    def address(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return self.portal_url or f"http://{shown}:{self.port}"

    @property
    def sealing_keys(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.sealing_key.split(",") if part.strip())

    @property
    def secure(self) -> bool:
        return self.address.startswith("https://")


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment. Makes the instance folder and, once, its secret keys (mode 600).

    Raises WrongSetting with a sentence that names the variable.
    """
    read = Reader(environ)
    home = Path(environ.get("QUAYSIDE_HOME") or Path(__file__).parents[2] / "instance").absolute()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise WrongSetting(f"QUAYSIDE_HOME: the folder {home} cannot be made ({problem.strerror}).") from None
    settings = Settings(
        quayside_home=home,
        database_url=environ.get("DATABASE_URL") or f"sqlite:///{home / 'quayside.sqlite'}",
        secret_key=environ.get("SECRET_KEY") or kept_secret(home / "secret_key", "SECRET_KEY"),
        sealing_key=environ.get("SEALING_KEY") or kept_secret(home / "sealing_key", "SEALING_KEY"),
        host=environ.get("HOST") or "127.0.0.1",
        port=read.whole("PORT", 8000, 1, 65_535),
        portal_url=read.web_address("PORTAL_URL"),
        proxies=read.whole("PROXIES", 0, 0, 5),
        threads=read.whole("THREADS", 8, 1, 64),
        mail_server=environ.get("MAIL_SERVER", ""),
        mail_port=read.whole("MAIL_PORT", 587, 1, 65_535),
        mail_use_tls=read.yes_no("MAIL_USE_TLS", environ.get("MAIL_PORT", "587") == "587"),
        mail_use_ssl=read.yes_no("MAIL_USE_SSL", environ.get("MAIL_PORT") == "465"),
        mail_username=environ.get("MAIL_USERNAME", ""),
        mail_password=environ.get("MAIL_PASSWORD", ""),
        mail_default_sender=environ.get("MAIL_DEFAULT_SENDER", ""),
        jobs_url=read.one_of("JOBS_URL", ("", "database", "redis://", "rediss://", "unix://")),
        limits_url=read.one_of("LIMITS_URL", ("memory://", "redis://", "rediss://")) or "memory://",
        dns_servers=tuple(part.strip() for part in environ.get("DNS_SERVERS", "").split(",") if part.strip()),
        allowed_networks=read.networks("ALLOWED_NETWORKS"),
        trusted_certificates=read.certificates("TRUSTED_CERTIFICATES"),
        ehlo_name=read.host("EHLO_NAME"),
    )
    check_together(settings)
    return settings


def check_together(settings: Settings) -> None:
    """Refuse what no single variable shows. Raises WrongSetting."""
    scheme = urlsplit(settings.database_url).scheme
    if scheme not in ("sqlite", "postgresql", "postgresql+pool"):
        raise WrongSetting(
            f"DATABASE_URL: begins with “{scheme}:”; write sqlite:////path/to/file or postgresql://user:password@host/name."
        )
    if len(settings.secret_key) < 32:
        raise WrongSetting("SECRET_KEY: must have at least 32 characters; leave it out and one is made and kept.")
    if not settings.sealing_keys or min(map(len, settings.sealing_keys)) < 32:
        raise WrongSetting(
            "SEALING_KEY: each key must have at least 32 characters; leave it out and one is made and kept."
        )
    if settings.host not in LOOPBACK and not settings.portal_url:
        raise WrongSetting(
            f"PORTAL_URL: HOST is {settings.host}, so links in letters need the address people type, "
            "such as https://portal.example."
        )
    if settings.mail_server and "@" not in settings.mail_default_sender:
        raise WrongSetting("MAIL_DEFAULT_SENDER: MAIL_SERVER is set, so say from which address the portal writes.")
    for name, url in (("JOBS_URL", settings.jobs_url), ("LIMITS_URL", settings.limits_url)):
        if url.startswith(("redis", "unix")) and find_spec("redis") is None:
            raise WrongSetting(f"{name}: a Redis needs its client: pip install -r requirements-redis.txt")
    if settings.mail_use_tls and settings.mail_use_ssl:
        raise WrongSetting("MAIL_USE_SSL: choose it or MAIL_USE_TLS, not both.")


def kept_secret(path: Path, name: str) -> str:
    """The secret in this file, made on first use and readable by its owner only. `name`: the setting instead of it."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError as problem:
        raise WrongSetting(f"QUAYSIDE_HOME: {path} cannot be written ({problem.strerror}).") from None
    secret = path.read_text().strip()
    if len(secret) < 32:
        raise WrongSetting(f"{name}: the file {path} is cut short; restore it from the backup.")
    return secret


@dataclass(frozen=True)
class Reader:
    """Reads one variable at a time and refuses it by name."""

    environ: Mapping[str, str]

    def whole(self, name: str, otherwise: int, least: int, most: int) -> int:
        given = self.environ.get(name, "").strip()
        if not given:
            return otherwise
        if not given.isascii() or not given.isdigit() or not least <= int(given) <= most:
            raise WrongSetting(f"{name}: “{given}” is not a whole number from {least} to {most}.")
        return int(given)

    def yes_no(self, name: str, otherwise: bool) -> bool:
        given = self.environ.get(name, "").strip().lower()
        if not given:
            return otherwise
        if given not in ("1", "0", "true", "false", "yes", "no", "on", "off"):
            raise WrongSetting(f"{name}: “{given}” is neither yes nor no.")
        return given in ("1", "true", "yes", "on")

    def web_address(self, name: str) -> str:
        given = self.environ.get(name, "").strip().rstrip("/")
        parts = urlsplit(given)
        if given and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path):
            raise WrongSetting(f"{name}: “{given}” is not an address such as https://portal.example.")
        return given

    def one_of(self, name: str, beginnings: tuple[str, ...]) -> str:
        given = self.environ.get(name, "").strip()
        if given and not any(
            given == known or (known.endswith("://") and given.startswith(known)) for known in beginnings
        ):
            raise WrongSetting(f"{name}: “{given}” is none of {', '.join(filter(None, beginnings))}.")
        return given

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        """“10.0.0.0/8, fd00::/8”; an address alone is a network of one."""
        given = [part.strip() for part in self.environ.get(name, "").split(",") if part.strip()]
        try:
            return tuple(ip_network(part) for part in given)
        except ValueError as problem:
            raise WrongSetting(f"{name}: {problem}; write networks such as 10.0.0.0/8.") from None

    def certificates(self, name: str) -> str:
        """The path of a file with certificates, which are looked at now rather than at the first check."""
        given = self.environ.get(name, "").strip()
        if given:
            try:
                ssl.create_default_context().load_verify_locations(cafile=given)
            except OSError as problem:  # an SSLError is one, too
                raise WrongSetting(f"{name}: {given} cannot be read as certificates in PEM ({problem}).") from None
        return given

    def host(self, name: str) -> str:
        given = self.environ.get(name, "").strip().rstrip(".").lower()
        if given and not HOST_NAME.fullmatch(given):
            raise WrongSetting(f"{name}: “{given}” is not a name such as portal.example.")
        return given
