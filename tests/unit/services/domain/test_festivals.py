"""On which days festivals fall, compared with days that were published."""

from datetime import date, timedelta

import pytest

from adapters.calendar.festivals import festival_bytes
from schemas.errors import RequestError
from schemas.festivals import FestivalFile
from services.bootstrap.calendars import read_festivals
from services.domain.festivals import (
    BRANCHES,
    announced_by,
    branch_of,
    day_of,
    days_between,
    keeps,
    kept_nearby,
    lunar_day,
)

TABLE: FestivalFile = read_festivals(festival_bytes())


def falls(key: str, year: int) -> date | None:
    """The day of a festival in a year."""
    festival = next(one for one in TABLE.festivals if one.key == key)
    return day_of(festival, next(one for one in TABLE.years if one.year == year))


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2024, date(2024, 4, 11)),
        (2025, date(2025, 3, 31)),
        (2026, date(2026, 4, 19)),
        (2027, date(2027, 4, 9)),
        (2028, date(2028, 3, 28)),
    ],
)
def test_sanyuesan_is_the_third_of_the_third_month(year: int, day: date) -> None:
    """三月三: 2024-04-11 and 2025-03-31 as Guangxi published them; a day off is a campaign nobody comes to."""
    assert falls("sanyuesan", year) == day


@pytest.mark.parametrize(
    ("year", "day"), [(2025, date(2025, 6, 28)), (2026, date(2026, 6, 23)), (2027, date(2027, 6, 30))]
)
def test_fenlong_is_the_first_dragon_day_from_the_solstice_on(year: int, day: date) -> None:
    """毛南族分龙节: 下南乡 kept 2025-06-28, as was reported; 2027-06-30 follows from the same rule."""
    assert falls("fenlong", year) == day
    assert BRANCHES[branch_of(day) - 1] == "辰"


def test_fenlong_of_2023_was_on_the_day_that_was_reported() -> None:
    """下南乡 kept 2023-06-27: the first 辰 day from 2023-06-21 on, a year that the table does not have."""
    solstice = date(2023, 6, 21)
    days = (solstice + timedelta(days=wait) for wait in range(12))
    assert next(day for day in days if branch_of(day) == 5) == date(2023, 6, 27)


def test_a_solstice_on_a_dragon_day_is_the_festival_itself() -> None:
    """2024-06-21 was both: counted from the solstice, that day included."""
    assert falls("fenlong", 2024) == date(2024, 6, 21)


def test_branches_run_on_without_a_break() -> None:
    """1949-10-01 was 甲子, 2000-01-01 戊午."""
    assert BRANCHES[branch_of(date(1949, 10, 1)) - 1] == "子"
    assert BRANCHES[branch_of(date(2000, 1, 1)) - 1] == "午"


def test_a_leap_month_moves_what_comes_after_it() -> None:
    """2028 has two fifth months: 祝著节 is in the first, and the sixth month comes a month later."""
    assert falls("zhuzhu", 2028) == date(2028, 6, 21)
    year = next(one for one in TABLE.years if one.year == 2028)
    assert lunar_day(year, 6, 1) == date(2028, 7, 22)
    assert falls("zhuzhu", 2027) == date(2027, 7, 3)


def test_the_thirtieth_of_a_short_month_is_invented() -> None:
    """The third month of 2027 has 29 days."""
    year = next(one for one in TABLE.years if one.year == 2027)
    assert lunar_day(year, 3, 29) == date(2027, 5, 5)
    assert lunar_day(year, 3, 30) is None


def test_a_festival_without_rule_gets_a_day() -> None:
    """依饭节 is kept by each lineage in its own year on its own day."""
    assert all(falls("yifan", year.year) is None for year in TABLE.years)
    named = {one.festival.key for one in days_between(TABLE, date(2024, 1, 1), date(2035, 12, 31))}
    assert named == {"sanyuesan", "fenlong", "zhuzhu"}


@pytest.mark.parametrize(
    ("county", "name", "key"),
    [
        ("451225", "2026年仫佬族依饭节", "yifan"),
        ("451225", "仫佬族走坡节", None),
        ("451226", "应邀观摩依饭节", None),
        ("451226", "毛南族分龙节联办", None),
    ],
)
def test_anybody_announces_a_festival_of_others(county: str, name: str, key: str | None) -> None:
    """Only a county that keeps it, only by its word, and only one that has no rule."""
    found = announced_by(TABLE, county, name)
    assert (found.key if found else None) == key
    assert {one.key for one in TABLE.festivals if one.is_announced} == {"yifan"}


def test_a_county_is_shown_what_nobody_near_keeps() -> None:
    """贵州 has no 三月三 of Guangxi's; a neighbour that keeps it is reason enough to know the day."""
    days = days_between(TABLE, date(2027, 1, 1), date(2027, 12, 31))
    assert [one.festival.key for one in days] == ["sanyuesan", "fenlong", "zhuzhu"]
    assert not any(keeps("522722", one.festival) for one in days)
    assert kept_nearby(days, ["522722"]) == []
    assert [one.festival.key for one in kept_nearby(days, ["522722", "451226"])] == ["sanyuesan", "fenlong"]


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("2027-05-06", "2027-05-08", "festivals.toml years.3.firsts"),
        ("leap = 6", "leap = 0", "festivals.toml years.1.firsts"),
        ("branch = 5", 'branch = 5\nword = "分龙"', "festivals.toml festivals.1.word"),
        ("branch = 5", "branch = 13", "festivals.toml festivals.1.branch"),
        ("branch = 5", "branch = 5\nmonth = 5\nday = 1", "festivals.toml festivals.1.month"),
        ("year = 2030", "year = 2031", "festivals.toml years"),
    ],
)
def test_a_damaged_table_is_read(before: str, after: str, field: str) -> None:
    """A county's own table is judged before anybody plans by it."""
    text = festival_bytes().decode()
    assert before in text
    with pytest.raises(RequestError) as refused:
        read_festivals(text.replace(before, after, 1).encode())
    assert refused.value.fault.field == field
