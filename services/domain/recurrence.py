"""When does an event of a calendar file take place? RRULE, RDATE, EXDATE and RECURRENCE-ID (RFC 5545, section 3.8.5).

The rule is walked period by period from DTSTART to the end of the span, so the work is bounded whatever the rule says:
``dateutil.rrule`` looks for the next occurrence of a rule that never has one until the year 9999. Occurrences keep
their wall clock in the event's own zone.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from schemas.calendars import CalendarEvent, Frequency, Occurrence, Rule
from schemas.errors import Fault
from schemas.rosters import IMPORTED_MAX, SPAN_MAX_DAYS

BEFORE_MAX_DAYS: Final = 20 * 366
"""A series that began longer ago is not followed."""
WALK_MAX_DAYS: Final = 1_000_000
"""Days that all series together may be walked; a roster for a year with fifty of them takes 20,000."""
_MONTHS: Final = 12
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Expanded:
    """What takes place in a span, in the order of time, and the events that could not be followed."""

    occurrences: tuple[Occurrence, ...]
    faults: tuple[Fault, ...]


def expand(events: Sequence[CalendarEvent], starts_at: datetime, ends_at: datetime) -> Expanded:
    """Return every occurrence that touches a span.

    Args:
        events: As they were read; of one with the same UID and RECURRENCE-ID the highest SEQUENCE counts.
        starts_at: Aware.
        ends_at: Aware, not included; cut to 366 days behind ``starts_at``.
    """
    ends_at = min(ends_at, starts_at + timedelta(days=SPAN_MAX_DAYS))
    masters, instead = _newest(events)
    found: list[Occurrence] = []
    faults: list[Fault] = []
    walked = 0
    for event in masters:
        walked += max(0, (ends_at - event.starts_at).days) if event.rule else 0
        if event.rule and (fault := _too_far(event, starts_at, walked)):
            faults.append(fault)
            continue
        replaced = {_moment(one.replaces) for one in instead if one.uid == event.uid and one.replaces}
        found += (one for one in _of_event(event, ends_at) if _moment(one.starts_at) not in replaced)
    found += (Occurrence(one, one.starts_at, one.starts_at + one.length) for one in instead)
    inside = [one for one in found if not one.event.cancelled and _touches(one, starts_at, ends_at)]
    if len(inside) > IMPORTED_MAX:
        faults.append(Fault("ics.too_many", "", f"more than {IMPORTED_MAX} occurrences; choose a shorter span"))
    inside.sort(key=lambda one: (one.starts_at, one.event.line))
    return Expanded(tuple(inside[:IMPORTED_MAX]), tuple(faults))


def _too_far(event: CalendarEvent, starts_at: datetime, walked: int) -> Fault | None:
    if (starts_at - event.starts_at).days > BEFORE_MAX_DAYS:
        mend = "the series began more than 20 years before; let it begin later"
        return Fault("ics.too_old", f"line {event.line} DTSTART", mend)
    if walked > WALK_MAX_DAYS:
        mend = "there are too many series before it; write fewer, or let them begin later"
        return Fault("ics.too_many", f"line {event.line} RRULE", mend)
    return None


def _moment(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _touches(one: Occurrence, starts_at: datetime, ends_at: datetime) -> bool:
    return one.starts_at < ends_at and one.ends_at > starts_at


def _newest(events: Iterable[CalendarEvent]) -> tuple[list[CalendarEvent], list[CalendarEvent]]:
    """Return the events that stand for themselves, and those that stand for one occurrence of another."""
    kept: dict[tuple[str, float], CalendarEvent] = {}
    for number, event in enumerate(events):
        key = (event.uid or f"\n{number}", _moment(event.replaces))
        if key not in kept or event.sequence >= kept[key].sequence:
            kept[key] = event
    chosen = list(kept.values())
    return [one for one in chosen if one.replaces is None], [one for one in chosen if one.replaces is not None]


def _of_event(event: CalendarEvent, ends_at: datetime) -> Iterator[Occurrence]:
    left_out = {_moment(one) for one in event.left_out}
    lengths = dict.fromkeys(_by_rule(event, ends_at), event.length)
    if event.rule is None or event.rule.until is None or event.starts_at <= event.rule.until:
        # DTSTART is the first occurrence even of a rule that it does not fit, as calendar programs show it.
        lengths[event.starts_at] = event.length
    for start, length in event.extra_starts:
        lengths[start.astimezone(event.starts_at.tzinfo)] = event.length if length is None else length
    for start, length in lengths.items():
        if _moment(start) not in left_out:
            yield Occurrence(event, start, start + length)


def _by_rule(event: CalendarEvent, ends_at: datetime) -> Iterator[datetime]:
    rule = event.rule
    if rule is None:
        return
    last = min(ends_at, rule.until) if rule.until else ends_at
    # A day more on either side: the last day is one of the event's own zone.
    days = _days(rule, event.starts_at.date(), last.date() + timedelta(days=1))
    for number, day in enumerate(days, 1):
        start = datetime.combine(day, event.starts_at.timetz())
        if start > last or (rule.count is not None and number > rule.count):
            return
        yield start


def _days(rule: Rule, first: date, last: date) -> Iterator[date]:
    """Yield the days of a rule from its first on, in order."""
    for candidates in _PERIODS[rule.frequency](_filled(rule, first), first, last):
        chosen = sorted(set(candidates))
        if rule.by_position:
            chosen = _positions(chosen, rule.by_position)
        yield from (day for day in chosen if first <= day <= last)


def _positions(days: list[date], positions: tuple[int, ...]) -> list[date]:
    count = len(days)
    wanted = {one - 1 if one > 0 else count + one for one in positions}
    return [day for number, day in enumerate(days) if number in wanted]


def _filled(rule: Rule, first: date) -> Rule:
    """Add what DTSTART says where the rule does not: the weekday, the day of the month, the month."""
    if rule.by_day or rule.by_month_day or rule.frequency is Frequency.DAILY:
        return rule
    if rule.frequency is Frequency.WEEKLY:
        return replace(rule, by_day=((0, first.weekday()),))
    if rule.frequency is Frequency.YEARLY and not rule.by_month:
        return replace(rule, by_month=(first.month,), by_month_day=(first.day,))
    return replace(rule, by_month_day=(first.day,))


def _daily(rule: Rule, first: date, last: date) -> Iterator[list[date]]:
    day = first
    while day <= last:
        yield [day] if _passes(rule, day) and _fits_weekday(rule, day) else []
        day += timedelta(days=rule.interval)


def _weekly(rule: Rule, first: date, last: date) -> Iterator[list[date]]:
    start = first - timedelta(days=(first.weekday() - rule.week_start) % _WEEK)
    while start <= last:
        week = (start + timedelta(days=number) for number in range(_WEEK))
        yield [day for day in week if _passes(rule, day) and _fits_weekday(rule, day)]
        start += timedelta(days=_WEEK * rule.interval)


def _monthly(rule: Rule, first: date, last: date) -> Iterator[list[date]]:
    number = first.year * _MONTHS + first.month - 1
    while (month := _month(number))[0] <= last:
        yield [day for day in month if _passes(rule, day) and _fits_ordinal(rule, day, month)]
        number += rule.interval


def _yearly(rule: Rule, first: date, last: date) -> Iterator[list[date]]:
    for year in range(first.year, last.year + 1, rule.interval):
        months = [_month(year * _MONTHS + number) for number in range(_MONTHS)]
        whole = [day for month in months for day in month]
        yield [
            day
            for month in months
            for day in month
            if _passes(rule, day) and _fits_ordinal(rule, day, month if rule.by_month else whole)
        ]


_PERIODS: Final = {
    Frequency.DAILY: _daily,
    Frequency.WEEKLY: _weekly,
    Frequency.MONTHLY: _monthly,
    Frequency.YEARLY: _yearly,
}


def _month(number: int) -> list[date]:
    year, month = divmod(number, _MONTHS)
    start = date(year, month + 1, 1)
    return [start + timedelta(days=day) for day in range(monthrange(year, month + 1)[1])]


def _passes(rule: Rule, day: date) -> bool:
    if rule.by_month and day.month not in rule.by_month:
        return False
    if not rule.by_month_day:
        return True
    behind = day.day - monthrange(day.year, day.month)[1] - 1
    return day.day in rule.by_month_day or behind in rule.by_month_day


def _fits_weekday(rule: Rule, day: date) -> bool:
    return not rule.by_day or any(weekday == day.weekday() for _, weekday in rule.by_day)


def _fits_ordinal(rule: Rule, day: date, within: list[date]) -> bool:
    if not rule.by_day:
        return True
    before = (day - within[0]).days // _WEEK + 1
    behind = -((within[-1] - day).days // _WEEK + 1)
    return any(weekday == day.weekday() and ordinal in {0, before, behind} for ordinal, weekday in rule.by_day)
