"""On which days festivals fall: from the dated table of lunar months and solstices, by each festival's rule.

The twelve branches (地支) of days run on without a break: 1949-10-01 was a 子 day (甲子).

Source: docs/outreach.md, section "Festivals"
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from schemas.festivals import Festival, FestivalDay, FestivalFile, LunarYear

BRANCHES: Final = "子丑寅卯辰巳午未申酉戌亥"
_ZI: Final = date(1949, 10, 1)


def branch_of(day: date) -> int:
    """Return the branch of a day: 1 子 … 12 亥."""
    return (day - _ZI).days % len(BRANCHES) + 1


def lunar_day(year: LunarYear, month: int, day: int) -> date | None:
    """Return the day of a month that is no leap month; None if that month has only 29 days."""
    place = month - 1 + (0 < year.leap < month)
    found = year.firsts[place] + timedelta(days=day - 1)
    following = year.firsts[place + 1] if place + 1 < len(year.firsts) else None
    return None if following is not None and found >= following else found


def day_of(festival: Festival, year: LunarYear) -> date | None:
    """Return on which day a festival falls; None if it has no rule, or no such day in this year."""
    if festival.month is not None and festival.day is not None:
        return lunar_day(year, festival.month, festival.day)
    if festival.branch is None:
        return None
    wait = (festival.branch - branch_of(year.summer_solstice)) % len(BRANCHES)
    return year.summer_solstice + timedelta(days=wait)


def days_between(file: FestivalFile, first: date, last: date) -> list[FestivalDay]:
    """Return the festivals between two days, both included, by day and key."""
    found = (
        FestivalDay(festival, day)
        for year in file.years
        for festival in file.festivals
        if (day := day_of(festival, year)) is not None and first <= day <= last
    )
    return sorted(found, key=lambda one: (one.day, one.festival.key))


def announced_by(file: FestivalFile, county: str, name: str) -> Festival | None:
    """Return the festival whose day is announced each year, if a campaign of this county and name announces it."""
    named = (one for one in file.festivals if one.is_announced and one.word is not None and one.word in name)
    return next((one for one in named if keeps(county, one)), None)


def keeps(county: str, festival: Festival) -> bool:
    """Tell whether a county keeps a festival."""
    return county.startswith(festival.adcodes)


def kept_nearby(days: Iterable[FestivalDay], counties: Iterable[str]) -> list[FestivalDay]:
    """Return the festivals that at least one of some counties keeps."""
    here = list(counties)
    return [one for one in days if any(keeps(county, one.festival) for county in here)]
