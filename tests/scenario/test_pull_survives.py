"""What is handed over arrives whole, whatever happens to the hub, the leaf, the consumer or the stream meanwhile."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.jetstream.accounts import REGISTRAR
from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.pull import JetStreamPuller
from adapters.jetstream.refusals import parsed
from adapters.jetstream.streams import Registrar, StreamLimits
from schemas.errors import UnavailableError
from schemas.subjects import Lane, consumer_of, stream_of
from tests.contract.buses import HUANJIANG, LIBO, TIANE, number_of, publications
from tests.hubs import RealHub, real_hub, real_leaf

ROOMY = StreamLimits(max_messages_per_subject=10_000_000)
pytestmark = pytest.mark.timeout(900)
SHARD = stream_of(HUANJIANG, Lane.NORMAL)


@dataclass
class Inbox:
    """What a receiver has committed: every message that arrived, and in which order it came first."""

    order: list[int] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    repeated: int = 0
    largest: int = 0
    gaps: int = 0

    def commit(self, numbers: list[int]) -> None:
        self.largest = max(self.largest, len(numbers))
        for number in numbers:
            if number in self.seen:
                self.repeated += 1
                continue
            self.gaps += bool(self.order) and number != self.order[-1] + 1
            self.seen.add(number)
            self.order.append(number)

    async def holds(self, count: int, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while len(self.order) < count:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def receiving(connection: HubConnection, *, slowly: float = 0.0) -> AsyncIterator[Inbox]:
    """Receive into an inbox beside the block."""
    inbox, puller = Inbox(), JetStreamPuller(connection, LIBO, SHARD)

    async def receive() -> None:
        async for batch in puller.batches():
            inbox.commit([number_of(one.message) for one in batch.arrivals])
            await asyncio.sleep(slowly)
            await puller.acknowledge(batch)

    task = asyncio.create_task(receive())
    try:
        yield inbox
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def append_all(connection: HubConnection, last: int, county: str = HUANJIANG) -> None:
    """Bring the lane to ``last``, over every refusal."""
    appender = JetStreamAppender(connection, county, timeout_seconds=1.0)
    while True:
        try:
            held = await appender.last_held(Lane.NORMAL)
            if held >= last:
                return
            await appender.append(Lane.NORMAL, publications(held + 1, min(700, last - held), source=county, size=300))
        except UnavailableError:
            await asyncio.sleep(0.02)


async def owner(hub: RealHub, request: str, body: object = None) -> None:
    """Ask as the owner of the streams, past the registrar's permissions: what an administrator's tool might do."""
    async with hub.connect(REGISTRAR) as registrar:
        data = b"" if body is None else json.dumps(body).encode()
        parsed(await registrar.request(f"{OWNER_PREFIX}.{request}", data))


async def test_kills_of_the_hub_and_the_receivers_leaf_leave_no_gap(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """Kill -9 of the hub and of the leaf in turn, while messages stream through both into the inbox."""
    kills, seed = reduced(6, 40), random.SystemRandom().randrange(2**32)
    rng, total = random.Random(seed), 5000 * kills + 20_000  # enough behind the last kill, however fast the machine is
    print(f"seed {seed}")  # noqa: T201
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub, real_leaf(hub, LIBO) as leaf:
        async with (
            hub.connect(HUANJIANG) as source,
            hub.connect(LIBO, leaf.credentials()) as sink,
            receiving(sink) as inbox,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(append_all(source, total))
            for number in range(kills):
                victim = leaf.server if number % 2 else hub.server
                await inbox.holds(5000 * number + rng.randrange(1, 3000), 60)
                await victim.serving()
                assert len(inbox.order) < total, "nothing was in flight any more"
                os.kill(victim.pid, signal.SIGKILL)
            await inbox.holds(total, 300)
        print(f"repeated {inbox.repeated}")  # noqa: T201
        assert inbox.order == list(range(1, total + 1))


async def test_a_consumer_that_is_gone_is_made_anew_and_goes_on(tmp_path: Path) -> None:
    """Somebody deletes our consumer: once the registrar has made it anew, mail comes again."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub:
        async with hub.connect(HUANJIANG) as source, hub.connect(LIBO) as sink, receiving(sink) as inbox:
            await append_all(source, 300)
            await inbox.holds(300)
            await owner(hub, f"CONSUMER.DELETE.{SHARD}.{consumer_of(LIBO)}")
            await append_all(source, 600)
            await asyncio.sleep(0.5)
            async with hub.connect(REGISTRAR) as registrar:
                assert await Registrar(registrar, hub.limits).arrange(sorted(hub.seeds), {}) == 1
            await inbox.holds(600, 15)
        assert inbox.order == list(range(1, 601))


