"""An SMSC that others wrote, for tests: the npm package ``smpp`` in a process of its own.

``npm ci --prefix tests/interop`` brings it; a test without it is skipped, which CI counts as a failure::

    async with npm_smsc() as smsc:
        smsc.port                                                   # on 127.0.0.1
        await smsc.event("bound")                                   # waits until a client is bound
        await smsc.tell("deliver", text="37 收到", fields={"source_addr": ..., "destination_addr": ...}, token=1)
        await smsc.event("answered", token=1)                       # with the status that the client answered
        await smsc.tell("faults", statuses=[0x58], deaf=0, receipts="text")

Commands of ``tell``: ``faults`` (statuses of the next submits; how many submits to swallow; receipts none, text or tlv;
early: the receipt goes before the response; mute: no answer to enquire_link; quiet: a submit is noted and not said),
``receipt``, ``deliver``, ``flood``, ``count``, ``taken`` (what was noted, which is forgotten then), ``enquire``,
``unbind``, ``drop``, ``raw``. Events: listening, bound, refused, submitted, swallowed, answered, flooded, counted,
taken, enquired, alive, nacked, unbound, ``unbind answered``, closed, error.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

PROGRAM: Final = Path(__file__).parent / "interop" / "smsc.mjs"
SYSTEM_ID: Final = "sihu"
PASSWORD: Final = "kept-out"  # noqa: S105 - of a peer that lives for one test
_END_SECONDS: Final = 5.0
_LINE_BYTES: Final = 16 * 1024 * 1024

Event = dict[str, Any]


class Smsc:
    """A running SMSC: what it is told, what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take its process."""
        self._process = process
        self._changed = asyncio.Condition()
        self.port = 0
        self.events: list[Event] = []
        """Everything it said that no ``event`` has taken yet."""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def tell(self, what: str, **told: Any) -> None:  # noqa: ANN401 - JSON values
        """Have it do something; returns once it has."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **told}).encode() + b"\n")
        await self.event("done", what=what)

    async def event(self, name: str, timeout_seconds: float = 20.0, **facts: Any) -> Event:  # noqa: ANN401
        """Wait for the first event of a name and with these facts that was not taken yet; take it."""

        def found() -> Event | None:
            return next((one for one in self.events if one["event"] == name and facts.items() <= one.items()), None)

        async with asyncio.timeout(timeout_seconds), self._changed:
            while (event := found()) is None:
                await self._changed.wait()
            self.events.remove(event)
            return event

    async def listen(self) -> None:
        """Take in what it says until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._changed:
                self.events.append(json.loads(line))
                self._changed.notify_all()


def node_with_smpp() -> str:
    """Return the Node program that finds the package; a test without them is skipped, which CI counts as a failure."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no `node` on this machine: install Debian's nodejs")
    if not (PROGRAM.parent / "node_modules" / "smpp").is_dir():
        pytest.skip("no npm package `smpp`: npm ci --prefix tests/interop")
    return node


@asynccontextmanager
async def npm_smsc(system_id: str = SYSTEM_ID, password: str = PASSWORD) -> AsyncIterator[Smsc]:
    """Run the SMSC for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        node_with_smpp(),
        str(PROGRAM),
        system_id,
        password,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
    )
    smsc = Smsc(process)
    listening = asyncio.create_task(smsc.listen())
    try:
        smsc.port = (await smsc.event("listening"))["port"]
        yield smsc
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        await listening
