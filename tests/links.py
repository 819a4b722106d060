"""A TCP link between a county and its hub that a test can break in the ways links break."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

CHUNK_BYTES = 64 * 1024
_SLOW_CHUNK_BYTES = 2 * 1024
_SLOW_BUFFER_BYTES = 16 * 1024
_AGAIN_SECONDS = 0.2  # after that TCP sends for the first time again; then it waits twice as long


class Mood(Enum):
    """How the link behaves from now on, for open and for new connections."""

    WELL = "well"
    REFUSING = "every connection is closed at once"
    SILENT = "half open: bytes are taken and go nowhere, nothing is closed"
    GARBLED = "what the hub says is rubbish after the first line, as when TLS fails"


class Link:
    """Relays from ``port`` to the hub's port, in the mood of the moment.

    ``bytes_per_second`` bounds each direction of all connections together, and ``delay_seconds`` is what every piece
    takes besides; what does not fit waits with the sender, as on a modem line. Of what a line loses TCP notices that it
    did not arrive, and sends it again: ``loss`` is the share of pieces that wait for this, and all behind them.
    """

    def __init__(
        self,
        target_port: int,
        *,
        bytes_per_second: float = 0.0,
        delay_seconds: float = 0.0,
        loss: float = 0.0,
        seed: int = 1,
    ) -> None:
        self._target_port = target_port
        self._bytes_per_second, self._delay_seconds = bytes_per_second, delay_seconds
        self._loss, self._rng = loss, random.Random(seed)
        self._free_at = {True: 0.0, False: 0.0}
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Event()
        self._lost: set[asyncio.StreamWriter] = set()
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
        """Reset every open connection."""
        self._lost.clear()
        for writer in tuple(self._writers):
            _reset(writer)

    def lose(self) -> None:
        """Let what is open now hang for ever, closed by nobody, as behind a firewall that forgot it."""
        self._lost |= self._writers

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.mood is not Mood.REFUSING:
                await self._relay(reader, writer)
        finally:
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            if self._bytes_per_second:
                for one in (writer, far_writer):
                    one.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SLOW_BUFFER_BYTES)
            pair = {writer, far_writer}
            self._writers |= pair
            both = [self._pump(reader, far_writer, garbles=False), self._pump(far_reader, writer, garbles=True)]
            tasks = [asyncio.ensure_future(one) for one in both]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                self._writers -= pair
                for one in pair:
                    one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, garbles: bool) -> None:
        first = True
        with contextlib.suppress(OSError):
            while data := await reader.read(_SLOW_CHUNK_BYTES if self._bytes_per_second else CHUNK_BYTES):
                await self._take_time(len(data), garbles)
                while self.mood is Mood.SILENT or writer in self._lost:
                    await self._changed.wait()
                if self.mood is Mood.GARBLED and garbles and not first:
                    data = b"\x00" * len(data)
                first = False
                writer.write(data)
                await writer.drain()

    async def _take_time(self, size: int, inwards: bool) -> None:  # noqa: FBT001 - the direction
        """Wait until the line has carried so many bytes: they stand in a queue, whoever sends them."""
        loop = asyncio.get_running_loop()
        if self._bytes_per_second:
            begins = max(loop.time(), self._free_at[inwards])
            self._free_at[inwards] = begins + size / self._bytes_per_second
            await asyncio.sleep(self._free_at[inwards] - loop.time())
        if self._delay_seconds:
            await asyncio.sleep(self._delay_seconds)
        again = _AGAIN_SECONDS
        while self._rng.random() < self._loss:
            await asyncio.sleep(again)
            again *= 2


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a firewall does that answers for somebody: RST, and what is on its way is lost."""
    end = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):  # it is closed already
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def link_to(
    port: int, *, bytes_per_second: float = 0.0, delay_seconds: float = 0.0, loss: float = 0.0
) -> AsyncIterator[Link]:
    """Open a link to a loopback port."""
    link = Link(port, bytes_per_second=bytes_per_second, delay_seconds=delay_seconds, loss=loss)
    server = await asyncio.start_server(link.relay, "127.0.0.1", 0, limit=_SLOW_BUFFER_BYTES)
    link.port = int(server.sockets[0].getsockname()[1])
    try:
        yield link
    finally:
        server.close()
        link.drop()
        link.become(Mood.REFUSING)
