"""W10 and W10c: growth: what an event costs with up to a million stored, and with up to 500 parties of an agreement."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.growth import Audience, Growth
from tests.bench.harness import Plan, Side, Workload
from tests.bench.nodes import nodes
from tests.bench.rooms import rooms

LEVELS: Final = (10_000, 100_000, 1_000_000)
_QUICK_LEVELS: Final = (1_000, 10_000)
SIZES: Final = (6, 50, 500)
_FLAT: Final = 1.15


@asynccontextmanager
async def stored(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's and two counties."""
    levels = (plan.count, 2 * plan.count) if plan.count else _QUICK_LEVELS if plan.quick else LEVELS
    async with (
        floor(folder / "floor", receivers=1, plant=plan.plant) as bare,
        nodes(folder / "sihu", plant=plan.plant) as sihu,
    ):
        grown = Growth(sihu, bare, levels)
        yield {"sihu": grown.sihu, "floor": grown.floor}  # in this order: the floor is measured in turn with ours


@asynccontextmanager
async def parties(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's, and for each size two counties of so many parties."""
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(floor(folder / "floor", receivers=1, plant=plan.plant))
        pairs = {
            size: await stack.enter_async_context(rooms(folder / str(size), plant=plan.plant, parties=size))
            for size in SIZES
        }
        grown = Audience(pairs, bare)
        yield {"sihu": grown.sihu, "floor": grown.floor}


W10 = Workload(
    "W10",
    f"growth: {LEVELS[0]:,} to {LEVELS[-1]:,} events stored ({_QUICK_LEVELS[-1]:,} under --quick)",
    4_000,
    1_000,
    stored,
    metric="cpu_us",
    better=Better.LOWER,
    targets=(
        Target("publish_growth", _FLAT, Better.LOWER),
        Target("receive_growth", _FLAT, Better.LOWER),
        Target("page_growth", _FLAT, Better.LOWER),
    ),
    rounds_max=1,
    warm_up=0,
)

W10C = Workload(
    "W10c",
    f"growth: agreements of {', '.join(map(str, SIZES))} counties",
    3_000,
    500,
    parties,
    metric="cpu_us",
    better=Better.LOWER,
    targets=(Target("publish_growth", _FLAT, Better.LOWER), Target("receive_growth", _FLAT, Better.LOWER)),
    rounds_max=1,
    warm_up=0,
)
