"""G.711: 16-bit sound to one byte a sample, by tables. Values in, values out.

Source: ITU-T G.711 (A-law, µ-law).
"""

import sys
from array import array
from functools import cache
from typing import Final

SILENCE_ALAW: Final = 0xD5
SILENCE_ULAW: Final = 0xFF
_ULAW_BIAS: Final = 33
_ULAW_CLIP: Final = 8158
_SEGMENTS: Final = 8


def to_alaw(pcm: bytes) -> bytes:
    """Encode little-endian 16-bit samples by A-law, as is usual outside America and Japan."""
    return _looked_up(pcm, _alaw_table())


def to_ulaw(pcm: bytes) -> bytes:
    """Encode little-endian 16-bit samples by µ-law."""
    return _looked_up(pcm, _ulaw_table())


def _looked_up(pcm: bytes, table: bytes) -> bytes:
    samples = array("H", pcm[: len(pcm) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return bytes(map(table.__getitem__, samples))


@cache
def _alaw_table() -> bytes:
    return bytes(_alaw(value - 65_536 if value > 32_767 else value) for value in range(65_536))  # noqa: PLR2004


@cache
def _ulaw_table() -> bytes:
    return bytes(_ulaw(value - 65_536 if value > 32_767 else value) for value in range(65_536))  # noqa: PLR2004


def _alaw(sample: int) -> int:
    """13 bits: sign, segment, four bits of the segment; every other bit turned over."""
    sign = 0x80 if sample >= 0 else 0
    size = (sample if sample >= 0 else -sample - 1) >> 4
    segment = max(0, size.bit_length() - 4) if size > 15 else 0  # noqa: PLR2004 - the lowest two segments are alike
    segment = min(segment, _SEGMENTS - 1)
    bits = (size >> max(segment - 1, 0)) & 0x0F
    return (sign | segment << 4 | bits) ^ 0x55


def _ulaw(sample: int) -> int:
    """14 bits with a bias of 33: sign, segment, four bits of the segment; all bits turned over."""
    sign, short = (0x80 if sample < 0 else 0), sample >> 2
    size = min(abs(short), _ULAW_CLIP) + _ULAW_BIAS
    segment = size.bit_length() - 6
    return ~(sign | segment << 4 | (size >> (segment + 1)) & 0x0F) & 0xFF
