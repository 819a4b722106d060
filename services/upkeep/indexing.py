"""Index the words of events behind everything else: a block of positions at a time, and rarely.

Nothing waits for it: a block that is not indexed yet is searched by reading its events. Where it stands is in the
database, so that after a crash it goes on; and after an update it works through what was there before.

Source: docs/decisions/0037-search-by-a-keyed-index.md
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

import structlog

from schemas.errors import SihuError
from schemas.searches import PLACES, BlockWords, Wanted
from services.domain.search_index import identity_of, index_block
from services.domain.search_text import texts_of
from services.ports import Clock, Snapshot, Store, Transaction
from services.recurring import recurring

log = structlog.get_logger()

INDEX: Final = "search_index"
"""Name of the setting that says by which key and rules the index was made."""
_SHARE: Final = 10  # of the time at most one part in so many is spent, so that accepting does not feel it
_PAUSE_SECONDS: Final = 0.01
_EVERY_SECONDS: Final = 5.0


class Indexer:
    """Keeps the index of a node."""

    def __init__(self, *, store: Store, clock: Clock, key: bytes) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            clock: Measures how long a block takes, and sleeps.
            key: 32 bytes; not in the database.
        """
        self._store, self._clock, self._key = store, clock, key

    async def begin(self) -> bool:
        """Drop an index that another key or other rules have made, before anybody searches; tell whether it was so.

        Raises:
            UnavailableError: The store cannot write now.
        """
        return await self._store.write(self._claim)

    def _claim(self, tx: Transaction) -> bool:
        ours, found = identity_of(self._key), tx.memory.settings().get(INDEX)
        if found == ours:
            return False
        tx.search.clear()
        tx.memory.put_setting(INDEX, ours)
        return True

    async def run_once(self) -> int:
        """Index every whole block that is not in the index; return how many went in.

        Raises:
            UnavailableError: The store cannot be used now; what is left goes next time.
        """
        count = 0
        while True:
            began = self._clock.monotonic()
            block = await self._store.read(lambda snapshot: snapshot.search.next_block())
            if block is None:
                break
            words, erasures = await self._store.read(lambda snapshot, block=block: self._read(snapshot, block))  # type: ignore[misc]
            count += await self._store.write(
                lambda tx, block=block, words=words, erasures=erasures: _put(tx, block, words, erasures)  # type: ignore[misc]
            )
            took = self._clock.monotonic() - began
            await self._clock.sleep(max(_PAUSE_SECONDS, took * (_SHARE - 1)))
        if count:
            log.info("upkeep.indexed", blocks=count)
        return count

    def _read(self, snapshot: Snapshot, block: int) -> tuple[BlockWords, int]:
        shown = snapshot.search
        below = (block + 1) * PLACES
        events = sorted(shown.events_in(block, None, Wanted(), below), key=lambda one: one.position)
        texts = ((one.position % PLACES, [text.text for text in texts_of(one)]) for one in events)
        return index_block(texts, self._key), shown.erasures_in(block)

    @asynccontextmanager
    async def running(self, every_seconds: float = _EVERY_SECONDS) -> AsyncIterator[Self]:
        """Look at once and every ``every_seconds`` until the block ends."""
        async with recurring(
            self.run_once, name="indexer", clock=self._clock, every_seconds=every_seconds, deferred=_tell_deferred
        ):
            yield self


def _put(tx: Transaction, block: int, words: BlockWords, erasures: int) -> bool:
    """Keep the index of a block, unless something in it was erased since it was read: then it is read again."""
    if tx.search.erasures_in(block) != erasures:
        return False
    tx.search.put(block, words)
    return True


def _tell_deferred(error: SihuError) -> None:
    log.warning("upkeep.deferred", what="search", code=error.code)
