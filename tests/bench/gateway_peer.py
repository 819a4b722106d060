"""Child: the gateway that W8's pages go to; it outlives the sender that is killed, and knows what it was given."""

import asyncio
import time
from typing import Any

from tests.bench.gateway import HOST
from tests.bench.processes import serve


class Peer:
    """What was taken, in order."""

    def __init__(self) -> None:
        """Listen to nobody yet."""
        self.taken: list[tuple[str, int]] = []
        self._server: asyncio.Server

    async def open(self) -> dict[str, Any]:
        """Listen on loopback."""
        self._server = await asyncio.get_running_loop().create_server(lambda: Connection(self), HOST, 0)
        return {}

    async def where(self) -> dict[str, Any]:
        """Tell where it listens."""
        return {"port": self._server.sockets[0].getsockname()[1]}

    async def clear(self) -> dict[str, Any]:
        """Forget what was taken."""
        self.taken.clear()
        return {}

    async def count(self) -> dict[str, Any]:
        """Tell how many texts were taken."""
        return {"count": len(self.taken)}

    async def report(self) -> dict[str, Any]:
        """Return [text, nanoseconds of the monotonic clock] of everything taken."""
        return {"taken": self.taken}


class Connection(asyncio.Protocol):
    """One sender."""

    def __init__(self, peer: Peer) -> None:
        """Take for ``peer``."""
        self._peer = peer
        self._transport: asyncio.Transport
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what is whole, then answer it."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        now, taken = time.monotonic_ns(), self._peer.taken
        answers = []
        for line in lines:
            taken.append((line.decode().partition("\t")[2], now))
            answers.append(b"g-%d\n" % len(taken))
        self._transport.write(b"".join(answers))


async def main() -> None:
    """Take orders."""
    peer = Peer()
    orders = {"open": peer.open, "where": peer.where, "clear": peer.clear, "count": peer.count}
    await serve({**orders, "report": peer.report})


if __name__ == "__main__":
    asyncio.run(main())
