"""Calendar files that somebody wrote by hand, by malice, or in another program."""

import time
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from icalendar import Calendar

from adapters.calendar.reading import HERE, read_ics
from adapters.calendar.writing import write_ics
from schemas.calendars import CalendarEntry
from services.domain.duty_calendars import adopt, entries
from services.domain.recurrence import expand
from services.domain.rosters import shifts
from tests.rosters import COUNTY, DAY, NOBODY_OFF, PLAN, at, history, number

START: Final = at("2026-01-01 00:00")
YEAR: Final = timedelta(days=366)


def calendar(*events: str, before: str = "") -> bytes:
    """Return a file; every event is given by its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    lines += [before] if before else []
    for event in events:
        lines += ["BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def days(data: bytes) -> list[str]:
    """Return when the events take place, in Beijing."""
    read = read_ics(data)
    assert read.faults == (), read.faults
    found = expand(read.events, START, START + YEAR)
    assert found.faults == ()
    return [f"{one.starts_at.astimezone(HERE):%m-%d %H:%M}" for one in found.occurrences]


def faults(data: bytes) -> list[tuple[str, str]]:
    return [(one.code, one.field) for one in read_ics(data).faults]


LOCAL: Final = "DTSTART;TZID=Asia/Shanghai:20260105T083000|DURATION:PT24H"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (LOCAL, ["01-05 08:30"]),
        ("DTSTART:20260105T003000Z|DURATION:PT24H", ["01-05 08:30"]),
        ("DTSTART:20260105T083000|DURATION:PT24H", ["01-05 08:30"]),  # floating: Beijing
        ("DTSTART;VALUE=DATE:20260105", ["01-05 00:00"]),
        ("DTSTART;TZID=China Standard Time:20260105T083000|DURATION:PT24H", ["01-05 08:30"]),
        (f"{LOCAL}|RRULE:FREQ=WEEKLY;COUNT=3", ["01-05 08:30", "01-12 08:30", "01-19 08:30"]),
        (f"{LOCAL}|RRULE:FREQ=WEEKLY;UNTIL=20260112", ["01-05 08:30", "01-12 08:30"]),  # the whole of that day
        (f"{LOCAL}|RRULE:FREQ=WEEKLY;UNTIL=20260112T003000Z", ["01-05 08:30", "01-12 08:30"]),
        (f"{LOCAL}|RRULE:FREQ=WEEKLY;UNTIL=20260112T002959Z", ["01-05 08:30"]),
        (f"{LOCAL}|RRULE:FREQ=WEEKLY;UNTIL=20250101T000000Z", []),
        (
            f"{LOCAL}|RRULE:FREQ=WEEKLY;WKST=SU;BYDAY=MO,SU;INTERVAL=2;COUNT=3",
            ["01-05 08:30", "01-18 08:30", "01-19 08:30"],
        ),
        (f"{LOCAL}|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20260106T003000Z", ["01-05 08:30", "01-07 08:30"]),
        (f"{LOCAL}|RDATE;TZID=Asia/Shanghai:20260109T100000", ["01-05 08:30", "01-09 10:00"]),
        (f"{LOCAL}|STATUS:CANCELLED", []),
        ("DTSTART;VALUE=DATE:20260131|RRULE:FREQ=MONTHLY;COUNT=3", ["01-31 00:00", "03-31 00:00", "05-31 00:00"]),
        (f"{LOCAL}|RRULE:FREQ=MONTHLY;BYDAY=1MO,MO;COUNT=3", ["01-05 08:30", "01-12 08:30", "01-19 08:30"]),
        ("DTSTART;VALUE=DATE:20240229|RRULE:FREQ=YEARLY", []),  # 2026 has no such day
        (f"{LOCAL}|RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=1", ["01-05 08:30", "01-06 08:30"]),  # DTSTART is the first one
    ],
)
def test_what_programs_write(lines: str, expected: list[str]) -> None:
    """Zones by other names, floating times, ends of the day: each is met in files of offices."""
    assert days(calendar(f"UID:a|{lines}")) == expected


def test_the_hand_made_files_are_followed_as_others_follow_them() -> None:
    """The same table by the oracle, where both see the same zone."""
    for lines in (
        f"{LOCAL}|RRULE:FREQ=WEEKLY;COUNT=3",
        f"{LOCAL}|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20260106T003000Z",
        f"{LOCAL}|RRULE:FREQ=MONTHLY;BYDAY=-1FR,1MO;COUNT=9",
        f"{LOCAL}|RDATE;VALUE=PERIOD:20260109T020000Z/PT5H,20260110T020000Z/20260110T040000Z",
        f"{LOCAL}|RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        f"{LOCAL}|RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=MO",
    ):
        data = calendar(f"UID:a|{lines}")
        found = expand(read_ics(data).events, START, START + YEAR).occurrences
        theirs = recurring_ical_events.of(Calendar.from_ical(data)).between(START, START + YEAR)
        assert [(one.starts_at, one.ends_at) for one in found] == sorted(
            (one["DTSTART"].dt, one["DTEND"].dt) for one in theirs
        ), lines


def test_one_occurrence_is_moved_and_another_is_cancelled() -> None:
    """RECURRENCE-ID is how a calendar program says that one day of a series is another's."""
    data = calendar(
        f"UID:a|{LOCAL}|RRULE:FREQ=DAILY;COUNT=3",
        "UID:a|RECURRENCE-ID:20260106T003000Z|DTSTART;TZID=Asia/Shanghai:20260106T180000|DURATION:PT12H",
        "UID:a|RECURRENCE-ID:20260107T003000Z|DTSTART;TZID=Asia/Shanghai:20260107T083000|DURATION:PT1H|STATUS:CANCELLED",
    )
    assert days(data) == ["01-05 08:30", "01-06 18:00"]


