"""W6: from the start of the process until a node is ready, empty and with 100,000 events; the floor starts bare."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.bench.cold_start import ColdStart
from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.floor_trials import floor_cold_start
from tests.bench.harness import Plan, Side, Workload
from tests.bench.nodes import nodes


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's, and two of two counties: one stays empty, one is filled by the first round."""
    async with (
        floor(folder / "floor") as bare,
        nodes(folder / "empty") as empty,
        nodes(folder / "full", plant=plan.plant) as full,
    ):
        yield {"floor": partial(floor_cold_start, bare), "sihu": ColdStart(empty, full).run}


W6 = Workload(
    "W6",
    "cold start to ready, empty",
    100_000,
    3_000,
    opened,
    metric="seconds",
    better=Better.LOWER,
    targets=(Target("seconds", 1.5, Better.LOWER), Target("full_seconds", 3, Better.LOWER)),
    rounds_max=5,
    warm_up=0,
)
