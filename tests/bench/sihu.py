"""Sihu's side of a workload: a hub, a source, recipients; every one a process of its own, counted by the harness."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from schemas.ids import CountyCode
from schemas.registry import KeyUse
from tests.bench.bare_server import BareServer
from tests.bench.driver import ARRIVED, RECEIPT
from tests.bench.hub import hub
from tests.bench.ledger import (
    end_of,
    judge_arrivals,
    judge_stream,
    missing_receipts,
    quarantined,
    receipt_ranges,
)
from tests.bench.members import county_codes, signers_of
from tests.bench.processes import Actor, cpu_seconds, spawn
from tests.bench.samples import Faults, Sample, compare, latencies

COUNTY: Final = "tests.bench.county"
PATIENCE_SECONDS: Final = 60.0

Place = tuple[str, str, str, int]
"""Envelope id, channel, epoch, seq."""


@dataclass(slots=True)
class Bench:
    """A hub and counties; the first county is the source."""

    folder: Path
    hub: BareServer
    codes: Sequence[CountyCode]
    counties: list[Actor] = field(default_factory=list)
    plant: bool = False
    _next: int = 0

    @property
    def pids(self) -> list[int]:
        """Every process of this side."""
        return [self.hub.pid, *(county.pid for county in self.counties)]

    @property
    def source(self) -> Actor:
        """The county that sends."""
        return self.counties[0]

    @property
    def recipients(self) -> list[Actor]:
        """Those that receive."""
        return self.counties[1:]

    def database(self, number: int) -> Path:
        """Return the database of the county with this number, the source's is 0."""
        return self.folder / f"{self.codes[number]}.db"

    def numbers(self, count: int) -> range:
        """Return the numbers of the next ``count`` events."""
        first, self._next = self._next, self._next + count
        return range(first, first + count)

    async def submit(self, numbers: range) -> dict[str, Any]:
        """Let the source accept these events."""
        return await self.source.ask("submit", first=numbers.start, count=len(numbers), skip=self._skipped(numbers))

    def _skipped(self, numbers: range) -> int:
        return numbers[len(numbers) // 2] if self.plant else -1

    # -- the source alone --------------------------------------------------------------------------------

    async def append(self, count: int) -> Sample:
        """Append bare bytes by the engine and read them back, outside the time."""
        numbers, before = self.numbers(count), cpu_seconds(self.pids)
        order = {"first": numbers.start, "count": count, "skip": self._skipped(numbers)}
        done = await self.source.ask("append", **order)
        spent = cpu_seconds(self.pids) - before
        got = await self._read_back(count - self.plant, bare=True)
        return Sample(count, (done["ended_ns"] - done["started_ns"]) / 1e9, spent, compare(numbers, got))

    async def accept(self, count: int) -> Sample:
        """Accept events until the hub holds them all; their headers are read back and judged, outside the time."""
        held, before = await self._held(), cpu_seconds(self.pids)
        sent = await self.submit(self.numbers(count))
        done = await self._appended(held + count - self.plant)
        spent = cpu_seconds(self.pids) - before
        seconds = (done["ended_ns"] - sent["started_ns"]) / 1e9
        got = await self._read_back(count - self.plant, bare=False)
        ids = [place[0] for place in sent["sent"]]
        return Sample(count, seconds, spent, judge_stream(ids, got, self._public_key()))

    async def _held(self) -> int:
        held: int = (await self.source.ask("appended", count=0, timeout_seconds=0))["held"]
        return held

    async def _appended(self, count: int) -> dict[str, Any]:
        return await self.source.ask("appended", count=count, timeout_seconds=PATIENCE_SECONDS)

    async def _read_back(self, count: int, *, bare: bool) -> list[Any]:
        order = {"source": self.codes[0], "count": count, "timeout_seconds": PATIENCE_SECONDS, "bare": bare}
        got: list[Any] = (await self.recipients[0].ask("read_back", **order))["got"]
        return got

    def _public_key(self) -> bytes:
        return signers_of(self.codes[0])[KeyUse.EVENT].public

    # -- the link ------------------------------------------------------------------------------------

    async def link(self, count: int, *, ahead: bool = False) -> Sample:
        """Send ``count`` events to every recipient; ``ahead``: all are at the hub before receiving begins."""
        marks = self._marks()
        totals = await self._gauges("events_in", count)
        owed = (await self._counts(self.source))["stored"] + (count - self.plant) * len(self.recipients)
        numbers = self.numbers(count)
        if ahead:
            sent = await self._fill(numbers)
            before = cpu_seconds(self.pids)
            started = min(one["started_ns"] for one in await self._each("receive"))
        else:
            before = cpu_seconds(self.pids)
            sent = await self.submit(numbers)
            started = sent["started_ns"]
        ended = await self._arrive(totals)
        back = await self.source.ask("reach", gauge="stored", value=owed, timeout_seconds=PATIENCE_SECONDS)
        spent = cpu_seconds(self.pids) - before
        if ahead:
            await self._each("rest")
        sample = self.sample(sent["sent"], marks, started, ended, spent)
        receipts = {"receipts_rate": sample.count / ((back["ended_ns"] - started) / 1e9)}
        return replace(sample, values={**sample.values, **receipts})

    async def trickle(self, count: int, every_ms: float) -> Sample:
        """Submit one event every ``every_ms``: one way until it is durable there, and until its receipt is back."""
        marks = self._marks()
        totals = await self._gauges("events_in", count)
        owed = (await self._counts(self.source))["stored"] + count * len(self.recipients)
        numbers = self.numbers(count)
        await asyncio.gather(*(county.ask("watch") for county in self.counties))
        before = cpu_seconds(self.pids)
        sent = await self.source.ask("trickle", first=numbers.start, count=count, every_ms=every_ms)
        ended = await self._arrive(totals)
        await self.source.ask("reach", gauge="stored", value=owed, timeout_seconds=PATIENCE_SECONDS)
        spent = cpu_seconds(self.pids) - before
        seen = [one["seen"] for one in await asyncio.gather(*(county.ask("watched") for county in self.counties))]
        sample = self.sample(sent["sent"], marks, sent["started_ns"], ended, spent)
        values = latencies(one_way(sent["made_ns"], seen[1:])) | latencies(
            receipted(sent, seen[0], receipt_ranges(self.database(0))), "receipt_"
        )
        return replace(sample, values=values)

    async def _fill(self, numbers: range) -> dict[str, Any]:
        held = await self._held()
        sent = await self.submit(numbers)
        await self._appended(held + len(numbers) - self.plant)
        return sent

    async def _arrive(self, totals: Sequence[int]) -> int:
        """Wait until every recipient has its events; return when the last one had."""
        orders = (
            county.ask("reach", gauge="events_in", value=total, timeout_seconds=PATIENCE_SECONDS)
            for county, total in zip(self.recipients, totals, strict=True)
        )
        return max(answer["ended_ns"] for answer in await asyncio.gather(*orders))

    # -- what came of it -------------------------------------------------------------------------------

    def sample(
        self, sent: Sequence[Place], marks: Sequence[tuple[int, int]], started: int, ended: int, cpu: float
    ) -> Sample:
        """Make one sample, counted in every county's database."""
        faults, ids = Faults(), [place[0] for place in sent]
        for number, (after, refused) in enumerate(marks):
            if number:
                faults += judge_arrivals(ids, self.database(number), after=after, refused_before=refused)
        places = [(place[1], place[2], place[3]) for place in sent]
        missing = missing_receipts(places, self.database(0), self.codes[1 : len(self.counties)])
        count = len(sent) * len(self.recipients)
        return Sample(count, (ended - started) / 1e9, cpu, faults + Faults(receipts_missing=missing))

    def _marks(self) -> list[tuple[int, int]]:
        """Return the newest position and the number of refused messages of every county's database."""
        databases = [self.database(number) for number in range(len(self.counties))]
        return [(end_of(database), quarantined(database)) for database in databases]

    async def _gauges(self, gauge: str, more: int) -> list[int]:
        counts = await asyncio.gather(*(self._counts(county) for county in self.recipients))
        return [one[gauge] + more - self.plant for one in counts]

    async def _counts(self, county: Actor) -> dict[str, int]:
        counts: dict[str, int] = (await county.ask("reach", gauge="events_in", value=0, timeout_seconds=1))["counts"]
        return counts

    async def _each(self, verb: str) -> list[dict[str, Any]]:
        return list(await asyncio.gather(*(county.ask(verb) for county in self.recipients)))


def one_way(made_ns: dict[str, int], seen: Sequence[Sequence[Any]]) -> list[float]:
    """Return, for every event and recipient, the milliseconds until it was durable there and to be seen."""
    return [
        (at - made_ns[reference]) / 1e6
        for changes in seen
        for kind, reference, at in changes
        if kind == ARRIVED and reference in made_ns
    ]


def receipted(sent: dict[str, Any], seen: Sequence[Any], ranges: dict[str, tuple[int, int]]) -> list[float]:
    """Return the milliseconds until the receipt of each event was durable at its source."""
    made = {place[3]: sent["made_ns"][place[0]] for place in sent["sent"]}
    return [
        (at - made[seq]) / 1e6
        for kind, reference, at in seen
        if kind == RECEIPT and reference in ranges
        for seq in range(ranges[reference][0], ranges[reference][1] + 1)
        if seq in made
    ]


@asynccontextmanager
async def bench(
    folder: Path, *, recipients: int = 1, plant: bool = False, receiving: bool = True, range_max: int = 100
) -> AsyncIterator[Bench]:
    """Open a hub, a source and recipients; all end with the block.

    Args:
        folder: For the hub's store and every county's database.
        recipients: How many counties receive.
        plant: Leave out one event that is said to be sent, to see the figure go.
        receiving: False lets the recipients rest until a workload wakes them.
        range_max: Most events that one *stored* receipt covers.
    """
    codes = county_codes(recipients + 1)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(hub(folder / "hub", codes))
        one = Bench(folder, server, codes, plant=plant)
        one.counties = [await _start(one, stack, number) for number in range(len(codes))]
        opening = {"url": server.url, "counties": list(codes), "range_max": range_max}
        await asyncio.gather(
            *(
                county.ask("open", county=code, database=str(one.database(number)), **opening)
                for number, (county, code) in enumerate(zip(one.counties, codes, strict=True))
            )
        )
        await one.source.ask("receive")
        if receiving:
            await asyncio.gather(*(county.ask("receive") for county in one.recipients))
        yield one


async def _start(one: Bench, stack: AsyncExitStack, number: int) -> Actor:
    county = await spawn(COUNTY, one.folder / f"{one.codes[number]}.log")
    stack.push_async_callback(county.stop)
    return county