def test_of_two_versions_the_higher_sequence_counts() -> None:
    """Files that are put together hold the old and the new one."""
    new, old = "UID:a|SEQUENCE:2|DTSTART:20260106T003000Z", "UID:a|SEQUENCE:1|DTSTART:20260105T003000Z"
    assert days(calendar(f"{new}|DURATION:PT1H", f"{old}|DURATION:PT1H")) == ["01-06 08:30"]


def test_a_series_keeps_its_wall_clock_in_a_zone_with_summer_time() -> None:
    """An invitation from abroad at 09:00 in Berlin is 15:00 or 16:00 here."""
    data = calendar("UID:a|DTSTART;TZID=Europe/Berlin:20260327T090000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=4")
    assert days(data) == ["03-27 16:00", "03-28 16:00", "03-29 15:00", "03-30 15:00"]
    event, *_ = read_ics(data).events
    assert event.starts_at.tzinfo == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("lines", "code", "field"),
    [
        ("UID:a", "ics.unreadable", "DTSTART"),
        ("UID:a|DTSTART:20261340T000000Z", "ics.unreadable", "DTSTART"),
        ("UID:a|DTSTART:00010101T000000Z", "ics.unreadable", "VEVENT"),
        ("UID:a|DTSTART:20260105T003000Z|DTEND:20260104T003000Z", "ics.length", "DTEND"),
        ("UID:a|DTSTART:20260105T003000Z|DURATION:P500D", "ics.length", "DTEND"),
        ("UID:a|DTSTART:20260105T003000Z|DURATION:P99999999999D", "ics.unreadable", "DURATION"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=BOGUS", "ics.unreadable", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:COUNT=2", "ics.unreadable", "VEVENT"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=SECONDLY", "ics.unsupported", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=HOURLY;BYHOUR=8", "ics.unsupported", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=DAILY;BYHOUR=8", "ics.unsupported", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=YEARLY;BYWEEKNO=8", "ics.unsupported", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=WEEKLY;BYDAY=2MO", "ics.unsupported", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=DAILY;INTERVAL=0", "ics.unreadable", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=MONTHLY;BYMONTHDAY=0", "ics.unreadable", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=DAILY;COUNT=999999999", "ics.unreadable", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=DAILY|RRULE:FREQ=WEEKLY", "ics.unreadable", "RRULE"),
        (
            "UID:a|DTSTART:20260105T003000Z|RECURRENCE-ID;RANGE=THISANDFUTURE:20260105T003000Z",
            "ics.unsupported",
            "RECUR",
        ),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=WEEKLY;BYMONTHDAY=1", "ics.unsupported", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=MONTHLY;BYSETPOS=1", "ics.unsupported", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RRULE:FREQ=MONTHLY;BYDAY=99MO", "ics.unreadable", "RRULE"),
        ("UID:a|DTSTART:20260105T003000Z|RDATE;VALUE=PERIOD:20260109T020000Z/PT0S", "ics.unreadable", "RDATE"),
        ("UID:a|DTSTART:20260105T003000Z|SEQUENCE:x", "ics.unreadable", "VEVENT"),
    ],
)
def test_an_event_that_cannot_be_followed_is_left_out_and_told(lines: str, code: str, field: str) -> None:
    """Half understood, it would put somebody on duty on the wrong day; the good event beside it is taken."""
    data = calendar(lines, f"UID:b|{LOCAL}")
    ((found, place),) = faults(data)
    assert (found, place.startswith(f"line 4 {field}")) == (code, True), place
    assert [one.uid for one in read_ics(data).events] == ["b"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\xff\xfe",
        b"BEGIN:VEVENT",
        b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\n" * 2000 + b"END:VCALENDAR\r\n" * 2000,
        b"x" * (1024 * 1024 + 1),
        calendar(
            "UID:a",
            before="BEGIN:X-A\r\nBEGIN:X-B\r\nBEGIN:X-C\r\nBEGIN:X-D\r\nEND:X-D\r\nEND:X-C\r\nEND:X-B\r\nEND:X-A",
        ),
        calendar("UID:a\x85DTSTART:x"),
    ],
)
def test_what_is_no_calendar_ends_in_no_traceback(data: bytes) -> None:
    """A wrong file picked by mistake is told in one line."""
    read = read_ics(data)
    assert read.events == ()


