"""Child: the far county on FastStream: a durable pull subscriber; its handler verifies, stores, and then acknowledges.

Two ways of its documentation, each where it is the better: ``batch`` hands 500 over at once but waits until they are
together or ``timeout`` is up; one by one an event is there at once, and each has a commit of its own.
"""

import asyncio
import base64
import sqlite3
import time
from collections.abc import Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from faststream.nats import NatsBroker, NatsMessage, PullSub
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig

from tests.bench.floor_receiver import SCHEMA
from tests.bench.floor_sender import SEED
from tests.bench.peer_sender import SIGNATURE, STREAM, SUBJECT, PeerEvent
from tests.bench.processes import serve, until

_FETCH: Final = 500
_BATCH_SECONDS: Final = 0.1
_FETCH_SECONDS: Final = 0.5
_INSERT: Final = "insert or ignore into inbox values (?, ?)"


class Receiver:
    """One broker, one durable consumer, one inbox."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._key = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
        self._got: list[int] = []
        self._late_ms: list[float] = []
        self._forged = 0
        self._ended_ns = 0

    async def open(self, url: str, inbox: str, durable: str, *, batch: bool) -> dict[str, Any]:
        """Connect, open the inbox and declare the handler."""
        self._inbox = sqlite3.connect(inbox, isolation_level=None)
        self._inbox.executescript(SCHEMA)
        self._broker = NatsBroker(url, logger=None)
        config = ConsumerConfig(max_ack_pending=20_000)
        pull = (
            PullSub(batch_size=_FETCH, timeout=_BATCH_SECONDS, batch=True)
            if batch
            else PullSub(batch_size=_FETCH, timeout=_FETCH_SECONDS)
        )
        self._subscriber = self._broker.subscriber(
            SUBJECT, stream=STREAM, durable=durable, pull_sub=pull, config=config
        )
        self._subscriber(self._take_batch if batch else self._take_one)
        await self._broker.connect()
        return {}

    async def begin(self) -> dict[str, Any]:
        """Start to receive; return once the consumer is there."""
        self._got, self._late_ms, self._forged = [], [], 0
        if self._broker.running:
            await self._subscriber.start()
        else:
            await self._broker.start()
        return {}

    async def finish(self, count: int, timeout_seconds: float) -> dict[str, Any]:
        """Wait for ``count`` events or the time-out, stop, and tell what came, in order."""
        await until(lambda: len(self._got) >= count, timeout_seconds)
        ended = self._ended_ns
        await asyncio.sleep(0.1)  # one that comes twice must have the time to
        await self._subscriber.stop()
        return {"ended_ns": ended, "got": self._got, "late_ms": self._late_ms, "forged": self._forged}

    async def _take_batch(self, events: list[PeerEvent], message: NatsMessage) -> None:
        raw: Any = message.raw_message
        self._take(events, raw)

    async def _take_one(self, event: PeerEvent, message: NatsMessage) -> None:
        self._take([event], [message.raw_message])

    def _take(self, events: Sequence[PeerEvent], messages: Sequence[Msg]) -> None:
        held = [pair for pair in zip(events, messages, strict=True) if self._holds(pair[1])]
        self._inbox.execute("begin")
        self._inbox.executemany(_INSERT, [(event.number, message.data) for event, message in held])
        self._inbox.execute("commit")
        self._ended_ns = now = time.monotonic_ns()
        self._late_ms += [(now - event.made_ns) / 1e6 for event, _ in held]
        self._got += [event.number for event, _ in held]

    def _holds(self, message: Msg) -> bool:
        try:
            self._key.verify(base64.b64decode((message.headers or {}).get(SIGNATURE, "")), message.data)
        except InvalidSignature:
            self._forged += 1
            return False
        return True


async def main() -> None:
    """Take orders."""
    receiver = Receiver()
    await serve({"open": receiver.open, "begin": receiver.begin, "finish": receiver.finish})


if __name__ == "__main__":
    asyncio.run(main())
