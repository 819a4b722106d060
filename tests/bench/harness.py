"""Rounds: every side of a workload once, in an order that rotates, so that no side always runs on a warm machine."""

import contextlib
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.bench.figures import Better, Figure, Round, Target, figure_of, undrifted
from tests.bench.samples import Sample

QUICK_ROUNDS: Final = 3
ROUNDS: Final = 5
PUBLISHED_ROUNDS: Final = 9

Side = Callable[[int], Awaitable[Sample]]
"""Measure once with so many events."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        folder: Where servers and counties keep their files: on the disk to be measured.
        quick: Reduced N, so that all workloads end within five minutes.
        rounds: How many.
        plant: Leave out one event that is said to be sent: a check of the harness, the figure must go.
        count: Events per round instead of the workload's own.
    """

    folder: Path
    quick: bool = False
    rounds: int = ROUNDS
    plant: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """One row of the table.

    Attributes:
        name: S1, W1, …
        title: What is measured, in a few words.
        count: Events of a round.
        quick_count: Events of a round under ``--quick``.
        opened: Opens what it needs and yields its sides; among them ``floor`` and ``sihu``.
        metric: Which number is compared.
        better: Which way is good.
        targets: See docs/benchmarks.md.
        rounds_max: Most rounds, for workloads of minutes.
        quick_rounds: Most rounds under ``--quick``.
        warm_up: Run each side once with few events before the rounds.
        note: What was measured earlier and elsewhere, to be read beside it.
        lacks: Says what it needs and this machine does not have; empty if it can run.
    """

    name: str
    title: str
    count: int
    quick_count: int
    opened: Callable[[Plan, Path], AbstractAsyncContextManager[Mapping[str, Side]]]
    metric: str = "rate"
    better: Better = Better.HIGHER
    targets: Sequence[Target] = ()
    rounds_max: int = PUBLISHED_ROUNDS
    quick_rounds: int = QUICK_ROUNDS
    warm_up: int = 300
    note: str = ""
    lacks: Callable[[], str] = str

    def events(self, plan: Plan) -> int:
        """Return N of this plan."""
        return plan.count or (self.quick_count if plan.quick else self.count)

    def rounds(self, plan: Plan) -> int:
        """Return how many rounds of this plan."""
        return min(plan.rounds, self.rounds_max, self.quick_rounds if plan.quick else PUBLISHED_ROUNDS)


async def measure(workload: Workload, plan: Plan) -> Figure:
    """Run every round of one workload, and more, up to twice as many, while the floor drifts in half of them."""
    count, rounds = workload.events(plan), workload.rounds(plan)
    say(f"{workload.name}: {workload.title}; {count:,} events × {rounds} rounds")
    folder = plan.folder / workload.name
    folder.mkdir(parents=True)
    async with _opened(workload, plan, folder) as sides:
        for name, side in sides.items() if workload.warm_up else ():
            say(f"{workload.name}: warming {name} up")
            await side(min(workload.warm_up, count))
        found = [await _round(workload, sides, number, count) for number in range(rounds)]
        for number in range(rounds, 2 * rounds):
            if len(undrifted(found, workload.metric)) > rounds // 2:
                break
            say(f"{workload.name}: the floor drifts, one more round")
            found.append(await _round(workload, sides, number, count))
    made = figure_of(workload.name, workload.title, workload.metric, workload.better, count, found, workload.targets)
    return replace(made, note=workload.note)


@contextlib.asynccontextmanager
async def _opened(workload: Workload, plan: Plan, folder: Path) -> AsyncIterator[Mapping[str, Side]]:
    started = time.monotonic()
    async with workload.opened(plan, folder) as sides:
        say(f"{workload.name}: open in {time.monotonic() - started:.1f} s")
        yield sides


async def _round(workload: Workload, sides: Mapping[str, Side], number: int, count: int) -> Round:
    names = list(sides)
    turn = number % len(names)
    found = {name: await sides[name](count) for name in names[turn:] + names[:turn]}
    parts = [f"{name} {found[name].numbers()[workload.metric]:,.4g}" for name in names]
    wrong = [f"{name}: {found[name].faults}" for name in names if found[name].faults.total]
    say(f"{workload.name}: round {number + 1}: {', '.join(parts)} {workload.metric} {'; '.join(wrong)}".rstrip())
    return {name: found[name] for name in names}


def say(text: str) -> None:
    """Print one line of progress on standard error."""
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()
