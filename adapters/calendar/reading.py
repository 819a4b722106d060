"""A calendar file (RFC 5545) into plain events, by ``icalendar``; what cannot be read is told by its line.

Recurrences are not followed here: ``services.domain.recurrence`` does that.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from schemas.base import FIRST_YEAR, LAST_YEAR
from schemas.calendars import (
    ICS_EVENTS_MAX,
    ICS_LENGTH_MAX_DAYS,
    ICS_MAX_BYTES,
    CalendarEvent,
    Frequency,
    IcsFile,
    Rule,
)
from schemas.errors import Fault

OFFICER: Final = "X-SIHU-OFFICER"
TIER: Final = "X-SIHU-TIER"
HERE: Final = ZoneInfo("Asia/Shanghai")
"""Zone of days and of times that name none."""

_Event: TypeAlias = Any
"""The library's event: each of its properties is one of thirty types, and any of them may be there."""

_DEPTH_MAX: Final = 4
_FAULTS_MAX: Final = 20
_LIST_MAX: Final = 400
_TEXT_MAX: Final = 200
_WEEKS_OF_A_YEAR: Final = 53
_UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)
"""What the library raises for a property that is no such thing: its own errors are ``ValueError`` as well."""
_BEGIN: Final = re.compile(rb"(?i)^(BEGIN|END):([A-Z0-9-]{1,60})[ \t]*$")
_EVENT: Final = [b"VCALENDAR", b"VEVENT"]
_ZONE: Final = b"VTIMEZONE"
_DAYS: Final = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_BY_DAY: Final = re.compile(r"^([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)$")
_KNOWN: Final = frozenset({"FREQ", "INTERVAL", "UNTIL", "COUNT", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "WKST"})


class _UnreadableError(Exception):
    """One event cannot be used; never leaves this module."""

    def __init__(self, name: str, mend: str, code: str = "ics.unreadable") -> None:
        super().__init__(mend)
        self.name, self.mend, self.code = name, mend, code


def read_ics(data: bytes) -> IcsFile:
    """Return the events of a file; one that cannot be read is left out and told.

    Args:
        data: At most 1 MiB and 5,000 events.

    Returns:
        No event and one fault if it is no calendar at all, or too large.
    """
    scanned = _scanned(data)
    if isinstance(scanned, Fault):
        return IcsFile((), (scanned,))
    lines, plain = scanned
    try:
        found = [event for calendar in Calendar.from_ical(plain, multiple=True) for event in _events(calendar)]
    except _UNREADABLE:
        return IcsFile((), (Fault("ics.malformed", "", "it is no calendar file after RFC 5545"),))
    except OSError:  # TZID=Asia: the library opens a folder of zones as if it were one
        return IcsFile((), (Fault("ics.unknown_zone", "TZID", "name every zone as IANA does, e.g. Asia/Shanghai"),))
    events: list[CalendarEvent] = []
    faults: list[Fault] = []
    for line, event in zip(lines, found, strict=False):
        try:
            events.append(_read(event, line))
        except _UnreadableError as exc:
            faults.append(Fault(exc.code, f"line {line} {exc.name}", exc.mend))
    return IcsFile(tuple(events), tuple(faults[:_FAULTS_MAX]))


def _events(calendar: _Event) -> Iterator[_Event]:
    return (one for one in calendar.subcomponents if isinstance(one, Event))


def _scanned(data: bytes) -> tuple[list[int], bytes] | Fault:
    """Return on which lines the events of a calendar begin, and the file as the library is given it: bounded.

    VTIMEZONE is left out: the library would keep what a stranger's file says of a zone for every later file, and would
    follow its rules as far as they go. Zones are known by their names.
    """
    if len(data) > ICS_MAX_BYTES:
        return Fault("ics.too_large", "", f"keep it under {ICS_MAX_BYTES} bytes")
    lines: list[int] = []
    kept: list[bytes] = []
    within: list[bytes] = []
    for number, line in enumerate(data.splitlines(), 1):
        word, name = _bracket(line)
        within += [name] if word == b"BEGIN" else []
        lines += [number] if word == b"BEGIN" and within == _EVENT else []
        kept += [line] if _ZONE not in within else []
        if word == b"END" and (not within or within.pop() != name):
            return Fault("ics.malformed", f"line {number}", "this END closes nothing that is open")
        if len(within) > _DEPTH_MAX or len(lines) > ICS_EVENTS_MAX:
            return Fault("ics.too_many", f"line {number}", f"keep it to {ICS_EVENTS_MAX} events, none within another")
    if within:
        return Fault("ics.malformed", "", "it ends before its last END")
    return lines, b"\r\n".join([*kept, b""])


