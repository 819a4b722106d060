"""Calendars: a county's holidays and make-up workdays, and the events of a calendar file (RFC 5545)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Model, VersionOne
from schemas.errors import Fault
from schemas.faults import broken_rule
from schemas.forms import LINE_PATTERN

CALENDAR_MAX_BYTES: Final = 256 * 1024
ICS_MAX_BYTES: Final = 1024 * 1024
ICS_EVENTS_MAX: Final = 5000
ICS_LENGTH_MAX_DAYS: Final = 366
"""Of one occurrence."""
HOLIDAY_MAX_DAYS: Final = 31


class Holiday(Model):
    """One public holiday: from its first to its last day off, and the weekend days that are worked for it."""

    name: Annotated[str, StringConstraints(max_length=30, pattern=LINE_PATTERN)]
    first: date
    last: date
    workdays: Annotated[tuple[date, ...], Field(max_length=10)] = ()
    """Make-up workdays (调休上班)."""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if not 0 <= (self.last - self.first).days < HOLIDAY_MAX_DAYS:
            raise broken_rule("last", f"let it end on or after its first day, within {HOLIDAY_MAX_DAYS} days")
        return self


Holidays = Annotated[tuple[Holiday, ...], Field(max_length=40)]
Source = Annotated[str, StringConstraints(max_length=200, pattern=LINE_PATTERN)]


class Region(Model):
    """What is different in some places, e.g. 三月三 in Guangxi; the longest prefix that fits decides last."""

    adcodes: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{1,5}$")], ...], Field(min_length=1, max_length=64)
    ]
    """Beginnings of division codes: 45 for Guangxi, 451226 for one county."""
    source: Source
    holidays: Holidays


class CalendarFile(Model):
    """One year as the operator wrote it down, with the notice that it comes from."""

    v: VersionOne = 1
    year: Annotated[int, Field(ge=2000, le=2200)]
    source: Source
    holidays: Holidays
    regions: Annotated[tuple[Region, ...], Field(max_length=200)] = ()


@dataclass(frozen=True, slots=True)
class Workdays:
    """The days of one county that are other than their weekday says.

    Attributes:
        years: For which there is a file; beyond them Monday to Friday stand in, and that is said.
        off: Days off and why.
        worked: Make-up workdays and for which holiday.
    """

    years: frozenset[int] = frozenset()
    off: Mapping[date, str] = field(default_factory=dict)
    worked: Mapping[date, str] = field(default_factory=dict)


class Frequency(StrEnum):
    """FREQ of a recurrence rule; nothing finer than a day makes a duty."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Rule:
    """RRULE, by its parts (RFC 5545, section 3.3.10).

    Attributes:
        until: Last moment at which an occurrence may start, aware; or None.
        count: Occurrences in all; or None.
        by_day: Pairs of ordinal (0 for every one) and weekday (0 Monday to 6 Sunday).
        week_start: 0 Monday to 6 Sunday.
    """

    frequency: Frequency
    interval: int = 1
    until: datetime | None = None
    count: int | None = None
    by_month: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_position: tuple[int, ...] = ()
    week_start: int = 0


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One VEVENT as it was read.

    Attributes:
        line: Line of the file on which it begins, from 1.
        starts_at: Aware, in its own zone; an event of whole days at 00:00 in Beijing.
        length: Its duration.
        whole_days: DTSTART is a date.
        names: Who it names, by attendee, own property or summary, in this order of preference.
        categories: Upper and lower case as written.
        extra_starts: RDATE: start and duration (None: as ``length``).
        left_out: EXDATE.
        replaces: RECURRENCE-ID: the occurrence of the same UID that this one stands for; else None.
        cancelled: STATUS is CANCELLED.
    """

    line: int
    uid: str
    sequence: int
    starts_at: datetime
    length: timedelta
    whole_days: bool
    summary: str
    names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    rule: Rule | None = None
    extra_starts: tuple[tuple[datetime, timedelta | None], ...] = ()
    left_out: tuple[datetime, ...] = ()
    replaces: datetime | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class IcsFile:
    """What a calendar file says, and the lines of it that were left out, each with its mend."""

    events: tuple[CalendarEvent, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which an event takes place."""

    event: CalendarEvent
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One VEVENT to be written; carries no number.

    Attributes:
        uid: The same for the same turn, whoever stands in it.
        sequence: Grows whenever the turn changes.
        officer: Officer id, so that the file can come back.
        tier: As in ``schemas.pages.Tier``.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    officer: str
    tier: str


class EntryStatus(StrEnum):
    """STATUS of an entry in a feed."""

    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class Participation(StrEnum):
    """PARTSTAT of who is invited."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"


@dataclass(frozen=True, slots=True)
class FeedParty:
    """A county in an entry: as a URI, since it has no mailbox here, and by its office.

    Attributes:
        required: ROLE is REQ-PARTICIPANT; a guest's is OPT-PARTICIPANT.
    """

    county: str
    office: str
    answer: Participation = Participation.NEEDS_ACTION
    required: bool = True


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One VEVENT of the calendar that counties subscribe to.

    Attributes:
        starts: A moment, or a day for an entry of whole days.
        ends: Of the same kind; not included.
        changed_at: When what the entry says was last changed.
        point: Latitude and longitude in degrees; None if unknown.
        organizer: Who leads; None for festivals.
    """

    uid: str
    sequence: int
    summary: str
    description: str
    starts: datetime | date
    ends: datetime | date
    changed_at: datetime
    categories: tuple[str, ...]
    status: EntryStatus = EntryStatus.CONFIRMED
    location: str = ""
    point: tuple[float, float] | None = None
    organizer: FeedParty | None = None
    attendees: tuple[FeedParty, ...] = ()
