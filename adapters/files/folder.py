"""The folder of files that events carry: written piece by piece, durable when it is said to be.

A name is what the store's rows say; nobody outside chooses one. What was written and has no row is swept at start.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from schemas.errors import InvariantError, UnavailableError

_NAME: Final = re.compile(r"[a-z0-9-]{1,80}")
_DIRECTORY_MODE: Final = 0o700
_FILE_MODE: Final = 0o600


class FilesUnavailableError(UnavailableError):
    """The folder cannot be written or read now: the disk is full or failing."""

    code = "disk.failed"


class FilesLowError(UnavailableError):
    """Less disk space is free than the node needs to go on safely."""

    code = "disk.low"


def _free_bytes(path: Path) -> int:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


class FileFolder:
    """Satisfies ``services.file_ports.FileFolder``."""

    def __init__(self, path: Path, *, floor_bytes: int, free: Callable[[Path], int] = _free_bytes) -> None:
        """Make the folder if it is missing; only its owner reads it.

        Args:
            path: Of the folder, on the disk of the database.
            floor_bytes: So much stays free for the database; nothing is written below it.
            free: Tells how many bytes are free.

        Raises:
            UnavailableError: It cannot be made.
        """
        self.path, self._floor_bytes, self._free = path, floor_bytes, free
        with self._failing():
            path.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, None if there is no such file."""
        try:
            return self._at(name).stat().st_size
        except FileNotFoundError:
            return None

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write at an offset; makes the file if there is none. Durable only after ``sync``.

        Raises:
            UnavailableError: The disk is full or failing.
        """
        if self._free(self.path) < self._floor_bytes + len(data):
            raise FilesLowError(f"too little is free beside {self.path}")
        with self._opened(name, os.O_WRONLY | os.O_CREAT) as handle:
            view = memoryview(data)
            while view:
                written = os.pwrite(handle, view, offset)
                view, offset = view[written:], offset + written

    def sync(self, name: str) -> None:
        """Make what was written durable, and the name itself.

        Raises:
            UnavailableError: The disk is failing.
        """
        with self._opened(name, os.O_RDONLY) as handle:
            os.fsync(handle)
        self._sync_names()

    def cut(self, name: str, size: int) -> None:
        """Shorten a file.

        Raises:
            UnavailableError: The disk is failing.
        """
        with self._opened(name, os.O_WRONLY) as handle:
            os.ftruncate(handle, size)

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return bytes of a file; fewer at its end, none if there is no such file.

        Raises:
            UnavailableError: The disk is failing.
        """
        if self.size(name) is None:
            return b""
        with self._opened(name, os.O_RDONLY) as handle:
            return os.pread(handle, length, offset)

    def remove(self, name: str) -> None:
        """Remove a file for good; harmless if there is none.

        Raises:
            UnavailableError: The disk is failing.
        """
        with self._failing():
            self._at(name).unlink(missing_ok=True)
        self._sync_names()

    def names(self) -> list[str]:
        """Return the names of all files."""
        with self._failing():
            return sorted(entry.name for entry in self.path.iterdir() if _NAME.fullmatch(entry.name))

    def _at(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise InvariantError(f"no name of a file: {name!r}")
        return self.path / name

    @contextmanager
    def _opened(self, name: str, flags: int) -> Iterator[int]:
        with self._failing():
            handle = os.open(self._at(name), flags | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE)
            try:
                yield handle
            finally:
                os.close(handle)

    def _sync_names(self) -> None:
        with self._failing():
            handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise FilesUnavailableError(f"{self.path}: {exc.strerror}") from exc
