"""Workdays of a county: the operator's files, what only some places have, and years that nobody announced yet."""

from datetime import date
from pathlib import Path

import pytest

from schemas.calendars import Workdays
from services.domain.workdays import add_workdays, is_workday, no_data, read_workdays
from tests.rosters import at

HUANJIANG, LIBO = "451226", "522722"
DEPLOYED = Path(__file__).parents[4] / "deploy" / "calendar"

THREE = """
year = 2026
source = "测试"
[[holidays]]
name = "元旦"
first = 2026-01-01
last = 2026-01-03
workdays = [2026-01-04]
[[regions]]
adcodes = ["45"]
source = "测试"
[[regions.holidays]]
name = "三月三"
first = 2026-04-20
last = 2026-04-21
workdays = [2026-04-25]
[[regions]]
adcodes = ["4512", "451226"]
source = "测试"
[[regions.holidays]]
name = "县庆"
first = 2026-11-24
last = 2026-11-24
workdays = [2026-04-21]
"""


def days(text: str = THREE, county: str = HUANJIANG) -> Workdays:
    found = read_workdays([("2026.toml", text.encode())], county)
    assert isinstance(found, Workdays), found
    return found


def faults(*texts: str) -> list[tuple[str, str]]:
    found = read_workdays([(f"{number}.toml", text.encode()) for number, text in enumerate(texts)], HUANJIANG)
    assert isinstance(found, tuple)
    return [(one.code, one.field) for one in found]


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2026-01-01", False),  # a Thursday
        ("2026-01-04", True),  # a Sunday, made up for it
        ("2026-01-05", True),
        ("2026-01-10", False),  # a Saturday
    ],
)
def test_holidays_and_make_up_days_beat_the_weekday(day: str, is_worked: bool) -> None:  # noqa: FBT001 - a table
    """A make-up Sunday taken for a day off leaves the workday layer without anybody."""
    assert is_workday(date.fromisoformat(day), days()) is is_worked


def test_one_side_of_the_border_has_a_holiday_that_the_other_has_not() -> None:
    """三月三 is a holiday in Guangxi and a workday in Guizhou: one file serves both counties."""
    third = date(2026, 4, 20)
    assert not is_workday(third, days())
    assert is_workday(third, days(county=LIBO))
    assert is_workday(date(2026, 4, 25), days())
    assert not is_workday(date(2026, 4, 25), days(county=LIBO))


def test_the_longest_beginning_of_a_code_decides() -> None:
    """A county that works on a holiday of its region must be able to say so."""
    assert is_workday(date(2026, 4, 21), days())
    assert not is_workday(date(2026, 4, 21), days(county="450101"))


def test_workdays_are_added_over_holidays() -> None:
    """`3 workdays` for a bulletin run out in the middle of a festival otherwise."""
    assert add_workdays(at("2025-12-31 15:00"), 1, days()) == at("2026-01-04 15:00")
    assert add_workdays(at("2025-12-31 15:00"), 3, days()) == at("2026-01-06 15:00")
    assert add_workdays(at("2026-01-03 15:00"), 0, days()) == at("2026-01-03 15:00")
    assert add_workdays(at("2026-01-09 23:59"), 1, days()) == at("2026-01-12 23:59")  # over a weekend


def test_a_year_without_a_file_is_said_and_not_guessed() -> None:
    """From January on the workday layer would silently follow plain weekdays."""
    assert is_workday(date(2027, 1, 1), days())  # a Friday; 元旦 is not known yet
    (finding,) = no_data(days(), at("2026-12-25 00:00"), at("2027-01-08 00:00"))
    assert (finding.code, finding.starts_at) == ("calendar.no_data", at("2027-01-01 00:00"))
    assert "2027" in finding.text
    assert no_data(days(), at("2026-12-25 00:00"), at("2027-01-01 00:00")) == ()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("workdays = [2026-01-04]", "workdays = [2026-01-02]", "calendar.contradiction"),
        ("first = 2026-01-01", "first = 2026-01-09", "calendar.rule"),
        ("first = 2026-01-01\nlast = 2026-01-03", "first = 2020-01-01\nlast = 2020-01-03", "calendar.other_year"),
        ("year = 2026", "year = '2026'", "calendar.wrong_type"),
        ("year = 2026", "yaer = 2026", "calendar.missing_field"),
        ('adcodes = ["45"]', 'adcodes = ["广西"]', "calendar.wrong_form"),
        ("year = 2026", "year = ", "calendar.malformed"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(old: str, new: str, code: str) -> None:
    """A misspelt date that is silently dropped is found out on the holiday."""
    found = faults(THREE.replace(old, new, 1))
    assert code in [one for one, _ in found]
    assert all(field.startswith("0.toml") for _, field in found)


def test_two_files_of_one_year_are_refused() -> None:
    """The second would decide by its name alone."""
    assert faults(THREE, THREE) == [("calendar.twice", "1.toml")]


def test_a_huge_file_is_refused_unread() -> None:
    """Every input has a bound."""
    assert faults("#" * 300_000) == [("calendar.too_large", "0.toml")]
    assert faults("a = " + "[" * 100_000)[0][0] in {"calendar.malformed", "calendar.too_large"}


def test_the_deployed_files_hold_the_announced_days() -> None:
    """Days off in all: 2025 has 28 and 2026 has 33 by the notices, make-up days 5 and 6."""
    read = read_workdays([(path.name, path.read_bytes()) for path in sorted(DEPLOYED.glob("*.toml"))], LIBO)
    assert isinstance(read, Workdays), read
    assert read.years == {2025, 2026}
    assert [sum(day.year == year for day in read.off) for year in (2025, 2026)] == [28, 33]
    assert [sum(day.year == year for day in read.worked) for year in (2025, 2026)] == [5, 6]
    assert all(day.isoweekday() > 5 for day in read.worked)
    assert is_workday(date(2026, 2, 28), read)
    assert not is_workday(date(2026, 10, 7), read)
