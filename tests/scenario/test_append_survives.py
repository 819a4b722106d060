"""Servers die, stop and vanish at random moments while a county appends: nothing lost, doubled or out of order."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.pull import JetStreamPuller
from adapters.jetstream.streams import StreamLimits
from schemas.errors import UnavailableError
from schemas.subjects import Lane, stream_of
from tests.contract.buses import HUANJIANG, LIBO, number_of, publications
from tests.hubs import RealHub, real_hub, real_leaf
from tests.links import Link, Mood, link_to

pytestmark = pytest.mark.timeout(900)
SIZES = (1, 1, 2, 3, 7, 20, 300, 1500)
"""Publications that a relay finds waiting."""
ANSWER_SECONDS = 0.6
PAUSE_SECONDS = 0.01
"""Between two appends: enough to read everything back in the end."""
ROOMY = StreamLimits(max_messages_per_subject=10_000_000)


@dataclass
class Relay:
    """Appends as the relay does, until it is told to end: after a refusal it asks the hub and goes on behind its last.

    However fast the machine is, there is something under way until the last trouble has been made.
    """

    connection: HubConnection
    rng: random.Random
    busy: bool = False
    through: bool = False
    held: int = 0
    refusals: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        appender = JetStreamAppender(self.connection, HUANJIANG, timeout_seconds=ANSWER_SECONDS)
        known = False
        while not (self.through and known):
            try:
                self.held = self.held if known else await appender.last_held(Lane.NORMAL)
                known = False
                self.busy = True
                waiting = publications(self.held + 1, self.rng.choice(SIZES), size=200)
                self.held = await appender.append(Lane.NORMAL, waiting)
                known = True
            except UnavailableError as exc:
                self.refusals[exc.code] = self.refusals.get(exc.code, 0) + 1
                await asyncio.sleep(0.02)
            finally:
                self.busy = False
            await asyncio.sleep(PAUSE_SECONDS)

    async def in_flight(self) -> None:
        """Wait for a moment when something is under way, then a random instant more."""
        while not self.busy:
            await asyncio.sleep(0)
        await asyncio.sleep(self.rng.uniform(0, 0.004))


def new_seed() -> int:
    """A seed that the output names."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    return seed


async def everything(hub: RealHub) -> list[int]:
    """All that 荔波 is handed of 环江's lane, from the first message, until nothing more comes."""
    async with hub.connect(LIBO) as connection:
        puller = JetStreamPuller(connection, LIBO, stream_of(HUANJIANG, Lane.NORMAL))
        puller.rewind()
        found: list[int] = []
        async with aclosing(puller.batches()) as batches:
            while True:
                try:
                    batch = await asyncio.wait_for(anext(batches), 2.0)
                except TimeoutError:
                    return found
                found += [number_of(one.message) for one in batch.arrivals]
                await puller.acknowledge(batch)


@asynccontextmanager
async def relaying(connection: HubConnection, seed: int) -> AsyncIterator[Relay]:
    """Run a relay beside the block, and wait until what it has begun is through."""
    relay = Relay(connection, random.Random(seed))
    async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        yield relay
        relay.through = True


async def test_a_hub_killed_again_and_again_loses_doubles_and_swaps_nothing(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """Kill -9 of the hub's nats-server while an append is under way: counted only then."""
    kills, seed = reduced(8, 60), new_seed()
    rng = random.Random(seed)
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub, hub.connect(HUANJIANG) as connection:
        async with relaying(connection, seed) as relay:
            done = 0
            while done < kills:
                await asyncio.sleep(rng.uniform(0.01, 0.15))
                await relay.in_flight()
                os.kill(hub.server.pid, signal.SIGKILL)
                done += 1
                await restarted(hub, done)
        print(f"{done} kills with an append under way, refusals {relay.refusals}")  # noqa: T201
        assert done == kills
        assert hub.server.restarts == kills
        assert await everything(hub) == list(range(1, relay.held + 1))


async def restarted(hub: RealHub, times: int) -> None:
    """Wait until the supervisor has brought the server back."""
    async with asyncio.timeout(30):
        while hub.server.restarts < times:
            await asyncio.sleep(0.005)
        await hub.server.serving()


async def test_a_hub_that_stops_answering_and_goes_on_later_doubles_nothing(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """SIGSTOP in the middle of an append, longer than we wait for the answer: what it took before is committed late."""
    stops, seed = reduced(4, 25), new_seed()
    rng = random.Random(seed)
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub, hub.connect(HUANJIANG) as connection:
        async with relaying(connection, seed) as relay:
            for _ in range(stops):
                await asyncio.sleep(rng.uniform(0.01, 0.1))
                await relay.in_flight()
                os.kill(hub.server.pid, signal.SIGSTOP)
                await asyncio.sleep(ANSWER_SECONDS + rng.uniform(0.05, 0.7))
                os.kill(hub.server.pid, signal.SIGCONT)
        print(f"refusals {relay.refusals}")  # noqa: T201
        assert relay.refusals.get("hub.silent", 0) > 0
        assert await everything(hub) == list(range(1, relay.held + 1))


async def test_a_leaf_killed_while_its_county_appends_loses_and_doubles_nothing(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """The county's own server dies: what it had taken may or may not have reached the hub."""
    kills, seed = reduced(4, 25), new_seed()
    rng = random.Random(seed)
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub, real_leaf(hub, HUANJIANG) as leaf:
        async with (
            hub.connect(HUANJIANG, leaf.credentials()) as connection,
            relaying(connection, seed) as relay,
        ):
            for done in range(1, kills + 1):
                await asyncio.sleep(rng.uniform(0.01, 0.15))
                await relay.in_flight()
                os.kill(leaf.server.pid, signal.SIGKILL)
                async with asyncio.timeout(30):
                    while leaf.server.restarts < done:
                        await asyncio.sleep(0.005)
                    await leaf.server.serving()
        print(f"refusals {relay.refusals}")  # noqa: T201
        assert await everything(hub) == list(range(1, relay.held + 1))


@asynccontextmanager
async def linked(tmp_path: Path) -> AsyncIterator[tuple[RealHub, Link, HubConnection]]:
    """A hub, and a county's connection to it over a link that can be broken."""
    async with real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub, link_to(hub.server.ports.client) as link:
        credentials = replace(hub.credentials(HUANJIANG), urls=(f"tls://127.0.0.1:{link.port}",))
        async with hub.connect(HUANJIANG, credentials) as connection:
            yield hub, link, connection


async def test_a_link_that_breaks_in_every_way_loses_and_doubles_nothing(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """Dropped, refused, half open, garbled: in any order, while appends are under way."""
    breaks, seed = reduced(6, 40), new_seed()
    rng = random.Random(seed)
    async with linked(tmp_path) as (hub, link, connection):
        async with relaying(connection, seed) as relay:
            for _ in range(breaks):
                await asyncio.sleep(rng.uniform(0.01, 0.1))
                await relay.in_flight()
                mood = rng.choice([Mood.REFUSING, Mood.SILENT, Mood.GARBLED])
                link.become(mood)
                await asyncio.sleep(rng.uniform(0.1, 1.0))
                link.become(Mood.WELL)
                if mood is not Mood.REFUSING:
                    link.drop()
        print(f"refusals {relay.refusals}, connections {link.connections}")  # noqa: T201
        assert await everything(hub) == list(range(1, relay.held + 1))
