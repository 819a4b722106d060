"""Calendar files: what we follow in them is what others follow, and what we write comes back as it was."""

from datetime import date, datetime, timedelta
from typing import Any, Final

import recurring_ical_events
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from adapters.calendar.reading import HERE, read_ics
from adapters.calendar.writing import write_ics
from schemas.base import BEIJING
from schemas.calendars import CalendarEntry
from services.domain.duty_calendars import adopt, entries
from services.domain.recurrence import expand
from services.domain.rosters import shifts
from tests.rosters import COUNTY, DAY, NOBODY_OFF, at, history, override, swap

_EARLY, _MIDDLE, _LATE = (
    at(one).replace(tzinfo=None) for one in ("2024-01-01 00:00", "2026-01-01 00:00", "2027-01-01 00:00")
)
FIRST: Final = datetime(2026, 1, 1, tzinfo=BEIJING)
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
STARTS: Final = st.datetimes(_EARLY, _LATE).map(lambda one: one.replace(second=0, microsecond=0))


def _listed(values: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, found)))


# Never MO and 1MO in one list: dateutil, on which the oracle stands, takes only what fits both, the standard either.
NUMBERED: Final = st.builds(
    lambda number, day: f"{number}{day}", st.sampled_from((1, 2, -1)), st.sampled_from(WEEKDAYS)
)
MONTHS: Final = st.builds(lambda one: f";BYMONTH={one}", _listed(st.integers(1, 12), 3))
MONTH_DAYS: Final = st.builds(
    lambda one: f";BYMONTHDAY={one}", _listed(st.sampled_from((1, 2, 15, 29, 30, 31, -1, -2)), 3)
)
PLAIN_DAYS: Final = st.builds(lambda one: f";BYDAY={one}", _listed(st.sampled_from(WEEKDAYS), 3))
NUMBERED_DAYS: Final = st.builds(lambda one: f";BYDAY={one}", _listed(NUMBERED, 3))
WEEK_START: Final = st.sampled_from(("", ";WKST=SU", ";WKST=MO", ";WKST=WE"))
NOTHING: Final = st.just("")
ENDS: Final = st.one_of(
    NOTHING,
    st.builds(lambda one: f";COUNT={one}", st.integers(1, 40)),
    st.builds(lambda one: f";UNTIL={one:%Y%m%dT%H%M%SZ}", st.datetimes(_MIDDLE - timedelta(days=200), _LATE)),
)


