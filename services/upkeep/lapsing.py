"""Erase personal content, and who was on duty, when it ends: a little at a time, each county its own copy.

Nothing here waits for the other end. The source tells its recipients by the record that an officer's erasure sends,
too; a recipient tells the source; who heard it from the other and has erased already says nothing more. Of who was on
duty nothing is said: its end stands in the record itself, and a word for each shift would be as long as the shift's.

Source: docs/protocol.md, section "Erasure"; docs/decisions/0026-answer-for-content-in-custody.md
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Self

import structlog

from schemas.control import DutyTold, ErasureReason
from schemas.errors import SihuError
from schemas.ids import CountyCode
from schemas.records import Direction, ErasureRow, StoredEvent
from services.domain.custody import UNDELIVERED_KEPT, end_of
from services.domain.erasure import outgoing_of, record_of
from services.domain.trust import AgreementInForce, Trust
from services.erasing import erase_here
from services.ports import Clock, Store, Transaction
from services.posting import Posting
from services.recurring import recurring

log = structlog.get_logger()

_STEP: Final = 20  # contents in one transaction: each may post a record
_PAUSE_SECONDS: Final = 0.05
_EVERY_SECONDS: Final = 600.0
_LOOK_AGAIN: Final = timedelta(hours=1)


class Lapsing:
    """Erases what has ended."""

    def __init__(self, *, store: Store, posting: Posting, trust: Callable[[], Trust], clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._posting, self._trust, self._clock = store, posting, trust, clock

    async def run_once(self) -> int:
        """Erase everything that has ended by now; return how many contents are gone.

        Raises:
            UnavailableError: The store cannot write now; what is left goes next time.
        """
        now, gone = self._clock.now(), 0
        while ended := await self._store.read(lambda snapshot: snapshot.ended(now, _STEP)):
            gone += await self._store.write(lambda tx, ended=ended: self._erase(tx, ended, now))  # type: ignore[misc]
            if len(ended) < _STEP:
                break
            await self._clock.sleep(_PAUSE_SECONDS)
        await self._store.write(lambda tx: tx.duties.forget(now))
        if gone:
            log.info("upkeep.lapsed", contents=gone)
        return gone

    def _erase(self, tx: Transaction, ended: Sequence[str], now: datetime) -> int:
        events = [event for one in ended if (event := tx.event(one)) is not None]
        return sum(self._erase_one(tx, event, now) for event in events)

    def _erase_one(self, tx: Transaction, event: StoredEvent, now: datetime) -> bool:
        envelope, header = event.envelope, event.envelope.header
        agreement = self._trust().by_reference.get(header.agreement) or self._trust().agreement(header.agreement_id)
        if event.direction is Direction.OUTGOING and self._is_awaited(tx, event, agreement, now):
            tx.custody.postpone(envelope.envelope_id, now + _LOOK_AGAIN)
            return False
        row = ErasureRow(self._posting.county, ErasureReason.EXPIRED, now)
        if header.type == DutyTold.wire_type:  # an office key a day for the names of a shift would be out of proportion
            erase_here(tx, envelope.envelope_id, row, condemn=False)
            return True
        erase_here(tx, envelope.envelope_id, row)
        to: tuple[CountyCode, ...] = header.to if event.direction is Direction.OUTGOING else (header.source,)
        if agreement is not None:  # else there is nothing to say it under; every reader erases by itself
            self._posting.post(tx, outgoing_of(record_of(envelope, row.reason, now), agreement, to), now)
        return True

    def _is_awaited(
        self, tx: Transaction, event: StoredEvent, agreement: AgreementInForce | None, now: datetime
    ) -> bool:
        """Tell whether somebody may still get it: who lacks the content would wait for its link for ever."""
        end = end_of(event.envelope.header, agreement.agreement if agreement else None)
        if end is None or now >= end + UNDELIVERED_KEPT:
            return False
        deliveries = tx.deliveries(event.envelope.envelope_id)
        return any(one.stored_at is None and one.refused_code is None for one in deliveries)

    @asynccontextmanager
    async def running(self, every_seconds: float = _EVERY_SECONDS) -> AsyncIterator[Self]:
        """Look at once and every ``every_seconds`` until the block ends."""
        async with recurring(
            self.run_once, name="lapsing", clock=self._clock, every_seconds=every_seconds, deferred=_tell_deferred
        ):
            yield self


def _tell_deferred(error: SihuError) -> None:
    log.warning("upkeep.deferred", what="lapsing", code=error.code)
