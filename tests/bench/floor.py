"""The floor: bare nats-py on a server of its own, the same durability, the same sizes, measured in every round."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tests.bench.bare_server import BareServer, bare_server
from tests.bench.processes import Actor, actor, cpu_seconds, spawn
from tests.bench.samples import Faults, Sample, compare, latencies

SENDER: Final = "tests.bench.floor_sender"
RECEIVER: Final = "tests.bench.floor_receiver"
PATIENCE_SECONDS: Final = 60.0


@dataclass(slots=True)
class Floor:
    """A server, a sender and receivers; ``plant`` leaves out one event, to see the figure go."""

    folder: Path
    server: BareServer
    sender: Actor
    receivers: list[Actor] = field(default_factory=list)
    verify: bool = True
    store: bool = True
    plant: bool = False
    started: list[Actor] = field(default_factory=list)
    _next: int = 0

    def numbers(self, count: int) -> range:
        """Return the numbers of the next ``count`` events."""
        first, self._next = self._next, self._next + count
        return range(first, first + count)

    @property
    def pids(self) -> list[int]:
        """Every process of this side."""
        return [self.server.pid, self.sender.pid, *(receiver.pid for receiver in self.receivers)]

    async def publish(self, numbers: range, *, sign: bool) -> dict[str, Any]:
        """Let the sender publish these events as fast as it can."""
        skip = numbers[len(numbers) // 2] if self.plant else -1
        return await self.sender.ask("publish", first=numbers.start, count=len(numbers), sign=sign, skip=skip)

    async def append(self, count: int, *, sign: bool) -> Sample:
        """Publish ``count`` events and read the stream back, outside the time."""
        numbers, before = self.numbers(count), cpu_seconds(self.pids)
        sent = await self.publish(numbers, sign=sign)
        spent = cpu_seconds(self.pids) - before
        seconds = (sent["ended_ns"] - sent["started_ns"]) / 1e9
        return Sample(count, seconds, spent, await self._read_back(numbers, sign=sign))

    async def _read_back(self, numbers: range, *, sign: bool) -> Faults:
        inbox = str(self.folder / "read-back.db")
        opening = {"url": self.server.url, "inbox": inbox, "durable": "read_back", "verify": sign, "store": False}
        async with actor(RECEIVER, self.folder / "read-back.log", **opening) as reader:
            await reader.ask("begin")
            found = await reader.ask("finish", count=self._patience_count(numbers), timeout_seconds=PATIENCE_SECONDS)
        return _faults(numbers, found)

    async def link(self, count: int) -> Sample:
        """Send ``count`` events to every receiver, signed if they verify."""
        await self.each("begin")
        numbers, before = self.numbers(count), cpu_seconds(self.pids)
        sent = await self.publish(numbers, sign=self.verify)
        founds = await self.finish(numbers)
        return self.sample(numbers, sent["started_ns"], founds, cpu_seconds(self.pids) - before)

    async def drain(self, count: int) -> Sample:
        """Receive ``count`` events that all wait in the stream."""
        numbers = self.numbers(count)
        await self.publish(numbers, sign=self.verify)
        started, before = time.monotonic_ns(), cpu_seconds(self.pids)
        await self.each("begin")
        founds = await self.finish(numbers)
        return replace(self.sample(numbers, started, founds, cpu_seconds(self.pids) - before), values={})

    async def trickle(self, count: int, every_ms: float) -> Sample:
        """Send one event every ``every_ms``; the latencies are from when each was due to when it was durable."""
        numbers = self.numbers(count)
        await self.each("begin")
        before = cpu_seconds(self.pids)
        sent = await self.sender.ask("trickle", first=numbers.start, count=count, every_ms=every_ms)
        founds = await self.finish(numbers)
        return self.sample(numbers, sent["started_ns"], founds, cpu_seconds(self.pids) - before)

    async def close(self) -> None:
        """End every receiver that was started here, all at once."""
        await asyncio.gather(*(receiver.stop() for receiver in self.started))

    async def finish(self, numbers: range) -> list[dict[str, Any]]:
        """Wait until every receiver has them all, or patience ends."""
        return await self.each("finish", count=self._patience_count(numbers), timeout_seconds=PATIENCE_SECONDS)

    def sample(self, numbers: range, started_ns: int, founds: Sequence[dict[str, Any]], cpu: float) -> Sample:
        """Make one sample of what all receivers found."""
        ended = max(found["ended_ns"] for found in founds)
        faults = sum((_faults(numbers, found) for found in founds), Faults())
        late = [one for found in founds for one in found["late_ms"]]
        values = latencies(late) | latencies(_until_all(founds), "all_")
        return Sample(len(numbers) * len(founds), (ended - started_ns) / 1e9, cpu, faults, values)

    def _patience_count(self, numbers: range) -> int:
        return len(numbers) - self.plant  # a planted loss is not waited for

    async def each(self, verb: str, **arguments: Any) -> list[dict[str, Any]]:  # noqa: ANN401  JSON
        """Give every receiver one order."""
        return list(await asyncio.gather(*(receiver.ask(verb, **arguments) for receiver in self.receivers)))


def _until_all(founds: Sequence[dict[str, Any]]) -> list[float]:
    """Return, for each event, the milliseconds until the last receiver had it."""
    last: dict[int, float] = {}
    for found in founds:
        for number, late in zip(found["got"], found["late_ms"], strict=True):
            last[number] = max(late, last.get(number, 0.0))
    return list(last.values())


def _faults(numbers: range, found: dict[str, Any]) -> Faults:
    # Confirmations of 256 tasks race, so the floor promises no order across them: only loss and doubling count.
    seen = compare(numbers, found["got"])
    return Faults(lost=seen.lost, doubled=seen.doubled, forged_accepted=seen.forged_accepted + found["forged"])


@asynccontextmanager
async def floor(
    folder: Path,
    *,
    receivers: int = 0,
    verify: bool = True,
    store: bool = True,
    sync: str = "always",
    plant: bool = False,
) -> AsyncIterator[Floor]:
    """Open a server, a sender and receivers; all end with the block.

    Args:
        folder: For the server's store and the receivers' inboxes.
        receivers: How many far counties.
        verify: They check signatures, and the sender signs.
        store: They keep what came in an fsynced inbox.
        sync: nats-server's ``sync_interval``.
        plant: Leave out one event, to see the figure go.
    """
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(bare_server(folder, sync))
        sender = await stack.enter_async_context(actor(SENDER, folder / "sender.log", url=server.url))
        one = Floor(folder, server, sender, verify=verify, store=store, plant=plant)
        stack.push_async_callback(one.close)
        one.receivers += await asyncio.gather(*(start_receiver(one, number) for number in range(receivers)))
        yield one


async def start_receiver(one: Floor, number: int) -> Actor:
    """Start a receiver; ``number`` names its consumer and inbox, which may hold what an earlier process left."""
    receiver = await spawn(RECEIVER, one.folder / f"receiver-{number}.log")
    one.started.append(receiver)
    opening = {"url": one.server.url, "inbox": str(one.folder / f"inbox-{number}.db"), "durable": f"to_{number}"}
    await receiver.ask("open", **opening, verify=one.verify, store=one.store)
    return receiver
