"""Child: a county as a careful programmer would write it on bare nats-py alone; it makes, signs and publishes.

Every publication is confirmed by the server, 256 are in flight, each event is 1 KiB and signed with Ed25519.
No outbox, no chain, no validation, no receipts: what Sihu adds must be paid for by doing the rest better.
"""

import asyncio
import struct
import time
from collections.abc import Iterator
from typing import Any, Final

import nats
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from tests.bench.processes import serve

STREAM: Final = "FLOOR"
SUBJECT: Final = "floor.event"
HEAD: Final = struct.Struct("<QQ")
"""Number of the event, and when it was made (nanoseconds of the machine's monotonic clock)."""

EVENT_BYTES: Final = 1024
SEED: Final = bytes(range(32))
TICK_SECONDS: Final = 0.005
_IN_FLIGHT: Final = 256
_TIMEOUT_SECONDS: Final = 30.0


def body_of(number: int, made_ns: int) -> bytes:
    """Return an event of 1 KiB that knows its number and its time."""
    return HEAD.pack(number, made_ns) + bytes(EVENT_BYTES - HEAD.size)


class Sender:
    """One connection and one key."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._key = Ed25519PrivateKey.from_private_bytes(SEED)
        self._client: Client
        self._stream: JetStreamContext

    async def open(self, url: str) -> dict[str, Any]:
        """Connect and make sure that the stream is there."""
        self._client = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=_quiet)
        self._stream = self._client.jetstream(timeout=_TIMEOUT_SECONDS)
        await self._stream.add_stream(StreamConfig(name=STREAM, subjects=[SUBJECT]))
        return {}

    async def publish(self, first: int, count: int, *, sign: bool, skip: int = -1) -> dict[str, Any]:
        """Publish events ``first``… as fast as confirmations come; ``skip`` is one that is only said to be sent."""
        numbers = iter(range(first, first + count))

        async def work() -> None:
            for number in numbers:
                if number != skip:
                    await self._one(number, time.monotonic_ns(), sign=sign)

        started = time.monotonic_ns()
        await asyncio.gather(*(work() for _ in range(_IN_FLIGHT)))
        return {"started_ns": started, "ended_ns": time.monotonic_ns()}

    async def trickle(self, first: int, count: int, every_ms: float) -> dict[str, Any]:
        """Publish one event every ``every_ms`` by the clock, whatever the confirmations do (open loop)."""
        started = time.monotonic_ns()
        async with asyncio.TaskGroup() as tasks:
            for number, made in zip(range(first, first + count), due_times(started, every_ms), strict=False):
                await asyncio.sleep(max(0.0, (made - time.monotonic_ns()) / 1e9))
                tasks.create_task(self._one(number, made, sign=True))
        return {"started_ns": started, "ended_ns": time.monotonic_ns()}

    async def overload(self, first: int, per_second: float, seconds: float, skip: int = -1) -> dict[str, Any]:
        """Publish ``per_second`` for ``seconds`` by the clock (open loop): nothing here pushes back."""
        confirmed: list[int] = [skip] if skip >= 0 else []
        failed: list[int] = []

        async def one(number: int) -> None:
            try:
                await self._one(number, time.monotonic_ns(), sign=True)
            except (TimeoutError, NatsError):
                failed.append(number)
            else:
                confirmed.append(number)

        started, offered = time.monotonic_ns(), 0
        async with asyncio.TaskGroup() as tasks:
            while (gone := (time.monotonic_ns() - started) / 1e9) < seconds:
                for number in range(first + offered, first + int(gone * per_second)):
                    if number != skip:
                        tasks.create_task(one(number))
                offered = int(gone * per_second)
                await asyncio.sleep(TICK_SECONDS)
            in_time = len(confirmed)
        return {"started_ns": started, "offered": offered, "confirmed": confirmed, "failed": failed, "in_time": in_time}

    async def reconnected(self) -> dict[str, Any]:
        """Wait until the server answers again."""
        while True:
            try:
                await asyncio.wait_for(self._stream.stream_info(STREAM), 0.5)
            except Exception:  # noqa: BLE001  whatever nats-py says: not yet
                await asyncio.sleep(0.02)
            else:
                return {}

    async def _one(self, number: int, made_ns: int, *, sign: bool) -> None:
        body = body_of(number, made_ns)
        await self._stream.publish(SUBJECT, self._key.sign(body) + body if sign else body)


def due_times(started_ns: int, every_ms: float) -> Iterator[int]:
    """Yield when each event of an open loop is due, for ever."""
    number = 0
    while True:
        yield started_ns + int(number * every_ms * 1e6)
        number += 1


async def _quiet(_: Exception) -> None:
    """A server that is killed on purpose is no news."""


async def main() -> None:
    """Take orders."""
    sender = Sender()
    await serve(
        {
            "open": sender.open,
            "publish": sender.publish,
            "trickle": sender.trickle,
            "overload": sender.overload,
            "reconnected": sender.reconnected,
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
