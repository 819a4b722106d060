"""The way out: publications are appended to our own lane at the hub, in order, none lost and none twice.

Every append carries the stream sequence of the last message of our lane *as the hub has told us* (compare and set).
That sequence names one message for ever, so whatever was delayed, repeated or sent by a twin of ours can only be
refused, never land behind the wrong message. A sequence that we merely predict would not do: other counties write in
the same stream, and their messages can make a prediction come true for the wrong message.

Nothing is lost by not predicting: while one atomic batch is being committed, all but the last message of the next one
travel already; only that last message, which commits it, carries the sequence and waits for the answer.

A hub of several servers tells the last message by whichever of them is near, and that one may be behind. Nothing is
stored wrongly for it, since the leader compares; but what such an answer says to a restored outbox would be believed.
So ``last_held`` also asks the leader, by an append that nothing can satisfy: its refusal names the true sequence.

Source: docs/decisions/0006-carry-events-over-jetstream.md, docs/decisions/0019-make-a-hub-of-three-servers.md
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.jetstream.api import last_of
from adapters.jetstream.batches import BATCH_MAX_BYTES, BATCH_MIN_BYTES, SEQUENCE, chunks, commit, staged
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.refusals import (
    BatchesBusyError,
    HubRefusedError,
    NoResponderError,
    ReplicaBehindError,
    last_sequence_in,
    parsed,
)
from adapters.jetstream.wire import Reply, SilentError, Wire, command
from schemas.carriage import Publication
from schemas.errors import InvariantError
from schemas.subjects import Lane, own_space

_BATCH_FIRST_BYTES: Final = 128 * 1024
_BATCH_SOON_SECONDS: Final = 0.5  # a batch that is through by then may be followed by one twice as large
_BATCH_LATE_SECONDS: Final = 2.0  # and one that is not by then is followed by one half as large
BATCH_FROM: Final = 3  # messages; fewer are faster one by one
_SINGLES_WHEN_BUSY: Final = 50  # messages sent one by one per call while no batch can be had
_HEADERS_MAX_BYTES: Final = 1024
_NOT_FOUND: Final = 404
_NEVER: Final = (1 << 63) - 1  # no stream gets so far

Ticket = tuple[bytes, asyncio.Future[Reply | None]]


@dataclass(frozen=True, slots=True)
class Tail:
    """The last message of one lane at the hub, as the hub told us.

    Attributes:
        stream_sequence: Its sequence in the stream; 0 if the lane is empty.
        own: Its publication sequence; 0 if the lane is empty.
    """

    stream_sequence: int
    own: int


class JetStreamAppender:
    """Satisfies ``services.ports.Appender`` for one county."""

    def __init__(
        self, hub: HubConnection, county: str, *, urgent: HubConnection | None = None, timeout_seconds: float = 10.0
    ) -> None:
        """Borrow connections; ask nothing yet.

        Args:
            hub: Shared with the pullers.
            county: Whose lanes they are.
            urgent: A connection of its own for the urgent lane: on a slow line no alert stands behind a batch.
            timeout_seconds: How long to wait for an answer; a batch must get through a slow line in that time.
        """
        self._hub, self._urgent = hub, urgent or hub
        self._county, self._timeout_seconds = county, timeout_seconds
        self._tails: dict[Lane, Tail] = {}
        self._turns = {lane: asyncio.Lock() for lane in Lane}
        self._batch_bytes = _BATCH_FIRST_BYTES

    @property
    def contacts(self) -> int:
        """How often contact was made; whatever was learnt over an earlier contact is doubtful."""
        return self._hub.contacts + self._urgent.contacts

    def _way(self, lane: Lane) -> HubConnection:
        return self._urgent if lane is Lane.URGENT else self._hub

    async def last_held(self, lane: Lane) -> int:
        """Return the last own publication sequence that the hub holds, 0 if none.

        Raises:
            ReplicaBehindError: A server told what is no longer so.
            UnavailableError: It cannot be known now.
        """
        async with self._turns[lane]:
            with self._way(lane).judged():
                tail = await self._read_tail(lane)
                await self._confirm(lane, tail)
            self._tails[lane] = tail
            return tail.own

    async def append(self, lane: Lane, waiting: Sequence[Publication]) -> int:
        """Append what the hub does not hold yet, in order; return the last own sequence that it holds.

        Args:
            lane: All of ``waiting`` is of this lane.
            waiting: In rising order of their sequences; those that the hub holds already are passed over.

        Raises:
            UnavailableError: Down, full or in doubt. Part of ``waiting`` may be held by the hub: the next call reads
                the hub's last message and goes on behind it.
        """
        async with self._turns[lane]:
            tail = self._tails.pop(lane, None)  # it comes back only if nothing was left in doubt
            with self._way(lane).judged():
                tail = await self._append_all(lane, tail or await self._read_tail(lane), waiting)
            self._tails[lane] = tail
            return tail.own

    async def _append_all(self, lane: Lane, tail: Tail, waiting: Sequence[Publication]) -> Tail:
        try:
            return await self._append_batches(lane, tail, self._rest(tail, waiting))
        except BatchesBusyError:
            tail = await self._read_tail(lane)
            for publication in self._rest(tail, waiting)[:_SINGLES_WHEN_BUSY]:
                tail = await self._append_one(lane, tail, publication)
            return tail

    async def _confirm(self, lane: Lane, tail: Tail) -> None:
        """Let the leader of the stream say whether this is the last of our lane: only it knows what is on its way."""
        headers = b"NATS/1.0\r\n%b\r\n" % self._expect(lane, Tail(_NEVER, 0))
        subject = f"{own_space(self._county, lane).removesuffix('>')}{self._county}.asked"
        reply = await self._way(lane).request(subject, headers=headers, timeout_seconds=self._timeout_seconds)
        last = last_sequence_in(reply)
        if last is None:
            parsed(reply)
            raise HubRefusedError("the hub does not tell how far our lane is")
        if last != tail.stream_sequence:
            raise ReplicaBehindError(f"a server says {tail.stream_sequence}, and the leader of our lane {last}")

    async def _read_tail(self, lane: Lane) -> Tail:
        """Ask for the last message of our lane; the hub's answer tells both of its sequences."""
        reply = await self._way(lane).request(last_of(self._county, lane), timeout_seconds=self._timeout_seconds)
        if reply.status == _NOT_FOUND:
            return Tail(0, 0)
        if reply.status:
            raise NoResponderError(f"the hub does not tell its last message of our {lane} lane: {reply.status}")
        return Tail(_number(reply, b"Nats-Sequence"), _number(reply, SEQUENCE))

    async def _append_batches(self, lane: Lane, tail: Tail, rest: Sequence[Publication]) -> Tail:
        """Commit one chunk after the other; the next one travels while one is being committed."""
        wire = self._way(lane).wire
        committing: tuple[Publication, Ticket] | None = None
        clock = asyncio.get_running_loop().time
        since = clock()
        for chunk in chunks(rest, lambda: self._batch_bytes):
            if len(chunk) < BATCH_FROM:
                tail = await self._committed(wire, tail, committing)
                committing = None
                for publication in chunk:
                    tail = await self._append_one(lane, tail, publication)
                continue
            batch = secrets.token_hex(16).encode()
            for commands in staged(batch, chunk):
                wire.write(*commands)
                await wire.room()
            tail = await self._committed(wire, tail, committing)
            since = self._learn(since, clock())
            ticket = wire.ticket()
            wire.write(commit(ticket[0], batch, len(chunk), chunk[-1], self._expect(lane, tail)))
            committing = chunk[-1], ticket
        return await self._committed(wire, tail, committing)

    def _learn(self, since: float, now: float) -> float:
        """Fit batches to the line: a slow one must carry a whole batch while the hub and we still wait for it."""
        took = now - since
        if took < _BATCH_SOON_SECONDS:
            self._batch_bytes = min(BATCH_MAX_BYTES, self._batch_bytes * 2)
        elif took > _BATCH_LATE_SECONDS:
            self._batch_bytes = max(BATCH_MIN_BYTES, self._batch_bytes // 2)
        return now

    async def _committed(self, wire: Wire, tail: Tail, committing: tuple[Publication, Ticket] | None) -> Tail:
        if committing is None:
            return tail
        publication, ticket = committing
        try:
            reply = await wire.answer(ticket, self._timeout_seconds)
        except SilentError:
            self._batch_bytes = max(BATCH_MIN_BYTES, self._batch_bytes // 4)
            raise
        return Tail(_stored_at(reply), publication.sequence)

    async def _append_one(self, lane: Lane, tail: Tail, publication: Publication) -> Tail:
        headers = b"NATS/1.0\r\n%b%b: %d\r\n\r\n" % (self._expect(lane, tail), SEQUENCE, publication.sequence)
        wire = self._way(lane).wire
        ticket = wire.ticket()
        wire.write(command(publication.subject, ticket[0], headers, publication.message))
        return await self._committed(wire, tail, (publication, ticket))

    def _rest(self, tail: Tail, waiting: Sequence[Publication]) -> list[Publication]:
        """Return what comes after the hub's last message; stop what would break the lane or the connection."""
        rest = [publication for publication in waiting if publication.sequence > tail.own]
        most = self._hub.wire.max_payload - _HEADERS_MAX_BYTES
        last = tail.own
        for publication in rest:
            if publication.sequence <= last:
                raise InvariantError(f"publication {publication.sequence} stands behind {last}")
            if len(publication.message) > most:
                raise HubRefusedError(f"publication {publication.sequence} is larger than the hub's {most} bytes")
            last = publication.sequence
        return rest

    def _expect(self, lane: Lane, tail: Tail) -> bytes:
        """The header lines that let the hub refuse us unless ``tail`` is still the last of our lane."""
        return b"Nats-Expected-Last-Subject-Sequence: %d\r\nNats-Expected-Last-Subject-Sequence-Subject: %b\r\n" % (
            tail.stream_sequence,
            own_space(self._county, lane).encode(),
        )


def _stored_at(reply: Reply) -> int:
    sequence = parsed(reply).get("seq")
    if not isinstance(sequence, int) or sequence < 1:
        raise HubRefusedError("the hub's answer names no sequence")
    return sequence


def _number(reply: Reply, name: bytes) -> int:
    value = reply.header(name) or b""
    if not value.isdigit():
        raise HubRefusedError(f"the last message of our lane has no {name.decode()}: it is not one of ours")
    return int(value)
