"""What changed, numbered without gaps in the order of commits."""

from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.counters import JOURNAL, Counters
from adapters.sqlite.values import Row, micros, moment
from schemas.records import JournalEntry, JournalKind

_INSERT: Final = "INSERT INTO journal (sequence, kind, reference, at) VALUES (?, ?, ?, ?)"


class Journal:
    """The writer's end of the journal."""

    def __init__(self, batch: Batch, counters: Counters) -> None:
        """Append through ``batch``."""
        self.append = batch.rows(_INSERT)
        """Append one row; the outbox numbers its own."""
        self._counters = counters

    def note(self, kind: JournalKind, reference: bytes | str, at: datetime) -> None:
        """Append one change; ids and digests as bytes, numbers of notices as text."""
        self.append((self._counters.add(JOURNAL, 1), kind, reference, micros(at)))


def entry_of(row: Row) -> JournalEntry:
    """Read (sequence, kind, reference, at)."""
    sequence, kind, reference, at = row
    return JournalEntry(
        sequence, JournalKind(kind), reference.hex() if isinstance(reference, bytes) else reference, moment(at)
    )
