"""Chunks come in any order, twice, spoilt or for nobody; a file counts once the whole is right."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.memory.clock import ManualClock
from schemas.agreements import Grant
from schemas.control import ErasureReason
from schemas.files import FileState
from schemas.information.attachments import AttachmentShared
from schemas.records import ErasureRow
from services.domain.chunks import count_of
from services.domain.trust import Trust
from services.file_work import plain_pieces
from services.receiver.chunks import EVENT_SECONDS
from tests import papers
from tests.filing import CHUNKS, FILE, FileRooms, content_of, file_draft, rooms_of
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import World

CLOSED = papers.trust(
    papers.in_force(
        internal_in_clear=False,
        grants=(Grant(types=(AttachmentShared.wire_type,)),),
        purposes=AttachmentShared.purposes,
    )
)
"""Nothing internal goes in clear."""


class Carried:
    """荔波 has sent a file; its event is everywhere, its chunks are in hand."""

    def __init__(self, trust: Trust | None = None) -> None:
        """Build the counties."""
        self.world = World(trust=trust)
        self.rooms = rooms_of(self.world)
        self.envelope_id = ""
        self.chunks: list[tuple[str, bytes]] = []

    async def sent(self, data: bytes = FILE, **changes: str) -> "Carried":
        """Send it."""
        self.envelope_id = (await self.rooms[LIBO].sent(data, **changes)).envelope_id
        await self.world.carry()
        self.chunks = await self.rooms[LIBO].published()
        return self

    async def stored_by(self) -> set[str]:
        """Who has attested it."""
        await self.world.carry()
        found = await self.world[LIBO].store.read(lambda snapshot: snapshot.deliveries(self.envelope_id))
        return {one.recipient for one in found if one.stored_at is not None}

    async def refusals(self) -> dict[str, str | None]:
        """Who has refused it, and why."""
        await self.world.carry()
        found = await self.world[LIBO].store.read(lambda snapshot: snapshot.deliveries(self.envelope_id))
        return {one.recipient: one.refused_code for one in found}

    async def read(self, county: FileRooms) -> bytes:
        """The file as a county reads it."""
        event = await county.county.store.read(lambda snapshot: snapshot.event(self.envelope_id))
        assert event is not None
        kept = await county.kept(self.envelope_id)
        return b"".join(plain_pieces(county.county.folder, kept.name, event.content_key, 0, len(FILE), 5_000))


@pytest.fixture
async def carried() -> Carried:
    """A file of six chunks on its way to everybody."""
    return await Carried().sent()


async def test_a_file_is_attested_when_the_whole_is_there(carried: Carried) -> None:
    """A receipt for a file of which a chunk is missing would end its source's care for it."""
    assert len(carried.chunks) == CHUNKS
    for county in (HUANJIANG, NANDAN):
        await carried.rooms[county].take(carried.chunks[:-1])
    assert await carried.stored_by() == set()
    await carried.rooms[NANDAN].take(carried.chunks[-1:])
    assert await carried.stored_by() == {NANDAN}
    assert await carried.read(carried.rooms[NANDAN]) == FILE


async def test_order_and_repetition_do_not_matter(carried: Carried) -> None:
    """The hub may deliver as it likes."""
    rooms = carried.rooms[HUANJIANG]
    await rooms.take([*carried.chunks[::-1], *carried.chunks])
    await rooms.take(carried.chunks)
    assert (await rooms.kept(carried.envelope_id)).state is FileState.WHOLE
    assert await carried.stored_by() == {HUANJIANG}
    assert await carried.read(rooms) == FILE


@pytest.mark.parametrize("public", [True, False])
async def test_a_file_is_readable_at_both_ends(public: bool) -> None:  # noqa: FBT001 - a case
    """Encrypted or in clear, the source reads what it sent, too."""
    carried = Carried(CLOSED)
    await carried.sent(FILE, **({"class": "public"} if public else {}))
    await carried.rooms[HUANJIANG].take(carried.chunks)
    assert await carried.read(carried.rooms[LIBO]) == await carried.read(carried.rooms[HUANJIANG]) == FILE
    assert (FILE[:200] in carried.chunks[0][1]) is public
    assert carried.world[LIBO].folder.names() == [(await carried.rooms[LIBO].kept(carried.envelope_id)).name]


