"""Streams of a hub are deleted, damaged, cut off: it notices, says so, and puts right what it can; nothing is lost."""

import asyncio
import contextlib
import io
import json
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import SystemClock
from adapters.jetstream.accounts import REGISTRAR
from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.copies import own_copies
from adapters.jetstream.refusals import parsed
from adapters.keys.county_files import CountyFiles
from schemas.errors import UnavailableError
from schemas.hub_copies import StreamCopy
from schemas.subjects import Lane, consumer_of, stream_of
from services.bootstrap.hub_state import server_pid, server_state
from services.bootstrap.hub_watch import SET_ASIDE, HubWatch
from services.bootstrap.node import credentials_of
from services.cli.app import main
from services.cli.captured import captured
from services.demo.cast import Part
from services.demo.troupe import start_hub
from services.domain.hub_copies import Step
from services.settings import read_settings
from tests.clusters import RealCluster, kill, name_of, real_cluster
from tests.contract.buses import HUANJIANG, LIBO, publications
from tests.counties import World, report
from tests.operators import blocks, delete_stream, flip_a_bit, registrar_at
from tests.scenario.test_pull_survives import append_all, receiving

SOURCE, NEIGHBOUR = "522722", "451226"
PAIR = (Part(NEIGHBOUR, "环江毛南族自治县联络办", "0778-8820110"), Part(SOURCE, "荔波县联络办", "0854-3610110"))
STREAM = stream_of(SOURCE, Lane.NORMAL)
SHARD = stream_of(HUANJIANG, Lane.NORMAL)
MESSAGES = 9000
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
    assert any(STREAM in one["streams"] for one in said(world, "hub", "hub.streams_missed"))
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
    assert any(STREAM in one["streams"] for one in said(world, "hub", "hub.streams_missed"))
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
    try:
        await start_hub(world.stage, world.troupe)
        await fill(world, MESSAGES)
        said_whole = json.loads(await asyncio.to_thread(captured, "hub", "scrub", "--dir", hub, "--json"))
        assert said_whole["whole"] is True
        assert next(one for one in said_whole["streams"] if one["stream"] == STREAM)["read"] == MESSAGES
        await asyncio.to_thread(captured, "hub", "status", "--dir", hub)
        flip_a_bit(blocks(world.stage.hub, [STREAM])[0], random.Random(1))
        os.kill(server_pid(world.stage.hub), signal.SIGKILL)  # what it has in memory it reads from there
        await until(lambda: is_damaged(world.stage.hub))
        found = await asyncio.to_thread(spoken, "hub", "scrub", "--dir", hub)
        assert "✗ 缺失" in found
        assert "–" in found
        status = json.loads(await asyncio.to_thread(spoken, "hub", "status", "--dir", hub, "--json"))
        assert status["whole"] is False
        await until(lambda: told(world, "hub", "hub.copy_damaged"))
        assert not await told(world, "hub", "hub.copies_refilled"), "an only copy is never thrown away"
    finally:
        await world.troupe.stop_all()


async def fill(world: World, count: int) -> None:
    """Append messages that only look like events: so many that the stream takes several files."""
    settings = read_settings(world.stage.county(SOURCE))
    secret = (settings.directory / "passphrase").read_text(encoding="utf-8").strip()
    credentials = credentials_of(settings, CountyFiles(settings.directory), secret)
    async with HubConnection(credentials, who=SOURCE).running() as hub:
        await hub.contact(timeout_seconds=20)
        made = publications(1, count, source=SOURCE, destination=NEIGHBOUR, size=1000)
        await JetStreamAppender(hub, SOURCE).append(Lane.NORMAL, made)


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
    async with (
        real_cluster(tmp_path, (HUANJIANG, LIBO)) as cluster,
        cluster.connect(HUANJIANG) as county,
        cluster.connect(REGISTRAR) as registrar,
    ):
        appender = JetStreamAppender(county, HUANJIANG)
        await appender.append(Lane.NORMAL, publications(1, MESSAGES, size=1000))
        await cluster.whole()
        leader = cluster.servers.index(await cluster.leader_of(SHARD))
        victim = leader if leads else (leader + 1) % 3
        flip_a_bit(first_block(cluster, victim), random.Random(1))
        kill(cluster.servers[victim])
        await until(lambda: _restarted(cluster, victim))
        await cluster.whole()
        missing = (await copies(cluster, victim)).missing
        assert missing > 0, "nats-server has noticed by itself"
        async with watching(cluster, registrar) as watches:
            await append_all(county, MESSAGES + 300)
            took = await until(lambda: _refilled(cluster, victim, MESSAGES + 300))
        report(f"{name_of(victim)} lacked {missing} messages and had them again after {took:.1f} s")
        assert [Step.REFILL in seen for seen in watches] == [at == victim for at in range(3)]
        assert (tmp_path / f"hub-{victim}" / SET_ASIDE).is_dir()
        await cluster.whole()
        async with cluster.connect(LIBO) as sink, receiving(sink) as inbox:
            await inbox.holds(MESSAGES + 300)
        assert inbox.order == list(range(1, MESSAGES + 301))


