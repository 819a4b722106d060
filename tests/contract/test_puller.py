"""Every puller: what is for the county, in order, until it is acknowledged."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from schemas.carriage import ArrivalBatch
from schemas.subjects import Lane, stream_of
from services.hub_ports import Puller
from tests.contract.buses import BORDER, HUANJIANG, LIBO, NANDAN, Bus, number_of, open_bus, publications

SHARD = stream_of(HUANJIANG, Lane.NORMAL)


@pytest.fixture(params=["memory", "jetstream"])
async def bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bus]:
    """A hub with nothing in it."""
    async with open_bus(request.param, tmp_path) as opened:
        yield opened


async def pulled(puller: Puller, count: int, *, acknowledge: bool = True) -> list[ArrivalBatch]:
    """Return batches until ``count`` messages are here."""
    found: list[ArrivalBatch] = []
    async with asyncio.timeout(20), aclosing(puller.batches()) as batches:  # type: ignore[type-var]
        async for batch in batches:
            found.append(batch)
            if acknowledge:
                await puller.acknowledge(batch)
            if sum(len(one.arrivals) for one in found) >= count:
                break
    return found


def numbers(batches: list[ArrivalBatch]) -> list[int]:
    return [number_of(one.message) for batch in batches for one in batch.arrivals]


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not check():  # (what is waited for is another task's list)
            await asyncio.sleep(0.01)


async def test_only_what_is_for_the_county_comes(bus: Bus) -> None:
    """Mail of a neighbour in our inbox: we would see what is not ours, and gaps where there are none."""
    appender = await bus.appender(HUANJIANG)
    await appender.append(Lane.NORMAL, publications(1, 2, destination=LIBO))
    await appender.append(Lane.NORMAL, publications(3, 2, destination=NANDAN))
    await appender.append(Lane.NORMAL, publications(5, 2, destination=f"_{BORDER}"))
    await appender.append(Lane.NORMAL, publications(7, 1, destination=LIBO))
    assert numbers(await pulled(await bus.puller(LIBO, SHARD), 5)) == [1, 2, 5, 6, 7]
    assert numbers(await pulled(await bus.puller(NANDAN, SHARD), 2)) == [3, 4]


async def test_a_batch_says_where_it_is_from(bus: Bus) -> None:
    """The receiver notes (stream, sequence): both must be those of the hub, rising."""
    await (await bus.appender(HUANJIANG)).append(Lane.NORMAL, publications(1, 10))
    batches = await pulled(await bus.puller(LIBO, SHARD), 10)
    assert {batch.stream for batch in batches} == {SHARD}
    assert [one.sequence for batch in batches for one in batch.arrivals] == list(range(1, 11))
    assert {one.subject for batch in batches for one in batch.arrivals} == {publications(1, 1)[0].subject}


async def test_a_batch_is_bounded(bus: Bus) -> None:
    """A backlog of a week in one batch would be a week in one transaction, and in memory."""
    await (await bus.appender(HUANJIANG)).append(Lane.NORMAL, publications(1, 2600))
    batches = await pulled(await bus.puller(LIBO, SHARD), 2600)
    assert numbers(batches) == list(range(1, 2601))
    assert max(len(batch.arrivals) for batch in batches) <= 500


async def test_large_messages_come_too(bus: Bus) -> None:
    """A request is bounded by bytes as well: what does not fit any more must come with the next one."""
    await (await bus.appender(HUANJIANG)).append(Lane.NORMAL, publications(1, 60, size=300_000))
    assert numbers(await pulled(await bus.puller(LIBO, SHARD), 60)) == list(range(1, 61))


async def test_what_was_not_acknowledged_comes_again(bus: Bus) -> None:
    """The process died between commit and acknowledgement: better twice than never."""
    await (await bus.appender(HUANJIANG)).append(Lane.NORMAL, publications(1, 20))
    await pulled(await bus.puller(LIBO, SHARD), 20, acknowledge=False)
    assert numbers(await pulled(await bus.puller(LIBO, SHARD), 20)) == list(range(1, 21))


async def test_an_acknowledgement_covers_all_before_it(bus: Bus) -> None:
    """One acknowledgement a batch, of its last message."""
    appender = await bus.appender(HUANJIANG)
    await appender.append(Lane.NORMAL, publications(1, 700))
    await pulled(await bus.puller(LIBO, SHARD), 700)
    await appender.append(Lane.NORMAL, publications(701, 3))
    assert numbers(await pulled(await bus.puller(LIBO, SHARD), 3)) == [701, 702, 703]


async def test_a_restored_county_begins_with_the_first_message(bus: Bus) -> None:
    """The backup is older than the last acknowledgement: what it lacks must come again, though it was acknowledged."""
    await (await bus.appender(HUANJIANG)).append(Lane.NORMAL, publications(1, 40))
    await pulled(await bus.puller(LIBO, SHARD), 40)
    restored = await bus.puller(LIBO, SHARD)
    restored.rewind()
    assert numbers(await pulled(restored, 40)) == list(range(1, 41))


async def test_a_county_that_learns_late_that_it_was_rolled_back_begins_anew_at_once(bus: Bus) -> None:
    """The hub's numbers show it while batches come: what it lacks must not wait for the next start of the node."""
    appender = await bus.appender(HUANJIANG)
    await appender.append(Lane.NORMAL, publications(1, 40))
    await pulled(await bus.puller(LIBO, SHARD), 40)
    await appender.append(Lane.NORMAL, publications(41, 1))
    puller, found = await bus.puller(LIBO, SHARD), list[int]()
    async with asyncio.timeout(30), contextlib.aclosing(puller.batches()) as batches:  # type: ignore[type-var]
        async for batch in batches:
            if not found:
                await puller.acknowledge(batch)
                puller.rewind()
            found += numbers([batch])
            if found == [41, *range(1, 42)]:
                break


async def test_what_is_published_later_arrives_by_itself(bus: Bus) -> None:
    """A puller that saw an empty stream must not need a push to look again."""
    puller, found = await bus.puller(LIBO, SHARD), list[int]()

    async def receive() -> None:
        async for batch in puller.batches():
            found.extend(numbers([batch]))
            await puller.acknowledge(batch)

    receiving = asyncio.create_task(receive())
    appender = await bus.appender(HUANJIANG)
    for number in (1, 2, 3):
        await appender.append(Lane.NORMAL, publications(number, 1))
        await until(lambda number=number: found == list(range(1, number + 1)))  # type: ignore[misc]
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)


async def test_a_cut_is_survived(bus: Bus) -> None:
    """What was published before, and what is published after the hub is back, arrives; in order, none missing."""
    puller, found = await bus.puller(LIBO, SHARD), list[int]()

    async def receive() -> None:
        async for batch in puller.batches():
            found.extend(numbers([batch]))
            await puller.acknowledge(batch)

    receiving = asyncio.create_task(receive())
    appender = await bus.appender(HUANJIANG)
    await appender.append(Lane.NORMAL, publications(1, 5))
    await until(lambda: found == [1, 2, 3, 4, 5])
    await bus.cut()
    await asyncio.sleep(0.8)  # longer than the puller takes silence for granted
    await bus.heal()
    await appender.append(Lane.NORMAL, publications(1, 9))
    await until(lambda: found[-1] == 9)
    assert sorted(set(found)) == list(range(1, 10))
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
