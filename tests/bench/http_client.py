"""Child: a county's own system that posts events over HTTP/1.1, lean enough to overload the node that it posts to.

A client of a library costs more per request than the node it asks; this one writes bytes made before, and reads no
more of an answer than it must. One request is out at a time on each connection.
"""

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, Final

from tests.bench.events import draft_of
from tests.bench.floor_sender import TICK_SECONDS
from tests.bench.processes import serve, until

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_RETRY_AFTER: Final = b"retry-after:"
_CONNECTIONS_MAX: Final = 2_000
"""Below the open files that a process may have here, on both ends."""

_ACCEPTED: Final = 202
_PUSHED_BACK: Final = frozenset({429, 503})


class Connection(asyncio.Protocol):
    """One connection; tells its client of every answer."""

    def __init__(self, client: "Client") -> None:
        """Belong to a client."""
        self._client, self._read = client, b""
        self.transport: asyncio.Transport
        self.number = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's signature
        """Whatever was out is answered by nothing."""
        self._client.lost(self)

    def send(self, number: int, request: bytes) -> None:
        """Write one request."""
        self.number = number
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Gather an answer until it is whole."""
        self._read += data
        head, end, body = self._read.partition(_HEAD_END)
        if end and len(body) >= _length_of(head):
            self._read = b""
            self._client.answered(self, int(head[9:12]), head.lower(), body)


class Client:
    """So many connections as the answers make necessary, up to a bound."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._idle: deque[Connection] = deque()
        self._open: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening = 0
        self._begin()

    def _begin(self) -> None:
        self._sent: list[tuple[str, str, str, int]] = []
        self.answers: Counter[str] = Counter()
        self._numbers: Iterator[int] = iter(())
        self._out = self._held_back = self._last_ns = 0

    async def open(self, port: int, token: str) -> dict[str, Any]:
        """Take the address; every request is the same but for its event."""
        self._port = port
        self._head = (
            f"POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        return {}

    async def closed(self, first: int, count: int, at_once: int) -> dict[str, Any]:
        """Post ``count`` events, ``at_once`` in flight: what the node takes when nobody pushes."""
        self._begin()
        await self._connect(at_once - len(self._open))
        self._numbers = iter(range(first, first + count))
        started = time.monotonic_ns()
        for connection in [self._idle.popleft() for _ in range(at_once)]:
            self._next(connection)
        await until(lambda: self._out == 0, 60)
        return self._report(started, time.monotonic_ns(), count)

    async def overload(self, first: int, per_second: float, seconds: float) -> dict[str, Any]:
        """Post ``per_second`` for ``seconds`` by the clock (open loop), whatever the answers are."""
        self._begin()
        started, offered = time.monotonic_ns(), 0
        while (gone := (time.monotonic_ns() - started) / 1e9) < seconds:
            due = int(gone * per_second)
            for number in range(first + offered, first + due):
                self._offer(number)
            offered = max(offered, due)
            await asyncio.sleep(TICK_SECONDS)
        ended, in_time = time.monotonic_ns(), len(self._sent)
        await until(lambda: self._out == 0, 60)
        return self._report(started, ended, offered) | {"in_time": in_time, "connections": len(self._open)}

    def _offer(self, number: int) -> None:
        if self._idle:
            self._send(self._idle.popleft(), number)
        elif len(self._open) + self._opening < _CONNECTIONS_MAX:
            self._opening += 1
            self._out += 1
            task = asyncio.create_task(self._open_and_send(number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._held_back += 1  # not even a connection is to be had: the client waits, and this event with it

    async def _open_and_send(self, number: int) -> None:
        try:
            connection = await self._new()
        except OSError:
            self.answers["no connection"] += 1
            self._out -= 1
        else:
            connection.send(number, self._request(number))
        finally:
            self._opening -= 1

    async def _connect(self, count: int) -> None:
        self._idle += [await self._new() for _ in range(count)]

    async def _new(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._port)
        self._open.add(connection)
        return connection

    def _send(self, connection: Connection, number: int) -> None:
        self._out += 1
        connection.send(number, self._request(number))

    def _request(self, number: int) -> bytes:
        body = draft_of(number)
        return self._head + b"%d\r\n\r\n" % len(body) + body

    def _next(self, connection: Connection) -> None:
        number = next(self._numbers, None)
        if number is None:
            self._idle.append(connection)
        else:
            self._send(connection, number)

    def answered(self, connection: Connection, status: int, head: bytes, body: bytes) -> None:
        """Count an answer; what was accepted is kept by its place in the chain."""
        self._out -= 1
        connection.number, self._last_ns = -1, time.monotonic_ns()
        if status == _ACCEPTED:
            place = json.loads(body)
            self._sent.append((place["envelope_id"], place["channel"], place["epoch"], place["seq"]))
        name = "accepted" if status == _ACCEPTED else _refusal(status, head)
        self.answers[name] += 1
        self._next(connection)

    def lost(self, connection: Connection) -> None:
        """A connection has gone; whoever waited on it was told nothing."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if connection.number >= 0:
            self._out -= 1
            self.answers["no answer"] += 1

    def _report(self, started: int, ended: int, offered: int) -> dict[str, Any]:
        return {
            "started_ns": started,
            "ended_ns": ended,
            "answered_ns": self._last_ns,
            "offered": offered,
            "held_back": self._held_back,
            "unanswered": self._out,
            "answers": self.answers,
            "sent": sorted(self._sent, key=lambda place: place[3]),
        }


def _length_of(head: bytes) -> int:
    rest = head.lower().partition(_LENGTH)[2]
    return int(rest.split(b"\r\n", 1)[0] or 0)


def _refusal(status: int, head: bytes) -> str:
    """Name a refusal: ``pushed back`` is a 429 or 503 that says when to come back."""
    return "pushed back" if status in _PUSHED_BACK and _RETRY_AFTER in head else f"status {status}"


async def main() -> None:
    """Take orders."""
    client = Client()
    await serve({"open": client.open, "closed": client.closed, "overload": client.overload})


if __name__ == "__main__":
    asyncio.run(main())
