"""Turns of a roster as a calendar file (RFC 5545), by ``icalendar``: it shows roles and no numbers."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event, Timezone, TimezoneStandard

from adapters.calendar.reading import HERE, OFFICER, TIER
from schemas.calendars import CalendarEntry

_PRODUCT: Final = "-//Sihu//roster//ZH"
_OFFSET: Final = timedelta(hours=8)
_SINCE: Final = datetime(1992, 1, 1)  # noqa: DTZ001 - wall clock, as a VTIMEZONE wants it; no summer time since


def write_ics(entries: Iterable[CalendarEntry], *, name: str, now: datetime) -> bytes:
    """Return the file.

    Args:
        entries: In any order.
        name: What a calendar program calls it.
        now: Aware; when the file was made.
    """
    calendar = new_calendar(name, _PRODUCT)
    calendar.add("METHOD", "PUBLISH")
    for one in entries:
        calendar.add_component(_event(one, now))
    data: bytes = calendar.to_ical()
    return data


def new_calendar(name: str, product: str) -> Calendar:
    """Return an empty calendar that knows Beijing's time."""
    calendar = Calendar()
    calendar.add("PRODID", product)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("X-WR-CALNAME", name)
    calendar.add_component(_zone())
    return calendar


def _zone() -> Timezone:
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("TZID", HERE.key)
    standard.add("DTSTART", _SINCE)
    standard.add("TZNAME", "CST")
    standard.add("TZOFFSETFROM", _OFFSET)
    standard.add("TZOFFSETTO", _OFFSET)
    zone.add_component(standard)
    return zone


def _event(one: CalendarEntry, now: datetime) -> Event:
    event = Event()
    event.add("UID", one.uid)
    event.add("SEQUENCE", one.sequence)
    event.add("DTSTAMP", now.astimezone(UTC).replace(microsecond=0))
    event.add("DTSTART", one.starts_at.astimezone(HERE))
    event.add("DTEND", one.ends_at.astimezone(HERE))
    event.add("SUMMARY", one.summary)
    event.add("CATEGORIES", [one.tier])
    event.add("TRANSP", "TRANSPARENT")  # being on duty blocks nobody's calendar
    event.add(TIER, one.tier)
    event.add(OFFICER, one.officer)
    return event
