"""Periods that a ledger is made for: months, quarters and years, as a form names them.

Days are those of Beijing, both ends included; one that is not over ends today.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

_MONTHS: Final = 13
_QUARTERS: Final = 8
_YEARS: Final = 3
_YEAR_LEAST: Final = 2000


@dataclass(frozen=True, slots=True)
class Period:
    """One period.

    Attributes:
        key: As a form names it: 2026-11, 2026-Q4 or 2026.
        words: As officers call it.
        first: First day.
        last: Last day, included; today if it is not over.
    """

    key: str
    words: str
    first: date
    last: date


def month_of(year: int, month: int, today: date) -> Period:
    """Return a month."""
    return _until(f"{year:04d}-{month:02d}", f"{year}年{month}月", date(year, month, 1), year, month, today)


def quarter_of(year: int, quarter: int, today: date) -> Period:
    """Return a quarter, 1 to 4."""
    first = date(year, quarter * 3 - 2, 1)
    return _until(f"{year:04d}-Q{quarter}", f"{year}年第{'一二三四'[quarter - 1]}季度", first, year, quarter * 3, today)


def year_of(year: int, today: date) -> Period:
    """Return a year."""
    return _until(f"{year:04d}", f"{year}年", date(year, 1, 1), year, 12, today)


def recent(today: date) -> tuple[tuple[str, tuple[Period, ...]], ...]:
    """Return the periods that a form offers, newest first, by what they are."""
    return (
        ("月", tuple(_months(today))),
        ("季度", tuple(_quarters(today))),
        ("年", tuple(year_of(today.year - back, today) for back in range(_YEARS))),
    )


def period_of(key: str, today: date) -> Period | None:
    """Read a period as a form names it; None if it is none, or has not begun."""
    year, _, part = key.partition("-")
    if not (len(year) == len("2026") and _is_number(year) and _YEAR_LEAST <= int(year) <= today.year):
        return None
    found = _named(int(year), part, whole=part == "" and key == year, today=today)
    return found if found is not None and found.first <= today else None


def _named(year: int, part: str, *, whole: bool, today: date) -> Period | None:
    if whole:
        return year_of(year, today)
    if part in {"Q1", "Q2", "Q3", "Q4"}:
        return quarter_of(year, int(part[1]), today)
    if len(part) == len("11") and _is_number(part) and 1 <= int(part) <= 12:  # noqa: PLR2004 - months of a year
        return month_of(year, int(part), today)
    return None


def _months(today: date) -> Iterator[Period]:
    for back in range(_MONTHS):
        whole = today.year * 12 + today.month - 1 - back
        yield month_of(whole // 12, whole % 12 + 1, today)


def _quarters(today: date) -> Iterator[Period]:
    for back in range(_QUARTERS):
        whole = today.year * 4 + (today.month - 1) // 3 - back
        yield quarter_of(whole // 4, whole % 4 + 1, today)


def _until(key: str, words: str, first: date, year: int, month: int, today: date) -> Period:
    last = date(year, month, calendar.monthrange(year, month)[1])
    running = first <= today < last
    return Period(key, f"{words}（至今）" if running else words, first, today if running else last)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
