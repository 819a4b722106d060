"""What the works of one group have written, before SQLite sees it.

A work appends rows to lists and puts values into dictionaries; both reach SQLite in bulk, before the
commit or before something must be asked of SQLite. That is a third of the cost of one statement per
row and one savepoint per work, which is why it is here.

A work that fails is undone: its rows are cut off, its values put back, and if it had to open a
savepoint (because SQLite was asked while rows of its own were waiting) that is rolled back.

Source: docs/decisions/0009-commit-in-groups.md
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

import apsw

from adapters.sqlite.counters import Counters
from adapters.sqlite.values import Row

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_MISSING: Final = object()
_Undo = list[tuple["Values[Any, Any]", Any, Any]]
Ready = Callable[[Sequence[Row]], Sequence[Row]]


def _as_they_are(rows: Sequence[Row]) -> Sequence[Row]:
    return rows


class Values(Generic[K, V]):
    """A table, or facts computed from tables, kept in a dictionary and written behind.

    Without ``sql`` it is a cache that is never written.
    """

    __slots__ = ("_log", "_rows", "_sql", "_values", "_written", "dirty", "get")

    def __init__(self, undo: _Undo, sql: str | None, rows: Callable[[K, V], Iterable[Row]] | None) -> None:
        """Write changes by ``sql`` with the rows that ``rows`` makes of key and value."""
        self._log = undo.append
        self._sql, self._rows = sql, rows
        self._values: dict[K, V] = {}
        self.dirty: set[K] = set()
        self._written: set[K] = set()
        self.get = self._values.get

    def put(self, key: K, value: V) -> None:
        """Change a value; undone if the work in hand fails."""
        values = self._values
        self._log((self, key, values.get(key, _MISSING)))
        values[key] = value
        self.dirty.add(key)

    def learn(self, key: K, value: V) -> V:
        """Keep what SQLite answered: no change, so nothing to undo."""
        self._values[key] = value
        return value

    def put_back(self, key: K, value: Any) -> None:  # noqa: ANN401 - a value or the mark for none
        """Undo one change; what is written already is wrong now, so it is written again."""
        if value is _MISSING:
            self._values.pop(key, None)
            self.dirty.discard(key)
        else:
            self._values[key] = value
            self.dirty.add(key)

    def write(self, connection: apsw.Connection) -> None:
        """Write what changed."""
        if self._sql is not None and self._rows is not None:
            rows = [row for key in self.dirty for row in self._rows(key, self._values[key])]
            connection.executemany(self._sql, rows)
            self._written |= self.dirty
        self.dirty.clear()

    def settle(self) -> None:
        """What was written stays written."""
        self._written.clear()

    def unsettle(self) -> None:
        """What was written since ``settle`` has been rolled back: it is to be written again."""
        self.dirty |= self._written & self._values.keys()
        self._written.clear()

    def forget(self) -> None:
        """Ask SQLite again; whatever was not written is lost."""
        self._values.clear()
        self.dirty.clear()
        self._written.clear()


class Batch:
    """Rows and values of one group of works, and the undoing of one work."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Write through ``connection``, whose transaction the caller opens and commits."""
        self.connection = connection
        self.counters = Counters(connection)
        self.scrub = False
        """Something was erased: the log may still hold it."""
        self._inserts: list[str] = []
        self._rows: list[list[Row]] = []
        self._ready: list[Ready] = []
        self._marks: list[int] = []
        self._values: list[Values[Any, Any]] = []
        self._of_group: list[Values[Any, Any]] = []
        self._recent: list[dict[Any, Any]] = []
        self._undo: _Undo = []
        self._in_savepoint = False

    # -- making the books -----------------------------------------------------------------------

    def rows(self, insert: str, ready: Ready = _as_they_are) -> Callable[[Row], None]:
        """Return what appends a row for ``insert``; inserts are run in the order in which they were made.

        ``ready`` is given the rows when they are about to be written, and returns what is written.
        """
        waiting: list[Row] = []
        self._inserts.append(insert)
        self._ready.append(ready)
        self._rows.append(waiting)
        self._marks.append(0)
        return waiting.append

    def values(self, sql: str, rows: Callable[[K, V], Iterable[Row]], *, of_group: bool = False) -> Values[K, V]:
        """Make a dictionary whose changes are written by ``sql``; one ``of_group`` is emptied with it."""
        return self._made(Values(self._undo, sql, rows), of_group=of_group)

    def cache(self, _key: type[K], _value: type[V], *, of_group: bool = False) -> Values[K, V]:
        """Make a dictionary that is undone with the rest and never written; one ``of_group`` is emptied with it."""
        return self._made(Values(self._undo, None, None), of_group=of_group)

    def _made(self, values: Values[K, V], *, of_group: bool) -> Values[K, V]:
        self._values.append(values)
        if of_group:
            self._of_group.append(values)
        return values

    def recent(self, _key: type[K], _value: type[V]) -> dict[K, V]:
        """Make a dictionary of what this group has appended: emptied with the group and when a work fails.

        Who finds nothing there must ``ask`` SQLite, not ``peek``.
        """
        made: dict[K, V] = {}
        self._recent.append(made)
        return made

    # -- one work -------------------------------------------------------------------------------

    def begin(self) -> None:
        """A work begins: what is written from now on is its own."""
        self._undo.clear()
        self.counters.begin()
        self._marks = list(map(len, self._rows))

    def keep(self) -> None:
        """The work succeeded."""
        if self._in_savepoint:
            self.connection.execute("RELEASE work")
            self._in_savepoint = False

    def undo(self) -> None:
        """The work failed: nothing of it happened."""
        if self._in_savepoint:
            self.connection.execute("ROLLBACK TO work")
            self.connection.execute("RELEASE work")
            for values in self._values:
                values.unsettle()
            self.counters.unsettle()
        self.counters.undo()
        for values, key, value in reversed(self._undo):
            values.put_back(key, value)
        self._undo.clear()
        for rows, mark in zip(self._rows, self._marks, strict=True):
            del rows[mark:]
        self._forget_recent()
        if self._in_savepoint:
            self._in_savepoint = False
            self._write_all()
            for values in self._values:  # what was learnt inside may have been of the failed work's making
                values.forget()

    # -- asking SQLite within a work --------------------------------------------------------------

    def ask(self, sql: str, bindings: Row = ()) -> apsw.Cursor:
        """Run a SELECT that sees everything written so far."""
        if self._in_savepoint or self._has_own():
            self._write_in_savepoint()
        else:
            self._write_all()
        return self.connection.execute(sql, bindings)

    def peek(self, sql: str, bindings: Row = ()) -> apsw.Cursor:
        """Run a SELECT on what has reached SQLite; the caller knows what waits."""
        return self.connection.execute(sql, bindings)

    def run(self, sql: str, bindings: Row = ()) -> apsw.Cursor:
        """Run a statement that changes rows at once, after everything written so far."""
        self._write_in_savepoint()
        return self.connection.execute(sql, bindings)

    def _has_own(self) -> bool:
        return bool(self._undo) or list(map(len, self._rows)) != self._marks or self.counters.has_changed()

    def _write_in_savepoint(self) -> None:
        if not self._in_savepoint:
            self._write_earlier()
            for values in self._values:
                values.settle()
            self.counters.settle()
            self.connection.execute("SAVEPOINT work")
            self._in_savepoint = True
        self._write_all()

    def _write_earlier(self) -> None:
        """Write the rows of the works before, so that a savepoint parts them from those of the work in hand."""
        for insert, ready, rows, mark in zip(self._inserts, self._ready, self._rows, self._marks, strict=True):
            if mark:
                self.connection.executemany(insert, ready(rows[:mark]))
                del rows[:mark]
        self._marks = [0] * len(self._rows)

    def _write_all(self) -> None:
        if any(self._rows):  # mostly nothing waits, and one work asks dozens of times
            for insert, ready, rows in zip(self._inserts, self._ready, self._rows, strict=True):
                if rows:
                    self.connection.executemany(insert, ready(rows))
                    rows.clear()
            self._marks = [0] * len(self._rows)
        for values in self._values:
            if values.dirty:
                values.write(self.connection)
        self.counters.write()

    # -- the group --------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write everything that waits; the caller commits."""
        self._write_all()
        self._undo.clear()
        for values in self._values:
            values.settle()
        self.counters.settle()
        for values in self._of_group:
            values.forget()
        self._forget_recent()

    def lose(self) -> None:
        """The transaction is gone: forget everything and ask SQLite again."""
        self._in_savepoint = False
        self._undo.clear()
        for rows in self._rows:
            rows.clear()
        for values in self._values:
            values.forget()
        self.counters.forget()
        self._forget_recent()

    def _forget_recent(self) -> None:
        for recent in self._recent:
            recent.clear()
