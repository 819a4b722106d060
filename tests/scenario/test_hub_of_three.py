"""A hub of three servers as it is run: three counties, and the leader of a stream is killed while events flow."""

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import InvariantError, UnavailableError
from schemas.subjects import Lane, stream_of
from services.bootstrap.hub_state import server_pid, server_state, stream_leader
from services.cli.captured import captured
from services.demo.cast import Part
from tests.counties import World, report

PAIR = (Part("451226", "环江毛南族自治县联络办", "0778-8820110"), Part("522722", "荔波县联络办", "0854-3610110"))
SECONDS = 90


@pytest.mark.timeout(900)
def test_leaders_killed_under_load_lose_and_double_nothing(tmp_path: Path, reduced: Callable[[int, int], int]) -> None:
    """What a leader had taken and not told, the next one has or has not: each node must ask, and go on behind it."""
    kills = reduced(2, 8)
    world = World.prepared(tmp_path, servers=3)
    pauses, receipts = asyncio.run(_flow(world, kills))
    result = world.recounted()
    report(
        f"{result.events} events, leader killed: without writes {pauses} s, receipts back {receipts:.1f} s, {result}"
    )
    assert result.holds, result
    assert result.events == sum(map(len, world.accepted.values()))
    assert len(pauses) == kills


async def _flow(world: World, kills: int) -> tuple[list[float], float]:
    stop = asyncio.Event()
    async with world.running():
        async with asyncio.TaskGroup() as tasks:
            for part in world.cast:
                tasks.create_task(_steadily(world, part.code, stop))
            pauses = []
            for _ in range(kills):
                await asyncio.sleep(2)
                pauses.append(await _kill_the_leader(world, stream_of("522722", Lane.NORMAL)))
                await _whole(world)
            stop.set()
        receipts = await world.complete(SECONDS)
    return pauses, receipts


async def _steadily(world: World, code: str, stop: asyncio.Event) -> None:
    """Send a few events again and again."""
    seed = 0
    while not stop.is_set():
        seed += 1
        await world.load(code, 5, seed)
        await asyncio.sleep(0.1)


async def _kill_the_leader(world: World, stream: str) -> float:
    """Kill the server that leads a stream; return how long the stream then took nothing."""
    homes = world.stage.servers
    victim = await stream_leader(homes, stream)
    witness = next(home for home in homes if home != victim)
    os.kill(server_pid(victim), signal.SIGKILL)  # its supervisor starts it again
    began = time.monotonic()
    before = await _messages(witness, stream)
    async with asyncio.timeout(SECONDS):
        while await _messages(witness, stream) <= before:
            await asyncio.sleep(0.02)
    return round(time.monotonic() - began, 2)


async def _messages(home: Path, stream: str) -> int:
    return next(one.messages for one in (await server_state(home)).streams if one.name == stream)


async def _whole(world: World) -> None:
    """Wait until all three servers hold everything, as an operator does before touching the next one."""
    async with asyncio.timeout(SECONDS):
        for home in world.stage.servers:
            while not await _is_whole(home):
                await asyncio.sleep(0.1)


async def _is_whole(home: Path) -> bool:
    try:
        return (await server_state(home)).whole
    except UnavailableError:
        return False


@pytest.mark.timeout(300)
def test_three_servers_are_made_renewed_replaced_and_updated_one_after_the_other(tmp_path: Path) -> None:
    """What the runbook says: each is taken away once, one comes back without its disk, and events go on meanwhile."""
    world = World.prepared(tmp_path, PAIR, servers=3)
    hub = world.stage.hub
    assert [home.name for home in world.stage.servers] == ["hub-1", "hub-2", "hub-3"]
    assert sorted(path.name for path in hub.rglob("*.key")) == [
        *("ca.key", "hub.key", "hub.key", "hub.key"),
        *("routes.key", "routes.key", "routes.key", "routes.key"),
    ], "no server has an authority's key"
    before = [path.read_bytes() for path in sorted(hub.glob("hub-*/tls/*.pem"))]
    captured("hub", "renew", "--dir", str(hub))
    assert not set(before) & {path.read_bytes() for path in hub.glob("hub-*/tls/*.pem")}
    with pytest.raises(InvariantError, match="carry the result over"):
        captured("hub", "renew", "--dir", str(hub / "hub-1"))
    asyncio.run(_each_away(world))
    assert world.recounted().holds


async def _each_away(world: World) -> None:
    async with world.running():
        await _whole(world)
        for number, home in enumerate(world.stage.servers):
            await world.troupe.stop(home.name)
            with pytest.raises(UnavailableError):
                await server_state(home)
            await _missed(home, [other for other in world.stage.servers if other != home])
            if number == 0:
                shutil.rmtree(home / "jetstream")
            await world.load("522722", 20, seed=number)
            await world.complete(SECONDS)
            await world.troupe.start(home.name, "hub", "run", "--dir", str(home))
            await _whole(world)
        states = [await server_state(home) for home in world.stage.servers]
        messages = [{one.name: one.messages for one in state.streams} for state in states]
        assert messages[0] == messages[1] == messages[2]
        assert sum(messages[0].values()) > 0
        said = await asyncio.to_thread(captured, "hub", "status", "--dir", str(world.stage.hub), "--json")
        assert json.loads(said)["whole"] is True


async def _missed(gone: Path, others: list[Path]) -> None:
    """Wait until a server that leads a stream names the one that is away."""
    async with asyncio.timeout(SECONDS):
        while True:
            states = [await server_state(home) for home in others]
            if any(gone.name in one.behind for state in states for one in state.streams):
                assert not all(state.whole for state in states)
                return
            await asyncio.sleep(0.2)
