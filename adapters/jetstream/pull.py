"""The way in from one stream of the hub: two requests ahead, so that messages flow without a round trip each.

There is one way back from every trouble (a reconnect, a silent hub, a consumer that was deleted, a leaf that was
restarted): open a fresh inbox, set the consumer back to what we acknowledged last, ask again. What was under way comes
once more, in order, and the receiver knows it already. Requests of the past die with their inbox.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from adapters.jetstream.api import ACKNOWLEDGE, next_for, reset_of
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.refusals import HubRefusedError, parsed
from adapters.jetstream.wire import Wire, command, header_of, status_of
from schemas.carriage import Arrival, ArrivalBatch
from schemas.errors import UnavailableError

BATCH_MAX: Final = 500  # messages
BATCH_MAX_BYTES: Final = 4 * 1024 * 1024  # of one request; more than the largest message
HEARTBEAT_SECONDS: Final = 1.0
_SILENT_HEARTBEATS: Final = 2.5
_EXPIRES_SECONDS: Final = 30
_NANOSECONDS: Final = 1_000_000_000
_RETRY_SECONDS: Final = 0.25
_HEARTBEAT: Final = 100
_ENDS_ONE_REQUEST: Final = b"Nats-Pending-Messages"
_ACKNOWLEDGE: Final = ACKNOWLEDGE.encode() + b"."
_TOKENS_WITH_DOMAIN: Final = 11


class JetStreamPuller:
    """Satisfies ``services.ports.Puller`` for one county and one stream."""

    def __init__(
        self,
        hub: HubConnection,
        county: str,
        stream: str,
        *,
        batch: int = BATCH_MAX,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        """Borrow a connection; ask nothing yet.

        Args:
            hub: Shared with the other pullers and the appender.
            county: Whose consumer to pull from.
            stream: One of ``schemas.subjects.streams()``.
            batch: Most messages of one batch; twice as many are held at once.
            heartbeat_seconds: How often the hub shows that it is there while it has nothing for us.
        """
        self.stream = stream
        self._hub, self._batch, self._heartbeat_seconds = hub, batch, heartbeat_seconds
        self._next, self._reset = next_for(county, stream), reset_of(county, stream)
        self._ask = json.dumps(
            {
                "batch": batch,
                "max_bytes": BATCH_MAX_BYTES,
                "expires": _EXPIRES_SECONDS * _NANOSECONDS,
                "idle_heartbeat": int(heartbeat_seconds * _NANOSECONDS),
            }
        ).encode()
        self._inbox: tuple[Wire, int, str] | None = None
        self._contact = self._round = 0
        self._arrived: deque[tuple[bytes, bytes, bytes]] = deque()
        self._open = 0  # messages asked for and not yet here
        self._stale = True  # begin anew
        self._news = asyncio.Event()

    async def batches(self) -> AsyncGenerator[ArrivalBatch, None]:
        """Yield what the hub hands over, over every reconnect, until closed."""
        try:
            while True:
                try:
                    if self._stale or self._contact != self._hub.contacts:
                        await self._begin()
                    self._ask_ahead()
                except UnavailableError:
                    self._stale = True
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                if self._arrived:
                    yield self._taken()
                elif not await self._heard():
                    self._stale = True
        finally:
            self._leave()

    async def acknowledge(self, batch: ArrivalBatch) -> None:
        """Tell the hub that everything up to the last of this batch is worked off.

        An acknowledgement from before the last new beginning is left out: its messages come again anyway.
        """
        beginning, _, subject = batch.acknowledge.partition(" ")
        if self._inbox is not None and not self._stale and beginning == str(self._round):
            wire = self._inbox[0]
            if wire.is_connected:
                wire.write(command(subject, b"", b"", b"+ACK"))

    async def _begin(self) -> None:
        """Open a fresh inbox and set the consumer back to the last acknowledged message."""
        self._contact = await self._hub.contact()
        self._leave()
        self._round += 1
        self._open = 0
        self._arrived.clear()
        self._inbox = await self._hub.listen(self._hear)
        parsed(await self._hub.request(self._reset))
        self._stale = False

    def _leave(self) -> None:
        if self._inbox is not None:
            wire, number, _ = self._inbox
            self._inbox = None
            wire.untap(number)

    def _ask_ahead(self) -> None:
        if self._inbox is None:
            raise HubRefusedError("there is no inbox to answer to")
        wire, _, inbox = self._inbox
        while self._open + len(self._arrived) <= self._batch:
            wire.write(command(self._next, inbox.encode(), b"", self._ask))
            self._open += self._batch

    async def _heard(self) -> bool:
        """Wait for anything from the hub; False after two and a half heartbeats of silence."""
        self._news.clear()
        try:
            async with asyncio.timeout(self._heartbeat_seconds * _SILENT_HEARTBEATS):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _hear(self, subject: bytes, reply: bytes, headers: bytes, body: bytes) -> None:
        """Take one message, or a word of the hub about a request; only what has an acknowledge subject is a message."""
        self._news.set()
        if reply.startswith(_ACKNOWLEDGE):
            self._arrived.append((subject, reply, body))
            self._open -= 1
            return
        if status_of(headers) == _HEARTBEAT:
            return
        rest = header_of(headers, _ENDS_ONE_REQUEST)
        if rest is not None and rest.isdigit():
            self._open -= int(rest)
        else:
            self._stale = True  # consumer deleted, server going down, or nobody there

    def _taken(self) -> ArrivalBatch:
        some = [self._arrived.popleft() for _ in range(min(self._batch, len(self._arrived)))]
        arrivals = tuple(Arrival(_sequence(reply), subject.decode(), body) for subject, reply, body in some)
        return ArrivalBatch(self.stream, arrivals, f"{self._round} {some[-1][1].decode()}")


def _sequence(reply: bytes) -> int:
    """Read the stream sequence off an acknowledge subject, with or without domain and account hash."""
    tokens = reply.split(b".")
    return int(tokens[7 if len(tokens) >= _TOKENS_WITH_DOMAIN else 5])
