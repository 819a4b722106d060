"""The only source of randomness for what is named and chained; keys and tokens have their own in ``adapters.keys``."""

import os
import threading
from typing import Final

_POOL_BYTES: Final = 4096


class SystemIds:
    """Satisfies ``services.ports.Ids`` by the system's randomness, fetched by the page.

    Every call to the system lets other threads run first; one call for 256 ids instead of one each keeps the writer
    at work. No byte is given out twice.
    """

    def __init__(self) -> None:
        """Start with an empty pool."""
        self._lock = threading.Lock()
        self._pool = b""
        self._used = 0

    def hex(self, size: int) -> str:
        """Return ``size`` random bytes, at most 4,096, as lowercase hex."""
        with self._lock:
            if self._used + size > len(self._pool):
                self._pool, self._used = os.urandom(_POOL_BYTES), 0
            start, self._used = self._used, self._used + size
            return self._pool[start : self._used].hex()
