# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Campaigns, offers, projects: their acts by position, and the row of each."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.reached import Ask
from adapters.sqlite.values import STORED_COLUMNS, Row, first, micros, moment, moment_or_none, stored_event
from schemas.records import StoredEvent
from schemas.threads import Family, ThreadOf, ThreadParty, ThreadRow

INSERT_ACT: Final = "INSERT INTO thread_acts (family, thread, position) VALUES (?, ?, ?)"
_SELECT_ACTS: Final = f"""
    SELECT {STORED_COLUMNS} FROM envelopes WHERE position IN (
        SELECT position FROM thread_acts WHERE family = ? AND thread = ? ORDER BY position LIMIT ?
    ) ORDER BY position"""
_SELECT_OF: Final = "SELECT family, thread FROM thread_acts WHERE position = ?"

_COLUMNS: Final = "family, thread, kind, title, state, opened_at, changed_at, starts_at, ends_at, position"
_SELECT_ROW: Final = f"SELECT {_COLUMNS} FROM threads WHERE family = ? AND thread = ?"
_SELECT_ROWS: Final = f"""
    SELECT {_COLUMNS} FROM threads
    WHERE family = ?1 AND (?2 IS NULL OR state = ?2) AND (?3 = 0 OR position < ?3)
    ORDER BY position DESC, thread LIMIT ?4"""
_SELECT_BETWEEN: Final = f"""
    SELECT {_COLUMNS} FROM threads
    WHERE family = ?1 AND starts_at < ?3 AND ends_at > ?2 ORDER BY starts_at, thread LIMIT ?4"""
_SELECT_PARTIES: Final = """
    SELECT county, role, state FROM thread_parties WHERE family = ? AND thread = ? ORDER BY county"""
_PUT: Final = f"INSERT OR REPLACE INTO threads ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DROP: Final = "DELETE FROM threads WHERE family = ? AND thread = ?"
_PUT_PARTY: Final = "INSERT INTO thread_parties (family, thread, county, role, state) VALUES (?, ?, ?, ?, ?)"
_DROP_PARTIES: Final = "DELETE FROM thread_parties WHERE family = ? AND thread = ?"


class SqliteThreadsShown:
    """Satisfies ``services.thread_ports.ThreadsShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def acts(self, thread: ThreadOf, limit: int) -> list[StoredEvent]:
        """Return the acts of a thread in the order of recording."""
        rows = self._ask(_SELECT_ACTS, (thread.family.value, thread.key, limit))
        return [stored_event(row) for row in rows]

    def thread_of(self, position: int) -> ThreadOf | None:
        """Return the thread to which the event at a position belongs, or None."""
        row = first(self._ask(_SELECT_OF, (position,)))
        return ThreadOf(Family(row[0]), row[1]) if row else None

    def row(self, thread: ThreadOf) -> ThreadRow | None:
        """Return one thread, or None."""
        found = self._rows(self._ask(_SELECT_ROW, (thread.family.value, thread.key)))
        return found[0] if found else None

    def rows(self, family: Family, *, state: str | None, before: int, limit: int) -> list[ThreadRow]:
        """Return threads of a family, those with the newest acts first."""
        return self._rows(self._ask(_SELECT_ROWS, (family.value, state, before, limit)))

    def rows_between(self, family: Family, since: datetime, until: datetime, limit: int) -> list[ThreadRow]:
        """Return threads of a family that last into or begin within a span, by start and key."""
        return self._rows(self._ask(_SELECT_BETWEEN, (family.value, micros(since), micros(until), limit)))

    def _rows(self, rows: Iterable[Row]) -> list[ThreadRow]:
        return [self._row(*row) for row in list(rows)]

    def _row(self, family: str, key: str, kind: str, title: str, state: str, *times: int | None) -> ThreadRow:
        opened_at, changed_at, starts_at, ends_at, position = times
        parties = self._ask(_SELECT_PARTIES, (family, key))
        return ThreadRow(
            thread=ThreadOf(Family(family), key),
            kind=kind,
            title=title,
            state=state,
            opened_at=moment(opened_at or 0),
            changed_at=moment(changed_at or 0),
            starts_at=moment_or_none(starts_at),
            ends_at=moment_or_none(ends_at),
            position=position or 0,
            parties=tuple(ThreadParty(*row) for row in parties),
        )


class SqliteThreads(SqliteThreadsShown):
    """Satisfies ``services.thread_ports.Threads``. A few rows for each act: written at once."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def put(self, row: ThreadRow) -> None:
        """Keep the row of a thread, in place of the one before."""
        key = (row.thread.family.value, row.thread.key)
        times = [
            None if one is None else micros(one) for one in (row.opened_at, row.changed_at, row.starts_at, row.ends_at)
        ]
        self._batch.run(_PUT, (*key, row.kind, row.title, row.state, *times, row.position))
        self._batch.run(_DROP_PARTIES, key)
        for one in row.parties:
            self._batch.run(_PUT_PARTY, (*key, one.county, one.role, one.state))

    def drop(self, thread: ThreadOf) -> None:
        """Forget the row of a thread."""
        key = (thread.family.value, thread.key)
        self._batch.run(_DROP_PARTIES, key)
        self._batch.run(_DROP, key)
