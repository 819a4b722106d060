"""Flat records as rows: one table for one frozen dataclass, its columns named as the fields are.

For tables with many columns of which no statement treats one specially. Times are microseconds, words their text,
tuples of words joined by commas, truths 0 or 1, nothing NULL.
"""

import json
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from adapters.sqlite.values import Row, micros, moment

D = TypeVar("D")

_Turn = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    to_row: _Turn
    from_row: _Turn


class Mapped(Generic[D]):
    """Statements and conversions of one table."""

    def __init__(self, record: type[D], table: str, *, key: tuple[str, ...]) -> None:
        """Read the fields of ``record`` once.

        Args:
            record: A frozen dataclass; its fields are ``str``, ``int``, ``bool``, ``bytes``, ``datetime``, an enum of
                texts, a tuple of texts, of numbers or of plain tuples, or one of these or None.
            table: Where its rows lie, with columns of the same names.
            key: Fields of the primary key.
        """
        hints = get_type_hints(record)
        self._record = record
        self._columns = [_column(one.name, hints[one.name]) for one in fields(record)]  # type: ignore[arg-type]
        self._into = [(place, one.to_row) for place, one in enumerate(self._columns) if one.to_row is not _same]
        self._out_of = [(place, one.from_row) for place, one in enumerate(self._columns) if one.from_row is not _same]
        self._cells = attrgetter(*(one.name for one in self._columns))
        names = [f'"{one.name}"' for one in self._columns]  # some are words of SQL
        self.columns: Final = ", ".join(names)
        marks = ", ".join("?" * len(names))
        keys = [f'"{name}"' for name in key]
        changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
        self.insert: Final = f"INSERT OR IGNORE INTO {table} ({self.columns}) VALUES ({marks})"  # noqa: S608 - names only
        self.upsert: Final = (
            f"INSERT INTO {table} ({self.columns}) VALUES ({marks}) "  # noqa: S608
            f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
        )
        self.select: Final = f"SELECT {self.columns} FROM {table}"  # noqa: S608

    def row(self, value: D) -> Row:
        """Return a record as its row."""
        cells = list(self._cells(value))
        for place, turn in self._into:
            cells[place] = turn(cells[place])
        return tuple(cells)

    def value(self, row: Row) -> D:
        """Return the record of a row of ``columns``."""
        cells = list(row)
        for place, turn in self._out_of:
            cells[place] = turn(cells[place])
        return self._record(*cells)

    def values(self, rows: Iterable[Row]) -> list[D]:
        """Return the records of rows."""
        return [self.value(row) for row in rows]


def _column(name: str, kind: Any) -> _Column:  # noqa: ANN401 - a type of any shape
    kinds = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    (inner,) = [one for one in kinds if one is not type(None)]
    to_row, from_row = _turns(inner)
    if len(kinds) == 1:
        return _Column(name, to_row, from_row)
    return _Column(name, _unless_none(to_row), _unless_none(from_row))


def _turns(kind: Any) -> tuple[_Turn, _Turn]:  # noqa: ANN401
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        if get_origin(inner) is tuple:
            return json.dumps, _pairs
        to_row, from_row = (str, int) if inner is int else _turns(inner)
        return (lambda many: ",".join(map(to_row, many))), (
            lambda text: tuple(map(from_row, text.split(",") if text else ()))
        )
    if kind is datetime:
        return micros, moment
    if isinstance(kind, type) and issubclass(kind, Enum):
        return (lambda word: word.value), kind
    return (int, bool) if kind is bool else (_same, _same)


def _pairs(text: str) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(pair) for pair in json.loads(text))


def _unless_none(turn: _Turn) -> _Turn:
    return turn if turn is _same else lambda value: None if value is None else turn(value)


def _same(value: Any) -> Any:  # noqa: ANN401
    return value
