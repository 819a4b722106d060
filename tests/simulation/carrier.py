"""The hub and the lines to it: untrusted. It keeps streams, and hands each member copies of what is for it.

What is kept, and what appending means, is the memory adapter's own. The way to a member is worse than that: each
message becomes a *copy* that may be late, lost on the last stretch, doubled, shuffled, accompanied by a corrupted twin,
or swallowed for good. A copy comes again until it is acknowledged, as from a durable consumer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from random import Random
from typing import Final

from adapters.memory.bus import HubDownError, MemoryHub, Stored
from schemas.carriage import Arrival, ArrivalBatch
from schemas.subjects import SIGNAL_STREAM, hub_streams, parse_subject
from tests.papers import AGREEMENT
from tests.simulation.loop import VirtualLoop
from tests.simulation.schedule import CALM, Weather
from tests.simulation.trace import Trace

AGAIN_SECONDS: Final = 5.0
"""What was handed over and not acknowledged comes again after that."""
_LATE_SECONDS: Final = 10.0
_BATCHES: Final = (1, 2, 4, 8, 40)
_FLIPPED_MOST: Final = 1500  # bytes from the start, where every part of a message still lies


@dataclass(slots=True)
class Copy:
    """One copy of a message on its way to one member."""

    number: int
    sequence: int
    subject: str
    message: bytes
    not_before: float


class Consumer:
    """What one member has not acknowledged of one stream; outlives its connections."""

    def __init__(self, loop: VirtualLoop) -> None:
        """Start with nothing."""
        self._loop = loop
        self.copies: dict[int, Copy] = {}
        self._waiting: list[asyncio.Future[None]] = []

    def wake(self) -> None:
        """Something has changed: whoever waits looks again."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def news(self) -> None:
        """Wait until something has changed, or the next copy may come."""
        waiter = self._loop.create_future()
        self._waiting.append(waiter)
        if self.copies:
            earliest = min(copy.not_before for copy in self.copies.values())
            if earliest > self._loop.time():
                self._loop.call_at(earliest, self.wake, context=Context())
        await waiter


@dataclass
class Hub:
    """What the hub keeps and does, honestly or not."""

    loop: VirtualLoop
    rng: Random
    weather: Weather
    trace: Trace
    counties: Sequence[str]
    tap: Callable[[str, Sequence[Stored]], None]
    """Hears what every county publishes, before it is kept."""
    lines: list["Line"] = field(default_factory=list)
    taken: dict[int, list[bytes]] = field(default_factory=dict)
    """By number of a store: messages that it took and acknowledged."""
    forged: set[bytes] = field(default_factory=set)
    """Messages that no county published: corrupted twins and other stories."""
    swallowed: dict[str, set[bytes]] = field(default_factory=dict)
    """By recipient: messages that it will not see."""

    def __post_init__(self) -> None:
        """Start with empty streams."""
        self.kept = MemoryHub({AGREEMENT: self.counties})
        self.consumers = {(one, name): Consumer(self.loop) for one in self.counties for name in hub_streams()}
        self.swallowed = {one: set() for one in self.counties}
        self._numbers = 0

    # -- keeping -----------------------------------------------------------------------------------------

    def keep(self, county: str, stream: str, messages: Sequence[Stored]) -> None:
        """Keep what a county published, and send copies on their way."""
        self.tap(county, messages)
        kept = self.kept.streams[stream]
        for one in messages:
            kept.append(one)
            self._send(stream, len(kept), one)

    def _send(self, stream: str, sequence: int, one: Stored) -> None:
        for county in self.counties:
            if self.kept.is_for(county, one.subject) and one.message not in self.swallowed[county]:
                self.offer(county, stream, sequence, one.subject, one.message)

    def offer(self, county: str, stream: str, sequence: int, subject: str, message: bytes) -> None:
        """Send a copy on its way to a member; in bad weather also a second one, or a corrupted twin."""
        rng, weather = self.rng, self.weather
        late = rng.random() * _LATE_SECONDS if rng.random() < weather.late else rng.random() * 0.05
        self._copy(county, stream, sequence, subject, message, late)
        if rng.random() < weather.doubled:
            self._copy(county, stream, sequence, subject, message, late + rng.random() * _LATE_SECONDS)
        if rng.random() < weather.corrupted:
            flipped = self._flipped(message)
            self.forged.add(flipped)
            self._copy(county, stream, sequence, subject, flipped, late)
        self.consumers[county, stream].wake()

    def _copy(self, county: str, stream: str, sequence: int, subject: str, message: bytes, late: float) -> None:
        self._numbers += 1
        copy = Copy(self._numbers, sequence, subject, message, self.loop.time() + late)
        self.consumers[county, stream].copies[copy.number] = copy

    def _flipped(self, message: bytes) -> bytes:
        at = int(self.rng.random() * min(len(message), _FLIPPED_MOST))
        return message[:at] + bytes([message[at] ^ (1 << int(self.rng.random() * 8))]) + message[at + 1 :]

    # -- what may go wrong ---------------------------------------------------------------------------------

    def lose(self, stream: str, *, keep: int = 0) -> None:
        """Lose everything of a stream behind its first ``keep`` messages, and what was on its way."""
        del self.kept.streams[stream][keep:]
        for county in self.counties:
            copies = self.consumers[county, stream].copies
            for number in [number for number, copy in copies.items() if copy.sequence > keep]:
                del copies[number]

    def restarted(self) -> None:
        """Make contact with everybody anew."""
        for line in self.lines:
            if not line.down:
                line.contacts += 1
        self.wake()

    def rewind(self, county: str, stream: str) -> None:
        """Hand a member everything that is still kept for it once more."""
        consumer = self.consumers[county, stream]
        consumer.copies.clear()
        for sequence, one in enumerate(self.kept.streams[stream], 1):
            if self.kept.is_for(county, one.subject) and one.message not in self.swallowed[county]:
                self._copy(county, stream, sequence, one.subject, one.message, 0.0)
        consumer.wake()

    def swallow(self, county: str, messages: Iterable[bytes]) -> None:
        """Hand these to a member no more, as long as the storm lasts."""
        self.swallowed[county].update(messages)
        for stream in hub_streams():
            copies = self.consumers[county, stream].copies
            for number in [number for number, copy in copies.items() if copy.message in self.swallowed[county]]:
                del copies[number]

    def heal(self) -> None:
        """From now on be honest and quick; what was swallowed comes if it is published again."""
        self.weather = CALM
        for swallowed in self.swallowed.values():
            swallowed.clear()
        for consumer in self.consumers.values():
            for copy in consumer.copies.values():
                copy.not_before = min(copy.not_before, self.loop.time() + 1.0)
        self.wake()

    def wake(self) -> None:
        """Let everybody look again."""
        for consumer in self.consumers.values():
            consumer.wake()

    def is_quiet(self) -> bool:
        """Tell whether nothing is on its way but signals, which never end."""
        return not any(one.copies for (_, stream), one in self.consumers.items() if stream != SIGNAL_STREAM)


