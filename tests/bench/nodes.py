"""Whole nodes for the W workloads: a source and its neighbours, opened by the product's own composition root."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.bench.county_folder import make_folders
from tests.bench.driver import ARRIVED, RECEIPT
from tests.bench.hub import hub
from tests.bench.ledger import receipt_ranges
from tests.bench.members import county_codes
from tests.bench.processes import cpu_seconds
from tests.bench.samples import Sample, latencies
from tests.bench.sihu import Counties

NODE: Final = "tests.bench.node"
_TOGETHER: Final = 4
"""Nodes started at once: more of them only wait for each other."""


class Nodes(Counties):
    """A source and neighbours, all of them whole nodes."""

    async def link(self, count: int) -> Sample:
        """Send ``count`` events to every neighbour, as fast as the source accepts them."""
        marks, totals, owed = self.marks(), await self.totals(count), await self.owed(count)
        before, own = self.cpu(), cpu_seconds([self.source.pid])
        sent = await self.submit(self.numbers(count))
        ended = await self.arrived(totals)
        back = await self.receipted(owed)
        own, spent = cpu_seconds([self.source.pid]) - own, self.cpu() - before
        sample = self.sample(sent["sent"], marks, sent["started_ns"], ended, spent)
        with_receipts = sample.count / ((back - sent["started_ns"]) / 1e9)
        return replace(sample, values={"with_receipts_rate": with_receipts, "source_cpu_us": own / count * 1e6})

    async def trickle(self, count: int, every_ms: float) -> Sample:
        """Send one event every ``every_ms``: one way until it is durable there, and until its receipt is back."""
        marks, totals, owed = self.marks(), await self.totals(count), await self.owed(count)
        numbers = self.numbers(count)
        await asyncio.gather(*(county.ask("watch") for county in self.counties))
        before = self.cpu()
        order = {"first": numbers.start, "count": count, "every_ms": every_ms, "skip": self.skipped(numbers)}
        sent = await self.source.ask("trickle", **order)
        ended = await self.arrived(totals)
        await self.receipted(owed)
        spent = self.cpu() - before
        seen = [one["seen"] for one in await asyncio.gather(*(county.ask("watched") for county in self.counties))]
        sample = self.sample(sent["sent"], marks, sent["started_ns"], ended, spent)
        way = one_way(sent["made_ns"], seen[1:])
        everybody = [max(times) for times in way.values()]
        back = way_back(sent, seen[0], receipt_ranges(self.database(0)))
        values = latencies([one for times in way.values() for one in times])
        values |= latencies(everybody, "all_") | latencies(back, "receipt_")
        return replace(sample, values=values | {"receipt_ways": values["receipt_p50_ms"] / values["p50_ms"]})


def one_way(made_ns: dict[str, int], seen: Sequence[Sequence[Any]]) -> dict[str, list[float]]:
    """Return, by event, the milliseconds until it was durable at each neighbour, and to be seen there."""
    found: dict[str, list[float]] = {}
    for changes in seen:
        for kind, reference, at in changes:
            if kind == ARRIVED and reference in made_ns:
                found.setdefault(reference, []).append((at - made_ns[reference]) / 1e6)
    return found


def way_back(sent: dict[str, Any], seen: Sequence[Any], ranges: dict[str, tuple[int, int]]) -> list[float]:
    """Return the milliseconds until the receipt of each event was durable at its source."""
    made = {place[3]: sent["made_ns"][place[0]] for place in sent["sent"] if place[0] in sent["made_ns"]}
    return [
        (at - made[seq]) / 1e6
        for kind, reference, at in seen
        if kind == RECEIPT and reference in ranges
        for seq in range(ranges[reference][0], ranges[reference][1] + 1)
        if seq in made
    ]


@asynccontextmanager
async def nodes(
    folder: Path, *, neighbours: int = 1, plant: bool = False, range_max: int = 100, in_runs: bool = False
) -> AsyncIterator[Nodes]:
    """Open a hub, a source and its neighbours; all end with the block.

    Args:
        folder: For the hub's store and every county's directory.
        neighbours: How many counties receive.
        plant: Leave out one event that is said to be sent, to see the figure go.
        range_max: Most events that one *stored* receipt covers.
        in_runs: They sign in batches.
    """
    codes = county_codes(neighbours + 1)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(hub(folder / "hub", codes))
        one = Nodes(folder, server, codes, plant=plant)
        stack.push_async_callback(one.close)
        folders = make_folders(folder, codes, url=server.url, range_max=range_max, in_runs=in_runs)
        for start in range(0, len(codes), _TOGETHER):
            one.counties += await asyncio.gather(
                *(
                    one.start(NODE, number, folder=str(folders[codes[number]]))
                    for number in range(start, min(start + _TOGETHER, len(codes)))
                )
            )
        yield one
