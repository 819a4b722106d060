"""Checks, backups and disk space."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import apsw

from adapters.sqlite.connection import open_reader
from adapters.sqlite.failures import RETRYABLE, translated
from adapters.sqlite.migrate import version_of
from adapters.sqlite.snapshot import SqliteSnapshot
from schemas.errors import Fault, RequestError, UnavailableError

T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Called with (pages copied, pages in all)."""

_STEP_PAGES: Final = 512
_COUNTS: Final = {
    "position": "SELECT coalesce(max(position), 0) FROM envelopes",
    "journal": "SELECT coalesce(max(sequence), 0) FROM journal",
    "receipt": "SELECT coalesce(max(number), 0) FROM receipts",
}


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What a backup holds, and what is wrong with it.

    Attributes:
        problems: One line each; empty if the file can be trusted to be whole.
        settings: The store's own facts, such as the county code it belongs to.
    """

    path: Path
    size: int
    version: int
    journal_end: int
    counts: dict[str, int]
    settings: dict[str, str]
    problems: tuple[str, ...]


def free_bytes(path: Path) -> int:
    """Return how many bytes an ordinary process can still write on the disk of ``path``."""
    return shutil.disk_usage(path.parent).free


def problems_of(connection: apsw.Connection, *, thorough: bool = False) -> list[str]:
    """Return what SQLite finds wrong with a database, and numberings that lost their end; empty if nothing."""
    pragma = "integrity_check" if thorough else "quick_check"
    found = [row[0] for row in connection.execute(f"PRAGMA {pragma}") if row[0] != "ok"]
    counters = dict(connection.execute("SELECT name, value FROM counters"))
    for name, sql in _COUNTS.items():
        highest = connection.execute(sql).get
        if highest > counters.get(name, 0):
            found.append(f"{name} stands at {counters.get(name, 0)}, but there is a row {highest}")
    return found


def back_up(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Copy a database as it stands now, fsynced; writers go on meanwhile.

    Raises:
        RequestError: ``target`` exists.
        UnavailableError: The disk is full or failing.
    """
    if target.exists():
        raise RequestError(Fault("backup.exists", str(target), "name a file that does not exist yet"))
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        _copy_snapshot(source, partial, progress)
    except RETRYABLE as exc:
        raise translated(exc) from exc
    partial.rename(target)
    _sync(target.parent)


def _copy_snapshot(source: Path, partial: Path, progress: Progress | None) -> None:
    reader = open_reader(source)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # one snapshot: no writer restarts the copy
        _copy(reader, partial, progress)
    finally:
        reader.close()


def _copy(reader: apsw.Connection, partial: Path, progress: Progress | None) -> None:
    copy = apsw.Connection(str(partial))
    try:
        with copy.backup("main", reader, "main") as backup:
            while not backup.done:
                backup.step(_STEP_PAGES)
                if progress is not None:
                    progress(backup.page_count - backup.remaining, backup.page_count)
        copy.pragma("journal_mode", "delete")  # one file, nothing beside it
    finally:
        copy.close()
    _sync(partial)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def verify_backup(path: Path) -> BackupFacts:
    """Read a backup through and say what it holds.

    Raises:
        RequestError: It is not a database of Sihu, or newer than this code.
    """
    try:
        return _facts_of(path)
    except (apsw.NotADBError, apsw.CorruptError) as exc:
        raise RequestError(Fault("backup.broken", str(path), f"the file is damaged ({exc}): use another")) from exc


def read_once(path: Path, work: Callable[[SqliteSnapshot], T]) -> T:
    """Read a node's database beside it, or without it.

    Raises:
        UnavailableError: It cannot be read: no database of Sihu, damaged, or of a version to come.
    """
    try:
        connection = open_reader(path)
        try:
            connection.execute("BEGIN")  # all that is read is of one moment
            return work(SqliteSnapshot(connection))
        finally:
            connection.close()
    except apsw.Error as exc:
        raise UnavailableError(f"{path} cannot be read: {exc}") from exc


def _facts_of(path: Path) -> BackupFacts:
    connection = open_reader(path)
    try:
        version = version_of(connection)
        problems = problems_of(connection, thorough=True)
        snapshot = SqliteSnapshot(connection)
        return BackupFacts(
            path,
            path.stat().st_size,
            version,
            snapshot.journal_end(),
            dict(snapshot.counts()),
            dict(connection.execute("SELECT name, value FROM settings")),
            tuple(problems),
        )
    finally:
        connection.close()
