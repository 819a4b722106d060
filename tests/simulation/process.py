"""One life of a node: its tasks, and the ports that it calls, at each of which it may be killed.

A kill ends every task of the process at once; what the store had committed survives, everything else is gone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import copy_context
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, TypeVar

from adapters.memory.bus import MemoryAppender, MemorySignaller
from adapters.memory.snapshot import MemorySnapshot
from adapters.memory.store import MemoryStore, MemoryTransaction
from schemas.carriage import Publication
from schemas.subjects import Lane
from tests.papers import NOW
from tests.simulation.carrier import Line
from tests.simulation.loop import OWNER, VirtualLoop
from tests.simulation.schedule import Weather
from tests.simulation.trace import Trace

T = TypeVar("T")

_SLOW_SECONDS: Final = 0.2


class KilledError(BaseException):
    """The process was killed: nothing of it runs any more."""


class Process:
    """One life of one member's node."""

    def __init__(self, name: str, *, loop: VirtualLoop, trace: Trace, rng: Random, weather: Weather) -> None:
        """Prepare; nothing runs yet.

        Args:
            name: For the trace.
            loop: Runs the tasks.
            trace: Hears of every call of a port.
            rng: Draws how long a call takes.
            weather: How slow and how unreliable everything is.
        """
        self.name, self.alive = name, True
        self.loop, self.rng, self.weather = loop, rng, weather
        self.calls = 0
        self.fuse: int | None = None
        """After so many more calls of ports the process is killed."""
        self._trace = trace
        self._main: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        self._callers: list[asyncio.Future[Any]] = []

    # -- life --------------------------------------------------------------------------------------------

    def start(self, main: Coroutine[Any, Any, None], on_bug: Callable[[BaseException], None]) -> None:
        """Run ``main`` for as long as the process lives; ``on_bug`` hears why it ended by itself."""

        def ended(task: asyncio.Task[None]) -> None:
            if self.alive and not task.cancelled():
                self.alive = False
                on_bug(task.exception() or RuntimeError(f"{self.name} came to an end"))

        self._main = self._spawn(main, self.name)
        self._main.add_done_callback(ended)

    def call(self, work: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
        """Run a request inside the process; the answer is a broken connection if the process is killed meanwhile."""
        answer: asyncio.Future[T] = self.loop.create_future()

        async def serve() -> None:
            try:
                result = await work
            except Exception as exc:  # noqa: BLE001 - it is the caller's
                if self.alive and not answer.done():
                    answer.set_exception(exc)
            else:
                if self.alive and not answer.done():
                    answer.set_result(result)

        self._callers.append(answer)
        self._tasks.append(self._spawn(serve(), f"{self.name} request"))
        return answer

    def _spawn(self, coro: Coroutine[Any, Any, T], name: str) -> "asyncio.Task[T]":
        context = copy_context()
        context.run(OWNER.set, self)
        return self.loop.create_task(coro, name=name, context=context)

    def kill(self) -> None:
        """End it now; may be called from within. Ports refuse from here on, and the tasks unwind."""
        if self.alive:
            self.alive = False
            self._trace.note(self.name, "killed")
            self.loop.do_first(self._unwind)

    def _unwind(self) -> None:
        for answer in self._callers:
            if not answer.done():
                answer.set_exception(ConnectionResetError(self.name))
        for task in [self._main, *self._tasks]:
            if task is not None and not task.done():
                task.cancel()
                self.loop.drain(self, task)
                if not task.cancelled():
                    task.exception()  # seen

    # -- ports -------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Stop what still runs after the kill.

        Raises:
            KilledError: It was killed.
        """
        if not self.alive:
            raise KilledError

    def point(self, what: str) -> None:
        """Pass a point between two steps, at which the process may be killed.

        Raises:
            KilledError: It was killed, perhaps just here.
        """
        self.check()
        self.calls += 1
        self._trace.note(self.name, what)
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.kill()
                raise KilledError

    async def through(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call a port between two such points, at times slowly."""
        self.point(what)
        if self.rng.random() < self.weather.slow:
            await asyncio.sleep(self.rng.random() * _SLOW_SECONDS)
            self.check()
        result = await call()
        self.point(f"{what} done")
        return result


class MemberClock:
    """Satisfies ``services.ports.Clock``: virtual time, and a wall clock that may be wrong."""

    def __init__(self, loop: VirtualLoop, ahead: Callable[[], float]) -> None:
        """Read ``loop``; ``ahead`` says by how many seconds the wall clock is ahead of the truth."""
        self._loop, self._ahead = loop, ahead

    def now(self) -> datetime:
        """Return aware UTC."""
        return NOW + timedelta(seconds=self._loop.time() + self._ahead())

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait, in virtual time."""
        await asyncio.sleep(seconds)


class ProcessStore:
    """Satisfies ``services.ports.Store``: a member's store as one of its lives sees it."""

    def __init__(self, store: MemoryStore, process: Process) -> None:
        """Read and write ``store``, which outlives ``process``."""
        self._store, self._process = store, process

    async def write(self, work: Callable[[MemoryTransaction], T]) -> T:
        """Run ``work``; who was killed while waiting for its turn writes nothing."""

        def alive(tx: MemoryTransaction) -> T:
            self._process.check()
            return work(tx)

        return await self._process.through("store.write", lambda: self._store.write(alive))

    async def read(self, work: Callable[[MemorySnapshot], T]) -> T:
        """Run reading ``work``."""
        self._process.point("store.read")
        result = await self._store.read(work)
        self._process.check()
        return result

    async def changed(self, after: int) -> int:
        """Wait for the journal."""
        self._process.check()
        return await self._store.changed(after)


class ProcessAppender:
    """Satisfies ``services.ports.Appender``: the memory adapter over a line on which requests and answers get lost."""

    def __init__(self, line: Line, process: Process) -> None:
        """Append over ``line``."""
        self._line, self._process = line, process
        self._inner = MemoryAppender(line, line.county)

    @property
    def contacts(self) -> int:
        """How often contact was made."""
        return self._line.contacts

    async def last_held(self, lane: Lane) -> int:
        """Ask the hub."""
        return await self._process.through(f"hub.last_held {lane}", lambda: self._inner.last_held(lane))

    async def append(self, lane: Lane, waiting: Sequence[Publication]) -> int:
        """Append; in bad weather the request, the answer or the rest of it does not arrive."""
        fate, weather = self._process.rng.random(), self._process.weather
        self._line.loses_requests = int(fate < weather.lost_request)
        self._line.loses_answers = int(fate > 1 - weather.lost_answer)
        if abs(fate - 0.5) < weather.broken_request / 2:
            self._line.breaks_after = int(self._process.rng.random() * len(waiting))
        try:
            return await self._process.through(f"hub.append {lane}", lambda: self._inner.append(lane, waiting))
        finally:
            self._line.calm()


class ProcessSignaller:
    """Satisfies ``services.ports.Signaller``: the memory adapter over a line."""

    def __init__(self, line: Line, process: Process) -> None:
        """Signal over ``line``."""
        self._process, self._inner = process, MemorySignaller(line)

    async def signal(self, subject: str, message: bytes) -> None:
        """Hand one signal to the hub."""
        await self._process.through("hub.signal", lambda: self._inner.signal(subject, message))
