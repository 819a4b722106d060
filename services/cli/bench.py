"""``sihu bench``: the benchmarks live in the source tree, beside the bare nats-py floor they are measured against."""

import os
import sys
from pathlib import Path

import typer

from schemas.errors import Fault, NotFoundError

TREE = Path(__file__).resolve().parents[2]


def bench(context: typer.Context) -> None:
    """Measure Sihu beside bare nats-py; every argument goes to the harness (`sihu bench --help`)."""
    if not (TREE / "tests" / "bench" / "__main__.py").exists():
        mend = "run it from a source tree: python3 run.py bench"
        raise NotFoundError(Fault("bench.no_source_tree", "bench", mend))
    os.chdir(TREE)
    os.execv(sys.executable, [sys.executable, "-m", "tests.bench", *context.args])


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})(bench)
