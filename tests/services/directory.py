"""A directory (LDAP) for a test."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.services.starting import HOST, answers, free_port, need, own_folder, program, running, self_signed

SUFFIX = "dc=example,dc=org"
ADMINISTRATOR = f"cn=administrator,{SUFFIX}"
PASSWORD = "not-a-secret"

CONF = f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {{folder}}/slapd.pid
argsfile {{folder}}/slapd.args
TLSCertificateFile {{certificate.path}}
TLSCertificateKeyFile {{certificate.key}}
database mdb
maxsize 16777216
suffix "{SUFFIX}"
rootdn "{ADMINISTRATOR}"
rootpw {PASSWORD}
directory {{folder}}/entries
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""

TOP_ENTRY = f"""
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: example
o: Example
"""


@dataclass(frozen=True)
class Directory:
    """A running slapd: plain and STARTTLS on `port`, TLS on `tls_port`; anonymous reads are refused."""

    port: int
    tls_port: int
    certificate: Path
    suffix: str = SUFFIX
    administrator: str = ADMINISTRATOR
    password: str = PASSWORD


@contextlib.contextmanager
def slapd(entries: str = "", host: str = "localhost") -> Iterator[Directory]:
    """A directory below dc=example,dc=org that holds `entries`, an LDIF text. `host`: whom its certificate is for."""
    need("slapd")
    with own_folder() as folder:
        certificate = self_signed(folder, host)
        server = Directory(free_port(), free_port(), certificate.path)
        conf = folder / "slapd.conf"
        conf.write_text(CONF.format(folder=folder, certificate=certificate))
        (folder / "entries").mkdir()
        first = folder / "first.ldif"
        first.write_text(f"{TOP_ENTRY}\n{entries}", encoding="utf-8")
        subprocess.run([program("slapadd"), "-q", "-f", conf, "-l", first], check=True, capture_output=True)
        urls = f"ldap://{HOST}:{server.port}/ ldaps://{HOST}:{server.tls_port}/"
        command = [program("slapd"), "-d", "0", "-h", urls, "-f", conf]
        with running(command, lambda: answers(server.port), folder / "log"):
            yield server
