"""S3: verified consume into the fsynced inbox, receipts included, beside nats-py's fetch(500) and ack."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.figures import Target
from tests.bench.floor import floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.peer import NAME as FASTSTREAM
from tests.bench.peer import faststream
from tests.bench.rooms import rooms


@asynccontextmanager
async def opened(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    """Open the floor of bare bytes, the one that verifies and stores like us, FastStream, and two counties."""
    async with (
        floor(folder / "floor", receivers=1, verify=False, store=False, plant=plan.plant) as bare,
        floor(folder / "verified", receivers=1) as verified,
        faststream(folder / FASTSTREAM, batch=True) as peer,
        rooms(folder / "sihu", plant=plan.plant) as sihu,
    ):
        beside = {FASTSTREAM: peer.drain} if peer else {}
        yield {"floor": bare.drain, "verified": verified.drain, **beside, "sihu": sihu.drain}


S3 = Workload(
    "S3",
    "verified consume into the inbox, from a full stream",
    10_000,
    2_000,
    opened,
    targets=(Target("ratio", 0.5), Target("ratio_verified", 1)),
)
