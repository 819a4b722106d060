"""Lunar dates (农历) of days, from the dated table of lunar months, and how they are written.

Source: docs/outreach.md, section "Festivals"
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.festivals import FestivalFile, LunarYear

_MONTHS: Final = ("正", "二", "三", "四", "五", "六", "七", "八", "九", "十", "冬", "腊")
_DIGITS: Final = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十")
_LONGEST: Final = 30


@dataclass(frozen=True, slots=True)
class LunarDate:
    """One day of the lunar calendar.

    Attributes:
        year: The Gregorian year in which the lunar year begins.
        leap: A leap month, behind the month of the same number.
    """

    year: int
    month: int
    leap: bool
    day: int


def lunar_date(table: FestivalFile, day: date) -> LunarDate | None:
    """Return the lunar date of a day; None outside the table."""
    year = max((one for one in table.years if one.firsts[0] <= day), key=lambda one: one.year, default=None)
    if year is None:
        return None
    first, month, leap = max(found for found in _months(year) if found[0] <= day)
    number = (day - first).days + 1
    # The last month of the table has no next one that ends it: no lunar month has more days than this.
    return LunarDate(year.year, month, leap, number) if number <= _LONGEST else None


def month_words(lunar: LunarDate) -> str:
    """Write a month, e.g. 三月, 闰六月, 腊月."""
    return f"{'闰' if lunar.leap else ''}{_MONTHS[lunar.month - 1]}月"


def day_words(lunar: LunarDate) -> str:
    """Write a day, e.g. 初三, 二十, 廿九."""
    tens, ones = divmod(lunar.day - 1, 10)
    if ones == len(_DIGITS) - 1:
        return ("初十", "二十", "三十")[tens]
    return ("初", "十", "廿")[tens] + _DIGITS[ones]


def _months(year: LunarYear) -> Iterator[tuple[date, int, bool]]:
    """Yield first day, number, and whether it is the leap month."""
    for place, first in enumerate(year.firsts):
        later = 0 < year.leap <= place
        yield first, place + 1 - later, 0 < year.leap == place
