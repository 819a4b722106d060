"""The way in: one loop per hub stream, verified in threads, one transaction per batch, then acknowledged.

nak and term are never used: what must be tried again is a row in the store.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Final, Self, TypeVar

import structlog

from schemas.carriage import Arrival, ArrivalBatch
from schemas.control import DocumentsPublished
from schemas.documents import SignedDocument
from schemas.errors import Fault, UnavailableError
from services.domain.delivery import RECEIPT_RANGE_MAX
from services.domain.documents import document_digest
from services.domain.receiving import Examined, Opened, conclude, examine, open_arrival, own_id
from services.domain.signing import first_broken
from services.domain.trust import Trust
from services.hub_ports import Puller
from services.ports import Clock, Store, Transaction
from services.posting import Posting
from services.receiver.revoking import close_left, note_revocations
from services.receiver.settling import Settlement

log = structlog.get_logger()

T = TypeVar("T")

_SPLIT_FROM: Final = 16  # arrivals; below that a second thread costs more than it gains
_REEXAMINED_MAX: Final = 500  # links in one transaction
_REFUSED_MAX: Final = 2000  # looked through in one transaction
_UNKNOWN_KEY: Final = "signature.unknown_key"
_BACKOFF_SECONDS: Final = (0.1, 0.5, 1.0, 2.0, 5.0)


class Receiver:
    """Take what the hub hands over into the inbox, once in effect and in order per channel."""

    def __init__(  # noqa: PLR0913 - each is a port or one of its bounds
        self,
        *,
        store: Store,
        posting: Posting,
        pullers: Sequence[Puller],
        trust: Callable[[], Trust],
        clock: Clock,
        executor: Executor,
        threads: int = 2,
        range_max: int = RECEIPT_RANGE_MAX,
        keep: Callable[[SignedDocument], None] = lambda _: None,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: Writes the receipts.
            pullers: One per hub stream.
            trust: Returns what is trusted now.
            clock: Time of receipt.
            executor: Threads for verification, which releases the interpreter lock.
            threads: How many parts a batch is verified in.
            range_max: Most events that one *stored* receipt covers; 1 gives a receipt per event.
            keep: Makes a document count here that a neighbour passed on and that was judged.
        """
        self._store, self._posting, self._pullers = store, posting, pullers
        self._trust, self._clock, self._executor = trust, clock, executor
        self._threads, self._range_max, self._keep = threads, range_max, keep
        self._rewound: set[str] = set()

    async def run_once(self, puller: Puller, batch: ArrivalBatch) -> None:
        """Examine one batch, commit what it does, and only then acknowledge it.

        If the position was forgotten meanwhile, for the hub showed that this store had been rolled back in silence, it
        stays so until the stream begins anew: else what came before this batch would never be asked for.

        Raises:
            UnavailableError: The store cannot write now; nothing of the batch happened.
        """
        trust = self._trust()
        arrivals = await self._without_echoes(batch.arrivals)
        found = await self._examine(arrivals, trust)
        if await self._kept_any(found, trust):
            trust = self._trust()
            found = await self._examine(arrivals, trust)

        def work(tx: Transaction) -> bool:
            self._settlement(tx, trust).settle(found)
            known = batch.stream in self._rewound or tx.position(batch.stream) is not None
            if known:
                tx.memory.set_position(batch.stream, batch.arrivals[-1].sequence)
            return known

        known = await self._store.write(work)
        await puller.acknowledge(batch)
        if known:
            self._rewound.discard(batch.stream)
        else:
            self._rewind(puller)

    async def _kept_any(self, found: Sequence[Examined], trust: Trust) -> bool:
        """Keep the documents that a batch brings: they stand alone, wherever in its chain the record stands."""
        events = (one.event for one in found if isinstance(one.event, DocumentsPublished))
        documents = [one for event in events for one in event.documents if document_digest(one) not in trust.adopted]
        for document in documents:
            await asyncio.to_thread(self._keep, document)
        return bool(documents)

    async def reexamine(self) -> int:
        """Judge again, by today's trust, what was held for a registry that we did not know; return how many links.

        Raises:
            UnavailableError: The store cannot write now; what is held stays.
        """
        trust = self._trust()
        seen: frozenset[str] = frozenset()
        while True:

            def work(tx: Transaction, but: frozenset[str] = seen) -> frozenset[str]:
                return self._settlement(tx, trust).settle_again(_REEXAMINED_MAX, but=but)

            looked_at = await self._store.write(work)
            if not looked_at:
                return len(seen)
            seen |= looked_at

    async def readmit(self) -> int:
        """Take in what counties signed with keys that were not known here when it came; return how many links.

        Raises:
            UnavailableError: The store cannot write now; what is quarantined stays.
        """
        trust, count = self._trust(), 0
        for source in sorted({one.change.county for one in trust.changes}):

            def work(tx: Transaction, source: str = source) -> int:
                return self._settlement(tx, trust).settle_refused(source, _UNKNOWN_KEY, _REFUSED_MAX)

            while taken := await self._store.write(work):
                count += taken
        return count

    async def note_revocations(self) -> int:
        """Name what was taken before a key was revoked, and wait no longer for who has left; return how many links.

        Raises:
            UnavailableError: The store cannot write now.
        """
        trust, now, county = self._trust(), self._clock.now(), self._posting.county

        def work(tx: Transaction) -> int:
            close_left(tx, trust, now)
            return note_revocations(tx, trust, county=county, now=now)

        return await self._store.write(work)

    def _settlement(self, tx: Transaction, trust: Trust) -> Settlement:
        now = self._clock.now()
        return Settlement(tx, posting=self._posting, trust=trust, now=now, range_max=self._range_max)

    async def _without_echoes(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """Leave out what the hub echoes of our own: what goes to all parties of an agreement comes back to us, too.

        Only what we hold byte for byte is left out; a changed echo, or one of what we lost, is examined.
        """
        ids = [own_id(arrival, self._posting.county) for arrival in arrivals]
        if not any(ids):
            return arrivals
        kept = await self._store.read(lambda tx: [tx.message(one) if one else None for one in ids])
        return [arrival for arrival, message in zip(arrivals, kept, strict=True) if arrival.message != message]

    async def _examine(self, arrivals: Sequence[Arrival], trust: Trust) -> list[Examined]:
        """Examine a batch: read it in one thread, do the mathematics of signatures in all of them, judge it in one.

        Only the mathematics runs beside Python. Threads that do everything, arrival by arrival, lose more by handing
        the interpreter to and fro than they gain.
        """
        county, unwrap = self._posting.county, self._posting.encryption.unwrap
        if len(arrivals) < _SPLIT_FROM:
            return [examine(arrival, trust=trust, county=county, unwrap=unwrap) for arrival in arrivals]
        opened = await self._aside(lambda: [open_arrival(arrival, trust) for arrival in arrivals])
        size = -(-len(opened) // self._threads)
        parts = [opened[i : i + size] for i in range(0, len(opened), size)]
        broken = [fault for some in await asyncio.gather(*map(self._verify, parts)) for fault in some]
        return await self._aside(
            lambda: [
                conclude(one, fault, trust=trust, county=county, unwrap=unwrap)
                for one, fault in zip(opened, broken, strict=True)
            ]
        )

    async def _verify(self, opened: Sequence[Opened]) -> list[Fault | None]:
        return await self._aside(lambda: [first_broken(one.claims) for one in opened])

    async def _aside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    @asynccontextmanager
    async def running(self, look_seconds: float = 1.0) -> AsyncIterator[Self]:
        """Receive until the block ends; a batch in hand is finished or comes again.

        Every ``look_seconds`` the registry and the keys are looked at; new ones let held links be judged again.
        """
        async with asyncio.TaskGroup() as tasks:
            loops = [
                tasks.create_task(self._loop(puller), name=f"receiver-{puller.stream}") for puller in self._pullers
            ]
            loops.append(tasks.create_task(self._watch_trust(look_seconds), name="receiver-trust"))
            try:
                yield self
            finally:
                for loop in loops:
                    loop.cancel()

    async def _watch_trust(self, look_seconds: float) -> None:
        known = ""  # a registry that came while we were down counts as new
        while True:
            state = self._trust().state
            if state != known:
                known = await self._reexamined(state, known)
            await self._clock.sleep(look_seconds)

    async def _reexamined(self, state: str, known: str) -> str:
        try:
            await self.note_revocations()
            count = await self.reexamine() + await self.readmit()
        except UnavailableError as exc:
            log.warning("receiver.deferred", stream="held", code=exc.code)
            return known
        log.info("receiver.reexamined", registry=self._trust().registry_digest, count=count)
        return state

    async def _loop(self, puller: Puller) -> None:
        if await self._position(puller.stream) is None:
            self._rewind(puller)
        async with contextlib.aclosing(puller.batches()) as batches:  # type: ignore[type-var]
            async for batch in batches:
                await self._until_taken(puller, batch)

    def _rewind(self, puller: Puller) -> None:
        """Begin anew with a new store, or one that an older copy replaced: what it knows already is recognised."""
        puller.rewind()
        self._rewound.add(puller.stream)

    async def _position(self, stream: str) -> int | None:
        while True:
            try:
                return await self._store.read(lambda snapshot: snapshot.position(stream))
            except UnavailableError as exc:
                log.warning("receiver.deferred", stream=stream, code=exc.code)
                await self._clock.sleep(_BACKOFF_SECONDS[-1])

    async def _until_taken(self, puller: Puller, batch: ArrivalBatch) -> None:
        attempt = 0
        while True:
            try:
                return await self.run_once(puller, batch)
            except UnavailableError as exc:
                log.warning("receiver.deferred", stream=batch.stream, code=exc.code)
                await self._clock.sleep(_BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS) - 1)])
                attempt += 1
