"""Two real nodes: the officers of 荔波 change, the desk at 环江 names who is on duty; a crash tells nothing twice."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.clock import SystemClock
from schemas.base import BEIJING
from tests.commands import done
from tests.counties import TRIO, World, report
from tests.people import add_people

HUANJIANG, LIBO = TRIO[1:]
WAIT_SECONDS: Final = 60
_COUNT: Final = "SELECT count(*) FROM envelopes WHERE direction = 'in' AND wire_type = 'cn.sihu.control.duty_told.v1'"


async def _shown(world: World) -> dict[str, Any] | None:
    async with world.client(HUANJIANG.code) as client:
        links = json.loads(await client.get("/links"))["links"]
    found: dict[str, Any] | None = next(one["duty"] for one in links if one["county"] == LIBO.code)
    return found


async def _until(world: World, names: list[str] | None) -> float:
    """Wait until the desk at 环江 names these people; return the seconds it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(WAIT_SECONDS):
        while (duty := await _shown(world), duty and [one["display"] for one in duty["people"]])[1] != names:
            world.troupe.check()
            await asyncio.sleep(0.1)
    return loop.time() - began


def _arrived(world: World) -> int:
    path = world.stage.county(HUANJIANG.code) / "sihu.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute(_COUNT).fetchone()[0])


@pytest.mark.timeout(240)
async def test_the_desk_next_door_names_who_is_on_duty(tmp_path: Path) -> None:
    """At the start, after an override, after kill -9, and nobody any more once it is switched off."""
    world = await asyncio.to_thread(World.prepared, tmp_path, (HUANJIANG, LIBO))
    home = world.stage.county(LIBO.code)
    await asyncio.to_thread(add_people, home, LIBO.code)
    async with world.running():
        await _until(world, ["值班员甲", "值班员乙"])
        now = SystemClock().now().astimezone(BEIJING)
        span = [f"{now + timedelta(days=days):%Y-%m-%d %H:%M}" for days in (-1, 1)]
        words = ("--replaces", "duty-a", "--from", span[0], "--to", span[1], "--reason", "病假", "--by", "duty-a")
        await asyncio.to_thread(done, "roster", "override", "leader-a", *words, "--dir", home)
        took = await _until(world, ["带班领导", "值班员乙"])
        report(f"next door {took:.1f} s after the override was recorded")
        told = await _shown(world)
        assert told is not None
        assert "1390000" not in json.dumps(told)
        assert _arrived(world) == 2

        await world.troupe.kill(LIBO.code)
        await world.start(LIBO.code)
        await asyncio.sleep(5)
        assert (await _shown(world), _arrived(world)) == (told, 2)

        await world.troupe.kill(LIBO.code)
        with (home / "county.toml").open("a", encoding="utf-8") as settings:
            settings.write("\n[duty]\ntell_partners = false\n")
        await world.start(LIBO.code)
        await _until(world, None)
        assert _arrived(world) == 3
