"""Single rooms of a county, for S1 to S3: the append engine, accepting, receiving."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from schemas.registry import KeyUse
from tests.bench.hub import hub
from tests.bench.ledger import judge_stream
from tests.bench.members import county_codes, signers_of
from tests.bench.processes import Actor
from tests.bench.samples import Sample, compare
from tests.bench.sihu import PATIENCE_SECONDS, Counties

COUNTY: Final = "tests.bench.county"


class Rooms(Counties):
    """A source, and a neighbour that is started when it is needed; ``in_runs``: they sign in batches."""

    in_runs: bool = False

    async def append(self, count: int) -> Sample:
        """Append bare bytes by the engine and read them back, outside the time."""
        numbers, before = self.numbers(count), self.cpu()
        order = {"first": numbers.start, "count": count, "skip": self.skipped(numbers)}
        done = await self.source.ask("append", **order)
        spent = self.cpu() - before
        got = await self._read_back(count - self.plant, bare=True)
        return Sample(count, (done["ended_ns"] - done["started_ns"]) / 1e9, spent, compare(numbers, got))

    async def accept(self, count: int) -> Sample:
        """Accept events until the hub holds them all; their headers are read back and judged, outside the time."""
        held, before = await self._held(), self.cpu()
        sent = await self.submit(self.numbers(count))
        done = await self._at_hub(held + count - self.plant)
        spent = self.cpu() - before
        seconds = (done["ended_ns"] - sent["started_ns"]) / 1e9
        got = await self._read_back(count - self.plant, bare=False)
        key = signers_of(self.codes[0])[KeyUse.EVENT].public
        return Sample(count, seconds, spent, judge_stream([place[0] for place in sent["sent"]], got, key))

    async def drain(self, count: int) -> Sample:
        """Receive ``count`` events that all wait at the hub; receipts are written, sent back and counted."""
        held, before = await self._held(), self.cpu()
        sent = await self.submit(self.numbers(count))
        await self._at_hub(held + count - self.plant)
        accepted = (self.cpu() - before) / count * 1e6
        async with self.neighbour():
            marks, totals, owed = self.marks(), await self.totals(count), await self.owed(count)
            before = self.cpu()
            started = min(one["started_ns"] for one in await self.each("receive"))
            ended = await self.arrived(totals)
            await self.receipted(owed)
            spent = self.cpu() - before
            sample = self.sample(sent["sent"], marks, started, ended, spent)
            return replace(sample, values={"accept_cpu_us": accepted})

    @asynccontextmanager
    async def neighbour(self) -> AsyncIterator[Actor]:
        """Start the neighbour's process for as long as the block lasts: it is not there while others are measured."""
        neighbour = await self.open_county(1)
        self.counties.append(neighbour)
        try:
            yield neighbour
        finally:
            self.counties.remove(neighbour)
            await neighbour.stop()

    async def open_county(self, number: int) -> Actor:
        """Start the process of a county; its receiver rests."""
        database = self.database(number)
        database.parent.mkdir(parents=True, exist_ok=True)
        opening = {"url": self.hub.url, "counties": list(self.parties or self.codes), "county": self.codes[number]}
        return await self.start(COUNTY, number, database=str(database), in_runs=self.in_runs, **opening)

    async def _held(self) -> int:
        held: int = (await self.source.ask("at_hub", count=0, timeout_seconds=0))["held"]
        return held

    async def _at_hub(self, count: int) -> dict[str, Any]:
        return await self.source.ask("at_hub", count=count, timeout_seconds=PATIENCE_SECONDS)

    async def _read_back(self, count: int, *, bare: bool) -> list[Any]:
        order = {"source": self.codes[0], "count": count, "timeout_seconds": PATIENCE_SECONDS, "bare": bare}
        async with self.neighbour() as neighbour:
            got: list[Any] = (await neighbour.ask("read_back", **order))["got"]
        return got


@asynccontextmanager
async def rooms(folder: Path, *, plant: bool = False, parties: int = 2, in_runs: bool = False) -> AsyncIterator[Rooms]:
    """Open a hub, a source that receives its receipts, and a neighbour on demand; all end with the block.

    Args:
        folder: For the hub's store and the databases.
        plant: Leave out one event that is said to be sent, to see the figure go.
        parties: How many counties registry and agreement name; two of them are there.
        in_runs: The source signs in batches.
    """
    codes = county_codes(2)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(hub(folder / "hub", codes))
        one = Rooms(folder, server, codes, plant=plant, parties=county_codes(parties))
        one.in_runs = in_runs
        stack.push_async_callback(one.close)
        one.counties.append(await one.open_county(0))
        await one.source.ask("receive")
        yield one
