"""What can only be our own bug crashes; what is only a failing disk does not."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from adapters.memory.bus import MemoryAppender, MemoryHub, MemoryPuller
from adapters.memory.snapshot import MemorySnapshot
from adapters.memory.store import MemoryStore
from schemas.carriage import Arrival
from schemas.errors import InvariantError, UnavailableError
from schemas.subjects import Lane, stream_of
from services.domain.encryption import no_private_keys
from services.domain.receiving import Examined, Outcome
from services.receiver.keeping import Keeper, envelope_of
from services.receiver.receiver import Receiver
from services.relay.relay import Relay
from tests import papers
from tests.desk import EXECUTOR, Office
from tests.papers import HUANJIANG, LIBO

T = TypeVar("T")


class SlowToOpen(MemoryStore):
    """A store whose first readings fail."""

    failing = 2

    async def read(self, work: Callable[[MemorySnapshot], T]) -> T:
        """Fail a few times, then read."""
        if self.failing:
            self.failing -= 1
            raise UnavailableError("the disk does not answer")
        return await super().read(work)


async def test_nothing_is_quarantined_without_a_reason(desk: Office) -> None:
    """A row that says nothing helps nobody: whoever calls so has a bug."""
    found = Examined(Arrival(1, "", b"x"), Outcome.QUARANTINED)

    def keep(tx: object) -> None:
        keeper = Keeper(tx, trust=papers.trust(), county=HUANJIANG, now=papers.NOW, unwrap=no_private_keys)  # type: ignore[arg-type]
        keeper.quarantine(found)

    with pytest.raises(InvariantError):
        await desk.store.write(keep)
    assert await desk.codes() == []


def test_what_was_never_read_has_no_envelope() -> None:
    """Only quarantined arrivals lack one."""
    with pytest.raises(InvariantError):
        envelope_of(Examined(Arrival(1, "", b"x"), Outcome.ACCEPTABLE))


async def test_a_store_that_cannot_be_read_at_the_start_is_asked_again(neighbour: Office) -> None:
    """The receiver waits for it and then takes what there is."""
    await neighbour.post(to=(HUANJIANG,))
    hub = MemoryHub()
    relay = Relay(store=neighbour.store, appender=MemoryAppender(hub, LIBO), clock=neighbour.clock)
    for lane in Lane:
        await relay.run_once(lane)
    desk = Office(HUANJIANG, SlowToOpen())
    pullers = [MemoryPuller(hub, HUANJIANG, stream_of(LIBO, lane)) for lane in (Lane.URGENT, Lane.NORMAL)]
    receiver = Receiver(
        store=desk.store,
        posting=desk.posting,
        pullers=pullers,
        trust=lambda: desk.trusted,
        clock=desk.clock,
        executor=EXECUTOR,
    )
    async with receiver.running(), asyncio.timeout(10):
        while not isinstance(desk.store, SlowToOpen) or desk.store.failing or await desk.seqs() != [1]:
            await desk.clock.move(5.0)
            await asyncio.sleep(0.005)
    assert await desk.seqs() == [1]
