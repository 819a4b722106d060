"""A file is on its way, and something happens: an alert, a kill, an erasure. Real processes, a real hub."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import SystemClock
from services.demo.ceremony import set_hub_url
from services.demo.sampling import sample
from tests.attachments import read_back, send_file
from tests.counties import World, report
from tests.links import link_to
from tests.scenario.test_slow_line import BYTES_PER_SECOND, NEIGHBOUR, PAIR, SOURCE, URGENT_SECONDS

KIB = 1024
SECONDS = 240


async def _file(world: World, code: str, envelope_id: str) -> dict[str, Any] | None:
    async with world.client(code) as client:
        page = json.loads(await client.get("/events", {"limit": "50", "newest": "true"}))
        if all(one["envelope_id"] != envelope_id for one in page["events"]):
            return None
        found: dict[str, Any] | None = json.loads(await client.get(f"/events/{envelope_id}"))["file"]
        return found


async def _until(world: World, code: str, envelope_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        while True:
            file = await _file(world, code, envelope_id)
            if file is not None and holds(file):
                return file
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("at", [SOURCE, NEIGHBOUR])
@pytest.mark.timeout(600)
def test_a_file_delays_an_alert_on_a_slow_line(tmp_path: Path, at: str, reduced: Callable[[int, int], int]) -> None:
    """256 kbit/s, at the source or at the recipient: what stands in buffers is not overtaken."""
    world, kib = World.prepared(tmp_path, PAIR), reduced(400, 800)
    took, held, chunks = asyncio.run(_overtake(world, at, kib))
    report(f"an alert took {took:.2f} s beside a file on 256 kbit/s at {at}; {held} of {chunks} chunks were there")
    assert 0 < held < chunks, "the alert must come while the file is on its way"
    assert took <= URGENT_SECONDS
    assert world.recounted().holds


async def _overtake(world: World, at: str, kib: int) -> tuple[float, int, int]:
    async with link_to(world.ports.hub, bytes_per_second=BYTES_PER_SECOND) as link:
        set_hub_url(world.stage, at, link.port)
        async with world.running():
            async with world.client(SOURCE) as client:
                file = await send_file(client, kib * KIB)
            await _until(world, NEIGHBOUR, file.envelope_id, lambda one: one["held"] > 1)
            began = time.monotonic()
            alert = await world.send(SOURCE, sample("rainstorm_issued", begin=SystemClock().now()), "alert")
            async with world.client(NEIGHBOUR) as client:
                while not await _is_there(client, alert["envelope_id"]):
                    await asyncio.sleep(0.02)
            took = time.monotonic() - began
            state = await _until(world, NEIGHBOUR, file.envelope_id, lambda _: True)
            await world.complete(SECONDS)
            async with world.client(NEIGHBOUR) as client:
                assert await read_back(client, file.envelope_id) == file.sha256
    return took, state["held"], state["chunks"]


async def _is_there(client: Any, envelope_id: str) -> bool:  # noqa: ANN401 - the client of a node
    page = json.loads(await client.get("/events", {"direction": "in", "limit": "10"}))
    return any(one["envelope_id"] == envelope_id for one in page["events"])


@pytest.mark.parametrize("killed", [SOURCE, NEIGHBOUR])
@pytest.mark.timeout(300)
def test_a_kill_costs_a_file(tmp_path: Path, killed: str) -> None:
    """Kill -9 in the middle: what was noted is there, what was not is published or asked for again."""
    world = World.prepared(tmp_path, PAIR)
    held, chunks = asyncio.run(_kill(world, killed))
    report(f"{killed} was killed at {held} of {chunks} chunks")
    assert 0 < held < chunks
    assert world.recounted().holds


async def _kill(world: World, killed: str) -> tuple[int, int]:
    async with link_to(world.ports.hub, bytes_per_second=512 * KIB) as link:
        set_hub_url(world.stage, killed, link.port)
        async with world.running():
            async with world.client(SOURCE) as client:
                file = await send_file(client, 3 * 1024 * KIB)
            before = await _until(world, NEIGHBOUR, file.envelope_id, lambda one: one["held"] >= one["chunks"] // 3)
            await world.troupe.kill(killed)
            await world.start(killed)
            await world.complete(SECONDS)
            async with world.client(NEIGHBOUR) as client:
                assert await read_back(client, file.envelope_id) == file.sha256
    return before["held"], before["chunks"]


@pytest.mark.timeout(300)
def test_an_erased_file_stays_on_a_disk(tmp_path: Path) -> None:
    """Erasing an event takes its file with it, at its author and at every recipient."""
    world = World.prepared(tmp_path, PAIR)
    asyncio.run(_erase(world))
    assert [path for part in PAIR for path in (world.stage.county(part.code) / "files").iterdir()] == []


async def _erase(world: World) -> None:
    async with world.running():
        async with world.client(SOURCE) as client:
            file = await send_file(client, 300 * KIB)
        await world.complete(SECONDS)
        for part in PAIR:
            assert list((world.stage.county(part.code) / "files").iterdir())
        async with world.client(SOURCE) as client:
            await client.post(f"/events/{file.envelope_id}/erasure", b'{"reason": "withdrawn"}')
        await _until(world, NEIGHBOUR, file.envelope_id, lambda one: one["state"] == "erased")
        await asyncio.sleep(6)  # the sweeper looks every five seconds
