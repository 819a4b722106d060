"""A real hub of three nats-servers on loopback, with mutual TLS to counties and to each other."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from adapters.jetstream.accounts import REGISTRAR, Member
from adapters.jetstream.api import OWNER_PREFIX
from adapters.jetstream.credentials import TlsFiles, new_nkey_seed, nkey_public_of
from adapters.jetstream.embedded import EmbeddedServer
from adapters.jetstream.monitor import ask
from adapters.jetstream.refusals import parsed
from adapters.jetstream.server_config import Cluster, HubConfig, Place, Ports, render_hub
from adapters.jetstream.streams import Registrar, StreamLimits
from adapters.tls.authority import Authority, save
from schemas.errors import UnavailableError
from schemas.ids import CountyCode
from services.bootstrap.hub_watch import forget_indexes
from services.demo.ceremony import free_ports
from tests.hubs import STORE_BYTES, RealHub, now

SERVERS = 3
TOGETHER_SECONDS = 60.0


@dataclass
class RealCluster(RealHub):
    """A running hub of three servers; ``server`` is the first of ``servers``."""

    servers: list[EmbeddedServer] = field(default_factory=list)
    route_ports: list[int] = field(default_factory=list)

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address of the hub."""
        return tuple(f"tls://127.0.0.1:{server.ports.client}" for server in self.servers)

    def render_one(self, number: int, ports: Ports) -> str:
        """What one server is configured with."""
        home = self.directory / f"hub-{number}"
        place = Place(home / "store", self.tls_of("hub"), log=home / "nats-server.log", store_bytes=STORE_BYTES)
        members = tuple(Member(CountyCode(code), nkey_public_of(seed)) for code, seed in self.seeds.items())
        others = tuple(f"127.0.0.1:{port}" for at, port in enumerate(self.route_ports) if at != number)
        own = self.directory
        files = TlsFiles(own / "routes-ca.pem", own / "routes.pem", own / "routes.key")
        cluster = Cluster(self.route_ports[number], others, files)
        return render_hub(
            HubConfig(place, nkey_public_of(self.registrar_seed), members, name_of(number), cluster), ports
        )

    async def admit(self, counties: Collection[str], agreements: Mapping[str, Collection[str]]) -> int:
        """Let counties in at every server and arrange streams and consumers."""
        for county in counties:
            self.seeds.setdefault(county, new_nkey_seed())
        self.agreements = {name: tuple(parties) for name, parties in agreements.items()}
        for number, server in enumerate(self.servers):
            await server.reload(lambda ports, number=number: self.render_one(number, ports))  # type: ignore[misc]
        return await self.arrange()

    async def arrange(self) -> int:
        """Arrange streams and consumers, as soon as the servers are one."""
        async with asyncio.timeout(TOGETHER_SECONDS):
            while True:
                with contextlib.suppress(UnavailableError):
                    async with self.connect(REGISTRAR) as hub:
                        return await Registrar(hub, self.limits).arrange(sorted(self.seeds), self.agreements)
                await asyncio.sleep(0.2)

    async def leader_of(self, stream: str, consumer: str = "") -> EmbeddedServer:
        """The server that leads a stream, or one of its consumers, now."""
        request = f"CONSUMER.LIST.{stream}" if consumer else f"STREAM.INFO.{stream}"
        async with self.connect(REGISTRAR) as hub:
            found = parsed(await hub.request(f"{OWNER_PREFIX}.{request}", json.dumps({}).encode()))
        if consumer:
            found = next(one for one in found["consumers"] if one["name"] == consumer)
        return next(server for at, server in enumerate(self.servers) if name_of(at) == found["cluster"].get("leader"))

    async def whole(self) -> None:
        """Wait until every server has caught up with the others."""
        async with asyncio.timeout(TOGETHER_SECONDS):
            for server in self.servers:
                await server.serving()
                while True:
                    with contextlib.suppress(UnavailableError):
                        if (await ask(server.ports.monitor, "/healthz")).get("status") == "ok":
                            break
                    await asyncio.sleep(0.1)


def name_of(number: int) -> str:
    """A server's name."""
    return f"hub-{number + 1}"


def kill(server: EmbeddedServer) -> None:
    """Kill -9; its supervisor brings it back."""
    os.kill(server.pid, signal.SIGKILL)


async def freeze(*servers: EmbeddedServer) -> None:
    """SIGSTOP; returns when every thread stands still, for one that runs on may confirm a message yet."""
    for server in servers:
        os.kill(server.pid, signal.SIGSTOP)
    for server in servers:
        while not _stopped(server.pid):
            await asyncio.sleep(0.001)


def thaw(*servers: EmbeddedServer) -> None:
    """SIGCONT."""
    for server in servers:
        os.kill(server.pid, signal.SIGCONT)


def _stopped(pid: int) -> bool:
    states = [path.read_text(encoding="utf-8") for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(state.rpartition(")")[2].split()[0] == "T" for state in states)


@asynccontextmanager
async def real_cluster(
    directory: Path,
    counties: Collection[str],
    agreements: Mapping[str, Collection[str]] | None = None,
    limits: StreamLimits | None = None,
) -> AsyncIterator[RealCluster]:
    """Run a hub of three servers; every address is 127.0.0.1 and every port is free."""
    authority, issued = Authority.create("test hub", now=now(), days=2)
    (directory / "ca.pem").write_bytes(issued.certificate_pem)
    save(authority.server(["127.0.0.1"], now=now(), days=2), directory / "hub.pem", directory / "hub.key")
    routes, issued = Authority.create("test hub routes", now=now(), days=2)
    (directory / "routes-ca.pem").write_bytes(issued.certificate_pem)
    save(routes.server(["127.0.0.1"], now=now(), days=2), directory / "routes.pem", directory / "routes.key")
    ports = await free_ports(SERVERS)
    limits = replace(limits or StreamLimits(), replicas=SERVERS)
    servers: list[EmbeddedServer] = []
    seeds = {county: new_nkey_seed() for county in counties}
    named = {name: tuple(parties) for name, parties in (agreements or {}).items()}
    cluster: RealCluster

    def server(number: int) -> EmbeddedServer:
        home = directory / f"hub-{number}"
        return EmbeddedServer(
            home,
            lambda given: cluster.render_one(number, given),
            alone=False,
            prepare=lambda: forget_indexes(home / "store"),
        )

    servers = [server(number) for number in range(SERVERS)]
    cluster = RealCluster(directory, authority, servers[0], new_nkey_seed(), limits, seeds, named, servers, ports)
    async with AsyncExitStack() as stack:
        for one in servers:
            await stack.enter_async_context(one.running())
        await cluster.arrange()
        await cluster.whole()
        yield cluster
