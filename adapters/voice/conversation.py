"""What is said once somebody has picked up, and which keys come back: the sound of one call.

The text is played a few times, with silence between in which an entry is waited for. A key stops the voice. An entry is
handed on as it is; whether it is a PIN, and whose, is not judged here.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from adapters.voice.g711 import SILENCE_ALAW, SILENCE_ULAW, to_alaw, to_ulaw
from adapters.voice.rtp import FRAME_BYTES, FRAME_SECONDS, KeyListener, Keypad, packets
from adapters.voice.sdp import PCMA, Sound

ENTRIES_MAX: Final = 3
DIGITS_MAX: Final = 16
_BEHIND_SECONDS: Final = 0.2
"""A loop that stood still for longer does not send what it missed in one burst."""


class Clock(Protocol):
    """What it needs to know of time."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is said, as samples of 16 bits, 8,000 a second.

    Attributes:
        text: The page.
        closing: After an entry.
        plays: How often the page is said, at most.
        answer_seconds: How long a key is waited for behind it.
        pause_seconds: Without a further key an entry is whole.
    """

    text: bytes
    closing: bytes
    plays: int = 3
    answer_seconds: float = 8.0
    pause_seconds: float = 4.0


class SoundPath(asyncio.DatagramProtocol):
    """One call's socket for sound: sends it, and turns what comes into keys."""

    def __init__(self, on_key: Callable[[str], None], *, source: int, sequence: int, timestamp: int) -> None:
        """Take random starting numbers, as RFC 3550 wants them."""
        self._on_key = on_key
        self._source, self._sequence, self._timestamp = source, sequence, timestamp
        self._transport: asyncio.DatagramTransport | None = None
        self._listener: KeyListener | None = None
        self._there: tuple[str, int] | None = None
        self._heard_from: object = None
        self._codec = PCMA
        self.sent = 0
        """Packets so far."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # no subclass of it before Python 3.12

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Hear one packet; the first sender is listened to until the call ends."""
        if self._listener is None or self._heard_from not in {None, addr[:2]}:
            return
        self._heard_from = addr[:2]
        if key := self._listener.hear(data):
            self._on_key(key)

    def error_received(self, _exc: Exception) -> None:
        """Go on: a far side that hears nothing will hang up."""

    @property
    def port(self) -> int:
        """Where we hear."""
        return int(self._transport.get_extra_info("sockname")[1]) if self._transport else 0

    def aim(self, sound: Sound) -> None:
        """Send there from now on, and listen to its keys."""
        self._there = (sound.host, sound.port)
        self._codec = sound.codec
        if sound.keys is not None:
            self._listener = KeyListener(sound.keys)

    def encoded(self, samples: bytes) -> bytes:
        """Encode samples as the far side wants them."""
        return to_alaw(samples) if self._codec == PCMA else to_ulaw(samples)

    def silence(self) -> bytes:
        """Return one packet's worth of silence."""
        return bytes([SILENCE_ALAW if self._codec == PCMA else SILENCE_ULAW]) * FRAME_BYTES

    def send(self, frame: bytes) -> None:
        """Send one packet's worth of encoded sound."""
        if self._transport is None or self._transport.is_closing() or self._there is None:
            return
        (made,) = packets(
            self._codec,
            frame,
            source=self._source,
            sequence=self._sequence,
            timestamp=self._timestamp,
            first=self.sent == 0,
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + FRAME_BYTES) & 0xFFFFFFFF
        self.sent += 1
        self._transport.sendto(made, self._there)

    def close(self) -> None:
        """Give the socket back."""
        if self._transport is not None:
            self._transport.close()


class Conversation:
    """Says the script and collects entries."""

    def __init__(self, script: Script, clock: Clock, on_entry: Callable[[str], Awaitable[None]]) -> None:
        """Prepare.

        Args:
            script: What to say.
            clock: Every 20 ms depend on it.
            on_entry: Gets each entry; the voice waits until it is kept.
        """
        self._script, self._clock, self._on_entry = script, clock, on_entry
        self._keypad = Keypad(pause_seconds=script.pause_seconds, most=DIGITS_MAX)
        self._waiting: deque[str] = deque(maxlen=ENTRIES_MAX)
        self._touched = False
        self._next_at = clock.monotonic()
        self.plays = 0
        """How often the page was said to its end."""
        self.entries = 0
        """How many were handed on."""

    def press(self, key: str) -> None:
        """Take a key, by whichever way it came."""
        self._touched = True
        if entry := self._keypad.press(key, self._clock.monotonic()):
            self._waiting.append(entry)

    async def hold(self, path: SoundPath) -> None:
        """Hold the conversation to its end; the caller hangs up then."""
        page = await asyncio.to_thread(path.encoded, self._script.text)
        closing = await asyncio.to_thread(path.encoded, self._script.closing)
        self._next_at = self._clock.monotonic()
        for _ in range(self._script.plays):
            self.plays += await self._say(path, page)
            if await self._listen(path):
                break
        while 0 < self.entries < ENTRIES_MAX:
            await self._say(path, closing)
            if not await self._listen(path):
                return

    async def _say(self, path: SoundPath, sound: bytes) -> bool:
        """Return whether it was said to its end: a key stops it."""
        self._touched = False
        for start in range(0, len(sound), FRAME_BYTES):
            if self._touched:
                return False
            await self._pace(path, sound[start : start + FRAME_BYTES])
        return True

    async def _listen(self, path: SoundPath) -> bool:
        """Wait for an entry, in silence; return whether one came and was handed on."""
        until = self._clock.monotonic() + self._script.answer_seconds
        while True:
            now = self._clock.monotonic()
            if entry := self._keypad.tick(now):
                self._waiting.append(entry)
            if self._waiting:
                await self._on_entry(self._waiting.popleft())
                self.entries += 1
                return True
            if now >= until and not self._keypad.busy:
                return False
            await self._pace(path, path.silence())

    async def _pace(self, path: SoundPath, frame: bytes) -> None:
        """Send a packet every 20 ms by the clock: what one sleep is late, the next one makes up for."""
        path.send(frame)
        self._next_at = max(self._next_at + FRAME_SECONDS, self._clock.monotonic() - _BEHIND_SECONDS)
        await self._clock.sleep(self._next_at - self._clock.monotonic())
