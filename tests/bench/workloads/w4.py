"""W4: a neighbour comes back to a backlog after a plain stop and after a kill; the hub is killed and comes back.

Two faults of other products that this must not hide: a federation that loses what was published while the other side
was cleanly stopped, and a catch-up that waits for the next new event.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.floor_trials import floor_comes_back
from tests.bench.harness import Plan, Side, Workload
from tests.bench.node_trials import node_comes_back
from tests.bench.nodes import nodes


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's and two counties."""
    async with (
        floor(folder / "floor", receivers=1, plant=plan.plant) as bare,
        nodes(folder / "sihu", plant=plan.plant) as sihu,
    ):
        yield {"floor": partial(floor_comes_back, bare), "sihu": partial(node_comes_back, sihu)}


W4 = Workload(
    "W4",
    "backlog after a kill; hub killed and back",
    100_000,
    3_000,
    opened,
    metric="seconds",
    better=Better.LOWER,
    targets=(
        Target("ratio", 1, Better.LOWER),
        Target("stopped_seconds_ratio", 1, Better.LOWER),
        Target("hub_back_seconds", 3, Better.LOWER),
        Target("alert_ms", 2_000, Better.LOWER),
    ),
    rounds_max=3,
    quick_rounds=1,
    warm_up=0,
)
