"""Sound and keys in packets: what is sent every 20 ms, and which keys were pressed. Values in, values out.

Source: RFC 3550 (RTP), RFC 3551, RFC 4733 (a key is one event: many packets with one timestamp, the last three with
the end bit).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

FRAME_BYTES: Final = 160
"""20 ms at 8,000 samples a second, one byte each."""
FRAME_SECONDS: Final = 0.02
EVENT_KEYS: Final = "0123456789*#ABCD"
_HEADER: Final = struct.Struct("!BBHII")
_VERSION: Final = 2
_REMEMBERED: Final = 32


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet as it came; ``payload`` without padding."""

    kind: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes


def packets(kind: int, sound: bytes, *, source: int, sequence: int, timestamp: int, first: bool) -> Iterator[bytes]:
    """Cut encoded sound into packets.

    Args:
        kind: Payload type.
        sound: One byte a sample; what is left at the end is filled up by its last byte.
        source: Our synchronization source, 32 bits.
        sequence: Number of the first packet, 16 bits.
        timestamp: Of the first packet, 32 bits.
        first: The first one gets the marker: sound begins after silence.
    """
    for number, start in enumerate(range(0, len(sound), FRAME_BYTES)):
        frame = sound[start : start + FRAME_BYTES]
        marked = 0x80 if first and number == 0 else 0
        head = _HEADER.pack(
            _VERSION << 6,
            marked | kind,
            (sequence + number) & 0xFFFF,
            (timestamp + start) & 0xFFFFFFFF,
            source,
        )
        yield head + frame.ljust(FRAME_BYTES, frame[-1:])


def packet(datagram: bytes) -> Packet | None:
    """Read one datagram; None if it is no RTP."""
    if len(datagram) < _HEADER.size:
        return None
    flags, kind, sequence, timestamp, source = _HEADER.unpack_from(datagram)
    start = _HEADER.size + 4 * (flags & 0x0F)
    if flags & 0x10:  # a header extension: its length in words stands in its second half
        if len(datagram) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4])
    end = len(datagram) - (datagram[-1] if flags & 0x20 else 0)
    if flags >> 6 != _VERSION or not start <= end <= len(datagram):
        return None
    return Packet(kind & 0x7F, sequence, timestamp, source, datagram[start:end])


class KeyListener:
    """Turns the packets of ``telephone-event`` into keys, each one once.

    A key counts with its first packet, whichever that is: its end may be lost. Packets of one key that come again or
    late have a timestamp that was seen.
    """

    def __init__(self, kind: int) -> None:
        """Listen to one payload type."""
        self._kind = kind
        self._seen: dict[tuple[int, int], None] = {}

    def hear(self, datagram: bytes) -> str:
        """Return the key that begins with this datagram; empty if none does."""
        got = packet(datagram)
        if got is None or got.kind != self._kind or len(got.payload) < 4:  # noqa: PLR2004 - RFC 4733, section 2.3
            return ""
        event = (got.source, got.timestamp)
        if event in self._seen or got.payload[0] >= len(EVENT_KEYS):
            return ""
        self._seen[event] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return EVENT_KEYS[got.payload[0]]


class Keypad:
    """Collects keys into entries: ``#`` closes one, ``*`` begins anew, a long pause closes what is there."""

    def __init__(self, *, pause_seconds: float, most: int) -> None:
        """Wait for the first key.

        Args:
            pause_seconds: After that long without a key an entry is whole.
            most: So many digits close an entry.
        """
        self._pause, self._most = pause_seconds, most
        self._digits, self._last = "", 0.0

    @property
    def busy(self) -> bool:
        """Somebody is in the middle of an entry."""
        return bool(self._digits)

    def press(self, key: str, now: float) -> str:
        """Take a key; return the entry that it closes, empty if none."""
        self._last = now
        if key == "*":
            self._digits = ""
        elif key == "#":
            return self._close()
        elif key.isdigit():
            self._digits += key
        return self._close() if len(self._digits) >= self._most else ""

    def tick(self, now: float) -> str:
        """Return the entry that a pause has closed, empty if none."""
        return self._close() if self._digits and now - self._last >= self._pause else ""

    def _close(self) -> str:
        entry, self._digits = self._digits, ""
        return entry
