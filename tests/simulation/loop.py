"""An event loop whose time is virtual and whose order is drawn from a seed: one seed, one run.

It quacks like ``asyncio.AbstractEventLoop`` as far as tasks, futures, groups and timeouts need it, and no further: no
sockets, no threads, no signals. Of the handles that are ready one is drawn; only when none is does time pass, at once,
to the next timer. Whoever belongs to a process (``OWNER``) stops with it: the handles of the dead are never run.

Source: docs/decisions/0021-simulate-with-the-real-loops.md
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any, Final, Protocol, TypeVar, cast

T = TypeVar("T")

Callback = Callable[..., object]

TURNS_MOST: Final = 400_000
"""A run that needs more turns of the loop does not come to rest."""
_DRAIN_MOST: Final = 10_000


class Owner(Protocol):
    """A process of the simulation."""

    alive: bool


OWNER: Final[ContextVar[Owner | None]] = ContextVar("OWNER", default=None)
"""Which process the running code belongs to; tasks and timers inherit it. None: the world outside."""


class StuckError(Exception):
    """The run does not come to rest, or nothing is left that could happen."""


class VirtualLoop:
    """Runs everything of one simulated world."""

    def __init__(self, rng: Random) -> None:
        """Start at second 0; ``rng`` draws what comes next."""
        self._rng = rng
        self._ready: list[tuple[Owner | None, asyncio.Handle]] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()
        self._now = 0.0
        self._turns = 0
        self._first: list[Callable[[], None]] = []
        self.errors: list[BaseException] = []
        """What nobody caught: always a bug."""

    # -- what asyncio asks of a loop ---------------------------------------------------------------------

    def time(self) -> float:
        """Return seconds since the world began."""
        return self._now

    def get_debug(self) -> bool:
        """No debugging: it would read the real clock."""
        return False

    def is_running(self) -> bool:
        """While anything runs here."""
        return True

    def is_closed(self) -> bool:
        """Never before the end."""
        return False

    def call_soon(self, callback: Callback, *args: object, context: Context | None = None) -> asyncio.Handle:
        """Make ``callback`` ready."""
        context = copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self._loop, context)
        self._ready.append((context.get(OWNER), handle))
        return handle

    def call_later(
        self, delay: float, callback: Callback, *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Make ``callback`` ready in ``delay`` seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callback, *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Make ``callback`` ready at ``when``."""
        context = copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self._loop, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def create_future(self) -> "asyncio.Future[Any]":
        """Return a future of this loop."""
        return asyncio.Future(loop=self._loop)

    def create_task(
        self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: Context | None = None
    ) -> "asyncio.Task[T]":
        """Run a coroutine, in its own context."""
        return asyncio.Task(coro, loop=self._loop, name=name, context=context)

    def run_in_executor(self, _executor: object, work: Callable[..., T], *args: object) -> "asyncio.Future[T]":
        """Do it now: there is one thread, and one order."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(work(*args))
        return done

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep what nobody caught."""
        error = context.get("exception")
        self.errors.append(error if isinstance(error, BaseException) else StuckError(context["message"]))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing to do: it is passed over when its time comes."""

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return cast("asyncio.AbstractEventLoop", self)

    # -- running -----------------------------------------------------------------------------------------

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run until ``coro`` is done; return its result.

        Raises:
            StuckError: Nothing can happen any more, or it never ends.
        """
        asyncio._set_running_loop(self._loop)  # noqa: SLF001 - what every loop calls
        try:
            task = self.create_task(coro, name="world")
            while not task.done():
                self._turn()
            return task.result()
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001

    def do_first(self, work: Callable[[], None]) -> None:
        """Do this before anything else happens, once the running step has ended."""
        self._first.append(work)

    def _turn(self) -> None:
        while self._first:
            self._first.pop(0)()
        self._turns += 1
        if self._turns > TURNS_MOST:
            raise StuckError(f"no rest after {TURNS_MOST:,} turns, at second {self._now:.0f}")
        if not self._ready:
            self._pass_time()
            return
        ready = self._ready
        last = len(ready) - 1
        drawn = int(self._rng.random() * len(ready)) if last else 0
        owner, handle = ready[drawn]
        ready[drawn] = ready[last]
        ready.pop()
        if not handle.cancelled() and (owner is None or owner.alive):
            handle._run()  # noqa: SLF001 - what every loop calls

    def _pass_time(self) -> None:
        """Let time pass to the next timer, and make everything ready that is due then."""
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        if not self._timers:
            raise StuckError(f"nothing can happen any more, at second {self._now:.0f}")
        self._now = self._timers[0][0]
        while self._timers and self._timers[0][0] <= self._now:
            handle = heapq.heappop(self._timers)[2]
            if not handle.cancelled():
                self._ready.append((handle._context.get(OWNER), handle))  # type: ignore[attr-defined] # noqa: SLF001

    def drain(self, owner: Owner, until: "asyncio.Task[Any]") -> None:
        """Let a dead process unwind, without drawing: whatever it still tries, its ports refuse.

        Raises:
            StuckError: It does not end.
        """
        for _ in range(_DRAIN_MOST):
            mine = [handle for by, handle in self._ready if by is owner]
            if until.done() and not mine:
                return
            self._ready = [(by, handle) for by, handle in self._ready if by is not owner]
            for handle in mine:
                if not handle.cancelled():
                    handle._run()  # noqa: SLF001
        raise StuckError("a process that was killed does not end")
