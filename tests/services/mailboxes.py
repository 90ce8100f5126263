"""Dovecot for a test: mailboxes that are opened over IMAP."""

import contextlib
import grp
import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.services.starting import (
    HOST,
    answers,
    free_port,
    need,
    own_folder,
    program,
    running,
    self_signed,
    unprivileged,
)


@dataclass(frozen=True)
class Dovecot:
    """A running IMAP server: plain text and STARTTLS on `port`, TLS on `tls_port`."""

    port: int
    tls_port: int
    certificate: Path


DOVECOT = """
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = {host}
ssl = yes
auth_failure_delay = 0
first_valid_uid = 1
default_internal_user = {inside}
default_internal_group = {group}
default_login_user = {login}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

DOVECOT_2_3 = """
ssl_cert = <{certificate.path}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_master_user_separator = *
passdb {{
  driver = passwd-file
  master = yes
  args = {folder}/masters
}}
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = {folder}/people
}}
userdb {{
  driver = static
  args = uid={inside} gid={group} home={folder}/mail/%u
}}
"""

DOVECOT_2_4 = """dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = {certificate.path}
ssl_server_key_file = {certificate.key}
auth_allow_cleartext = yes
auth_master_user_separator = *
passdb masters {{
  driver = passwd-file
  master = yes
  passwd_file_path = {folder}/masters
}}
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
passdb passwd-file {{
  passwd_file_path = {folder}/people
}}
userdb static {{
  fields {{
    uid = {inside}
    gid = {group}
    home = {folder}/mail/%{{user}}
  }}
}}
"""


@contextlib.contextmanager
def dovecot(
    people: dict[str, str], masters: dict[str, str] | None = None, host: str = "localhost"
) -> Iterator[Dovecot]:
    """An IMAP server whose empty mailboxes are `people`: name → password.

    `masters` may open everybody's: as “ada*root”, or as “root” on ada's behalf. `host`: whom its certificate is for.
    """
    need("dovecot")
    version = subprocess.run([program("dovecot"), "--version"], capture_output=True, text=True, check=True).stdout
    pattern = (DOVECOT_2_3 if version.startswith("2.3") else DOVECOT_2_4) + DOVECOT
    owner = unprivileged("dovecot")
    me = pwd.getpwuid(os.geteuid())
    inside, login = (owner.pw_name, "dovenull") if owner else (me.pw_name, me.pw_name)
    group = grp.getgrgid((owner or me).pw_gid).gr_name
    with own_folder(owner) as folder:
        certificate = self_signed(folder, host)
        server = Dovecot(free_port(), free_port(), certificate.path)
        lines = "".join(f"{name}:{{PLAIN}}{password}\n" for name, password in people.items())
        (folder / "people").write_text(lines, encoding="utf-8")
        lines = "".join(f"{name}:{{PLAIN}}{password}\n" for name, password in (masters or {}).items())
        (folder / "masters").write_text(lines, encoding="utf-8")
        (folder / "mail").mkdir()
        if owner:
            os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
        conf = folder / "dovecot.conf"
        conf.write_text(
            pattern.format(
                folder=folder,
                host=HOST,
                certificate=certificate,
                inside=inside,
                group=group,
                login=login,
                port=server.port,
                tls_port=server.tls_port,
            )
        )
        with running([program("dovecot"), "-F", "-c", conf], lambda: answers(server.port), folder / "log"):
            yield server
