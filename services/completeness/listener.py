"""Hear signals: compare beacons with what we hold, answer requests, judge proofs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, Self

import structlog

from schemas.carriage import Arrival, ArrivalBatch
from schemas.completeness import Heard
from schemas.control import ChunksRequested, ForkProved, HeadBeaconed, RangeRequested
from schemas.errors import Fault, UnavailableError
from schemas.notices import NoticeKind
from schemas.records import Quarantined
from schemas.subjects import parse_signal_subject
from services.completeness.answering import Answerer
from services.completeness.comparing import Comparison
from services.completeness.file_giving import FileGiver
from services.completeness.freezing import freeze_by_proof
from services.completeness.writing import Wishes
from services.domain.completeness import partners_of
from services.domain.encoding import digest_of
from services.domain.receiving import presentable
from services.domain.signals import Signal, Unread, examine_signal
from services.domain.telling import told_of_quarantine, told_of_unread
from services.domain.trust import Trust
from services.hub_ports import Puller
from services.ports import Clock, Store, Transaction
from services.posting import Posting

log = structlog.get_logger()

_KEEP_AGAIN_SECONDS: Final = 3600.0
_BACKOFF_SECONDS: Final = 1.0
_OUT_OF_TIME: Final = "signal.out_of_time"
_CHANGING: Final = frozenset({"signature.unknown_key", "signature.key_retired"})


class Listener:
    """Take what the hub's stream of signals hands over. Nothing here is receipted, and nothing is lost with it."""

    def __init__(
        self,
        *,
        store: Store,
        posting: Posting,
        puller: Puller,
        trust: Callable[[], Trust],
        clock: Clock,
        wishes: Wishes,
        interval_seconds: float,
    ) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._posting, self._puller = store, posting, puller
        self._trust, self._clock, self._wishes = trust, clock, wishes
        self._answerer = Answerer(posting, clock, interval_seconds)
        self._giver = FileGiver(clock)
        self._kept: dict[tuple[str, str], float] = {}
        self._grace_seconds = interval_seconds
        self._strange_since: dict[str, float] = {}

    async def run_once(self, batch: ArrivalBatch) -> None:
        """Examine one batch, commit what it does, and only then acknowledge it.

        Raises:
            UnavailableError: The store cannot write now.
        """
        trust, now = self._trust(), self._clock.now()
        county, unwrap = self._posting.county, self._posting.encryption.unwrap
        found = [
            (one, examine_signal(one, trust=trust, county=county, now=now, unwrap=unwrap)) for one in batch.arrivals
        ]

        def work(tx: Transaction) -> None:
            for arrival, judged in found:
                self._take(tx, arrival, judged, now)

        await self._store.write(work)
        await self._puller.acknowledge(batch)

    def _take(self, tx: Transaction, arrival: Arrival, judged: Signal | Unread | Fault, now: datetime) -> None:
        if isinstance(judged, Fault):
            self._refuse(tx, arrival, judged, now)
            return
        header = judged.envelope.header
        if not tx.signal_book.hear(header.type, Heard(header.source, header.seq, header.time, now)):
            return  # an older one again, or one that was overtaken
        if isinstance(judged, Unread):
            self._pass_over(tx, arrival, judged, now)
            return
        event = judged.event
        if isinstance(event, HeadBeaconed):
            self._compare(tx, header.source, event, now)
            self._answerer.give_unseen(tx, header.source, event.receipts_seen)
        elif isinstance(event, RangeRequested | ChunksRequested):
            self._answer(tx, header.source, event, now)
        elif isinstance(event, ForkProved):
            fault = freeze_by_proof(tx, event, trust=self._trust(), county=self._posting.county, now=now)
            if fault is not None:
                self._refuse(tx, arrival, fault, now)

    def _answer(self, tx: Transaction, source: str, event: RangeRequested | ChunksRequested, now: datetime) -> None:
        if isinstance(event, ChunksRequested):
            self._giver.answer(tx, source, event, now)
            return
        if event.all_heads:
            self._wishes.list_all_for.add(source)
        self._answerer.answer(tx, source, event)

    def _compare(self, tx: Transaction, source: str, beacon: HeadBeaconed, now: datetime) -> None:
        county = self._posting.county
        partners = partners_of(self._trust(), county, now)
        if source in partners:
            Comparison(tx, self._wishes, county=county, partners=partners, now=now).judge(source, beacon)

    def _pass_over(self, tx: Transaction, arrival: Arrival, unread: Unread, now: datetime) -> None:
        """Take from a signal whose key is not here that its source lives, and accuse nobody of what it may say."""
        header = unread.envelope.header
        if header.type == HeadBeaconed.wire_type:
            tx.waiting_room.resolve(NoticeKind.SILENT, header.source, header.source, now)
            self._wishes.echoes.pop(header.source, None)
        self._refuse(tx, arrival, unread.fault, now, told=told_of_unread)

    def _refuse(
        self,
        tx: Transaction,
        arrival: Arrival,
        fault: Fault,
        now: datetime,
        told: Callable[[str, Fault], str] = told_of_quarantine,
    ) -> None:
        """Keep a signal that cannot be used, once an hour for each reason and source: they come every minute."""
        fault = presentable(fault)
        subject = parse_signal_subject(arrival.subject)
        source = subject.source if subject else ""
        log.warning("completeness.refused", source=source, code=fault.code, field=fault.field)
        key, moment = (source, fault.code), self._clock.monotonic()
        if fault.code in _CHANGING and self._may_be_changing(source, moment):
            return
        if fault.code == _OUT_OF_TIME or moment - self._kept.get(key, -_KEEP_AGAIN_SECONDS) < _KEEP_AGAIN_SECONDS:
            return
        self._kept[key] = moment
        tx.waiting_room.quarantine(
            Quarantined(
                digest=digest_of(arrival.message),
                size=len(arrival.message),
                source=source,
                subject=arrival.subject,
                code=fault.code,
                field=fault.field,
                reason=fault.mend,
                recorded_at=now,
                message=None if fault.code.startswith("guard.") else arrival.message,
            )
        )
        tx.waiting_room.tell(NoticeKind.QUARANTINED, fault.code, source, told(source, fault), now)

    def _may_be_changing(self, source: str, moment: float) -> bool:
        """Tell whether a key that does not count here may be one that its county goes over to, or leaves, just now.

        A beacon may overtake the change, or be overtaken. Events are taken in once it is here; signals come again.
        """
        since = self._strange_since.get(source)
        if since is None or moment - since >= _KEEP_AGAIN_SECONDS:
            since = self._strange_since[source] = moment
        return moment - since < self._grace_seconds

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Listen until the block ends."""
        async with asyncio.TaskGroup() as tasks:
            loop = tasks.create_task(self._loop(), name="listener")
            try:
                yield self
            finally:
                loop.cancel()

    async def _loop(self) -> None:
        async with contextlib.aclosing(self._puller.batches()) as batches:  # type: ignore[type-var]
            async for batch in batches:
                await self._until_taken(batch)

    async def _until_taken(self, batch: ArrivalBatch) -> None:
        while True:
            try:
                return await self.run_once(batch)
            except UnavailableError as exc:
                log.warning("completeness.deferred", what="signals", code=exc.code)
                await self._clock.sleep(_BACKOFF_SECONDS)
