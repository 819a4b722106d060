"""A loop that lives exactly as long as a block: what cannot be done now is said once, and tried again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from schemas.errors import SihuError, UnavailableError
from services.ports import Clock


@asynccontextmanager
async def recurring(
    work: Callable[[], Awaitable[object]],
    *,
    name: str,
    clock: Clock,
    every_seconds: float | Callable[[], float],
    deferred: Callable[[SihuError], None],
    may_fail_by: tuple[type[SihuError], ...] = (UnavailableError,),
) -> AsyncIterator[None]:
    """Do ``work`` at once, and again ``every_seconds`` after it was done, until the block ends.

    Args:
        work: One round; whatever it did not get done it does in the next.
        name: Of the task.
        clock: Sleeps between rounds.
        every_seconds: From the end of a round to the next, or what says so then.
        deferred: Told why, at the first of several rounds that fail one after the other.
        may_fail_by: Errors that end with the next round. Any other one is our own bug and ends the block.
    """
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(_repeat(work, clock, every_seconds, deferred, may_fail_by), name=name)
        try:
            yield
        finally:
            loop.cancel()


async def _repeat(
    work: Callable[[], Awaitable[object]],
    clock: Clock,
    every_seconds: float | Callable[[], float],
    deferred: Callable[[SihuError], None],
    may_fail_by: tuple[type[SihuError], ...],
) -> None:
    failing = False
    while True:
        try:
            await work()
            failing = False
        except may_fail_by as exc:
            if not failing:
                deferred(exc)
            failing = True
        await clock.sleep(every_seconds() if callable(every_seconds) else every_seconds)
