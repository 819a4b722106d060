"""Kill -9 of a real process at each step of its relay and receiver: what was between two of them comes once, in order.

The simulation does the same in memory at moments that it draws; here the database, the engines and the hub are real.
"""

import asyncio
import json
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from services.demo.cast import Part
from tests.counties import World, report

SOURCE, NEIGHBOUR = "522722", "451226"
PAIR = (Part(NEIGHBOUR, "环江毛南族自治县联络办", "0778-8820110"), Part(SOURCE, "荔波县联络办", "0854-3610110"))
ROOT = Path(__file__).parents[2]
STEPS = 60
EVENTS = 2
SECONDS = 60
_OWED = "SELECT sum(CASE name WHEN 'deliveries' THEN value ELSE -value END) FROM counters WHERE name IN (?, ?)"


@pytest.mark.parametrize("victim", [SOURCE, NEIGHBOUR], ids=["relay", "receiver"])
@pytest.mark.timeout(900)
async def test_a_kill_at_any_step_of_the_loops_loses_and_doubles_nothing(
    tmp_path: Path, victim: str, reduced: Callable[[int, int], int]
) -> None:
    """Between commit and acknowledgement, between the hub's answer and the mark, between reading and appending."""
    kills = reduced(8, STEPS)
    world = await asyncio.to_thread(World.prepared, tmp_path, PAIR)
    in_flight: list[int] = []
    async with world.running():
        await world.troupe.kill(victim)
        for number in range(kills):
            if victim == NEIGHBOUR:
                await world.load(SOURCE, EVENTS, seed=number)
                in_flight.append(owed(world, SOURCE))
            await _die(world, victim, 1 + number * STEPS // kills)
            if victim == SOURCE:
                in_flight.append(owed(world, SOURCE))
        await world.start(victim)
        await world.complete(SECONDS)
    count = world.recounted()
    counted = sum(1 for one in in_flight if one)
    report(f"{kills} kills at steps 1 to {STEPS}, {counted} with deliveries in flight: {in_flight}, {count}")
    assert count.holds, count
    assert count.events == kills * EVENTS
    assert counted >= kills * 2 // 3


async def _die(world: World, victim: str, step: int) -> None:
    """Run the victim's loops until that step; a source accepts some events first."""
    events = EVENTS if victim == SOURCE else 0
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.scenario.mortal_node", str(world.stage.county(victim)), str(step), str(events)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS):
        said, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    for line in said.splitlines():
        world.accepted[victim].append({**json.loads(line), "source": victim, "to": [NEIGHBOUR]})


def owed(world: World, code: str) -> int:
    """How many deliveries of a county have no *stored* receipt yet, by its own database."""
    with closing(sqlite3.connect(f"file:{world.stage.county(code) / 'sihu.db'}?mode=ro", uri=True)) as connection:
        return int(connection.execute(_OWED, ("deliveries", "stored")).fetchone()[0] or 0)
