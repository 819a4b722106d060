"""A county comes back from an old backup: nothing it sends is lost, nothing forks, nothing it lost stays unasked for.

荔波 sends, 环江 receives; the backup is a copy of 荔波's store at some moment.
"""

import asyncio
import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.memory.bus import MemoryAppender, MemoryHub, MemoryPuller
from adapters.memory.store import MemoryStore
from schemas.carriage import Arrival
from schemas.control import ChainKind, EpochOpened, OpeningReason
from schemas.notices import NoticeKind
from schemas.records import Chain
from schemas.subjects import Lane
from services.bootstrap.restoring import mark_restored
from services.ports import Snapshot
from services.receiver.receiver import Receiver
from services.relay.relay import Relay
from tests import papers
from tests.desk import Office, opened
from tests.papers import HUANJIANG, LIBO

NORMAL = Lane.NORMAL
EXECUTOR = ThreadPoolExecutor(1, thread_name_prefix="verify")


@pytest.fixture
def hub() -> MemoryHub:
    """An empty hub."""
    return MemoryHub({papers.AGREEMENT: papers.COUNTIES})


@pytest.fixture
def source() -> Office:
    """荔波 before its disk failed."""
    return Office(LIBO, MemoryStore())


@pytest.fixture
def neighbour() -> Office:
    """环江, which received everything."""
    return Office(HUANJIANG, MemoryStore())


def backed_up(office: Office) -> MemoryStore:
    """Copy a county's store as it stands now."""
    store = office.store
    assert isinstance(store, MemoryStore)
    return copy.deepcopy(store)


async def restored(backup: MemoryStore) -> Office:
    """Bring 荔波 back."""
    await backup.write(lambda tx: mark_restored(tx, LIBO))
    return Office(LIBO, backup)


async def publish(office: Office, hub: MemoryHub) -> None:
    """Let a relay that has just started publish everything that waits."""
    relay = Relay(store=office.store, appender=MemoryAppender(hub, LIBO), clock=office.clock)
    for lane in Lane:
        while await relay.run_once(lane):
            pass


def on_the_hub(hub: MemoryHub) -> list[Arrival]:
    """Return everything of 荔波 that the hub keeps, urgent first, as a county that was away gets it."""
    kept = [one for lane in Lane for one in hub.own_lane(LIBO, lane)]
    return [Arrival(0, one.subject, one.message) for one in kept]


def openings(arrivals: Sequence[Arrival]) -> list[EpochOpened]:
    """Return the records that open epochs of event chains, in order."""
    envelopes = [opened(one.message) for one in arrivals]
    found = [EpochOpened.model_validate_json(one.content) for one in envelopes if one.header.type.endswith("opened.v1")]
    return [one for one in found if one.chain_kind is ChainKind.EVENT]


@pytest.mark.parametrize("afterwards", [1, 5, 10, 13])
async def test_nothing_sent_before_or_after_the_restore_is_lost(
    source: Office, neighbour: Office, hub: MemoryHub, afterwards: int
) -> None:
    """Ten before the backup, ten that the backup lacks, then fewer, as many or more before the hub is asked.

    As many or more is the trap: the hub does not look as if it were ahead, and would call new events known.
    """
    for _ in range(10):
        await source.post()
    await publish(source, hub)
    backup = backed_up(source)
    for _ in range(10):
        await source.post()
    await publish(source, hub)
    await neighbour.take(*on_the_hub(hub))

    again = await restored(backup)
    for _ in range(afterwards):
        await again.post()
    await publish(again, hub)

    assert [one.own for one in hub.own_lane(LIBO, NORMAL)] == list(range(1, 21 + afterwards))
    await neighbour.take(*on_the_hub(hub))
    assert await neighbour.seqs() == [*range(1, 21), *range(1, afterwards + 1)]
    assert await neighbour.codes() == []
    assert await neighbour.notices() == []


