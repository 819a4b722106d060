"""Child: one county with Sihu's own rooms, put together as the composition root does, with some to be switched off.

``tests.bench.node`` is the whole node; here a workload runs the rooms that it measures and no others.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from adapters.clock import SystemClock
from adapters.ids import SystemIds
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials
from adapters.jetstream.pull import JetStreamPuller
from adapters.memory.encryption import MemoryEncryption
from adapters.sqlite.store import open_store
from schemas.carriage import Publication
from schemas.ids import CountyCode
from schemas.subjects import Lane, Subject, stream_of, streams
from services.bootstrap.logs import set_up_logging
from services.bootstrap.node import SWITCH_SECONDS
from services.gateway.submit import Submitter
from services.posting import Posting
from services.receiver.receiver import Receiver
from services.relay.relay import BATCH_MAX, Relay
from tests.bench.driver import Driver
from tests.bench.events import BULLETIN_TYPE
from tests.bench.floor_sender import HEAD, body_of
from tests.bench.members import FixedDirectory, nkey_seed_of, signers_of, trust_of
from tests.bench.processes import serve, until

_THREADS: Final = 2


class NotingAppender:
    """Satisfies ``services.ports.Appender``: passes on, and notes how far the hub is and since when."""

    def __init__(self, appender: JetStreamAppender) -> None:
        """Wrap the real one."""
        self._appender = appender
        self.held: dict[Lane, tuple[int, int]] = {}

    @property
    def contacts(self) -> int:
        """As the appender counts."""
        return self._appender.contacts

    async def last_held(self, lane: Lane) -> int:
        """Ask the real one."""
        return self._note(lane, await self._appender.last_held(lane))

    async def append(self, lane: Lane, waiting: Sequence[Publication]) -> int:
        """Let the real one append."""
        return self._note(lane, await self._appender.append(lane, waiting))

    def _note(self, lane: Lane, held: int) -> int:
        self.held[lane] = held, time.monotonic_ns()
        return held


class County:
    """The rooms of one county."""

    def __init__(self, stack: AsyncExitStack) -> None:
        """Everything opened ends with ``stack``."""
        self._stack = stack
        self.handlers: dict[str, Any] = {
            "open": self.open,
            "receive": self.receive,
            "append": self.append,
            "at_hub": self.at_hub,
            "read_back": self.read_back,
        }

    async def open(self, url: str, county: str, counties: list[str], database: str, *, in_runs: bool) -> dict[str, Any]:
        """Open the store, the connection and the relay; the receiver rests until ``receive``."""
        set_up_logging("json", "info", county=county)  # as a node in service does
        self._county, clock = CountyCode(county), SystemClock()
        self._neighbour = next(code for code in counties if code != county)
        directory = FixedDirectory(trust_of([CountyCode(code) for code in counties]))
        self._store = await self._stack.enter_async_context(open_store(Path(database), county=county))
        self._hub = HubConnection(Credentials((url,), nkey_seed_of(county), None), who=county)
        await self._stack.enter_async_context(self._hub.running())
        await self._hub.contact(timeout_seconds=10)
        self._appender = NotingAppender(JetStreamAppender(self._hub, county))
        posting = Posting(
            county=county,
            signers=signers_of(county),
            trust=directory.trust,
            ids=SystemIds(),
            encryption=MemoryEncryption(),
            in_runs=in_runs,
        )
        submitter = Submitter(store=self._store, posting=posting, directory=directory, clock=clock)
        self._receiver = Receiver(
            store=self._store,
            posting=posting,
            pullers=[JetStreamPuller(self._hub, county, stream) for stream in streams()],
            trust=directory.trust,
            clock=clock,
            executor=self._stack.enter_context(ThreadPoolExecutor(_THREADS, "verify")),
            threads=_THREADS,
        )
        relay = Relay(store=self._store, appender=self._appender, clock=clock)
        await self._stack.enter_async_context(relay.running())
        self.handlers |= Driver(self._store, submitter).handlers()
        return {}

    async def receive(self) -> dict[str, Any]:
        """Start to receive."""
        began = time.monotonic_ns()
        await self._stack.enter_async_context(self._receiver.running())
        return {"started_ns": began}

    async def append(self, first: int, count: int, skip: int = -1) -> dict[str, Any]:
        """Append bare bytes by the engine alone, in slices as the relay hands them over."""
        held = await self._appender.last_held(Lane.NORMAL)
        # To the neighbour alone: what goes to all parties comes back, and the receiver would be measured, too.
        subject = str(Subject(self._county, Lane.NORMAL, self._neighbour, BULLETIN_TYPE))
        numbers = [number for number in range(first, first + count) if number != skip]
        started = time.monotonic_ns()
        waiting = [
            Publication(sequence, subject, body_of(number, 0)) for sequence, number in enumerate(numbers, held + 1)
        ]
        for start in range(0, len(waiting), BATCH_MAX):
            await self._appender.append(Lane.NORMAL, waiting[start : start + BATCH_MAX])
        return {"started_ns": started, "ended_ns": time.monotonic_ns()}

    async def at_hub(self, count: int, timeout_seconds: float) -> dict[str, Any]:
        """Wait until the hub holds ``count`` publications of the normal lane in all; return since when it does."""
        await until(lambda: self._appender.held.get(Lane.NORMAL, (0, 0))[0] >= count, timeout_seconds, 0.002)
        held, since = self._appender.held.get(Lane.NORMAL, (0, 0))
        return {"held": held, "ended_ns": since}

    async def read_back(self, source: str, count: int, timeout_seconds: float, *, bare: bool) -> dict[str, Any]:
        """Take ``count`` messages of a source off its stream: their numbers if ``bare``, else their header bytes."""
        puller = JetStreamPuller(self._hub, self._county, stream_of(source, Lane.NORMAL))
        found: list[bytes] = []
        try:
            async with asyncio.timeout(timeout_seconds):
                async for batch in puller.batches():
                    found += [arrival.message for arrival in batch.arrivals]
                    await puller.acknowledge(batch)
                    if len(found) >= count:
                        break
        except TimeoutError:
            pass  # what is missing is counted by the harness
        if bare:
            return {"got": [HEAD.unpack_from(message)[0] for message in found]}
        return {"got": [[line.decode() for line in message.split(b"\n", 2)[:2]] for message in found]}


async def main() -> None:
    """Take orders."""
    sys.setswitchinterval(SWITCH_SECONDS)
    async with AsyncExitStack() as stack:
        county = County(stack)
        await serve(county.handlers)


if __name__ == "__main__":
    asyncio.run(main())
