"""Sihu's side of a workload: a hub and counties, every one a process of its own, counted by the harness.

``Counties`` is what the two kinds share: ``tests.bench.rooms`` runs single rooms, ``tests.bench.nodes`` whole nodes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from schemas.ids import CountyCode
from tests.bench.bare_server import BareServer
from tests.bench.ledger import end_of, judge_arrivals, missing_receipts, quarantined
from tests.bench.processes import Actor, cpu_seconds, spawn
from tests.bench.samples import Faults, Sample

PATIENCE_SECONDS: Final = 60.0

Place = tuple[str, str, str, int]
"""Envelope id, channel, epoch, seq."""

Mark = tuple[int, int]
"""Newest position of a database, and how many messages it had refused."""


@dataclass(slots=True)
class Counties:
    """A hub and counties; the first county is the source. ``plant`` leaves out one event, to see the figure go."""

    folder: Path
    hub: BareServer
    codes: Sequence[CountyCode]
    counties: list[Actor] = field(default_factory=list)
    plant: bool = False
    parties: Sequence[CountyCode] = ()
    """Whom they trust, if more than those that are there."""
    started: list[Actor] = field(default_factory=list)
    _next: int = 0

    @property
    def pids(self) -> list[int]:
        """Every process of this side."""
        return [self.hub.pid, *(county.pid for county in self.counties)]

    @property
    def source(self) -> Actor:
        """The county that sends."""
        return self.counties[0]

    @property
    def recipients(self) -> list[Actor]:
        """Those that receive."""
        return self.counties[1:]

    def database(self, number: int) -> Path:
        """Return the database of the county with this number; the source's is 0."""
        return self.folder / self.codes[number] / "sihu.db"

    def log(self, number: int) -> Path:
        """Return where a county writes its log."""
        return self.folder / f"{self.codes[number]}.log"

    def numbers(self, count: int) -> range:
        """Return the numbers of the next ``count`` events."""
        first, self._next = self._next, self._next + count
        return range(first, first + count)

    def skipped(self, numbers: range) -> int:
        """Return the number of the event that is only said to be sent, or -1."""
        return numbers[len(numbers) // 2] if self.plant else -1

    def cpu(self) -> float:
        """Return the CPU seconds that every process of this side has spent so far."""
        return cpu_seconds(self.pids)

    async def submit(self, numbers: range) -> dict[str, Any]:
        """Let the source accept these events."""
        return await self.source.ask("submit", first=numbers.start, count=len(numbers), skip=self.skipped(numbers))

    async def start(self, module: str, number: int, **opening: Any) -> Actor:  # noqa: ANN401  JSON
        """Start the process of a county and open it; it ends with everything else."""
        county = await spawn(module, self.log(number))
        self.started.append(county)
        await county.ask("open", **opening)
        return county

    async def close(self) -> None:
        """End every process that was started here, all at once."""
        await asyncio.gather(*(county.stop() for county in self.started))

    async def each(self, verb: str) -> list[dict[str, Any]]:
        """Give every recipient one order."""
        return list(await asyncio.gather(*(county.ask(verb) for county in self.recipients)))

    # -- waiting -----------------------------------------------------------------------------------------

    async def totals(self, more: int) -> list[int]:
        """Return how many events each recipient will hold once ``more`` have arrived."""
        counts = await asyncio.gather(*(self.counts(county) for county in self.recipients))
        return [one["events_in"] + more - self.plant for one in counts]

    async def owed(self, more: int) -> int:
        """Return how many *stored* the source will hold once ``more`` events have arrived everywhere."""
        return (await self.counts(self.source))["stored"] + (more - self.plant) * len(self.recipients)

    async def counts(self, county: Actor) -> dict[str, int]:
        """Return the gauges of a county's store."""
        answer = await county.ask("reach", gauge="events_in", value=0, timeout_seconds=1)
        counts: dict[str, int] = answer["counts"]
        return counts

    async def arrived(self, totals: Sequence[int]) -> int:
        """Wait until every recipient has its events; return when the last one had (nanoseconds)."""
        orders = (
            county.ask("reach", gauge="events_in", value=total, timeout_seconds=PATIENCE_SECONDS)
            for county, total in zip(self.recipients, totals, strict=True)
        )
        ended: int = max(answer["ended_ns"] for answer in await asyncio.gather(*orders))
        return ended

    async def receipted(self, owed: int) -> int:
        """Wait until the source has its receipts; return when it had (nanoseconds)."""
        answer = await self.source.ask("reach", gauge="stored", value=owed, timeout_seconds=PATIENCE_SECONDS)
        ended: int = answer["ended_ns"]
        return ended

    # -- what came of it -------------------------------------------------------------------------------

    def marks(self) -> list[Mark]:
        """Return where every county's database stands."""
        databases = [self.database(number) for number in range(len(self.counties))]
        return [(end_of(database), quarantined(database)) for database in databases]

    def sample(
        self,
        sent: Sequence[Place],
        marks: Sequence[Mark],
        started: int,
        ended: int,
        cpu: float,
        *,
        alerts: Sequence[str] = (),
    ) -> Sample:
        """Make one sample, counted in every county's database; ``alerts`` were sent too, and may overtake."""
        faults, ids = Faults(), [place[0] for place in sent]
        for number, (after, refused) in enumerate(marks):
            if number:
                faults += judge_arrivals(ids, self.database(number), after=after, refused_before=refused, alerts=alerts)
        places = [(place[1], place[2], place[3]) for place in sent]
        missing = missing_receipts(places, self.database(0), self.codes[1 : len(self.counties)])
        count = len(sent) * len(self.recipients)
        return Sample(count, (ended - started) / 1e9, cpu, faults + Faults(receipts_missing=missing))
