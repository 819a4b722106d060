"""W5: twice what a node takes over HTTP, for 30 seconds: nothing is lost, the source says when to come back.

The floor has no HTTP and nobody who pushes back: its sender is given twice what it publishes, and grows.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.bench.county_folder import TOKEN
from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.nodes import nodes
from tests.bench.overload_trials import floor_overload, node_overload
from tests.bench.processes import actor
from tests.bench.samples import Sample

_CLIENT: Final = "tests.bench.http_client"
_SECONDS: Final = 30.0
_QUICK_SECONDS: Final = 6.0
_TRIED_SECONDS: Final = 2.0


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's, two counties, and a system that posts to the source."""
    seconds = _TRIED_SECONDS if plan.count else _QUICK_SECONDS if plan.quick else _SECONDS
    async with (
        floor(folder / "floor", receivers=1, plant=plan.plant) as bare,
        nodes(folder / "sihu", plant=plan.plant) as sihu,
    ):
        port = (await sihu.source.ask("where"))["port"]
        async with actor(_CLIENT, folder / "client.log", port=port, token=TOKEN) as client:

            async def floors(count: int) -> Sample:
                return await floor_overload(bare, count, seconds)

            async def ours(count: int) -> Sample:
                return await node_overload(sihu, client, count, seconds)

            yield {"floor": floors, "sihu": ours}


W5 = Workload(
    "W5",
    f"twice the load over HTTP, {_SECONDS:g} s ({_QUICK_SECONDS:g} s under --quick)",
    5_000,
    2_000,
    opened,
    metric="kept_share",
    targets=(
        Target("kept_share", 0.8),
        Target("pushed_back", 1),
        Target("growth_mib", 100, Better.LOWER),
        Target("neighbour_growth_mib", 100, Better.LOWER),
    ),
    rounds_max=3,
    quick_rounds=1,
    warm_up=0,
)
