"""Two nodes of one county run at once, by a restored backup or by a copied machine: detected by everybody, and named.

Real processes. Nobody can keep an operator from starting a second copy; what must not happen is that nobody notices.
"""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.clock import SystemClock
from services.demo.cast import Part
from services.demo.ceremony import Stage, free_ports
from services.demo.sampling import sample
from services.demo.troupe import Troupe
from tests.commands import done, sihu
from tests.counties import World, report

HUANJIANG, LIBO = "451226", "522722"
PAIR: Final = (
    Part(HUANJIANG, "环江毛南族自治县联络办", "0778-8820110"),
    Part(LIBO, "荔波县联络办", "0854-3610110"),
)
BEACON_SECONDS: Final = 2.0
SECONDS: Final = 60


def prepared(root: Path) -> World:
    """Two counties whose beacons come every two seconds."""
    world = World.prepared(root, PAIR)
    for part in PAIR:
        with (world.stage.county(part.code) / "county.toml").open("a", encoding="utf-8") as file:
            file.write(f"[bus]\nbeacon_seconds = {BEACON_SECONDS}\n")
    return world


async def clone_of(world: World, name: str, bring: Callable[[Path], None]) -> World:
    """Return a world in which 荔波 runs once more, from its own directory and on its own API port."""
    stage = Stage(world.stage.root / name)
    home = stage.county(LIBO)
    home.parent.mkdir(parents=True)
    await asyncio.to_thread(bring, home)
    (port,) = await free_ports(1)
    settings = (home / "county.toml").read_text(encoding="utf-8")
    before = f"port = {world.ports.api[LIBO]}"
    assert before in settings
    (home / "county.toml").write_text(settings.replace(before, f"port = {port}"), encoding="utf-8")
    ports = replace(world.ports, api=world.ports.api | {LIBO: port})
    troupe = Troupe(world.stage.root / name / "logs")
    return World(stage, world.cast, ports, troupe, {part.code: [] for part in world.cast})


async def told(world: World, code: str, *kinds: str) -> list[dict[str, Any]]:
    """Return what an officer of a county was told of these kinds, also what is over."""
    async with world.client(code) as client:
        found = json.loads(await client.get("/notices", {"limit": "100", "open": "false"}))["notices"]
    return [one for one in found if one["kind"] in kinds]


async def until(what: Callable[[], Awaitable[object]]) -> None:
    """Wait until ``what()`` is true."""
    async with asyncio.timeout(SECONDS):
        while not await what():
            await asyncio.sleep(0.1)


async def send(world: World, count: int, name: str) -> None:
    """Let 荔波 send public bulletins."""
    bulletin = sample("policy_bulletin", begin=SystemClock().now())
    for number in range(count):
        await world.send(LIBO, bulletin, f"{name}-{number}")


async def in_turn(clones: list[World]) -> None:
    """Let each send, and the other one after it, for longer than clocks are thought to be apart."""
    for turn in range(8):
        for number, one in enumerate(clones):
            await send(one, 1, f"clone-{number}-{turn}")
            await asyncio.sleep(0.5)


def told_by_itself(clones: list[World], kind: str) -> Callable[[], Awaitable[bool]]:
    """Each of them has told its own officer that somebody else signs in the county's name."""

    async def both() -> bool:
        return all([await told(one, LIBO, kind) for one in clones])

    return both


@pytest.mark.timeout(300)
async def test_one_backup_restored_twice_is_found_out(tmp_path: Path) -> None:
    """Each goes on in an epoch of its own: no fork, but two of one county, and both officers are told at once."""
    world, tar = await asyncio.to_thread(prepared, tmp_path), tmp_path / "libo.tar"
    home = world.stage.county(LIBO)

    def restored(place: Path) -> None:
        assert sihu("restore", tar, "--dir", place).code == 0
        shutil.copy2(tmp_path / "lost" / "passphrase", place / "passphrase")

    async with world.running():
        await world.keyed(SECONDS)
        await send(world, 3, "before")
        await world.complete(SECONDS)
        assert (await asyncio.to_thread(sihu, "backup", tar, "--dir", home)).code == 0
        await send(world, 2, "lost")
        await world.complete(SECONDS)
        await world.troupe.kill(LIBO)
        home.rename(tmp_path / "lost")
        clones = [await clone_of(world, name, restored) for name in ("one", "two")]
        try:
            await asyncio.gather(*(one.start(LIBO) for one in clones))
            await in_turn(clones)
            await until(lambda: told(world, HUANJIANG, "twins"))
            await until(told_by_itself(clones, "twins"))
            for one in clones:
                report(f"own officer: {[notice['text'] for notice in await told(one, LIBO, 'twins')]}")
            notices = await told(world, HUANJIANG, "twins", "forked")
            report(f"neighbour: {[(notice['kind'], notice['text']) for notice in notices]}")
            assert {notice["county"] for notice in notices} == {LIBO}
        finally:
            await asyncio.gather(*(one.troupe.stop_all() for one in clones))


@pytest.mark.timeout(300)
async def test_a_copied_machine_that_runs_beside_the_first_is_a_proved_fork(tmp_path: Path) -> None:
    """Both follow the same last link: the neighbour freezes the channel, names the county and holds the proof."""
    world = await asyncio.to_thread(prepared, tmp_path)

    def copied(place: Path) -> None:
        shutil.copytree(world.stage.county(LIBO), place)

    async with world.running():
        await world.keyed(SECONDS)
        await send(world, 3, "before")
        await world.complete(SECONDS)
        await world.troupe.stop(LIBO)
        clones = [await clone_of(world, name, copied) for name in ("one", "two")]
        try:
            await asyncio.gather(*(one.start(LIBO) for one in clones))
            await asyncio.gather(*(send(one, 3, f"clone-{number}") for number, one in enumerate(clones)))
            await until(lambda: told(world, HUANJIANG, "forked"))
            (notice,) = await told(world, HUANJIANG, "forked")
            report(f"neighbour: {notice['text']}")
            assert notice["county"] == LIBO
            await until(told_by_itself(clones, "forked"))  # the neighbour shows each of them what the other signed
            await until(told_by_itself(clones, "twins"))
            await asyncio.to_thread(proved, world, tmp_path / "fork.json")
        finally:
            await asyncio.gather(*(one.troupe.stop_all() for one in clones))


def proved(world: World, file: Path) -> None:
    """The neighbour's proof is a file that holds alone."""
    home = world.stage.county(HUANJIANG)
    (kept,) = done("forks", "--dir", home)["forks"]
    assert kept["county"] == LIBO
    done("forks", kept["channel"], "-o", file, "--dir", home)
    anchor = done("registry", "show", "--dir", home)["digest"]
    assert sihu("verify", file, "--anchor", anchor).code == 0
