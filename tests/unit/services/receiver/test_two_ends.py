"""Both ends and a hub between them, in memory: what one county posts is stored at the others, and it knows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest

from adapters.memory.bus import MemoryAppender, MemoryHub, MemoryPuller
from adapters.memory.clock import ManualClock
from adapters.memory.store import MemoryStore
from schemas.envelope import Envelope
from schemas.subjects import Lane, stream_of, streams
from services.receiver.receiver import Receiver
from services.relay.relay import Relay
from tests import papers
from tests.desk import Office
from tests.papers import COUNTIES, HUANJIANG, LIBO, NANDAN

_PATIENCE_SECONDS = 20.0


@asynccontextmanager
async def at_work(offices: Iterable[Office], hub: MemoryHub) -> AsyncIterator[None]:
    """Run relay and receiver of every county against one hub."""
    async with AsyncExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(2))
        for one in offices:
            relay = Relay(store=one.store, appender=MemoryAppender(hub, one.code), clock=one.clock)
            receiver = Receiver(
                store=one.store,
                posting=one.posting,
                pullers=[MemoryPuller(hub, one.code, stream, batch=7) for stream in streams()],
                trust=partial(getattr, one, "trusted"),
                clock=one.clock,
                executor=executor,
            )
            await stack.enter_async_context(relay.running(idle_seconds=0.05))
            await stack.enter_async_context(receiver.running())
        yield


async def until(settled: Callable[[], Awaitable[bool]], offices: Iterable[Office]) -> None:
    """Let time pass until ``settled()`` is true."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await settled():
            for one in offices:
                await one.clock.move(0.5)
            await asyncio.sleep(0.01)


async def owed(office: Office) -> int:
    """Return how many deliveries still lack their *stored* receipt."""
    counts = await office.counts()
    return counts["deliveries"] - counts["stored"]


async def all_stored(offices: Iterable[Office]) -> bool:
    """Tell whether nobody owes anything any more."""
    return not any([await owed(one) for one in offices])


@pytest.fixture
def hub() -> MemoryHub:
    """A hub that knows the agreement."""
    return MemoryHub({papers.AGREEMENT: COUNTIES})


@pytest.fixture
def offices() -> dict[str, Office]:
    """Three counties with empty stores and one clock."""
    clock = ManualClock(papers.NOW)
    return {code: Office(code, MemoryStore(), clock=clock) for code in COUNTIES}


async def post_many(offices: Iterable[Office], count: int) -> int:
    """Let every county post ``count`` bulletins to both others; return how many deliveries follow."""
    total = 0
    for one in offices:
        for _ in range(count):
            await one.post()
            total += 2
    return total


async def check_books(offices: dict[str, Office], count: int) -> None:
    """Every county holds every other county's events once and in order, and nothing was refused."""
    for code, one in offices.items():
        rows = await one.inbox()
        for source in set(COUNTIES) - {code}:
            assert [row.seq for row in rows if row.source == source] == list(range(1, count + 1))
        assert await one.codes() == []
        assert await one.notices() == []
        assert (await one.counts())["held_back"] == 0


async def test_every_delivery_is_stored_and_known(offices: dict[str, Office], hub: MemoryHub) -> None:
    """Three counties, everybody to everybody; receipts are receipted by nobody, so it becomes quiet."""
    deliveries = await post_many(offices.values(), 15)
    async with at_work(offices.values(), hub):
        await until(lambda: all_stored(offices.values()), offices.values())
    assert sum([(await one.counts())["stored"] for one in offices.values()]) == deliveries
    await check_books(offices, 15)


async def test_events_cross_while_the_hub_fails_in_every_way_it_can(offices: dict[str, Office], hub: MemoryHub) -> None:
    """Answers lost, contact broken half-way, down and up again, while everybody goes on posting."""
    async with at_work(offices.values(), hub):
        for fault in ({"loses_answers": 2}, {"breaks_after": 3}, {"down": True}, {"loses_answers": 1}):
            for name, value in fault.items():
                setattr(hub, name, value)
            await post_many(offices.values(), 5)
            for _ in range(5):
                await offices[LIBO].clock.move(0.5)
                await asyncio.sleep(0.01)
            hub.down = False
            hub.tell()
        await until(lambda: all_stored(offices.values()), offices.values())
    await check_books(offices, 20)


async def test_a_hub_that_lost_everything_is_filled_again(offices: dict[str, Office], hub: MemoryHub) -> None:
    """The outbox is the truth: what nobody has stored is published again, what somebody has doubles nothing."""
    await post_many(offices.values(), 4)
    relay = Relay(store=offices[LIBO].store, appender=MemoryAppender(hub, LIBO), clock=offices[LIBO].clock)
    for lane in Lane:
        await relay.run_once(lane)
    hub.streams.clear()
    async with at_work(offices.values(), hub):
        await until(lambda: all_stored(offices.values()), offices.values())
    await check_books(offices, 4)


async def test_an_answer_comes_back_although_the_receiver_was_down(offices: dict[str, Office], hub: MemoryHub) -> None:
    """南丹 starts an hour later; the others are served meanwhile, and then it is."""
    await post_many([offices[LIBO]], 3)
    awake = [offices[LIBO], offices[HUANJIANG]]
    async with at_work(awake, hub):

        async def half() -> bool:
            return await owed(offices[LIBO]) == 3

        await until(half, awake)
        await offices[LIBO].clock.move(3600)
        async with at_work([offices[NANDAN]], hub):
            await until(lambda: all_stored(awake), offices.values())
    assert [row.seq for row in await offices[NANDAN].inbox()] == [1, 2, 3]


async def test_the_bytes_at_both_ends_are_the_same(offices: dict[str, Office], hub: MemoryHub) -> None:
    """Evidence on one side must be evidence on the other."""
    posted = await offices[LIBO].post()
    async with at_work(offices.values(), hub):
        await until(lambda: all_stored(offices.values()), offices.values())
    kept: list[Envelope] = []
    for one in offices.values():
        event = await one.store.read(lambda s: s.event(posted.envelope_id))
        assert event is not None
        kept.append(event.envelope)
    assert len({envelope.to_wire() for envelope in kept}) == 1


async def test_a_full_disk_at_the_receiver_loses_nothing(offices: dict[str, Office], hub: MemoryHub) -> None:
    """The batch in hand is tried again, slower and slower, until there is room."""
    store = offices[HUANJIANG].store
    assert isinstance(store, MemoryStore)
    await post_many([offices[LIBO]], 3)
    async with at_work(offices.values(), hub):
        store.disk_full = True
        for _ in range(20):
            await offices[LIBO].clock.move(1.0)
            await asyncio.sleep(0.005)
        assert await offices[HUANJIANG].seqs() == []
        assert hub.acknowledged[HUANJIANG, stream_of(LIBO, Lane.NORMAL)] == 0
        store.disk_full = False
        await until(lambda: all_stored([offices[LIBO]]), offices.values())
    assert await offices[HUANJIANG].seqs() == [1, 2, 3]
