"""Lunar dates: each day of the table has one, and it agrees with the rule that festivals go by."""

from datetime import date, timedelta

import pytest

from adapters.calendar.festivals import festival_bytes
from services.bootstrap.calendars import read_festivals
from services.domain.festivals import lunar_day
from services.domain.lunar import LunarDate, day_words, lunar_date, month_words

TABLE = read_festivals(festival_bytes())


def words(day: date) -> str:
    """A day as the calendar shows it."""
    found = lunar_date(TABLE, day)
    return month_words(found) + day_words(found) if found else ""


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2027, 4, 9), "三月初三"),
        (date(2026, 2, 17), "正月初一"),
        (date(2026, 2, 16), "腊月廿九"),
        (date(2025, 1, 28), "腊月廿九"),
        (date(2025, 7, 25), "闰六月初一"),
        (date(2025, 8, 22), "闰六月廿九"),
        (date(2025, 8, 23), "七月初一"),
        (date(2026, 12, 10), "冬月初二"),
    ],
)
def test_a_day_has_another_lunar_date_than_calendars_print(day: date, written: str) -> None:
    """Published days around a new year and a leap month: a wrong one moves every festival of the year."""
    assert words(day) == written


def test_a_day_and_its_lunar_date_part_ways() -> None:
    """Every day of a year without a leap month is found again by its lunar date."""
    for year in TABLE.years[:-1]:
        day, last = year.firsts[0], year.firsts[-1]
        while day <= last:
            found = lunar_date(TABLE, day)
            assert found is not None
            if not found.leap:
                assert lunar_day(year, found.month, found.day) == day
            day += timedelta(days=1)


def test_a_day_outside_the_table_gets_a_guess() -> None:
    """Better no lunar date than a wrong one."""
    assert lunar_date(TABLE, TABLE.years[0].firsts[0] - timedelta(days=1)) is None
    assert lunar_date(TABLE, TABLE.years[-1].firsts[-1] + timedelta(days=30)) is None


@pytest.mark.parametrize(
    ("day", "written"), [(1, "初一"), (10, "初十"), (11, "十一"), (20, "二十"), (21, "廿一"), (30, "三十")]
)
def test_a_day_is_written_as_nobody_writes_it(day: int, written: str) -> None:
    """Tens have words of their own."""
    assert day_words(LunarDate(2027, 1, leap=False, day=day)) == written
