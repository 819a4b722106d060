"""Streams of a hub are deleted, damaged, cut off: it notices, says so, and puts right what it can; nothing is lost."""

import asyncio
import contextlib
import io
import json
import os
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.refusals import parsed
from schemas.errors import UnavailableError
from schemas.hub_copies import StreamCopy
from schemas.subjects import Lane, consumer_of, stream_of
from services.bootstrap.hub_state import server_pid, server_state, stream_leader
from services.bootstrap.hub_watch import SET_ASIDE, forget_indexes
from services.cli.app import main
from services.cli.captured import captured
from services.demo.cast import Part
from tests.counties import World, report
from tests.operators import blocks, delete_stream, flip_a_bit, registrar_at

SOURCE, NEIGHBOUR = "522722", "451226"
PAIR = (Part(NEIGHBOUR, "环江毛南族自治县联络办", "0778-8820110"), Part(SOURCE, "荔波县联络办", "0854-3610110"))
STREAM = stream_of(SOURCE, Lane.NORMAL)
SECONDS = 60
LOOK_SECONDS = 0.5


def prepared(root: Path, servers: int) -> World:
    """Two counties, and a hub that looks at its copies twice a second."""
    world = World.prepared(root, PAIR, servers=servers)
    for home in world.stage.servers:
        text = (home / "hub.toml").read_text(encoding="utf-8")
        (home / "hub.toml").write_text(f"look_seconds = {LOOK_SECONDS}\n{text}", encoding="utf-8")
    return world


async def until(what: Callable[[], Awaitable[bool]], seconds: float = SECONDS) -> float:
    """Wait until ``what()`` is true; return how long it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.05)
    return loop.time() - began


def said(world: World, name: str, event: str) -> list[dict[str, Any]]:
    """What a server's own process has logged under one name."""
    lines = (world.stage.root / "logs" / f"{name}.log").read_text(encoding="utf-8").splitlines()
    found = (json.loads(line) for line in lines if line.startswith("{"))
    return [one for one in found if one.get("event") == event]


@pytest.mark.timeout(240)
async def test_a_stream_deleted_under_a_running_hub_is_made_anew_and_filled(tmp_path: Path) -> None:
    """With what nobody had fetched yet: the source is quiet, over a contact that lasts, and must notice by itself."""
    world = await asyncio.to_thread(prepared, tmp_path, 1)
    async with world.running():
        await world.load(SOURCE, 10, seed=1)
        await world.complete(SECONDS)
        await world.troupe.kill(NEIGHBOUR)
        await world.load(SOURCE, 40, seed=2)
        await until(lambda: holds(world.stage.hub, 50))
        await delete_stream(world.stage.hub, STREAM)
        made = await until(lambda: holds(world.stage.hub, 0), 10)
        await world.start(NEIGHBOUR)
        took = await world.complete(25)  # sooner than anything is published again for want of receipts
        report(f"a deleted stream was there again after {made:.1f} s, everything arrived {took:.1f} s later")
    assert any(STREAM in one["streams"] for one in said(world, "hub", "hub.streams_lacking"))
    count = world.recounted()
    assert count.holds, count


@pytest.mark.timeout(240)
async def test_a_consumer_deleted_under_a_running_hub_is_made_anew(tmp_path: Path) -> None:
    """Without it a county is handed nothing, and neither it nor its neighbours can make it."""
    world = await asyncio.to_thread(prepared, tmp_path, 1)
    async with world.running():
        await world.load(SOURCE, 10, seed=1)
        await world.complete(SECONDS)
        async with registrar_at(world.stage.hub) as registrar:
            request = f"{OWNER_PREFIX}.CONSUMER.DELETE.{STREAM}.{consumer_of(NEIGHBOUR)}"
            parsed(await registrar.request(request))
        await world.load(SOURCE, 10, seed=2)
        took = await world.complete(SECONDS)
        report(f"a deleted consumer cost {took:.1f} s")
    assert any(STREAM in one["streams"] for one in said(world, "hub", "hub.streams_lacking"))
    assert world.recounted().holds


