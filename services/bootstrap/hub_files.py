"""A hub's directory, and that of three servers that are one hub: made, certificates signed and renewed.

A hub of one server is one directory, its authority's keys in it. A hub of three is a folder with the authorities' keys
and one directory for each server, which is carried to its machine: no server holds a key that signs certificates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.clock import SystemClock
from adapters.jetstream.credentials import TlsFiles, new_nkey_seed
from adapters.jetstream.server_config import Ports
from adapters.keys.county_files import CountyFiles
from adapters.keys.durable import read_bytes
from adapters.tls.authority import Authority, expires_in_days, save
from schemas.documents import SignedDocument
from schemas.errors import Fault, NotFoundError, RequestError
from services.domain.governance import judge_card
from services.settings import HUB_FILE, read_hub_settings

__all__ = ["HubFiles", "Ports", "Server", "certify", "make_hub", "make_servers", "renew", "servers_in"]

_SETTINGS: Final = """\
# Settings of a hub. Counties reach it under these names; they stand in its certificate.
names = [{names}]
host = "{host}"
port = {port}
leaf_port = {leaf_port}
monitor_port = {monitor_port}
"""
_CLUSTER: Final = """
# One of three servers that are one hub; the other two reach it at its first name and this port.
[cluster]
server = "{server}"
port = {port}
routes = [{routes}]
"""
_SERVERS: Final = 3


@dataclass(frozen=True, slots=True)
class HubFiles:
    """Where a hub, or one of its servers, keeps what."""

    root: Path

    @property
    def authority(self) -> tuple[Path, Path]:
        """Certificate and key of the authority that signs counties and what they connect to."""
        return self.root / "ca" / "ca.pem", self.root / "ca" / "ca.key"

    @property
    def routes_authority(self) -> tuple[Path, Path]:
        """Certificate and key of the authority that signs what the servers show to each other, and nothing else."""
        return self.root / "ca" / "routes.pem", self.root / "ca" / "routes.key"

    @property
    def tls(self) -> TlsFiles:
        """What the server shows to counties, and whom of them it believes."""
        return TlsFiles(self.authority[0], self.root / "tls" / "hub.pem", self.root / "tls" / "hub.key")

    @property
    def routes_tls(self) -> TlsFiles:
        """What the server shows to the other two, and whom of them it believes."""
        return TlsFiles(self.routes_authority[0], self.root / "tls" / "routes.pem", self.root / "tls" / "routes.key")

    @property
    def registrar_seed(self) -> Path:
        """The nkey seed of the one user who may arrange streams."""
        return self.root / "registrar.nkey"


@dataclass(frozen=True, slots=True)
class Server:
    """One of three servers that are to be made.

    Attributes:
        host: Host name or address under which counties and the other two reach it.
        ports: For counties, their leafs and the monitoring.
        routes_port: For the other two.
    """

    host: str
    ports: Ports
    routes_port: int


def make_hub(root: Path, *, names: Sequence[str], host: str, ports: Ports) -> None:
    """Make the directory of a hub of one server: settings, authority, server certificate, the registrar's secret.

    Raises:
        RequestError: It is there already.
    """
    _check_free(root)
    authority = _new_authority(HubFiles(root).authority, "Sihu hub authority")
    _write_server(root, authority, new_nkey_seed(), names, _settings(names, host, ports))


def make_servers(root: Path, servers: Sequence[Server], *, names: Sequence[str], host: str) -> tuple[Path, ...]:
    """Make a hub of three servers below ``root``: two authorities, and a directory for each server.

    Args:
        root: Keeps the authorities' keys; belongs in a safe, not on one of the servers.
        servers: Three.
        names: Names under which counties reach whichever of them answers; each has its own host besides.
        host: Address to listen on.

    Raises:
        RequestError: There are not three, two are the same, or a hub is there already.
    """
    addresses = [f"{server.host}:{server.routes_port}" for server in servers]
    if not len(set(addresses)) == len(addresses) == _SERVERS:
        mend = "name three different servers, in three failure domains; on one machine give each its own ports"
        raise RequestError(Fault("hub.not_three", "server", mend))
    _check_free(root)
    files, seed, homes = HubFiles(root), new_nkey_seed(), []
    authority = _new_authority(files.authority, "Sihu hub authority")
    routes = _new_authority(files.routes_authority, "Sihu hub routes authority")
    for number, server in enumerate(servers, 1):
        home = root / f"hub-{number}"
        others = ", ".join(f'"{address}"' for address in addresses if address != addresses[number - 1])
        known_as = [server.host, *names]
        text = _settings(known_as, host, server.ports)
        text += _CLUSTER.format(server=home.name, port=server.routes_port, routes=others)
        for part in ("ca", "tls"):
            (home / part).mkdir(mode=0o700, parents=True)
        HubFiles(home).authority[0].write_bytes(authority.certificate_pem)
        HubFiles(home).routes_authority[0].write_bytes(routes.certificate_pem)
        _write_routes(home, routes, server.host)
        _write_server(home, authority, seed, known_as, text)
        homes.append(home)
    return tuple(homes)


def servers_in(root: Path) -> tuple[Path, ...]:
    """Return the directories of the servers that lie in ``root``: itself, or those below it.

    Raises:
        NotFoundError: There is none.
    """
    found = (root,) if (root / HUB_FILE).exists() else tuple(sorted(path.parent for path in root.glob(f"*/{HUB_FILE}")))
    if not found:
        mend = f"{root} holds no hub; name its directory with --dir, or make one with `sihu hub init`"
        raise NotFoundError(Fault("settings.not_found", "dir", mend))
    return found


def certify(root: Path, card: SignedDocument) -> tuple[str, bytes, bytes]:
    """Sign the certificate request of a member card; return (county, its certificate, the authority's), PEM.

    Raises:
        RequestError: The card or its request does not hold, or the authority's key is not here.
    """
    judged = judge_card(card)
    if isinstance(judged, Fault):
        raise RequestError(judged)
    authority = _opened(HubFiles(root).authority)
    county = judged.member.county
    signed = authority.client(judged.certificate_request.encode(), county, now=SystemClock().now())
    return county, signed, authority.certificate_pem


def renew(root: Path) -> int:
    """Sign new certificates for every server that lies in ``root``; return how many days they are valid.

    Raises:
        NotFoundError: There is no hub.
        RequestError: Settings or authority are not usable, or the authority's key is not here.
    """
    files, now = HubFiles(root), SystemClock().now()
    homes = servers_in(root)
    authority = _opened(files.authority)
    days = []
    for home in homes:
        settings = read_hub_settings(home)
        issued = authority.server(settings.names, now=now)
        save(issued, HubFiles(home).tls.certificate, HubFiles(home).tls.key)
        if settings.cluster is not None:
            _write_routes(home, _opened(files.routes_authority), settings.names[0])
        days.append(expires_in_days(issued.certificate_pem, now=now))
    return min(days)


def _check_free(root: Path) -> None:
    if (root / HUB_FILE).exists() or (root / "ca").exists():
        raise RequestError(Fault("hub.exists", "dir", f"{root} holds a hub already and is not overwritten"))


def _settings(names: Sequence[str], host: str, ports: Ports) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return _SETTINGS.format(
        names=listed, host=host, port=ports.client, leaf_port=ports.leaf, monitor_port=ports.monitor
    )


def _write_server(home: Path, authority: Authority, seed: str, names: Sequence[str], text: str) -> None:
    """Write what one server needs; its settings last, for they say that it is there."""
    kept, files = CountyFiles(home), HubFiles(home)
    kept.write(files.registrar_seed.name, seed.encode(), private=True)
    (home / "tls").mkdir(mode=0o700, parents=True, exist_ok=True)
    save(authority.server(names, now=SystemClock().now()), files.tls.certificate, files.tls.key)
    kept.write(HUB_FILE, text.encode())


def _write_routes(home: Path, routes: Authority, host: str) -> None:
    files = HubFiles(home).routes_tls
    save(routes.server([host], now=SystemClock().now()), files.certificate, files.key)


def _new_authority(paths: tuple[Path, Path], name: str) -> Authority:
    authority, issued = Authority.create(name, now=SystemClock().now())
    paths[0].parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    save(issued, *paths)
    return authority


def _opened(paths: tuple[Path, Path]) -> Authority:
    certificate, key = paths
    if certificate.exists() and not key.exists():
        mend = f"{key} is not here: do this in the folder where `sihu hub init` made the servers, carry the result over"
        raise RequestError(Fault("hub.no_authority", "dir", mend))
    return Authority(read_bytes(certificate, what=certificate.name), read_bytes(key, what=key.name))
