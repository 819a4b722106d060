"""A nats-server with nothing around it: what the floor stands on. Loopback, free port, ended by its pid."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.bench.processes import ActorError, until

BINARY: Final = Path(sys.prefix) / "bin" / "nats-server"
_BARE: Final = """\
server_name: "floor"
max_payload: 1MB
jetstream {{
  store_dir: {store}
  max_file_store: 20GB
  sync_interval: "{sync}"
}}
"""
_START_SECONDS: Final = 10.0
LAZY: Final = "2m"
"""nats-server's default: a power cut takes what was confirmed in the last two minutes."""


class BareServer:
    """One server process; a second ``start`` after a kill takes the same port and store."""

    def __init__(self, folder: Path, config: str) -> None:
        """Write the configuration into ``folder``; start nothing."""
        self._folder, self._port = folder, -1
        self._process: asyncio.subprocess.Process | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.conf").write_text(config, encoding="utf-8")

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid if self._process else -1

    async def start(self) -> None:
        """Start and wait until it listens."""
        for old in self._folder.glob("*.ports"):
            old.unlink()
        with (self._folder / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(BINARY),
                *("-c", str(self._folder / "server.conf"), "-a", "127.0.0.1", "-p", str(self._port)),
                *("--ports_file_dir", str(self._folder)),
                stdout=log,
                stderr=log,
            )
        if not await until(lambda: self._listening() is not None, _START_SECONDS):
            raise ActorError(f"nats-server does not listen: see {self._folder}/server.log")
        self._port = self._listening() or -1

    def _listening(self) -> int | None:
        """Return the port that the server wrote down, or None if it has not finished writing."""
        for path in self._folder.glob("*.ports"):
            with contextlib.suppress(ValueError):
                return int(json.loads(path.read_text(encoding="utf-8"))["nats"][0].rpartition(":")[2])
        return None

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """End it in good order."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def bare_server(folder: Path, sync: str = "always") -> AsyncIterator[BareServer]:
    """Run a server until the block ends."""
    server = BareServer(folder, _BARE.format(store=json.dumps(str(folder / "store")), sync=sync))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
