"""``python -m tests.bench``: measure Sihu beside bare nats-py, print a table, and with ``--json`` one last line.

Exit code 0: every workload has a figure. 1: at least one lost, doubled or disordered something, and has none.
2: nothing went wrong, but the machine was so restless that the floor of no round was near its own median.
Targets that are missed are printed, never an error: on a shared machine rates move by 30 %.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.costs import print_costs
from tests.bench.evidence import write_evidence
from tests.bench.figures import Figure
from tests.bench.harness import QUICK_ROUNDS, ROUNDS, Plan, Workload, measure, say
from tests.bench.plot import write_plots
from tests.bench.processes import ROOT
from tests.bench.surroundings import surroundings
from tests.bench.table import as_line, print_table
from tests.bench.workloads import WORKLOADS

_RAM_DISK_MS = 0.02


def arguments_of(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="reduced N and 3 rounds: everything within 5 minutes")
    parser.add_argument("--json", action="store_true", help="last line of standard output: one object for programs")
    parser.add_argument("--only", default="", help="workloads by name, e.g. W1,S2")
    parser.add_argument("--rounds", type=int, help=f"default {ROUNDS}; 9 for a figure to publish")
    parser.add_argument("--count", type=int, help="events per round instead of each workload's own")
    parser.add_argument(
        "--folder", type=Path, help="on the disk to be measured; default: the folder for temporary files"
    )
    parser.add_argument("--publish", action="store_true", help="write the plots to docs/benchmarks")
    parser.add_argument("--evidence", action="store_true", help="write the figures to docs/evidence")
    parser.add_argument("--plant", choices=["loss"], help="a check of the harness itself: one event is never sent")
    return parser.parse_args(words)


def chosen(only: str) -> list[Workload]:
    """Return the workloads named, in the table's order, or all of them.

    Raises:
        SystemExit: There is no such workload.
    """
    names = {name.strip().upper() for name in only.split(",") if name.strip()}
    known = {workload.name.upper() for workload in WORKLOADS}
    if unknown := sorted(names - known):
        raise SystemExit(f"bench: no such workload: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return [workload for workload in WORKLOADS if not names or workload.name.upper() in names]


async def run(workloads: Sequence[Workload], plan: Plan, keep: Callable[[Figure], object]) -> list[Figure]:
    """Measure one workload after the other, and keep each before the next begins."""
    figures: list[Figure] = []
    for workload in workloads:
        if lacking := workload.lacks():
            say(f"{workload.name} is left out: {lacking}")
            continue
        figures.append(await measure(workload, plan))
        keep(figures[-1])
    return figures


def main(words: Sequence[str]) -> int:
    """Measure and print; return the exit code."""
    arguments = arguments_of(words)
    workloads = chosen(arguments.only)
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS)
    with tempfile.TemporaryDirectory(prefix="sihu-bench-", dir=arguments.folder, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        around = surroundings(words, folder)
        say(str(around).replace("\n", "\nbench: "))
        if around.fsync_ms < _RAM_DISK_MS:
            say("WARNING: fsync costs nothing here: this is no disk, and every ratio below is wrong; use --folder")

        def keep(figure: Figure) -> None:
            if arguments.evidence:
                write_evidence(figure, around, ROOT / "docs" / "evidence")

        plan = Plan(folder, arguments.quick, rounds, plant=bool(arguments.plant), count=arguments.count)
        figures = asyncio.run(run(workloads, plan, keep))
    print_table(figures, str(around), sys.stdout)
    print_costs(figures, sys.stdout)
    if arguments.publish:
        write_plots(figures, around, ROOT / "docs" / "benchmarks")
    if arguments.json:
        sys.stdout.write(as_line(figures) + "\n")
    return exit_code(figures)


def exit_code(figures: Sequence[Figure]) -> int:
    """Say by a number whether all figures stand, and why not."""
    if any(figure.faults.total for figure in figures):
        return 1
    return 0 if all(figure.stands for figure in figures) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