async def test_a_spoilt_chunk_is_quarantined_and_stays_missing(carried: Carried) -> None:
    """Whoever runs the hub may change a byte; the rest of the file must not suffer."""
    rooms, (subject, message) = carried.rooms[HUANJIANG], carried.chunks[2]
    await rooms.take([*carried.chunks[:2], (subject, message[:-1] + bytes([message[-1] ^ 1])), *carried.chunks[3:]])
    kept = await rooms.kept(carried.envelope_id)
    assert (count_of(kept.held), kept.state) == (CHUNKS - 1, FileState.ARRIVING)
    (refused,) = await rooms.county.store.read(lambda snapshot: snapshot.quarantined(9))
    assert (refused.code, refused.source) == ("chunk.invalid", LIBO)
    await rooms.take(carried.chunks[2:3])
    assert await carried.stored_by() == {HUANJIANG}


async def test_the_chain_goes_on_while_a_file_arrives(carried: Carried) -> None:
    """And the receipt for what follows must not cover the file's event."""
    await carried.rooms[LIBO].county.send(
        {"type": papers.POLICY, "agreement": papers.AGREEMENT, "content": papers.policy_content()}
    )
    assert await carried.stored_by() == set()
    owed = await carried.world[LIBO].store.read(lambda snapshot: snapshot.owing())
    assert {(one.recipient, one.first_seq) for one in owed} == {(HUANJIANG, 1), (NANDAN, 1)}
    await carried.rooms[HUANJIANG].take(carried.chunks)
    assert await carried.stored_by() == {HUANJIANG}


async def test_an_unknown_event_delays_the_others_once(carried: Carried) -> None:
    """A county that invents ids must not hold up everybody's files."""
    rooms, clock = carried.rooms[HUANJIANG], carried.world.clock
    subject, message = carried.chunks[0]
    unknown = (subject, message.replace(carried.envelope_id.encode(), b"0" * 64))
    with capture_logs() as lines:
        async with ticking(clock):
            began = clock.monotonic()
            await rooms.take([unknown])
            waited = clock.monotonic() - began
            await rooms.take([unknown, unknown, *carried.chunks])
    assert waited >= EVENT_SECONDS
    assert [one["source"] for one in lines if one["event"] == "receiver.chunk_of_unknown"] == [LIBO]
    assert (await rooms.kept(carried.envelope_id)).state is FileState.WHOLE


async def test_a_chunk_waits_a_little_for_its_event() -> None:
    """They come by two streams, and the event may be a moment behind."""
    carried = Carried()
    carried.envelope_id = (await carried.rooms[LIBO].sent()).envelope_id
    publications = await carried.world[LIBO].take_waiting()
    chunks = await carried.rooms[LIBO].published()
    rooms = carried.rooms[HUANJIANG]
    async with ticking(carried.world.clock):
        taking = asyncio.create_task(rooms.take(chunks))
        await asyncio.sleep(0)
        await rooms.county.receive(publications)
        await taking
    assert (await rooms.kept(carried.envelope_id)).state is FileState.WHOLE


@asynccontextmanager
async def ticking(clock: ManualClock) -> AsyncIterator[None]:
    """Let time pass while the block waits."""

    async def tick() -> None:
        while True:
            await clock.move(0.1)
            await asyncio.sleep(0)

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()


async def test_a_file_that_its_event_does_not_describe_is_rejected() -> None:
    """The source signs both; what it says of the file is what officers go by."""
    carried = Carried()
    libo = carried.rooms[LIBO]
    other = FILE[:-1] + b"?"
    number = await libo.uploaded(other)
    row = await libo.county.store.read(lambda snapshot: snapshot.files.upload(number))
    assert row is not None
    lie = replace(row, sha256=content_of()["sha256"])
    await libo.county.store.write(lambda tx: tx.files.begin(lie))
    carried.envelope_id = (await libo.county.send(file_draft(number))).envelope_id
    await carried.world.carry()
    await carried.rooms[HUANJIANG].take(await libo.published())
    assert (await carried.refusals())[HUANJIANG] == "file.differs"
    assert (await carried.rooms[HUANJIANG].kept(carried.envelope_id)).state is FileState.REFUSED


