"""Calendar files both ways, as one port."""

from collections.abc import Iterable
from datetime import datetime

from schemas.calendars import CalendarEntry, IcsFile


class CalendarFiles:
    """Satisfies ``services.roster_ports.Calendars``.

    The library behind it is read when the first calendar is: 7 MiB that most nodes never need.
    """

    def read(self, data: bytes) -> IcsFile:
        """Return the events of a file, and what of it cannot be read."""
        from adapters.calendar.reading import read_ics  # noqa: PLC0415

        return read_ics(data)

    def write(self, entries: Iterable[CalendarEntry], *, name: str, now: datetime) -> bytes:
        """Return a file of these entries."""
        from adapters.calendar.writing import write_ics  # noqa: PLC0415

        return write_ics(entries, name=name, now=now)
