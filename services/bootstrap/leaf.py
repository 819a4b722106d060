"""Open a county's leaf: its own nats-server, which connects to the hub as the county."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.jetstream.credentials import TlsFiles, nkey_public_of
from adapters.jetstream.embedded import EmbeddedServer
from adapters.jetstream.server_config import SEED_FILE, LeafConfig, Place, Ports, render_leaf, render_leaf_seed
from adapters.keys.county_files import CountyFiles
from adapters.keys.transport import nkey_seed, open_key_pem
from schemas.errors import Fault, RequestError
from schemas.ids import CountyCode
from services.settings import Settings


@contextmanager
def _opened_secrets(settings: Settings, seed: str, tls_key_pem: bytes, server: Path) -> Iterator[TlsFiles]:
    """Lay open what nats-server cannot read encrypted: in memory where that can be had, and only while it runs."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own below it, for our eyes only
    with tempfile.TemporaryDirectory(prefix="sihu-leaf-", dir=memory if memory.is_dir() else None) as folder:
        key = Path(folder) / "tls.key"
        for path, data in ((key, tls_key_pem), (Path(folder) / SEED_FILE, render_leaf_seed(seed).encode())):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
        link = server / SEED_FILE
        link.unlink(missing_ok=True)
        link.symlink_to(Path(folder) / SEED_FILE)
        try:
            yield TlsFiles(settings.at(settings.hub.ca_file), settings.at(settings.hub.certificate_file), key)
        finally:
            link.unlink(missing_ok=True)


async def run_leaf(settings: Settings, passphrase: str, stop: asyncio.Event, on_ready: Callable[[Ports], None]) -> None:
    """Run the leaf until ``stop`` is set.

    Raises:
        RequestError: No leaf is set, or a key cannot be opened.
        UnavailableError: The server did not get ready.
    """
    if not settings.leaf.hub_urls:
        mend = 'name the hub\'s leaf listeners, e.g. hub_urls = ["tls://hub.example:7422"]'
        raise RequestError(Fault("settings.no_leaf", "leaf.hub_urls", mend))
    files = CountyFiles(settings.directory)
    seed = nkey_seed(files.open_key(settings.hub.nkey_file.as_posix(), passphrase))
    tls_key = open_key_pem(files.open_key(settings.hub.key_file.as_posix(), passphrase))
    root = settings.at(settings.leaf.directory).resolve()
    server = root / "server"
    server.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened_secrets(settings, seed, tls_key, server) as tls:
        config = LeafConfig(
            place=Place(root / "jetstream", None, log=root / "nats-server.log"),
            county=CountyCode(settings.county),
            users=(nkey_public_of(seed),),
            hub_urls=settings.leaf.hub_urls,
            hub_tls=tls,
        )
        ports = Ports(settings.leaf.port, settings.leaf.monitor_port)
        async with EmbeddedServer(server, lambda found: render_leaf(config, found), ports=ports).running() as leaf:
            on_ready(leaf.ports)
            await stop.wait()
