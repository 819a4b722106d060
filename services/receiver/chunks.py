"""The way in for files: chunks are verified one by one, kept, and attested once the whole is right.

A chunk proves itself by the root in its event's signed header; who hands it on does not matter. What comes too early,
twice or for nobody is passed over: whatever is missing in the end is asked for.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Self

import structlog

from schemas.carriage import Arrival, ArrivalBatch
from schemas.envelope import Envelope
from schemas.errors import Fault, SihuError, UnavailableError
from schemas.files import FileState, KeptFile
from schemas.notices import NoticeKind
from schemas.records import Direction, Quarantined
from schemas.subjects import parse_chunk_subject
from services.domain.chunks import Chunk, count_of, has, judge_chunk, none_of, parse_chunk, with_chunks
from services.domain.delivery import RECEIPT_RANGE_MAX
from services.domain.encoding import digest_of
from services.domain.files import with_room
from services.domain.receiving import presentable
from services.domain.telling import told_of_quarantine
from services.domain.trust import Trust
from services.file_ports import FileFolder
from services.file_work import UNSOUND, Arrived, judge_arrived
from services.hub_ports import Puller
from services.ports import Clock, Snapshot, Store, Transaction
from services.posting import Posting
from services.receiver.attesting import Attester
from services.receiver.keeping import Keeper
from services.recurring import recurring

log = structlog.get_logger()

ARRIVING_MAX: Final = 1000
"""Files looked at at once."""
EVENT_SECONDS: Final = 5.0
"""How long a chunk waits for its event: they come by two streams."""
_LOOK_SECONDS: Final = 0.25
_VAIN_SECONDS: Final = 60.0
"""After a county let us wait in vain, nobody waits for its events for so long."""
_BACKOFF_SECONDS: Final = 1.0
_CONCLUDE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Taken:
    """What came in one batch: chunks of files that are arriving, by event, and what is to be refused."""

    chunks: dict[str, list[Chunk]]
    refused: list[tuple[Arrival, Fault]]


class ChunkTaker:
    """Take what the hub's stream of chunks hands over."""

    def __init__(
        self,
        *,
        store: Store,
        posting: Posting,
        puller: Puller,
        folder: FileFolder,
        trust: Callable[[], Trust],
        clock: Clock,
        spool_bytes: int,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: Writes the receipts.
            puller: Of the stream of chunks.
            folder: Where files are kept.
            trust: Returns what is trusted now.
            clock: Time of receipt.
            spool_bytes: Most that the files of one source may take while they arrive; later ones wait for room.
        """
        self._store, self._posting, self._puller, self._folder = store, posting, puller, folder
        self._trust, self._clock, self._spool_bytes = trust, clock, spool_bytes
        self._vain: dict[str, float] = {}

    async def run_once(self, batch: ArrivalBatch) -> None:
        """Verify and keep one batch of chunks, and only then acknowledge it; then judge the files that are whole.

        Raises:
            UnavailableError: The store or the disk cannot write now.
        """
        parsed = [(one, _parsed(one)) for one in batch.arrivals]
        await self._await_events(parsed)
        files = await self._store.read(lambda snapshot: self._wanted(snapshot, parsed))
        taken = await asyncio.to_thread(self._keep, parsed, files)
        position = batch.arrivals[-1].sequence
        whole = await self._store.write(lambda tx: self._note(tx, batch.stream, position, taken))
        await self._puller.acknowledge(batch)
        for envelope_id in whole:
            with contextlib.suppress(UnavailableError):  # the next look at what is whole does it
                await self.conclude(envelope_id)

    async def conclude_all(self) -> None:
        """Judge every file of which all chunks are here: what could not be judged when the last one came.

        Raises:
            UnavailableError: The store or the disk cannot be used now.
        """
        arriving = await self._store.read(lambda snapshot: snapshot.files.arriving(ARRIVING_MAX))
        for one in arriving:
            if count_of(one.held) == one.chunks.count:
                await self.conclude(one.envelope_id)

    async def _await_events(self, parsed: Iterable[tuple[Arrival, Chunk | Fault]]) -> None:
        """Wait a little for the event of a chunk that is not known here."""
        for arrival, chunk in parsed:
            subject = parse_chunk_subject(arrival.subject)
            if isinstance(chunk, Fault) or subject is None:
                continue
            began = self._clock.monotonic()
            if began - self._vain.get(subject.source, -_VAIN_SECONDS) < _VAIN_SECONDS:
                continue
            while not await self._is_known(chunk.envelope_id):
                if self._clock.monotonic() - began >= EVENT_SECONDS:
                    self._vain[subject.source] = began
                    log.warning("receiver.chunk_of_unknown", source=subject.source, envelope_id=chunk.envelope_id)
                    break
                await self._clock.sleep(_LOOK_SECONDS)

    async def _is_known(self, envelope_id: str) -> bool:
        return await self._store.read(lambda snapshot: snapshot.files.file_of(envelope_id)) is not None

    def _wanted(self, snapshot: Snapshot, parsed: Iterable[tuple[Arrival, Chunk | Fault]]) -> dict[str, KeptFile]:
        """Return the files that chunks of this batch belong to, that are arriving and have room."""
        ids = {chunk.envelope_id for _, chunk in parsed if isinstance(chunk, Chunk)}
        found = with_room(snapshot.files.arriving(ARRIVING_MAX), self._spool_bytes)
        return {one.envelope_id: one for one in found if one.envelope_id in ids}

    def _keep(self, parsed: Iterable[tuple[Arrival, Chunk | Fault]], files: dict[str, KeptFile]) -> _Taken:
        """Verify and write what belongs here; durable before the store says so."""
        taken = _Taken({}, [])
        for arrival, chunk in parsed:
            if isinstance(chunk, Fault):
                taken.refused.append((arrival, chunk))
                continue
            kept = files.get(chunk.envelope_id)
            if kept is None or (chunk.index < kept.chunks.count and has(kept.held, chunk.index)):
                continue
            fault = judge_chunk(chunk, kept.chunks)
            if fault is not None:
                taken.refused.append((arrival, fault))
                continue
            self._folder.write(kept.name, chunk.index * kept.chunks.chunk_size, chunk.data)
            taken.chunks.setdefault(chunk.envelope_id, []).append(chunk)
        for envelope_id in taken.chunks:
            self._folder.sync(files[envelope_id].name)
        return taken

    def _note(self, tx: Transaction, stream: str, position: int, taken: _Taken) -> list[str]:
        """Note what was kept, and quarantine what was refused; return the files that are whole now."""
        now, whole = self._clock.now(), []
        for envelope_id, chunks in taken.chunks.items():
            kept = tx.files.file_of(envelope_id)
            if kept is None or kept.state is not FileState.ARRIVING:
                continue  # erased meanwhile: its bytes go with the rest
            held = with_chunks(kept.held, (one.index for one in chunks))
            tx.files.keep(replace(kept, held=held, moved_at=now))
            if count_of(held) == kept.chunks.count:
                whole.append(envelope_id)
        for arrival, fault in taken.refused:
            self._quarantine(tx, arrival, fault)
        tx.memory.set_position(stream, position)
        return whole

    def _quarantine(self, tx: Transaction, arrival: Arrival, fault: Fault) -> None:
        fault, subject = presentable(fault), parse_chunk_subject(arrival.subject)
        source, now = subject.source if subject else "", self._clock.now()
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
                message=arrival.message,
            )
        )
        tx.waiting_room.tell(NoticeKind.QUARANTINED, fault.code, source, told_of_quarantine(source, fault), now)
        log.error("receiver.chunk_refused", source=source, code=fault.code)

    # -- the whole ------------------------------------------------------------------------------------

    async def conclude(self, envelope_id: str) -> None:
        """Judge a file of which every chunk is here, and attest it; what is not what its event says is refused.

        Raises:
            UnavailableError: The store or the disk cannot be used now.
        """
        event = await self._store.read(lambda snapshot: snapshot.event(envelope_id))
        kept = await self._store.read(lambda snapshot: snapshot.files.file_of(envelope_id))
        if event is None or kept is None or kept.state is not FileState.ARRIVING:
            return
        arrived = Arrived(kept.name, event.envelope, event.content_key)
        fault = await asyncio.to_thread(judge_arrived, self._folder, arrived)
        await self._store.write(lambda tx: self._settle(tx, event.envelope, fault))

    def _settle(self, tx: Transaction, envelope: Envelope, fault: Fault | None) -> None:
        kept, now = tx.files.file_of(envelope.envelope_id), self._clock.now()
        chain = tx.chains.find(envelope.header.channel, envelope.header.epoch)
        if kept is None or chain is None or kept.state is not FileState.ARRIVING:
            return
        if fault is not None and fault.code == UNSOUND:
            tx.files.keep(replace(kept, held=none_of(kept.chunks.count)))
            log.warning("receiver.file_unsound", envelope_id=envelope.envelope_id)
            return
        state = FileState.WHOLE if fault is None else FileState.REFUSED
        tx.files.settle(envelope.envelope_id, state, now)
        log.info("receiver.file_concluded", envelope_id=envelope.envelope_id, state=state)
        if kept.direction is Direction.OUTGOING:
            return  # ours, lost in a restore and brought back by its audience: nobody is answered
        attester = self._attester(tx)
        if fault is None:
            attester.stored(chain, [envelope])
        else:
            self._refuse(tx, envelope, presentable(fault))
            attester.rejected(chain, envelope, presentable(fault))

    def _refuse(self, tx: Transaction, envelope: Envelope, fault: Fault) -> None:
        source, now = envelope.header.source, self._clock.now()
        tx.waiting_room.tell(NoticeKind.QUARANTINED, fault.code, source, told_of_quarantine(source, fault), now)

    def _attester(self, tx: Transaction) -> Attester:
        trust, now, posting = self._trust(), self._clock.now(), self._posting
        keeper = Keeper(tx, trust=trust, county=posting.county, now=now, unwrap=posting.encryption.unwrap)
        return Attester(tx, posting=posting, keeper=keeper, trust=trust, now=now, range_max=RECEIPT_RANGE_MAX)

    # -- running --------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Take chunks until the block ends."""
        async with (
            recurring(
                self.conclude_all,
                name="receiver-files",
                clock=self._clock,
                every_seconds=_CONCLUDE_SECONDS,
                deferred=_tell_deferred,
            ),
            asyncio.TaskGroup() as tasks,
        ):
            loop = tasks.create_task(self._loop(), name="receiver-chunks")
            try:
                yield self
            finally:
                loop.cancel()

    async def _loop(self) -> None:
        await self._until(self._resume)
        async with contextlib.aclosing(self._puller.batches()) as batches:  # type: ignore[type-var]
            async for batch in batches:
                await self._until(partial(self.run_once, batch))

    async def _resume(self) -> None:
        """Begin anew with a store that knows no position."""
        if await self._store.read(lambda snapshot: snapshot.position(self._puller.stream)) is None:
            self._puller.rewind()

    async def _until(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except UnavailableError as exc:
                log.warning("receiver.deferred", stream=self._puller.stream, code=exc.code)
                await self._clock.sleep(_BACKOFF_SECONDS)
            else:
                return


def _tell_deferred(error: SihuError) -> None:
    log.warning("receiver.deferred", stream="files", code=error.code)


def _parsed(arrival: Arrival) -> Chunk | Fault:
    if parse_chunk_subject(arrival.subject) is None:
        return Fault("wire.wrong_subject", "subject", "it is not the subject of a chunk")
    return parse_chunk(arrival.message)
