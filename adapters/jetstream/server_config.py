"""The text of nats-server's configuration, for a hub and for a county's leaf.

Rendered from values only, so that the samples in ``deploy/nats`` and the servers of the tests are this text.
What a county may do stands in ``adapters.jetstream.api``; its account imports just that, and nothing else reaches the
streams. Why: docs/decisions/0006-carry-events-over-jetstream.md
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.jetstream.accounts import Member, member_account, owner_account, user_of
from adapters.jetstream.config_text import indented, quoted
from adapters.jetstream.credentials import TlsFiles
from schemas.errors import InvariantError
from schemas.ids import CountyCode, is_county

SEED_FILE: Final = "leaf-nkey.conf"
SEED_VARIABLE: Final = "SIHU_LEAF_NKEY"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a server listens; -1 lets the system choose."""

    client: int = -1
    monitor: int = -1
    leaf: int = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Where one server keeps what is its own.

    Attributes:
        store: Directory of the streams.
        tls: Its own certificate, and the authority that must have signed everybody's.
        host: Address on which others reach it.
        log: Log file, turned over at ``log_bytes``; None writes to standard error (for systemd's journal).
        log_bytes: Size of one of at most four log files.
        store_bytes: Most that the streams may take on disk.
    """

    store: Path
    tls: TlsFiles | None
    host: str = "127.0.0.1"
    log: Path | None = None
    log_bytes: int = 16 * 1024 * 1024
    store_bytes: int = 50 * 1024**3


@dataclass(frozen=True, slots=True)
class Cluster:
    """What makes a server one of several that are one hub.

    Attributes:
        port: Where the others reach it, on the address of its ``Place``.
        routes: ``host:port`` of the others.
        tls: Certificates of an authority that signs the hub's servers and nothing else: whoever is let in here speaks
            for every account, and a county's certificate must not do.
    """

    port: int
    routes: tuple[str, ...]
    tls: TlsFiles


@dataclass(frozen=True, slots=True)
class HubConfig:
    """A hub's server: the account that owns the streams, and one account for each member."""

    place: Place
    registrar_nkey: str
    members: tuple[Member, ...] = field(default=())
    name: str = "hub"
    cluster: Cluster | None = None


@dataclass(frozen=True, slots=True)
class LeafConfig:
    """A county's own server: its systems connect to it, it connects to the hub as the county.

    Attributes:
        county: The county.
        users: Public nkeys that may connect here, with what the county may do; the node's own is one of them.
        hub_urls: ``tls://host:port`` of the hub's leaf listeners.
        hub_tls: The county's client certificate, the same that a direct connection shows.
    """

    place: Place
    county: CountyCode
    users: tuple[str, ...]
    hub_urls: tuple[str, ...]
    hub_tls: TlsFiles | None


def render_hub(config: HubConfig, ports: Ports) -> str:
    """Return the hub's configuration."""
    accounts = [owner_account(config.registrar_nkey), *map(member_account, _checked(config.members))]
    return "\n".join(
        [
            *_server(config.name, config.place, ports),
            *_jetstream("HUB", config.place),
            "accounts {",
            *indented(line for account in accounts for line in account),
            "  SYS { }  # nobody logs in here",
            "}",
            "system_account: SYS",
            *_cluster(config.cluster, config.place.host),
            "leafnodes {",
            f"  listen: {quoted(f'{config.place.host}:{ports.leaf}')}",
            "  isolate_leafnode_interest: true  # no county sees what another one listens to",
            "  no_advertise: true",
            "  compression: s2_auto",
            *indented(_tls(config.place.tls, verify=True)),
            "}",
            "",
        ]
    )


def render_leaf(config: LeafConfig, ports: Ports) -> str:
    """Return the leaf's configuration; ``render_leaf_seed`` must stand beside it in ``leaf-nkey.conf``."""
    users = [line for nkey in config.users for line in user_of(nkey, config.county, "STANDARD")]
    urls = ", ".join(map(quoted, config.hub_urls))
    return "\n".join(
        [
            f"# {SEED_FILE} holds {SEED_VARIABLE}, the county's secret; only this server may read it",
            f"include '{SEED_FILE}'",
            *_server(f"c{config.county}", config.place, ports),
            *_jetstream(f"c{config.county}", config.place),
            "accounts {",
            "  COUNTY {",
            "    jetstream: enabled",
            "    users: [",
            *indented(users, 6),
            "    ]",
            "  }",
            "  SYS { }  # nobody logs in here",
            "}",
            "system_account: SYS",
            "leafnodes {",
            '  reconnect: "1s"',
            "  remotes: [",
            "    {",
            f"      urls: [{urls}]",
            "      account: COUNTY",
            f"      nkey: ${SEED_VARIABLE}",
            "      request_isolation: true",
            "      compression: s2_auto",
            *indented(_tls(config.hub_tls, verify=False), 6),
            "    }",
            "  ]",
            "}",
            "",
        ]
    )


def render_leaf_seed(seed: str) -> str:
    """Return the one line that must stay secret: the nkey seed with which the leaf is let in at the hub."""
    return f"{SEED_VARIABLE}: {quoted(seed)}\n"


def _checked(members: Iterable[Member]) -> list[Member]:
    found = sorted(members, key=lambda member: member.county)
    codes = [member.county for member in found]
    if len(set(codes)) < len(codes) or not all(map(is_county, codes)):
        raise InvariantError("a hub's members are counties, each once")
    return found


def _server(name: str, place: Place, ports: Ports) -> list[str]:
    log = [] if place.log is None else [f"log_file: {quoted(str(place.log))}"]
    return [
        f"server_name: {quoted(name)}",
        f"listen: {quoted(f'{place.host}:{ports.client}')}",
        f"http: {quoted(f'127.0.0.1:{ports.monitor}')}  # healthz, varz, jsz: loopback only",
        *log,
        *([f"log_size_limit: {place.log_bytes}", "log_max_num: 4"] if log else []),
        "max_payload: 1MB",
        "max_pending: 64MB",
        'write_deadline: "10s"',
        'ping_interval: "10s"',
        "ping_max: 3",
        *_tls(place.tls, verify=True),
    ]


def _cluster(cluster: Cluster | None, host: str) -> list[str]:
    if cluster is None:
        return []
    return [
        "cluster {",
        '  name: "HUB"',
        f"  listen: {quoted(f'{host}:{cluster.port}')}",
        f"  routes: [{', '.join(quoted(f'nats-route://{route}') for route in cluster.routes)}]",
        '  ping_interval: "2s"  # requests go to a server that hangs until its routes are given up',
        "  ping_max: 2",
        "  no_advertise: true  # counties go where they were told to, under names that certificates hold",
        *indented(_tls(cluster.tls, verify=True)),
        "}",
    ]


def _jetstream(domain: str, place: Place) -> list[str]:
    return [
        "jetstream {",
        f"  store_dir: {quoted(str(place.store))}",
        f"  domain: {quoted(domain)}",
        "  sync_interval: always  # the default loses what was confirmed in the last two minutes when the power goes",
        "  strict: true",
        "  max_memory_store: 64MB",
        f"  max_file_store: {place.store_bytes}",
        "  limits {",
        "    max_request_batch: 2000",
        '    duplicate_window: "2m"',
        "    # a county has two batches open at most; who holds many open slows the others down, but shuts nobody out",
        '    batch { max_msgs: 1000, max_inflight_per_stream: 256, max_inflight_total: 2048, timeout: "10s" }',
        "  }",
        "}",
        "feature_flags { js_ack_fc_v2: false }  # acknowledge subjects stay in the form that every client reads",
    ]


def _tls(files: TlsFiles | None, *, verify: bool) -> list[str]:
    if files is None:
        return []
    return [
        "tls {",
        f"  ca_file: {quoted(str(files.ca))}",
        f"  cert_file: {quoted(str(files.certificate))}",
        f"  key_file: {quoted(str(files.key))}",
        *(["  verify: true  # the other side shows a certificate of the same authority"] if verify else []),
        "  timeout: 5",
        "}",
    ]
