"""``sihu node`` from the start of its process until ``readyz`` says 200: as an operator starts it."""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from tests.bench.county_folder import PASSPHRASE
from tests.bench.nodes import Nodes
from tests.bench.processes import ROOT, ActorError
from tests.bench.samples import Sample

_PATIENCE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.005


@dataclass(slots=True)
class ColdStart:
    """Two links: the neighbour of one has nothing, that of the other is filled by the first run."""

    empty: Nodes
    full: Nodes
    filled: bool = False

    async def run(self, count: int) -> Sample:
        """Start the empty and the full neighbour once each."""
        faults = (await self._fill(count)).faults if not self.filled else Sample(1, 1.0).faults
        self.filled = True
        seconds = await start_once(self.empty.database(1).parent)
        full = await start_once(self.full.database(1).parent)
        return Sample(1, seconds, faults=faults, values={"full_seconds": full})

    async def _fill(self, count: int) -> Sample:
        sample = await self.full.link(count)
        await self.full.recipients[0].stop()
        await self.empty.recipients[0].stop()
        return sample


async def start_once(folder: Path) -> float:
    """Start the node of a directory, wait until it is ready, end it; return the seconds it took."""
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "node", "--dir", str(folder), "--until-stdin-closes", "--json"),
        cwd=ROOT,
        env={**os.environ, "SIHU_PASSPHRASE": PASSPHRASE},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await _ready(process)
        return time.monotonic() - started
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> None:
    line = await process.stdout.readline() if process.stdout else b""
    if not line:
        raise ActorError("sihu node ended before it was ready")
    url = f"http://127.0.0.1:{json.loads(line)['port']}/readyz"
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(url) as reply:
                if reply.status == 200:
                    return
            await asyncio.sleep(_LOOK_SECONDS)
