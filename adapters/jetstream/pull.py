"""The way in from one stream of the hub: asks for the next messages before the last ones are here.

There is one way back from every trouble (a reconnect, a silent hub, a consumer that was deleted, a leaf that was
restarted): open a fresh inbox, set the consumer back to what we acknowledged last, ask again. What was under way comes
once more, in order, and the receiver knows it already.

The hub counts what it hands to a consumer, and heartbeats tell the count. A count that skips means that messages went
to a listener who is no more: a hub with a leaf listener serves a request in its first two seconds without asking
whether anybody still listens, and one whose listener left while it was being read in, until it expires. Then we fall
silent until such requests have grown old, and begin anew; the messages would come again by themselves only after
``ack_wait``.
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
_EXPIRES_SECONDS: Final = 10
_NANOSECONDS: Final = 1_000_000_000
_RETRY_SECONDS: Final = 0.25
_ORPHAN_SECONDS: Final = 2.1
_LEAVE_SECONDS: Final = 0.1
_HEARTBEAT: Final = 100
_TO_THE_FIRST: Final = b'{"seq": 1}'
_ENDS_ONE_REQUEST: Final = b"Nats-Pending-Messages"
_HANDED_OVER: Final = b"Nats-Last-Consumer"
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
            batch: Most messages of one batch; half as many again may be held at once.
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
        self._arrived: deque[tuple[int, bytes, bytes, bytes]] = deque()
        self._count = 0  # of what the hub has handed over since the consumer was set back
        self._open = 0  # messages asked for and not yet here
        self._stale = True  # begin anew
        self._skipped = False  # ... but not at once
        self._rewinding = False
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

    def rewind(self) -> None:
        """Begin with the first message that the hub still keeps for us; before ``batches`` is iterated.

        For a restored database, whose inbox may lack what was acknowledged since the backup was made.
        """
        self._rewinding = True

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
        self._leave()
        if self._skipped:
            await asyncio.sleep(_ORPHAN_SECONDS)
            self._skipped = False
        self._contact = await self._hub.contact()
        self._round += 1
        self._open = 0
        self._arrived.clear()
        self._inbox = await self._hub.listen(self._hear)
        parsed(await self._hub.request(self._reset, _TO_THE_FIRST if self._rewinding else b""))
        self._rewinding = False
        self._count = 0  # a consumer that was set back counts from the beginning
        self._stale = False

    def _leave(self) -> None:
        """Close the inbox: deaf at once, but at the hub a little later, when it has read in what we asked last."""
        if self._inbox is not None:
            wire, number, _ = self._inbox
            self._inbox = None
            wire.deafen(number)
            asyncio.get_running_loop().call_later(_LEAVE_SECONDS, wire.untap, number)

    def _ask_ahead(self) -> None:
        if self._inbox is None:
            raise HubRefusedError("there is no inbox to answer to")
        wire, _, inbox = self._inbox
        if self._open + len(self._arrived) <= self._batch // 2:
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
        if not reply.startswith(_ACKNOWLEDGE):
            self._hear_status(headers)
            return
        sequence, count = _sequences(reply)
        if self._stale or count != self._count + 1:
            self._stale = self._skipped = True
            return
        self._count = count
        self._open -= 1
        self._arrived.append((sequence, subject, reply, body))

    def _hear_status(self, headers: bytes) -> None:
        if status_of(headers) == _HEARTBEAT:
            count = header_of(headers, _HANDED_OVER) or b""
            if count.isdigit() and int(count) > self._count:
                self._stale = self._skipped = True
            return
        rest = header_of(headers, _ENDS_ONE_REQUEST)
        if rest is not None and rest.isdigit():
            self._open -= int(rest)
        else:
            self._stale = True  # consumer deleted, server going down, contact ended

    def _taken(self) -> ArrivalBatch:
        some = [self._arrived.popleft() for _ in range(min(self._batch, len(self._arrived)))]
        arrivals = tuple(Arrival(sequence, subject.decode(), body) for sequence, subject, _, body in some)
        return ArrivalBatch(self.stream, arrivals, f"{self._round} {some[-1][2].decode()}")


def _sequences(reply: bytes) -> tuple[int, int]:
    """Read the sequence in the stream and the consumer's count off an acknowledge subject of either form."""
    tokens = reply.split(b".")
    at = 7 if len(tokens) >= _TOKENS_WITH_DOMAIN else 5
    return int(tokens[at]), int(tokens[at + 1])
