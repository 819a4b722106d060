"""Run seeds, one after the other or in several processes, and tell what was found."""

import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Final

import structlog

from tests.simulation.bugs import plant
from tests.simulation.check import is_delivered, judge
from tests.simulation.faults import ambush, strike
from tests.simulation.loop import StuckError
from tests.simulation.schedule import schedule_of
from tests.simulation.world import World

CHUNK: Final = 20
"""Seeds that a process runs before it reports."""
_SWEPT_AT_ONCE: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: what was wrong with it, and the digest of everything that happened."""

    seed: int
    failures: tuple[str, ...]
    digest: str
    counted: Counter[str]
    lines: tuple[str, ...] = ()


def hush() -> None:
    """Let the rooms' log lines go nowhere; for a process that does nothing but simulate."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=True
    )


def simulate(seed: int, *, keep_trace: bool = False) -> Outcome:
    """Run one seed and judge it."""
    world = World(schedule_of(seed), strike, ambush, is_content=is_delivered, keep_trace=keep_trace)
    try:
        digest = world.run()
    except StuckError as exc:
        world.fail(str(exc))
        digest = world.trace.digest()
    failures = world.failures or judge(world)
    return Outcome(seed, tuple(failures), digest, world.count(), tuple(world.trace.lines))


def run_chunk(seeds: Sequence[int]) -> list[Outcome]:
    """Run some seeds in this process, which does nothing else."""
    hush()
    gc.disable()  # a world is one heap of cycles: it is cheaper to sweep a few of them at once,
    gc.collect()
    gc.freeze()  # and not to look at everything that was imported each time
    found: list[Outcome] = []
    for number, seed in enumerate(seeds, 1):
        found.append(simulate(seed))
        if number % _SWEPT_AT_ONCE == 0:
            gc.collect()
    gc.enable()
    return found


def run_all(
    seeds: Sequence[int],
    *,
    jobs: int,
    bug: str | None,
    on_progress: Callable[[int, float], None],
    chunk: int = CHUNK,
) -> Iterator[Outcome]:
    """Run seeds in ``jobs`` processes; yield outcomes as chunks end.

    Args:
        seeds: Which.
        jobs: How many processes.
        bug: Planted in each of them; see ``tests.simulation.bugs``.
        on_progress: Hears how many are done and how many seconds it took.
        chunk: Seeds that a process runs before it reports.
    """
    began, done = time.monotonic(), 0
    chunks = iter([seeds[i : i + chunk] for i in range(0, len(seeds), chunk)])
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=plant, initargs=(bug,)) as pool:
        running = {pool.submit(run_chunk, some) for some in islice(chunks, 2 * jobs)}
        try:
            while running:
                ended = next(as_completed(running))
                running.remove(ended)
                running |= {pool.submit(run_chunk, some) for some in islice(chunks, 1)}
                outcomes = ended.result()
                done += len(outcomes)
                on_progress(done, time.monotonic() - began)
                yield from outcomes
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