async def test_a_hub_that_lost_everything_gets_and_hands_over_everything_again(tmp_path: Path) -> None:
    """The hub's disk is gone: its sequences start again at 1, and what we worked off in the old stream says nothing."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub:
        async with hub.connect(HUANJIANG) as source, hub.connect(LIBO) as sink, receiving(sink) as inbox:
            await append_all(source, 400)
            await inbox.holds(400)
            lost = hub.directory / "hub" / "store"
            lost.rename(hub.directory / "lost")
            os.kill(hub.server.pid, signal.SIGKILL)
            async with asyncio.timeout(30):
                while not hub.server.restarts:
                    await asyncio.sleep(0.01)
            async with hub.connect(REGISTRAR) as registrar:
                await Registrar(registrar, hub.limits).arrange(sorted(hub.seeds), {})
            await append_all(source, 500)
            await inbox.holds(500, 15)
        assert inbox.order == list(range(1, 501))
        assert inbox.repeated == 400


async def test_a_hub_that_lost_the_end_of_a_stream_gives_its_numbers_anew_and_all_is_handed_over(
    tmp_path: Path,
) -> None:
    """A file was cut off: numbers that we have worked off belong to other messages now, and to skip them loses mail."""
    got: set[str] = set()
    async with (
        real_hub(tmp_path, (HUANJIANG, TIANE, LIBO), limits=ROOMY) as hub,
        hub.connect(HUANJIANG) as one,
        hub.connect(TIANE) as other,
        hub.connect(LIBO) as sink,
    ):
        receive = asyncio.create_task(_gather(JetStreamPuller(sink, LIBO, SHARD), got))
        await append_all(one, 400)
        await _until(lambda: len(got) == 400)
        block = max((hub.directory / "hub" / "store").rglob(f"{SHARD}/msgs/*.blk"))
        os.truncate(block, block.stat().st_size // 2)
        os.kill(hub.server.pid, signal.SIGKILL)
        await _until(lambda: hub.server.restarts == 1)
        await append_all(other, 150, TIANE)
        await append_all(one, 500)
        await _until(lambda: len(got) == 650)
        receive.cancel()
        with suppress(asyncio.CancelledError):
            await receive
    assert got == {f"{HUANJIANG}/{n}" for n in range(1, 501)} | {f"{TIANE}/{n}" for n in range(1, 151)}


async def _gather(puller: JetStreamPuller, got: set[str]) -> None:
    async for batch in puller.batches():
        got |= {one.message.split()[0].decode() for one in batch.arrivals}
        await puller.acknowledge(batch)


async def _until(check: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not check():
            await asyncio.sleep(0.01)


async def test_a_slow_receiver_is_not_overrun(tmp_path: Path, reduced: Callable[[int, int], int]) -> None:
    """A push consumer without flow control loses most of a burst: ours holds back what we have no room for."""
    total = reduced(20_000, 100_000)
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub:
        async with hub.connect(HUANJIANG) as source, hub.connect(LIBO) as sink:
            await append_all(source, total)
            async with receiving(sink, slowly=0.02) as inbox:
                await inbox.holds(total, 300)
        assert inbox.order == list(range(1, total + 1))
        assert inbox.repeated == 0
        assert inbox.largest <= 500


async def test_a_silent_hub_is_left_and_found_again(tmp_path: Path) -> None:
    """The hub stops for longer than its heartbeats allow: what was published meanwhile arrives soon after."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub:
        async with hub.connect(HUANJIANG) as source, hub.connect(LIBO) as sink, receiving(sink) as inbox:
            await append_all(source, 100)
            await inbox.holds(100)
            os.kill(hub.server.pid, signal.SIGSTOP)
            await asyncio.sleep(4)
            os.kill(hub.server.pid, signal.SIGCONT)
            await append_all(source, 200)
            await inbox.holds(200, 5)
        assert inbox.order == list(range(1, 201))
