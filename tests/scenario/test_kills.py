"""Processes are killed at random moments while events flow: nothing is lost, doubled or out of order."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.counties import World, report

VICTIMS = ("451226", "leaf-451222", "hub")
ROUNDS = 2


@pytest.mark.timeout(900)
def test_kills_of_county_leaf_and_hub_lose_and_double_nothing(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """Kill -9 of a county's node, a leaf's nats-server and the hub's nats-server, each while events are in flight."""
    count, seed = reduced(1200, 5000), random.SystemRandom().randrange(1 << 32)
    world = World.prepared(tmp_path)
    kills = asyncio.run(_flow_with_kills(world, count, seed))
    result = world.recounted()
    report(f"seed {seed}, {count} events, kills with deliveries in flight: {kills}, {result}")
    assert result.holds, f"seed {seed}: {result}"
    assert result.events == count
    assert len(kills) == ROUNDS * len(VICTIMS)
    assert all(in_flight > 0 for _, in_flight in kills)


async def _flow_with_kills(world: World, count: int, seed: int) -> list[tuple[str, int]]:
    rng = random.Random(seed)
    shares = [count // 3, count // 3, count - 2 * (count // 3)]
    victims = [victim for _ in range(ROUNDS) for victim in rng.sample(VICTIMS, len(VICTIMS))]
    moments = sorted(rng.uniform(0.05, 0.85) * count for _ in victims)
    async with world.running(), asyncio.TaskGroup() as tasks:
        loads = [
            tasks.create_task(world.load(part.code, share, seed))
            for part, share in zip(world.cast, shares, strict=True)
        ]
        kills = [await _kill(world, victim, moment, rng) for victim, moment in zip(victims, moments, strict=True)]
        await asyncio.gather(*loads)
        took = await world.complete(120)
        report(f"all receipts back {took:.1f} s after the last 202")
    return kills


async def _kill(world: World, victim: str, moment: float, rng: random.Random) -> tuple[str, int]:
    """Kill one victim once so many events were accepted; the kill counts only if deliveries are in flight."""
    async with asyncio.timeout(120):
        while sum(map(len, world.accepted.values())) < moment:
            world.troupe.check()
            await asyncio.sleep(0.002)
        while not (in_flight := await world.in_flight()):
            await asyncio.sleep(0.002)
    if victim in {"hub", "leaf-451222"}:
        await world.kill_server(victim)
    else:
        await world.troupe.kill(victim)
        await asyncio.sleep(rng.uniform(0.0, 0.5))
        await world.start(victim)
    return victim, in_flight
