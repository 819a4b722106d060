"""The roster of a whole node: API, notifier and commands have one, and its files may come later than the node."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from adapters.clock import SystemClock
from schemas.base import format_time
from tests.caller import Caller
from tests.commands import done
from tests.counties import TRIO, World
from tests.people import CREW, add_people, roster_text
from tests.roster_writer import Writer
from tests.rosters import DAY

HUANJIANG, LIBO = TRIO[1:]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two counties; 环江 has a roster."""
    made = World.prepared(tmp_path, (HUANJIANG, LIBO))
    add_people(made.stage.county(HUANJIANG.code), HUANJIANG.code)
    return made


@asynccontextmanager
async def officer(world: World, code: str) -> AsyncIterator[Caller]:
    """Call a county's node with the token that `sihu officer add` wrote."""
    token = (world.stage.county(code) / "officers" / "duty-a.token").read_text(encoding="utf-8").strip()
    port = world.ports.api[code]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield Caller(session, token, port)


async def test_a_node_has_one_roster_for_api_notifier_and_commands(world: World) -> None:
    """Three views of who is on duty would be found out at night; so would a first roster that nobody is paged by."""
    async with world.running():
        async with officer(world, HUANJIANG.code) as caller:
            await _changed(Writer(caller), world.stage.county(HUANJIANG.code))
        async with officer(world, LIBO.code) as caller:
            await _begun(caller, world.stage.county(LIBO.code))


async def _changed(writer: Writer, home: Path) -> None:
    now, caller = SystemClock().now(), writer.caller
    fields = {"officer": "leader-a", "replaces": "duty-a", "reason": "病假"} | {
        "starts_at": format_time(now - DAY),
        "ends_at": format_time(now + DAY),
    }
    assert (await caller.get("/roster")).body["pages_people"] is True
    assert (await writer.post("overrides", fields)).body["recorded_by"] == "duty-a"
    paged = (await caller.get("/duty")).body["people"]
    shown = done("roster", "show", "--dir", home)["on_duty"]
    for people in (paged, shown):
        assert [one["officer"] for one in people] == ["leader-a", "duty-b", "leader-a"]

    seen = await writer.version()
    done("roster", "handover", "duty-a", "duty-b", "--text", "水位 1.2 米", "--dir", home)
    async with asyncio.timeout(30):  # within a second the node looks at its files again
        while (await caller.get("/roster/on-duty")).body["note"] is None:
            await asyncio.sleep(0.1)
    assert (await writer.post("overrides", fields, seen=seen)).status == 412


async def _begun(caller: Caller, home: Path) -> None:
    missing = await caller.get("/roster")
    assert (missing.status, missing.body["code"]) == (404, "roster.not_found")
    (home / "roster.toml").write_text(roster_text(LIBO.code, CREW[:1]), encoding="utf-8")
    async with asyncio.timeout(30):
        while (answer := await caller.get("/roster")).status != 200:
            await asyncio.sleep(0.1)
    assert answer.body["pages_people"] is False
    note = {"to_officer": "duty-a", "text": "已写入值班表"}
    assert (await Writer(caller).post("notes", note)).status == 201
