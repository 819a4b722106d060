"""A real hub on loopback: nats-server with mutual TLS, an authority of its own, and credentials for every county.

``real_hub`` starts one with its streams and consumers; ``RealHub.connect`` opens a county's connection as a node does;
``real_leaf`` starts a county's own leaf server, and ``RealLeaf.credentials`` is the same county behind it.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.clock import SystemClock
from adapters.jetstream.accounts import REGISTRAR, Member
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials, TlsFiles, new_nkey_seed, nkey_public_of
from adapters.jetstream.embedded import EmbeddedServer
from adapters.jetstream.server_config import (
    SEED_FILE,
    HubConfig,
    LeafConfig,
    Place,
    Ports,
    render_hub,
    render_leaf,
    render_leaf_seed,
)
from adapters.jetstream.streams import Registrar, StreamLimits
from adapters.tls.authority import Authority, save
from schemas.ids import CountyCode

CONTACT_SECONDS = 15.0
STORE_BYTES = 2 * 1024**3


def now() -> datetime:
    """The real time: TLS compares certificates with it."""
    return SystemClock().now()


@dataclass
class RealHub:
    """A running hub. ``server.pid`` is there to be killed; ``counties`` are those that it lets in."""

    directory: Path
    authority: Authority
    server: EmbeddedServer
    registrar_seed: str
    limits: StreamLimits
    seeds: dict[str, str] = field(default_factory=dict)
    agreements: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where counties connect."""
        return f"tls://127.0.0.1:{self.server.ports.client}"

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address of the hub."""
        return (self.url,)

    @property
    def leaf_url(self) -> str:
        """Where leafs connect."""
        return f"tls://127.0.0.1:{self.server.ports.leaf}"

    def config(self, place: Place) -> HubConfig:
        """The hub's configuration with the counties of now."""
        members = tuple(Member(CountyCode(code), nkey_public_of(seed)) for code, seed in self.seeds.items())
        return HubConfig(place, nkey_public_of(self.registrar_seed), members)

    def tls_of(self, who: str) -> TlsFiles:
        """A client certificate of the hub's authority; made once."""
        files = TlsFiles(self.directory / "ca.pem", self.directory / f"{who}.pem", self.directory / f"{who}.key")
        if not files.certificate.exists():
            make_client_certificate(self.authority, who, files)
        return files

    def credentials(self, who: str) -> Credentials:
        """What the county, or the registrar, connects with."""
        seed = self.registrar_seed if who == REGISTRAR else self.seeds[who]
        return Credentials(self.urls, seed, self.tls_of(who))

    @asynccontextmanager
    async def connect(self, who: str, credentials: Credentials | None = None) -> AsyncIterator[HubConnection]:
        """Open a connection as the county and wait for contact."""
        async with HubConnection(credentials or self.credentials(who), who=who, retry_seconds=0.05).running() as hub:
            await hub.contact(timeout_seconds=CONTACT_SECONDS)
            yield hub

    async def admit(self, counties: Collection[str], agreements: Mapping[str, Collection[str]]) -> int:
        """Let counties in and arrange streams and consumers; return how many of those had to change."""
        for county in counties:
            self.seeds.setdefault(county, new_nkey_seed())
        self.agreements = {name: tuple(parties) for name, parties in agreements.items()}
        await self.server.reload(self.render)
        async with self.connect(REGISTRAR) as hub:
            return await Registrar(hub, self.limits).arrange(sorted(self.seeds), self.agreements)

    def render(self, ports: Ports) -> str:
        """What the server is configured with."""
        store, log = self.directory / "hub" / "store", self.directory / "hub" / "nats-server.log"
        return render_hub(self.config(Place(store, self.tls_of("hub"), log=log, store_bytes=STORE_BYTES)), ports)


@asynccontextmanager
async def real_hub(
    directory: Path,
    counties: Collection[str],
    agreements: Mapping[str, Collection[str]] | None = None,
    limits: StreamLimits | None = None,
) -> AsyncIterator[RealHub]:
    """Run a hub for ``counties``; every address is 127.0.0.1 and every port is free."""
    authority, issued = Authority.create("test hub", now=now(), days=2)
    (directory / "ca.pem").write_bytes(issued.certificate_pem)
    server = authority.server(["127.0.0.1", "localhost"], now=now(), days=2)
    save(server, directory / "hub.pem", directory / "hub.key")
    seeds = {county: new_nkey_seed() for county in counties}
    hub = RealHub(
        directory,
        authority,
        EmbeddedServer(directory / "hub", lambda ports: hub.render(ports)),  # noqa: PLW0108  (there is no hub yet)
        new_nkey_seed(),
        limits or StreamLimits(),
        seeds,
        {name: tuple(parties) for name, parties in (agreements or {}).items()},
    )
    async with hub.server.running():
        async with hub.connect(REGISTRAR) as connection:
            await Registrar(connection, hub.limits).arrange(sorted(seeds), hub.agreements)
        yield hub


@dataclass
class RealLeaf:
    """A county's own server; a node behind it changes nothing but the URL."""

    hub: RealHub
    county: str
    server: EmbeddedServer

    def credentials(self) -> Credentials:
        """The county's credentials with the leaf's URL."""
        urls = (f"tls://127.0.0.1:{self.server.ports.client}",)
        return replace(self.hub.credentials(self.county), urls=urls)


@asynccontextmanager
async def real_leaf(
    hub: RealHub, county: str, edit: Callable[[str], str] = lambda text: text
) -> AsyncIterator[RealLeaf]:
    """Run the county's leaf; its link to the hub comes up by itself, perhaps a moment later.

    A county may do with its own server what it likes: ``edit`` changes the configuration, for attacks.
    """
    name = f"leaf-{county}"
    save(
        hub.authority.server(["127.0.0.1"], now=now(), days=2),
        hub.directory / f"{name}.pem",
        hub.directory / f"{name}.key",
    )
    files = TlsFiles(hub.directory / "ca.pem", hub.directory / f"{name}.pem", hub.directory / f"{name}.key")
    directory = hub.directory / name
    place = Place(directory / "store", files, log=directory / "nats-server.log", store_bytes=STORE_BYTES)
    users = (nkey_public_of(hub.seeds[county]),)
    config = LeafConfig(place, CountyCode(county), users, (hub.leaf_url,), hub.tls_of(county))
    secrets = {SEED_FILE: render_leaf_seed(hub.seeds[county])}
    server = EmbeddedServer(directory, lambda ports: edit(render_leaf(config, ports)), secrets=secrets)
    async with server.running():
        yield RealLeaf(hub, county, server)


def make_client_certificate(authority: Authority, who: str, files: TlsFiles) -> None:
    """Write a fresh key and its certificate, signed from a request as ``sihu hub`` does."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM)
    files.certificate.write_bytes(authority.client(pem, who, now=now(), days=2))
    files.key.touch(mode=0o600)
    plain = serialization.NoEncryption()
    files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
