"""S2: accept events — validate, guard, chain, sign, outbox, append — beside js.publish with a signature per event."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.figures import Target
from tests.bench.floor import floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.rooms import rooms
from tests.bench.workloads.s1 import append_to


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open the floor and a county whose neighbours rest."""
    async with (
        floor(folder / "floor", plant=plan.plant) as always,
        rooms(folder / "sihu", plant=plan.plant) as sihu,
    ):
        yield {"floor": append_to(always, sign=True), "sihu": sihu.accept}


S2 = Workload(
    "S2",
    "accept: validate, guard, chain, sign, outbox, append",
    10_000,
    3_000,
    opened,
    targets=(Target("ratio", 3, must=True), Target("ratio", 5)),
)
