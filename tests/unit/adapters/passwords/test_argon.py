"""Argon2id: what is kept opens nothing, and few run at once."""

import asyncio

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from adapters.passwords.argon import LANES, MEMORY_KIB, PASSES, ArgonHasher, kept_of_nobody


@pytest.fixture
async def hasher() -> ArgonHasher:
    """A cheap one."""
    return ArgonHasher(memory_kib=8, passes=1)


async def test_the_real_cost_is_what_was_decided() -> None:
    """64 MiB and three passes: a thief of the database tries a few a second on a large machine, not millions."""
    assert (MEMORY_KIB, PASSES, LANES) == (65_536, 3, 1)
    kept = await ArgonHasher().hash("红水河边 11 座桥")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


async def test_a_password_matches_itself_alone(hasher: ArgonHasher) -> None:
    """And nothing that is damaged, nor nobody's."""
    kept = await hasher.hash("one password")
    assert await hasher.matches(kept, "one password")
    for hashed, password in ((kept, "another"), ("", "nobody"), ("$argon2id$broken", "one password"), ("", "")):
        assert not await hasher.matches(hashed, password)
    assert await hasher.hash("one password") != kept


async def test_nobodys_password_takes_as_long_as_anybodys(hasher: ArgonHasher) -> None:
    """The library must do the whole work on it: it says that the password differs, not that there is none."""
    nobody = kept_of_nobody(8, 1)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher(time_cost=1, memory_cost=8, parallelism=LANES).verify(nobody, "anything")
    assert extract_parameters(nobody) == extract_parameters(await hasher.hash("x"))


async def test_a_derived_key_follows_from_password_and_salt(hasher: ArgonHasher) -> None:
    """The same each time, another with each salt; never what is kept of the password."""
    key = await hasher.derive("one password", b"s" * 16)
    assert key == await hasher.derive("one password", b"s" * 16)
    assert len({key, await hasher.derive("one password", b"t" * 16), await hasher.derive("other", b"s" * 16)}) == 3
    assert len(key) == 32


async def test_many_who_log_in_at_once_wait_for_one_another() -> None:
    """A hundred at once would take 6 GiB; the event loop goes on meanwhile."""
    hasher = ArgonHasher(memory_kib=1024, passes=1, at_once=2)
    turns = 0

    async def look() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await asyncio.gather(*(hasher.derive("x", b"s" * 16) for _ in range(12)))
    looking.cancel()
    assert turns > 12
