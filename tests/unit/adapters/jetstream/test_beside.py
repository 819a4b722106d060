"""What runs beside a block ends with it, whatever a library does with a cancellation."""

import asyncio

import pytest

from adapters.jetstream.beside import beside


async def test_a_swallowed_cancellation_is_repeated() -> None:
    """A library that swallowed the one cancellation would keep a node from ever stopping."""
    swallowed = 0

    async def work() -> None:
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.sleep(60)

    async with asyncio.timeout(10):
        async with beside(work(), "work", again_seconds=0.01):
            await asyncio.sleep(0)
    assert swallowed == 2


async def test_tidying_up_is_not_cut_short() -> None:
    """Cancelled again at once, a server that is being stopped would be left running."""
    tidied = False

    async def work() -> None:
        nonlocal tidied
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            tidied = True

    async with beside(work(), "work"):
        await asyncio.sleep(0)
    assert tidied


async def test_a_crash_ends_the_block() -> None:
    """A connection that broke down by a bug of ours must not leave a node that looks alive."""

    async def work() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        async with beside(work(), "work"):
            await asyncio.sleep(60)
