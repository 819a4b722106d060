"""Connections of one database: how they are opened, and what every one of them promises."""

from pathlib import Path
from typing import Final

import apsw

APPLICATION_ID: Final = int.from_bytes(b"SIHU", "big")
PAGE_BYTES: Final = 8192
_WRITER_CACHE_KIB: Final = 16 * 1024
_READER_CACHE_KIB: Final = 2 * 1024
_WAL_KEPT_BYTES: Final = 64 * 1024 * 1024
BUSY_MILLISECONDS: Final = 5000
_STATEMENTS: Final = 256


def open_writer(path: Path, *, vfs: str | None = None, synchronous: str = "FULL") -> apsw.Connection:
    """Open the one writing connection; it makes the file if there is none.

    Args:
        path: The database.
        vfs: File layer, None for the system's own; tests record or fail there.
        synchronous: ``FULL`` makes every commit one fsync. Anything less loses acknowledged events at a power cut,
            which a test shows.
    """
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=_STATEMENTS)
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("page_size", PAGE_BYTES)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", synchronous)
    connection.pragma("secure_delete", value=True)
    connection.pragma("temp_store", "memory")
    connection.pragma("cache_size", -_WRITER_CACHE_KIB)
    connection.pragma("journal_size_limit", _WAL_KEPT_BYTES)
    return connection


def open_reader(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """Open a connection that can only read."""
    flags = apsw.SQLITE_OPEN_READONLY
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=_STATEMENTS)
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("query_only", value=True)
    connection.pragma("cache_size", -_READER_CACHE_KIB)
    return connection