async def holds(home: Path, count: int) -> bool:
    """Tell whether a server's copy of the source's stream holds so many; control records come on top."""
    copy = await copy_at(home)
    return copy is not None and (copy.messages >= count if count else copy.first == copy.last == 0)


async def copy_at(home: Path) -> StreamCopy | None:
    """Return a server's copy of the source's stream."""
    try:
        return next((one for one in (await server_state(home)).streams if one.name == STREAM), None)
    except UnavailableError:
        return None


@pytest.mark.timeout(240)
async def test_scrubbing_names_what_a_disk_changed(tmp_path: Path) -> None:
    """One flipped bit: nats-server passes over the message, says nothing and is healthy; its neighbours notice late."""
    world = await asyncio.to_thread(prepared, tmp_path, 1)
    hub = str(world.stage.hub)
    async with world.running():
        await world.load(SOURCE, 60, seed=1)
        await world.complete(SECONDS)
        whole = json.loads(await asyncio.to_thread(captured, "hub", "scrub", "--dir", hub, "--json"))
        assert whole["whole"] is True
        assert next(one for one in whole["streams"] if one["stream"] == STREAM)["read"] > 60
        flip_a_bit(blocks(world.stage.hub, [STREAM])[0], random.Random(1))
        await asyncio.sleep(11)  # until the server reads from the disk again
        found = await asyncio.to_thread(spoken, "hub", "scrub", "--dir", hub)
        assert "✗ 缺失" in found
        await world.troupe.stop("hub")
        forget_indexes(world.stage.hub / "jetstream")  # once they are out of date, the rest of the file is gone, too
        await world.troupe.start("hub", "hub", "run", "--dir", hub)
        await until(lambda: is_damaged(world.stage.hub))
        assert "缺 missing" in await asyncio.to_thread(spoken, "hub", "status", "--dir", hub)
        await until(lambda: told(world, "hub", "hub.copy_damaged"))
        await world.load(SOURCE, 10, seed=2)
        await world.complete(SECONDS)
    assert world.recounted().holds


def spoken(*words: str) -> str:
    """Return what a command says that ends with 1."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(words) == 1
    return out.getvalue()


async def told(world: World, name: str, event: str) -> bool:
    """Tell whether a server's process has said so."""
    return bool(said(world, name, event))


async def is_damaged(home: Path) -> bool:
    """Tell whether something is missing in a server's copy."""
    copy = await copy_at(home)
    return copy is not None and copy.missing > 0


@pytest.mark.parametrize("leads", [False, True], ids=["follower", "leader"])
@pytest.mark.timeout(300)
async def test_a_damaged_copy_of_three_is_taken_anew_from_the_others(tmp_path: Path, *, leads: bool) -> None:
    """It counts as current and healthy; one day it leads, and what it lacks is handed over to nobody."""
    world = await asyncio.to_thread(prepared, tmp_path, 3)
    homes = world.stage.servers
    async with world.running():
        await world.load(SOURCE, 100, seed=1)
        await world.complete(SECONDS)
        await until(lambda: whole(world))
        leader = await stream_leader(homes, STREAM)
        victim = next(home for home in homes if (home == leader) is leads)
        before = await copy_at(victim)
        flip_a_bit(blocks(victim, [STREAM])[0], random.Random(1))
        os.kill(server_pid(victim), signal.SIGKILL)
        await until(lambda: is_damaged(victim))
        await world.load(SOURCE, 20, seed=2)
        took = await until(lambda: told(world, victim.name, "hub.copies_refilled"))
        await until(lambda: whole(world))
        await world.complete(SECONDS)
        after = await copy_at(victim)
        report(f"{victim.name} lacked messages, took its copies anew {took:.1f} s after it was back: {after}")
        assert before is not None
        assert after is not None
        assert (after.first, after.missing) == (1, 0)
        assert after.messages > before.messages
        assert (victim / SET_ASIDE).is_dir()
        assert [home.name for home in homes if said(world, home.name, "hub.copies_refilled")] == [victim.name]
    assert world.recounted().holds


async def whole(world: World) -> bool:
    """Tell whether all three servers hold everything."""
    try:
        return all([(await server_state(home)).whole for home in world.stage.servers])
    except UnavailableError:
        return False
