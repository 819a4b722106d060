"""``python3 run.py simulate``: run seeds, and say which of them found something wrong.

Exit code 0: every run came to rest and nothing was wrong with it. 1: at least one was not so; its seed runs it again.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from tests.simulation.bugs import BUGS, plant

_SHOWN_MOST: Final = 5
_EVERY_SECONDS: Final = 5.0
_CHUNK_IF_STOPPING: Final = 4


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def arguments_of(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="run.py simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--first", type=int, default=1, help="the first one (default 1)")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--trace", action="store_true", help="with --seed: print everything that happened")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes (default 2)")
    parser.add_argument("--bug", choices=sorted(BUGS), help="plant this bug, to see whether it is found")
    parser.add_argument("--stop", action="store_true", help="end at the first seed that finds something")
    parser.add_argument("--json", action="store_true", help="last line of standard output: one object for programs")
    return parser.parse_args(words)


def one(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run one seed in this process, and show it."""
    plant(arguments.bug)
    from tests.simulation.runner import hush, simulate  # noqa: PLC0415 - after the bug
    from tests.simulation.schedule import schedule_of  # noqa: PLC0415

    hush()
    schedule = schedule_of(arguments.seed)
    _say(f"seed {schedule.seed}: {', '.join(schedule.members)}; {len(schedule.letters)} letters; {schedule.weather}")
    for fault in schedule.faults:
        _say(f"{fault.at:9.3f} {fault.kind} {fault.member} {fault.seconds} s, {fault.number}")
    outcome = simulate(arguments.seed, keep_trace=arguments.trace)
    for line in (*outcome.lines, *outcome.failures):
        _say(line)
    _say(f"digest {outcome.digest}")
    return {
        "seeds": 1,
        "failed": {outcome.seed: outcome.failures} if outcome.failures else {},
        "digest": outcome.digest,
    }


def many(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run many seeds, and count."""
    from tests.simulation.runner import CHUNK, run_all  # noqa: PLC0415 - only the workers run anything

    seeds = range(arguments.first, arguments.first + arguments.seeds)
    failed: dict[int, tuple[str, ...]] = {}
    counted: Counter[str] = Counter()
    count, began = 0, time.monotonic()
    tell, chunk = _progress(len(seeds)), _CHUNK_IF_STOPPING if arguments.stop else CHUNK
    for outcome in run_all(seeds, jobs=arguments.jobs, bug=arguments.bug, on_progress=tell, chunk=chunk):
        count += 1
        counted += outcome.counted
        if outcome.failures:
            failed[outcome.seed] = outcome.failures
            _say("\n".join(_shown(outcome.seed, outcome.failures)))
        if failed and arguments.stop:
            break
    seconds = time.monotonic() - began
    rate = round(count / seconds * 60)
    _say("; ".join(f"{name} {number:,}" for name, number in sorted(counted.items())))
    _say(f"{count:,} schedules in {seconds:.1f} s, {rate:,} a minute; {len(failed)} found something wrong")
    return {"seeds": count, "seconds": round(seconds, 1), "per_minute": rate, "counted": counted, "failed": failed}


def _shown(seed: int, failures: Sequence[str]) -> Iterator[str]:
    yield f"seed {seed}: {len(failures)} wrong; again: python3 run.py simulate --seed {seed} --trace"
    yield from (f"  {failure}" for failure in failures[:_SHOWN_MOST])


def _progress(whole: int) -> Callable[[int, float], None]:
    told = [0.0]

    def tell(done: int, seconds: float) -> None:
        if seconds - told[0] >= _EVERY_SECONDS:
            told[0] = seconds
            sys.stderr.write(f"simulate: {done:,} of {whole:,}, {done / seconds * 60:,.0f} a minute\n")
            sys.stderr.flush()

    return tell


def main(words: Sequence[str]) -> int:
    """Run; return the exit code."""
    arguments = arguments_of(words)
    found = one(arguments) if arguments.seed is not None else many(arguments)
    if arguments.json:
        _say(json.dumps(found))
    return 1 if found["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
