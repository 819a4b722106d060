"""Who is on duty next door, and what partners were told."""

from dataclasses import replace
from datetime import datetime

from adapters.memory.state import State
from schemas.duties import NeighbourDuty, ToldDuty


class MemoryDuties:
    """Satisfies ``services.duty_ports.Duties``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def neighbour(self, county: str) -> NeighbourDuty | None:
        """Return the newest word of a partner, or None; it may have run out."""
        return self._state.neighbour_duties.get(county)

    def neighbours(self) -> list[NeighbourDuty]:
        """Return the newest word of every partner that ever gave one, by county."""
        return [row for _, row in sorted(self._state.neighbour_duties.items())]

    def told(self) -> list[ToldDuty]:
        """Return what each partner was last told, by county."""
        return [row for _, row in sorted(self._state.told_duties.items())]

    def keep(self, row: NeighbourDuty) -> None:
        """Keep a partner's word in place of the one before."""
        self._state.neighbour_duties[row.county] = row

    def forget(self, now: datetime) -> int:
        """Forget whom words named that have run out, partners' and our own; their place stays. Return how many."""
        over = [row for row in self.neighbours() if row.valid_until <= now and (row.office or row.people)]
        for row in over:
            self.keep(replace(row, office="", people=()))
        told = [row for row in self.told() if row.valid_until <= now and row.people]
        for said in told:
            self.note_told(replace(said, people=()))
        return len(over) + len(told)

    def note_told(self, row: ToldDuty) -> None:
        """Keep what a partner was told in place of what it was told before."""
        self._state.told_duties[row.partner] = row