async def test_what_waited_in_the_backup_leaves_again(source: Office, neighbour: Office, hub: MemoryHub) -> None:
    """The copy was made with three in the outbox that left afterwards: twice on the way is once in effect."""
    for _ in range(3):
        await source.post()
    backup = backed_up(source)
    await publish(source, hub)
    again = await restored(backup)
    await again.post()
    await publish(again, hub)
    await neighbour.take(*on_the_hub(hub))
    assert await neighbour.seqs() == [1, 2, 3, 1]
    assert await neighbour.codes() == []


async def test_the_next_event_opens_an_epoch_that_says_why(source: Office, hub: MemoryHub) -> None:
    """Partners who hold more of the old epoch must see that it ended here, and where."""
    for _ in range(4):
        await source.post()
    again = await restored(backed_up(source))
    await again.post()
    await again.post()
    await publish(again, hub)
    first, second = openings(on_the_hub(hub))
    assert (first.reason, first.old_epoch) == (OpeningReason.FIRST, None)
    assert (second.reason, second.old_epoch) == (OpeningReason.RESTORED, first.epoch)
    assert second.last is not None
    assert second.last.seq == 4


async def test_a_restore_of_a_restore_opens_another_epoch(source: Office) -> None:
    """The mark must come back with every restore, and go with the epoch that it opened."""
    epochs = [(await source.post()).epoch]
    again = await restored(backed_up(source))
    epochs += [(await again.post()).epoch for _ in range(2)]
    twice = await restored(backed_up(again))
    epochs += [(await twice.post()).epoch for _ in range(2)]
    assert [epoch.partition("-")[0] for epoch in epochs] == ["1", "2", "2", "3", "3"]
    assert len(set(epochs)) == 3


async def test_receipts_open_an_epoch_too(source: Office, neighbour: Office) -> None:
    """A receipt chain that goes on where partners hold other receipts is a fork like any other."""
    await source.post()
    arrivals = await source.sent()
    await neighbour.take(*arrivals)
    await neighbour.store.write(lambda tx: mark_restored(tx, HUANJIANG))
    await source.post()
    await neighbour.take(*await source.sent())
    receipts = await neighbour.receipt_envelopes()
    assert [one.header.seq for one in receipts] == [1, 1]
    assert len({one.header.epoch for one in receipts}) == 2


async def test_a_receipt_that_reaches_beyond_the_backup_counts_for_what_we_hold(
    source: Office, neighbour: Office
) -> None:
    """One receipt covers ten, the restored store holds four: those four are stored over there, and somebody is told."""
    for _ in range(4):
        await source.post()
    backup = backed_up(source)
    for _ in range(6):
        await source.post()
    await neighbour.take(*await source.sent())
    again = await restored(backup)
    await again.take(*[one for one in await neighbour.sent() if opened(one.message).header.to == (LIBO,)])
    counts = await again.counts()
    assert (counts["deliveries"], counts["stored"], counts["quarantined"]) == (8, 4, 0)
    assert await again.notices() == [NoticeKind.OWN_UNKNOWN]
    (told,) = await again.store.read(lambda s: s.notices(open_only=True, limit=10))
    assert told.county == HUANJIANG
    assert "备份之后" in told.text


async def test_a_receipt_for_a_lost_event_alone_marks_nothing(source: Office, neighbour: Office) -> None:
    """There is no row to mark, and none of another event's may move."""
    await source.post()
    backup = backed_up(source)
    await source.sent()
    await source.post()
    lost = await source.sent()
    await neighbour.take(*(await Office(LIBO, copy.deepcopy(backup)).sent()))
    await neighbour.receipt_envelopes()
    await neighbour.take(*lost)
    again = await restored(backup)
    await again.take(*[one for one in await neighbour.sent() if opened(one.message).header.to == (LIBO,)])
    counts = await again.counts()
    assert (counts["stored"], counts["receipts_in"], counts["quarantined"]) == (0, 0, 0)
    assert await again.notices() == [NoticeKind.OWN_UNKNOWN]


