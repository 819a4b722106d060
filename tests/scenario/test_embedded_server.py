"""A nats-server as our child: it is there when it should be, and gone when we are."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.jetstream.child import check_binary, find_binary
from adapters.jetstream.credentials import new_nkey_seed, nkey_public_of
from adapters.jetstream.embedded import EmbeddedServer
from adapters.jetstream.monitor import ask, check_durability
from adapters.jetstream.server_config import SEED_FILE, HubConfig, Place, Ports, render_hub, render_leaf_seed
from adapters.tls.authority import Authority, save
from deploy.nats.make import samples
from schemas.errors import Fault, RequestError, UnavailableError
from tests.contract.buses import HUANJIANG, LIBO
from tests.hubs import now, real_hub, real_leaf


def render(directory: Path, **changes: str) -> Callable[[Ports], str]:
    """A hub's configuration with some of its text replaced."""
    config = HubConfig(
        Place(directory / "store", None, log=directory / "nats-server.log", log_bytes=20_000, store_bytes=1 << 30),
        nkey_public_of(new_nkey_seed()),
    )

    def text(ports: Ports) -> str:
        rendered = render_hub(config, ports)
        for old, new in changes.items():
            assert old in rendered
            rendered = rendered.replace(old, new)
        return rendered

    return text


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"
    except FileNotFoundError:
        return False


async def gone(pid: int) -> None:
    async with asyncio.timeout(5):
        while alive(pid):
            await asyncio.sleep(0.01)


async def test_it_serves_when_entered_and_is_gone_when_left(tmp_path: Path) -> None:
    """Left behind, it would hold its port and its store against the next start."""
    server = EmbeddedServer(tmp_path, render(tmp_path))
    async with server.running():
        pid = server.pid
        assert (await ask(server.ports.monitor, "/healthz"))["status"] == "ok"
        assert (await ask(server.ports.monitor, "/varz"))["version"] == "2.15.1"
    assert not alive(pid)
    with pytest.raises(UnavailableError):
        _ = server.pid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
async def test_it_comes_back_where_it_was(tmp_path: Path, number: signal.Signals) -> None:
    """Clients know one address; a server that comes back elsewhere is gone for them."""
    server = EmbeddedServer(tmp_path, render(tmp_path))
    async with server.running():
        pid, ports = server.pid, server.ports
        os.kill(pid, number)
        async with asyncio.timeout(15):
            while not server.restarts:
                await asyncio.sleep(0.01)
            await server.serving()
        assert server.ports == ports
        assert server.pid != pid
        assert (await ask(ports.monitor, "/healthz"))["status"] == "ok"


async def test_a_stopped_server_is_ended_too(tmp_path: Path) -> None:
    """A process under SIGSTOP does not hear SIGTERM: leaving must not hang on it."""
    server = EmbeddedServer(tmp_path, render(tmp_path))
    async with server.running():
        pid = server.pid
        os.kill(pid, signal.SIGSTOP)
    assert not alive(pid)


