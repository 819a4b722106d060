"""What the services need from outside for a roster, as Protocols."""

from datetime import datetime
from typing import Protocol

from schemas.errors import Fault
from services.domain.roster_files import RosterHistory


class Rosters(Protocol):
    """The files of the county's roster."""

    faults: tuple[Fault, ...]
    """What is wrong with them now; the last good roster is in force meanwhile."""

    def exists(self) -> bool:
        """Tell whether the county has a roster at all."""

    def current(self) -> RosterHistory:
        """Return what is in force, also what another program wrote meanwhile; cheap.

        Raises:
            RequestError: There is no roster, or it was never good since this process began.
        """

    def append(self, line: bytes, recorded_at: datetime) -> None:
        """Append one record, durably.

        Raises:
            RequestError: The year's file is full, or the place is not to be written.
            UnavailableError: The disk is full or failing.
        """

    def keep_plan(self, now: datetime) -> bool:
        """Keep the text of the plan for the past, if it is a new one.

        Raises:
            RequestError: The place is not to be written.
            UnavailableError: The disk is full or failing.
        """
