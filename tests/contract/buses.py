"""One hub, two ways: in memory, and nats-server with mutual TLS. The suites see no difference."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

from adapters.jetstream.append import JetStreamAppender
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.pull import JetStreamPuller
from adapters.memory.bus import MemoryAppender, MemoryHub, MemoryPuller
from schemas.carriage import Publication
from schemas.ids import CountyCode
from schemas.subjects import Lane, Subject
from services.hub_ports import Appender, Puller
from tests.hubs import RealHub, real_hub

NANDAN = CountyCode("451221")
HUANJIANG = CountyCode("451226")
TIANE = CountyCode("451222")
"""In the same shard as 环江: their normal lanes share a stream."""
LIBO = CountyCode("522722")
COUNTIES = (NANDAN, HUANJIANG, TIANE, LIBO)
BORDER = "qiangui-border"
AGREEMENTS = {BORDER: (HUANJIANG, TIANE, LIBO)}
ALERT = "cn.sihu.information.alert_issued.v1"


class Bus(Protocol):
    """What a suite needs of a hub."""

    async def appender(self, county: str) -> Appender:
        """Return a new appender, on a connection of its own."""
        ...

    async def puller(self, county: str, stream: str) -> Puller:
        """Return a new puller, on a connection of its own."""
        ...

    async def cut(self) -> None:
        """Let nobody reach the hub."""
        ...

    async def heal(self) -> None:
        """Let everybody reach the hub again."""
        ...


class MemoryBus:
    """The reference."""

    def __init__(self) -> None:
        self.hub = MemoryHub(AGREEMENTS)

    async def appender(self, county: str) -> Appender:
        return MemoryAppender(self.hub, county)

    async def puller(self, county: str, stream: str) -> Puller:
        return MemoryPuller(self.hub, county, stream)

    async def cut(self) -> None:
        self.hub.down = True

    async def heal(self) -> None:
        self.hub.down = False
        self.hub.tell()


class JetStreamBus:
    """The real thing; a cut stops the server's process, so that nothing answers and nothing is refused either."""

    def __init__(self, hub: RealHub, stack: AsyncExitStack) -> None:
        self._hub, self._stack = hub, stack

    async def _connection(self, county: str) -> HubConnection:
        return await self._stack.enter_async_context(self._hub.connect(county))

    async def appender(self, county: str) -> Appender:
        return JetStreamAppender(await self._connection(county), county, timeout_seconds=0.5)

    async def puller(self, county: str, stream: str) -> Puller:
        return JetStreamPuller(await self._connection(county), county, stream, silence_seconds=1.5)

    async def cut(self) -> None:
        os.kill(self._hub.server.pid, signal.SIGSTOP)

    async def heal(self) -> None:
        os.kill(self._hub.server.pid, signal.SIGCONT)


@asynccontextmanager
async def open_bus(kind: str, directory: Path) -> AsyncIterator[Bus]:
    """Open a hub of one kind with four counties and one agreement."""
    if kind == "memory":
        yield MemoryBus()
        return
    async with real_hub(directory, COUNTIES, AGREEMENTS) as hub, AsyncExitStack() as stack:
        yield JetStreamBus(hub, stack)


def publications(
    first: int, count: int, *, source: str = HUANJIANG, destination: str = LIBO, lane: Lane = Lane.NORMAL, size: int = 0
) -> list[Publication]:
    """Return publications whose message starts with their source and sequence."""
    subject = str(Subject(CountyCode(source), lane, destination, ALERT))
    return [
        Publication(sequence, subject, f"{source}/{sequence} ".encode() + b"x" * size)
        for sequence in range(first, first + count)
    ]


def number_of(message: bytes) -> int:
    """The publication sequence that ``publications`` wrote into a message."""
    return int(message.split(b" ", 1)[0].rpartition(b"/")[2])
