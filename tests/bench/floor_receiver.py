"""Child: the far county on bare nats-py: fetch 500, verify each, one SQLite transaction, acknowledge each."""

import asyncio
import sqlite3
import time
from contextlib import closing
from typing import Any, Final

import nats
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig

from tests.bench.floor_sender import HEAD, SEED, STREAM, SUBJECT
from tests.bench.processes import serve, until

_FETCH: Final = 500
_FETCH_SECONDS: Final = 0.5
_SIGNATURE: Final = 64
SCHEMA: Final = """
pragma journal_mode = wal;
pragma synchronous = full;
create table if not exists inbox (number integer primary key, event blob not null) without rowid;
"""


class Receiver:
    """One connection, one durable consumer, one inbox."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._key = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
        self._client: Client
        self._stream: JetStreamContext
        self._task: asyncio.Task[None] | None = None
        self._got: list[int] = []
        self._late_ms: list[float] = []
        self._forged = 0
        self._ended_ns = 0

    async def open(self, url: str, inbox: str, durable: str, *, verify: bool, store: bool) -> dict[str, Any]:
        """Connect; ``store`` keeps what came in the SQLite file ``inbox``, ``verify`` checks signatures."""
        self._client = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=_quiet)
        self._stream = self._client.jetstream(timeout=10)
        self._durable, self._verify, self._store = durable, verify, store
        self._inbox = sqlite3.connect(inbox, isolation_level=None)
        self._inbox.executescript(SCHEMA)
        return {}

    async def begin(self) -> dict[str, Any]:
        """Start to receive; return once the consumer is there."""
        self._got, self._late_ms, self._forged = [], [], 0
        config = ConsumerConfig(max_ack_pending=20_000)
        self._subscription = await self._stream.pull_subscribe(
            SUBJECT, durable=self._durable, stream=STREAM, config=config
        )
        self._task = asyncio.create_task(self._receive(), name="floor-receiver")
        return {}

    async def finish(self, count: int, timeout_seconds: float) -> dict[str, Any]:
        """Wait for ``count`` events or the time-out, stop, and tell what came, in order."""
        await until(lambda: len(self._got) >= count or self._task is None or self._task.done(), timeout_seconds)
        ended = self._ended_ns
        await asyncio.sleep(0.1)  # one that comes twice must have the time to
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._subscription.unsubscribe()
        return {"ended_ns": ended, "got": self._got, "late_ms": self._late_ms, "forged": self._forged}

    async def _receive(self) -> None:
        while True:
            try:
                batch = await self._subscription.fetch(_FETCH, timeout=_FETCH_SECONDS)
            except (TimeoutError, NatsError):
                continue
            numbers = self._take(batch)
            for message in batch:
                await message.ack()
            self._ended_ns = time.monotonic_ns()
            self._got += numbers

    def _take(self, batch: list[Msg]) -> list[int]:
        bodies = [message.data[_SIGNATURE:] if self._verify else message.data for message in batch]
        if self._verify:
            bodies = [body for body, message in zip(bodies, batch, strict=True) if self._holds(message.data, body)]
        heads = [HEAD.unpack_from(body) for body in bodies]
        if self._store:
            with closing(self._inbox.cursor()) as cursor:
                cursor.execute("begin")
                rows = ((number, body) for (number, _), body in zip(heads, bodies, strict=True))
                cursor.executemany("insert or ignore into inbox values (?, ?)", rows)
                cursor.execute("commit")
        now = time.monotonic_ns()
        self._late_ms += [(now - made) / 1e6 for _, made in heads]
        return [number for number, _ in heads]

    def _holds(self, signed: bytes, body: bytes) -> bool:
        try:
            self._key.verify(signed[:_SIGNATURE], body)
        except InvalidSignature:
            self._forged += 1
            return False
        return True


async def _quiet(_: Exception) -> None:
    """A server that is killed on purpose is no news."""


async def main() -> None:
    """Take orders."""
    receiver = Receiver()
    await serve({"open": receiver.open, "begin": receiver.begin, "finish": receiver.finish})


if __name__ == "__main__":
    asyncio.run(main())
