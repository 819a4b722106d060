"""The table of lunar months and solstices against the sky, computed afresh by other formulas (``tests.sky``)."""

import pytest

from adapters.calendar.festivals import festival_bytes
from schemas.festivals import LunarYear
from services.bootstrap.calendars import read_festivals
from tests.sky import beijing_day, months_of, new_moon, term

YEARS = read_festivals(festival_bytes()).years


def test_the_table_ends_too_soon() -> None:
    """Campaigns are planned a year ahead; the table goes from 2024 to 2035."""
    assert [one.year for one in YEARS] == list(range(2024, 2036))


@pytest.mark.parametrize("year", YEARS, ids=lambda year: str(year.year))
def test_a_month_begins_on_another_day(year: LunarYear) -> None:
    """Every first day and every leap month, by new moons and principal terms."""
    computed = months_of(year.year)
    assert [first for _, _, first in computed] == list(year.firsts)
    assert [number for number, leap, _ in computed if leap] == ([year.leap] if year.leap else [])


@pytest.mark.parametrize("year", YEARS, ids=lambda year: str(year.year))
def test_a_solstice_is_on_another_day(year: LunarYear) -> None:
    """夏至 is where the dragon days are counted from."""
    assert beijing_day(term(year.year, 90)) == year.summer_solstice


def test_new_moons_near_midnight_are_told_apart() -> None:
    """2027-02-06 23:56 and 2030-02-03 00:07: a computation that is off by a quarter of an hour takes the wrong day."""
    assert f"{new_moon(335):%Y-%m-%d %H:%M}" == "2027-02-06 15:56"
    assert f"{new_moon(372):%Y-%m-%d %H:%M}" == "2030-02-02 16:07"
