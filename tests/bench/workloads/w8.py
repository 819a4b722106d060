"""W8: 1,000 overdue acknowledgements at once; the floor is a loop over a table of due rows, before the same gateway."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.figures import Better, Target
from tests.bench.harness import Plan, Side, Workload
from tests.bench.paging_trials import FLOOR, SIHU, SINGLY, Pages
from tests.bench.processes import actor

_PEER = "tests.bench.gateway_peer"


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open the gateway; every side opens its own database anew in each round."""
    async with actor(_PEER, folder / "gateway.log") as peer:
        port = (await peer.ask("where"))["port"]
        programs = {"floor": FLOOR, "singly": SINGLY, "sihu": SIHU}
        yield {
            name: Pages(folder / name, program, peer, port, plant=plan.plant).run for name, program in programs.items()
        }


W8 = Workload(
    "W8",
    "overdue acknowledgements at once, and a kill -9 in the middle",
    1_000,
    400,
    opened,
    targets=(Target("rate", 500), Target("late_p99_ms", 1_000, Better.LOWER)),
    rounds_max=5,
    quick_rounds=1,
    warm_up=0,
)
