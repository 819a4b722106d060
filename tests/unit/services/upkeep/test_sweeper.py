"""A node forgets what nobody needs any more, in time, and nothing else."""

import pytest

from adapters.memory.bus import MemoryAppender, MemoryHub
from adapters.memory.store import MemoryStore
from schemas.control import ReceiptStage
from schemas.errors import ConflictError
from schemas.records import Direction, ReceiptRow
from schemas.subjects import Lane
from services.relay.relay import Relay
from services.upkeep.sweeper import KEYS_KEPT, PUBLICATIONS_KEPT, Sweeper
from tests import papers
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import World, policy_draft

DAY = 86_400.0


async def test_a_key_is_remembered_for_a_week() -> None:
    """A retry on Sunday for what was sent on Monday must not double it; a year of keys must not stay."""
    county = World()[LIBO]
    sweeper = Sweeper(store=county.store, clock=county.clock)
    first = await county.send(policy_draft(), key="notice-7")
    async with sweeper.running():
        await county.clock.move(KEYS_KEPT.total_seconds() - DAY)
        assert (await county.send(policy_draft(), key="notice-7")).envelope_id == first.envelope_id
        with pytest.raises(ConflictError):
            await county.send(policy_draft(priority=2), key="notice-7")
        await county.clock.move(2 * DAY)
        assert (await county.send(policy_draft(), key="notice-7")).envelope_id != first.envelope_id


async def settle(office: Office, seq: int, receiver: str) -> None:
    """Let a receipt for one event of the first chain come in."""
    now = office.clock.now()
    row = ReceiptRow("", Direction.INCOMING, receiver, ReceiptStage.STORED, 1, seq, seq, now, now)
    await office.store.write(lambda tx: tx.dues.mark(row))


async def published(office: Office, hub: MemoryHub) -> None:
    """Let a relay that has just started bring everything to the hub."""
    relay = Relay(store=office.store, appender=MemoryAppender(hub, LIBO), clock=office.clock)
    for lane in Lane:
        await relay.run_once(lane)
        await relay.run_once(lane)


async def test_an_emptied_hub_still_gets_what_somebody_lacks() -> None:
    """After a month the hub's disk is lost: what 南丹 never stored must come again, what both hold need not."""
    office, hub = Office(LIBO, MemoryStore()), MemoryHub({papers.AGREEMENT: papers.COUNTIES})
    for _ in range(3):
        await office.post()
    await published(office, hub)
    for seq in (1, 2, 3):
        await settle(office, seq, HUANJIANG)
    await settle(office, 1, NANDAN)

    async with Sweeper(store=office.store, clock=office.clock).running():
        await office.clock.move(PUBLICATIONS_KEPT.total_seconds() - DAY)
        assert await kept(office) == [1, 2, 3]
        await office.clock.move(2 * DAY)
        assert await kept(office) == [2, 3]

    hub.streams.clear()
    await office.post()
    await published(office, hub)
    assert [one.own for one in hub.own_lane(LIBO, Lane.NORMAL)] == [2, 3, 4]
    assert [one.own for one in hub.own_lane(LIBO, Lane.URGENT)] == [1]  # the opening, without which none could be read


async def kept(office: Office) -> list[int]:
    """Return the own sequences of the normal lane that are remembered."""
    waiting = await office.store.read(lambda tx: tx.waiting(Lane.NORMAL, 0, 99, 1 << 20))
    return [one.sequence for one in waiting]


async def test_a_full_disk_puts_it_off() -> None:
    """The room that tidies must not end the node that is in trouble already."""
    county = World()[LIBO]
    await county.send(policy_draft(), key="notice-7")
    async with Sweeper(store=county.store, clock=county.clock).running():
        county.store.disk_full = True
        await county.clock.move(30 * DAY)
        county.store.disk_full = False
        await county.clock.move(DAY)
    assert await county.store.write(lambda tx: tx.memory.forget_answers(county.clock.now(), 9)) == 0