class Line(MemoryHub):
    """The hub as one process sees it over its own line."""

    def __init__(self, hub: Hub, county: str, *, check: Callable[[], None], down: bool) -> None:
        """Connect; ``check`` stops whoever was killed."""
        super().__init__()
        self.county = county
        self.streams = hub.kept.streams
        self.loses_requests = 0
        self._hub, self._check = hub, check
        self._down = down
        hub.lines.append(self)

    def check(self) -> None:
        """Refuse while the line is down, or when a request is to be lost; runs just before anything is kept."""
        self._check()
        super().check()
        if self.loses_requests:
            self.loses_requests -= 1
            raise HubDownError("the request was lost")

    def calm(self) -> None:
        """No more than one call suffers."""
        self.loses_requests, self.loses_answers, self.breaks_after = 0, 0, None

    def store(self, stream: str, messages: Sequence[Stored]) -> None:
        """Keep messages at the hub."""
        self._hub.keep(self.county, stream, messages)

    def hang_up(self) -> None:
        """The process is gone."""
        self._hub.lines.remove(self)


class LinePuller:
    """Satisfies ``services.ports.Puller`` over one line."""

    def __init__(self, hub: Hub, line: Line, stream: str, store_number: int, point: Callable[[str], None]) -> None:
        """Pull from ``stream``.

        Args:
            hub: Where it is kept.
            line: Over which it comes.
            stream: Its name.
            store_number: Whose store takes what is acknowledged.
            point: Passes a point at which the process may be killed.
        """
        self.stream = stream
        self._hub, self._line, self._store_number, self._point = hub, line, store_number, point
        self._consumer = hub.consumers[line.county, stream]
        self._handed: dict[str, list[Copy]] = {}

    async def batches(self) -> AsyncGenerator[ArrivalBatch, None]:
        """Yield what may come now."""
        while True:
            copies = [] if self._line.down else self._due()
            if not copies:
                await self._consumer.news()
                continue
            token = ",".join(str(copy.number) for copy in copies)
            self._handed[token] = copies
            arrivals = tuple(Arrival(copy.sequence, copy.subject, copy.message) for copy in copies)
            self._point(f"pulled {self.stream} {token}")
            yield ArrivalBatch(self.stream, arrivals, token)

    def _due(self) -> list[Copy]:
        hub, now = self._hub, self._hub.loop.time()
        due = [copy for copy in self._consumer.copies.values() if copy.not_before <= now]
        if not due:
            return []
        rng, weather = hub.rng, hub.weather
        due.sort(key=lambda copy: (copy.sequence, copy.number))
        if rng.random() < weather.shuffled:
            rng.shuffle(due)
        found: list[Copy] = []
        for copy in due[: _BATCHES[int(rng.random() * len(_BATCHES))]]:
            copy.not_before = now + AGAIN_SECONDS
            if rng.random() >= weather.dropped:
                found.append(copy)
        return found

    def rewind(self) -> None:
        """Begin again with the first message that the hub still keeps."""
        self._hub.rewind(self._line.county, self.stream)

    async def acknowledge(self, batch: ArrivalBatch) -> None:
        """Never hand these copies over again; lost while the line is down."""
        self._point(f"acknowledge {self.stream}")
        copies = self._handed.pop(batch.acknowledge, [])
        if not self._line.down:
            for copy in copies:
                self._consumer.copies.pop(copy.number, None)
            if self.stream != SIGNAL_STREAM:
                self._hub.taken[self._store_number] += [copy.message for copy in copies]
        self._point(f"acknowledge {self.stream} done")


def is_receipt(subject: str) -> bool:
    """Tell whether a subject is one of receipts."""
    parsed = parse_subject(subject)
    return parsed is not None and parsed.wire_type.startswith("cn.sihu.control.receipt.")
