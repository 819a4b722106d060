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
    smsc: Annotated[
        str | None,
        typer.Option("--smsc", metavar="HOST:PORT", help="环江's SMS go to this SMSC over SMPP 3.4; reply there."),
    ] = None,
    smsc_user: Annotated[str, typer.Option("--smsc-user", help="As whom 环江 binds.")] = "sihu",
    smsc_password: Annotated[
        str, typer.Option("--smsc-password", envvar="SIHU_SMSC_PASSWORD", help="At most 32 characters.")
    ] = "sihu",  # noqa: S107 - what a simulator is told to take
    as_json: Annotated[bool, typer.Option("--json", help="Last line of standard output: one JSON object.")] = False,
) -> int:
    """Play a morning on the border with real processes: alert, SMS and reply, update, a cut link, a killed node."""
    from services.cli.captured import captured
    from services.demo.crew import smsc_at
    from services.demo.demo import Wishes, run_demo

    centre = smsc_at(smsc, smsc_user, smsc_password) if smsc else None
    return run_demo(keep, captured, Wishes(servers=hub, smsc=centre, once=once, as_json=as_json))
