"""A county's relay and receiver with the product's real store and engines, killed at the n-th step of their loops.

Every await of the two loops is a call of a port, or of the threads that verify; each is a step before it and one behind
it. At the n-th step the process kills itself with SIGKILL. ``python -m tests.scenario.mortal_node DIR N M`` accepts M
events first, and prints what their sender would be answered.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import asdict
from inspect import isasyncgenfunction, iscoroutinefunction
from pathlib import Path
from typing import Any

from adapters.clock import SystemClock
from adapters.ids import SystemIds
from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.pull import JetStreamPuller
from adapters.keys.county_files import CountyFiles
from adapters.keys.signing_keys import SigningKeyFiles
from adapters.sqlite.store import open_store
from schemas.subjects import streams
from services.bootstrap.cli import open_directory
from services.bootstrap.logs import set_up_logging
from services.bootstrap.node import credentials_of, open_encryption, open_signers
from services.demo.cast import AGREEMENT_ID
from services.demo.sampling import sample
from services.domain.governance import kid_of
from services.domain.releasing import UNATTENDED
from services.gateway.submit import Submitter
from services.posting import Posting
from services.receiver.receiver import Receiver
from services.relay.relay import Relay
from services.settings import read_settings


class Life:
    """How many steps are left."""

    def __init__(self, steps: int) -> None:
        """Count from here."""
        self._left = steps

    def step(self) -> None:
        """Take one step; the last one is the end."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """A port each of whose calls is two steps."""

    def __init__(self, port: object, life: Life) -> None:
        """Wrap a port."""
        self._port, self._life = port, life

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        """Return a method that steps, or anything else as it is."""
        found = getattr(self._port, name)
        if isasyncgenfunction(found):
            return lambda *given, **named: self._each(found(*given, **named))
        return self._called(found) if iscoroutinefunction(found) else found

    def _called(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            self._life.step()
            result = await method(*given, **named)
            self._life.step()
            return result

        return call

    async def _each(self, batches: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for one in batches:
            self._life.step()
            yield one
            self._life.step()


class MortalThreads(ThreadPoolExecutor):
    """Threads to which handing work is a step."""

    life: Life

    def submit(self, *given: Any, **named: Any) -> Future[Any]:  # noqa: ANN401 - whatever is handed over
        """Step, then hand over."""
        self.life.step()
        return super().submit(*given, **named)


async def accept(submitter: Submitter, count: int) -> None:
    """Accept events as the API does; what is printed is durable."""
    one = sample("work_bulletin", begin=SystemClock().now())
    draft = {"type": one.wire_type, "agreement": AGREEMENT_ID, "content": one.content}
    for _ in range(count):
        posted = await submitter.submit(
            json.dumps(draft).encode(), idempotency_key=None, access_name="test", standing=UNATTENDED
        )
        sys.stdout.write(json.dumps({**asdict(posted), "type": one.wire_type}) + "\n")
    sys.stdout.flush()


async def main(home: Path, steps: int, events: int) -> None:
    """Run relay and receiver until the last step."""
    settings, clock, life = read_settings(home), SystemClock(), Life(steps)
    set_up_logging("json", "error", county=settings.county)
    passphrase, county = (home / "passphrase").read_text(encoding="utf-8").strip(), settings.county
    files = CountyFiles(home)
    directory = open_directory(home, monotonic=clock.monotonic, on_fault=print)
    signers = open_signers(SigningKeyFiles(home, passphrase, kid_of), directory.trust, county)
    encryption = open_encryption(settings, files, passphrase)
    posting = Posting(county=county, signers=signers, trust=directory.trust, ids=SystemIds(), encryption=encryption)
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(open_store(settings.at(settings.store.path), county=county))
        await accept(Submitter(store=real, posting=posting, directory=directory, clock=clock), events)
        store: Any = Mortal(real, life)
        hub = HubConnection(credentials_of(settings, files, passphrase), who=county)
        await stack.enter_async_context(hub.running())
        threads = stack.enter_context(MortalThreads(2))
        threads.life = life
        pullers: list[Any] = [Mortal(JetStreamPuller(hub, county, stream), life) for stream in streams()]
        receiver = Receiver(
            store=store, posting=posting, pullers=pullers, trust=directory.trust, clock=clock, executor=threads
        )
        await stack.enter_async_context(receiver.running(look_seconds=3600))
        appender: Any = Mortal(JetStreamAppender(hub, county), life)
        await stack.enter_async_context(Relay(store=store, appender=appender, clock=clock).running())
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
