"""The bytes of attachments a piece at a time, so that a large one is never whole in memory."""

from collections.abc import Iterator

from data.attachments import Content
from data.database import database, is_sqlite

PIECE = 1024 * 1024  # bytes


def pieces_of(sha256: str, size: int) -> Iterator[bytes]:
    """The content in order; `size` in bytes. Nothing is held open between pieces: whoever takes them may be slow."""
    read = from_sqlite if is_sqlite() else from_server
    for start in range(0, size, PIECE):
        yield read(sha256, start)


def from_sqlite(sha256: str, start: int) -> bytes:
    row = database.execute_sql("SELECT rowid FROM content WHERE sha256 = ?", (sha256,)).fetchone()[0]
    with database.connection().blobopen(Content._meta.table_name, "content", row, readonly=True) as blob:
        blob.seek(start)
        read: bytes = blob.read(PIECE)
        return read


def from_server(sha256: str, start: int) -> bytes:
    asked = "SELECT substring(content FROM %s FOR %s) FROM content WHERE sha256 = %s"
    return bytes(database.execute_sql(asked, (start + 1, PIECE, sha256)).fetchone()[0])
