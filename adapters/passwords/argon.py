"""Argon2id: 64 MiB, three passes, one lane; at most two at once, in threads, so that logging in never stops an alert.

Source: RFC 9106; OWASP Password Storage Cheat Sheet (both ask for less).
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

T = TypeVar("T")

MEMORY_KIB: Final = 64 * 1024
PASSES: Final = 3
LANES: Final = 1
AT_ONCE: Final = 2
_KEY_BYTES: Final = 32
_NO_SALT: Final = "A" * 22
_NO_HASH: Final = "A" * 43


class ArgonHasher:
    """Satisfies ``services.console_ports.PasswordHasher``."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, at_once: int = AT_ONCE) -> None:
        """Take what one password costs; less is for tests."""
        self._memory_kib, self._passes = memory_kib, passes
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=LANES)
        self._nobody = kept_of_nobody(memory_kib, passes)
        self._turns = asyncio.Semaphore(at_once)

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        return await self._in_turn(lambda: self._hasher.hash(password))

    async def matches(self, kept: str, password: str) -> bool:
        """Tell whether it is the password; an empty ``kept`` takes as long and never matches."""
        return await self._in_turn(lambda: self._verified(kept or self._nobody, password)) and bool(kept)

    async def derive(self, password: str, salt: bytes) -> bytes:
        """Return 32 bytes that nobody has without the password; ``salt`` has 16."""
        return await self._in_turn(
            lambda: hash_secret_raw(
                password.encode(),
                salt,
                time_cost=self._passes,
                memory_cost=self._memory_kib,
                parallelism=LANES,
                hash_len=_KEY_BYTES,
                type=Type.ID,
            )
        )

    def _verified(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[[], T]) -> T:
        async with self._turns:
            return await asyncio.to_thread(work)


def kept_of_nobody(memory_kib: int, passes: int) -> str:
    """Return what no password has made: to compare with it takes as long as with any other, and to make it nothing."""
    return f"$argon2id$v=19$m={memory_kib},t={passes},p={LANES}${_NO_SALT}${_NO_HASH}"
