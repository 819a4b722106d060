"""Search this county's events: the index names where to look, and what is shown was read and does have the words.

A search is bounded by what it costs, not by what it finds: one that would take longer ends early, says so and from
where on it goes on. Personal content is never searched; without words it is listed by its header alone.

Source: docs/decisions/0037-search-by-a-keyed-index.md
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from schemas.errors import UnavailableError
from schemas.records import EventSummary, StoredEvent
from schemas.searches import PLACES, BlockLook, SearchFigures, Wanted
from services.domain.search_index import places_in, token_of
from services.domain.search_text import Hit, Query, find, texts_of
from services.ports import Snapshot, Store

WAITING_MOST: Final = 16
"""Searches in hand; one more is told to come back."""

# Microseconds on one slow core, roughly: what is counted is the same on every machine.
_COST_MOST: Final = 30_000
_OF_BLOCK: Final = 5
_OF_ROWS: Final = 250
_OF_EVENT: Final = 50
_BYTES_OF_ONE: Final = 32
_PAIRS_MOST: Final = 12  # of a long query so many are enough: what is left is read anyway


@dataclass(frozen=True, slots=True)
class Asked:
    """One search.

    Attributes:
        query: Words; None lists by header alone.
        before: Only events at smaller positions; 0 begins at the newest.
        limit: How many events at most.
        unacknowledged: Only incoming ones that ask for this county's acknowledgement and have none.
    """

    query: Query | None
    wanted: Wanted
    before: int
    limit: int
    unacknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, the newest first; where to go on, None if everything was looked through; how far the index is."""

    events: tuple[tuple[EventSummary, Hit | None], ...]
    next_before: int | None
    figures: SearchFigures


class Searcher:
    """Runs searches one after the other, so that they leave room for other readers."""

    def __init__(self, store: Store, key: bytes | None) -> None:
        """Take the store, and the key of its index; without one every event is read."""
        self._store, self._key = store, key
        self._turns = asyncio.Semaphore(1)
        self._in_hand = 0

    async def search(self, asked: Asked) -> Found:
        """Search once.

        Raises:
            UnavailableError: Too many search at once, or the store cannot be read.
        """
        if self._in_hand >= WAITING_MOST:
            raise UnavailableError("too many searches at once")
        self._in_hand += 1
        try:
            async with self._turns:
                return await self._store.read(lambda snapshot: search(snapshot, asked, self._key))
        finally:
            self._in_hand -= 1


def search(snapshot: Snapshot, asked: Asked, key: bytes | None) -> Found:
    """Search a snapshot; ``key`` is that of its index, None to do without."""
    return _Search(snapshot, asked, key).run()


class _Search:
    def __init__(self, snapshot: Snapshot, asked: Asked, key: bytes | None) -> None:
        self._snapshot, self._shown, self._asked = snapshot, snapshot.search, asked
        last = self._shown.last_position()
        self._below = min(asked.before or last + 1, last + 1)
        pairs = asked.query.pairs[:_PAIRS_MOST] if asked.query and key is not None else ()
        self._tokens = [token_of(pair, key) for pair in pairs] if key is not None else []
        self._cost = 0

    def run(self) -> Found:
        found: list[tuple[EventSummary, Hit | None]] = []
        for block, places in self._blocks():
            for event in self._events(block, places):
                hit = self._judged(event)
                if hit is not False:
                    found.append((self._summary(event), hit))
                if len(found) == self._asked.limit or self._cost >= _COST_MOST:
                    return self._ended(found, event.position)
            if self._cost >= _COST_MOST:
                return self._ended(found, block * PLACES)
        return Found(tuple(found), None, self._shown.figures())

    def _ended(self, found: list[tuple[EventSummary, Hit | None]], position: int) -> Found:
        going_on = position if position > 1 else None  # positions begin at 1
        return Found(tuple(found), going_on, self._shown.figures())

    def _blocks(self) -> Iterator[tuple[int, bytes | None]]:
        """Return blocks and the places in them to look at, the newest first; None for all: it is not indexed."""
        top = (self._below - 1) // PLACES
        looks = self._looks(top)
        look = next(looks, None)
        for block in range(top, -1, -1):
            self._cost += _OF_BLOCK
            if look is None or look.block != block:
                yield block, self._narrowed(block, None)
                continue
            yield block, self._narrowed(block, self._places(look))
            look = next(looks, None)

    def _narrowed(self, block: int, places: bytes | None) -> bytes | None:
        """Leave those that wait for an acknowledgement, if they are asked for: most blocks have none."""
        if not self._asked.unacknowledged or places == b"":
            return places
        self._cost += _OF_BLOCK
        waiting = self._shown.unacknowledged_in(block)
        return waiting if places is None else bytes(sorted(set(waiting).intersection(places)))

    def _looks(self, top: int) -> Iterator[BlockLook]:
        return self._shown.looks(self._tokens[0][0], top) if self._tokens else iter(())

    def _places(self, look: BlockLook) -> bytes:
        left = set(places_in(look.postings, self._tokens[0][1]))
        for bucket, mark in self._tokens[1:]:
            if not left:
                break
            self._cost += _OF_BLOCK
            left &= set(places_in(self._shown.postings(look.block, bucket), mark))
        return bytes(sorted(left.union(look.dense)))

    def _events(self, block: int, places: bytes | None) -> Iterator[StoredEvent]:
        if places == b"":
            return iter(())
        self._cost += _OF_ROWS if places is None else len(places)
        return self._shown.events_in(block, places, self._asked.wanted, self._below)

    def _judged(self, event: StoredEvent) -> Hit | Literal[False] | None:
        """Return where the words are, None if none are asked for, False if it is not wanted."""
        header, wanted = event.envelope.header, self._asked.wanted
        self._cost += _OF_EVENT + len(event.envelope.content) // _BYTES_OF_ONE
        if wanted.county is not None and wanted.county not in {header.source, *header.to}:
            return False
        if wanted.status is not None and header.status is not wanted.status:
            return False
        if self._asked.query is None:
            return None
        return find(self._asked.query, texts_of(event)) or False

    def _summary(self, event: StoredEvent) -> EventSummary:
        page = self._snapshot.events(
            direction=event.direction, wire_type=event.envelope.header.type, since=event.position - 1, limit=1
        )
        return page.rows[0]
