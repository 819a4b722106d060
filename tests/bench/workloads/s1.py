"""S1: durable append of bytes, no event around them: the append engine beside nats-py's js.publish."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.bare_server import LAZY
from tests.bench.figures import Target
from tests.bench.floor import Floor, floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.rooms import rooms
from tests.bench.samples import Sample


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open both floors: the same durability, and nats-server's lazy default beside it."""
    async with (
        floor(folder / "floor", plant=plan.plant) as always,
        floor(folder / "lazy", sync=LAZY) as lazy,
        rooms(folder / "sihu", plant=plan.plant) as sihu,
    ):
        yield {"floor": append_to(always), "lazy": append_to(lazy), "sihu": sihu.append}


def append_to(one: Floor, *, sign: bool = False) -> Side:
    """Return the floor's publishing as a side."""

    async def run(count: int) -> Sample:
        return await one.append(count, sign=sign)

    return run


S1 = Workload(
    "S1",
    "durable append, bytes only",
    20_000,
    12_000,
    opened,
    targets=(Target("ratio", 10, must=True), Target("ratio", 15), Target("ratio_lazy", 2)),
)