async def test_a_receipt_for_a_channel_opened_after_the_backup_accuses_nobody(
    source: Office, neighbour: Office
) -> None:
    """The backup is older than our first event to this audience: the neighbour did nothing wrong by answering it."""
    backup = backed_up(source)
    await source.post(to=(HUANJIANG,))
    await source.post()
    await neighbour.take(*await source.sent())
    receipts = [one for one in await neighbour.sent() if opened(one.message).header.to == (LIBO,)]
    again = await restored(backup)
    await again.take(*receipts)
    assert await again.codes() == []
    (told,) = await again.store.read(lambda s: s.notices(open_only=True, limit=10))
    assert (told.kind, told.county) == (NoticeKind.OWN_UNKNOWN, HUANJIANG)
    assert "备份之后" in told.text


async def test_without_a_restore_a_receipt_for_a_strange_channel_is_refused(source: Office, neighbour: Office) -> None:
    """Whoever was never restored forgot nothing."""
    await source.post()
    await neighbour.take(*await source.sent())
    newcomer = Office(LIBO, MemoryStore())
    await newcomer.take(*[one for one in await neighbour.sent() if opened(one.message).header.to == (LIBO,)])
    assert await newcomer.codes() == ["receipt.unknown_channel"]


async def test_our_own_echo_from_after_the_backup_is_told(source: Office) -> None:
    """What goes to all parties comes back to us as well: after a restore it is no alarm, but it is told."""
    await source.post()
    backup = backed_up(source)
    await source.sent()
    await source.post()
    (echo,) = await source.sent()
    again = await restored(backup)
    await again.take(echo)
    await again.take(echo)
    (told,) = await again.store.read(lambda s: s.notices(open_only=True, limit=10))
    assert (told.kind, "已恢复备份" in told.text) == (NoticeKind.OWN_UNKNOWN, True)


async def test_without_the_mark_a_receipt_for_what_we_lack_is_refused(source: Office, neighbour: Office) -> None:
    """Only a store that says it was restored may have forgotten: anybody else's is another story."""
    await source.post()
    backup = backed_up(source)
    await source.post()
    await neighbour.take(*await source.sent())
    rolled_back = Office(LIBO, backup)
    await rolled_back.take(*[one for one in await neighbour.sent() if opened(one.message).header.to == (LIBO,)])
    assert await rolled_back.codes() == ["receipt.other_story"]


# -- the way in -------------------------------------------------------------------------------------------


async def received(office: Office, hub: MemoryHub, stream: str, count: int) -> None:
    """Run the office's receiver on one stream until so many events are in its inbox."""
    receiver = Receiver(
        store=office.store,
        posting=office.posting,
        pullers=[MemoryPuller(hub, office.code, stream)],
        trust=lambda: office.trusted,
        clock=office.clock,
        executor=EXECUTOR,
    )
    async with receiver.running(), asyncio.timeout(10):
        while len(await office.inbox()) < count:  # what is waited for is another task's work
            await asyncio.sleep(0.01)


async def test_what_came_after_the_backup_is_asked_for_again(source: Office, neighbour: Office, hub: MemoryHub) -> None:
    """环江 acknowledged it to the hub, then lost it: the hub would never hand it over again by itself."""
    stream = await _in_one_stream(source, hub)
    await received(neighbour, hub, stream, 1)
    backup = backed_up(neighbour)
    await source.post()
    await publish(source, hub)
    await received(neighbour, hub, stream, 2)

    await backup.write(lambda tx: mark_restored(tx, HUANJIANG))
    again = Office(HUANJIANG, backup)
    await received(again, hub, stream, 2)
    assert await again.seqs() == [1, 2]
    assert await again.codes() == []


async def test_a_store_rolled_back_in_silence_asks_again_for_what_came_while_it_runs(
    source: Office, neighbour: Office, hub: MemoryHub
) -> None:
    """The hub shows it once the receiver is under way: the next batch must not hide that earlier ones are missing."""
    stream = await _in_one_stream(source, hub)
    await received(neighbour, hub, stream, 1)
    snapshot = backed_up(neighbour)
    await source.post()
    await publish(source, hub)
    await received(neighbour, hub, stream, 2)

    again = Office(HUANJIANG, snapshot)
    receiver = Receiver(
        store=again.store,
        posting=again.posting,
        pullers=[MemoryPuller(hub, again.code, stream)],
        trust=lambda: again.trusted,
        clock=again.clock,
        executor=EXECUTOR,
    )
    async with receiver.running(), asyncio.timeout(10):
        await asyncio.sleep(0.05)
        await again.store.write(lambda tx: tx.memory.forget_positions())  # as the relay does at its first contact
        await source.post()
        await publish(source, hub)
        while len(await again.inbox()) < 3:
            await asyncio.sleep(0.01)
    assert sorted(await again.seqs()) == [1, 2, 3]
    assert await again.codes() == []
    assert await again.store.read(lambda s: s.position(stream)) is not None


