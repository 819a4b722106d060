"""Calendar files both ways, as one port."""

from collections.abc import Iterable
from datetime import datetime

from adapters.calendar.reading import read_ics
from adapters.calendar.writing import write_ics
from schemas.calendars import CalendarEntry, IcsFile


class CalendarFiles:
    """Satisfies ``services.roster_ports.Calendars``."""

    def read(self, data: bytes) -> IcsFile:
        """Return the events of a file, and what of it cannot be read."""
        return read_ics(data)

    def write(self, entries: Iterable[CalendarEntry], *, name: str, now: datetime) -> bytes:
        """Return a file of these entries."""
        return write_ics(entries, name=name, now=now)
