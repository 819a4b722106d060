"""What an event costs when much is stored already, and when an agreement has many parties.

A level is filled by the product itself, event by event over the link, and judged like every measurement. At each level
increments of both sides take turns, so that a machine that has become slower meanwhile is seen at the floor, too.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import aiohttp

from tests.bench.county_folder import TOKEN
from tests.bench.floor import Floor
from tests.bench.harness import say
from tests.bench.nodes import Nodes
from tests.bench.processes import cpu_seconds
from tests.bench.rooms import Rooms
from tests.bench.samples import Faults, Sample

REPEATS: Final = 3
_FILLED_AT_ONCE: Final = 25_000
_PAGES: Final = 25
_PARTS: Final = ("publish_us", "receive_us", "page_ms", "middle_page_ms", "one_event_ms", "out_page_ms")

Numbers = Mapping[str, float]


@dataclass(slots=True)
class Growth:
    """A link whose two databases grow; the floor's link beside it does not."""

    link: Nodes
    beside: Floor
    levels: Sequence[int]
    stored: int = 0
    floors: list[Sample] = field(default_factory=list)

    async def sihu(self, count: int) -> Sample:
        """Fill level by level; at each measure increments of ``count`` events, and pages."""
        faults, values = Faults(), dict[str, float]()
        by_level: dict[int, Numbers] = {}
        last = Sample(1, 1.0)
        for level in self.levels:
            faults += await self._fill(level - self.stored)
            found: list[Numbers] = []
            for _ in range(REPEATS):
                floor, last, numbers = await self._increment(count)
                self.floors.append(floor)
                faults += last.faults
                found.append(numbers)
            by_level[level] = medians(found)
            values |= {f"{name}_at_{level}": value for name, value in by_level[level].items()}
            say(f"W10: {level:,} stored: " + ", ".join(f"{one} {by_level[level][one]:.4g}" for one in _PARTS))
        values |= growth(by_level[self.levels[0]], by_level[self.levels[-1]])
        return replace(last, faults=faults, values=values)

    async def floor(self, _count: int) -> Sample:
        """Return the median increment of the floor's that were measured in turn with ours."""
        ordered = sorted(self.floors, key=lambda sample: sample.cpu_seconds)
        faults = sum((sample.faults for sample in self.floors), Faults())
        return replace(ordered[len(ordered) // 2], faults=faults, values={})

    async def _fill(self, count: int) -> Faults:
        faults = Faults()
        while count > 0:
            part = min(count, _FILLED_AT_ONCE)
            faults += (await self.link.link(part)).faults
            count -= part
            self.stored += part
        return faults

    async def _increment(self, count: int) -> tuple[Sample, Sample, Numbers]:
        floor = await self.beside.link(count)
        sides = (self.link.source.pid, self.link.recipients[0].pid)
        before = [cpu_seconds([pid]) for pid in sides]
        sample = await self.link.link(count)
        spent = [(cpu_seconds([pid]) - one) / count * 1e6 for pid, one in zip(sides, before, strict=True)]
        self.stored += count
        floor_us = floor.cpu_seconds / count * 1e6
        numbers = {"publish_us": spent[0], "receive_us": spent[1], "floor_us": floor_us, **await self._pages()}
        return floor, sample, numbers

    async def _pages(self) -> Numbers:
        inbox, outbox = await self._address(self.link.recipients[0]), await self._address(self.link.source)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
            newest = await _get(session, f"{inbox}?direction=in&newest=true")
            one, position = newest["events"][0]["envelope_id"], newest["events"][0]["position"]
            asked = {
                "page_ms": f"{inbox}?direction=in&newest=true",
                "middle_page_ms": f"{inbox}?direction=in&since={position // 2}",
                "one_event_ms": f"{outbox}/{one}",
                "out_page_ms": f"{outbox}?direction=out&newest=true",
            }
            return {name: await _median_ms(session, url) for name, url in asked.items()}

    async def _address(self, county: Any) -> str:  # noqa: ANN401  an actor
        return f"http://127.0.0.1:{(await county.ask('where'))['port']}/api/v1/events"


async def _get(session: aiohttp.ClientSession, url: str) -> Any:  # noqa: ANN401  JSON
    async with session.get(url) as reply:
        reply.raise_for_status()
        return await reply.json()


async def _median_ms(session: aiohttp.ClientSession, url: str) -> float:
    times = []
    for _ in range(_PAGES):
        started = time.perf_counter()
        await _get(session, url)
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def medians(found: Sequence[Numbers]) -> dict[str, float]:
    """Return the median of each number."""
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def growth(first: Numbers, last: Numbers) -> dict[str, float]:
    """Return how much more each costs at the last level: CPU beside the floor's of that time, pages as they are."""
    drift = last["floor_us"] / first["floor_us"]
    return {
        f"{name.removesuffix('_us').removesuffix('_ms')}_growth": last[name]
        / first[name]
        / (drift if "_us" in name else 1)
        for name in first
        if name != "floor_us"
    }


@dataclass(slots=True)
class Audience:
    """Pairs of counties that trust registries and agreements of different sizes; two of the parties are there."""

    pairs: Mapping[int, Rooms]
    beside: Floor
    floors: list[Sample] = field(default_factory=list)

    async def sihu(self, count: int) -> Sample:
        """Accept and receive ``count`` events with every size in turn."""
        found: dict[int, list[Numbers]] = {size: [] for size in self.pairs}
        faults, last = Faults(), Sample(1, 1.0)
        for _ in range(REPEATS):
            for size, pair in self.pairs.items():
                floor, last = await self.beside.link(count), await pair.drain(count)
                self.floors.append(floor)
                faults += last.faults
                us = {"receive_us": last.cpu_seconds / count * 1e6, "floor_us": floor.cpu_seconds / count * 1e6}
                found[size].append({"publish_us": last.values["accept_cpu_us"], **us})
        by_size = {size: medians(numbers) for size, numbers in found.items()}
        values = {f"{name}_at_{size}": value for size, numbers in by_size.items() for name, value in numbers.items()}
        sizes = list(by_size)
        values |= growth(by_size[sizes[0]], by_size[sizes[-1]])
        values |= {
            f"{name}_to_{sizes[1]}": value for name, value in growth(by_size[sizes[0]], by_size[sizes[1]]).items()
        }
        return replace(last, faults=faults, values=values)

    async def floor(self, _count: int) -> Sample:
        """Return the median increment of the floor's that were measured in turn with ours."""
        ordered = sorted(self.floors, key=lambda sample: sample.cpu_seconds)
        faults = sum((sample.faults for sample in self.floors), Faults())
        return replace(ordered[len(ordered) // 2], faults=faults, values={})