def _bracket(line: bytes) -> tuple[bytes, bytes]:
    """Return BEGIN or END and the component's name, or two empty words."""
    found = _BEGIN.match(line)
    return (found[1].upper(), found[2].upper()) if found else (b"", b"")


def _read(event: _Event, line: int) -> CalendarEvent:
    broken = dict(event.errors)
    for name in ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"):
        if name in broken or len(_all(event, name)) > (1 if name in {"DTSTART", "RRULE"} else _LIST_MAX):
            raise _UnreadableError(name, "it cannot be read; write it after RFC 5545")
        _judge_zone(event, name)
    try:
        return _built(event, line)
    except _UNREADABLE as exc:
        raise _UnreadableError("VEVENT", "it cannot be read; write it after RFC 5545") from exc


def _judge_zone(event: _Event, name: str) -> None:
    for one in _all(event, name):
        moments = [entry.dt for entry in getattr(one, "dts", (one,)) if hasattr(entry, "dt")]
        named = one.params.get("TZID")
        if named and any(isinstance(at, datetime) and at.tzinfo is None for at in moments):
            mend = "name its zone as IANA does, e.g. Asia/Shanghai"
            raise _UnreadableError(name, mend, "ics.unknown_zone")


def _built(event: _Event, line: int) -> CalendarEvent:
    if "DTSTART" not in event:
        raise _UnreadableError("DTSTART", "say when it starts")
    start = event["DTSTART"].dt
    starts_at = _aware(start)
    whole_days = not isinstance(start, datetime)
    return CalendarEvent(
        line=line,
        uid=str(event.get("UID", ""))[:_TEXT_MAX],
        sequence=int(event.get("SEQUENCE", 0)),
        starts_at=starts_at,
        length=_length(event, starts_at, whole_days=whole_days),
        whole_days=whole_days,
        summary=str(event.get("SUMMARY", ""))[:_TEXT_MAX],
        names=tuple(_names(event)),
        categories=tuple(_categories(event)),
        rule=_rule(event, starts_at),
        extra_starts=tuple(_extra(event)),
        left_out=tuple(_aware(one.dt) for entry in _all(event, "EXDATE") for one in entry.dts),
        replaces=_replaces(event),
        cancelled=str(event.get("STATUS", "")).upper() == "CANCELLED",
    )


def _all(event: _Event, name: str) -> list[Any]:
    found = event.get(name)
    return found if isinstance(found, list) else [] if found is None else [found]


