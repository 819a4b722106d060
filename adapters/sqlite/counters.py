"""Ends of numberings and gauges: one small table, held in memory by the writer."""

from collections.abc import Iterable
from typing import Final

from adapters.sqlite.batch import Batch, first
from adapters.sqlite.values import Row
from schemas.subjects import Lane

_SELECT: Final = "SELECT value FROM counters WHERE name = ?"
_UPSERT: Final = (
    "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)

POSITION: Final = "position"
JOURNAL: Final = "journal"
RECEIPT: Final = "receipt"
GAUGES: Final = (
    "events_in",
    "events_out",
    "deliveries",
    "stored",
    "acknowledged",
    "quarantined",
    "held_back",
    "receipts_in",
    "receipts_out",
    "notices_open",
)
"""Kept by the books that change them, so that metrics never count rows."""


def lane_end(lane: Lane) -> str:
    """Name the counter of the last dense sequence of a lane."""
    return f"lane.{lane.value}.end"


def lane_published(lane: Lane) -> str:
    """Name the counter of the last own sequence that the hub is known to hold."""
    return f"lane.{lane.value}.published"


class Counters:
    """Counters of one writer."""

    def __init__(self, batch: Batch) -> None:
        """Keep them in ``batch``."""
        self._batch = batch
        self._values = batch.values(_UPSERT, _as_row)

    def value(self, name: str) -> int:
        """Return a counter; one that was never set is 0."""
        found = self._values.get(name)
        return self._read(name) if found is None else found

    def set(self, name: str, value: int) -> None:
        """Set a counter."""
        self._values.put(name, value)

    def add(self, name: str, count: int) -> int:
        """Add to a counter and return its new value."""
        value = self.value(name) + count
        if count:
            self._values.put(name, value)
        return value

    def _read(self, name: str) -> int:
        row = first(self._batch.peek(_SELECT, (name,)))
        return self._values.learn(name, row[0] if row else 0)


def _as_row(name: str, value: int) -> Row:
    return (name, value)


def named(rows: Iterable[Row]) -> dict[str, int]:
    """Read (name, value) rows."""
    return {name: value for name, value in rows}  # noqa: C416 - rows are untyped tuples
