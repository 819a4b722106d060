"""Is this machine's clock set by a time service?"""

import ctypes
import sys
from typing import Final

# struct timex of Linux on 64 bits: modes, then four longs, then status.
_TIMEX_BYTES: Final = 208
_STATUS_AT: Final = 40
_STA_UNSYNC: Final = 0x40


def is_synchronised() -> bool | None:
    """Tell whether the kernel's clock is disciplined by a time service; None where it cannot be asked.

    Source: adjtimex(2): the status word has bit ``STA_UNSYNC`` while nobody sets the clock.
    """
    timex = (ctypes.c_byte * _TIMEX_BYTES)()  # all zero: ask, change nothing
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (AttributeError, OSError):
        return None
    if state < 0:
        return None
    status = int.from_bytes(bytes(timex[_STATUS_AT : _STATUS_AT + 4]), sys.byteorder)
    return not status & _STA_UNSYNC