def test_an_event_within_something_else_moves_no_line() -> None:
    """The line that is told must be that of the event that is wrong."""
    inside = "BEGIN:X-THING\r\nBEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\nEND:X-THING"
    assert faults(calendar("UID:a", before=inside)) == [("ics.unreadable", "line 9 DTSTART")]


ZONE: Final = (
    "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0200\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=SECONDLY\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE"
)


def test_a_file_does_not_say_what_a_zone_is() -> None:
    """The rules of a stranger's zone run for ever, and the library would keep them for every later file."""
    ours = calendar(f"UID:a|{LOCAL}", before=ZONE.format(name="Asia/Shanghai"))
    assert days(ours) == ["01-05 08:30"]
    theirs = calendar("UID:a|DTSTART;TZID=Own/Zone:20260105T083000", before=ZONE.format(name="Own/Zone"))
    assert faults(theirs) == [("ics.unknown_zone", "line 19 DTSTART")]
    later = calendar(f"UID:a|{LOCAL}|EXDATE;TZID=Own/Zone:20260105T083000")
    assert faults(later) == [("ics.unknown_zone", "line 4 EXDATE")]


@pytest.mark.parametrize("name", ["Asia", "America/Argentina", "/etc/passwd", "../Asia/Shanghai", "."])
def test_a_zone_that_is_no_file_breaks_the_reader(name: str) -> None:
    """A folder of zones is opened as if it were one, a path leads out of them: a fault with its mend, no traceback."""
    read = read_ics(calendar(f"UID:a|DTSTART;TZID={name}:20260105T083000"))
    assert read.events == ()
    assert [fault.code for fault in read.faults] == ["ics.unknown_zone"]


def test_five_thousand_events_are_the_most() -> None:
    """Every input has a bound."""
    many = calendar(*(f"UID:{index}|DTSTART:20260105T003000Z" for index in range(5001)))
    assert faults(many)[0][0] in {"ics.too_many", "ics.too_large"}


def test_a_rule_that_never_comes_true_ends() -> None:
    """`dateutil` walks such rules to the year 9999; with a thousand of them the command never returns."""
    rules = [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
    ]
    data = calendar(*(f"UID:{index}|{LOCAL}|RRULE:{rules[index % 5]}" for index in range(1000)))
    read = read_ics(data)
    assert len(read.events) == 1000
    began = time.process_time()
    found = expand(read.events, START, START + YEAR)
    assert len(found.occurrences) == 1000  # DTSTART alone
    assert time.process_time() - began < 20


def test_too_many_series_and_too_old_ones_are_told() -> None:
    """The work is bounded by what is walked, not by what comes of it."""
    old = calendar("UID:a|DTSTART:19800105T003000Z|DURATION:PT1H|RRULE:FREQ=DAILY")
    found = expand(read_ics(old).events, START, START + YEAR)
    assert [one.code for one in found.faults] == ["ics.too_old"]
    many = calendar(*(f"UID:{one}|DTSTART:20070105T003000Z|DURATION:PT1H|RRULE:FREQ=YEARLY" for one in range(200)))
    found = expand(read_ics(many).events, START, START + YEAR)
    assert "ics.too_many" in {one.code for one in found.faults}


def test_only_a_year_of_a_series_without_end_is_taken() -> None:
    """An endless series makes 366 shifts at most."""
    data = calendar(f"UID:a|{LOCAL}|RRULE:FREQ=DAILY")
    found = expand(read_ics(data).events, START, START + 10 * YEAR)
    assert len(found.occurrences) == 362


def test_more_shifts_than_one_import_holds_are_told() -> None:
    """Cut off silently, the end of the year would be empty."""
    data = calendar(*(f"UID:{one}|{LOCAL}|RRULE:FREQ=DAILY" for one in range(14)))
    found = expand(read_ics(data).events, START, START + YEAR)
    assert (len(found.occurrences), [one.code for one in found.faults]) == (5000, ["ics.too_many"])


