"""Small facts that share the transaction: answers once given, how far a stream is worked off, the store's own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.values import Row, first, micros, moment
from schemas.errors import InvariantError
from schemas.records import Remembered

_SELECT_REMEMBERED: Final = "SELECT key, request_digest, envelope_id, recorded_at FROM idempotency WHERE key = ?"
_INSERT_REMEMBERED: Final = (
    "INSERT INTO idempotency (key, request_digest, envelope_id, recorded_at) VALUES (?, ?, ?, ?)"
)
_FORGET: Final = """
    DELETE FROM idempotency WHERE key IN (
        SELECT key FROM idempotency WHERE recorded_at < ? ORDER BY recorded_at, key LIMIT ?
    )"""
_UPSERT_POSITION: Final = """
    INSERT INTO positions (stream, sequence) VALUES (?, ?)
    ON CONFLICT (stream) DO UPDATE SET sequence = excluded.sequence"""
_SELECT_STREAMS: Final = "SELECT stream FROM positions"
UNKNOWN: Final = -1
"""Sequence of a stream that is to be worked off anew."""

SELECT_SETTINGS: Final = "SELECT name, value FROM settings"
_UPSERT_SETTING: Final = """
    INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


class SqliteFacts:
    """Satisfies ``services.ports.Memory``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        self._batch = batch
        self._append = batch.rows(_INSERT_REMEMBERED)
        self._answers = batch.cache(str, Remembered, of_group=True)
        self._positions = batch.values(_UPSERT_POSITION, _position_rows)

    def remembered(self, key: str) -> Remembered | None:
        """Return what an Idempotency-Key was answered with, or None."""
        found = self._answers.get(key)
        if found is not None:
            return found
        row = first(self._batch.peek(_SELECT_REMEMBERED, (key,)))
        return None if row is None else Remembered(row[0], row[1], row[2].hex(), moment(row[3]))

    def remember(self, row: Remembered) -> None:
        """Keep the answer."""
        if self.remembered(row.key) is not None:
            raise InvariantError("an Idempotency-Key is answered once")
        self._answers.put(row.key, row)
        self._append((row.key, row.request_digest, bytes.fromhex(row.envelope_id), micros(row.recorded_at)))

    def forget_answers(self, before: datetime, limit: int) -> int:
        """Forget the oldest answers that were given before then; return how many."""
        self._batch.run(_FORGET, (micros(before), limit))
        self._answers.forget()
        return self._batch.connection.changes()

    def set_position(self, stream: str, sequence: int) -> None:
        """The stream has been worked off up to this sequence."""
        self._positions.put(stream, sequence)

    def forget_positions(self) -> None:
        """Every stream is to be worked off from its first message again."""
        for (stream,) in list(self._batch.ask(_SELECT_STREAMS)):
            self._positions.put(stream, UNKNOWN)

    def settings(self) -> Mapping[str, str]:
        """Return the store's own facts."""
        return dict(self._batch.peek(SELECT_SETTINGS))

    def put_setting(self, name: str, value: str) -> None:
        """Keep one fact."""
        self._batch.run(_UPSERT_SETTING, (name, value))


def _position_rows(stream: str, sequence: int) -> tuple[Row, ...]:
    return ((stream, sequence),)
