"""Campaigns and festivals as the calendar that people subscribe to (RFC 5545), by ``icalendar``.

It has no METHOD: with PUBLISH an entry may name nobody who is invited (RFC 5546, section 3.2.1), and whether the
neighbours come is what people look for. Counties stand in it as URIs: nobody is sent a mail by a calendar program.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from icalendar import Event, vCalAddress

from adapters.calendar.reading import HERE
from adapters.calendar.writing import new_calendar
from schemas.calendars import FeedEntry, FeedParty

_PRODUCT: Final = "-//Sihu//campaigns//ZH"
_URI: Final = "urn:sihu:county:"


def write_feed(entries: Iterable[FeedEntry], *, name: str) -> bytes:
    """Return the file; the same entries make the same bytes.

    Args:
        entries: In any order.
        name: What a calendar program calls it.
    """
    calendar = new_calendar(name, _PRODUCT)
    for one in sorted(entries, key=lambda entry: entry.uid):
        calendar.add_component(_event(one))
    data: bytes = calendar.to_ical()
    return data


def _event(one: FeedEntry) -> Event:
    event = Event()
    event.add("UID", one.uid)
    event.add("SEQUENCE", one.sequence)
    changed = one.changed_at.astimezone(UTC).replace(microsecond=0)
    event.add("DTSTAMP", changed)  # without METHOD it says when the entry was last changed
    event.add("LAST-MODIFIED", changed)
    event.add("DTSTART", one.starts.astimezone(HERE) if isinstance(one.starts, datetime) else one.starts)
    event.add("DTEND", one.ends.astimezone(HERE) if isinstance(one.ends, datetime) else one.ends)
    event.add("SUMMARY", one.summary)
    event.add("DESCRIPTION", one.description)
    event.add("CATEGORIES", list(one.categories))
    event.add("STATUS", one.status.value)
    event.add("TRANSP", "TRANSPARENT")
    if one.location:
        event.add("LOCATION", one.location)
    if one.point is not None:
        event.add("GEO", one.point)
    if one.organizer is not None:
        event.add("ORGANIZER", _address(one.organizer))
    for party in one.attendees:
        event.add("ATTENDEE", _invited(party))
    return event


def _address(party: FeedParty) -> vCalAddress:
    address = vCalAddress(_URI + party.county)
    address.params["CN"] = party.office
    return address


def _invited(party: FeedParty) -> vCalAddress:
    address = _address(party)
    address.params["CUTYPE"] = "GROUP"
    address.params["ROLE"] = "REQ-PARTICIPANT" if party.required else "OPT-PARTICIPANT"
    address.params["PARTSTAT"] = party.answer.value
    return address
