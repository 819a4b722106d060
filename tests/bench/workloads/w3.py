"""W3: one source and twenty neighbours, each verifies and stores; then 20 events a second until all have them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench.figures import Better, Target
from tests.bench.floor import Floor, floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.nodes import Nodes, nodes
from tests.bench.samples import Sample

_NEIGHBOURS: Final = 20
_QUICK_NEIGHBOURS: Final = 6
_EVERY_MS: Final = 50.0
_TRICKLED: Final = 100
_QUICK_TRICKLED: Final = 40


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open as many receivers on each side."""
    neighbours, trickled = (_QUICK_NEIGHBOURS, _QUICK_TRICKLED) if plan.quick else (_NEIGHBOURS, _TRICKLED)
    async with (
        floor(folder / "floor", receivers=neighbours, plant=plan.plant) as bare,
        nodes(folder / "sihu", neighbours=neighbours, plant=plan.plant) as sihu,
    ):
        yield {"floor": fanned_out(bare, trickled), "sihu": fanned_out(sihu, trickled)}


def fanned_out(one: Floor | Nodes, trickled: int) -> Side:
    """Return a burst and then a trickle as a side; the rate is the burst's, in deliveries."""

    async def run(count: int) -> Sample:
        burst, slow = await one.link(count), await one.trickle(trickled, _EVERY_MS)
        return replace(burst, faults=burst.faults + slow.faults, values={**burst.values, **slow.values})

    return run


W3 = Workload(
    "W3",
    f"fan-out to {_NEIGHBOURS} counties ({_QUICK_NEIGHBOURS} under --quick), deliveries",
    2_000,
    500,
    opened,
    targets=(Target("ratio", 0.5), Target("all_p99_ms", 50, Better.LOWER)),
    quick_rounds=1,
    warm_up=20,
)
