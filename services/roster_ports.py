"""What the services need from outside for a roster, as Protocols."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from schemas.calendars import CalendarEntry, IcsFile
from schemas.errors import Fault
from services.domain.roster_files import RosterHistory


class Rosters(Protocol):
    """The files of the county's roster; several threads and processes may use them at once."""

    faults: tuple[Fault, ...]
    """What is wrong with them now; the last good roster is in force meanwhile."""

    def exists(self) -> bool:
        """Tell whether the county has a roster at all."""

    def current(self) -> RosterHistory:
        """Return what is in force, also what another program wrote meanwhile; cheap.

        Raises:
            RequestError: There is no roster, or it was never good since this process began.
        """

    def change(self, decide: Callable[[RosterHistory], bytes], recorded_at: datetime) -> RosterHistory:
        """Append the records that ``decide`` returns for the roster as it is now, durably, one writer at a time.

        Returns:
            The roster with them. What ``decide`` raises changes nothing.

        Raises:
            RequestError: There is no good roster, the year's file is full, or the place is not to be written.
            UnavailableError: The disk is full or failing.
        """

    def keep_plan(self, now: datetime) -> bool:
        """Keep the text of the plan for the past, if it is a new one.

        Raises:
            RequestError: The place is not to be written.
            UnavailableError: The disk is full or failing.
        """


class Calendars(Protocol):
    """Calendar files after RFC 5545."""

    def read(self, data: bytes) -> IcsFile:
        """Return the events of a file of at most 1 MiB, and what of it cannot be read, by its line."""

    def write(self, entries: Iterable[CalendarEntry], *, name: str, now: datetime) -> bytes:
        """Return a file of these entries; ``name`` is what a calendar program calls it."""