def test_an_event_without_length_is_no_duty() -> None:
    """A reminder at 08:30 puts nobody on duty."""
    assert adopted("UID:a|DTSTART:20260105T003000Z|SUMMARY:主班 值班员甲") == ([], ["ics.length line 4 DTEND"])


def adopted(*events: str, plan: str = PLAN) -> tuple[list[tuple[str, str]], list[str]]:
    """Return tier and officer of each shift, and the faults' codes."""
    found = expand(read_ics(calendar(*events)).events, START, START + YEAR)
    read = adopt(found.occurrences, history(plan=plan).latest)
    return [(one.tier, one.officer) for one in read.shifts], [f"{one.code} {one.field}" for one in read.faults]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("SUMMARY:主班 值班员甲", ("primary", "duty-a")),
        ("SUMMARY:副班 duty-c", ("secondary", "duty-c")),
        ("SUMMARY:带班领导 带班领导甲", ("leader", "head-a")),
        ("CATEGORIES:secondary|SUMMARY:值班员乙", ("secondary", "duty-b")),
        ("CATEGORIES:工作,主班|ATTENDEE;CN=值班员丙:mailto:nobody@example.invalid", ("primary", "duty-c")),
        ("CATEGORIES:PRIMARY|ATTENDEE:mailto:duty-b", ("primary", "duty-b")),
    ],
)
def test_who_is_meant_is_read_from_several_places(lines: str, expected: tuple[str, str]) -> None:
    """Offices write it in the summary, programs in attendees."""
    assert adopted(f"UID:a|{LOCAL}|{lines}") == ([expected], [])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("SUMMARY:主班 外人", "ics.unknown_officer line 4 SUMMARY"),
        ("SUMMARY:主班 值班员甲|ATTENDEE;CN=外人:mailto:x@example.invalid", "ics.unknown_officer line 4 ATTENDEE"),
        ("SUMMARY:主班 值班员甲 值班员乙", "ics.several_officers line 4 SUMMARY"),
        ("SUMMARY:值班员甲", "ics.no_tier line 4 CATEGORIES"),
    ],
)
def test_who_is_not_known_is_told_by_the_line(lines: str, said: str) -> None:
    """A guess would page somebody who is at home."""
    assert adopted(f"UID:a|{LOCAL}|{lines}") == ([], [said])


def test_a_display_that_two_share_names_neither() -> None:
    """Two 值班员 are told apart by their ids alone."""
    shared = PLAN.replace("值班员乙", "值班员甲")
    assert adopted(f"UID:a|{LOCAL}|SUMMARY:主班 值班员甲", plan=shared)[0] == []
    assert adopted(f"UID:a|{LOCAL}|SUMMARY:主班 duty-b", plan=shared)[0] == [("primary", "duty-b")]


def test_a_day_runs_from_hand_over_to_hand_over() -> None:
    """Taken from midnight to midnight, the night shift would change at the deepest hour."""
    data = calendar("UID:a|DTSTART;VALUE=DATE:20260105|DTEND;VALUE=DATE:20260107|SUMMARY:主班 值班员甲")
    found = expand(read_ics(data).events, START, START + YEAR)
    (shift,) = adopt(found.occurrences, history().latest, handover="08:00").shifts
    assert (shift.starts_at, shift.ends_at) == (at("2026-01-05 08:00"), at("2026-01-07 08:00"))


def test_what_is_written_shows_roles_and_no_numbers() -> None:
    """A calendar is subscribed to by people who are not on duty."""
    roster = history().latest
    found = shifts(roster, at("2026-06-10 08:30"), at("2026-06-12 08:30"), NOBODY_OFF)
    text = write_ics(entries(COUNTY, roster, found), name="值班表", now=START).decode()
    assert number(1) not in text.replace("\r\n ", "")
    for part in (
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Shanghai",
        "TZOFFSETTO:+0800",
        "DTSTART;TZID=Asia/Shanghai:20260610T083000",
    ):
        assert part in text
    theirs = Calendar.from_ical(text)
    assert {str(one["SUMMARY"]) for one in theirs.walk("VEVENT")} >= {"主班 值班员甲", "副班 值班员乙"}
    uids = [str(one["UID"]) for one in theirs.walk("VEVENT")]
    assert len(set(uids)) == len(uids) == 6


def test_a_uid_stays_when_somebody_else_stands_in() -> None:
    """With a new UID the calendar program shows both."""
    first = CalendarEntry("a@451226.sihu", 0, START, START + DAY, "主班 值班员甲", "duty-a", "primary")
    assert b"SEQUENCE:0" in write_ics([first], name="值班表", now=datetime(2026, 1, 1, tzinfo=HERE))
    assert date(2026, 1, 1) == START.date()
