"""What callers may write into the addresses of the roster."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticKnownError

from schemas.base import FIRST_YEAR, LAST_YEAR, Model
from schemas.envelope import MAX_INTEGER
from schemas.forms import LINE_PATTERN
from schemas.ids import OfficerId
from schemas.rosters import SPAN_MAX_DAYS, RecordId
from services.domain.duty_calendars import Slot
from services.gateway.api.asked import PAGE_DEFAULT, Flag, Limit, Number

DAYS_DEFAULT: Final = 31
_AHEAD_DAYS: Final = 14
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)(Z|[ +-][0-9]{2}:[0-9]{2})", re.ASCII
)


def _moment(text: object) -> object:
    if not isinstance(text, str):
        return text
    found = _TIME.fullmatch(text)
    try:
        # In an address a plus that was not written as %2B comes as a blank; no other time has one there.
        moment = datetime.fromisoformat(found[1] + found[2].replace(" ", "+")) if found else None
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise PydanticKnownError("datetime_parsing", {"error": "it is no time of RFC 3339 with its offset"})
    return moment


AskedTime = Annotated[datetime, BeforeValidator(_moment)]
"""RFC 3339 with its offset, aware."""

Days = Annotated[Number, Field(ge=1, le=SPAN_MAX_DAYS)]
Numbers = Annotated[
    Flag, Field(description="Show telephone numbers whole; needs the scope `roster:numbers` and is written to the log.")
]


class RosterQuery(Model):
    """How far to look ahead, and whether numbers are shown."""

    days: Annotated[Days, Field(description="How many days ahead gaps are looked for.")] = _AHEAD_DAYS
    numbers: Numbers = False


class DutyQuery(Model):
    """At which moment."""

    at: Annotated[AskedTime | None, Field(description="Now, if left out; may lie in the past or the future.")] = None
    hindsight: Annotated[
        Flag, Field(description="Of the past: also by what was recorded only afterwards, instead of as known then.")
    ] = False
    numbers: Numbers = False


class PlanQuery(Model):
    """Which days of the plan, and whose."""

    starts_at: Annotated[
        AskedTime | None, Field(alias="from", description="From when on; the full hour now, if left out.")
    ] = None
    ends_at: Annotated[
        AskedTime | None,
        Field(alias="to", description="Up to when, not included, within 366 days; 31 days on, if left out."),
    ] = None
    officer: Annotated[OfficerId | None, Field(description="Only the shifts of this officer.")] = None


class RecordsQuery(Model):
    """Which records."""

    limit: Annotated[Limit, Field(description="How many at most, the newest first.")] = PAGE_DEFAULT
    before: Annotated[
        Annotated[Number, Field(ge=1, le=MAX_INTEGER)] | None, Field(description="Only records with a smaller number.")
    ] = None


class RecordPath(Model):
    """Which record."""

    record: Annotated[RecordId, Field(description="Id of the record, 32 lower-case hexadecimal digits.")]


class ImportQuery(Model):
    """How a calendar file is taken."""

    source: Annotated[
        str,
        StringConstraints(max_length=80, pattern=LINE_PATTERN),
        Field(description="Name of the file, as the records will show it."),
    ] = "roster.ics"
    starts_at: Annotated[
        AskedTime | None, Field(alias="from", description="What ends before is left out; now, if left out.")
    ] = None
    days: Annotated[Days, Field(description="How many days from there on.")] = DAYS_DEFAULT
    tier: Annotated[Slot | None, Field(description="For events that name none.")] = None
    partial: Annotated[
        Flag, Field(description="Take what can be read and leave the rest out; otherwise all or nothing.")
    ] = False
