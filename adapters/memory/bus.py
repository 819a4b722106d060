"""A hub in plain Python with the faults of a real one: the reference for the appender and the puller.

One ``MemoryHub`` is shared by the appenders and pullers of all counties of a test. Tests set its faults: ``down``, and
answers that are lost although the hub has done what it was asked.
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from schemas.carriage import Arrival, ArrivalBatch, Publication
from schemas.errors import InvariantError, UnavailableError
from schemas.subjects import SIGNAL_STREAM, Lane, parse_signal_subject, parse_subject, stream_of

_BATCH_MAX: Final = 500


class HubDownError(UnavailableError):
    """The test switched the hub off, or lost its answer."""

    code: ClassVar[str] = "hub.unreachable"


class MovedOnError(UnavailableError):
    """Somebody else wrote in this lane since we looked."""

    code: ClassVar[str] = "hub.moved_on"


@dataclass(frozen=True, slots=True)
class Stored:
    """One message that the hub keeps; ``own`` is the publication sequence that its source gave it."""

    own: int
    subject: str
    message: bytes


class MemoryHub:
    """Keeps every stream; agreements say who belongs to an audience ``_<agreement>``."""

    def __init__(self, agreements: Mapping[str, Collection[str]] | None = None) -> None:
        """Start empty."""
        self.streams: dict[str, list[Stored]] = defaultdict(list)
        self.acknowledged: dict[tuple[str, str], int] = defaultdict(int)
        """The last acknowledged stream sequence of each (county, stream)."""
        self._down = False
        self.contacts = 1
        """How often a county got through: once more each time the hub comes back."""
        self.loses_answers = 0
        """Set by a test: so many appends are stored, but their answer is lost."""
        self.breaks_after: int | None = None
        """Set by a test: the next append stores only so many messages before the contact breaks."""
        self.hides: Callable[[str, Stored], bool] = lambda _county, _message: False
        """Set by a test: what the hub keeps and never hands to one county."""
        self._agreements = {name: frozenset(parties) for name, parties in (agreements or {}).items()}
        self._news = asyncio.Event()

    @property
    def down(self) -> bool:
        """Set by a test: nobody reaches the hub."""
        return self._down

    @down.setter
    def down(self, down: bool) -> None:
        self.contacts += self._down and not down
        self._down = down

    def store(self, stream: str, messages: Sequence[Stored]) -> None:
        """Keep messages and wake whoever waits for one."""
        self.streams[stream] += messages
        self.tell()

    def tell(self) -> None:
        """Wake every puller: something has changed."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def changed(self) -> None:
        """Wait for the next change."""
        await self._news.wait()

    def check(self) -> None:
        """Refuse while the hub is down."""
        if self.down:
            raise HubDownError("the hub is down")

    def is_for(self, county: str, subject: str) -> bool:
        """Tell whether a message goes to a county: by its code, or as a party of the agreement."""
        signal = parse_signal_subject(subject)
        if signal is not None:
            return signal.destination == county
        parsed = parse_subject(subject)
        if parsed is None:
            return False
        return parsed.destination == county or county in self._agreements.get(parsed.destination[1:], ())

    def own_lane(self, county: str, lane: Lane) -> list[Stored]:
        """Return what one county has published on one lane, oldest first."""
        space = f"hub.in.{county}.{lane}."
        return [stored for stored in self.streams[stream_of(county, lane)] if stored.subject.startswith(space)]


