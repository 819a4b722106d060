"""``sihu hub``: make a hub, let counties in, run it. ``sihu leaf``: run a county's own server."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.errors import Fault, RequestError
from services.cli.node import UntilStdinCloses
from services.cli.options import HERE, AsJson, Dir, PassphraseFile
from services.cli.starting import imported_for_good

if TYPE_CHECKING:
    from services.bootstrap.hub_files import Ports
    from services.bootstrap.hub_state import ServerState

_RANGES_SHOWN: Final = 5

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

HubDir = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The hub's directory.")]


@app.command("init")
def make(
    *,
    name: Annotated[list[str] | None, typer.Option("--name", help="Host name or address; may be repeated.")] = None,
    server: Annotated[
        list[str] | None, typer.Option("--server", metavar="HOST", help="Three times: a hub of three servers.")
    ] = None,
    directory: HubDir = HERE,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[list[int], typer.Option("--port", help="For counties; -1 takes any free port.")] = [4222],  # noqa: B006
    leaf_port: Annotated[list[int], typer.Option("--leaf-port", help="For counties' leaf servers.")] = [7422],  # noqa: B006
    monitor_port: Annotated[list[int], typer.Option("--monitor-port", help="Loopback only.")] = [8222],  # noqa: B006
    cluster_port: Annotated[list[int], typer.Option("--cluster-port", help="For the other two servers.")] = [6222],  # noqa: B006
) -> None:
    """Make a hub's directory: settings, certificate authority, server certificate.

    With three times --server: a folder with the authorities, and one directory below it for each server. A port is
    given once for all servers, or once for each.
    """
    from services.bootstrap.hub_files import Ports, Server, make_hub, make_servers
    from services.cli.output import show

    if not server:
        if not name:
            raise RequestError(Fault("settings.missing_field", "--name", "name the hub's host or address"))
        ports = Ports(port[0], monitor_port[0], leaf_port[0])
        make_hub(directory, names=name, host=host, ports=ports)
        made = str(directory)
    else:
        count = len(server)
        given = [_one_each(one, count) for one in (port, monitor_port, leaf_port, cluster_port)]
        each = [
            Server(one, Ports(client, monitor, leaf), routes)
            for one, client, monitor, leaf, routes in zip(server, *given, strict=True)
        ]
        made = "、".join(map(str, make_servers(directory, each, names=name or (), host=host)))
    show(f"枢纽已建立 hub made: {made}", "下一步 next: sihu hub certify CARD -o DIR; sihu hub update --registry FILE")


def _one_each(ports: list[int], count: int) -> list[int]:
    """Return one port for each server: those given, or the one given for all."""
    if len(ports) not in {1, count}:
        raise RequestError(Fault("hub.ports", "--port", f"give each kind of port once, or {count} times"))
    return ports if len(ports) == count else ports * count


@app.command("certify")
def certify(
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The county's card.json.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for ca.pem and county.crt.")],
    directory: HubDir = HERE,
) -> None:
    """Sign a county's certificate request; the two files go back into its transport folder."""
    from services.bootstrap import hub_files
    from services.bootstrap.cli import write_given
    from services.cli.desk import read_document
    from services.cli.output import county, show

    code, signed, authority = hub_files.certify(directory, read_document(card))
    output.mkdir(parents=True, exist_ok=True)
    write_given(output / "county.crt", signed)
    write_given(output / "ca.pem", authority)
    show(f"{county(code)} 的证书已签发 certificate signed: {output}")


@app.command("renew")
def renew(*, directory: HubDir = HERE) -> None:
    """Sign new server certificates for the names of hub.toml; they count from the next start on."""
    from services.bootstrap import hub_files
    from services.cli.output import show

    days = hub_files.renew(directory)
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
    """Give the hub a registry or agreements; a running one follows within seconds.

    Of three servers each needs them: run it on each, with the same files.
    """
    from services.bootstrap.cli import CountyFiles
    from services.bootstrap.hub import REGISTRY_FILE, read_members
    from services.bootstrap.hub_files import servers_in
    from services.cli.desk import document_bytes, read_document
    from services.cli.output import counties, show

    given = {f"agreements/{path.name}": document_bytes(read_document(path)) for path in agreement or []}
    if registry is not None:
        given[REGISTRY_FILE] = document_bytes(read_document(registry))
    for home in servers_in(directory):
        for name, data in given.items():
            CountyFiles(home).write(name, data)
        members = read_members(home)
        show(f"{home} 名册第 {members.version} 版，成员 members: {counties(list(members.nkeys))}")


