"""What the services need of a store to search, as Protocols; see services.ports."""

from collections.abc import Iterator
from typing import Protocol

from schemas.records import StoredEvent
from schemas.searches import BlockLook, BlockWords, SearchFigures, Wanted


class SearchShown(Protocol):
    """The index, and the events that it names. A block is indexed whole or not at all."""

    def last_position(self) -> int:
        """Return the newest position, 0 if nothing is recorded."""

    def looks(self, bucket: int, top: int) -> Iterator[BlockLook]:
        """Return one bucket of every indexed block up to ``top``, the newest first; blocks not indexed are left out."""

    def postings(self, block: int, bucket: int) -> bytes:
        """Return one bucket of a block; empty if there is none."""

    def events_in(self, block: int, places: bytes | None, wanted: Wanted, below: int) -> Iterator[StoredEvent]:
        """Return events of a block, the newest first.

        Args:
            block: Which 256 positions.
            places: Only at these; None for all.
            wanted: By direction, mutual, type, level and time; county and status are left to the caller.
            below: Only at smaller positions.
        """

    def unacknowledged_in(self, block: int) -> bytes:
        """Return the places, ascending, at which events ask for this county's acknowledgement and have none."""

    def erasures_in(self, block: int) -> int:
        """Return how many erasures are on record of events in a block: it tells whether one came meanwhile."""

    def next_block(self) -> int | None:
        """Return a whole block that is not in the index, those that fell out of it first; None if there is none."""

    def figures(self) -> SearchFigures:
        """Return how far the index has come."""


class SearchBook(SearchShown, Protocol):
    """Writing the index. An erasure takes the whole block out of it, in its own transaction."""

    def put(self, block: int, words: BlockWords) -> None:
        """Keep the index of a block, in place of what there was."""

    def clear(self) -> None:
        """Take everything out."""


class ShowsSearch(Protocol):
    """What a snapshot shows of the index."""

    @property
    def search(self) -> SearchShown:
        """Words of events."""


class KeepsSearch(ShowsSearch, Protocol):
    """What a transaction does with the index."""

    @property
    def search(self) -> SearchBook:
        """Words of events."""
