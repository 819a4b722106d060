"""What happens to the floor when a side is away, when it starts, and while it rests."""

import asyncio
import time
from dataclasses import replace
from typing import Final

from tests.bench.floor import Floor, start_receiver
from tests.bench.processes import cpu_seconds, pss_mib
from tests.bench.samples import Sample

HUB_SHARE: Final = 5
"""The hub is away for a fifth of the backlog's events: 20,000 of 100,000."""

REST_SECONDS: Final = 2.0


async def floor_comes_back(one: Floor, count: int) -> Sample:
    """Catch up after a plain stop, after a kill, and after the server was killed."""
    stopped = await _backlog(one, count, kill=False)
    killed = await _backlog(one, count, kill=True)
    hub = await _server_back(one, max(1, count // HUB_SHARE))
    values = {"stopped_seconds": stopped.seconds, "hub_back_seconds": hub.seconds}
    return replace(killed, faults=stopped.faults + killed.faults + hub.faults, values=values)


async def _backlog(one: Floor, count: int, *, kill: bool) -> Sample:
    receiver = one.receivers[0]
    await (receiver.kill() if kill else receiver.stop())
    numbers = one.numbers(count)
    await one.publish(numbers, sign=True)
    one.receivers[0] = receiver = await start_receiver(one, 0)
    started, before = time.monotonic_ns(), cpu_seconds(one.pids)
    await receiver.ask("begin")
    founds = await one.finish(numbers)
    return one.sample(numbers, started, founds, cpu_seconds(one.pids) - before)


async def _server_back(one: Floor, count: int) -> Sample:
    """Without an outbox the sender holds its events back until the server answers, and then publishes them."""
    await one.each("begin")
    await one.server.kill()
    await one.server.start()
    started = time.monotonic_ns()
    numbers = one.numbers(count)
    await one.sender.ask("reconnected")
    await one.publish(numbers, sign=True)
    founds = await one.finish(numbers)
    return one.sample(numbers, started, founds, 0.0)


async def floor_cold_start(one: Floor, count: int) -> Sample:
    """Start a receiver's process until it has connected, opened its inbox and made its consumer."""
    started = time.monotonic()
    receiver = await start_receiver(one, count)
    await receiver.ask("begin")
    seconds = time.monotonic() - started
    await receiver.ask("finish", count=0, timeout_seconds=0)
    await receiver.stop()
    return Sample(1, seconds)


async def floor_memory(one: Floor, count: int) -> Sample:
    """Weigh a receiver at rest, and after it has taken ``count`` events in."""
    await asyncio.sleep(REST_SECONDS)
    idle = pss_mib(one.receivers[0].pid)
    sample = await one.link(count)
    return replace(sample, values={"idle_mib": idle, "full_mib": pss_mib(one.receivers[0].pid)})
