"""Calls by telephone about events."""

from collections.abc import Iterable
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.values import Row, micros, moment
from schemas.control import CallOutcome
from schemas.records import CallRow

_INSERT: Final = """
    INSERT OR IGNORE INTO calls (record_id, envelope_id, source, told, office, outcome, officer, called_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
SELECT_CALLS: Final = """
    SELECT record_id, source, told, office, outcome, officer, called_at FROM calls
    WHERE envelope_id = ? ORDER BY called_at, record_id"""


class SqliteCalls:
    """Satisfies ``services.paging_ports.Calls``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        self._batch = batch

    def note(self, envelope_id: str, row: CallRow) -> None:
        """Keep one; the same record again changes nothing."""
        ids = bytes.fromhex(row.record_id), bytes.fromhex(envelope_id)
        said = row.source, row.told, row.office, row.outcome.value, row.officer, micros(row.called_at)
        self._batch.run(_INSERT, (*ids, *said))


def calls_in(rows: Iterable[Row]) -> list[CallRow]:
    """Read rows of ``SELECT_CALLS``."""
    return [
        CallRow(record_id.hex(), source, told, office, CallOutcome(outcome), officer, moment(called_at))
        for record_id, source, told, office, outcome, officer, called_at in rows
    ]
