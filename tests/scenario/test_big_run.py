"""The big run: whatever may go wrong underneath the bus goes wrong while events flow; then everything is counted.

Four counties on a hub of three servers, or of one. A stream is deleted; files of streams get flipped bits and lose
their ends; a county and leaders are killed. Each counts only with deliveries in flight. In the end the separate
recount counts.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from schemas.subjects import streams
from services.demo.cast import Part
from tests.counties import World, report
from tests.operators import blocks, delete_stream, flip_a_bit, kill_leader, truncate

CAST = (
    Part("451221", "南丹县联络办", "0778-7210110"),
    Part("451226", "环江毛南族自治县联络办", "0778-8820110"),
    Part("522722", "荔波县联络办", "0854-3610110"),
    Part("522728", "罗甸县联络办", "0854-7610110"),
)
VICTIM = "522722"
FAULTS = ("delete", "flip", "flip", "flip", "truncate", "county", "county", "leader", "leader")
SECONDS = 600
_BURST = 20
QUICK = "[bus]\nresend_seconds = 2.0\nbeacon_seconds = 2.0\n"


@dataclass
class Harm:
    """Does what goes wrong, one after the other, and notes it."""

    world: World
    rng: random.Random
    count: int
    done: list[tuple[str, int, str]] = field(default_factory=list)

    async def run(self) -> None:
        faults = self.rng.sample(FAULTS, len(FAULTS))
        moments = sorted(self.rng.uniform(0.05, 0.85) * self.count for _ in faults)
        for fault, moment in zip(faults, moments, strict=True):
            in_flight = await self._in_flight(moment)
            what = await self._ways()[fault]()
            self.done.append((fault, in_flight, what))

    async def _in_flight(self, moment: float) -> int:
        """Wait until so many events are accepted and some of them under way; return how many deliveries are."""
        async with asyncio.timeout(SECONDS):
            while sum(map(len, self.world.accepted.values())) < moment:
                self.world.troupe.check()
                await asyncio.sleep(0.005)
            while not (in_flight := await self.world.in_flight()):
                if sum(map(len, self.world.accepted.values())) >= self.count:  # all arrived before all went wrong
                    self.count += _BURST
                    await self.world.load(CAST[-1].code, _BURST, seed=self.count)
                await asyncio.sleep(0.005)
        return in_flight

    def _ways(self) -> dict[str, Callable[[], Awaitable[str]]]:
        return {
            "delete": self._delete,
            "flip": lambda: self._damage(flip_a_bit),
            "truncate": lambda: self._damage(truncate),
            "county": self._kill_county,
            "leader": self._kill_leader,
        }

    def _used(self) -> list[str]:
        """Return the streams that the load fills."""
        return [name for name in streams() if any(blocks(home, [name]) for home in self.world.stage.servers)]

    async def _delete(self) -> str:
        stream = self.rng.choice(self._used())
        await delete_stream(self.rng.choice(self.world.stage.servers), stream)
        return stream

    async def _damage(self, way: Callable[[Path, random.Random], int]) -> str:
        """Damage one of the two newest files of a stream: what is under way is there."""
        while not (found := self._newest()):
            await asyncio.sleep(0.01)  # the stream was deleted a moment ago
        home, path = found[0], self.rng.choice(found[1])
        return f"{home.name} {path.parent.parent.name}/{path.name} at {way(path, self.rng)}"

    def _newest(self) -> tuple[Path, list[Path]] | None:
        home = self.rng.choice(self.world.stage.servers)
        used = self._used()
        found = blocks(home, [self.rng.choice(used)])[-2:] if used else []
        return (home, found) if found else None

    async def _kill_county(self) -> str:
        await self.world.troupe.kill(VICTIM)
        await asyncio.sleep(self.rng.uniform(0.0, 0.5))
        await self.world.start(VICTIM)
        return VICTIM

    async def _kill_leader(self) -> str:
        stream = self.rng.choice(self._used())
        return f"{await kill_leader(self.world.stage.servers, stream)} of {stream}"


@pytest.mark.parametrize(("servers", "quick", "stated"), [(3, 3_000, 100_000), (1, 1_500, 20_000)], ids=["R3", "R1"])
@pytest.mark.timeout(1500)
def test_everything_goes_wrong_and_nothing_is_lost(
    tmp_path: Path, reduced: Callable[[int, int], int], *, servers: int, quick: int, stated: int, full: bool
) -> None:
    """What one fault alone does not break, two at once may: a stream made anew while a source counts on the old one.

    With one server there is no other copy: what a file loses is gone from the hub for good.
    """
    count, seed = reduced(quick, stated), random.SystemRandom().randrange(1 << 32)
    report(f"seed {seed}, {count} events, four counties, servers: {servers}")
    world = World.prepared(tmp_path, CAST, servers=servers, events_per_hour=count)
    if not full:
        _hurry(world)
    harm = Harm(world, random.Random(seed), count)
    accepting, completing = asyncio.run(_flow(world, harm, seed))
    result = _recounted(world)
    for fault, in_flight, what in harm.done:
        report(f"  {fault}: {what}, {in_flight} deliveries in flight")
    report(f"accepted in {accepting:.1f} s, all receipts back {completing:.1f} s later, {result}")
    assert result["holds"], f"seed {seed}: {result}"
    assert result["events"] == harm.count
    assert sorted(fault for fault, _, _ in harm.done) == sorted(FAULTS)
    assert all(in_flight > 0 for _, in_flight, _ in harm.done)


def _hurry(world: World) -> None:
    """Let the short run not wait for half a minute before anything is published again."""
    for part in world.cast:
        with (world.stage.county(part.code) / "county.toml").open("a", encoding="utf-8") as file:
            file.write(QUICK)
    for home in world.stage.servers:
        text = (home / "hub.toml").read_text(encoding="utf-8")
        (home / "hub.toml").write_text("look_seconds = 1.0\n" + text, encoding="utf-8")


async def _flow(world: World, harm: Harm, seed: int) -> tuple[float, float]:
    async with world.running():
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            share, rest = divmod(harm.count, len(world.cast))
            for number, part in enumerate(world.cast):
                tasks.create_task(world.load(part.code, share + (number < rest), seed))
            await harm.run()
        accepting = time.monotonic() - began
        completing = await world.complete(SECONDS)
    return accepting, completing


def _recounted(world: World) -> dict[str, int | bool]:
    """Let the separate program count."""
    world.write_logs()
    done = subprocess.run(  # our own program
        [sys.executable, "-m", "services.demo.recount", str(world.stage.root)], check=False, capture_output=True
    )
    counted: dict[str, int | bool] = json.loads(done.stdout)
    assert (done.returncode == 0) is counted["holds"]
    return counted
