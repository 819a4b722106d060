"""Rosters as calendar files and back: turns as entries without numbers, occurrences as shifts of known officers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from schemas.calendars import CalendarEntry, CalendarEvent, IcsFile, Occurrence
from schemas.counties import name_of
from schemas.errors import Fault
from schemas.faults import MAX_FAULTS
from schemas.pages import Tier
from schemas.rosters import SPAN_MAX_DAYS, DutyShift, ImportedShift, minutes
from services.domain.coverage import tier_zh
from services.domain.encoding import digest_of
from services.domain.recurrence import expand
from services.domain.rosters import Roster

PersonTier = Literal[Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER]


class Slot(StrEnum):
    """A tier in which persons take turns, as a caller names it."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    LEADER = "leader"


TIERS_OF: Final[Mapping[Slot, PersonTier]] = {
    Slot.PRIMARY: Tier.PRIMARY,
    Slot.SECONDARY: Tier.SECONDARY,
    Slot.LEADER: Tier.LEADER,
}
_UID_LENGTH: Final = 32
_WORDS: Final[Mapping[str, PersonTier]] = {
    "primary": Tier.PRIMARY,
    "secondary": Tier.SECONDARY,
    "leader": Tier.LEADER,
    "主班": Tier.PRIMARY,
    "值班员": Tier.PRIMARY,
    "副班": Tier.SECONDARY,
    "带班": Tier.LEADER,
    "带班领导": Tier.LEADER,
}


def entries(county: str, roster: Roster, found: Iterable[DutyShift]) -> tuple[CalendarEntry, ...]:
    """Return turns as calendar entries; stretches with nobody are left out.

    Args:
        county: Division code; keeps the UIDs of two counties apart.
        roster: Names the officers as the desk does.
        found: As ``shifts`` returns them.
    """
    return tuple(
        CalendarEntry(
            uid=_uid(county, one),
            sequence=one.revision,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            summary=f"{tier_zh(one.tier)} {roster.display(one.officer)}",
            officer=one.officer,
            tier=one.tier,
        )
        for one in found
        if one.officer is not None
    )


def title_of(county: str) -> str:
    """Return what calendar programs call the roster of a county."""
    return f"{name_of(county)} 值班表"


def _uid(county: str, one: DutyShift) -> str:
    named = f"{county}|{one.tier}|{one.starts_at.timestamp():.0f}"
    return f"{digest_of(named.encode())[:_UID_LENGTH]}@{county}.sihu"


@dataclass(frozen=True, slots=True)
class Adopted:
    """The shifts that could be read out of a calendar, and the lines of the file that could not, each with its mend."""

    shifts: tuple[ImportedShift, ...]
    faults: tuple[Fault, ...]


def shifts_in(
    file: IcsFile, roster: Roster, within: tuple[datetime, datetime], tier: PersonTier | None = None
) -> Adopted:
    """Return the shifts of a calendar file that touch a span, and everything of it that cannot be read.

    Args:
        file: As it was read.
        roster: Whom it knows.
        within: Aware; the end is not included.
        tier: For events that name none.
    """
    expanded = expand(file.events, *within)
    adopted = adopt(expanded.occurrences, roster, tier=tier)
    return Adopted(adopted.shifts, (*file.faults, *expanded.faults, *adopted.faults)[:MAX_FAULTS])


def adopt(
    occurrences: Iterable[Occurrence], roster: Roster, *, tier: PersonTier | None = None, handover: str = "08:30"
) -> Adopted:
    """Turn occurrences of a calendar into shifts of officers whom the roster knows.

    Args:
        occurrences: In any order.
        roster: Whom it knows by officer id or by what the desk calls them.
        tier: For events that say none by a category, an own property or the first word of the summary.
        handover: An event of whole days runs from this Beijing time on its first day to the same behind its last.
    """
    shifts: list[ImportedShift] = []
    faults: dict[tuple[str, str], Fault] = {}
    known = _names(roster)
    for one in occurrences:
        read = _read(one, known, tier, handover)
        if isinstance(read, Fault):
            faults[read.code, read.field] = read
        else:
            shifts.append(read)
    return Adopted(tuple(shifts), tuple(faults.values())[:MAX_FAULTS])


def _names(roster: Roster) -> Mapping[str, str]:
    """Return officer ids by every name they go by; a display that two share names neither."""
    displays = [one.display for one in roster.plan.contacts]
    named = {one.display: one.officer for one in roster.plan.contacts if displays.count(one.display) == 1}
    return named | {one.officer: one.officer for one in roster.plan.contacts}


def _read(one: Occurrence, known: Mapping[str, str], tier: PersonTier | None, handover: str) -> ImportedShift | Fault:
    event = one.event
    place = f"line {event.line}"
    officers = dict.fromkeys(known[name] for name in _spoken(event) if name in known)
    if len(officers) != 1:
        code = "ics.several_officers" if officers else "ics.unknown_officer"
        mend = (
            "name one officer in it" if officers else "nobody in the roster is called as its attendee or summary says"
        )
        return Fault(code, f"{place} {'ATTENDEE' if event.names else 'SUMMARY'}", mend)
    told = _tier(event) or tier
    if told is None:
        return Fault(
            "ics.no_tier",
            f"{place} CATEGORIES",
            "name primary, secondary or leader there, or give the tier of all that say none",
        )
    shift = timedelta(minutes=minutes(handover)) if event.whole_days else timedelta()
    starts_at, ends_at = one.starts_at + shift, one.ends_at + shift
    if not timedelta() < ends_at - starts_at <= timedelta(days=SPAN_MAX_DAYS):
        return Fault("ics.length", f"{place} DTEND", f"let it end after it starts, within {SPAN_MAX_DAYS} days")
    return ImportedShift(starts_at=starts_at, ends_at=ends_at, tier=told, officer=next(iter(officers)))


def _spoken(event: CalendarEvent) -> Iterator[str]:
    """Yield what may name an officer: attendees and own property, or else the summary and each word of it."""
    if event.names:
        yield from event.names
        return
    yield event.summary.strip()
    yield from event.summary.split()


def _tier(event: CalendarEvent) -> PersonTier | None:
    words = [*(one.casefold() for one in event.categories), *event.summary.split()[:1]]
    return next((_WORDS[one] for one in words if one in _WORDS), None)
