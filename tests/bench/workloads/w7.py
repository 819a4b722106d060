"""W7: memory of a county node, at rest and after it has taken a backlog in; the floor is a bare nats-py receiver."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.floor_trials import floor_memory
from tests.bench.harness import Plan, Side, Workload
from tests.bench.node_trials import node_memory
from tests.bench.nodes import nodes


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's and two counties."""
    async with (
        floor(folder / "floor", receivers=1, plant=plan.plant) as bare,
        nodes(folder / "sihu", plant=plan.plant) as sihu,
    ):
        yield {"floor": partial(floor_memory, bare), "sihu": partial(node_memory, sihu)}


W7 = Workload(
    "W7",
    "memory of a county node (PSS)",
    100_000,
    3_000,
    opened,
    metric="idle_mib",
    better=Better.LOWER,
    targets=(Target("idle_mib", 90, Better.LOWER), Target("full_mib", 180, Better.LOWER)),
    rounds_max=1,
    warm_up=0,
)
