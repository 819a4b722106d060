"""What the hub says is never proof: an event without its receipt is published again, unchanged, until one is in."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final, Self

import structlog

from schemas.completeness import Owing
from schemas.control import HeadBeaconed
from schemas.errors import SihuError
from services.completeness.file_giving import is_arriving
from services.domain.completeness import is_whole
from services.domain.resending import FIRST_SECONDS, Pair, Patience, Resend, due, looked_at, resent, woken
from services.hub_ports import Appender
from services.ports import Clock, Ids, Snapshot, Store, Transaction
from services.posting import Posting
from services.recurring import recurring

log = structlog.get_logger()

_BYTES_MAX: Final = 2 * 1024 * 1024
_JITTER_BYTES: Final = 2


class Resender:
    """Publish again what recipients owe receipts for, in the repair lane."""

    def __init__(
        self,
        *,
        store: Store,
        posting: Posting,
        appender: Appender,
        clock: Clock,
        ids: Ids,
        first_seconds: float = FIRST_SECONDS,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database: what is owed stands there, and how patient we are is forgotten with us.
            posting: Puts recorded bytes into the repair lane.
            appender: Tells when contact with the hub was made.
            clock: Seconds that never go back.
            ids: Randomness.
            first_seconds: How long a chain may stand still before its events are published again.
        """
        self._store, self._posting, self._appender = store, posting, appender
        self._clock, self._ids, self._first_seconds = clock, ids, first_seconds
        self._patience: dict[Pair, Patience] = {}
        self._heard: Mapping[str, datetime] = {}
        self._contacts = 0

    async def run_once(self) -> int:
        """Publish again what is due; return how many publications that are.

        Raises:
            UnavailableError: The store cannot be read or written now.
        """
        owing, heard = await self._store.read(_look)
        now = self._clock.monotonic()
        patience = looked_at(self._patience, owing, now=now, jitter=self._jitter(), first_seconds=self._first_seconds)
        self._patience = woken(patience, self._signs_of_life(owing, heard), now)
        resends = due(self._patience, now)
        if not resends:
            return 0
        counts = await self._store.write(lambda tx: [self._publish(tx, one) for one in resends])
        for one, count in zip(resends, counts, strict=True):
            self._note(one, count, now)
        return sum(counts)

    def _signs_of_life(self, owing: list[Owing], heard: Mapping[str, datetime]) -> set[str]:
        """Return who has been heard since the last look; with the hub itself back everybody is to be tried."""
        contacts, known = self._appender.contacts, self._heard
        is_back, self._contacts, self._heard = contacts != self._contacts, contacts, heard
        if is_back:
            return {one.recipient for one in owing}
        return {county for county, at in heard.items() if at != known.get(county)}

    def _publish(self, tx: Transaction, one: Resend) -> int:
        """Put into the repair lane what is not on its way already; the opening goes before the very first event."""
        count = size = 0
        seqs = tx.dues.owed(one.chain_number, one.recipient, one.count)
        for seq in [0, *seqs] if seqs[:1] == [1] else seqs:
            for link in tx.run_of(one.chain_number, seq, seq, _BYTES_MAX):
                size += len(link.envelope.content)
                if count and size > _BYTES_MAX:
                    return count
                if is_arriving(tx, link.envelope, one.recipient, self._clock.now()):
                    continue  # it is there, and its file on the way
                if is_whole(link.envelope) and not tx.outbox.is_waiting(link.envelope.envelope_id):
                    self._posting.repost(tx, link.envelope, to=one.recipient)
                    count += 1
        return count

    def _note(self, one: Resend, count: int, now: float) -> None:
        pair = one.chain_number, one.recipient
        after = resent(self._patience[pair], now=now, jitter=self._jitter(), first_seconds=self._first_seconds)
        if count:
            log.warning("completeness.resent", county=one.recipient, first=one.first_seq, count=count)
            self._patience[pair] = after
        else:  # it is on its way to the hub still: nothing was tried
            self._patience[pair] = replace(after, attempt=after.attempt - 1)

    def _jitter(self) -> float:
        return int(self._ids.hex(_JITTER_BYTES), 16) / (256**_JITTER_BYTES - 1)

    @asynccontextmanager
    async def running(self, tick_seconds: float = 5.0) -> AsyncIterator[Self]:
        """Look every ``tick_seconds`` until the block ends."""
        async with recurring(
            self.run_once,
            name="resender",
            clock=self._clock,
            every_seconds=tick_seconds,
            deferred=_tell_deferred,
        ):
            yield self


def _tell_deferred(error: SihuError) -> None:
    log.warning("completeness.deferred", what="resending", code=error.code)


def _look(snapshot: Snapshot) -> tuple[list[Owing], Mapping[str, datetime]]:
    """Return who owes what, and when each county was last heard, be it by a link or by a beacon."""
    heard = dict(snapshot.last_heard())
    for one in snapshot.heard(HeadBeaconed.wire_type):
        heard[one.county] = max(one.heard_at, heard.get(one.county, one.heard_at))
    return snapshot.owing(), heard
