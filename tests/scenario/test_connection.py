"""The one connection: it comes back from everything that a client library may give up on, and never hangs."""

import asyncio
import contextlib
import logging
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client

from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, new_nkey_seed
from adapters.jetstream.pull import JetStreamPuller
from schemas.errors import UnavailableError
from schemas.subjects import Lane, stream_of
from tests.contract.buses import HUANJIANG, LIBO, number_of, publications
from tests.hubs import RealHub, real_hub
from tests.links import Mood, link_to
from tests.scenario.conftest import OpenHub


def elsewhere(hub: RealHub, port: int) -> Credentials:
    """The county's credentials, with the hub behind another port."""
    return replace(hub.credentials(HUANJIANG), urls=(f"tls://127.0.0.1:{port}",))


async def test_a_hub_that_is_not_there_yet_is_waited_for_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A node that starts before its hub: no exit, no traceback in the log, contact soon after the hub is there."""
    caplog.set_level(logging.DEBUG, "nats")
    async with real_hub(tmp_path, (HUANJIANG,)) as hub, link_to(hub.server.ports.client) as link:
        link.become(Mood.REFUSING)
        connection = HubConnection(elsewhere(hub, link.port), who=HUANJIANG, retry_seconds=0.05)
        async with connection.running():
            with pytest.raises(UnavailableError):
                await connection.contact(timeout_seconds=0.5)
            assert not connection.connected
            link.become(Mood.WELL)
            assert await connection.contact(timeout_seconds=2) == 1
    assert caplog.records == []


async def test_a_failed_tls_handshake_does_not_hang_it(tmp_path: Path) -> None:
    """nats-py waits for ever after the first failed handshake: a county would be cut off until somebody restarts it."""
    async with real_hub(tmp_path, (HUANJIANG,)) as hub, link_to(hub.server.ports.client) as link:
        link.become(Mood.GARBLED)
        connection = HubConnection(elsewhere(hub, link.port), who=HUANJIANG, retry_seconds=0.05, connect_seconds=0.5)
        async with connection.running():
            with pytest.raises(UnavailableError):
                await connection.contact(timeout_seconds=1.5)
            tried = link.connections
            assert tried > 1
            link.become(Mood.WELL)
            await connection.contact(timeout_seconds=3)


async def test_a_county_that_is_let_in_again_comes_back_by_itself(tmp_path: Path) -> None:
    """Taken out of the registry and put back: nats-py closes for good when it is told that it may not connect."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO)) as hub, hub.connect(HUANJIANG) as connection:
        seed = hub.seeds.pop(HUANJIANG)
        await hub.server.reload(hub.render)
        async with asyncio.timeout(10):
            while connection.connected:
                await asyncio.sleep(0.02)
        hub.seeds[HUANJIANG] = seed
        await hub.server.reload(hub.render)
        await connection.contact(after=1, timeout_seconds=5)
        assert await JetStreamAppender(connection, HUANJIANG).append(Lane.NORMAL, publications(1, 3)) == 3


async def test_whoever_waits_for_an_answer_hears_at_once_that_the_hub_is_gone(tmp_path: Path) -> None:
    """nats-py's publish_async never resolves after a kill; an append that waits out its time-out wastes seconds."""
    async with real_hub(tmp_path, (HUANJIANG,)) as hub, hub.connect(HUANJIANG) as connection:
        os.kill(hub.server.pid, signal.SIGSTOP)
        asking = asyncio.create_task(connection.request("hub.api.nobody", timeout_seconds=30))
        await asyncio.sleep(0.05)
        os.kill(hub.server.pid, signal.SIGKILL)
        with pytest.raises(UnavailableError) as told:
            await asyncio.wait_for(asking, 2)
        assert told.value.code == "hub.unreachable"


async def test_leaving_does_not_wait_for_a_hub_that_takes_nothing(tmp_path: Path) -> None:
    """Megabytes are still to be sent and the hub has stopped: closing must not wait for them."""
    async with real_hub(tmp_path, (HUANJIANG,)) as hub:
        async with hub.connect(HUANJIANG) as connection:
            appender = JetStreamAppender(connection, HUANJIANG, timeout_seconds=0.3)
            await appender.last_held(Lane.NORMAL)
            os.kill(hub.server.pid, signal.SIGSTOP)
            with contextlib.suppress(UnavailableError, TimeoutError):
                async with asyncio.timeout(0.5):
                    await appender.append(Lane.NORMAL, publications(1, 60, size=500_000))
            left = time.monotonic()
        assert time.monotonic() - left < 3
        os.kill(hub.server.pid, signal.SIGCONT)


