"""Ends of numberings and gauges: one small table, held in memory by the writer."""

from collections.abc import Iterable
from typing import Final

import apsw

from adapters.sqlite.values import Row, first
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
    return f"lane.{lane}.end"


def lane_published(lane: Lane) -> str:
    """Name the counter of the last own sequence that the hub is known to hold."""
    return f"lane.{lane}.published"


def lane_doubt(lane: Lane) -> str:
    """Name the counter that is 1 while a lane's numbering must be compared with the hub's."""
    return f"lane.{lane}.doubt"


class Counters:
    """Counters of one writer. Nearly every work changes several, so a work is undone by putting a copy back."""

    __slots__ = ("_before", "_connection", "_settled", "_values", "_written")

    def __init__(self, connection: apsw.Connection) -> None:
        """Read and write through ``connection``."""
        self._connection = connection
        self._values: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._settled: dict[str, int] = {}

    def value(self, name: str) -> int:
        """Return a counter; one that was never set is 0."""
        found = self._values.get(name)
        return self._read(name) if found is None else found

    def set(self, name: str, value: int) -> None:
        """Set a counter."""
        self._values[name] = value

    def add(self, name: str, count: int) -> int:
        """Add to a counter and return its new value."""
        found = self._values.get(name)
        value = (self._read(name) if found is None else found) + count
        self._values[name] = value
        return value

    def _read(self, name: str) -> int:
        row = first(self._connection.execute(_SELECT, (name,)))
        value = int(row[0]) if row else 0
        self._values[name] = self._written[name] = value
        return value

    # -- for the batch ----------------------------------------------------------------------------

    def begin(self) -> None:
        """A work begins."""
        self._before = self._values.copy()

    def has_changed(self) -> bool:
        """Tell whether the work in hand changed a counter."""
        return self._values != self._before

    def undo(self) -> None:
        """The work failed."""
        self._values = self._before.copy()

    def write(self) -> None:
        """Write what changed."""
        if self._values == self._written:
            return
        rows = [(name, value) for name, value in self._values.items() if self._written.get(name) != value]
        if rows:
            self._connection.executemany(_UPSERT, rows)
            self._written.update(rows)

    def settle(self) -> None:
        """What was written stays written."""
        self._settled = self._written.copy()

    def unsettle(self) -> None:
        """What was written since ``settle`` has been rolled back."""
        self._written = self._settled.copy()

    def forget(self) -> None:
        """Ask SQLite again."""
        self._values, self._before, self._written, self._settled = {}, {}, {}, {}


def named(rows: Iterable[Row]) -> dict[str, int]:
    """Read (name, value) rows."""
    return {name: value for name, value in rows}  # noqa: C416 - rows are untyped tuples