@app.command("run")
def run(*, directory: HubDir = HERE, until_stdin_closes: UntilStdinCloses = False, as_json: AsJson = False) -> None:
    """Run the hub: its nats-server, streams and consumers."""
    with imported_for_good():
        from services.bootstrap.hub import run_hub
        from services.bootstrap.logs import set_up_logging
        from services.bootstrap.stopping import stop_event

    set_up_logging("json" if as_json else "console", "info")

    async def serve() -> None:
        async with stop_event(until_stdin_closes=until_stdin_closes) as stop:
            await run_hub(directory, stop, lambda ports: _say_ready("hub", ports, as_json=as_json))

    asyncio.run(serve())


@app.command("status")
def status(*, directory: HubDir = HERE, as_json: AsJson = False) -> None:
    """Ask the hub's server on this machine how it is; 1 if the hub could not do without one server now."""
    from services.bootstrap.hub_files import servers_in
    from services.bootstrap.hub_state import server_state
    from services.cli.output import print_json, show, table

    async def ask() -> list["ServerState"]:
        return [await server_state(home) for home in servers_in(directory)]

    states = asyncio.run(ask())
    if as_json:
        print_json({"whole": all(one.whole for one in states), "servers": [asdict(one) for one in states]})
    else:
        rows = [
            (
                state.name,
                "✓ 正常" if state.whole else "✗ 不全",
                one.name,
                one.leader or "–",
                "、".join(one.behind) or "–",
                str(one.missing) if one in state.damaged else "–",
            )
            for state in states
            for one in state.streams
        ]
        show(
            table(
                "枢纽 hub",
                "服务器 server",
                "状态",
                "流 stream",
                "主副本 leader",
                "落后 behind",
                "*缺 missing",
                rows=rows,
            )
        )
        for one in states:
            if one.problem:
                show(f"{one.name}: {one.problem}")
    if not all(one.whole for one in states):
        raise typer.Exit(1)


@app.command("scrub")
def scrub(*, directory: HubDir = HERE, as_json: AsJson = False) -> None:
    """Read every event stream through at the hub's server on this machine; 1 if a message is missing.

    A disk that changes a bit says nothing, and neither does nats-server. Of three servers any may answer.
    """
    from services.bootstrap.hub_files import servers_in
    from services.bootstrap.hub_scrub import scrub_hub
    from services.cli.output import print_json, show, table

    found = asyncio.run(scrub_hub(servers_in(directory)[0]))
    if as_json:
        print_json({"whole": all(one.whole for one in found), "streams": [asdict(one) for one in found]})
    else:
        rows = [
            (
                "✓ 完整" if one.whole else "✗ 缺失",
                one.stream,
                f"{one.first}–{one.last}",
                str(one.read),
                _ranges(one.missing),
            )
            for one in found
        ]
        show(table("枢纽 hub", "状态", "流 stream", "序号 numbers", "读出 read", "*缺 missing", rows=rows))
    if not all(one.whole for one in found):
        raise typer.Exit(1)


def _ranges(missing: Sequence[tuple[int, int]]) -> str:
    """Return the first ranges, and how many more there are."""
    shown = "、".join(f"{first}–{last}" if first < last else f"{first}" for first, last in missing[:_RANGES_SHOWN])
    more = len(missing) - _RANGES_SHOWN
    return (shown or "–") + (f" …+{more}" if more > 0 else "")


def leaf(
    *,
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    until_stdin_closes: UntilStdinCloses = False,
    as_json: AsJson = False,
) -> None:
    """Run the county's own nats-server between its systems and the hub."""
    with imported_for_good():
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
