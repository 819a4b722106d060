"""Open a hub, or a county's leaf: a supervised nats-server, configured from signed documents."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from adapters.clock import SystemClock
from adapters.jetstream.accounts import Member
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, TlsFiles, new_nkey_seed, nkey_public_of
from adapters.jetstream.embedded import EmbeddedServer
from adapters.jetstream.server_config import HubConfig, Place, Ports, render_hub
from adapters.jetstream.streams import Registrar, StreamLimits
from adapters.keys.county_files import CountyFiles, read_secret
from adapters.keys.durable import read_bytes
from adapters.tls.authority import Authority, expires_in_days, save
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.ids import CountyCode
from services.domain.documents import read_file
from services.domain.governance import judge_card
from services.domain.hub_members import HubMembers, hub_members
from services.settings import HUB_FILE, HubServerSettings, read_hub_settings

__all__ = ["Ports", "certify", "make_hub", "read_members", "renew", "run_hub"]

log = structlog.get_logger()

REGISTRY_FILE: Final = "registry.json"
AGREEMENTS: Final = "agreements/*.json"
_WARN_DAYS: Final = 30
_DAY_SECONDS: Final = 24 * 3600
_LOOK_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0

_SETTINGS: Final = """\
# Settings of a hub. Counties reach it under these names; they stand in its certificate.
names = [{names}]
host = "{host}"
port = {port}
leaf_port = {leaf_port}
monitor_port = {monitor_port}
"""


@dataclass(frozen=True, slots=True)
class HubFiles:
    """Where a hub keeps what."""

    root: Path

    @property
    def authority(self) -> tuple[Path, Path]:
        """Certificate and key of the own authority."""
        return self.root / "ca" / "ca.pem", self.root / "ca" / "ca.key"

    @property
    def tls(self) -> TlsFiles:
        """What the server shows, and whom it believes."""
        return TlsFiles(self.authority[0], self.root / "tls" / "hub.pem", self.root / "tls" / "hub.key")

    @property
    def registrar_seed(self) -> Path:
        """The nkey seed of the one user who may arrange streams."""
        return self.root / "registrar.nkey"


def make_hub(root: Path, *, names: Sequence[str], host: str, ports: Ports) -> None:
    """Make a hub's directory: settings, authority, server certificate, the registrar's secret.

    Raises:
        RequestError: It is there already.
    """
    files, kept, now = HubFiles(root), CountyFiles(root), SystemClock().now()
    if kept.exists(HUB_FILE):
        raise RequestError(Fault("hub.exists", "dir", f"{root} holds a hub already and is not overwritten"))
    authority, issued = Authority.create("Sihu hub authority", now=now)
    for part in ("ca", "tls"):
        (root / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    save(issued, *files.authority)
    save(authority.server(names, now=now), files.tls.certificate, files.tls.key)
    kept.write(files.registrar_seed.name, new_nkey_seed().encode(), private=True)
    listed = ", ".join(f'"{name}"' for name in names)
    text = _SETTINGS.format(
        names=listed, host=host, port=ports.client, leaf_port=ports.leaf, monitor_port=ports.monitor
    )
    kept.write(HUB_FILE, text.encode())


def certify(root: Path, card: SignedDocument) -> tuple[str, bytes, bytes]:
    """Sign the certificate request of a member card; return (county, its certificate, the authority's), PEM.

    Raises:
        RequestError: The card or its request does not hold.
    """
    judged = judge_card(card)
    if isinstance(judged, Fault):
        raise RequestError(judged)
    authority = _authority(HubFiles(root))
    county = judged.member.county
    signed = authority.client(judged.certificate_request.encode(), county, now=SystemClock().now())
    return county, signed, authority.certificate_pem


def renew(root: Path) -> int:
    """Sign a new server certificate for the names of ``hub.toml``; return how many days it is valid.

    Raises:
        NotFoundError: There is no hub.
        RequestError: Settings or authority are not usable.
    """
    files, now = HubFiles(root), SystemClock().now()
    issued = _authority(files).server(read_hub_settings(root).names, now=now)
    save(issued, files.tls.certificate, files.tls.key)
    return expires_in_days(issued.certificate_pem, now=now)


def _authority(files: HubFiles) -> Authority:
    certificate, key = files.authority
    return Authority(read_bytes(certificate, what="ca.pem"), read_bytes(key, what="ca.key"))


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
        self._members = read_members(root)
        ports = Ports(settings.port, settings.monitor_port, settings.leaf_port)
        self.server = EmbeddedServer(root / "server", self._render, ports=ports)

    def _render(self, ports: Ports) -> str:
        place = Place(
            store=self._root / "jetstream",
            tls=self._files.tls,
            host=self._settings.host,
            log=self._root / "nats-server.log",
            store_bytes=self._settings.store_mib << 20,
        )
        members = tuple(Member(CountyCode(county), nkey) for county, nkey in self._members.nkeys.items())
        return render_hub(HubConfig(place, nkey_public_of(self._seed), members), ports)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["RunningHub"]:
        """Serve until the block ends; streams and consumers are arranged before it begins."""
        async with self.server.running():
            url = f"tls://{self._settings.names[0]}:{self.server.ports.client}"
            credentials = Credentials((url,), self._seed, self._files.tls)
            async with HubConnection(credentials, who="registrar").running() as connection:
                await connection.contact(timeout_seconds=30)
                registrar = Registrar(
                    connection, StreamLimits(max_messages_per_subject=self._settings.max_messages_per_subject)
                )
                await registrar.arrange(self._members.nkeys.keys(), self._members.parties)
                async with asyncio.TaskGroup() as tasks:
                    loops = [
                        tasks.create_task(self._keep_up(registrar), name="hub-registrar"),
                        tasks.create_task(_watch_certificate(self._files.tls.certificate), name="hub-certificate"),
                    ]
                    try:
                        yield self
                    finally:
                        for loop in loops:
                            loop.cancel()

    async def _keep_up(self, registrar: Registrar) -> None:
        """Follow the documents, and make streams anew when a restarted server lacks them."""
        arranged_for: tuple[HubMembers, int] = (self._members, self.server.restarts)
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                members = read_members(self._root)
                if members != self._members:
                    self._members = members
                    await self.server.reload(self._render)
                if (members, self.server.restarts) != arranged_for:
                    await self.server.serving()
                    changed = await registrar.arrange(members.nkeys.keys(), members.parties)
                    arranged_for = (members, self.server.restarts)
                    log.info("hub.arranged", registry=members.version, changed=changed)
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


async def _watch_certificate(path: Path) -> None:
    """Say once a day that the server's certificate comes to its end; without it no county gets in."""
    while True:
        days = expires_in_days(read_bytes(path, what=path.name), now=SystemClock().now())
        if days < _WARN_DAYS:
            log.warning("hub.certificate_expiring", days=days)
        await asyncio.sleep(_DAY_SECONDS)
