"""``sihu node``: run this county's node until it is told to stop."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import HERE, AsJson, Dir, PassphraseFile
from services.cli.starting import imported_for_good

if TYPE_CHECKING:
    from services.bootstrap.node import Node

UntilStdinCloses = Annotated[
    bool, typer.Option("--until-stdin-closes", help="End when standard input closes: for a supervising program.")
]


def node(
    *,
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    until_stdin_closes: UntilStdinCloses = False,
    as_json: AsJson = False,
) -> None:
    """Run this county's node: HTTP API, relay, receiver and the own watch, in one process."""
    with imported_for_good():
        from services.bootstrap.logs import set_up_logging
        from services.bootstrap.node import run_node
        from services.bootstrap.stopping import stop_event
        from services.cli.desk import Desk

    desk = Desk(directory, passphrase_file)
    settings = desk.settings
    set_up_logging(settings.log.format, settings.log.level, county=settings.county)

    async def run() -> None:
        async with stop_event(until_stdin_closes=until_stdin_closes) as stop:
            await run_node(settings, desk.passphrase, stop, lambda ready: _say_ready(ready, as_json=as_json))

    asyncio.run(run())


def _say_ready(ready: "Node", *, as_json: bool) -> None:
    from services.cli.output import county, print_json, show

    if as_json:
        print_json({"ready": True, "county": ready.settings.county, "port": ready.port})
    else:
        show(f"{county(ready.settings.county)} 节点已就绪 ready: http://{ready.settings.api.host}:{ready.port}/api/v1")
