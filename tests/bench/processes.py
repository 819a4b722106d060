"""Processes of the benchmark: children that take orders line by line, and what /proc tells about any process.

Sender and receivers are processes of their own, so that neither side shares an interpreter with the other or
with the harness. A child ends when its standard input does: a harness that dies leaves nothing behind.
"""

import asyncio
import json
import os
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.bench.samples import MEGABYTE

ROOT: Final = Path(__file__).resolve().parents[2]
LINE_LIMIT: Final = 64 * MEGABYTE
_GRACE_SECONDS: Final = 20.0
_ANSWER_SECONDS: Final = 1200.0
"""More than any order takes; a child that says nothing for longer waits for something that never comes."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")

Handler = Callable[..., Awaitable[Mapping[str, Any]]]


class ActorError(Exception):
    """A child failed; the text is its traceback."""


class Actor:
    """The harness's handle on one child."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        """Take a started child whose standard error goes to ``log``."""
        self._process, self.log = process, log

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  JSON in, JSON out
        """Give one order and wait for its answer.

        Raises:
            ActorError: The child failed, has gone, or hangs.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise ActorError("the child has no pipes")
        self._process.stdin.write(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), _ANSWER_SECONDS)
        except TimeoutError:
            raise ActorError(f"{verb}: no answer within {_ANSWER_SECONDS:g} s; the child hangs") from None
        if not line:
            raise ActorError(f"the child ended: {self.log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ActorError(f"{verb}: {answer['error']}")
        return answer

    async def stop(self) -> None:
        """End it in good order; kill it if it does not."""
        if self._process.stdin is not None and self._process.returncode is None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _GRACE_SECONDS)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


async def spawn(module: str, log: Path, *arguments: str) -> Actor:
    """Start ``python -m module`` as a child that takes orders."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-X", "utf8", "-m", module, *arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=LINE_LIMIT,
        )
    return Actor(process, log)


@asynccontextmanager
async def actor(module: str, log: Path, **opening: Any) -> AsyncIterator[Actor]:  # noqa: ANN401
    """Start a child, send it ``open`` with ``opening``, and end it when the block does."""
    child = await spawn(module, log)
    try:
        await child.ask("open", **opening)
        yield child
    finally:
        await child.stop()


async def serve(handlers: Mapping[str, Handler]) -> None:
    """Be a child: answer orders, one line each, until standard input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever prints must not break a line of ours
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        try:
            answer: Mapping[str, Any] = await handlers[order.pop("verb")](**order)
        except Exception:  # noqa: BLE001  said to the harness, which stops the run
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


async def until(holds: Callable[[], bool], timeout_seconds: float, every_seconds: float = 0.005) -> bool:
    """Look again and again until something outside this process is so; False if time ran out first."""
    limit = time.monotonic() + timeout_seconds
    while not holds():
        if time.monotonic() > limit:
            return False
        await asyncio.sleep(every_seconds)
    return True


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return user and system time spent so far by these processes, all threads, in seconds (steps of 10 ms)."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def pss_mib(pid: int) -> float:
    """Return the proportional set size of a process in MiB: what it costs, shared pages divided by their sharers."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return float("nan")