class MemoryAppender:
    """Satisfies ``services.ports.Appender``."""

    def __init__(self, hub: MemoryHub, county: str) -> None:
        """Append to ``hub`` as ``county``."""
        self._hub, self._county = hub, county
        self._known: dict[Lane, int] = {}

    @property
    def contacts(self) -> int:
        """How often contact was made; whatever was learnt over an earlier contact is doubtful."""
        return self._hub.contacts

    async def last_held(self, lane: Lane) -> int:
        """Return the last own publication sequence that the hub holds, 0 if none.

        Raises:
            UnavailableError: The hub is down.
        """
        await asyncio.sleep(0)
        self._hub.check()
        lane_now = self._hub.own_lane(self._county, lane)
        self._known[lane] = lane_now[-1].own if lane_now else 0
        return self._known[lane]

    async def append(self, lane: Lane, waiting: Sequence[Publication]) -> int:
        """Append what the hub does not hold yet, in order; return the last own sequence that it holds.

        Raises:
            UnavailableError: Down or in doubt; part of ``waiting`` may be held.
        """
        known = self._known.pop(lane) if lane in self._known else await self.last_held(lane)
        self._known.pop(lane, None)
        rest = _in_order(known, waiting)
        await asyncio.sleep(0)
        self._hub.check()
        held = self._hub.own_lane(self._county, lane)
        if rest and (held[-1].own if held else 0) != known:
            raise MovedOnError(f"the lane ends at {held[-1].own if held else 0}, not at {known}")
        self._store(lane, rest)
        self._known[lane] = rest[-1].sequence if rest else known
        return self._known[lane]

    def _store(self, lane: Lane, rest: Sequence[Publication]) -> None:
        limit, self._hub.breaks_after = self._hub.breaks_after, None
        stored = [Stored(one.sequence, one.subject, one.message) for one in rest[:limit]]
        self._hub.store(stream_of(self._county, lane), stored)
        if limit is not None:
            raise HubDownError("the contact broke half-way")
        if rest and self._hub.loses_answers > 0:
            self._hub.loses_answers -= 1
            raise HubDownError("the answer was lost")


class MemorySignaller:
    """Satisfies ``services.ports.Signaller``."""

    def __init__(self, hub: MemoryHub) -> None:
        """Signal to ``hub``."""
        self._hub = hub

    async def signal(self, subject: str, message: bytes) -> None:
        """Hand one signal to the hub.

        Raises:
            UnavailableError: The hub is down.
        """
        await asyncio.sleep(0)
        self._hub.check()
        self._hub.store(SIGNAL_STREAM, [Stored(0, subject, message)])


class MemoryPuller:
    """Satisfies ``services.ports.Puller``."""

    def __init__(self, hub: MemoryHub, county: str, stream: str, *, batch: int = _BATCH_MAX) -> None:
        """Pull from ``hub`` as ``county``."""
        self.stream = stream
        self._hub, self._county, self._batch = hub, county, batch
        self._rewinds = False

    async def batches(self) -> AsyncGenerator[ArrivalBatch, None]:
        """Yield from behind the last acknowledged message on; what is yielded is not yielded twice by one generator."""
        after = self._hub.acknowledged[self._county, self.stream]
        while True:
            after, self._rewinds = 0 if self._rewinds else after, False
            arrivals = [] if self._hub.down else self._after(after)[: self._batch]
            if not arrivals:
                await self._hub.changed()
                continue
            after = arrivals[-1].sequence
            yield ArrivalBatch(self.stream, tuple(arrivals), str(after))

    def rewind(self) -> None:
        """Begin with the first message that the hub still keeps for us."""
        self._rewinds = True

    async def acknowledge(self, batch: ArrivalBatch) -> None:
        """Never hand over again what is up to the last of this batch; lost while the hub is down."""
        if not self._hub.down:
            key = self._county, self.stream
            self._hub.acknowledged[key] = max(self._hub.acknowledged[key], int(batch.acknowledge))

    def _after(self, sequence: int) -> list[Arrival]:
        behind = enumerate(self._hub.streams[self.stream][sequence:], sequence + 1)
        return [
            Arrival(n, one.subject, one.message)
            for n, one in behind
            if self._hub.is_for(self._county, one.subject) and not self._hub.hides(self._county, one)
        ]


def _in_order(known: int, waiting: Sequence[Publication]) -> list[Publication]:
    rest = [publication for publication in waiting if publication.sequence > known]
    for before, after in itertools.pairwise(rest):
        if after.sequence <= before.sequence:
            raise InvariantError(f"publication {after.sequence} stands behind {before.sequence}")
    return rest
