"""The way to W8's gateway, the same for both sides: a line for each page over one connection, answered in order."""

import asyncio
from collections import deque
from typing import Final

HOST: Final = "127.0.0.1"


class Gateway(asyncio.Protocol):
    """One connection; as many pages at once as are given to it."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._transport: asyncio.Transport
        self._waiting: deque[asyncio.Future[str]] = deque()
        self._rest = b""

    async def open(self, port: int) -> None:
        """Connect."""
        await asyncio.get_running_loop().create_connection(lambda: self, HOST, port)

    def close(self) -> None:
        """Leave."""
        self._transport.close()

    async def send(self, address: str, text: str) -> str:
        """Hand one text over; return the reference under which the gateway took it.

        Raises:
            ConnectionError: The gateway has gone.
        """
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._transport.write(f"{address}\t{text}\n".encode())
        return await answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Give each answer to who waits for it longest."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(line.decode())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's signature
        """Tell everybody who waits."""
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(ConnectionResetError("the gateway has gone"))
        self._waiting.clear()
