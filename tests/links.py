"""A TCP link between a county and its hub that a test can break in the ways links break."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

CHUNK_BYTES = 64 * 1024


class Mood(Enum):
    """How the link behaves from now on, for open and for new connections."""

    WELL = "well"
    REFUSING = "every connection is closed at once"
    SILENT = "half open: bytes are taken and go nowhere, nothing is closed"
    GARBLED = "what the hub says is rubbish after the first line, as when TLS fails"


class Link:
    """Relays from ``port`` to the hub's port, in the mood of the moment."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Event()
        self.mood = Mood.WELL
        self.port = 0
        self.connections = 0

    def become(self, mood: Mood) -> None:
        """Change the mood; refusing also drops what is open."""
        self.mood = mood
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        if mood is Mood.REFUSING:
            self.drop()

    def drop(self) -> None:
        """Break every open connection, without a goodbye."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.mood is Mood.REFUSING:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            pair = {writer, far_writer}
            self._writers |= pair
            both = [self._pump(reader, far_writer, garbles=False), self._pump(far_reader, writer, garbles=True)]
            tasks = [asyncio.ensure_future(one) for one in both]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            self._writers -= pair
            for one in pair:
                one.transport.abort()
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, garbles: bool) -> None:
        first = True
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                while self.mood is Mood.SILENT:
                    await self._changed.wait()
                if self.mood is Mood.GARBLED and garbles and not first:
                    data = b"\x00" * len(data)
                first = False
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def link_to(port: int) -> AsyncIterator[Link]:
    """Open a link to a loopback port."""
    link = Link(port)
    server = await asyncio.start_server(link.relay, "127.0.0.1", 0)
    link.port = int(server.sockets[0].getsockname()[1])
    try:
        yield link
    finally:
        server.close()
        link.drop()
        link.become(Mood.REFUSING)
