"""Counties that sign in batches, one that does not, and a kill in between. Real nodes, a real hub, real commands."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from services.demo.sampling import sample
from tests.commands import done
from tests.counties import World, report

SOURCE, NEIGHBOUR, PLAIN = "522722", "451226", "451222"
SECONDS = 120
_SIGNED = """
SELECT lower(hex(envelope_id)), direction, wire_type, signatures FROM envelopes
WHERE instr(signatures, CAST('"root":{"v":1' AS BLOB)) > 0 ORDER BY position"""


def in_batches(world: World, code: str) -> list[tuple[str, str, str, int]]:
    """Return id, direction, type and number of leaves of what a county holds from batches."""
    database = world.stage.county(code) / "sihu.db"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        found = connection.execute(_SIGNED).fetchall()
    return [(one, way, wire_type, json.loads(part)[0]["root"]["count"]) for one, way, wire_type, part in found]


def prepared(root: Path) -> World:
    """Three counties, two of which sign in batches."""
    world = World.prepared(root)
    for code in (SOURCE, NEIGHBOUR):
        with (world.stage.county(code) / "county.toml").open("a", encoding="utf-8") as file:
            file.write("[bus]\nbatch_signatures = true\nreceipt_range_max = 5\n")
    return world


@pytest.mark.timeout(300)
async def test_batches_cross_under_load_and_a_kill_and_prove_themselves(tmp_path: Path) -> None:
    """A batch that is lost, doubled or refused by anybody, or an event of one that proves nothing alone."""
    world = await asyncio.to_thread(prepared, tmp_path)
    async with world.running():
        alert = await world.send(SOURCE, sample("rainstorm_issued", begin=SystemClock().now()), "alert")
        load = asyncio.gather(*(world.load(part.code, 150, seed=1) for part in world.cast))
        await asyncio.sleep(1.0)
        await world.troupe.kill(SOURCE)
        await world.start(SOURCE)
        await load
        await world.complete(SECONDS)
        ours = [one for one in in_batches(world, SOURCE) if one[1] == "out"]
        event = next(one for one in ours if "control" not in one[2])
        file = tmp_path / "evidence.json"
        home = world.stage.county(SOURCE)
        await asyncio.to_thread(done, "evidence", event[0], "-o", file, "--dir", home)
        pinned = json.loads((home / "trust" / "pinned.json").read_text(encoding="utf-8"))["1"]
        proved = await asyncio.to_thread(done, "verify", file, "--anchor", pinned)
    assert proved["outcome"] == "holds"
    result = world.recounted()
    sizes = sorted(size for *_, size in ours)
    report(f"{len(ours)} envelopes of one county in batches of {sizes[0]} to {sizes[-1]}, {result}")
    assert result.holds, result
    assert alert["envelope_id"] not in {one[0] for one in ours}
    assert not [one for one in in_batches(world, PLAIN) if one[1] == "out"]
    for part in world.cast:
        database = world.stage.county(part.code) / "sihu.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            assert connection.execute("SELECT code FROM quarantine").fetchall() == []
        assert [one for one in in_batches(world, part.code) if one[1] == "in"]
