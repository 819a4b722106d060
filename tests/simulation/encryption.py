"""Encryption that is the same in every run of a seed: the library draws ephemeral keys itself, so HPKE is spelt here.

By the second spelling of the vectors; what it wraps, the library's own decryption opens.
"""

from adapters.memory.encryption import MemoryEncryption
from services.ports import Ids
from tests.vectors import hpke


class DrawnEncryption(MemoryEncryption):
    """A memory adapter whose keys, salts and ephemeral keys are drawn from a port."""

    def __init__(self, ids: Ids, *names: str) -> None:
        """Hold one private key for each name; draw from ``ids``, which nothing else draws from."""
        super().__init__(*names)
        self._ids = ids

    def fresh(self) -> tuple[bytes, bytes]:
        """Return a new content key and a salt."""
        return bytes.fromhex(self._ids.hex(32)), bytes.fromhex(self._ids.hex(16))

    def wrap(self, content_key: bytes, public: bytes, info: bytes) -> bytes:
        """Return the content key wrapped for the owner of ``public``."""
        return hpke.seal(bytes.fromhex(self._ids.hex(32)), public, info, content_key)
