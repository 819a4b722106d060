"""The way out: in order, nothing twice, nothing left, whatever the hub answers or does not answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.memory.bus import MemoryAppender, MemoryHub
from adapters.memory.clock import ManualClock
from adapters.memory.snapshot import MemorySnapshot
from adapters.memory.store import MemoryStore
from schemas.carriage import Publication
from schemas.errors import UnavailableError
from schemas.notices import NoticeKind
from schemas.subjects import Lane
from services.relay.relay import ASK_AGAIN_SECONDS, Relay
from tests import papers
from tests.desk import Office, opened
from tests.papers import LIBO

NORMAL, URGENT, REPAIR = Lane.NORMAL, Lane.URGENT, Lane.REPAIR


@pytest.fixture
def hub() -> MemoryHub:
    """An empty hub."""
    return MemoryHub({papers.AGREEMENT: papers.COUNTIES})


@pytest.fixture
def store() -> MemoryStore:
    """荔波's empty store."""
    return MemoryStore()


@pytest.fixture
def office(store: MemoryStore) -> Office:
    """荔波, which posts."""
    return Office(LIBO, store)


@pytest.fixture
def relay(office: Office, hub: MemoryHub) -> Relay:
    """A relay that has just started."""
    return started(office, hub)


def started(office: Office, hub: MemoryHub) -> Relay:
    """Return a relay as after a start of the process: it knows nothing of what another one did."""
    return Relay(store=office.store, appender=MemoryAppender(hub, LIBO), clock=office.clock)


async def post(office: Office, count: int) -> None:
    """Post bulletins in the normal lane; the first opens the epoch in the urgent lane."""
    for _ in range(count):
        await office.post()


def held(hub: MemoryHub, lane: Lane = NORMAL) -> list[tuple[int, int]]:
    """Return own sequence and place in the chain of everything that the hub holds of a lane."""
    return [(one.own, opened(one.message).header.seq) for one in hub.own_lane(LIBO, lane)]


