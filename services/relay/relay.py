"""The way out: publications of the outbox are appended at the hub, in order per lane.

What the hub says about our own sequences is a hint that saves work, never a proof: the outbox stays the truth.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, Self

import structlog

from schemas.errors import UnavailableError
from schemas.notices import NoticeKind
from schemas.records import RESTORED
from schemas.subjects import Lane
from services.domain.telling import told_of_own_twin
from services.hub_ports import Appender
from services.ports import Clock, Snapshot, Store, Transaction

log = structlog.get_logger()

BATCH_MAX: Final = 3000  # publications; three atomic batches in flight
BATCH_MAX_BYTES: Final = 8 * 1024 * 1024
_MARK_EVERY_SECONDS: Final = 0.5
ASK_AGAIN_SECONDS: Final = 10.0
"""A stream that was made anew, or lost its end, shows at the next append; a lane that is quiet asks that often."""


class Relay:
    """Move signed envelopes to the bus."""

    def __init__(self, *, store: Store, appender: Appender, clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._appender, self._clock = store, appender, clock
        self._cursor: dict[Lane, int] = {}
        self._asked_over: dict[Lane, int] = {}
        self._known_at: dict[Lane, float] = {}
        self._marked: dict[Lane, tuple[int, float]] = {}
        self._seen: dict[Lane, int] = dict.fromkeys(Lane, 0)
        self._looking = asyncio.Lock()
        self._looked_at, self._ends = -1, dict[Lane, int]()

    async def run_once(self, lane: Lane, limit: int = BATCH_MAX) -> int:
        """Append up to ``limit`` waiting publications of one lane; return how many left.

        Raises:
            UnavailableError: The hub cannot be reached or is in doubt; the next run asks it first.
        """
        after = await self._position(lane)
        waiting = await self._store.read(lambda tx: tx.waiting(lane, after, limit, BATCH_MAX_BYTES))
        if not waiting:
            await self._mark(lane, after, at_once=True)
            return 0
        try:
            last = await self._appender.append(lane, waiting)
        except UnavailableError:
            del self._cursor[lane]
            raise
        self._cursor[lane], self._known_at[lane] = last, self._clock.monotonic()
        await self._mark(lane, last, at_once=False)
        log.info("relay.published", lane=lane, first=after + 1, last=last)
        return last - after

    async def _position(self, lane: Lane) -> int:
        """Return the last own sequence at the hub: asked after start, doubt and contact, and at times.

        A hub that lost everything answers like one that never lost contact, so a quiet lane would never learn of it;
        and one of several servers, or one stream alone, may lose something while the contact lasts.
        """
        contacts, now = self._appender.contacts, self._clock.monotonic()
        fresh = now - self._known_at.get(lane, now) < ASK_AGAIN_SECONDS
        if lane not in self._cursor or self._asked_over[lane] != contacts or not fresh:
            held = await self._appender.last_held(lane)
            if await self._store.read(lambda tx: held > tx.lane_end(lane) or tx.in_doubt(lane)):
                at = self._clock.now() if lane in self._asked_over else None
                await self._store.write(lambda tx: _follow_the_hub(tx, lane, held, at))
            if held < self._cursor.get(lane, held):
                log.warning("relay.hub_behind", lane=lane, hub=held, known=self._cursor[lane])
            self._cursor[lane], self._asked_over[lane], self._known_at[lane] = held, contacts, now
        return self._cursor[lane]

    async def _mark(self, lane: Lane, last: int, *, at_once: bool) -> None:
        """Note how far the hub is; lazily, for the truth is asked again after every start."""
        marked, since = self._marked.get(lane, (-1, 0.0))
        now = self._clock.monotonic()
        if last == marked or (not at_once and now - since < _MARK_EVERY_SECONDS):
            return
        await self._store.write(lambda tx: tx.outbox.mark_published(lane, last))
        self._marked[lane] = (last, now)

    @asynccontextmanager
    async def running(self, idle_seconds: float = 1.0) -> AsyncIterator[Self]:
        """Run one loop per lane until the block ends; what is in flight is asked for again at the next start."""
        async with asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(self._loop(lane, idle_seconds), name=f"relay-{lane}") for lane in Lane]
            try:
                yield self
            finally:
                for loop in loops:
                    loop.cancel()

    async def _loop(self, lane: Lane, idle_seconds: float) -> None:
        deferred = False
        while True:
            try:
                moved = await self.run_once(lane)
                deferred = False
            except UnavailableError as exc:
                if not deferred:
                    log.warning("relay.append_deferred", lane=lane, code=exc.code)
                deferred = True
                await self._clock.sleep(min(idle_seconds, 0.25))
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(idle_seconds):
                    await self._until_due(lane, moved=moved > 0)

    async def _until_due(self, lane: Lane, *, moved: bool) -> None:
        """Wait until there is something of a lane that the hub lacks.

        Args:
            lane: Of the publications.
            moved: Something of it has just left, so there may be more; else only what comes from now on counts.
        """
        while True:
            if moved:
                self._looked_at = -1  # what was looked at before is old, whatever the journal says
            else:
                self._seen[lane] = await self._store.changed(self._seen[lane])
            moved = False
            end = (await self._look(self._seen[lane])).get(lane, 0)
            self._seen[lane] = self._looked_at
            if end > self._cursor.get(lane, -1):
                return

    async def _look(self, journal: int) -> Mapping[Lane, int]:
        """Return where each lane ended when the journal was at least that far.

        All lanes wake for whatever happens; each with a read of its own would cost more than the event that woke them.
        """
        async with self._looking:
            if self._looked_at < journal:
                self._looked_at, self._ends = await self._store.read(_ends)
            return self._ends


def _ends(snapshot: Snapshot) -> tuple[int, dict[Lane, int]]:
    return snapshot.journal_end(), {lane: snapshot.lane_end(lane) for lane in Lane}


def _follow_the_hub(tx: Transaction, lane: Lane, held: int, now: datetime | None) -> None:
    """Number what waits behind what the hub holds.

    A restored store does not know what it sent after it was copied, and once it has accepted new events the numbers
    do not show it any more: whatever is not known to be at the hub moves. A store that was rolled back without a word
    shows itself here at the earliest; from now on it goes on in new epochs like a restored one.
    But what this process has compared before grows by ourselves alone: if it did not, another node runs in our name.

    Args:
        tx: One unit of work.
        lane: Of the publications.
        held: The last sequence of ours that the hub holds.
        now: Aware UTC if this process has compared this lane before, else None.

    Source: docs/decisions/0013-reopen-every-chain-after-a-restore.md
    """
    end, county = tx.lane_end(lane), tx.memory.settings().get("county")
    if held > end and county is not None and not tx.in_doubt(lane):
        tx.chains.retire(county)
        tx.outbox.doubt()
        tx.memory.forget_positions()
        tx.memory.put_setting(RESTORED, county)
        if now is not None:
            tx.waiting_room.tell(NoticeKind.TWINS, lane.value, county, told_of_own_twin(), now)
            log.error("relay.twin", lane=lane, hub=held, own=end)
    count = tx.outbox.renumber(lane, max(held, tx.published_up_to(lane)))
    log.error("relay.hub_ahead", lane=lane, hub=held, own=end, renumbered=count)
