"""SIGSTOP: a process that is there, holds its connections, and does nothing; then it goes on where it stood.

A county's node that hangs, a virtual machine that is moved, a hub's disk that blocks: nobody closes anything.
"""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.counties import World, report
from tests.scenario.test_completeness import (
    BEACON_SECONDS,
    OTHER,
    SOURCE,
    TWO_INTERVALS,
    VICTIM,
    beacons_flow,
    notices,
    prepared,
    until,
)

EVENTS = 60
SECONDS = 60


@pytest.mark.timeout(180)
async def test_a_county_that_stands_still_is_named_and_loses_nothing(tmp_path: Path) -> None:
    """In the middle of sending and receiving, for longer than its neighbours wait for a beacon."""
    world = await asyncio.to_thread(prepared, tmp_path)
    async with world.running():
        await beacons_flow(world, SOURCE, VICTIM, OTHER)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(world.load(SOURCE, EVENTS, seed=1))
            tasks.create_task(world.load(VICTIM, EVENTS, seed=1))
            while len(world.accepted[VICTIM]) < EVENTS // 4:
                await asyncio.sleep(0.002)
            pid, in_flight = world.troupe.pid(VICTIM), await world.in_flight()
            os.kill(pid, signal.SIGSTOP)
            try:
                named = await until(lambda: _all_name(world, VICTIM, SOURCE, OTHER), TWO_INTERVALS + BEACON_SECONDS)
            finally:
                os.kill(pid, signal.SIGCONT)
        await until(lambda: _nobody_named(world, SOURCE, OTHER), SECONDS)
        took = await world.complete(SECONDS)
    count = world.recounted()
    report(
        f"a county stood still, {in_flight} deliveries in flight: named after {named:.1f} s, whole {took:.1f} s later"
    )
    assert count.holds, count
    assert count.events == 2 * EVENTS
    assert in_flight > 0


@pytest.mark.timeout(180)
async def test_a_hub_that_stands_still_is_noticed_and_loses_nothing(tmp_path: Path) -> None:
    """Its connections stay open and it answers nothing: what it had taken it commits when it goes on."""
    world = await asyncio.to_thread(prepared, tmp_path)
    codes = (SOURCE, VICTIM, OTHER)
    async with world.running():
        await beacons_flow(world, *codes)
        async with asyncio.TaskGroup() as tasks:
            for code in codes:
                tasks.create_task(world.load(code, EVENTS, seed=1))
            while len(world.accepted[SOURCE]) < EVENTS // 4:
                await asyncio.sleep(0.002)
            pid, in_flight = world.server_pid("hub"), await world.in_flight()
            os.kill(pid, signal.SIGSTOP)
            try:
                named = await until(lambda: _all_name(world, OTHER, SOURCE, VICTIM), 2 * TWO_INTERVALS)
            finally:
                os.kill(pid, signal.SIGCONT)
        await until(lambda: _nobody_named(world, *codes), SECONDS)
        took = await world.complete(SECONDS)
    count = world.recounted()
    report(
        f"the hub stood still, {in_flight} deliveries in flight: noticed after {named:.1f} s, whole {took:.1f} s later"
    )
    assert count.holds, count
    assert count.events == 3 * EVENTS
    assert in_flight > 0


async def _all_name(world: World, silent: str, *codes: str) -> bool:
    """Tell whether every one of these counties' officers were told that a county is silent."""
    told = [await notices(world, code, "silent") for code in codes]
    return all(any(one["county"] == silent and not one["resolved_at"] for one in some) for some in told)


async def _nobody_named(world: World, *codes: str) -> bool:
    """Tell whether every silence is over."""
    told = [await notices(world, code, "silent") for code in codes]
    return all(one["resolved_at"] for some in told for one in some)
