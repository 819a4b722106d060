"""A task that lives exactly as long as a block."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

_AGAIN_SECONDS: Final = 15.0  # longer than any tidying up that the work itself may have to do


@asynccontextmanager
async def beside(
    work: Coroutine[Any, Any, None], name: str, *, again_seconds: float = _AGAIN_SECONDS
) -> AsyncIterator[None]:
    """Run endless ``work`` beside the block: its crash ends the block, and it ends with the block.

    What the block raises comes out as it is, not in a group: callers name the exception they wait for.

    Args:
        work: What to run.
        name: Of the task.
        again_seconds: When to cancel it once more. nats-py swallows a cancellation that meets it while it closes, and
            so does ``asyncio.wait_for`` before Python 3.12: a node would never stop.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work, name=name)
            try:
                yield
            finally:
                while not task.done():
                    task.cancel()
                    await asyncio.wait([task], timeout=again_seconds)
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None
