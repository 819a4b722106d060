"""S2x, S3x and W1x: S2, S3 and W1 with batch signatures, beside the same without them and beside the same floors."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.figures import Better, Target
from tests.bench.floor import floor
from tests.bench.harness import Plan, Side, Workload
from tests.bench.nodes import nodes
from tests.bench.rooms import rooms
from tests.bench.workloads.s1 import append_to


@asynccontextmanager
async def _accepting(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    async with (
        floor(folder / "floor", plant=plan.plant) as always,
        rooms(folder / "plain") as plain,
        rooms(folder / "sihu", plant=plan.plant, in_runs=True) as sihu,
    ):
        yield {"floor": append_to(always, sign=True), "plain": plain.accept, "sihu": sihu.accept}


@asynccontextmanager
async def _receiving(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    async with (
        floor(folder / "floor", receivers=1, verify=False, store=False, plant=plan.plant) as bare,
        floor(folder / "verified", receivers=1) as verified,
        rooms(folder / "plain") as plain,
        rooms(folder / "sihu", plant=plan.plant, in_runs=True) as sihu,
    ):
        yield {"floor": bare.drain, "verified": verified.drain, "plain": plain.drain, "sihu": sihu.drain}


@asynccontextmanager
async def _linked(plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    async with (
        floor(folder / "floor", receivers=1, plant=plan.plant) as bare,
        nodes(folder / "plain") as plain,
        nodes(folder / "sihu", plant=plan.plant, in_runs=True) as sihu,
    ):
        yield {"floor": bare.link, "plain": plain.link, "sihu": sihu.link}


S2X = Workload(
    "S2x",
    "accept, batch signatures",
    10_000,
    3_000,
    _accepting,
    targets=(Target("ratio", 10), Target("ratio_plain", 1)),
)
S3X = Workload(
    "S3x",
    "verified consume, batch signatures",
    10_000,
    2_000,
    _receiving,
    targets=(Target("ratio", 1.2), Target("ratio_plain", 1)),
)
W1X = Workload(
    "W1x",
    "one link, whole pipeline, batch signatures",
    10_000,
    3_000,
    _linked,
    targets=(Target("ratio", 4), Target("ratio_plain", 1), Target("cpu_us_ratio", 1.2, Better.LOWER)),
)
