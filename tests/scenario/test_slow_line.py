"""A county on a slow line, and on one that is half open: what an alert waits for, and that a backlog gets through."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import SystemClock
from services.demo.cast import Part
from services.demo.ceremony import set_hub_url
from services.demo.sampling import sample
from tests.counties import World, report
from tests.links import Mood, link_to

PAIR = (Part("451226", "环江毛南族自治县联络办", "0778-8820110"), Part("522722", "荔波县联络办", "0854-3610110"))
SOURCE, NEIGHBOUR = "522722", "451226"
BYTES_PER_SECOND = 256_000 / 8
BACKLOG, STATED_BACKLOG = 120, 300
URGENT_SECONDS = 3.0
HALF_OPEN_SECONDS = 45.0
SECONDS = 240


@dataclass
class Seen:
    """What was measured, in seconds."""

    urgent: float = 0.0
    held_at_urgent: int = 0
    drained: float = 0.0


@pytest.mark.timeout(600)
def test_an_alert_overtakes_a_backlog_on_a_slow_line(tmp_path: Path, reduced: Callable[[int, int], int]) -> None:
    """256 kbit/s: what stands in buffers is not overtaken, so no more may stand there than a few seconds' worth."""
    world, backlog = World.prepared(tmp_path, PAIR), reduced(BACKLOG, STATED_BACKLOG)
    seen = asyncio.run(_slow(world, SOURCE, backlog))
    result = world.recounted()
    report(f"{backlog} events over 256 kbit/s: {seen}, {result}")
    assert result.holds, result
    assert 0 < seen.held_at_urgent < backlog, "the alert must be accepted while the backlog drains"
    assert seen.urgent <= URGENT_SECONDS


@pytest.mark.timeout(600)
def test_a_backlog_gets_through_to_a_county_on_a_slow_line(tmp_path: Path, reduced: Callable[[int, int], int]) -> None:
    """What the hub has written stands before the answer to every PING, and must not be taken for a dead link."""
    world, backlog = World.prepared(tmp_path, PAIR), reduced(BACKLOG, STATED_BACKLOG)
    seen = asyncio.run(_slow(world, NEIGHBOUR, backlog))
    result = world.recounted()
    report(f"{backlog} events to a county on 256 kbit/s: {seen}, {result}")
    assert result.holds, result
    assert 0 < seen.held_at_urgent < backlog, "the alert must overtake"
    assert seen.urgent <= URGENT_SECONDS


@pytest.mark.parametrize("at", [SOURCE, NEIGHBOUR])
@pytest.mark.timeout(300)
def test_a_line_that_is_half_open_is_given_up_within_seconds(tmp_path: Path, at: str) -> None:
    """A firewall forgets a connection and tells neither end: without a PING the county would wait for hours."""
    world = World.prepared(tmp_path, PAIR)
    took = asyncio.run(_half_open(world, at))
    result = world.recounted()
    report(f"half open at {at}: an alert arrived after {took:.1f} s, {result}")
    assert result.holds, result
    assert took <= HALF_OPEN_SECONDS


async def _half_open(world: World, at: str) -> float:
    async with link_to(world.ports.hub) as link:
        set_hub_url(world.stage, at, link.port)
        async with world.running():
            await world.load(SOURCE, 20, seed=1)
            await world.complete(SECONDS)
            link.lose()
            began = time.monotonic()
            sent = await world.send(SOURCE, sample("rainstorm_issued", begin=SystemClock().now()), "alert")
            async with asyncio.timeout(SECONDS):
                while not await _holds(world, sent["envelope_id"]):
                    await asyncio.sleep(0.05)
            took = time.monotonic() - began
            await world.complete(SECONDS)
    return took


async def _slow(world: World, at: str, backlog: int) -> Seen:
    seen = Seen()
    async with link_to(world.ports.hub, bytes_per_second=BYTES_PER_SECOND) as link:
        set_hub_url(world.stage, at, link.port)
        async with world.running():
            link.become(Mood.REFUSING)
            await world.load(SOURCE, backlog, seed=1)
            link.become(Mood.WELL)
            healed = time.monotonic()
            await _until_arrived(world, 1)
            accepted = time.monotonic()
            sent = await world.send(SOURCE, sample("rainstorm_issued", begin=SystemClock().now()), "alert")
            while not await _holds(world, sent["envelope_id"]):
                await asyncio.sleep(0.02)
            seen.urgent = time.monotonic() - accepted
            seen.held_at_urgent = await _arrived(world)
            await world.complete(SECONDS)
            seen.drained = time.monotonic() - healed
    return seen


async def _until_arrived(world: World, count: int) -> None:
    async with asyncio.timeout(SECONDS):
        while await _arrived(world) < count:
            await asyncio.sleep(0.02)


async def _arrived(world: World) -> int:
    return int((await world.gauges(NEIGHBOUR)).get("sihu_events_in", 0))


async def _holds(world: World, envelope_id: str) -> bool:
    async with world.client(NEIGHBOUR) as client:
        params = {"direction": "in", "type": sample("rainstorm_issued").wire_type, "limit": "10"}
        page: dict[str, Any] = json.loads(await client.get("/events", params))
    return any(event["envelope_id"] == envelope_id for event in page["events"])
