"""Contents that were taken out of their envelopes for good, and who said that it did the same."""

from collections.abc import Iterable
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.cap import FORGET_ORIGINAL
from adapters.sqlite.files import SqliteFileBook
from adapters.sqlite.outbox import SELECT_POSITION
from adapters.sqlite.search import SqliteSearch
from adapters.sqlite.values import Row, first, micros, moment
from schemas.control import ErasureReason
from schemas.files import FileState
from schemas.records import ErasureRow

_EMPTY: Final = "UPDATE envelopes SET keys = x'', content = x'' WHERE position = ?"
_DELETE_KEY: Final = "DELETE FROM content_keys WHERE position = ?"
_DELETE_END: Final = "DELETE FROM content_ends WHERE position = ?"
_INSERT: Final = "INSERT OR IGNORE INTO erasures (position, county, reason, erased_at) VALUES (?, ?, ?, ?)"
SELECT_ERASURES: Final = "SELECT county, reason, erased_at FROM erasures WHERE position = ? ORDER BY erased_at, county"


class SqliteErasures:
    """Satisfies ``services.key_ports.Erasures``; ``secure_delete`` overwrites what is taken out, the log goes after."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        self._batch, self._files, self._search = batch, SqliteFileBook(batch), SqliteSearch(batch)

    def erase(self, envelope_id: str, row: ErasureRow) -> bool:
        """Take keys part, content, content key, words and CAP document out; False if no such envelope is here."""
        position = self._position(envelope_id)
        if position is None:
            return False
        self._batch.run(_EMPTY, (position,))
        self._batch.run(_DELETE_KEY, (position,))
        self._search.forget(position)
        self._batch.run(FORGET_ORIGINAL, (bytes.fromhex(envelope_id),))
        self._files.settle(envelope_id, FileState.ERASED, row.erased_at)
        self._batch.run(_DELETE_END, (position,))
        self._insert(position, row)
        self._batch.scrub = True
        return True

    def note(self, envelope_id: str, row: ErasureRow) -> None:
        """Keep that another county erased its copy."""
        position = self._position(envelope_id)
        if position is not None:
            self._insert(position, row)

    def _insert(self, position: int, row: ErasureRow) -> None:
        self._batch.run(_INSERT, (position, row.county, row.reason.value, micros(row.erased_at)))

    def _position(self, envelope_id: str) -> int | None:
        row = first(self._batch.ask(SELECT_POSITION, (bytes.fromhex(envelope_id),)))
        return row[0] if row else None


def erasures_in(rows: Iterable[Row]) -> list[ErasureRow]:
    """Read rows of ``SELECT_ERASURES``."""
    return [ErasureRow(county, ErasureReason(reason), moment(at)) for county, reason, at in rows]
