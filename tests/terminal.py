"""Run a command in a terminal of its own, as an officer sees it: what it draws, what is typed, Ctrl-C."""

import asyncio
import os
import pty
import signal
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

_PATIENCE_SECONDS: Final = 20.0


class Screen:
    """A command in a terminal of its own, 100 columns wide."""

    def __init__(self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, keyboard: int) -> None:
        """Take the running command and both directions of the terminal's other end."""
        self._process, self._reader, self._keyboard = process, reader, keyboard
        self.shown = ""
        """Everything that was printed so far."""

    @classmethod
    @asynccontextmanager
    async def of(cls, *words: str) -> AsyncIterator["Screen"]:
        """Run a command in a terminal as long as the block lasts."""
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (30, 100))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *words),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
        )
        os.close(theirs)
        reader = asyncio.StreamReader()
        pipe = os.fdopen(ours, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            yield cls(process, reader, ours)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            transport.close()

    async def until(self, *parts: str) -> None:
        """Wait until everything stands in what is printed from now on."""
        start = len(self.shown)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not all(part in self.shown[start:] for part in parts):
                    await self._read()
        except TimeoutError:
            pytest.fail(f"not on the screen: {parts}\n{self.shown[start:][-2000:]}")

    def press(self, text: str) -> None:
        """Type a line."""
        os.write(self._keyboard, f"{text}\n".encode())

    async def interrupted(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self._process.send_signal(signal.SIGINT)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the end and return the exit code."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await self._process.wait()

    async def _read(self) -> None:
        self.shown += (await self._reader.read(4096)).decode("utf-8", "replace")
