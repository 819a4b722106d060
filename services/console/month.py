"""The month view: weeks from Monday, each day with its lunar date, festivals and campaigns."""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.errors import Fault, RequestError
from services.gateway.month import CalendarDay, CalendarDays
from services.gateway.thread_answers import ThreadLine

_YEARS: Final = (2000, 2199)
_MOMENT: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the view.

    Attributes:
        within: Belongs to the month that is shown.
    """

    day: CalendarDay
    campaigns: tuple[ThreadLine, ...]
    within: bool
    today: bool

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is on that day."""
        return not self.campaigns and not self.day.festivals


@dataclass(frozen=True, slots=True)
class Month:
    """One month of one year."""

    year: int
    number: int

    def __str__(self) -> str:
        """Spell it as addresses and forms do, e.g. 2027-06."""
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def title(self) -> str:
        """Its heading."""
        return f"{self.year}年{self.number}月"

    @property
    def weeks(self) -> list[list[date]]:
        """Its weeks from Monday to Sunday, whole ones."""
        return calendar.Calendar(calendar.MONDAY).monthdatescalendar(self.year, self.number)

    def moved(self, by: int) -> "Month":
        """Return the month some months later; below zero, before."""
        whole = self.year * 12 + self.number - 1 + by
        return Month(whole // 12, whole % 12 + 1)


def month_of(text: str | None, today: date) -> Month:
    """Read a month; none is the present one.

    Raises:
        RequestError: It is none, or too far away.
    """
    if text is None:
        return Month(today.year, today.month)
    year, _, number = text.partition("-")
    if year.isascii() and year.isdigit() and number.isascii() and number.isdigit() and len(text) == len("2027-06"):
        found = Month(int(year), int(number))
        if _YEARS[0] <= found.year <= _YEARS[1] and 1 <= found.number <= 12:  # noqa: PLR2004 - a year has twelve
            return found
    raise RequestError(Fault("request.month", "month", "write a month of the years 2000 to 2199, e.g. 2027-06"))


def cells_of(month: Month, found: CalendarDays, today: date) -> list[list[Cell]]:
    """Return the weeks of a month with what is on."""
    days: Mapping[date, CalendarDay] = {one.day: one for one in found.days}
    on = _by_day(found.campaigns)
    return [
        [Cell(days[day], tuple(on.get(day, ())), day.month == month.number, day == today) for day in week]
        for week in month.weeks
    ]


def _by_day(campaigns: Iterable[ThreadLine]) -> Mapping[date, Sequence[ThreadLine]]:
    found: dict[date, list[ThreadLine]] = {}
    for one in campaigns:
        if one.starts_at is None or one.ends_at is None:
            continue
        day = one.starts_at.astimezone(BEIJING).date()
        last = (one.ends_at - _MOMENT).astimezone(BEIJING).date()  # what ends at midnight does not last into that day
        while day <= last:
            found.setdefault(day, []).append(one)
            day += timedelta(days=1)
    return found
