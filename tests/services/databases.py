"""PostgreSQL and Redis for a test."""

import contextlib
import itertools
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import redis as redis_client

from tests.services.starting import (
    HOST,
    free_port,
    need,
    own_folder,
    ownership,
    program,
    running,
    unprivileged,
)


@dataclass(frozen=True)
class Database:
    """One database of a cluster: its name there, and the url that opens it."""

    name: str
    url: str


class PostgreSQL:
    """A running cluster. `url` is its `postgres` database; tests make their own with `new_database`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = self._url("postgres")
        self._numbers = itertools.count(1)

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@{HOST}:{self.port}/{name}"

    def _run(self, sql: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def new_database(self, template: str = "template0") -> Database:
        """A fresh database: empty, or a copy of the one named `template`.

        Copying a migrated template is the quick way to many; nobody may be connected to it meanwhile.
        """
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return Database(name, self._url(name))

    def drop(self, made: Database) -> None:
        """Forget a database that `new_database` made, whoever is still connected to it."""
        self._run(f'DROP DATABASE "{made.name}" WITH (FORCE)')


@contextlib.contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL that never waits for the disk: quick, and worthless after a power cut."""
    need("postgresql")
    owner = unprivileged("postgres")
    with own_folder(owner) as folder:
        server, log, how = PostgreSQL(free_port()), folder / "log", {"cwd": folder, **ownership(owner)}
        data = folder / "data"
        initdb = [program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*initdb, "--locale=C.UTF-8", "--no-sync"], check=True, capture_output=True, **how)
        settings = {
            "listen_addresses": HOST,
            "port": server.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "shared_buffers": "64MB",
        }
        chosen = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # At once: SIGTERM would wait for every client to leave.
        with running([program("postgres"), "-D", data, *chosen], server.answers, log, end=signal.SIGQUIT, **how):
            yield server


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The url of an empty Redis that keeps nothing on disk."""
    need("redis")
    with own_folder() as folder:
        port = free_port()
        nothing_kept = ["--save", "", "--appendonly", "no", "--dir", folder]
        command = [program("redis-server"), "--bind", HOST, "--port", port, *nothing_kept]

        def ready() -> bool:
            with redis_client.Redis(HOST, port) as client, contextlib.suppress(redis_client.ConnectionError):
                return bool(client.ping())
            return False

        with running(command, ready, folder / "log"):
            yield f"redis://{HOST}:{port}/0"
