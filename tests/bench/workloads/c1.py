"""C1: the cost of each guarantee, shown apart, beside the CPU of a whole link and of the floor's."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench.costs import PREFIX
from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.nodes import nodes
from tests.bench.processes import actor
from tests.bench.rooms import rooms
from tests.bench.samples import Sample

_PARTS: Final = "tests.bench.parts"


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open a link of the floor's, two counties, the append engine alone, and the parts."""
    own = folder / "parts"
    own.mkdir()
    async with (
        floor(folder / "floor", receivers=1, plant=plan.plant) as bare,
        nodes(folder / "sihu", plant=plan.plant) as sihu,
        rooms(folder / "bytes", plant=plan.plant) as engine,
        actor(_PARTS, own / "parts.log", folder=str(own)) as parts,
    ):
        first = 0

        async def ours(count: int) -> Sample:
            nonlocal first
            whole, appended = await sihu.link(count), await engine.append(count)
            spent = (await parts.ask("measure", first=first, count=count))["parts"]
            first += count
            spent["append"] = appended.cpu_seconds / count * 1e6
            values = {f"{PREFIX}{name}_us": value for name, value in spent.items()}
            return replace(whole, faults=whole.faults + appended.faults, values=values)

        yield {"floor": bare.link, "sihu": ours}


C1 = Workload(
    "C1",
    "the cost of each guarantee, shown apart",
    5_000,
    1_000,
    opened,
    metric="cpu_us",
    better=Better.LOWER,
    targets=(Target("ratio", 1.2, Better.LOWER),),
    quick_rounds=1,
)
