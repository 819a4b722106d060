"""What the services need of a store to know who is on duty next door, as Protocols; see services.ports."""

from datetime import datetime
from typing import Protocol

from schemas.duties import NeighbourDuty, ToldDuty


class DutiesShown(Protocol):
    """Who is on duty at partners, and what partners were told: reading."""

    def neighbour(self, county: str) -> NeighbourDuty | None:
        """Return the newest word of a partner, or None; it may have run out."""

    def neighbours(self) -> list[NeighbourDuty]:
        """Return the newest word of every partner that ever gave one, by county."""

    def told(self) -> list[ToldDuty]:
        """Return what each partner was last told, by county."""


class Duties(DutiesShown, Protocol):
    """The same: writing."""

    def keep(self, row: NeighbourDuty) -> None:
        """Keep a partner's word in place of the one before."""

    def forget(self, now: datetime) -> int:
        """Forget whom words named that have run out; their place stays. Return how many there were."""

    def note_told(self, row: ToldDuty) -> None:
        """Keep what a partner was told in place of what it was told before."""


class ShowsDuties(Protocol):
    """What a snapshot shows of duties."""

    @property
    def duties(self) -> DutiesShown:
        """Who is on duty at partners, and what they were told."""


class KeepsDuties(ShowsDuties, Protocol):
    """What a transaction does with duties."""

    @property
    def duties(self) -> Duties:
        """Who is on duty at partners, and what they were told."""
