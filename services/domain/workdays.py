"""Which days are worked: a county's public holidays and make-up workdays, from the operator's files.

Without a file for a year Monday to Friday stand in, and ``no_data`` says so: the State Council announces a year's
days late in the year before, and nobody can work them out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.calendars import CALENDAR_MAX_BYTES, CalendarFile, Holiday, Workdays
from schemas.errors import Fault
from schemas.rosters import Finding
from services.domain.toml_files import read_toml

FRIDAY: Final = 5
WORKDAYS_MAX: Final = 366
_OTHER_YEAR_DAYS: Final = 31  # a holiday of January may begin in December, and its make-up day lies near it


def is_workday(day: date, workdays: Workdays) -> bool:
    """Tell whether a day is worked; beyond the years with data by its weekday alone."""
    if day in workdays.worked:
        return True
    return day not in workdays.off and day.isoweekday() <= FRIDAY


def add_workdays(moment: datetime, count: int, workdays: Workdays) -> datetime:
    """Return the same Beijing time of day on the ``count``-th workday after that of ``moment``.

    Args:
        moment: Aware.
        count: 0 to 366; 0 returns the moment itself, be it a workday or not.
        workdays: The county's days.

    Returns:
        Aware, in the zone of ``moment``.
    """
    day = moment.astimezone(BEIJING)
    for _ in range(min(count, WORKDAYS_MAX)):
        day += timedelta(days=1)
        while not is_workday(day.date(), workdays):
            day += timedelta(days=1)
    return day.astimezone(moment.tzinfo)


def no_data(workdays: Workdays, starts_at: datetime, ends_at: datetime) -> tuple[Finding, ...]:
    """Return one finding for each year of a span for which there is no file.

    Args:
        workdays: The county's days.
        starts_at: Aware.
        ends_at: Aware, not included.
    """
    first, last = starts_at.astimezone(BEIJING), (ends_at - timedelta(microseconds=1)).astimezone(BEIJING)
    missing = [year for year in range(first.year, last.year + 1) if year not in workdays.years]
    return tuple(_missing(year, starts_at, ends_at) for year in missing)


def _missing(year: int, starts_at: datetime, ends_at: datetime) -> Finding:
    opens, closes = (datetime(one, 1, 1, tzinfo=BEIJING) for one in (year, year + 1))
    text = f"{year}年没有节假日数据，工作日按周一至周五计，请把该年放假通知写入 calendar/{year}.toml"
    return Finding("calendar.no_data", None, "", max(starts_at, opens), min(ends_at, closes), text)


def read_workdays(files: Iterable[tuple[str, bytes]], county: str) -> Workdays | tuple[Fault, ...]:
    """Return a county's days out of the operator's files, or everything that is wrong with them.

    Args:
        files: Name and bytes of each file.
        county: Division code; the regions of a file whose beginnings fit it count, the longest last.
    """
    read: list[CalendarFile] = []
    faults: list[Fault] = []
    for name, data in files:
        found = read_toml(CalendarFile, data, name=name, prefix="calendar", max_bytes=CALENDAR_MAX_BYTES)
        if isinstance(found, CalendarFile):
            faults += _judge(found, name, read)
            read.append(found)
        else:
            faults += found
    return tuple(faults) if faults else _merged(read, county)


def _judge(file: CalendarFile, name: str, others: Sequence[CalendarFile]) -> list[Fault]:
    faults = []
    if any(other.year == file.year for other in others):
        faults.append(Fault("calendar.twice", name, f"there is a second file for {file.year}; keep one"))
    groups = [("holidays", file.holidays)]
    groups += [(f"regions.{number}.holidays", region.holidays) for number, region in enumerate(file.regions)]
    for place, holidays in groups:
        faults += _judge_group(holidays, f"{name} {place}", file.year)
    return faults


def _judge_group(holidays: Sequence[Holiday], place: str, year: int) -> list[Fault]:
    faults = []
    off, worked = _days_of(holidays)
    if both := sorted(off.keys() & worked.keys()):
        faults.append(
            Fault("calendar.contradiction", place, f"{both[0]} is both a holiday and a workday; take one away")
        )
    margin = timedelta(days=_OTHER_YEAR_DAYS)
    first, last = date(year, 1, 1) - margin, date(year, 12, 31) + margin
    if strange := [day for day in sorted(off.keys() | worked.keys()) if not first <= day <= last]:
        faults.append(Fault("calendar.other_year", place, f"{strange[0]} is far from {year}; check the year"))
    return faults


def _days_of(holidays: Sequence[Holiday]) -> tuple[dict[date, str], dict[date, str]]:
    off = {
        holiday.first + timedelta(days=number): holiday.name
        for holiday in holidays
        for number in range((holiday.last - holiday.first).days + 1)
    }
    return off, {day: holiday.name for holiday in holidays for day in holiday.workdays}


def _merged(files: Sequence[CalendarFile], county: str) -> Workdays:
    off: dict[date, str] = {}
    worked: dict[date, str] = {}
    for file in sorted(files, key=lambda one: one.year):
        for holidays in (file.holidays, *_regional(file, county)):
            more_off, more_worked = _days_of(holidays)
            _lay_over(off, worked, more_off)
            _lay_over(worked, off, more_worked)
    return Workdays(frozenset(file.year for file in files), off, worked)


def _lay_over(target: dict[date, str], other: dict[date, str], days: Mapping[date, str]) -> None:
    target.update(days)
    for day in days:
        other.pop(day, None)


def _regional(file: CalendarFile, county: str) -> list[Sequence[Holiday]]:
    fitting = [
        (max(len(code) for code in region.adcodes if county.startswith(code)), region.holidays)
        for region in file.regions
        if county.startswith(region.adcodes)
    ]
    return [holidays for _, holidays in sorted(fitting, key=lambda one: one[0])]