def _aware(value: date | datetime) -> datetime:
    """Return an aware time; a day begins at midnight here, and a time without a zone is one of here."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError("the year is out of range")
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), HERE)
    return value.replace(tzinfo=HERE) if value.tzinfo is None else value


def _length(event: _Event, starts_at: datetime, *, whole_days: bool) -> timedelta:
    if "DTEND" in event:
        length = _aware(event["DTEND"].dt) - starts_at
    elif "DURATION" in event:
        length = event["DURATION"].dt
    else:
        length = timedelta(days=1) if whole_days else timedelta()
    if not timedelta() <= length <= timedelta(days=ICS_LENGTH_MAX_DAYS):
        raise _UnreadableError("DTEND", f"let it end after it starts, within {ICS_LENGTH_MAX_DAYS} days", "ics.length")
    return length


def _names(event: _Event) -> Iterator[str]:
    """Yield whom it names: our own property, or else what each attendee is called and his address."""
    if own := str(event.get(OFFICER, "")):
        yield own[:_TEXT_MAX]
        return
    for one in _all(event, "ATTENDEE")[:_LIST_MAX]:
        yield str(one.params.get("CN", ""))[:_TEXT_MAX]
        yield str(one)[:_TEXT_MAX].removeprefix("mailto:").removeprefix("MAILTO:")


def _categories(event: _Event) -> Iterator[str]:
    if own := str(event.get(TIER, "")):
        yield own[:_TEXT_MAX]
    for entry in _all(event, "CATEGORIES"):
        yield from (str(one)[:_TEXT_MAX] for one in getattr(entry, "cats", ())[:_LIST_MAX])


def _extra(event: _Event) -> Iterator[tuple[datetime, timedelta | None]]:
    for one in (one for entry in _all(event, "RDATE") for one in entry.dts):
        if not isinstance(one.dt, tuple):
            yield _aware(one.dt), None
            continue
        start, end = _aware(one.dt[0]), one.dt[1]
        length = end if isinstance(end, timedelta) else _aware(end) - start
        if not timedelta() < length <= timedelta(days=ICS_LENGTH_MAX_DAYS):
            raise _UnreadableError("RDATE", f"let it end after it starts, within {ICS_LENGTH_MAX_DAYS} days")
        yield start, length


def _replaces(event: _Event) -> datetime | None:
    if "RECURRENCE-ID" not in event:
        return None
    found = event["RECURRENCE-ID"]
    if found.params.get("RANGE"):
        raise _UnreadableError("RECURRENCE-ID", "write each occurrence by itself, without RANGE", "ics.unsupported")
    return _aware(found.dt)


def _rule(event: _Event, starts_at: datetime) -> Rule | None:
    if "RRULE" not in event:
        return None
    parts = {str(name).upper(): values for name, values in event["RRULE"].items()}
    frequency = str(parts["FREQ"][0]).upper()
    if frequency not in set(Frequency):
        raise _UnreadableError("RRULE", "let it recur by days, weeks, months or years", "ics.unsupported")
    if strange := sorted(parts.keys() - _KNOWN):
        raise _UnreadableError("RRULE", f"write the rule without {strange[0][:20]}", "ics.unsupported")
    if any(len(values) > _LIST_MAX for values in parts.values()):
        raise _UnreadableError("RRULE", "write a shorter rule")
    rule = Rule(
        frequency=Frequency(frequency),
        interval=_whole(parts.get("INTERVAL"), 1, least=1, most=1000),
        until=_until(parts.get("UNTIL"), starts_at),
        count=_whole(parts.get("COUNT"), 0, least=0, most=100_000) or None,
        by_month=_numbers(parts.get("BYMONTH"), 1, 12),
        by_month_day=_numbers(parts.get("BYMONTHDAY"), -31, 31),
        by_day=tuple(_weekday(str(one)) for one in parts.get("BYDAY", ())),
        by_position=_numbers(parts.get("BYSETPOS"), -366, 366),
        week_start=_DAYS[str(parts["WKST"][0]).upper()] if "WKST" in parts else 0,
    )
    _judge(rule)
    return rule


def _judge(rule: Rule) -> None:
    if rule.frequency in {Frequency.DAILY, Frequency.WEEKLY} and any(ordinal for ordinal, _ in rule.by_day):
        raise _UnreadableError("RRULE", "a day such as 2MO belongs to months or years", "ics.unsupported")
    if rule.frequency is Frequency.WEEKLY and rule.by_month_day:
        raise _UnreadableError("RRULE", "BYMONTHDAY does not belong to weeks", "ics.unsupported")
    if rule.by_position and not (rule.by_day or rule.by_month_day or rule.by_month):
        raise _UnreadableError("RRULE", "BYSETPOS needs another BY… beside it", "ics.unsupported")


def _whole(values: list[Any] | None, default: int, *, least: int, most: int) -> int:
    value = int(values[0]) if values else default
    if not least <= value <= most:
        raise _UnreadableError("RRULE", f"write a number from {least} to {most}")
    return value


def _numbers(values: Iterable[Any] | None, least: int, most: int) -> tuple[int, ...]:
    found = tuple(int(one) for one in values or ())
    if any(not least <= one <= most or one == 0 for one in found):
        raise _UnreadableError("RRULE", f"write numbers from {least} to {most}")
    return found


def _weekday(text: str) -> tuple[int, int]:
    found = _BY_DAY.fullmatch(text.upper())
    if found is None or not 1 <= abs(int(found[1] or 1)) <= _WEEKS_OF_A_YEAR:
        raise _UnreadableError("RRULE", "write weekdays as MO, 2MO or -1MO")
    return int(found[1] or 0), _DAYS[found[2]]


def _until(values: list[Any] | None, starts_at: datetime) -> datetime | None:
    if not values:
        return None
    value = values[0]
    if not isinstance(value, datetime):  # the whole of that day, in the event's own zone
        return datetime.combine(value, time.max, starts_at.tzinfo)
    return value.replace(tzinfo=starts_at.tzinfo) if value.tzinfo is None else value