async def test_a_disk_that_changed_a_chunk_is_not_the_sources_fault(carried: Carried) -> None:
    """It is fetched again, and nobody is told that his file was bad."""
    rooms = carried.rooms[HUANJIANG]
    await rooms.take(carried.chunks[:-1])
    name = (await rooms.kept(carried.envelope_id)).name
    rooms.county.folder.write(name, 100, b"rot")
    await rooms.take(carried.chunks[-1:])
    kept = await rooms.kept(carried.envelope_id)
    assert (kept.state, count_of(kept.held)) == (FileState.ARRIVING, 0)
    assert await carried.refusals() == {HUANJIANG: None, NANDAN: None}
    await rooms.take(carried.chunks)
    assert await carried.stored_by() == {HUANJIANG}


async def test_a_file_that_was_whole_when_the_node_went_down_is_judged_at_start(carried: Carried) -> None:
    """Between the last chunk and its verdict lies a moment in which a kill is possible."""
    rooms = carried.rooms[HUANJIANG]
    await rooms.take(carried.chunks[:-1])
    rooms.county.folder.broken = True
    await rooms.take(carried.chunks[-1:])
    rooms.county.folder.broken = False
    assert await carried.stored_by() == set()
    async with rooms.taker.running():
        while (await rooms.kept(carried.envelope_id)).state is FileState.ARRIVING:
            await asyncio.sleep(0.01)
    assert await carried.stored_by() == {HUANJIANG}


async def test_one_source_does_not_fill_the_disk() -> None:
    """Its later files wait until an earlier one is whole, and are passed over meanwhile."""
    carried = await Carried().sent()
    rooms = carried.rooms[HUANJIANG] = FileRooms(carried.world[HUANJIANG], spool_bytes=100_000)
    first, chunks = carried.envelope_id, carried.chunks
    await carried.world.clock.move(1)
    await carried.sent(FILE[::-1])
    await rooms.take(carried.chunks)
    assert count_of((await rooms.kept(carried.envelope_id)).held) == 0
    await rooms.take(chunks)
    assert (await rooms.kept(first)).state is FileState.WHOLE
    await rooms.take(carried.chunks)
    assert (await rooms.kept(carried.envelope_id)).state is FileState.WHOLE


async def test_what_was_erased_meanwhile_is_not_taken(carried: Carried) -> None:
    """Its author withdrew it while it was on its way."""
    rooms = carried.rooms[HUANJIANG]
    await rooms.take(carried.chunks[:2])
    row = ErasureRow(HUANJIANG, ErasureReason.WITHDRAWN, rooms.county.clock.now())
    await rooms.county.store.write(lambda tx: tx.erasures.erase(carried.envelope_id, row))
    await rooms.take(carried.chunks)
    assert (await rooms.kept(carried.envelope_id)).state is FileState.ERASED
    assert await carried.stored_by() == set()


async def test_a_power_cut_takes_a_chunk_that_was_noted(carried: Carried) -> None:
    """Bytes are on the disk before the row says so; else a receipt would attest what is not there."""
    rooms = carried.rooms[HUANJIANG]
    await rooms.take(carried.chunks[:3])
    rooms.county.folder.lose_power()
    await rooms.take(carried.chunks[3:])
    assert await carried.stored_by() == {HUANJIANG}
    rooms.county.folder.lose_power()
    assert await carried.read(rooms) == FILE


@pytest.mark.parametrize("public", [True, False])
async def test_a_power_cut_takes_a_file_that_was_accepted(public: bool) -> None:  # noqa: FBT001 - a case
    """202 means durable: the event, and the file as it will travel."""
    carried = Carried(CLOSED)
    changes = {"class": "public"} if public else {}
    carried.envelope_id = (await carried.rooms[LIBO].sent(FILE, **changes)).envelope_id
    carried.world[LIBO].folder.lose_power()
    assert await carried.read(carried.rooms[LIBO]) == FILE
