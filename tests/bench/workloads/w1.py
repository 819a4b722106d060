"""W1 and W1b: one link, the whole pipeline, receipts included: batched, and one receipt for each event."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path

from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.nodes import nodes
from tests.bench.peer import NAME as FASTSTREAM
from tests.bench.peer import faststream


@asynccontextmanager
async def opened(plan: Plan, folder: Path, *, range_max: int, peered: bool) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's, one of FastStream's if it is ``peered``, and two counties."""
    beside = faststream(folder / FASTSTREAM, batch=True, plant=plan.plant) if peered else nullcontext()
    async with (
        floor(folder / "floor", receivers=1, plant=plan.plant) as bare,
        beside as peer,
        nodes(folder / "sihu", plant=plan.plant, range_max=range_max) as sihu,
    ):
        yield {"floor": bare.link, **({FASTSTREAM: peer.link} if peer else {}), "sihu": sihu.link}


Opened = Callable[[Plan, Path], AbstractAsyncContextManager[Mapping[str, Side]]]
BATCHED: Opened = partial(opened, range_max=100, peered=True)
SINGLE: Opened = partial(opened, range_max=1, peered=False)

W1 = Workload(
    "W1",
    "one link, whole pipeline, batched receipts",
    10_000,
    3_000,
    BATCHED,
    targets=(
        Target("ratio", 0.8, must=True),
        Target("ratio", 1),
        Target("cpu_us_ratio", 1.2, Better.LOWER),
        Target("ratio_faststream", 1),
    ),
)

W1B = Workload("W1b", "one link, one receipt an event", 10_000, 2_000, SINGLE, targets=(Target("ratio", 0.6),))
