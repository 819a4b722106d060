"""Forget what nobody needs any more, a little at a time: accepting never waits for it.

Gone are answers to Idempotency-Keys after seven days, and the note that an event was published once the hub itself
keeps it no longer and everybody it was addressed to has proved to hold it. Envelopes and receipts are never touched.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Self

import structlog

from schemas.errors import SihuError
from schemas.records import Swept
from schemas.subjects import Lane
from services.ports import Clock, Store
from services.recurring import recurring

log = structlog.get_logger()

KEYS_KEPT: Final = timedelta(days=7)
"""How long a retry with the same Idempotency-Key gets the same answer, at least."""
PUBLICATIONS_KEPT: Final = timedelta(days=14)
"""As long as the hub keeps messages: a younger one it may ask for again."""
_STEP: Final = 200  # rows looked at in one transaction: a few milliseconds of the writer's time
_PAUSE_SECONDS: Final = 0.05  # between two steps, so that a first sweep of a large database stays in the background
_EVERY_SECONDS: Final = 3600.0


class Sweeper:
    """Bound what a node remembers."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._clock = store, clock

    async def run_once(self) -> int:
        """Forget everything that is old enough now; return how many rows are gone.

        Raises:
            UnavailableError: The store cannot write now; what is left goes next time.
        """
        now = self._clock.now()
        answers = await self._sweep_answers(now - KEYS_KEPT)
        publications = sum([await self._sweep_lane(lane, now - PUBLICATIONS_KEPT) for lane in Lane])
        if answers or publications:
            log.info("upkeep.swept", answers=answers, publications=publications)
        return answers + publications

    async def _sweep_answers(self, before: datetime) -> int:
        gone = 0
        while count := await self._store.write(lambda tx: tx.memory.forget_answers(before, _STEP)):
            gone += count
            await self._clock.sleep(_PAUSE_SECONDS)
        return gone

    async def _sweep_lane(self, lane: Lane, before: datetime) -> int:
        gone, after = 0, 0
        while True:
            swept = await self._step(lane, after, before)
            gone += swept.dropped
            if swept.after is None:
                return gone
            after = swept.after
            await self._clock.sleep(_PAUSE_SECONDS)

    async def _step(self, lane: Lane, after: int, before: datetime) -> Swept:
        return await self._store.write(lambda tx: tx.outbox.sweep(lane, after, before, _STEP))

    @asynccontextmanager
    async def running(self, every_seconds: float = _EVERY_SECONDS) -> AsyncIterator[Self]:
        """Sweep at once and every ``every_seconds`` until the block ends."""
        async with recurring(
            self.run_once,
            name="upkeep",
            clock=self._clock,
            every_seconds=every_seconds,
            deferred=_tell_deferred,
        ):
            yield self


def _tell_deferred(error: SihuError) -> None:
    log.warning("upkeep.deferred", code=error.code)