async def test_it_does_not_outlive_us_even_if_we_are_killed(tmp_path: Path) -> None:
    """Kill -9 of the whole hub process: its nats-server must go too, or the next hub finds port and store taken."""
    program = textwrap.dedent(f"""
        import asyncio, sys
        from pathlib import Path
        from tests.scenario.test_embedded_server import EmbeddedServer, render
        async def main():
            path = Path({str(tmp_path)!r})
            async with EmbeddedServer(path, render(path)).running() as server:
                print(server.pid, flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    pid = int(await asyncio.wait_for(process.stdout.readline(), 30))
    assert alive(pid)
    process.kill()
    await process.wait()
    await gone(pid)


async def test_a_configuration_that_cannot_be_is_told_at_once(tmp_path: Path) -> None:
    """The operator sees the line that is wrong, not a time-out."""
    server = EmbeddedServer(tmp_path, render(tmp_path, **{"max_payload: 1MB": "max_payload: [1MB"}))
    with pytest.raises(RequestError, match="line 8"):
        async with server.running():
            pass


async def test_a_server_that_would_lose_what_it_confirmed_is_refused(tmp_path: Path) -> None:
    """With the default setting a power cut takes everything of the last two minutes, confirmed or not."""
    lazy = EmbeddedServer(tmp_path, render(tmp_path, **{"sync_interval: always": 'sync_interval: "2m"'}))
    with pytest.raises(RequestError) as refused:
        async with lazy.running():
            pass
    assert refused.value.fault.code == "hub.not_durable"
    with pytest.raises(UnavailableError):
        await check_durability(lazy.ports.monitor)


async def test_an_old_server_is_refused(tmp_path: Path) -> None:
    """Older ones sync once per message, and do not know what we ask of them."""
    old = tmp_path / "nats-server"
    old.write_text("#!/bin/sh\necho nats-server: v2.14.9\n", encoding="utf-8")
    old.chmod(0o755)
    with pytest.raises(RequestError) as refused:
        await check_binary(old)
    assert refused.value.fault.code == "hub.server_too_old"
    assert await check_binary(find_binary()) == "2.15.1"


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    """A path with a slip in it is named."""
    with pytest.raises(RequestError, match="nats-sever"):
        find_binary(tmp_path / "nats-sever")


async def test_a_bad_reload_leaves_the_old_one_in_force(tmp_path: Path) -> None:
    """A slip while the hub runs must not take it down, now or at its next restart."""
    server = EmbeddedServer(tmp_path, render(tmp_path))
    async with server.running():
        with pytest.raises(RequestError) as refused:
            await server.reload(render(tmp_path, **{"ping_max: 3": "ping_max: three"}))
        assert refused.value.fault == Fault("hub.bad_configuration", "", refused.value.fault.mend)
        assert "ping_max: 3" in (tmp_path / "nats-server.conf").read_text(encoding="utf-8")
        os.kill(server.pid, signal.SIGKILL)
        async with asyncio.timeout(15):
            while not server.restarts:
                await asyncio.sleep(0.01)
            await server.serving()


async def test_its_log_stays_small(tmp_path: Path) -> None:
    """A neighbour that reconnects once a second must not fill the disk."""
    server = EmbeddedServer(tmp_path, render(tmp_path))
    async with server.running():
        for _ in range(600):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.ports.client)
            await reader.readline()
            writer.write(b"CONNECT {}\r\nPING\r\n")
            await reader.readline()
            writer.close()
    logs = [path for path in tmp_path.iterdir() if path.name.startswith("nats-server.log")]  # noqa: ASYNC240
    assert len(logs) > 1
    assert len(logs) <= 5
    assert sum(log.stat().st_size for log in logs) < 150_000


async def test_its_files_are_its_owners_only(tmp_path: Path) -> None:
    """The leaf's configuration stands beside the county's secret."""
    async with real_hub(tmp_path, (HUANJIANG,)) as hub, real_leaf(hub, HUANJIANG):
        for name in ("nats-server.conf", SEED_FILE):
            assert (hub.directory / f"leaf-{HUANJIANG}" / name).stat().st_mode & 0o077 == 0
        assert (hub.directory / "hub" / "nats-server.conf").stat().st_mode & 0o077 == 0


async def test_many_counties_fit(tmp_path: Path) -> None:
    """Accounts for a whole province: the text is accepted and the server is up in seconds."""
    async with real_hub(tmp_path, (LIBO,)) as hub:
        hub.seeds |= {str(code): new_nkey_seed() for code in range(451000, 451200)}
        await hub.server.reload(hub.render)
        async with hub.connect("451100") as connection:
            assert connection.contacts == 1


@pytest.mark.parametrize("name", samples())
def test_the_samples_are_accepted_by_the_server_itself(name: str, tmp_path: Path) -> None:
    """`nats-server -t` reads them: a word that it does not know is an error."""
    text = re.sub(r'"/var/lib/[^"]*/([^"/]*)"', lambda found: f'"{tmp_path}/{found[1]}"', samples()[name])
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / SEED_FILE).write_text(render_leaf_seed(new_nkey_seed()), encoding="utf-8")
    make_tls_files(tmp_path, re.findall(r'_file: ".*/(.*)"', text))
    tried = subprocess.run(
        [find_binary(), "-c", name, "-t"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30
    )
    assert tried.returncode == 0, tried.stderr


def make_tls_files(directory: Path, names: list[str]) -> None:
    """Write an authority, certificates and keys under the names that a configuration uses."""
    authority, issued = Authority.create("test", now=now())
    (directory / "ca.pem").write_bytes(issued.certificate_pem)
    for name in {Path(name).stem for name in names} - {"ca"}:
        save(authority.server(["127.0.0.1"], now=now()), directory / f"{name}.pem", directory / f"{name}.key")
