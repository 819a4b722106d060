# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""What this county's own duty officer has been told, once per cause while it lasts."""

from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.counters import Counters
from adapters.sqlite.journal import Journal
from adapters.sqlite.values import Row, first, micros, moment, moment_or_none
from schemas.notices import Notice, NoticeKind
from schemas.records import JournalKind

_COLUMNS: Final = "number, kind, about, county, text, told_at, resolved_at, closed_by"
_SELECT_OPEN: Final = """
    SELECT number FROM notices WHERE kind = ? AND about = ? AND county = ? AND resolved_at IS NULL"""
_INSERT: Final = """
    INSERT INTO notices (kind, about, county, text, told_at) VALUES (?, ?, ?, ?, ?) RETURNING number"""
_END: Final = "UPDATE notices SET resolved_at = ?, closed_by = ? WHERE number = ? AND resolved_at IS NULL"
_SELECT_ONE: Final = f"SELECT {_COLUMNS} FROM notices WHERE number = ?"
SELECT_NEWEST: Final = f"SELECT {_COLUMNS} FROM notices ORDER BY number DESC LIMIT ?"
SELECT_NEWEST_OPEN: Final = f"""
    SELECT {_COLUMNS} FROM notices INDEXED BY notices_open
    WHERE resolved_at IS NULL ORDER BY number DESC LIMIT ?"""


class Notices:
    """Notices of one writer."""

    def __init__(self, batch: Batch, counters: Counters, journal: Journal) -> None:
        """Write through ``batch``."""
        self._batch, self._counters, self._journal = batch, counters, journal

    def tell(self, kind: NoticeKind, about: str, county: str, text: str, at: datetime) -> int:
        """Tell the own duty officer once per cause; return the notice's number."""
        number = self._open(kind, about, county)
        if number is not None:
            return number
        number = int(self._batch.run(_INSERT, (kind.value, about, county, text, micros(at))).get)
        self._counters.add("notices_open", 1)
        self._journal.note(JournalKind.NOTICE, str(number), at)
        return number

    def resolve(self, kind: NoticeKind, about: str, county: str, at: datetime) -> None:
        """The cause is gone."""
        number = self._open(kind, about, county)
        if number is not None:
            self.close(number, None, at)

    def notice(self, number: int) -> Notice | None:
        """Return one notice, open or not, or None."""
        row = first(self._batch.ask(_SELECT_ONE, (number,)))
        return None if row is None else notice_of(row)

    def close(self, number: int, by: str | None, at: datetime) -> None:
        """End an open notice: ``by`` a person, or because the cause is gone."""
        self._batch.run(_END, (micros(at), by, number))
        if self._batch.connection.changes():
            self._counters.add("notices_open", -1)
            self._journal.note(JournalKind.NOTICE, str(number), at)

    def _open(self, kind: NoticeKind, about: str, county: str) -> int | None:
        row = first(self._batch.peek(_SELECT_OPEN, (kind.value, about, county)))
        return row[0] if row else None


def notice_of(row: Row) -> Notice:
    """Read a row of ``SELECT_NEWEST``."""
    number, kind, about, county, text, told_at, resolved_at, closed_by = row
    return Notice(
        number, NoticeKind(kind), about, county, text, moment(told_at), moment_or_none(resolved_at), closed_by
    )
