"""``sihu hub``: make a hub, let counties in, run it. ``sihu leaf``: run a county's own server."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.node import UntilStdinCloses
from services.cli.options import HERE, AsJson, Dir, PassphraseFile

if TYPE_CHECKING:
    from services.bootstrap.hub import Ports

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

HubDir = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The hub's directory.")]


@app.command("init")
def make(
    *,
    name: Annotated[list[str], typer.Option("--name", help="Host name or address of the hub; may be repeated.")],
    directory: HubDir = HERE,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="For counties; -1 takes any free port.")] = 4222,
    leaf_port: Annotated[int, typer.Option("--leaf-port", help="For counties' leaf servers.")] = 7422,
    monitor_port: Annotated[int, typer.Option("--monitor-port", help="Loopback only.")] = 8222,
) -> None:
    """Make a hub's directory: settings, certificate authority, server certificate."""
    from services.bootstrap.hub import Ports, make_hub
    from services.cli.output import show

    make_hub(directory, names=name, host=host, ports=Ports(port, monitor_port, leaf_port))
    show(
        f"枢纽已建立 hub made: {directory}",
        "下一步 next: sihu hub certify CARD -o DIR; sihu hub update --registry FILE",
    )


@app.command("certify")
def certify(
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The county's card.json.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for ca.pem and county.crt.")],
    directory: HubDir = HERE,
) -> None:
    """Sign a county's certificate request; the two files go back into its transport folder."""
    from services.bootstrap import hub
    from services.bootstrap.cli import write_given
    from services.cli.desk import read_document
    from services.cli.output import county, show

    code, signed, authority = hub.certify(directory, read_document(card))
    output.mkdir(parents=True, exist_ok=True)
    write_given(output / "county.crt", signed)
    write_given(output / "ca.pem", authority)
    show(f"{county(code)} 的证书已签发 certificate signed: {output}")


@app.command("renew")
def renew(*, directory: HubDir = HERE) -> None:
    """Sign a new server certificate for the names of hub.toml; it counts from the hub's next start on."""
    from services.bootstrap import hub
    from services.cli.output import show

    days = hub.renew(directory)
    show(
        f"枢纽证书已更新 hub certificate renewed: {days} 天 days",
        "下一步 next: restart the hub, e.g. systemctl restart sihu-hub",
    )


@app.command("update")
def update(
    *,
    registry: Annotated[Path | None, typer.Option("--registry", metavar="FILE", help="The assembled registry.")] = None,
    agreement: Annotated[
        list[Path] | None, typer.Option("--agreement", metavar="FILE", help="May be repeated.")
    ] = None,
    directory: HubDir = HERE,
) -> None:
    """Give the hub a registry or agreements; a running hub follows within seconds."""
    from services.bootstrap.cli import CountyFiles
    from services.bootstrap.hub import REGISTRY_FILE, read_members
    from services.cli.desk import document_bytes, read_document
    from services.cli.output import counties, show

    files = CountyFiles(directory)
    if registry is not None:
        files.write(REGISTRY_FILE, document_bytes(read_document(registry)))
    for path in agreement or []:
        files.write(f"agreements/{path.name}", document_bytes(read_document(path)))
    members = read_members(directory)
    show(f"名册第 {members.version} 版，成员 members: {counties(list(members.nkeys))}")


@app.command("run")
def run(*, directory: HubDir = HERE, until_stdin_closes: UntilStdinCloses = False, as_json: AsJson = False) -> None:
    """Run the hub: its nats-server, streams and consumers."""
    from services.bootstrap.hub import run_hub
    from services.bootstrap.logs import set_up_logging
    from services.bootstrap.stopping import stop_event

    set_up_logging("json" if as_json else "console", "info")

    async def serve() -> None:
        async with stop_event(until_stdin_closes=until_stdin_closes) as stop:
            await run_hub(directory, stop, lambda ports: _say_ready("hub", ports, as_json=as_json))

    asyncio.run(serve())


def leaf(
    *,
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    until_stdin_closes: UntilStdinCloses = False,
    as_json: AsJson = False,
) -> None:
    """Run the county's own nats-server between its systems and the hub."""
    from services.bootstrap.leaf import run_leaf
    from services.bootstrap.logs import set_up_logging
    from services.bootstrap.stopping import stop_event
    from services.cli.desk import Desk

    desk = Desk(directory, passphrase_file)
    set_up_logging("json" if as_json else "console", "info")

    async def serve() -> None:
        async with stop_event(until_stdin_closes=until_stdin_closes) as stop:
            await run_leaf(
                desk.settings, desk.passphrase, stop, lambda ports: _say_ready("leaf", ports, as_json=as_json)
            )

    asyncio.run(serve())


def _say_ready(what: str, ports: "Ports", *, as_json: bool) -> None:
    from services.cli.output import print_json, show

    if as_json:
        print_json(
            {"ready": True, "what": what, "port": ports.client, "leaf_port": ports.leaf, "monitor_port": ports.monitor}
        )
    else:
        show(f"{what} 已就绪 ready: {ports.client} (leaf {ports.leaf}, monitor {ports.monitor})")
