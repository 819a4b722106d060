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
        self._rows = batch.rows(_INSERT)
        self._counters = counters

    def note(self, kind: JournalKind, reference: bytes | str, at: datetime) -> None:
        """Append one change; ids and digests as bytes, numbers of notices as text."""
        self._rows.append((self._counters.add(JOURNAL, 1), kind.value, reference, micros(at)))

    def note_links(self, kind: JournalKind, links: list[tuple[bytes, int]]) -> None:
        """Append one change per link; ``links`` are (envelope id, microseconds)."""
        end = self._counters.add(JOURNAL, len(links))
        append, word = self._rows.append, kind.value
        for sequence, (envelope_id, at) in enumerate(links, end - len(links) + 1):
            append((sequence, word, envelope_id, at))


def entry_of(row: Row) -> JournalEntry:
    """Read (sequence, kind, reference, at)."""
    sequence, kind, reference, at = row
    return JournalEntry(
        sequence, JournalKind(kind), reference.hex() if isinstance(reference, bytes) else reference, moment(at)
    )
