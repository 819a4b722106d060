"""A nats-server that lives and ends with this process: started, watched, started again when it dies, reloaded."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Self

from adapters.jetstream.beside import beside
from adapters.jetstream.child import Child, check_binary, find_binary
from adapters.jetstream.monitor import ask, check_durability
from adapters.jetstream.server_config import Ports
from schemas.errors import Fault, RequestError, UnavailableError

CONFIG_FILE: Final = "nats-server.conf"
_READY_SECONDS: Final = 60.0  # a large store is checked first
_BACKOFF_SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_STEADY_SECONDS: Final = 5.0
_PORT_ATTEMPTS: Final = 5
_RELOAD_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02

Render = Callable[[Ports], str]
"""Writes the configuration for given ports."""


class EmbeddedServer:
    """Supervises one server; ``running`` is its life."""

    def __init__(
        self,
        directory: Path,
        render: Render,
        *,
        ports: Ports | None = None,
        secrets: Mapping[str, str] | None = None,
        binary: Path | None = None,
        alone: bool = True,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare; start nothing.

        Args:
            directory: For the configuration and what the server says at its start; only its owner may read it.
            render: Returns the configuration's text.
            ports: Where to listen; -1, the default, is a free one, and restarts keep to it.
            secrets: Files that the configuration includes, by name.
            binary: The program; by default the one that was installed with us.
            alone: False for one of several servers: it gets ready without waiting for the others.
            prepare: Called before every start.
        """
        self._directory, self._render, self._binary, self._alone = directory, render, binary, alone
        self._prepare = prepare
        self._config, self._secrets = directory / CONFIG_FILE, dict(secrets or {})
        self._child: Child | None = None
        self._between: Callable[[], None] | None = None
        self._serving = asyncio.Event()
        self.ports = ports or Ports()
        self.version = ""
        self.restarts = 0
        """How often it had to be started again."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Start and wait until it serves; keep it alive until the block ends; stop it.

        Raises:
            RequestError: The program or the configuration is not usable; the text says which line.
            UnavailableError: It did not get ready.
        """
        binary = find_binary(self._binary)
        self.version = await check_binary(binary)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in self._secrets.items():
            _write(self._directory / name, text)
        await self._start_first(binary)
        try:
            async with beside(self._watch(binary), "nats-server-watch"):
                yield self
        finally:
            if self._child is not None:
                await self._child.stop()

    @property
    def pid(self) -> int:
        """The server's process id now; a restart changes it.

        Raises:
            UnavailableError: It is not running.
        """
        if self._child is None or not self._child.running:
            raise UnavailableError("nats-server is not running")
        return self._child.pid

    async def serving(self) -> None:
        """Wait until it is ready: at once, or when the restart under way is done."""
        await self._serving.wait()

    async def restart(self, between: Callable[[], None]) -> None:
        """Stop it, do something while it does not run, and let it be started again; returns when it serves.

        Args:
            between: Called once between the end and the start.

        Raises:
            UnavailableError: It is not running now.
        """
        if self._child is None or not self._child.running:
            raise UnavailableError("nats-server is not running")
        self._between = between
        self._serving.clear()
        await self._child.stop()
        await self.serving()

    async def reload(self, render: Render) -> None:
        """Put another configuration in force without closing connections that may stay.

        Raises:
            RequestError: The configuration is refused; the old one stays in force.
            UnavailableError: The server does not confirm it in time.
        """
        await self.serving()
        old, text = self._render, render(self.ports)
        trial = self._config.with_suffix(".trial")
        _write(trial, text)
        await _try(find_binary(self._binary), trial)
        self._render = render
        trial.replace(self._config)
        try:
            async with asyncio.timeout(_RELOAD_SECONDS):
                await self._reread()
                await self._reread()  # an account that is new gets its imports only when it is read once more (2.15.1)
        except TimeoutError:
            self._render = old
            _write(self._config, old(self.ports))
            raise UnavailableError("nats-server did not take the new configuration; see its log") from None

    async def _reread(self) -> None:
        before = await self._loaded_at()
        if self._child is not None:
            self._child.reload()
        while True:
            if await self._loaded_at() != before:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _loaded_at(self) -> object:
        return (await ask(self.ports.monitor, "/varz")).get("config_load_time")

    async def _start_first(self, binary: Path) -> None:
        """Start on free ports; somebody else may take one of them before the server does.

        The server could choose by itself, but a configuration that says so cannot be reloaded later.
        """
        wanted = self.ports
        for attempt in range(_PORT_ATTEMPTS):
            self.ports = _with_free(wanted)
            _write(self._config, self._render(self.ports))
            await _try(binary, self._config)
            try:
                await self._start(binary)
            except UnavailableError:
                if self.ports == wanted or attempt + 1 == _PORT_ATTEMPTS:
                    raise
            else:
                break

    async def _start(self, binary: Path) -> None:
        self._prepare()
        _write(self._config, self._render(self.ports))
        self._child = child = await Child.start(binary, self._config)
        try:
            await child.ready(self.ports.monitor, _READY_SECONDS, alone=self._alone)
            await check_durability(self.ports.monitor)
        except BaseException:
            child.kill()
            await child.ended()
            raise
        self._serving.set()

    def _do_between(self) -> None:
        between, self._between = self._between, None
        if between is not None:
            between()

    async def _watch(self, binary: Path) -> None:
        """Start it again whenever it ends, sooner after the first time than after the fifth in a row."""
        attempt = 0
        clock = asyncio.get_running_loop()
        while True:
            since = clock.time()
            if self._child is not None:
                await self._child.ended()
            self._serving.clear()
            self._do_between()
            attempt = 0 if clock.time() - since > _STEADY_SECONDS else attempt
            await asyncio.sleep(_BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS) - 1)])
            attempt += 1
            self.restarts += 1
            try:
                await self._start(binary)
            except UnavailableError:
                continue  # the port is taken for the moment, the disk is full: a person reads it in the server's log


def _with_free(ports: Ports) -> Ports:
    """Replace every -1 by a port that is free now."""
    with contextlib.ExitStack() as held:

        def chosen(port: int) -> int:
            if port != -1:
                return port
            taken = held.enter_context(socket.socket())
            taken.bind(("127.0.0.1", 0))
            return int(taken.getsockname()[1])

        return Ports(chosen(ports.client), chosen(ports.monitor), chosen(ports.leaf))


async def _try(binary: Path, config: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(binary), "-c", str(config), "-t"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=config.parent,
    )
    output = (await process.communicate())[0].decode(errors="replace").strip()
    if process.returncode != 0:
        raise RequestError(Fault("hub.bad_configuration", "", output))


def _write(path: Path, text: str) -> None:
    """Write a configuration: whole or not at all, for its owner's eyes."""
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(text, encoding="utf-8")
    new.replace(path)
