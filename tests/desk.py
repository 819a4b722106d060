"""A county's receiving desk: the real receiver over one store, fed by hand; and a neighbour who writes to it."""

import asyncio
import itertools
import pickle
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.memory.clock import ManualClock
from adapters.memory.encryption import MemoryEncryption
from adapters.memory.ids import SequentialIds
from adapters.memory.store import MemoryStore
from adapters.sqlite.store import SqliteStore
from schemas.carriage import Arrival, ArrivalBatch
from schemas.catalogue import parse_new
from schemas.control import Receipt, ReceiptStage
from schemas.drafts import EventDraft
from schemas.envelope import Envelope
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.notices import NoticeKind
from schemas.records import Direction, EventSummary, Quarantined
from schemas.registry import KeyUse
from schemas.subjects import Lane
from services.domain.drafting import complete
from services.domain.encoding import WireParts, split_wire
from services.domain.signing import open_parts
from services.domain.trust import Trust
from services.ports import Snapshot, Store, Transaction
from services.posting import Posted, Posting
from services.receiver.receiver import Receiver
from tests import papers

STREAM: Final = "EVT_0"
_ALL: Final = 1 << 20
EXECUTOR: Final = ThreadPoolExecutor(2, thread_name_prefix="desk")


@dataclass
class NotedPuller:
    """Satisfies ``services.ports.Puller`` for what is fed by hand: notes what was acknowledged."""

    stream: str = STREAM
    acknowledged: list[int] = field(default_factory=list)
    crashes: bool = False
    """Set by a test: the process ends after the commit and before the acknowledgement."""

    async def batches(self) -> AsyncIterator[ArrivalBatch]:
        """Hand nothing over: the test does."""
        nothing: tuple[ArrivalBatch, ...] = ()
        for batch in nothing:
            yield batch

    def rewind(self) -> None:
        """Nothing is handed over, so there is nothing to begin again with."""

    async def acknowledge(self, batch: ArrivalBatch) -> None:
        """Note the last sequence."""
        if self.crashes:
            raise ConnectionAbortedError
        self.acknowledged.append(batch.arrivals[-1].sequence)


