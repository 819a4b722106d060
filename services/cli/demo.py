"""``sihu demo``: a hub and six counties on this machine play a morning on the border."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End after the play; 0 only if nothing was lost or doubled.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Keep the data; start again goes on.")
    ] = None,
    hub: Annotated[int, typer.Option("--hub", help="Servers of the hub: 1, or 3, of which one is killed.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Last line of standard output: one JSON object.")] = False,
) -> int:
    """Play a morning on the border with real processes: alert, update, cancellation, a cut link, a killed node."""
    from services.cli.captured import captured
    from services.demo.demo import run_demo

    return run_demo(keep, captured, servers=hub, once=once, as_json=as_json)
