"""S3: verified consume into the fsynced inbox, receipts included, beside nats-py's fetch(500) and ack."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.figures import Target
from tests.bench.floor import Floor, floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.rooms import rooms
from tests.bench.samples import Sample


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open the floor of bare bytes, the one that verifies and stores like us, and two counties."""
    async with (
        floor(folder / "floor", receivers=1, verify=False, store=False, plant=plan.plant) as bare,
        floor(folder / "verified", receivers=1) as verified,
        rooms(folder / "sihu", plant=plan.plant) as sihu,
    ):
        yield {"floor": drained(bare), "verified": drained(verified), "sihu": sihu.drain}


def drained(one: Floor) -> Side:
    """Return the draining of a full stream as a side."""

    async def run(count: int) -> Sample:
        return await one.link(count, ahead=True)

    return run


S3 = Workload(
    "S3",
    "verified consume into the inbox, from a full stream",
    10_000,
    3_000,
    opened,
    targets=(Target("ratio", 0.5), Target("ratio_verified", 1)),
)
