"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Final

DAWN: Final = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
"""Seven o'clock in the morning on the border."""


class ManualClock:
    """Satisfies ``services.ports.Clock``; time passes by ``move`` alone."""

    def __init__(self, start: datetime = DAWN) -> None:
        """Stand at ``start``, aware UTC."""
        self._now = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """Return aware UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds since the clock was made."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved past; nothing to wait for still lets others run."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._numbers), woken))
        await woken

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an operator or a bad time server does; no sleeper notices."""
        self._now += timedelta(seconds=seconds)

    async def move(self, seconds: float) -> None:
        """Let time pass, waking each sleeper at its own moment, in order."""
        await _settle()  # whoever is about to sleep does so now, not when the time has passed
        end = self._elapsed + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self._pass(due - self._elapsed)
            if not woken.done():
                woken.set_result(None)
            await _settle()
        self._pass(end - self._elapsed)
        await _settle()

    def _pass(self, seconds: float) -> None:
        self._elapsed += seconds
        self._now += timedelta(seconds=seconds)


async def _settle() -> None:
    """Give everything that was woken a few turns of the loop."""
    for _ in range(10):
        await asyncio.sleep(0)
