"""Keys change while counties run: by plan under load, and after a theft. Real nodes, a real hub, the very commands."""

import asyncio
import json
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import SystemClock
from services.demo.ceremony import Stage
from services.demo.sampling import sample
from services.demo.troupe import Troupe
from tests.commands import done
from tests.counties import World, report

SOURCE, NEIGHBOUR, THIRD = "522722", "451226", "451222"
SECONDS = 120
ROTATION_SECONDS = 20
_HEADERS = "SELECT header FROM envelopes WHERE wire_type NOT LIKE '%.receipt.%' ORDER BY position"
_OPENED = "SELECT json_extract(content, '$.reason') FROM envelopes WHERE wire_type LIKE '%.epoch_opened.%'"


async def command(world: World, code: str, *arguments: str | Path) -> Any:  # noqa: ANN401 - any JSON value
    """Run a command of one county that must succeed."""
    return await asyncio.to_thread(done, *arguments, "--dir", world.stage.county(code))


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Read rows of a county's database, read-only."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def signers(world: World, code: str, source: str) -> list[str]:
    """Return the keys that signed the events of a county as another one holds them, in order of their places."""
    headers = (header for (header,) in rows(world.stage.county(code) / "sihu.db", _HEADERS))
    found = (json.loads(header) for header in headers)
    return [one["signers"][0] for one in found if one["source"] == source]


def quarantined(world: World, code: str) -> list[str]:
    """Return why messages were refused at a county."""
    return [str(code) for (code,) in rows(world.stage.county(code) / "sihu.db", "SELECT code FROM quarantine")]


@pytest.mark.timeout(400)
async def test_keys_rotate_under_load_and_nothing_is_lost(tmp_path: Path, reduced: Callable[[int, int], int]) -> None:
    """A missed event, a double, a fork or anything in quarantine: a node noticed the change too early or too late."""
    count = reduced(100, 1_000)
    world = await asyncio.to_thread(World.prepared, tmp_path)
    rotated = asyncio.Event()

    async def load_all_the_while() -> int:
        rounds = 0
        while not rotated.is_set():
            rounds += 1
            await asyncio.gather(*(world.load(part.code, count, seed=rounds) for part in world.cast))
        return rounds

    async with world.running():
        await world.send(SOURCE, sample("rainstorm_issued", begin=SystemClock().now()), "before")
        load = asyncio.create_task(load_all_the_while())
        took = []
        for use in ("event", "receipt", "event", "receipt"):
            began = time.monotonic()
            changed = await command(world, SOURCE, "key", "rotate", "--use", use)
            took.append(time.monotonic() - began)
            assert changed["reason"] == "rotated"
        rotated.set()
        assert await load > 0
        await world.send(SOURCE, sample("rainstorm_updated", begin=SystemClock().now()), "after")
        await world.complete(SECONDS)
    result = world.recounted()
    report(f"4 rotations under load took {[round(one, 1) for one in took]} s, {result}")
    assert result.holds, result
    assert max(took) < ROTATION_SECONDS
    for code in (NEIGHBOUR, THIRD):
        assert quarantined(world, code) == []
        assert len(set(signers(world, code, SOURCE))) == 3, "the first key and two that followed"
    listed = await command(world, NEIGHBOUR, "key", "changes")
    assert [(one["county"], one["use"]) for one in listed["changes"]] == [
        (SOURCE, "event"),
        (SOURCE, "receipt"),
        (SOURCE, "event"),
        (SOURCE, "receipt"),
    ]


def copied(world: World, name: str) -> World:
    """Return a world in which the thief runs the county's directory as it was when he took it, on the same ports."""
    taken = World(Stage(world.stage.root / name), world.cast, world.ports, Troupe(world.stage.root / name / "logs"))
    shutil.copytree(world.stage.county(SOURCE), taken.stage.county(SOURCE))
    return taken


async def play_the_thief(thief: World, count: int, key: str) -> list[str]:
    """Let the thief's node sign and send; return the ids of his events once they are at the hub."""
    thief.accepted[SOURCE] = []
    await thief.start(SOURCE)
    bulletin = sample("work_bulletin", begin=SystemClock().now())
    sent = [await thief.send(SOURCE, bulletin, f"{key}-{number}") for number in range(count)]
    async with asyncio.timeout(SECONDS):
        while (await thief.gauges(SOURCE)).get("sihu_waiting", 1) > 0:
            await asyncio.sleep(0.1)
    await thief.troupe.stop(SOURCE)
    return [str(one["envelope_id"]) for one in sent]


def held(world: World, code: str, ids: list[str]) -> int:
    """Count how many of these events a county has in its inbox."""
    found = rows(
        world.stage.county(code) / "sihu.db", "SELECT lower(hex(envelope_id)) FROM envelopes WHERE refused = 0"
    )
    return len({envelope_id for (envelope_id,) in found} & set(ids))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must become true."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.1)


@pytest.mark.timeout(400)
async def test_a_stolen_key_signs_nothing_that_counts_once_it_is_revoked(tmp_path: Path) -> None:
    """The thief has keys, passphrase, transport and database: what he signs is refused everywhere, the rest stays."""
    world = await asyncio.to_thread(World.prepared, tmp_path)
    async with world.running():
        await world.load(SOURCE, 20, seed=1)
        await world.complete(SECONDS)
        await world.troupe.stop(SOURCE)
        thief = copied(world, "thief")
        before = await play_the_thief(thief, 3, "thief")
        await until(lambda: all(held(world, code, before) == 3 for code in (NEIGHBOUR, THIRD)))

        revoked = await command(world, SOURCE, "key", "revoke", "-o", tmp_path / "revocation.json")
        assert revoked["reason"] == "revoked"
        await world.start(SOURCE)
        await world.load(SOURCE, 10, seed=2)
        await world.complete(SECONDS)
        await until(lambda: all(_revocation_told(world, code) for code in (NEIGHBOUR, THIRD)))
        for code in (NEIGHBOUR, THIRD):
            (text,) = _revocation_told(world, code)
            assert all(one[:8] in text for one in before), "what is trusted no longer is named"
        await world.troupe.stop(SOURCE)

        after = await play_the_thief(thief, 3, "again")
        await until(lambda: all("signature.key_revoked" in quarantined(world, code) for code in (NEIGHBOUR, THIRD)))
    assert [held(world, code, after) for code in (NEIGHBOUR, THIRD)] == [0, 0]
    result = world.recounted()
    report(f"a stolen key was revoked: {result}")
    assert (result.lost, result.duplicated, result.out_of_order) == (0, 0, 0)
    assert result.deliveries == result.arrived == result.stored
    for code in (NEIGHBOUR, THIRD):
        assert set(quarantined(world, code)) == {"signature.key_revoked"}
        reasons = rows(world.stage.county(code) / "sihu.db", _OPENED)
        assert ("revoked",) in reasons


def _revocation_told(world: World, code: str) -> list[str]:
    database = world.stage.county(code) / "sihu.db"
    return [str(text) for (text,) in rows(database, "SELECT text FROM notices WHERE kind = 'key_revoked'")]
