"""One process per database."""

import fcntl
import os
from pathlib import Path

from adapters.sqlite.failures import StoreLockedError


class DatabaseLock:
    """Holds ``<database>.lock``; the system releases it when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        """Take the lock.

        Raises:
            StoreLockedError: Another process holds it; the message names its pid.
        """
        path = database.with_name(database.name + ".lock")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode().strip() or "unknown"
            os.close(self._file)
            raise StoreLockedError(f"{database} is in use by process {holder}: stop it first") from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process in."""
        os.close(self._file)
