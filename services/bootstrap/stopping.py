"""When a long-running command ends: a signal, or the end of the program that supervises it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def stop_event(*, until_stdin_closes: bool) -> AsyncIterator[asyncio.Event]:
    """Yield an event that SIGINT, SIGTERM, or (if asked) the end of standard input sets.

    A supervisor that holds our standard input open takes us with it even if it is killed.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, _read_until_closed, descriptor, stop)
    try:
        yield stop
    finally:
        if until_stdin_closes:
            loop.remove_reader(sys.stdin.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _read_until_closed(descriptor: int, stop: asyncio.Event) -> None:
    if not os.read(descriptor, 4096):
        stop.set()
        asyncio.get_running_loop().remove_reader(descriptor)
