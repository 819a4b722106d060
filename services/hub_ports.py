"""What the services need of the hub, as Protocols; see services.ports and schemas.carriage."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from schemas.carriage import ArrivalBatch, Publication
from schemas.subjects import Lane


class Appender(Protocol):
    """The way out to the hub; see schemas.carriage."""

    @property
    def contacts(self) -> int:
        """How often contact was made; whatever was learnt over an earlier contact is doubtful."""

    async def last_held(self, lane: Lane) -> int:
        """Return the last own publication sequence that the hub holds, 0 if none.

        Raises:
            UnavailableError: It cannot be known now.
        """

    async def append(self, lane: Lane, waiting: Sequence[Publication]) -> int:
        """Append in order; return the last own sequence that the hub holds.

        Raises:
            UnavailableError: Down or in doubt; the next call asks the hub first and never resends a chunk.
        """


class Puller(Protocol):
    """The way in from one stream of the hub."""

    stream: str

    def batches(self) -> AsyncIterator[ArrivalBatch]:
        """Yield what the hub hands over, over every reconnect, for ever."""

    def rewind(self) -> None:
        """Begin with the first message that the hub still keeps for us; also while ``batches`` is iterated."""

    async def acknowledge(self, batch: ArrivalBatch) -> None:
        """Everything up to the last of this batch is worked off."""