def _rule(frequency: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    interval = st.sampled_from(("", ";INTERVAL=2", ";INTERVAL=3"))
    return st.tuples(interval, *parts, ENDS).map(lambda found: f"FREQ={frequency}{''.join(found)}")


SET_POSITION: Final = st.tuples(PLAIN_DAYS, st.sampled_from((";BYSETPOS=1", ";BYSETPOS=-1", ";BYSETPOS=1,-1"))).map(
    "".join
)
RULES: Final = st.one_of(
    _rule("DAILY", st.one_of(NOTHING, MONTHS), st.one_of(NOTHING, PLAIN_DAYS)),
    _rule("DAILY", MONTH_DAYS),
    _rule("WEEKLY", st.one_of(NOTHING, MONTHS), st.one_of(NOTHING, PLAIN_DAYS), WEEK_START),
    _rule("MONTHLY", st.one_of(NOTHING, MONTHS), st.one_of(NOTHING, MONTH_DAYS, NUMBERED_DAYS, SET_POSITION)),
    _rule("MONTHLY", MONTH_DAYS, PLAIN_DAYS),
    _rule("YEARLY", st.one_of(NOTHING, MONTHS), st.one_of(NOTHING, MONTH_DAYS, NUMBERED_DAYS)),
    _rule("YEARLY", MONTHS, MONTH_DAYS, PLAIN_DAYS),
)


def local(one: datetime) -> str:
    return f"{one:%Y%m%dT%H%M%S}"


def event(start: datetime, *lines: str, hours: int = 24, uid: str = "one") -> str:
    end = start + timedelta(hours=hours)
    return "\r\n".join(
        [
            "BEGIN:VEVENT",
            f"UID:{uid}",
            "DTSTAMP:20260101T000000Z",
            f"DTSTART;TZID=Asia/Shanghai:{local(start)}",
            f"DTEND;TZID=Asia/Shanghai:{local(end)}",
            *lines,
            "SUMMARY:主班 值班员甲",
            "END:VEVENT",
        ]
    )


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def ours(data: bytes, days: int = 366) -> list[tuple[datetime, datetime]]:
    read = read_ics(data)
    assert read.faults == ()
    found = expand(read.events, FIRST, FIRST + timedelta(days=days))
    assert found.faults == ()
    return sorted((one.starts_at, one.ends_at) for one in found.occurrences)


def theirs(data: bytes, days: int = 366) -> list[tuple[datetime, datetime]]:
    found = recurring_ical_events.of(Calendar.from_ical(data)).between(FIRST, FIRST + timedelta(days=days))
    return sorted((one["DTSTART"].dt, one["DTEND"].dt) for one in found)


def _second_of(start: datetime, rule: str) -> datetime | None:
    """Return an occurrence of a rule that fits it, as a DTSTART taken at random seldom does."""
    found = read_ics(calendar(event(start, f"RRULE:{rule}"))).events
    begins = start.replace(tzinfo=HERE)
    days = expand(found, begins, begins + timedelta(days=366)).occurrences
    return days[1].starts_at.replace(tzinfo=None) if len(days) > 1 else None


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(start=STARTS, rule=RULES, fits=st.booleans())
def test_a_rule_is_followed_as_others_follow_it(start: datetime, rule: str, fits: bool) -> None:  # noqa: FBT001
    """A turn that falls on another day here than in the officer's own calendar is a desk without anybody."""
    second = _second_of(start, rule)
    assume(second is not None)  # the oracle looks for the next occurrence of a rule that has none until the year 9999
    data = calendar(event((second if fits else None) or start, f"RRULE:{rule}"))
    assert ours(data) == theirs(data)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=st.datetimes(_MIDDLE, _LATE).map(lambda one: one.replace(second=0, microsecond=0)),
    interval=st.integers(1, 3),
    left_out=st.sets(st.integers(0, 30), max_size=5),
    extra=st.sets(st.integers(0, 300), max_size=4),
    moved=st.sets(st.integers(0, 30), max_size=4),
)
def test_exceptions_are_followed_as_others_follow_them(
    start: datetime, interval: int, left_out: set[int], extra: set[int], moved: set[int]
) -> None:
    """EXDATE, RDATE and RECURRENCE-ID are how a calendar program says swap and override."""
    step = timedelta(days=interval)
    lines = [f"RRULE:FREQ=DAILY;INTERVAL={interval};COUNT=31"]
    lines += [f"EXDATE;TZID=Asia/Shanghai:{local(start + number * step)}" for number in sorted(left_out)]
    lines += [f"RDATE;TZID=Asia/Shanghai:{local(start + timedelta(hours=7 + 24 * day))}" for day in sorted(extra)]
    instead = [
        event(
            start + number * step + timedelta(hours=3),
            f"RECURRENCE-ID;TZID=Asia/Shanghai:{local(start + number * step)}",
            hours=5,
        )
        for number in sorted(moved - left_out)
    ]
    data = calendar(event(start, *lines), *instead)
    assert ours(data) == theirs(data)


TURNS: Final = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 40), st.sampled_from(("duty-a", "duty-b", "duty-c", "head-a"))),
    max_size=6,
)


