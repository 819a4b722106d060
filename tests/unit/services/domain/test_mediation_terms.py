"""The days of a case: from the day after, months by their number, days off moved, the law of the day."""

import itertools
from datetime import date, timedelta

import pytest

from schemas.calendars import Workdays
from schemas.errors import InvariantError
from services.domain.mediation_terms import (
    MOVED_MOST,
    RULES,
    RuleCode,
    Term,
    judge_last_day,
    last_day,
    rule_at,
    term_of,
    unmoved_end,
    warnings_of,
)
from services.domain.workdays import read_workdays
from tests.architecture.tracked import ROOT

MONTH = Term(months=1)
THIRTY = Term(days=30)


REGION = """
[[regions]]
adcodes = ["45"]
source = "示例"

[[regions.holidays]]
name = "壮族三月三"
first = 2026-04-18
last = 2026-04-21
"""


def workdays(county: str = "451221") -> Workdays:
    """Return the days of a county in 2026, by the file that comes with the project and four days of Guangxi's own."""
    data = (ROOT / "deploy" / "calendar" / "2026.toml").read_bytes()
    found = read_workdays([("2026.toml", data + REGION.encode())], county)
    assert isinstance(found, Workdays), found
    return found


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 3, 2), date(2026, 4, 2)),  # 31 days
        (date(2026, 4, 2), date(2026, 5, 2)),  # 30 days
        (date(2026, 2, 1), date(2026, 3, 1)),  # 28 days
        (date(2028, 2, 1), date(2028, 3, 1)),  # 29 days
        (date(2026, 1, 29), date(2026, 2, 28)),  # no such day
        (date(2028, 1, 29), date(2028, 2, 29)),  # leap day
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 3, 29)),
        (date(2026, 12, 31), date(2027, 1, 31)),
    ],
)
def test_a_month_ends_on_another_day(start: date, end: date) -> None:
    """On the day of that number, or on the last day of a month that lacks it."""
    assert unmoved_end(start, MONTH) == end


def test_the_day_on_which_it_begins_is_counted() -> None:
    """The first of thirty days is the day after."""
    assert unmoved_end(date(2026, 3, 2), THIRTY) == date(2026, 4, 1)
    assert unmoved_end(date(2028, 2, 1), THIRTY) == date(2028, 3, 2)


def test_a_last_day_falls_into_the_spring_festival() -> None:
    """2026-02-15 to 23 are off and the 24th is worked: a month from 01-17 ends then."""
    assert last_day(date(2026, 1, 17), MONTH, workdays()) == date(2026, 2, 24)
    assert last_day(date(2026, 1, 14), MONTH, workdays()) == date(2026, 2, 14)  # a Saturday that is worked for it


def test_a_holiday_of_one_province_moves_the_day_of_the_other() -> None:
    """三月三 is off in Guangxi alone: the Monday is worked in 独山 and not in 南丹."""
    assert last_day(date(2026, 3, 20), MONTH, workdays("522726")) == date(2026, 4, 20)
    assert last_day(date(2026, 3, 20), MONTH, workdays("451221")) == date(2026, 4, 22)


@pytest.mark.parametrize(("days", "good"), [(-1, False), (0, True), (MOVED_MOST, True), (MOVED_MOST + 1, False)])
def test_a_neighbour_sets_a_day_that_no_calendar_gives(*, days: int, good: bool) -> None:
    """Earlier than the term, or later than any holiday moves it."""
    said = unmoved_end(date(2026, 3, 2), THIRTY) + timedelta(days=days)

    fault = judge_last_day(said, date(2026, 3, 2), THIRTY, "content.confirm_by")

    assert (fault is None) is good


def test_the_reminders_come_on_other_days() -> None:
    """Day 20 and day 27, the day after acceptance being the first."""
    assert warnings_of(date(2028, 2, 10)) == (date(2028, 3, 1), date(2028, 3, 8))


def test_an_old_agreement_is_judged_by_a_newer_law() -> None:
    """Which article speaks of confirmation follows from the day."""
    sources = [rule_at(RuleCode.CONFIRMATION, day).source for day in (date(2012, 6, 1), date(2015, 6, 1))]
    sources += [rule_at(RuleCode.CONFIRMATION, day).source for day in (date(2023, 12, 31), date(2024, 1, 1))]

    assert [source.partition("民事诉讼法")[2] for source in sources] == [
        "",
        "第一百九十四条",
        "第二百零一条",
        "第二百零五条",
    ]
    assert term_of(RuleCode.CONFIRMATION, date(2024, 1, 1)) == THIRTY


@pytest.mark.parametrize("code", RuleCode)
def test_two_rows_of_a_rule_hold_at_once_or_none_does(code: RuleCode) -> None:
    """Each row begins on the day after the one before has ended, and the last one has no end."""
    rows = sorted((one for one in RULES if one.code is code), key=lambda one: one.valid_from)

    assert rows
    assert all(one.source and one.text for one in rows)
    assert rows[-1].valid_until is None
    for before, after in itertools.pairwise(rows):
        assert before.valid_until is not None
        assert before.valid_until + timedelta(days=1) == after.valid_from


def test_a_rule_that_sets_no_time_gives_one() -> None:
    """That is a bug of our own."""
    with pytest.raises(InvariantError):
        term_of(RuleCode.FREE, date(2026, 1, 1))


def test_a_day_before_the_law_has_no_rule() -> None:
    """Then the first row speaks."""
    assert rule_at(RuleCode.FREE, date(1999, 1, 1)).valid_from == date(2011, 1, 1)
