"""A link that can be cut and healed: a TCP relay between one county and the hub."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

_CHUNK = 64 * 1024  # bytes


class Link:
    """Relay loopback connections to one port; a cut drops what is open and refuses what comes."""

    def __init__(self, target_port: int) -> None:
        """Relay to ``127.0.0.1:target_port``; ``opened`` makes it listen."""
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._up = True
        self.port = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Self]:
        """Listen on a free loopback port until the block ends."""
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            server.close()
            self._drop()

    def cut(self) -> None:
        """Drop every connection and let none through."""
        self._up = False
        self._drop()

    def heal(self) -> None:
        """Let connections through again."""
        self._up = True

    def _drop(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._up:
                await self._join(reader, writer)
        except OSError:
            pass  # either side went away: that is what this link is for
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers.add(far_writer)
        try:
            async with asyncio.TaskGroup() as tasks:
                both = [
                    tasks.create_task(_pump(reader, far_writer)),
                    tasks.create_task(_pump(far_reader, writer)),
                ]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for task in both:
                    task.cancel()
        finally:
            self._writers.discard(far_writer)
            far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
