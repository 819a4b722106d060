"""The loop under the simulation: time that is not waited for, an order that is drawn, the dead who do nothing."""

import asyncio
from random import Random

import pytest

from adapters.memory.store import MemoryStore
from schemas.notices import NoticeKind
from services.ports import Transaction
from tests import papers
from tests.simulation.loop import StuckError, VirtualLoop
from tests.simulation.process import Process, ProcessStore
from tests.simulation.schedule import CALM
from tests.simulation.trace import Trace


def test_time_passes_at_once_and_in_order() -> None:
    """An hour of sleep takes no time, and whoever sleeps less wakes first."""
    loop, woken = VirtualLoop(Random(1)), list[float]()

    async def sleeper(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append(loop.time())

    async def world() -> None:
        async with asyncio.TaskGroup() as tasks:
            for seconds in (3600.0, 0.5, 60.0):
                tasks.create_task(sleeper(seconds))

    loop.run(world())
    assert woken == [0.5, 60.0, 3600.0]


def test_what_is_ready_at_once_runs_in_an_order_that_the_seed_draws() -> None:
    """Only so are the rare orders tried."""

    def order(seed: int) -> str:
        found: list[str] = []

        async def step(name: str) -> None:
            found.append(name)

        async def world() -> None:
            async with asyncio.TaskGroup() as tasks:
                for name in "abcdef":
                    tasks.create_task(step(name))

        VirtualLoop(Random(seed)).run(world())
        return "".join(found)

    assert order(3) == order(3)
    assert len({order(seed) for seed in range(20)}) > 10


def test_asyncio_timeouts_and_threads_work() -> None:
    """The rooms use both."""
    loop = VirtualLoop(Random(1))

    async def world() -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.sleep(10)
        return await asyncio.get_running_loop().run_in_executor(None, lambda: 7)

    assert loop.run(world()) == 7
    assert loop.time() == 5


def test_a_world_in_which_nothing_can_happen_is_stuck() -> None:
    """A deadlock must end the run, not hang it."""

    async def world() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StuckError, match="nothing can happen"):
        VirtualLoop(Random(1)).run(world())


@pytest.mark.parametrize("fuse", range(6))
def test_a_kill_leaves_all_of_a_commit_or_nothing(fuse: int) -> None:
    """Killed at any call of a port: what was committed stays, what was not never comes, and the caller is told."""
    loop, store = VirtualLoop(Random(fuse)), MemoryStore()
    process = Process("node", loop=loop, trace=Trace(loop.time), rng=Random(1), weather=CALM)
    port, answered = ProcessStore(store, process), list[bool]()

    def tell(tx: Transaction) -> None:
        for about in ("a", "b"):
            tx.waiting_room.tell(NoticeKind.QUARANTINED, about, papers.LIBO, "", papers.NOW)

    async def request() -> None:
        await port.write(tell)
        await port.read(lambda tx: tx.counts())
        await port.write(tell)

    async def forever() -> None:
        await loop.create_future()

    async def world() -> None:
        process.start(forever(), lambda _: pytest.fail("it ended by itself"))
        process.fuse = fuse
        try:
            await process.call(request())
            answered.append(True)
        except ConnectionResetError:
            answered.append(False)
        process.kill()
        await asyncio.sleep(60)
        notices = await store.read(lambda tx: tx.notices(open_only=False, limit=10))
        assert len(notices) == (0 if fuse < 1 else 2)

    loop.run(world())
    assert answered == [fuse > 4]
    assert loop.errors == []
