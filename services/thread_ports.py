"""What the services need of a store for threads and for the ledger, as Protocols; see services.ports."""

from datetime import datetime
from typing import Protocol

from schemas.ledgers import DeliveryGroup, EventGroup, MatterGroup
from schemas.records import StoredEvent
from schemas.threads import Family, ThreadOf, ThreadRow


class ThreadsShown(Protocol):
    """Threads: reading."""

    def acts(self, thread: ThreadOf, limit: int) -> list[StoredEvent]:
        """Return the acts of a thread in the order of recording, erased ones too; refused ones are none."""

    def thread_of(self, position: int) -> ThreadOf | None:
        """Return the thread to which the event at a position belongs, or None."""

    def row(self, thread: ThreadOf) -> ThreadRow | None:
        """Return one thread, or None."""

    def rows(self, family: Family, *, state: str | None, before: int, limit: int) -> list[ThreadRow]:
        """Return threads of a family, those with the newest acts first.

        Args:
            family: Which.
            state: Only those in this state; None for all.
            before: Only those whose newest act is before this position; 0 begins at the newest.
            limit: How many at most.
        """

    def rows_between(self, family: Family, since: datetime, until: datetime, limit: int) -> list[ThreadRow]:
        """Return threads of a family that last into or begin within a span, by start and key."""


class Threads(ThreadsShown, Protocol):
    """Threads: reading and writing; acts are recorded with their links, by the outbox."""

    def put(self, row: ThreadRow) -> None:
        """Keep the row of a thread, in place of the one before."""

    def drop(self, thread: ThreadOf) -> None:
        """Forget the row of a thread."""


class LedgerShown(Protocol):
    """Aggregates over everything that lies here; a span includes its beginning and not its end."""

    def events(self, since: datetime, until: datetime) -> list[EventGroup]:
        """Return how many events were recorded, in groups."""

    def deliveries(self, since: datetime, until: datetime) -> list[DeliveryGroup]:
        """Return how many deliveries there are of the events recorded, and how long they took, in groups."""

    def matters(self, since: datetime, until: datetime) -> list[MatterGroup]:
        """Return how many threads, cases and courses were opened, in groups, once for each partner and once for all."""


class ShowsThreads(Protocol):
    """What a snapshot shows of threads."""

    @property
    def threads(self) -> ThreadsShown:
        """Campaigns, offers, projects."""

    @property
    def ledger(self) -> LedgerShown:
        """Aggregates."""


class KeepsThreads(ShowsThreads, Protocol):
    """What a transaction does with threads."""

    @property
    def threads(self) -> Threads:
        """Campaigns, offers, projects."""
