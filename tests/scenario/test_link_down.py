"""The link is down while events are accepted: accepting goes on, the own officer is told, everything arrives after."""

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
from tests.counties import Link, World, report

PAIR = (Part("451226", "环江毛南族自治县联络办", "0778-8820110"), Part("522722", "荔波县联络办", "0854-3610110"))
SOURCE, NEIGHBOUR = "522722", "451226"
FIRST_EVENT_SECONDS = 5.0
URGENT_SECONDS = 2.0
TOLD_AFTER_SECONDS = 3


@dataclass
class Seen:
    """What was measured, in seconds."""

    accepted_rate: float = 0.0
    first_event: float = 0.0
    urgent: float = 0.0
    held_at_urgent: int = 0
    drained: float = 0.0
    told: str = ""


@pytest.mark.timeout(900)
def test_a_link_that_is_down_loses_nothing_and_an_alert_overtakes_the_backlog(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """All events are accepted behind a dead link; the neighbour gets them in order once it heals, an alert first."""
    count = reduced(3000, 10_000)
    world = World.prepared(tmp_path, PAIR, stored_seconds=TOLD_AFTER_SECONDS)
    seen = asyncio.run(_play(world, count))
    result = world.recounted()
    report(f"{count} events behind a dead link: {seen}, {result}")
    assert result.holds, result
    assert result.events == count + 2
    assert "0778-8820110" in seen.told, "the source's officer is told whom to telephone"
    assert seen.first_event <= FIRST_EVENT_SECONDS
    assert 0 < seen.held_at_urgent < count, "the alert must be accepted while the backlog drains"
    assert seen.urgent <= URGENT_SECONDS


async def _play(world: World, count: int) -> Seen:
    seen = Seen()
    async with Link(world.ports.hub).opened() as link:
        set_hub_url(world.stage, SOURCE, link.port)
        async with world.running():
            link.cut()
            seen.told = await _accept_behind_the_cut(world, count, seen)
            link.heal()
            await _drain(world, seen, time.monotonic())
    return seen


async def _accept_behind_the_cut(world: World, count: int, seen: Seen) -> str:
    await world.send(SOURCE, sample("rainstorm_updated", begin=SystemClock().now()), "alert-behind-the-cut")
    began = time.monotonic()
    await world.load(SOURCE, count, seed=1)
    seen.accepted_rate = count / (time.monotonic() - began)
    assert await _arrived(world) == 0, "nothing can have crossed a dead link"
    async with asyncio.timeout(TOLD_AFTER_SECONDS + 10):
        while not (notices := (await _get(world, SOURCE, "/notices", open="true"))["notices"]):
            await asyncio.sleep(0.1)
    return str(notices[0]["text"])


async def _drain(world: World, seen: Seen, healed: float) -> None:
    async with asyncio.timeout(FIRST_EVENT_SECONDS + 10):
        while await _arrived(world) < 1:
            await asyncio.sleep(0.005)
    seen.first_event = time.monotonic() - healed
    accepted = time.monotonic()
    sent = await world.send(SOURCE, sample("rainstorm_issued", begin=SystemClock().now()), "alert-in-the-drain")
    while not await _holds(world, sent["envelope_id"]):
        await asyncio.sleep(0.005)
    seen.urgent = time.monotonic() - accepted
    seen.held_at_urgent = await _arrived(world)
    await world.complete(300)
    seen.drained = time.monotonic() - healed


async def _get(world: World, code: str, path: str, **params: str) -> Any:  # noqa: ANN401 - any JSON value
    async with world.client(code) as client:
        return json.loads(await client.get(path, params))


async def _arrived(world: World) -> int:
    return int((await world.gauges(NEIGHBOUR)).get("sihu_events_in", 0))


async def _holds(world: World, envelope_id: str) -> bool:
    page = await _get(
        world, NEIGHBOUR, "/events", direction="in", type=sample("rainstorm_issued").wire_type, limit="10"
    )
    return any(event["envelope_id"] == envelope_id for event in page["events"])
