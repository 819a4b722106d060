# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Refused messages by digest, capped per source: the oldest bodies go first, digest, code and count stay."""

from dataclasses import replace
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.counters import Counters
from adapters.sqlite.journal import Journal
from adapters.sqlite.values import Row, first, micros, moment
from schemas.records import JournalKind, Quarantined

_COLUMNS: Final = "digest, size, source, subject, code, field, reason, recorded_at"
_COUNT_UP: Final = "UPDATE quarantine SET count = count + 1 WHERE digest = ?"
_INSERT: Final = f"INSERT INTO quarantine ({_COLUMNS}, message, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
_SELECT_USED: Final = "SELECT bytes FROM quarantine_usage WHERE source = ?"
_UPSERT_USED: Final = """
    INSERT INTO quarantine_usage (source, bytes) VALUES (?, ?)
    ON CONFLICT (source) DO UPDATE SET bytes = excluded.bytes"""
_SELECT_OLDEST_BODY: Final = """
    SELECT number, length(message) FROM quarantine WHERE source = ? AND message IS NOT NULL ORDER BY number LIMIT 1"""
_DROP_BODY: Final = "UPDATE quarantine SET message = NULL WHERE number = ?"
SELECT_NEWEST: Final = f"SELECT {_COLUMNS} FROM quarantine ORDER BY number DESC LIMIT ?"


_SELECT_REFUSED: Final = f"""
    SELECT {_COLUMNS}, message FROM quarantine
    WHERE source = ? AND code = ? AND message IS NOT NULL ORDER BY number LIMIT ?"""
_SELECT_ONE: Final = "SELECT source, coalesce(length(message), 0) FROM quarantine WHERE digest = ?"
_DELETE: Final = "DELETE FROM quarantine WHERE digest = ?"
_FREE: Final = "UPDATE quarantine_usage SET bytes = bytes - ? WHERE source = ?"


class Quarantine:
    """Refused messages of one writer."""

    def __init__(self, batch: Batch, counters: Counters, journal: Journal, *, size: int) -> None:
        """Keep at most ``size`` bytes of bodies per source."""
        self._batch, self._counters, self._journal, self._size = batch, counters, journal, size

    def quarantine(self, refused: Quarantined) -> None:
        """Keep refused bytes by digest, the oldest bodies of a source making room; journal a digest once."""
        digest = bytes.fromhex(refused.digest)
        self._batch.run(_COUNT_UP, (digest,))
        if self._batch.connection.changes():
            return
        self._batch.run(_INSERT, (*_row(digest, refused), refused.message))
        self._counters.add("quarantined", 1)
        self._journal.note(JournalKind.QUARANTINED, digest, refused.recorded_at)
        if refused.message:
            self._make_room(refused.source, len(refused.message))

    def refused(self, source: str, code: str, limit: int) -> list[Quarantined]:
        """Return what was refused of a source for one reason and still has its bytes, oldest first."""
        rows = self._batch.ask(_SELECT_REFUSED, (source, code, limit))
        return [replace(quarantined_of(row), message=message) for *row, message in rows]

    def readmit(self, digest: str) -> None:
        """Take one out: its row goes, for it was no fault."""
        key = bytes.fromhex(digest)
        row = first(self._batch.ask(_SELECT_ONE, (key,)))
        if row is None:
            return
        source, size = row
        self._batch.run(_DELETE, (key,))
        self._batch.run(_FREE, (size, source))
        self._counters.add("quarantined", -1)

    def _make_room(self, source: str, size: int) -> None:
        row = first(self._batch.peek(_SELECT_USED, (source,)))
        used = size + (row[0] if row else 0)
        while used > self._size:
            number, length = self._batch.peek(_SELECT_OLDEST_BODY, (source,)).get
            self._batch.run(_DROP_BODY, (number,))
            used -= length
        self._batch.run(_UPSERT_USED, (source, used))


def quarantined_of(row: Row) -> Quarantined:
    """Read a row of ``SELECT_NEWEST``: without the bytes."""
    digest, size, source, subject, code, field, reason, recorded_at = row
    return Quarantined(digest.hex(), size, source, subject, code, field, reason, moment(recorded_at), None)


def _row(digest: bytes, refused: Quarantined) -> Row:
    return (
        digest,
        refused.size,
        refused.source,
        refused.subject,
        refused.code,
        refused.field,
        refused.reason,
        micros(refused.recorded_at),
    )
