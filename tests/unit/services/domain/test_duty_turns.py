"""The arithmetic of turns: months, leap years, the very moment of the hand-over, several shifts a day."""

import pytest

from schemas.calendars import Workdays
from schemas.rosters import Layer
from services.domain.duty_turns import borders, duty_day, turn_at
from tests.rosters import COUNTY, NOBODY_OFF, at, contacts_toml, layer_toml, plan_of

THREE = '"duty-a", "duty-b", "duty-c"'
SHIFTS = 'rotation = "shifts"\nshift_starts = ["08:30", "16:30", "00:30"]'


def layer(more: str = "", members: str = THREE) -> Layer:
    """Return one layer that turns at 08:30 from Thursday 2026-01-01 on; ``more`` may say another rotation."""
    text = layer_toml("day", members=members, more=more)
    if "rotation" in more:
        text = text.replace('rotation = "daily"\n', "")
    if "starts_on" in more:
        text = text.replace("starts_on = 2026-01-01\n", "")
    return plan_of(f'county = "{COUNTY}"\n{contacts_toml()}\n{text}').layers[0]


def officer(one: Layer, when: str, workdays: Workdays = NOBODY_OFF) -> str | None:
    turn = turn_at(one, at(when), workdays)
    return turn.officer if turn else None


@pytest.mark.parametrize(
    ("when", "who"),
    [
        ("2026-01-01 08:29", None),  # not begun
        ("2026-01-01 08:30", "duty-a"),
        ("2026-01-02 08:29", "duty-a"),  # the last minute of the old turn
        ("2026-01-02 08:30", "duty-b"),  # the very moment: the one who comes stands
        ("2026-01-31 12:00", "duty-a"),  # day 30
        ("2026-02-01 00:00", "duty-a"),  # midnight and the month's end change nothing
        ("2026-02-01 08:30", "duty-b"),
        ("2026-02-28 09:00", "duty-b"),  # day 58
        ("2026-03-01 09:00", "duty-c"),  # 2026 has no 29 February
        ("2028-02-28 09:00", "duty-c"),  # day 788
        ("2028-02-29 09:00", "duty-a"),  # 2028 has one, and it is somebody's turn
        ("2028-03-01 09:00", "duty-b"),
    ],
)
def test_a_daily_turn(when: str, who: str | None) -> None:
    """Counted wrongly at the end of a month, everybody behind it comes on the wrong day."""
    assert officer(layer(), when) == who


def test_the_second_before_the_hand_over_belongs_to_the_old_turn() -> None:
    """Rounded to minutes, 08:29:59 would be the new one's."""
    last = at("2026-01-02 08:29").replace(second=59, microsecond=999_000)
    turn = turn_at(layer(), last, NOBODY_OFF)
    assert turn is not None
    assert turn.officer == "duty-a"


def test_turns_of_two_days_and_of_two_weeks() -> None:
    """`every` counts days of a daily and weeks of a weekly rotation."""
    two_days = layer("every = 2")
    assert [officer(two_days, f"2026-01-0{day} 12:00") for day in range(1, 8)] == [
        *["duty-a"] * 2,
        *["duty-b"] * 2,
        *["duty-c"] * 2,
        "duty-a",
    ]
    fortnight = layer('rotation = "weekly"\nevery = 2')
    assert officer(fortnight, "2026-01-15 08:29") == "duty-a"
    assert officer(fortnight, "2026-01-15 08:30") == "duty-b"


@pytest.mark.parametrize(
    ("when", "who"),
    [
        ("2026-01-01 08:30", "duty-a"),
        ("2026-01-01 16:29", "duty-a"),
        ("2026-01-01 16:30", "duty-b"),
        ("2026-01-02 00:29", "duty-b"),
        ("2026-01-02 00:30", "duty-c"),  # behind midnight it is still the duty day of the first
        ("2026-01-02 08:29", "duty-c"),
        ("2026-01-02 08:30", "duty-a"),
    ],
)
def test_three_shifts_a_day(when: str, who: str) -> None:
    """The shift behind midnight must not be counted as the next day's first."""
    assert officer(layer(SHIFTS), when) == who