class Office:
    """One county with a store of any kind: writes by the real posting, receives by the real receiver."""

    def __init__(
        self,
        code: CountyCode,
        store: Store,
        *,
        clock: ManualClock | None = None,
        trust: Trust | None = None,
        range_max: int = 100,
        in_runs: bool = False,
    ) -> None:
        """Start with what the store holds; ``trusted`` may be exchanged while it runs."""
        self.code, self.store, self.clock = code, store, clock or ManualClock(papers.NOW)
        self.trusted = trust or papers.trust()
        signers = {use: papers.signer(code, use) for use in (KeyUse.EVENT, KeyUse.RECEIPT)}
        self.encryption = MemoryEncryption(papers.encryption_name(code))
        self.posting = Posting(
            county=code,
            signers=signers,
            trust=lambda: self.trusted,
            ids=SequentialIds(code),
            encryption=self.encryption,
            in_runs=in_runs,
        )
        self.puller = NotedPuller()
        self.receiver = Receiver(
            store=store,
            posting=self.posting,
            pullers=[self.puller],
            trust=lambda: self.trusted,
            clock=self.clock,
            executor=EXECUTOR,
            range_max=range_max,
        )
        self._numbers = itertools.count(1)
        self._taken: dict[Lane, int] = {}

    # -- writing -------------------------------------------------------------------------------------

    async def post(self, wire_type: str = papers.POLICY, content: dict[str, Any] | None = None, **draft: Any) -> Posted:  # noqa: ANN401
        """Post an event as the gateway does, a policy bulletin unless told otherwise."""
        given = papers.policy_content() if content is None else content
        event = parse_new(wire_type, given)
        assert not isinstance(event, tuple), event
        asked = EventDraft.model_validate({"type": wire_type, "agreement": papers.AGREEMENT, "content": given} | draft)
        body, now = papers.as_bytes(given), self.clock.now()
        outgoing = complete(asked, event, content=body, trust=self.trusted, county=self.code, now=now)
        assert not isinstance(outgoing, Fault), outgoing
        return await self.store.write(lambda tx: self.posting.post(tx, outgoing, now))

    async def post_alert(self, *, level: int = 1, number: int = 1, **draft: Any) -> Posted:  # noqa: ANN401
        """Post an alert of one level."""
        content = papers.alert_content(
            warning_level=level,
            alert_id=f"52272241600000_20260304074500_{number}",
            report_stage="followup",
            report_no=2,
        )
        return await self.post(papers.ALERT, content, **draft)

    async def sent(self) -> list[Arrival]:
        """Return what was enqueued since the last call, in chain order, as the hub hands it over."""

        def look(snapshot: Snapshot) -> list[tuple[str, bytes]]:
            found: list[tuple[str, bytes]] = []
            for lane in Lane:
                publications = snapshot.waiting(lane, self._taken.get(lane, 0), _ALL, _ALL * 1024)
                self._taken[lane] = publications[-1].sequence if publications else self._taken.get(lane, 0)
                found += [(one.subject, one.message) for one in publications]
            return found

        pairs = await self.store.read(look)
        pairs.sort(key=lambda pair: _place(opened(pair[1])))
        return [Arrival(number, subject, message) for number, (subject, message) in enumerate(pairs, 1)]

    async def mark_published(self) -> None:
        """Note that everything is at the hub."""

        def mark(tx: Transaction) -> None:
            for lane in Lane:
                tx.outbox.mark_published(lane, tx.lane_end(lane))

        await self.store.write(mark)

    # -- receiving -----------------------------------------------------------------------------------

    async def take(self, *arrivals: Arrival) -> None:
        """Receive one batch, numbered on by the stream."""
        numbered = tuple(Arrival(next(self._numbers), one.subject, one.message) for one in arrivals)
        await self.receiver.run_once(self.puller, ArrivalBatch(STREAM, numbered, ""))

    async def inbox(self) -> tuple[EventSummary, ...]:
        """Return received events in order of recording."""
        page = await self.store.read(
            lambda s: s.events(direction=Direction.INCOMING, wire_type=None, since=0, limit=_ALL)
        )
        return page.rows

    async def seqs(self) -> list[int]:
        """Return the sequences of received events in order of recording."""
        return [row.seq for row in await self.inbox()]

    async def head(self, envelope: Envelope) -> int | None:
        """Return the last sequence held without a gap on an envelope's chain."""
        header = envelope.header
        chain = await self.store.read(lambda s: s.chain(header.channel, header.epoch))
        return chain.head.seq if chain else None

    async def receipts(self) -> list[tuple[ReceiptStage, int, int, str | None]]:
        """Return stage, first, last and code of every receipt sent since the last look."""
        found = [Receipt.model_validate_json(one.content) for one in await self.receipt_envelopes()]
        return [(one.stage, one.first_seq, one.seq, one.code) for one in found]

    async def receipt_envelopes(self) -> list[Envelope]:
        """Return the envelopes of the receipts sent since the last look."""
        sent = [opened(one.message) for one in await self.sent()]
        return [one for one in sent if one.header.type == Receipt.wire_type]

    async def quarantined(self) -> list[Quarantined]:
        """Return what was refused, the oldest first."""
        return list(reversed(await self.store.read(lambda s: s.quarantined(_ALL))))

    async def codes(self) -> list[str]:
        """Return why it was refused."""
        return [one.code for one in await self.quarantined()]

    async def notices(self) -> list[NoticeKind]:
        """Return what the duty officer has been told and is still open, the oldest first."""
        found = await self.store.read(lambda s: s.notices(open_only=True, limit=_ALL))
        return [one.kind for one in reversed(found)]

    async def counts(self) -> dict[str, int]:
        """Return the store's gauges."""
        return await self.store.read(lambda s: dict(s.counts()))


def opened(message: bytes) -> Envelope:
    """Read a message back."""
    parts = split_wire(message, max_bytes=_ALL)
    assert isinstance(parts, WireParts)
    envelope = open_parts(parts)
    assert isinstance(envelope, Envelope), envelope
    return envelope


def _place(envelope: Envelope) -> tuple[str, str, int]:
    header = envelope.header
    return header.channel, header.epoch, header.seq


def in_batches(arrivals: Sequence[Arrival], sizes: Sequence[int]) -> list[Sequence[Arrival]]:
    """Cut arrivals into batches of these sizes; the rest is the last one."""
    batches: list[Sequence[Arrival]] = []
    start = 0
    for size in sizes:
        batches.append(arrivals[start : start + size])
        start += size
    batches.append(arrivals[start:])
    return [batch for batch in batches if batch]


def place_of(event: Envelope) -> dict[str, Any]:
    """Return the fields by which another envelope takes its place in the same chain."""
    return {"epoch": event.header.epoch, "to": event.header.to}


async def everything_in(store: Store) -> bytes:
    """Return every byte that a store holds: its files, or its memory."""
    if isinstance(store, SqliteStore):
        files = await asyncio.to_thread(lambda: sorted(store.path.parent.glob(f"{store.path.name}*")))
        return b"".join(one.read_bytes() for one in files)
    assert isinstance(store, MemoryStore)
    return pickle.dumps(vars(await store.read(lambda snapshot: snapshot))["_held"])


async def written(neighbour: Office, count: int) -> list[Arrival]:
    """Let the neighbour write ``count`` bulletins; return the opening of the epoch and them."""
    for number in range(count):
        await neighbour.post(content=papers.policy_content(doc_no=f"文件{number}号"))
    return await neighbour.sent()
