"""Start, kill and stop the processes of the play; none of them outlives this one."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any, Final

from schemas.errors import UnavailableError
from services.demo.ceremony import Stage

_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0


class Troupe:
    """Child processes by name. Each ends when its standard input closes, so also when we are killed."""

    def __init__(self, logs: Path) -> None:
        """Take the folder for their logs; start nothing."""
        self._logs = logs
        self._running: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str, *words: str) -> dict[str, Any]:
        """Start `sihu WORDS` and wait for the line that says it is ready.

        Raises:
            UnavailableError: It ended or was not ready in time; the log says why.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.cli", *words, "--until-stdin-closes", "--json"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for us; we tell them
            )
        self._running[name] = process
        if process.stdout is None:
            raise UnavailableError(f"{name} has no output")
        try:
            async with asyncio.timeout(_READY_SECONDS):
                line = await process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise UnavailableError(f"{name} did not get ready; see {log}")
        ready: dict[str, Any] = json.loads(line)
        return ready

    def pid(self, name: str) -> int:
        """Return the process id of one that runs."""
        return self._running[name].pid

    def check(self) -> None:
        """Make sure that everybody who was started and not ended by us still runs.

        Raises:
            UnavailableError: One ended by itself; the log says why.
        """
        for name, process in self._running.items():
            if process.returncode is not None:
                raise UnavailableError(f"{name} ended by itself ({process.returncode}); see {self._logs / name}.log")

    async def kill(self, name: str) -> None:
        """End one at once, as a power cut would (SIGKILL)."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def stop(self, name: str) -> None:
        """Let one end by itself; kill it only if it does not."""
        process = self._running.pop(name)
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def stop_all(self) -> None:
        """End everything: counties first, then their leafs, the hub last."""
        names = list(self._running)
        hubs, leafs = ([name for name in names if name.startswith(what)] for what in ("hub", "leaf"))
        counties = [name for name in names if name not in {*hubs, *leafs}]
        for together in (counties, leafs, hubs):
            await asyncio.gather(*(self.stop(name) for name in together))


async def start_hub(stage: Stage, troupe: Troupe) -> None:
    """Start the hub: its one server, or all three at once, since one of three waits for another."""
    await asyncio.gather(*(troupe.start(home.name, "hub", "run", "--dir", str(home)) for home in stage.servers))
