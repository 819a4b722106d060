"""The way in from one stream of the hub: it hands over ahead of us, as far as acknowledgements and flow control let it.

There is one way back from every trouble (a reconnect, a silent hub, a consumer that was deleted, a leaf that was
restarted): stop listening, set the consumer back to what was acknowledged last, listen again. What was under way
comes once more, in order, and the receiver knows it already. The hub begins when we listen. After a half-open line it
does not: it hands over to the dead connection, too, until its own PINGs have failed, and we miss the first messages.
Whoever missed those goes on listening while the consumer is set back.

The hub counts what it hands over, from 1 after a consumer was set back, and its heartbeats tell the count. A round
begins with the first message that has number 1; what comes before it was under way already. Then we take only what
continues the count: a number that skips was lost between the hub and us, one that repeats means that somebody else
has set the consumer back. If the hub knows of more acknowledgements than we gave, somebody gave them in our name, and
we set it back further. If it knows of fewer, it missed some, or its disk has lost the end of the stream and gives
those numbers to other messages now: either way it begins where it says.

Source: docs/decisions/0006-carry-events-over-jetstream.md
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from adapters.jetstream.api import ACKNOWLEDGE, handed_to, reset_of
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.refusals import HubRefusedError, parsed
from adapters.jetstream.wire import Wire, command, header_of, status_of
from schemas.carriage import Arrival, ArrivalBatch
from schemas.errors import UnavailableError

BATCH_MAX: Final = 500  # messages
_SILENCE_SECONDS: Final = 2.5  # two and a half heartbeats of the hub
_PAUSE_SECONDS: Final = 0.25
_STATUS: Final = 100
_HANDED_OVER: Final = b"Nats-Last-Consumer"
_STALLED: Final = b"Nats-Consumer-Stalled"
_ACKNOWLEDGE: Final = ACKNOWLEDGE.encode() + b"."
_TOKENS_WITH_DOMAIN: Final = 11
_IDENTITY: Final = b"Nats-Stream-Identity"
_ASK_IDENTITY: Final = b"NATS/1.0\r\n%b: ?\r\n\r\n" % _IDENTITY
_STALLED_HEARTBEATS: Final = 3
_SETTLE_SECONDS: Final = 1.0  # after a consumer was set back: until then, what was under way before may still come

Message = tuple[int, bytes, bytes, bytes]
"""Stream sequence, subject, acknowledge subject, body."""


class JetStreamPuller:
    """Satisfies ``services.ports.Puller`` for one county and one stream."""

    def __init__(
        self,
        hub: HubConnection,
        county: str,
        stream: str,
        *,
        batch: int = BATCH_MAX,
        silence_seconds: float = _SILENCE_SECONDS,
    ) -> None:
        """Borrow a connection; ask nothing yet.

        Args:
            hub: Shared with the other pullers and the appender.
            county: Whose consumer it is.
            stream: One of ``schemas.subjects.streams()``.
            batch: Most messages of one batch.
            silence_seconds: After hearing nothing for that long, not even a heartbeat, it begins anew.
        """
        self.stream = stream
        self._hub, self._batch, self._silence_seconds = hub, batch, silence_seconds
        self._subject, self._reset = handed_to(county, stream), reset_of(county, stream)
        self._ear: tuple[Wire, int] | None = None
        self._contact = self._round = 0
        self._arrived: deque[Message | bytes] = deque()  # bytes: tell the hub so when we get there
        self._count = 0  # of what the hub has handed over since the consumer was set back
        self._last = self._pending = 0  # the last message handed over, and how many more the hub had then
        self._worked_off = 0  # the last message that we acknowledged, in the stream of this identity
        self._identity = b""
        self._idle_heartbeats = 0
        self._stale = True  # begin anew
        self._handed_on = False  # any message of this round
        self._missed = False  # the first messages of this round
        self._settled_at = float("inf")  # when nothing from before this round comes any more
        self._rewinding = False
        self._news = asyncio.Event()

    async def batches(self) -> AsyncGenerator[ArrivalBatch, None]:
        """Yield what the hub hands over, over every reconnect, until closed."""
        try:
            while True:
                if self._stale or self._contact != self._hub.contacts:
                    try:
                        with self._hub.judged():
                            await self._begin()
                    except UnavailableError:
                        self._stale = True
                        await asyncio.sleep(_PAUSE_SECONDS)
                elif some := self._taken():
                    arrivals = tuple(Arrival(sequence, subject.decode(), body) for sequence, subject, _, body in some)
                    yield ArrivalBatch(self.stream, arrivals, f"{self._round} {some[-1][2].decode()}")
                elif not self._arrived and not await self._heard():
                    self._stale = True
        finally:
            self._leave()

    def rewind(self) -> None:
        """Begin with the first message that the hub still keeps for us; also while ``batches`` is iterated.

        For a restored database, whose inbox may lack what was acknowledged since the backup was made.
        """
        self._rewinding = self._stale = True
        self._worked_off = 0

    async def acknowledge(self, batch: ArrivalBatch) -> None:
        """Tell the hub that everything up to the last of this batch is worked off.

        An acknowledgement from before the last new beginning is left out: its messages come again anyway.
        """
        beginning, _, subject = batch.acknowledge.partition(" ")
        if not self._stale and beginning == str(self._round):
            self._worked_off = batch.arrivals[-1].sequence
            self._say(subject.encode(), b"+ACK")

    async def _begin(self) -> None:
        """Set the consumer back to the last acknowledged message, and listen."""
        stays, self._missed = self._missed and self._contact == self._hub.contacts, False
        if not stays and self._leave():
            await asyncio.sleep(_PAUSE_SECONDS)  # until the hub has noticed, or it would hand over to nobody
        self._contact = await self._hub.contact()
        self._round += 1
        self._count = self._pending = self._idle_heartbeats = 0
        self._arrived.clear()
        self._stale, self._handed_on, self._settled_at = False, False, float("inf")
        await self._set_back()
        if self._ear is None:
            wire = self._hub.wire
            self._settled_at = 0.0
            self._ear = wire, await wire.tap(self._subject, self._hear)
        else:
            await asyncio.sleep(_PAUSE_SECONDS)  # what was under way may come behind the hub's answer
            self._settled_at = asyncio.get_running_loop().time() + _SETTLE_SECONDS

    async def _set_back(self) -> None:
        reply = await self._hub.request(self._reset, _back_to(1) if self._rewinding else b"", headers=_ASK_IDENTITY)
        first = parsed(reply).get("reset_seq")
        identity = reply.header(_IDENTITY) or b""
        if not isinstance(first, int):
            raise HubRefusedError("the hub does not tell where it begins")
        if identity == self._identity and first > self._worked_off + 1:
            parsed(await self._hub.request(self._reset, _back_to(self._worked_off + 1)))
        else:
            self._identity, self._worked_off = identity, first - 1
        self._rewinding = False

    def _leave(self) -> bool:
        """Listen no more; False if we did not."""
        if self._ear is None:
            return False
        wire, number = self._ear
        self._ear = None
        wire.untap(number)
        return wire.is_connected

    async def _heard(self) -> bool:
        """Wait for anything from the hub; False after too long a silence."""
        self._news.clear()
        try:
            async with asyncio.timeout(self._silence_seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _hear(self, subject: bytes, reply: bytes, headers: bytes, body: bytes) -> None:
        """Take one message, or a word of the hub itself; only what has an acknowledge subject is a message."""
        self._news.set()
        if self._stale:
            return
        if reply.startswith(_ACKNOWLEDGE):
            self._hear_message(subject, reply, body)
        elif status_of(headers) != _STATUS:
            self._stale = True  # the contact ended, or nothing that we know
        elif reply:
            self._arrived.append(reply)  # flow control
        else:
            self._hear_heartbeat(headers)

    def _hear_message(self, subject: bytes, reply: bytes, body: bytes) -> None:
        """Take what continues the count; number 1 begins it, as long as nothing of this round was handed on."""
        sequence, count, pending = _numbers(reply)
        if count == 1 and not self._handed_on:
            self._arrived = deque(one for one in self._arrived if isinstance(one, bytes))
        elif self._count == 0 and self._is_settling():
            return  # it was under way before the consumer was set back, and comes again
        elif count != self._count + 1:
            self._stale, self._missed = True, self._count == 0
            return
        self._last, self._count, self._pending = sequence, count, pending
        self._idle_heartbeats = 0
        self._arrived.append((sequence, subject, reply, body))

    def _is_settling(self) -> bool:
        return asyncio.get_running_loop().time() < self._settled_at

    def _hear_heartbeat(self, headers: bytes) -> None:
        """The hub is there and has nothing to hand over: check that this can be so."""
        count = header_of(headers, _HANDED_OVER) or b""
        if self._pending and self._worked_off >= self._last:
            self._idle_heartbeats += 1  # it had more, and everything is acknowledged: what does it wait for?
        stalled = self._idle_heartbeats >= _STALLED_HEARTBEATS
        differs = count.isdigit() and int(count) != self._count and not self._is_settling()
        self._stale, self._missed = stalled or differs, differs and self._count == 0
        waits_for = header_of(headers, _STALLED)
        if waits_for:
            self._arrived.append(waits_for)

    def _taken(self) -> list[Message]:
        """Take the next batch off the queue, and tell the hub how far we are where it wants to know."""
        some: list[Message] = []
        while self._arrived and len(some) < self._batch:
            one = self._arrived.popleft()
            if isinstance(one, bytes):
                self._say(one, b"")
            else:
                some.append(one)
        self._handed_on = self._handed_on or bool(some)
        return some

    def _say(self, subject: bytes, body: bytes) -> None:
        if self._ear is not None and self._ear[0].is_connected:
            self._ear[0].write(command(subject.decode(), b"", b"", body))


def _back_to(sequence: int) -> bytes:
    return json.dumps({"seq": sequence}).encode()


def _numbers(reply: bytes) -> tuple[int, int, int]:
    """Read an acknowledge subject of either form: the stream's sequence, the consumer's count, how many are pending."""
    tokens = reply.split(b".")
    at = 7 if len(tokens) >= _TOKENS_WITH_DOMAIN else 5
    return int(tokens[at]), int(tokens[at + 1]), int(tokens[at + 3])
