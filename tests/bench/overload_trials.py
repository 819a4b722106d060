"""Twice what a side can take, for a while: what it still takes, whom it sends away, and what that weighs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench.floor import Floor
from tests.bench.nodes import Nodes
from tests.bench.processes import Actor, pss_mib
from tests.bench.samples import Faults, Sample, compare
from tests.bench.sihu import Place

TIMES: Final = 2.0
AT_ONCE: Final = 64
_WEIGH_SECONDS: Final = 0.5
_SAID = frozenset({"accepted", "pushed back"})
_PLANTED: Final[Place] = ("planted", "planted", "planted", 0)


@dataclass(slots=True)
class Scales:
    """How much processes have grown since the first weighing."""

    pids: Sequence[int]
    first: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    def weigh(self) -> None:
        """Weigh all once."""
        now = [pss_mib(pid) for pid in self.pids]
        self.first = self.first or now
        self.most = [max(one, two) for one, two in zip(now, self.most or now, strict=True)]

    @property
    def growth(self) -> list[float]:
        """Return by how many MiB each was heavier at most."""
        return [most - first for first, most in zip(self.first, self.most, strict=True)]

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(_WEIGH_SECONDS)
            self.weigh()


@asynccontextmanager
async def weighing(*pids: int) -> AsyncIterator[Scales]:
    """Weigh processes now, twice a second, and once more at the end."""
    scales = Scales(pids)
    scales.weigh()
    task = asyncio.create_task(scales._go_on(), name="bench-scales")  # noqa: SLF001  its own module
    try:
        yield scales
        scales.weigh()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def floor_overload(one: Floor, count: int, seconds: float) -> Sample:
    """Publish as fast as confirmations come, then twice that by the clock."""
    calm = await one.link(count)
    rate = await _calm_rate(one, count)
    numbers = one.numbers(int(rate * TIMES * seconds) + 1)
    await one.each("begin")
    order = {"first": numbers.start, "per_second": rate * TIMES, "seconds": seconds}
    async with weighing(one.sender.pid, one.receivers[0].pid) as scales:
        done = await one.sender.ask("overload", **order, skip=numbers[0] if one.plant else -1)
        confirmed = sorted(done["confirmed"])
        founds = await one.finish(range(len(confirmed)))
    told = set(done["failed"])  # it knows of these that it does not know
    found = compare(confirmed, [number for number in founds[0]["got"] if number not in told])
    faults = Faults(lost=found.lost, doubled=found.doubled, forged_accepted=found.forged_accepted)
    growth = scales.growth
    values = {
        "kept_share": done["in_time"] / seconds / rate,
        "calm_rate": rate,
        "offered_rate": done["offered"] / seconds,
        "growth_mib": growth[0],
        "neighbour_growth_mib": growth[1],
        "unconfirmed": float(len(told)),
    }
    return Sample(done["in_time"], seconds, 0.0, faults + calm.faults, values)


async def _calm_rate(one: Floor, count: int) -> float:
    await one.each("begin")
    numbers = one.numbers(count)
    sent = await one.sender.ask("publish", first=numbers.start, count=count, sign=True)
    await one.finish(numbers)
    return float(count / ((sent["ended_ns"] - sent["started_ns"]) / 1e9))


async def node_overload(one: Nodes, client: Actor, count: int, seconds: float) -> Sample:
    """Post over HTTP with 64 connections, then twice that by the clock, over as many as it takes."""
    marks = one.marks()
    before = (await one.counts(one.recipients[0]))["events_in"]
    owed = (await one.counts(one.source))["stored"]
    calm = await client.ask("closed", first=one.numbers(count).start, count=count, at_once=AT_ONCE)
    rate = count / ((calm["answered_ns"] - calm["started_ns"]) / 1e9)
    numbers = one.numbers(int(rate * TIMES * seconds) + 1)
    pids = (one.source.pid, one.recipients[0].pid)
    async with weighing(*pids) as scales:
        hard = await client.ask("overload", first=numbers.start, per_second=rate * TIMES, seconds=seconds)
        sent: list[Place] = [tuple(place) for place in (*calm["sent"], *hard["sent"])]
        ended = await one.arrived([before + len(sent)])
        await one.receipted(owed + len(sent))
    sample = one.sample([*sent, _PLANTED] if one.plant else sent, marks, calm["started_ns"], ended, 0.0)
    growth = scales.growth
    values = {
        "kept_share": hard["in_time"] / seconds / rate,
        "calm_rate": rate,
        "offered_rate": hard["offered"] / seconds,
        "pushed_back": float(hard["answers"].get("pushed back", 0)),
        "held_back": float(hard["held_back"]),
        "connections": float(hard["connections"]),
        "growth_mib": growth[0],
        "neighbour_growth_mib": growth[1],
    }
    faults = sample.faults + Faults(unexplained=_unexplained(calm) + _unexplained(hard))
    return Sample(hard["in_time"], seconds, 0.0, faults, values)


def _unexplained(report: dict[str, Any]) -> int:
    answers: dict[str, int] = report["answers"]
    return int(report["unanswered"]) + sum(count for name, count in answers.items() if name not in _SAID)