def test_four_members_in_three_shifts_go_on_over_days() -> None:
    """Started again every morning, the fourth member would never come."""
    four = layer(SHIFTS, members=f'{THREE}, "head-a"')
    assert officer(four, "2026-01-02 08:30") == "head-a"
    assert officer(four, "2026-01-03 08:30") == "duty-c"


def test_a_duty_day_begins_at_its_hand_over() -> None:
    """03:00 on Monday is still Sunday's duty."""
    assert duty_day(at("2026-11-30 03:00"), "08:30").isoformat() == "2026-11-29"
    assert duty_day(at("2026-11-30 08:30"), "08:30").isoformat() == "2026-11-30"


def test_a_layer_for_workdays_looks_at_the_duty_day() -> None:
    """The night behind the last workday belongs to that workday; a make-up Saturday is one."""
    workdays = Workdays(frozenset({2026}), {at("2026-01-01 00:00").date(): "元旦"}, {at("2026-01-04 00:00").date(): ""})
    on = layer('days = "workdays"')
    off = layer('days = "holidays"')
    for when, is_worked in [
        ("2026-01-01 12:00", False),  # a Thursday, but 元旦
        ("2026-01-02 08:29", False),
        ("2026-01-02 08:30", True),
        ("2026-01-03 08:29", True),  # Friday's night
        ("2026-01-03 12:00", False),
        ("2026-01-04 12:00", True),  # a Sunday, but worked
    ]:
        assert (officer(on, when, workdays) is not None) is is_worked, when
        assert (officer(off, when, workdays) is None) is is_worked, when


def test_turns_are_counted_over_days_on_which_the_layer_does_not_count() -> None:
    """A holiday file that arrives in November must move nobody's turn of December."""
    one = layer('days = "workdays"')
    holiday = Workdays(frozenset({2026}), {at("2026-01-02 00:00").date(): "元旦"})
    assert officer(one, "2026-01-02 12:00", holiday) is None
    assert officer(one, "2026-01-05 12:00", holiday) == officer(one, "2026-01-05 12:00")


def test_weekdays_and_hours_behind_midnight() -> None:
    """A night layer from 18:00 to 08:30 counts on both sides of midnight, of the weekday it began on."""
    night = layer('hours = ["18:00", "08:30"]\nweekdays = [5]')  # Fridays
    assert officer(night, "2026-01-02 17:59") is None
    assert officer(night, "2026-01-02 18:00") is not None
    assert officer(night, "2026-01-03 08:29") is not None
    assert officer(night, "2026-01-03 08:30") is None
    assert officer(night, "2026-01-03 18:00") is None
    office = layer('hours = ["08:30", "18:00"]')
    assert officer(office, "2026-01-02 17:59") is not None
    assert officer(office, "2026-01-02 18:00") is None


def test_the_last_duty_day_ends_with_its_hand_over() -> None:
    """`ends_on` is a duty day: its night belongs to it."""
    short = layer("ends_on = 2026-01-02")
    assert officer(short, "2026-01-03 08:29") == "duty-b"
    assert officer(short, "2026-01-03 08:30") is None


def test_every_change_lies_on_a_border() -> None:
    """A border that is missing makes a shift with two persons."""
    for one in (layer(SHIFTS), layer('hours = ["18:00", "08:30"]\nweekdays = [5]'), layer('days = "holidays"')):
        start, end = at("2026-01-02 12:00"), at("2026-01-06 12:00")
        marks = {start, *borders(one, start, end)}
        held, moment = None, start
        while moment < end:
            turn = turn_at(one, moment, NOBODY_OFF)
            assert turn == held or moment in marks, moment
            held, moment = turn, moment.fromtimestamp(moment.timestamp() + 60, tz=moment.tzinfo)
