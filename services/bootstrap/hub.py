"""Open a hub, or one of its three servers: a supervised nats-server, configured from signed documents."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from adapters.clock import SystemClock
from adapters.jetstream.accounts import Member
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, nkey_public_of
from adapters.jetstream.embedded import EmbeddedServer
from adapters.jetstream.server_config import Cluster, HubConfig, Place, Ports, render_hub
from adapters.jetstream.streams import DocumentsBehindError, Edition, Registrar, StreamLimits
from adapters.keys.county_files import CountyFiles, read_secret
from adapters.keys.durable import read_bytes
from adapters.tls.authority import expires_in_days
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError, SihuError, UnavailableError
from schemas.ids import CountyCode
from services.bootstrap.hub_files import HubFiles
from services.bootstrap.hub_watch import HubWatch, forget_indexes
from services.domain.documents import read_file
from services.domain.hub_members import HubMembers, hub_members
from services.recurring import recurring
from services.settings import HubServerSettings, read_hub_settings

__all__ = ["Ports", "read_members", "run_hub"]

log = structlog.get_logger()

REGISTRY_FILE: Final = "registry.json"
AGREEMENTS: Final = "agreements/*.json"
_WARN_DAYS: Final = 30
_DAY_SECONDS: Final = 24 * 3600
_LOOK_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0
_SERVERS: Final = 3
_BLOB_SHARE: Final = 4  # a quarter of the disk's share is for chunks: events never lack room for them


def read_members(root: Path) -> HubMembers:
    """Read the registry and the agreements that the hub was given.

    Raises:
        NotFoundError: There is no registry yet.
        RequestError: A document does not hold.
    """
    files = CountyFiles(root)
    documents = [_opened(data, name) for name, data in files.read_all([AGREEMENTS]).items()]
    members = hub_members(_opened(files.read(REGISTRY_FILE), REGISTRY_FILE), documents)
    if isinstance(members, Fault):
        raise RequestError(members)
    return members


def _opened(data: bytes, name: str) -> SignedDocument:
    document = read_file(data)
    if isinstance(document, Fault):
        raise RequestError(Fault(document.code, name, document.mend))
    return document


class RunningHub:
    """A hub whose server is up and whose streams fit the registry."""

    def __init__(self, root: Path, settings: HubServerSettings) -> None:
        """Prepare; start nothing."""
        root = root.resolve()
        self._root, self._files, self._settings = root, HubFiles(root), settings
        self._seed = read_secret(self._files.registrar_seed)
        self._store = root / "jetstream"
        self._members = read_members(root)
        ports = Ports(settings.port, settings.monitor_port, settings.leaf_port)
        alone = settings.cluster is None
        self.server = EmbeddedServer(
            root / "server",
            self._render,
            ports=ports,
            alone=alone,
            prepare=(lambda: None) if alone else (lambda: forget_indexes(self._store)),
        )

    def _render(self, ports: Ports) -> str:
        place = Place(
            store=self._store,
            tls=self._files.tls,
            host=self._settings.host,
            log=self._root / "nats-server.log",
            store_bytes=self._settings.store_mib << 20,
        )
        members = tuple(Member(CountyCode(county), nkey) for county, nkey in self._members.nkeys.items())
        ours = self._settings.cluster
        config = HubConfig(place, nkey_public_of(self._seed), members)
        if ours is not None:
            config = replace(config, name=ours.server, cluster=Cluster(ours.port, ours.routes, self._files.routes_tls))
        return render_hub(config, ports)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["RunningHub"]:
        """Serve until the block ends; streams and consumers are arranged before it begins."""
        async with self.server.running():
            url = f"tls://{self._settings.names[0]}:{self.server.ports.client}"
            credentials = Credentials((url,), self._seed, self._files.tls)
            async with HubConnection(credentials, who="registrar").running() as connection:
                await connection.contact(timeout_seconds=30)
                await self._arrange_first(connection)
                watch = self._watch(connection)
                looking = recurring(
                    watch.look,
                    name="hub-watch",
                    clock=SystemClock(),
                    every_seconds=self._settings.look_seconds,
                    deferred=_tell_look_deferred,
                )
                async with looking, asyncio.TaskGroup() as tasks:
                    loops = [
                        tasks.create_task(self._keep_up(connection), name="hub-registrar"),
                        tasks.create_task(_watch_certificates(self._certificates()), name="hub-certificate"),
                    ]
                    try:
                        yield self
                    finally:
                        for loop in loops:
                            loop.cancel()

    def _watch(self, connection: HubConnection) -> HubWatch:
        ours = self._settings.cluster
        return HubWatch(
            server=self.server,
            connection=connection,
            store=self._store,
            name=None if ours is None else ours.server,
            look_seconds=self._settings.look_seconds,
            now=lambda: SystemClock().now().timestamp(),
        )

    def _certificates(self) -> list[Path]:
        ours = [self._files.tls] if self._settings.cluster is None else [self._files.tls, self._files.routes_tls]
        return [files.certificate for files in ours]

    def _registrar(self, connection: HubConnection) -> Registrar:
        """Return who arranges by the documents of now; on a server of several never by older documents."""
        members, alone = self._members, self._settings.cluster is None
        limits = StreamLimits(
            max_messages_per_subject=self._settings.max_messages_per_subject,
            blob_bytes=(self._settings.store_mib << 20) // _BLOB_SHARE,
            replicas=1 if alone else _SERVERS,
        )
        edition = None if alone else Edition(members.version, members.versions)
        return Registrar(connection, limits, edition)

    async def _arrange(self, connection: HubConnection) -> int:
        """Make streams and consumers what the documents say."""
        members = self._members
        return await self._registrar(connection).arrange(members.nkeys.keys(), members.parties)

    async def _lacking(self, connection: HubConnection) -> list[str]:
        """Return the streams that somebody or something took away or changed; none if that cannot be asked now."""
        try:
            return await self._registrar(connection).missing(self._members.nkeys.keys())
        except UnavailableError:
            return []

    async def _arrange_first(self, connection: HubConnection) -> None:
        """Arrange at once; one of several servers waits for the others.

        One alone cannot, and to end it and start it anew would only keep it from joining them.
        """
        while True:
            try:
                await self._arrange(connection)
            except DocumentsBehindError as exc:
                log.warning("hub.documents_outdated", reason=str(exc))
                return
            except UnavailableError as exc:
                if self._settings.cluster is None:
                    raise
                log.warning("hub.arrange_deferred", reason=str(exc))
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _keep_up(self, connection: HubConnection) -> None:
        """Follow the documents, and put right what is gone or changed, whoever did it."""
        arranged_for: tuple[HubMembers, int] = (self._members, self.server.restarts)
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                members = read_members(self._root)
                if members != self._members:
                    self._members = members
                    await self.server.reload(self._render)
                await self.server.serving()
                lacking = await self._lacking(connection)
                if lacking:
                    log.error("hub.streams_missed", streams=lacking)
                if lacking or (members, self.server.restarts) != arranged_for:
                    changed = await self._arrange(connection)
                    arranged_for = (members, self.server.restarts)
                    log.info("hub.arranged", registry=members.version, changed=changed)
            except DocumentsBehindError as exc:
                log.warning("hub.documents_outdated", reason=str(exc))
                arranged_for = (self._members, self.server.restarts)  # newer ones start it again
            except (RequestError, UnavailableError) as exc:
                log.warning("hub.arrange_deferred", reason=str(exc))
                await asyncio.sleep(_RETRY_SECONDS)


async def run_hub(root: Path, stop: asyncio.Event, on_ready: Callable[[Ports], None]) -> None:
    """Run a hub until ``stop`` is set.

    Raises:
        RequestError: Settings, documents or certificates are not usable.
        UnavailableError: The server did not get ready.
    """
    async with RunningHub(root, read_hub_settings(root)).running() as hub:
        on_ready(hub.server.ports)
        await stop.wait()


def _tell_look_deferred(error: SihuError) -> None:
    log.warning("hub.look_deferred", code=error.code)


async def _watch_certificates(paths: list[Path]) -> None:
    """Say once a day that a certificate comes to its end; without it no county, or no other server, gets in."""
    while True:
        for path in paths:
            days = expires_in_days(read_bytes(path, what=path.name), now=SystemClock().now())
            if days < _WARN_DAYS:
                log.warning("hub.certificate_expiring", certificate=path.name, days=days)
        await asyncio.sleep(_DAY_SECONDS)