async def test_a_half_open_link_is_noticed_and_left(tmp_path: Path) -> None:
    """A router forgot us: nothing is refused and nothing arrives. PING finds out within 15 s and takes a new way."""
    async with real_hub(tmp_path, (HUANJIANG,)) as hub, link_to(hub.server.ports.client) as link:
        connection = HubConnection(elsewhere(hub, link.port), who=HUANJIANG, retry_seconds=0.05)
        async with connection.running():
            await connection.contact(timeout_seconds=5)
            link.become(Mood.SILENT)
            async with asyncio.timeout(18):
                while connection.connected:
                    await asyncio.sleep(0.05)
            link.become(Mood.WELL)
            await connection.contact(after=1, timeout_seconds=5)


async def test_a_county_that_joins_while_the_hub_runs_can_do_everything(tmp_path: Path) -> None:
    """A new account has no imports after one reload of nats-server 2.15.1: its county would find nobody at the hub."""
    async with real_hub(tmp_path, (LIBO,)) as hub:
        await hub.admit([HUANJIANG], {})
        async with hub.connect(HUANJIANG) as connection, hub.connect(LIBO) as neighbour:
            assert await JetStreamAppender(connection, HUANJIANG).append(Lane.NORMAL, publications(1, 5)) == 5
            puller = JetStreamPuller(neighbour, LIBO, stream_of(HUANJIANG, Lane.NORMAL))
            async with asyncio.timeout(5), contextlib.aclosing(puller.batches()) as batches:
                assert number_of((await anext(batches)).arrivals[0].message) == 1


async def test_letting_counties_in_disturbs_nobody_for_long(tmp_path: Path) -> None:
    """Every reload takes the imports of all accounts away for a moment: appends go on behind what the hub holds."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO)) as hub, hub.connect(HUANJIANG) as connection:
        appender, held, refused = JetStreamAppender(connection, HUANJIANG, timeout_seconds=1.0), 0, 0
        joining = asyncio.create_task(_admit_all(hub, ("451221", "451222", "522728", "532628")))
        while not joining.done():
            try:
                held = await appender.append(Lane.NORMAL, publications(held + 1, 3))
            except UnavailableError:
                refused += 1
        await joining
        assert connection.contacts == 1
        held = await appender.last_held(Lane.NORMAL)
        assert held > 50
        async with hub.connect(LIBO) as neighbour:
            puller, found = JetStreamPuller(neighbour, LIBO, stream_of(HUANJIANG, Lane.NORMAL)), list[int]()
            async with asyncio.timeout(10), contextlib.aclosing(puller.batches()) as batches:
                async for batch in batches:
                    found += [number_of(one.message) for one in batch.arrivals]
                    await puller.acknowledge(batch)
                    if len(found) >= held:
                        break
        assert found == list(range(1, held + 1))


async def _admit_all(hub: RealHub, counties: tuple[str, ...]) -> None:
    for county in counties:
        await hub.admit([county], {})


async def test_a_key_that_nobody_knows_keeps_trying_without_a_crash(tmp_path: Path) -> None:
    """The county is not in the registry yet: the node stays up, says why, and gets in when it is."""
    async with real_hub(tmp_path, (LIBO,)) as hub:
        seed = new_nkey_seed()
        credentials = Credentials((hub.url,), seed, hub.tls_of(HUANJIANG))
        connection = HubConnection(credentials, who=HUANJIANG, retry_seconds=0.05)
        async with connection.running():
            with pytest.raises(UnavailableError, match="uthorization"):
                await connection.contact(timeout_seconds=0.5)
            hub.seeds[HUANJIANG] = seed
            await hub.server.reload(hub.render)
            await connection.contact(timeout_seconds=5)


async def test_a_hub_from_the_shared_fixture_serves(open_hub: OpenHub) -> None:
    """Other tests build on it; two at once do not get into each other's way."""
    one, two = await open_hub(HUANJIANG, LIBO), await open_hub(HUANJIANG)
    for hub in (one, two):
        async with hub.connect(HUANJIANG) as connection:
            assert await JetStreamAppender(connection, HUANJIANG).append(Lane.NORMAL, publications(1, 2)) == 2


async def test_one_county_cannot_take_all_connections(open_hub: OpenHub) -> None:
    """A county that opens connections without end is told off at its own limit; its neighbour still gets in."""
    hub = await open_hub(HUANJIANG, LIBO)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(16):
            await stack.enter_async_context(hub.connect(HUANJIANG))
        with pytest.raises(UnavailableError):
            async with HubConnection(hub.credentials(HUANJIANG), who=HUANJIANG).running() as one_more:
                await one_more.contact(timeout_seconds=1)
        async with hub.connect(LIBO) as neighbour:
            assert neighbour.connected


async def test_nobody_gets_in_without_a_key(open_hub: OpenHub) -> None:
    """A certificate alone, without the nkey, is not enough."""
    hub = await open_hub(HUANJIANG)

    async def quiet(_error: Exception) -> None:
        pass

    client = Client()
    context = hub.credentials(HUANJIANG).ssl_context()
    with pytest.raises(nats.errors.Error):
        await client.connect(hub.url, tls=context, error_cb=quiet, allow_reconnect=False)
    await client.close()