async def test_after_the_first_batch_it_goes_on_from_there(source: Office, neighbour: Office, hub: MemoryHub) -> None:
    """A node that asks for fourteen days at every start never comes to an end."""
    stream = await _in_one_stream(source, hub)
    await neighbour.store.write(lambda tx: mark_restored(tx, HUANJIANG))
    await received(neighbour, hub, stream, 1)
    rewound: list[str] = []

    class Watched(MemoryPuller):
        def rewind(self) -> None:
            rewound.append(self.stream)

    receiver = Receiver(
        store=neighbour.store,
        posting=neighbour.posting,
        pullers=[Watched(hub, HUANJIANG, stream)],
        trust=lambda: neighbour.trusted,
        clock=neighbour.clock,
        executor=EXECUTOR,
    )
    async with receiver.running():
        await asyncio.sleep(0.05)
    assert rewound == []


async def _in_one_stream(source: Office, hub: MemoryHub) -> str:
    """Post and publish a first event; the opening is put before it into the stream of the event."""
    await source.post()
    await publish(source, hub)
    (stream,) = [name for name, kept in hub.streams.items() if any(b"policy_bulletin" in one.message for one in kept)]
    (opening,) = hub.own_lane(LIBO, Lane.URGENT)
    hub.streams[stream].insert(0, opening)
    return stream


async def test_a_store_that_was_rolled_back_in_silence_notices_at_the_first_contact(
    source: Office, neighbour: Office, hub: MemoryHub
) -> None:
    """A virtual machine goes back to a snapshot, and nobody runs a command: what is sent next must not fork."""
    await source.store.write(lambda tx: tx.memory.put_setting("county", LIBO))
    for _ in range(3):
        await source.post()
    await publish(source, hub)
    snapshot = backed_up(source)
    await source.post()
    await publish(source, hub)

    again = Office(LIBO, snapshot)
    await publish(again, hub)  # the start: contact before anything is sent
    await again.post()
    await publish(again, hub)
    await again.post()
    await publish(again, hub)

    await neighbour.take(*on_the_hub(hub))
    assert await neighbour.seqs() == [1, 2, 3, 4, 1, 2]
    assert await neighbour.codes() == []
    assert [one.reason for one in openings(on_the_hub(hub))] == [OpeningReason.FIRST, OpeningReason.RESTORED]


def test_a_chain_says_why_it_ended() -> None:
    """A forked chain that was also restored stays a forked one: its new epoch needs more than ours."""
    facts: dict[str, Any] = {"number": 1, "channel": "c", "epoch": "1-0", "source": LIBO, "agreement_id": "a"}
    chain = Chain(**facts, kind=ChainKind.EVENT, audience=(HUANJIANG,), head=None)  # type: ignore[arg-type]
    both = Chain(**facts, kind=ChainKind.EVENT, audience=(), head=None, frozen=True, retired=True)  # type: ignore[arg-type]
    assert (chain.ended, both.ended) == (None, OpeningReason.FORKED)


async def test_in_doubt_ends_with_the_first_contact(source: Office, hub: MemoryHub) -> None:
    """Renumbering at every start would publish the same events for ever."""

    def doubted(snapshot: Snapshot) -> list[Lane]:
        return [lane for lane in Lane if snapshot.in_doubt(lane)]

    await source.post()
    again = await restored(backed_up(source))
    assert await again.store.read(doubted) == list(Lane)
    await publish(again, hub)
    assert await again.store.read(doubted) == []
    held = len(hub.own_lane(LIBO, NORMAL))
    await publish(again, hub)
    assert len(hub.own_lane(LIBO, NORMAL)) == held
