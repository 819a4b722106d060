"""The header ``Range`` (RFC 9110, section 14) for files: one range of bytes, or the whole."""

import re
from typing import Final

from schemas.errors import Fault

_RANGE: Final = re.compile(r"bytes=([0-9]{0,16})-([0-9]{0,16})", re.ASCII)


def part_of(header: str | None, size: int) -> tuple[int, int] | Fault | None:
    """Return (offset, length) of what is asked for.

    Args:
        header: As sent; what is no single range of bytes is passed over, as the RFC wants it.
        size: Bytes of the file; at least one.

    Returns:
        None for the whole file, or why there is no such part.
    """
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        length = min(int(last), size)
        return (size - length, length) if length else _no_part(size)
    if last and int(last) < int(first):
        return None  # malformed: as if it were not there
    if int(first) >= size:
        return _no_part(size)
    return int(first), min(int(last) if last else size - 1, size - 1) - int(first) + 1


def _no_part(size: int) -> Fault:
    return Fault("http.range", "Range", f"the file has {size} bytes")
