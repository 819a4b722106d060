"""W2: 50 events a second, open loop: how long until one is durable at the neighbour, and its receipt back."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.nodes import nodes
from tests.bench.peer import NAME as FASTSTREAM
from tests.bench.peer import faststream
from tests.bench.samples import Sample

EVERY_MS: Final = 20.0


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's, one of FastStream's, and two counties."""
    async with (
        floor(folder / "floor", receivers=1, plant=plan.plant) as bare,
        faststream(folder / FASTSTREAM, batch=False, plant=plan.plant) as peer,
        nodes(folder / "sihu", plant=plan.plant) as sihu,
    ):
        beside = {FASTSTREAM: trickled(peer.trickle)} if peer else {}
        yield {"floor": trickled(bare.trickle), **beside, "sihu": trickled(sihu.trickle)}


def trickled(trickle: Callable[[int, float], Awaitable[Sample]]) -> Side:
    """Return an open loop of 50 a second as a side."""

    async def run(count: int) -> Sample:
        return await trickle(count, EVERY_MS)

    return run


W2 = Workload(
    "W2",
    "50 events/s: durable at the neighbour, receipt back",
    1_000,
    200,
    opened,
    metric="p50_ms",
    better=Better.LOWER,
    targets=(
        Target("ratio", 2.5, Better.LOWER),
        Target("p99_ms", 20, Better.LOWER),
        Target("receipt_ways", 2, Better.LOWER),
    ),
    warm_up=50,
)
