"""Work that goes on beside a block: polling, a heartbeat."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

_AGAIN_SECONDS: Final = 1.0


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run endless ``work`` beside the block: its crash ends the block, and it ends with the block.

    What the block raises comes out as it is, not in a group.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work, name=name)
            try:
                yield
            finally:
                while (
                    not task.done()
                ):  # a cancellation can be lost inside a library, e.g. in wait_for before Python 3.12
                    task.cancel()
                    await asyncio.wait([task], timeout=_AGAIN_SECONDS)
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None
