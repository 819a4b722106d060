"""Which failures of SQLite mean that the disk is full or failing, and what the caller is told."""

from typing import Final

import apsw

from schemas.errors import InvariantError, SihuError, UnavailableError

RETRYABLE: Final = (
    apsw.FullError,
    apsw.IOError,
    apsw.NoMemError,
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.ReadOnlyError,
)
"""Nothing was written; the same work may succeed later. Anything else that SQLite says is a bug or a broken file."""


class StoreBusyError(UnavailableError):
    """More work waits for the writer than it will take on: come again shortly."""

    code = "store.busy"


class StoreClosedError(UnavailableError):
    """The store is closing or closed."""

    code = "store.closed"


class StoreLockedError(UnavailableError):
    """Another process has this database open."""

    code = "store.locked"


class DiskLowError(UnavailableError):
    """Less disk space is free than the node needs to go on safely."""

    code = "disk.low"


class DiskFailedError(UnavailableError):
    """The disk is full or failing: nothing of the work happened."""

    code = "disk.failed"


def translated(error: Exception) -> SihuError:
    """Return what a caller is told about a failure of SQLite."""
    failed = DiskFailedError if isinstance(error, RETRYABLE) else InvariantError
    told = failed(f"{type(error).__name__}: {error}")
    told.__cause__ = error
    return told