async def test_everything_leaves_in_order_once(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """And the store is told, so that nothing waits."""
    await post(office, 3)
    assert await relay.run_once(NORMAL) == 3
    assert await relay.run_once(NORMAL) == 0
    assert held(hub) == [(1, 1), (2, 2), (3, 3)]
    assert await office.store.read(lambda s: s.published_up_to(NORMAL)) == 3


async def test_a_long_outbox_leaves_by_and_by(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """The limit cuts, the order stays."""
    await post(office, 5)
    assert [await relay.run_once(NORMAL, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert held(hub) == [(n, n) for n in range(1, 6)]


async def test_an_answer_lost_in_flight_doubles_nothing(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """The hub stored all three but its answer was lost: the next run asks and goes on behind them."""
    await post(office, 3)
    hub.loses_answers = 1
    with pytest.raises(UnavailableError):
        await relay.run_once(NORMAL)
    await post(office, 1)
    assert await relay.run_once(NORMAL) == 1
    assert held(hub) == [(n, n) for n in range(1, 5)]


async def test_a_contact_broken_half_way_leaves_no_gap(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """Two of five arrived: the next run goes on at the third."""
    await post(office, 5)
    hub.breaks_after = 2
    with pytest.raises(UnavailableError):
        await relay.run_once(NORMAL)
    assert await relay.run_once(NORMAL) == 3
    assert held(hub) == [(n, n) for n in range(1, 6)]


async def test_down_and_up_again(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """Nothing is lost and nothing is marked while the hub is away."""
    await post(office, 2)
    hub.down = True
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await relay.run_once(NORMAL)
    assert await office.store.read(lambda s: s.published_up_to(NORMAL)) == 0
    hub.down = False
    assert await relay.run_once(NORMAL) == 2
    assert held(hub) == [(1, 1), (2, 2)]


async def test_a_restart_asks_the_hub_first(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """What was published but not yet noted is not published again."""
    await post(office, 3)
    await relay.run_once(NORMAL)
    assert await started(office, hub).run_once(NORMAL) == 0
    assert held(hub) == [(1, 1), (2, 2), (3, 3)]


async def test_a_hub_that_lost_its_tail_gets_it_again(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """Hub behind: what it does not hold any more is published again, though it was marked."""
    await post(office, 4)
    await relay.run_once(NORMAL)
    await relay.run_once(NORMAL)
    stream = next(name for name, kept in hub.streams.items() if len(kept) == 4)
    del hub.streams[stream][2:]
    assert await started(office, hub).run_once(NORMAL) == 2
    assert held(hub) == [(n, n) for n in range(1, 5)]


async def test_a_hub_emptied_under_a_running_relay_is_noticed(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """The expected sequence does not match: in doubt it asks, and begins again."""
    await post(office, 2)
    await relay.run_once(NORMAL)
    hub.streams.clear()
    await post(office, 1)
    with pytest.raises(UnavailableError):
        await relay.run_once(NORMAL)
    assert await relay.run_once(NORMAL) == 3
    assert held(hub) == [(1, 1), (2, 2), (3, 3)]


async def test_a_hub_ahead_of_us_swallows_nothing(hub: MemoryHub) -> None:
    """An old backup came back: the hub holds four of ours, we know of one; our next one goes behind them."""
    before = Office(LIBO, MemoryStore())
    await post(before, 4)
    await started(before, hub).run_once(NORMAL)
    restored = Office(LIBO, MemoryStore())
    await post(restored, 1)
    relay = started(restored, hub)
    assert await relay.run_once(NORMAL) == 1
    await post(restored, 1)
    assert await relay.run_once(NORMAL) == 1
    assert [own for own, _ in held(hub)] == [1, 2, 3, 4, 5, 6]
    assert held(hub)[4:] == [(5, 1), (6, 2)]


async def test_a_post_between_question_and_answer_is_not_lost(store: MemoryStore, hub: MemoryHub) -> None:
    """The hub is ahead by one; while we look, two more are posted, so we seem to be ahead."""
    before = Office(LIBO, MemoryStore())
    await post(before, 2)
    await started(before, hub).run_once(NORMAL)
    office = Office(LIBO, store)
    await post(office, 1)
    relay = started(office, hub)
    run = asyncio.create_task(relay.run_once(NORMAL))
    for _ in range(2):  # the relay has asked and compared; now somebody posts before it writes
        await asyncio.sleep(0)
    await post(office, 2)
    await run
    while await relay.run_once(NORMAL):
        pass
    assert [seq for _, seq in held(hub)][2:] == [1, 2, 3]


async def test_lanes_do_not_wait_for_each_other(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """Each has its own sequence; a backlog in one is no backlog in another."""
    await post(office, 3)
    await office.post_alert()
    assert await relay.run_once(URGENT) == 2
    assert held(hub, URGENT) == [(1, 0), (2, 4)]
    assert held(hub, NORMAL) == []
    await relay.run_once(NORMAL)
    assert held(hub, NORMAL) == [(1, 1), (2, 2), (3, 3)]


async def test_the_repair_lane_carries_the_same_bytes_again(office: Office, relay: Relay, hub: MemoryHub) -> None:
    """A resend is a new publication of unchanged bytes, in a lane of its own."""
    posted = await office.post()

    def again(tx: object) -> None:
        event = tx.event(posted.envelope_id)  # type: ignore[attr-defined]
        office.posting.repost(tx, event.envelope)  # type: ignore[arg-type]

    await office.store.write(again)
    for lane in Lane:
        await relay.run_once(lane)
    (first,) = hub.own_lane(LIBO, NORMAL)
    (second,) = hub.own_lane(LIBO, REPAIR)
    assert first.message == second.message
    assert (first.own, second.own) == (1, 1)


# -- running ----------------------------------------------------------------------------------------------


@asynccontextmanager
async def at_work(relay: Relay) -> AsyncIterator[None]:
    """Run the loops of every lane."""
    async with relay.running(idle_seconds=0.02):
        yield


async def until_held(office: Office, hub: MemoryHub, lane: Lane, count: int) -> None:
    """Let time pass until the hub holds so many of a lane."""
    async with asyncio.timeout(10):
        while len(hub.own_lane(LIBO, lane)) < count:
            await office.clock.move(0.3)
            await asyncio.sleep(0.005)


async def test_an_alert_overtakes_a_backlog(office: Office, hub: MemoryHub) -> None:
    """Two hundred bulletins wait behind a hub that is down; the alert, posted last, arrives while most still wait."""
    relay = started(office, hub)
    hub.down = True
    await post(office, 200)
    await office.post_alert()
    hub.down = False
    await relay.run_once(NORMAL, limit=10)
    await relay.run_once(URGENT)
    assert held(hub, URGENT)[-1] == (2, 201)
    assert len(held(hub, NORMAL)) == 10


async def test_the_running_relay_wakes_when_something_is_posted(office: Office, hub: MemoryHub) -> None:
    """Nobody waits for the idle time to end."""
    async with started(office, hub).running(idle_seconds=3600):
        await asyncio.sleep(0.01)
        await office.post()
        await until_held(office, hub, NORMAL, 1)


async def test_what_one_lane_sends_makes_no_other_lane_look(office: Office, hub: MemoryHub) -> None:
    """Each lane that wakes for nothing costs a county more than the event that woke it."""
    asked: list[Lane] = []
    waiting = MemorySnapshot.waiting

    def counted(snapshot: MemorySnapshot, lane: Lane, *bounds: int) -> list[Publication]:
        asked.append(lane)
        return waiting(snapshot, lane, *bounds)

    async with started(office, hub).running(idle_seconds=3600):
        await office.post()
        await until_held(office, hub, NORMAL, 1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(MemorySnapshot, "waiting", counted)
            for count in range(2, 7):
                await office.post()
                await until_held(office, hub, NORMAL, count)
    assert set(asked) == {NORMAL}
    assert len(asked) <= 10


async def test_the_running_relay_goes_on_when_the_hub_comes_back(office: Office, hub: MemoryHub) -> None:
    """Down at the start, down again in the middle."""
    hub.down = True
    async with at_work(started(office, hub)):
        await post(office, 2)
        await office.clock.move(1.0)
        assert held(hub) == []
        hub.down = False
        await until_held(office, hub, NORMAL, 2)
        hub.down = True
        await post(office, 2)
        await office.clock.move(1.0)
        hub.down = False
        await until_held(office, hub, NORMAL, 4)
    assert held(hub) == [(n, n) for n in range(1, 5)]


async def test_a_disk_that_cannot_be_written_does_not_stop_the_relay(
    office: Office, store: MemoryStore, hub: MemoryHub
) -> None:
    """Noting how far the hub is can wait; the events cannot."""
    await post(office, 1)
    store.disk_full = True
    async with at_work(started(office, hub)):
        await until_held(office, hub, NORMAL, 1)
        store.disk_full = False
        async with asyncio.timeout(10):
            while await store.read(lambda s: s.published_up_to(NORMAL)) < 1:
                await office.clock.move(0.3)
                await asyncio.sleep(0.005)
    assert held(hub) == [(1, 1)]


async def test_marks_are_written_seldom(office: Office, hub: MemoryHub) -> None:
    """One mark for each publication would double the fsyncs: at most two a second while events flow."""
    clock = ManualClock(papers.NOW)
    relay = Relay(store=office.store, appender=MemoryAppender(hub, LIBO), clock=clock)
    await post(office, 3)
    await clock.move(10)
    marks = []
    for _ in range(3):
        await relay.run_once(NORMAL, limit=1)
        marks.append(await office.store.read(lambda s: s.published_up_to(NORMAL)))
    await clock.move(0.5)
    await relay.run_once(NORMAL)
    marks.append(await office.store.read(lambda s: s.published_up_to(NORMAL)))
    assert marks == [1, 1, 1, 3]


async def test_a_quiet_lane_learns_that_the_hub_lost_everything(office: Office, hub: MemoryHub, relay: Relay) -> None:
    """What opened the epoch went by the urgent lane: without it the neighbour would wait for ever."""
    await post(office, 1)
    for lane in Lane:
        await relay.run_once(lane)
    hub.down = True
    hub.streams.clear()
    hub.down = False
    for lane in Lane:
        await relay.run_once(lane)
    assert held(hub, URGENT) == [(1, 0)]
    assert held(hub, NORMAL) == [(1, 1)]


async def twins(office: Office) -> int:
    """Return how often the officer was told that somebody else publishes in our name."""
    notices = await office.store.read(lambda s: s.notices(open_only=True, limit=9))
    return len([one for one in notices if one.kind is NoticeKind.TWINS])


async def test_somebody_else_who_publishes_in_our_name_is_told(hub: MemoryHub) -> None:
    """A clone runs: the number of our publications grows without us. A restore at the start is none."""
    first, second = Office(LIBO, MemoryStore()), Office(LIBO, MemoryStore())
    await post(first, 3)
    await started(first, hub).run_once(NORMAL)
    await second.store.write(lambda tx: tx.memory.put_setting("county", LIBO))  # as every real store has it
    relay = started(second, hub)
    assert await relay.run_once(NORMAL) == 0
    assert await twins(second) == 0
    await post(first, 3)
    await started(first, hub).run_once(NORMAL)
    await post(second, 1)
    with pytest.raises(UnavailableError):
        await relay.run_once(NORMAL)
    await relay.run_once(NORMAL)
    assert await twins(second) == 1


async def test_a_quiet_lane_asks_the_hub_again_by_and_by(office: Office, hub: MemoryHub, relay: Relay) -> None:
    """One stream alone was lost, over a contact that lasts, with what nobody had fetched: no append would show it."""
    await post(office, 2)
    await relay.run_once(NORMAL)
    hub.streams.clear()
    await office.clock.move(ASK_AGAIN_SECONDS - 0.1)
    assert await relay.run_once(NORMAL) == 0
    await office.clock.move(0.1)
    assert await relay.run_once(NORMAL) == 2
    assert held(hub, NORMAL) == [(1, 1), (2, 2)]
