"""Starting the portal from the command line: what stops it, and with what sentence."""

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

from playhouse.migrations import Runner

from data.database import MIGRATIONS, open_database
from tests.data.earlier import fill
from tests.services import free_port

ROOT = Path(__file__).parents[1]


def flask(home: Path, *command: str, **environ: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *command],
        cwd=ROOT,
        env={**os.environ, "QUAYSIDE_HOME": str(home), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path) -> None:
    told = flask(tmp_path, "migrate", PORT="eighty")
    assert told.returncode != 0
    assert "PORT: “eighty” is not a whole number" in told.stderr + told.stdout
    assert "Traceback" not in told.stderr


def test_an_old_database_stops_the_start(tmp_path: Path) -> None:
    told = flask(tmp_path, "serve", PORT=str(free_port()))
    assert told.returncode != 0
    assert "flask --app app migrate" in told.stderr


def test_a_port_in_use_stops_the_start(tmp_path: Path) -> None:
    assert flask(tmp_path, "migrate").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = flask(tmp_path, "serve", PORT=str(taken.getsockname()[1]))
    assert told.returncode != 0
    assert "answers on 127.0.0.1" in told.stderr


def test_migrating_copies_a_database_of_an_older_portal_first(tmp_path: Path) -> None:
    before = open_database(f"sqlite:///{tmp_path / 'quayside.sqlite'}")
    with before.connection_context():
        Runner(before, str(MIGRATIONS)).up(target="0001_first")
        fill()
    told = flask(tmp_path, "migrate")
    assert told.returncode == 0, told.stderr
    assert "Migrated: 0002_domain_lookups" in told.stdout
    assert flask(tmp_path, "migrate").stdout == "", "nothing to do, nothing copied"
    with sqlite3.connect(tmp_path / "quayside.before-0002_domain_lookups.sqlite") as kept:
        assert kept.execute("SELECT name FROM schema_migration").fetchall() == [("0001_first",)]
    with sqlite3.connect(tmp_path / "quayside.sqlite") as migrated:
        assert migrated.execute("SELECT count(*) FROM person").fetchone() == (1,), "what was there is there"


def test_a_backup_is_a_whole_database(tmp_path: Path) -> None:
    flask(tmp_path, "migrate")
    told = flask(tmp_path, "backup", str(tmp_path / "copy.sqlite"))
    assert told.returncode == 0
    copied = flask(tmp_path, "migrate", DATABASE_URL=f"sqlite:///{tmp_path / 'copy.sqlite'}")
    assert copied.stdout == "", "the copy has every migration"
