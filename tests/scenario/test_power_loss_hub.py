"""The power of the hub's machine goes: what nats-server has confirmed is on its disk, and it comes up with it.

nats-server runs under strace, which records every write and sync; crash states are made of that as for a database.
"""

import asyncio
import json
import os
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.jetstream.batches import commit, staged
from adapters.jetstream.child import Child, find_binary
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, new_nkey_seed
from adapters.jetstream.refusals import parsed
from schemas.carriage import Publication
from schemas.errors import UnavailableError
from services.demo.ceremony import free_ports
from tests.counties import report
from tests.storage import crash_states
from tests.traces import Trace, placed, script

SINGLES = 60
BATCHES = 3
IN_BATCH = 40
SEED = 20261125
STREAM = {"name": "EVT", "subjects": ["hub.in.>"], "allow_atomic": True, "allow_direct": True}
READY_SECONDS = 30


@asynccontextmanager
async def serving(home: Path, binary: Path, sync: str, ready_seconds: float) -> AsyncIterator[HubConnection]:
    """A server with its store in ``home``, killed at the end."""
    client, monitor = await free_ports(2)
    configure(home, client, monitor, sync)
    child = await Child.start(binary, home / "nats.conf")
    try:
        await child.ready(monitor, ready_seconds)
        credentials = Credentials((f"nats://127.0.0.1:{client}",), new_nkey_seed(), None)
        async with HubConnection(credentials, who="451226").running() as connection:
            await connection.contact(timeout_seconds=READY_SECONDS)
            yield connection
    finally:
        child.kill()
        await child.ended()


def configure(home: Path, client: int, monitor: int, sync: str) -> None:
    """Write a configuration."""
    home.mkdir(parents=True, exist_ok=True)
    store = json.dumps(str(home / "store"))
    (home / "nats.conf").write_text(
        f'listen: "127.0.0.1:{client}"\nhttp: "127.0.0.1:{monitor}"\n'
        f"jetstream {{ store_dir: {store}, sync_interval: {sync}, max_file_store: 1GB }}\n",
        encoding="utf-8",
    )


async def recorded(directory: Path, sync: str) -> Trace:
    """Store messages singly and in atomic batches, all of them confirmed, on a server that is watched."""
    watched, trace = directory / "watched.sh", directory / "trace"
    watched.write_text(script(find_binary(), trace), encoding="utf-8")
    watched.chmod(0o700)
    home = directory / "before"
    async with serving(home, watched, sync, READY_SECONDS) as connection:
        parsed(await connection.request("$JS.API.STREAM.CREATE.EVT", json.dumps(STREAM).encode()))
        for number in range(1, SINGLES + 1):
            parsed(await connection.request("hub.in.a", b"message %d" % number))
        for first in range(SINGLES + 1, SINGLES + BATCHES * IN_BATCH, IN_BATCH):
            chunk = [Publication(n, "hub.in.a", b"message %d" % n) for n in range(first, first + IN_BATCH)]
            for commands in staged(b"batch%d" % first, chunk):
                connection.wire.write(*commands)
            ticket = connection.wire.ticket()
            connection.wire.write(commit(ticket[0], b"batch%d" % first, len(chunk), chunk[-1], b""))
            parsed(await connection.wire.answer(ticket, 10))
    async with asyncio.timeout(READY_SECONDS):
        while True:  # strace writes a little behind what it sees
            read = Trace(str(home / "store"))
            await asyncio.to_thread(read.read, trace)
            if confirmed(read, len(read.recording.acts)) == SINGLES + BATCHES * IN_BATCH:
                return read
            await asyncio.sleep(0.05)


def confirmed(trace: Trace, moment: int) -> int:
    """How many messages the server had confirmed after so many acts: they have one writer, so up to the last one."""
    return max((int(one) for one in trace.recording.promised(moment)), default=0)


async def verdicts(directory: Path, trace: Trace, count: int, ready_seconds: float = READY_SECONDS) -> list[str]:
    """Bring each crash state up; say what is lost of what had been confirmed by then."""
    found = []
    for number, (moment, files) in enumerate(crash_states(trace.recording, random.Random(SEED), count)):
        home = directory / "after"
        shutil.rmtree(home, ignore_errors=True)
        for path, content in placed(trace, moment, files):
            where = home / "store" / path.relative_to(trace.root)
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_bytes(content)
        promised = confirmed(trace, moment)
        lost = await _lost(home, promised, ready_seconds)
        if lost:
            found.append(f"state {number}: {lost} of {promised} confirmed messages are lost")
    return found


async def _lost(home: Path, promised: int, ready_seconds: float) -> int:
    """Count which of the first ``promised`` messages a server does not hold, byte for byte."""
    try:
        async with serving(home, find_binary(), "always", ready_seconds) as connection:
            held = 0
            for number in range(1, promised + 1):
                request = json.dumps({"seq": number}).encode()
                reply = await connection.request("$JS.API.DIRECT.GET.EVT", request)
                held += reply.body == b"message %d" % number
            return promised - held
    except UnavailableError:
        return promised


@pytest.fixture(autouse=True)
def _strace() -> None:
    if shutil.which("strace") is None or os.name != "posix":
        pytest.skip("strace records what nats-server writes: install it")


@pytest.mark.timeout(600)
async def test_a_power_cut_at_the_hub_loses_nothing_that_was_confirmed(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """The hub says that it keeps an event, and forgets it with its power."""
    count = reduced(30, 400)
    trace = await recorded(tmp_path, "always")
    found = await verdicts(tmp_path, trace, count)
    report(f"{len(trace.recording.acts)} writes, syncs and confirmations of nats-server, {count} power cuts: {found}")
    assert found == []


@pytest.mark.timeout(600)
async def test_the_power_test_of_the_hub_would_notice(tmp_path: Path, reduced: Callable[[int, int], int]) -> None:
    """With nats-server's own setting, which syncs every two minutes: green here would mean that nothing is tested."""
    trace = await recorded(tmp_path, "2m")
    found = await verdicts(tmp_path, trace, reduced(8, 40), 3.0)  # some stores it cannot recover at all
    report(f"with a lazy sync_interval: {found[:3]}")
    assert found
