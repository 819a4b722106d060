"""What the works of one group have written, before SQLite sees it.

A work appends rows to lists and puts values into dictionaries; both reach SQLite in bulk, before the
commit or before something must be asked of SQLite. That is a third of the cost of one statement per
row and one savepoint per work, which is why it is here.

A work that fails is undone: its rows are cut off, its values put back, and if it had to open a
savepoint (because SQLite was asked while rows of its own were waiting) that is rolled back.

Source: docs/decisions/0009-commit-in-groups.md
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, Generic, TypeVar

import apsw

from adapters.sqlite.values import Row

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_MISSING: Final = object()
_Undo = list[tuple["Values[Any, Any]", Any, Any]]


class Rows:
    """Rows waiting for one INSERT, in order."""

    __slots__ = ("_mark", "_sql", "_waiting", "append")

    def __init__(self, sql: str) -> None:
        """Collect rows for ``sql``."""
        self._sql = sql
        self._waiting: list[Row] = []
        self._mark = 0
        self.append = self._waiting.append

    def mark(self) -> None:
        """A work begins: what comes from now on is its own."""
        self._mark = len(self._waiting)

    def cut(self) -> None:
        """The work failed: forget its own."""
        del self._waiting[self._mark :]

    def has_own(self) -> bool:
        """Tell whether the work in hand has rows waiting."""
        return len(self._waiting) > self._mark

    def write_earlier(self, connection: apsw.Connection) -> None:
        """Write the rows of the works before."""
        if self._mark:
            connection.executemany(self._sql, self._waiting[: self._mark])
            del self._waiting[: self._mark]
            self._mark = 0

    def write(self, connection: apsw.Connection) -> None:
        """Write all that wait; those of the works before are written already."""
        if self._waiting:
            connection.executemany(self._sql, self._waiting)
            self._waiting.clear()
            self._mark = 0

    def clear(self) -> None:
        """The group is lost."""
        self._waiting.clear()
        self._mark = 0


class Values(Generic[K, V]):
    """A table, or facts computed from tables, kept in a dictionary and written behind.

    Without ``sql`` it is a cache that is never written.
    """

    __slots__ = ("_dirty", "_rows", "_sql", "_undo", "_values", "_written", "get")

    def __init__(self, undo: _Undo, sql: str | None = None, rows: Callable[[K, V], Row] | None = None) -> None:
        """Write changes by ``sql`` with the row that ``rows`` makes of key and value."""
        self._undo = undo
        self._sql, self._rows = sql, rows
        self._values: dict[K, V] = {}
        self._dirty: set[K] = set()
        self._written: set[K] = set()
        self.get = self._values.get

    def put(self, key: K, value: V) -> None:
        """Change a value; undone if the work in hand fails."""
        self._undo.append((self, key, self._values.get(key, _MISSING)))
        self._values[key] = value
        if self._sql is not None:
            self._dirty.add(key)

    def learn(self, key: K, value: V) -> V:
        """Keep what SQLite answered: no change, so nothing to undo."""
        self._values[key] = value
        return value

    def put_back(self, key: K, value: Any) -> None:  # noqa: ANN401 - a value or the mark for none
        """Undo one change; what is written already is wrong now, so it is written again."""
        if value is _MISSING:
            self._values.pop(key, None)
            self._dirty.discard(key)
        else:
            self._values[key] = value
            if self._sql is not None:
                self._dirty.add(key)

    def write(self, connection: apsw.Connection) -> None:
        """Write what changed."""
        if self._dirty and self._sql is not None and self._rows is not None:
            rows = self._rows
            connection.executemany(self._sql, [rows(key, self._values[key]) for key in self._dirty])
            self._written |= self._dirty
            self._dirty.clear()

    def settle(self) -> None:
        """What was written stays written."""
        self._written.clear()

    def unsettle(self) -> None:
        """What was written since ``settle`` has been rolled back: it is to be written again."""
        self._dirty |= self._written & self._values.keys()
        self._written.clear()

    def forget(self) -> None:
        """Ask SQLite again; whatever was not written is lost."""
        self._values.clear()
        self._dirty.clear()
        self._written.clear()


class Batch:
    """Rows and values of one group of works, and the undoing of one work."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Write through ``connection``, whose transaction the caller opens and commits."""
        self.connection = connection
        self._rows: list[Rows] = []
        self._values: list[Values[Any, Any]] = []
        self._undo: _Undo = []
        self._in_savepoint = False

    def rows(self, sql: str) -> Rows:
        """Make a list of rows for one INSERT; lists are written in the order in which they were made."""
        self._rows.append(Rows(sql))
        return self._rows[-1]

    def values(self, sql: str, rows: Callable[[K, V], Row]) -> Values[K, V]:
        """Make a dictionary whose changes are written by ``sql``."""
        made: Values[K, V] = Values(self._undo, sql, rows)
        self._values.append(made)
        return made

    def cache(self, _key: type[K], _value: type[V]) -> Values[K, V]:
        """Make a dictionary that is undone with the rest and never written."""
        made: Values[K, V] = Values(self._undo)
        self._values.append(made)
        return made

    # -- one work -----------------------------------------------------------------------------

    def begin(self) -> None:
        """A work begins."""
        self._undo.clear()
        for rows in self._rows:
            rows.mark()

    def keep(self) -> None:
        """The work succeeded."""
        self._undo.clear()
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
        for values, key, value in reversed(self._undo):
            values.put_back(key, value)
        self._undo.clear()
        for rows in self._rows:
            rows.cut()
        if self._in_savepoint:
            self._in_savepoint = False
            self._write_all()
            for values in self._values:  # what was learnt inside may have been of the failed work's making
                values.forget()

    # -- asking SQLite within a work -------------------------------------------------------------

    def ask(self, sql: str, bindings: Row = ()) -> apsw.Cursor:
        """Run a SELECT that sees everything written so far."""
        if self._in_savepoint or self._undo or any(rows.has_own() for rows in self._rows):
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

    def _write_in_savepoint(self) -> None:
        if not self._in_savepoint:
            for rows in self._rows:
                rows.write_earlier(self.connection)
            for values in self._values:
                values.settle()
            self.connection.execute("SAVEPOINT work")
            self._in_savepoint = True
        self._write_all()

    def _write_all(self) -> None:
        for rows in self._rows:
            rows.write(self.connection)
        for values in self._values:
            values.write(self.connection)

    # -- the group ------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write everything that waits; the caller commits."""
        self._write_all()
        for values in self._values:
            values.settle()

    def lose(self) -> None:
        """The transaction is gone: forget everything and ask SQLite again."""
        self._in_savepoint = False
        self._undo.clear()
        for rows in self._rows:
            rows.clear()
        for values in self._values:
            values.forget()


def first(cursor: Iterable[Row]) -> Row | None:
    """Return the only or first row, or None."""
    return next(iter(cursor), None)
