"""Lists that may be long: a page shows the first of them and says how many more there are, a sheet to print has all.

A page of the console weighs at most 100 KB with its styles and scripts, on the line that a flood has left. So a sheet
that would weigh more is printed in parts; a row is never cut, and none is left out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final, Generic, TypeVar

from schemas.errors import Fault, NotFoundError

T = TypeVar("T")

PART_BYTES: Final = 52_000
"""Of the rows of one part, as they stand in the page."""
_CELL_BYTES: Final = 10
_ROW_BYTES: Final = 12
_SECTION_BYTES: Final = 400
_DIGITS: Final = 5


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """The first of a list, and how many are behind them."""

    rows: tuple[T, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a sheet.

    Attributes:
        note: What must be known of it, e.g. that only the newest are in it; empty for nothing.
        empty: What stands in its place if it has no row.
        goes_on: It began in the part before.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    empty: str = "没有。"
    goes_on: bool = False


def cut(rows: Sequence[T], most: int) -> Cut[T]:
    """Return the first ``most`` of a list."""
    return Cut(tuple(rows[:most]), max(0, len(rows) - most))


def cut_by(rows: Sequence[T], weight_of: Callable[[T], int], most: int) -> Cut[T]:
    """Return as many from the beginning of a list as weigh no more than ``most``, at least one if there is any."""
    weight = 0
    for place, row in enumerate(rows):
        weight += weight_of(row)
        if place and weight > most:
            return Cut(tuple(rows[:place]), len(rows) - place)
    return Cut(tuple(rows), 0)


def parts_of(sections: Iterable[Section]) -> tuple[tuple[Section, ...], ...]:
    """Return the sections in parts of which each is light enough for a page; a section may go on in the next part."""
    parts: list[list[Section]] = [[]]
    left = PART_BYTES
    for section in sections:
        begun: list[tuple[str, ...]] = []
        current = section
        left -= _SECTION_BYTES
        for row in section.rows:
            weight = _weight(row)
            if weight > left and (begun or parts[-1]):
                if begun:
                    parts[-1].append(replace(current, rows=tuple(begun)))
                    current = replace(current, goes_on=True)
                parts.append([])
                begun, left = [], PART_BYTES - _SECTION_BYTES
            begun.append(row)
            left -= weight
        parts[-1].append(replace(current, rows=tuple(begun)))
    return tuple(map(tuple, parts))


def _weight(row: Sequence[str]) -> int:
    return _ROW_BYTES + sum(len(escape(cell).encode()) + _CELL_BYTES for cell in row)


def part_of(sections: Iterable[Section], asked: str) -> dict[str, object]:
    """Return what a page shows of one part: its sections, its number, and how many parts there are.

    Raises:
        NotFoundError: There is no part of that number.
    """
    parts = parts_of(sections)
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < _DIGITS else 0
    if not 1 <= number <= len(parts):
        raise NotFoundError(Fault("request.not_found", "part", f"there are {len(parts)} parts"))
    return {"sections": parts[number - 1], "number": number, "count": len(parts)}