@pytest.mark.timeout(300)
async def test_a_copy_that_nats_server_cannot_recover_is_taken_anew(tmp_path: Path) -> None:
    """A bit of its settings flipped: the server starts without this copy, and would stay so."""
    async with (
        real_cluster(tmp_path, (HUANJIANG, LIBO)) as cluster,
        cluster.connect(HUANJIANG) as county,
        cluster.connect(REGISTRAR) as registrar,
    ):
        await append_all(county, 200)
        await cluster.whole()
        victim = (cluster.servers.index(await cluster.leader_of(SHARD)) + 1) % 3
        settings = next((tmp_path / f"hub-{victim}" / "store").rglob(f"{SHARD}/meta.inf"))
        flip_a_bit(settings, random.Random(1))
        kill(cluster.servers[victim])
        await until(lambda: _restarted(cluster, victim))
        async with watching(cluster, registrar) as watches:
            await append_all(county, 300)
            took = await until(lambda: _refilled(cluster, victim, 300))
        report(f"{name_of(victim)} could not recover a copy and had it again after {took:.1f} s: {watches[victim]}")
        await cluster.whole()


def first_block(cluster: RealCluster, number: int) -> Path:
    """A file of a server's copy to which nothing is appended any more: the leader does not send it again."""
    found = (cluster.directory / f"hub-{number}" / "store").rglob(f"{SHARD}/msgs/*.blk")
    blocks = sorted(found, key=lambda path: int(path.stem))
    assert len(blocks) > 1
    return blocks[0]


async def copies(cluster: RealCluster, number: int) -> StreamCopy:
    """A server's copy of the stream."""
    return (await own_copies(cluster.servers[number].ports.monitor, name_of(number)))[SHARD]


async def _restarted(cluster: RealCluster, number: int) -> bool:
    await cluster.servers[number].serving()
    return cluster.servers[number].restarts > 0


async def _refilled(cluster: RealCluster, number: int, count: int) -> bool:
    try:
        copy = await copies(cluster, number)
    except (KeyError, UnavailableError):
        return False
    return (copy.messages, copy.first) == (count, 1)


@asynccontextmanager
async def watching(cluster: RealCluster, registrar: HubConnection) -> AsyncIterator[list[list[Step]]]:
    """Let every server look at its copies beside the block; what each planned."""
    seen: list[list[Step]] = [[], [], []]

    async def look(number: int) -> None:
        watch = HubWatch(
            server=cluster.servers[number],
            connection=registrar,
            store=cluster.directory / f"hub-{number}" / "store",
            name=name_of(number),
            look_seconds=LOOK_SECONDS,
            now=lambda: SystemClock().now().timestamp(),
        )
        while True:
            with contextlib.suppress(UnavailableError):
                seen[number].append(await watch.look())
            await asyncio.sleep(LOOK_SECONDS)

    async with asyncio.TaskGroup() as tasks:
        looks = [tasks.create_task(look(number)) for number in range(3)]
        yield seen
        for one in looks:
            one.cancel()
