"""The clock, the ids and the signer that every other test relies on."""

import asyncio
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.memory.clock import DAWN, ManualClock
from adapters.memory.ids import SequentialIds
from adapters.memory.signer import MemorySigner


async def test_time_passes_only_when_it_is_moved() -> None:
    """A test that depends on how fast the machine is."""
    clock = ManualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as tasks:
        for name, seconds in (("late", 5.0), ("early", 1.0), ("at once", 0.0), ("with early", 1.0)):
            tasks.create_task(sleeper(name, seconds))
        await clock.move(0.5)
        assert woken == [("at once", 0.0)]
        await clock.move(4.5)
    assert woken[1:] == [("early", 1.0), ("with early", 1.0), ("late", 5.0)]
    assert clock.now() == DAWN + timedelta(seconds=5)


async def test_a_sleeper_may_sleep_again_within_one_move() -> None:
    """A loop that wakes once although its time came three times."""
    clock, beats = ManualClock(), list[float]()

    async def loop() -> None:
        while True:
            await clock.sleep(1)
            beats.append(clock.monotonic())

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    await clock.move(3.5)
    task.cancel()
    assert beats == [1.0, 2.0, 3.0]


async def test_a_jump_of_the_wall_clock_wakes_nobody() -> None:
    """Deadlines that fall due because a time server was wrong by a day."""
    clock = ManualClock()
    clock.jump(-86_400)
    assert clock.monotonic() == 0.0
    assert clock.now() == DAWN - timedelta(days=1)


async def test_a_sleeper_that_gave_up_is_passed_over() -> None:
    """A cancelled task stops the clock."""
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    task.cancel()
    await clock.move(2)
    assert clock.monotonic() == 2.0


def test_ids_never_repeat_and_are_the_same_in_every_run() -> None:
    """Two envelopes with one content id; or a vector that differs in every run."""
    ids = SequentialIds()
    made = [ids.hex(8) for _ in range(1000)]
    assert len(set(made)) == 1000
    again = SequentialIds()
    assert [again.hex(8) for _ in range(3)] == made[:3]
    assert len(SequentialIds("other").hex(16)) == 32


def test_a_named_signer_signs_for_its_public_key() -> None:
    """Keys that change from run to run, so that no vector can be kept."""
    signer = MemorySigner("451226 event")
    assert (signer.kid, signer.public) == (MemorySigner("451226 event").kid, MemorySigner("451226 event").public)
    assert signer.kid != MemorySigner("451226 receipt").kid
    Ed25519PublicKey.from_public_bytes(signer.public).verify(signer.sign(b"bytes"), b"bytes")
