"""Text to sound for the telephone: a command that speaks, or recordings made before.

The sound is 16-bit, 8,000 samples a second, one channel. A command gets the text on its standard input and hands a WAV
back on its standard output; it is given so many seconds and bytes, and is killed beyond. Recordings stand in where
there is no such command, or it fails.
"""

import asyncio
import io
import os
import signal
import sys
import wave
from array import array
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field

from schemas.errors import UnavailableError

RATE: Final = 8000
TEXT_MAX_CHARACTERS: Final = 600
SPEECH_MAX_SECONDS: Final = 180
WAV_MAX_BYTES: Final = 32 * 1024 * 1024
DEFAULT_COMMAND: Final = ("espeak-ng", "-v", "cmn", "-s", "150", "--stdin", "--stdout")
_STREAMED: Final = (0, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFF000, 0xFFFFF000)
_SIXTEEN_BITS: Final = 2
_DATA_AHEAD: Final = 8
_END_SECONDS: Final = 5.0


class SpeechError(UnavailableError):
    """Nothing can be said: no command and no recording."""

    code: ClassVar[str] = "voice.speechless"


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """How text becomes sound.

    Attributes:
        command: Program and arguments, no shell; empty for recordings alone.
        recordings: WAV files by the name of the dispatch's template; ``""`` is the one for everything else.
        timeout_seconds: For one text.
    """

    command: Annotated[tuple[str, ...], Field(max_length=32)] = DEFAULT_COMMAND
    recordings: Mapping[str, Path] = field(default_factory=dict)
    timeout_seconds: Annotated[float, Field(ge=1, le=60)] = 8.0


class Speaker:
    """Makes sound out of text."""

    def __init__(self, settings: SpeechSettings) -> None:
        """Prepare; run nothing."""
        self._settings = settings

    async def say(self, text: str, recording: str = "") -> bytes:
        """Return samples.

        Args:
            text: What to say; beyond 600 characters nobody listens, so it is cut.
            recording: Which recording may stand in.

        Raises:
            SpeechError: Neither command nor recording gave a sound.
        """
        problem = "no command is configured"
        if self._settings.command:
            try:
                return await self._spoken(text[:TEXT_MAX_CHARACTERS])
            except SpeechError as exc:
                problem = str(exc)
        path = self._settings.recordings.get(recording) or self._settings.recordings.get("")
        if path is None:
            raise SpeechError(f"{problem}, and there is no recording")
        return await asyncio.to_thread(_recorded, path)

    async def _spoken(self, text: str) -> bytes:
        command = self._settings.command
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # so that its own children, who hold its output open, end with it
            )
        except OSError as exc:
            raise SpeechError(f"{command[0]}: {exc.strerror}") from None
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                wav = await _talked(process, text)
                code = await process.wait()
        except TimeoutError:
            raise SpeechError(f"{command[0]} took longer than {self._settings.timeout_seconds:g} s") from None
        finally:
            if process.returncode is None:
                await _ended(process)
        if code:
            raise SpeechError(f"{command[0]} ended with {code}")
        return await asyncio.to_thread(samples_of, wav)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kill a command with its children, and read what it had still said.

    asyncio's ``wait`` returns only once the pipe is at its end, which a full buffer that nobody reads never comes to.
    Whatever left the group and holds the pipe open is not waited for.
    """
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            while process.stdout is not None and await process.stdout.read(65_536):
                pass
            await process.wait()


async def _talked(process: asyncio.subprocess.Process, text: str) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise SpeechError("the command has no standard streams")
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(text.encode("utf-8", "replace"))
        await process.stdin.drain()
    process.stdin.close()
    read = bytearray()
    while chunk := await process.stdout.read(65_536):
        read += chunk
        if len(read) > WAV_MAX_BYTES:
            raise SpeechError(f"the command says more than {WAV_MAX_BYTES} bytes")
    return bytes(read)


def _recorded(path: Path) -> bytes:
    try:
        if path.stat().st_size > WAV_MAX_BYTES:
            raise SpeechError(f"{path.name} is larger than {WAV_MAX_BYTES} bytes")
        return samples_of(path.read_bytes())
    except OSError as exc:
        raise SpeechError(f"{path.name}: {exc.strerror}") from None


def samples_of(wav: bytes) -> bytes:
    """Return a WAV's samples as little-endian 16 bits, 8,000 a second, one channel.

    Raises:
        SpeechError: It is no WAV of 16 bits, or empty.
    """
    try:
        with wave.open(io.BytesIO(_closed(wav))) as read:
            width, channels, rate = read.getsampwidth(), read.getnchannels(), read.getframerate()
            frames = read.readframes(SPEECH_MAX_SECONDS * rate)
    except (wave.Error, EOFError, ValueError, ArithmeticError, RuntimeError) as exc:  # what ``wave`` makes of lies
        raise SpeechError(f"no WAV: {exc}") from None
    if width != _SIXTEEN_BITS or channels < 1 or not RATE <= rate <= RATE * 12:
        raise SpeechError(f"a WAV of 16 bits and at least {RATE} Hz is needed, not {8 * width} bits and {rate} Hz")
    samples = array("h", frames[: len(frames) // (2 * channels) * 2 * channels])[::channels]
    if not samples:
        raise SpeechError("the WAV is empty")
    if sys.byteorder == "big":
        samples.byteswap()
    slow = samples if rate == RATE else _slowed(samples, rate)
    if sys.byteorder == "big":
        slow.byteswap()
    return slow.tobytes()


def _closed(wav: bytes) -> bytes:
    """Write the true lengths into the head of a WAV that was streamed: its writer did not know them."""
    at = wav.find(b"data", 12)
    if at < 0 or int.from_bytes(wav[at + 4 : at + 8], "little") not in _STREAMED:
        return wav
    length = len(wav) - at - _DATA_AHEAD
    whole = (len(wav) - _DATA_AHEAD).to_bytes(4, "little")
    return wav[:4] + whole + wav[8 : at + 4] + length.to_bytes(4, "little") + wav[at + _DATA_AHEAD :]


def _slowed(samples: "array[int]", rate: int) -> "array[int]":
    """Bring samples down to 8,000 a second: each is the mean of those it stands for, which keeps hissing out."""
    step = rate / RATE
    count = int(len(samples) / step)
    edges = [int(number * step) for number in range(count + 1)]
    return array("h", (sum(samples[edges[at] : edges[at + 1]]) // (edges[at + 1] - edges[at]) for at in range(count)))
