"""Connections to PostgreSQL that stay open between requests (`postgresql+pool:`)."""

import time
from typing import Any

from playhouse.db_url import register_database
from playhouse.pool import PooledPostgresqlDatabase

RESTED = 5  # seconds


class RestedPool(PooledPostgresqlDatabase):
    """Looks whether a connection still stands only after it rested: to look takes as long as most questions."""

    def __init__(self, *place: Any, **options: Any) -> None:
        super().__init__(*place, **options)
        self._given_back: dict[int, float] = {}  # key of a connection → when, on the monotonic clock

    def _close(self, conn: Any, close_conn: bool = False) -> None:
        super()._close(conn, close_conn)
        if not close_conn:
            self._given_back[self.conn_key(conn)] = time.monotonic()

    def _is_closed(self, conn: Any) -> bool:
        rested = time.monotonic() - self._given_back.pop(self.conn_key(conn), 0)
        return bool(conn.closed) if rested < RESTED else super()._is_closed(conn)


def register() -> None:
    """From now on `postgresql+pool:` means this pool."""
    register_database(RestedPool, "postgresql+pool")
