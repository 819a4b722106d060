"""Every appender: in order, none lost, none twice, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from schemas.errors import InvariantError, UnavailableError
from schemas.subjects import Lane, stream_of
from services.hub_ports import Appender
from tests.contract.buses import BORDER, HUANJIANG, LIBO, NANDAN, TIANE, Bus, number_of, open_bus, publications


@pytest.fixture(params=["memory", "jetstream"])
async def bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bus]:
    """A hub with nothing in it."""
    async with open_bus(request.param, tmp_path) as opened:
        yield opened


async def arrived(bus: Bus, count: int, *, source: str = HUANJIANG, lane: Lane = Lane.NORMAL) -> list[int]:
    """Return the numbers of the first ``count`` messages from ``source``, as 荔波 gets them."""
    puller = await bus.puller(LIBO, stream_of(source, lane))
    puller.rewind()
    found: list[int] = []
    async with asyncio.timeout(20), aclosing(puller.batches()) as batches:  # type: ignore[type-var]
        async for batch in batches:
            await puller.acknowledge(batch)
            found += [number_of(one.message) for one in batch.arrivals if one.subject.split(".")[2:4] == [source, lane]]
            if len(found) >= count:
                break
    return found


async def appended_at_last(appender: Appender, last: int) -> int:
    """Append as a relay does: after a refusal ask the hub, go on behind what it holds. Return the refusals."""
    refusals = 0
    async with asyncio.timeout(20):
        while True:
            try:
                held = await appender.last_held(Lane.NORMAL)
                await appender.append(Lane.NORMAL, publications(held + 1, last - held))
            except UnavailableError:
                refusals += 1
                await asyncio.sleep(0)
            else:
                return refusals


async def test_an_empty_lane_holds_nothing(bus: Bus) -> None:
    """A hub that never heard of us: the outbox starts at the beginning, without an error."""
    assert await (await bus.appender(HUANJIANG)).last_held(Lane.NORMAL) == 0


@pytest.mark.parametrize("count", [1, 2, 3, 40, 2500])
async def test_what_was_appended_arrives_once_and_in_order(bus: Bus, count: int) -> None:
    """One by one, a small batch, several batches: the way must not show."""
    appender = await bus.appender(HUANJIANG)
    assert await appender.append(Lane.NORMAL, publications(1, count)) == count
    assert await appender.last_held(Lane.NORMAL) == count
    assert await arrived(bus, count) == list(range(1, count + 1))


async def test_what_the_hub_holds_is_passed_over(bus: Bus) -> None:
    """A relay that forgot how far it was offers everything again."""
    await (await bus.appender(HUANJIANG)).append(Lane.NORMAL, publications(1, 30))
    restarted = await bus.appender(HUANJIANG)
    assert await restarted.append(Lane.NORMAL, publications(1, 30)) == 30
    assert await restarted.append(Lane.NORMAL, publications(1, 45)) == 45
    assert await arrived(bus, 45) == list(range(1, 46))


async def test_nothing_waiting_is_no_error(bus: Bus) -> None:
    """An idle relay asks with an empty hand."""
    assert await (await bus.appender(HUANJIANG)).append(Lane.NORMAL, []) == 0


async def test_lanes_are_counted_apart(bus: Bus) -> None:
    """An alert that had to wait for a backlog's numbers would not overtake it."""
    appender = await bus.appender(HUANJIANG)
    await appender.append(Lane.NORMAL, publications(1, 20))
    assert await appender.last_held(Lane.URGENT) == 0
    assert await appender.append(Lane.URGENT, publications(1, 3, lane=Lane.URGENT)) == 3
    assert await appender.append(Lane.REPAIR, publications(1, 2, lane=Lane.REPAIR)) == 2
    assert await appender.last_held(Lane.NORMAL) == 20
    assert await arrived(bus, 3, lane=Lane.URGENT) == [1, 2, 3]


async def test_counties_of_one_shard_do_not_disturb_each_other(bus: Bus) -> None:
    """Two counties fill one stream at once: each lane stays dense and in order, and neither is refused."""
    assert stream_of(HUANJIANG, Lane.NORMAL) == stream_of(TIANE, Lane.NORMAL)
    pair = [(county, await bus.appender(county)) for county in (HUANJIANG, TIANE)]

    async def fill(county: str, appender: Appender) -> None:
        first = 1
        for count in (1, 2, 30, 1, 1200, 5, 70):
            await appender.append(Lane.NORMAL, publications(first, count, source=county, destination=f"_{BORDER}"))
            first += count

    await asyncio.gather(*(fill(county, appender) for county, appender in pair))
    assert await arrived(bus, 1309, source=HUANJIANG) == list(range(1, 1310))
    assert await arrived(bus, 1309, source=TIANE) == list(range(1, 1310))


async def test_an_old_lane_may_start_anywhere(bus: Bus) -> None:
    """What came before has expired at the hub: the sequence goes on, it does not start again."""
    appender = await bus.appender(HUANJIANG)
    assert await appender.append(Lane.NORMAL, publications(5001, 20)) == 5020
    assert await arrived(bus, 20) == list(range(5001, 5021))


async def test_a_twin_is_noticed_and_nothing_is_doubled(bus: Bus) -> None:
    """Two processes with the keys of one county: the slower one is refused, asks, and goes on behind the other."""
    one, two = await bus.appender(HUANJIANG), await bus.appender(HUANJIANG)
    await one.append(Lane.NORMAL, publications(1, 20))
    await two.append(Lane.NORMAL, publications(1, 50))
    with pytest.raises(UnavailableError):
        await one.append(Lane.NORMAL, publications(21, 40))
    assert await one.append(Lane.NORMAL, publications(21, 40)) == 60
    assert await arrived(bus, 60) == list(range(1, 61))


async def test_two_that_race_for_one_lane_leave_it_whole(bus: Bus) -> None:
    """Compare and set under pressure: whoever wins, each number is there once, in order."""
    pair = [await bus.appender(HUANJIANG), await bus.appender(HUANJIANG)]
    await asyncio.gather(*(appended_at_last(appender, last) for appender in pair for last in (90, 180, 700)))
    assert await arrived(bus, 700) == list(range(1, 701))


async def test_an_outbox_out_of_order_is_our_bug(bus: Bus) -> None:
    """Sent as it is, it would be out of order at the hub for ever."""
    appender = await bus.appender(HUANJIANG)
    with pytest.raises(InvariantError):
        await appender.append(Lane.NORMAL, [*publications(2, 1), *publications(1, 1)])
    assert await appender.last_held(Lane.NORMAL) == 0


async def test_a_hub_out_of_reach_is_unavailable_and_then_gets_everything(bus: Bus) -> None:
    """Events are accepted meanwhile: they leave when the hub is back, in order, none twice."""
    appender = await bus.appender(HUANJIANG)
    await appender.append(Lane.NORMAL, publications(1, 5))
    await bus.cut()
    with pytest.raises(UnavailableError):
        await appender.append(Lane.NORMAL, publications(6, 40))
    with pytest.raises(UnavailableError):
        await appender.last_held(Lane.NORMAL)
    await bus.heal()
    await appended_at_last(appender, 60)
    assert await arrived(bus, 60) == list(range(1, 61))


async def test_another_shard_is_another_stream(bus: Bus) -> None:
    """A county of shard 0 writes where its shard says, not where ours does."""
    appender = await bus.appender(NANDAN)
    await appender.append(Lane.NORMAL, publications(1, 4, source=NANDAN))
    assert await arrived(bus, 4, source=NANDAN) == [1, 2, 3, 4]
