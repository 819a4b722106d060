"""The folders that we share with ``smsd``: written durably, read without taking what is not finished. Blocking."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.modem.spool_files import FILE_MAX_BYTES, outgoing, read
from schemas.pages import Part

FILES_MAX: Final = 500
"""Most files of one folder looked at in one turn."""
KEPT_SECONDS: Final = 72 * 3600
"""So long a report is waited for."""
_OURS: Final = re.compile(r"([0-9a-f]{32}-[0-9]{2})(?:\..{1,40})?")
_COMPARED_DIGITS: Final = 11


@dataclass(frozen=True, slots=True)
class Found:
    """A finished file.

    Attributes:
        reference: Of the part that it is, None if it is no file of ours.
    """

    path: Path
    reference: str | None
    content: bytes = field(repr=False)


class Folders:
    """The spool of ``smsd``, and a folder of our own on the same file system."""

    def __init__(self, spool: Path, own: Path) -> None:
        """Take both; touch nothing."""
        self._spool, self._staging, self._sent = spool, own / "staging", own / "sent"

    def write(self, page_id: str, number: str, parts: tuple[Part, ...]) -> list[str]:
        """Have parts sent that were not handed over before; return the reference of each.

        Raises:
            OSError: A folder is not there, not ours to write, or full.
        """
        for folder in (self._staging, self._sent):
            folder.mkdir(parents=True, exist_ok=True)
        names = [f"{page_id}-{part.number:02d}" for part in parts]
        for name, part in zip(names, parts, strict=True):
            if not self._is_known(name):
                self._write(name, outgoing(number, part))
        return names

    def finished(self, folder: str) -> list[Found]:
        """Return what lies in a folder of ``smsd`` and is whole.

        Raises:
            OSError: The folder is not there, or not ours to read.
        """
        return [Found(path, _reference(path), _content(path)) for path in _files(self._spool / folder)]

    def keep(self, found: Found) -> None:
        """Keep a sent file: a report names the number that it has at the carrier."""
        self._sent.mkdir(parents=True, exist_ok=True)
        found.path.replace(self._sent / (found.reference or found.path.name))

    def remove(self, found: Found) -> None:
        """Remove what was heard."""
        found.path.unlink(missing_ok=True)

    def sent_as(self, number: str, message_id: str) -> str | None:
        """Return which part the modem sent last to a number under a message number (0 to 255, used again and again)."""
        if not self._sent.is_dir():
            return None
        for path in sorted(_files(self._sent), key=lambda one: one.stat().st_mtime, reverse=True):
            file = read(_content(path))
            if file and file.header("message_id") == message_id and _same(file.header("to"), number):
                return path.name
        return None

    def forget_old(self, now: float) -> None:
        """Remove sent files whose report will not come any more; ``now`` in seconds since 1970."""
        for path in _files(self._sent) if self._sent.is_dir() else []:
            if path.stat().st_mtime < now - KEPT_SECONDS:
                path.unlink(missing_ok=True)

    def oldest_waiting(self, now: float) -> float:
        """Return for how many seconds the oldest file has been waiting for ``smsd``; 0 if none does."""
        times = [path.stat().st_mtime for path in _files(self._spool / "outgoing")]
        return now - min(times) if times else 0.0

    def _is_known(self, name: str) -> bool:
        """Tell whether this part was handed over before; a failed one may be tried again."""
        folders = [self._spool / folder for folder in ("outgoing", "checked", "sent")]
        return any((folder / name).exists() for folder in [*folders, self._sent])

    def _write(self, name: str, content: bytes) -> None:
        """Write durably, and under its name only once it is whole: ``smsd`` takes whatever it sees."""
        staged, folder = self._staging / name, self._spool / "outgoing"
        with staged.open("wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        staged.chmod(0o660)
        staged.replace(folder / name)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder that nobody is writing: ``smsd`` puts a lock beside one that it is at."""

    def finished() -> Iterator[Path]:
        for path in folder.iterdir():
            if path.is_file() and path.suffix != ".LOCK" and not path.with_name(path.name + ".LOCK").exists():
                yield path

    return sorted(finished())[:FILES_MAX]


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(FILE_MAX_BYTES + 1)
    except FileNotFoundError:  # ``smsd`` has just moved it
        return b""


def _reference(path: Path) -> str | None:
    found = _OURS.fullmatch(path.name)
    return found[1] if found else None


def _same(called: str, sender: str) -> bool:
    """Compare what we called with what the carrier writes, by the last eleven digits at most."""
    ours, theirs = called.lstrip("s+"), sender.lstrip("s+")
    return bool(ours) and ours[-_COMPARED_DIGITS:] == theirs[-_COMPARED_DIGITS:]