@settings(deadline=None, max_examples=40)
@given(turns=TURNS, days=st.integers(1, 20))
def test_an_exported_roster_comes_back_as_it_was(turns: list[tuple[int, int, str]], days: int) -> None:
    """A county that keeps its roster in a calendar program must not lose a swap on the way."""
    changes = [
        override(number, *_span(day, hours), officer, None, "primary" if number % 2 else "secondary")
        for number, (day, hours, officer) in enumerate(turns, 1)
    ]
    exchanged = swap(90, "duty-a", _span(2, 24), "duty-b", _span(5, 24))
    roster = history(*changes, exchanged).latest
    start = at("2026-06-10 08:30")
    found = shifts(roster, start, start + days * DAY, NOBODY_OFF)
    data = write_ics(entries(COUNTY, roster, found), name="值班表", now=start)
    read = read_ics(data)
    assert read.faults == ()
    expanded = expand(read.events, start, start + days * DAY)
    back = adopt(expanded.occurrences, roster)
    assert back.faults == ()
    assert sorted((one.tier, one.starts_at, one.ends_at, one.officer) for one in back.shifts) == sorted(
        (one.tier, one.starts_at, one.ends_at, one.officer) for one in found if one.officer
    )


def _span(day: int, hours: int) -> tuple[str, str]:
    start = at("2026-06-10 08:30") + timedelta(days=day)
    return tuple(f"{one:%Y-%m-%d %H:%M}" for one in (start, start + timedelta(hours=hours)))  # type: ignore[return-value]


@settings(deadline=None, max_examples=60)
@given(
    summary=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=120),
    sequence=st.integers(0, 10_000),
    day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_lines_are_folded_as_the_standard_wants(summary: str, sequence: int, day: date) -> None:
    """A line of more than 75 octets, or one cut within a Chinese character, is refused by some programs."""
    start = datetime(day.year, day.month, day.day, 8, 30, tzinfo=BEIJING)
    entry = CalendarEntry("uid@451226.sihu", sequence, start, start + DAY, summary, "duty-a", "primary")
    data = write_ics([entry], name="值班表", now=start)
    assert all(len(line) <= 75 and line.decode() is not None for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    (event_,) = read_ics(data).events
    assert (event_.summary, event_.sequence) == (summary[:200], sequence)
    assert (event_.starts_at, event_.length, event_.names) == (start, DAY, ("duty-a",))


WHOLE: Final = calendar(
    event(
        at("2026-01-05 08:30"), "RRULE:FREQ=MONTHLY;BYDAY=1MO,-1FR;UNTIL=20270101T000000Z", "ATTENDEE;CN=甲:mailto:a@b"
    ),
    event(
        at("2026-02-05 08:30"), "EXDATE;TZID=Asia/Shanghai:20260207T083000", "RDATE;VALUE=PERIOD:20260109T020000Z/PT5H"
    ),
    event(at("2026-03-05 08:30"), "RECURRENCE-ID:20260106T003000Z", "CATEGORIES:a,b", "SEQUENCE:3", "STATUS:CANCELLED"),
)
PIECES: Final = st.sampled_from(
    (
        *(b";", b":", b",", b"\r\n", b"\r\n ", b"=", b"-", b"Z", b"T", b'"', b"9", b"0", b"\xff", b"\x00", b"\xe7\x8f"),
        *(
            b"BEGIN:VEVENT",
            b"END:VEVENT",
            b"BEGIN:VTIMEZONE",
            b"END:VTIMEZONE",
            b"TZID=",
            b"VALUE=DATE",
            b"VALUE=PERIOD",
        ),
        *(b"RRULE:", b"FREQ=", b"COUNT=", b"DURATION:", b"PT", b"P99999999D", b"99999999T999999", b"BYDAY=", b"UNTIL="),
    )
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), PIECES), min_size=1, max_size=4))
def test_no_damage_ends_in_a_traceback(damages: list[tuple[int, int, bytes]]) -> None:
    """Whatever an editor, a mail gateway or an attacker did to the file: faults and events, in bounded time."""
    data = WHOLE
    for place, taken, put in damages:
        data = data[:place] + put + data[place + taken :]
    read = read_ics(data)
    assert all(fault.code.startswith("ics.") for fault in read.faults)
    found = expand(read.events, FIRST, FIRST + timedelta(days=366))
    adopt(found.occurrences, history().latest)
