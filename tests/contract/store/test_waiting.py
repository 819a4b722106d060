"""Held back, quarantined, watched, told, remembered."""

import pytest

from schemas.control import ReceiptStage
from schemas.envelope import Position
from schemas.errors import InvariantError
from schemas.notices import NoticeKind
from schemas.records import JournalKind, Remembered
from services.ports import Store, Transaction
from tests.contract.store.kinds import HELD_LINKS, holding, marking, posted, quarantining
from tests.contract.store.samples import (
    THEM,
    THIRD,
    at,
    chain,
    envelope,
    held,
    hexed,
    receipt,
    refused,
    watch,
)


async def test_a_held_link_is_taken_once(store: Store) -> None:
    """A link that comes out of the waiting room twice, or never."""
    assert await store.write(holding(held(5)))
    assert await store.write(holding(held(5)))  # the same again is held already
    assert (await store.read(lambda snapshot: snapshot.counts()))["held_back"] == 1
    place = (held(5).channel, held(5).epoch)
    assert await store.write(lambda tx: tx.waiting_room.take_held(*place, 4)) is None
    assert await store.write(lambda tx: tx.waiting_room.take_held(*place, 5)) == held(5)
    assert await store.write(lambda tx: tx.waiting_room.take_held(*place, 5)) is None
    assert (await store.read(lambda snapshot: snapshot.counts()))["held_back"] == 0


async def test_two_tales_at_one_place_are_both_held(store: Store) -> None:
    """The proof of a fork thrown away while it waited."""
    for tale in ("one", "two"):
        assert await store.write(holding(held(5, tale=tale)))
    place = (held(5).channel, held(5).epoch, 5)
    taken = [await store.write(lambda tx: tx.waiting_room.take_held(*place)) for _ in range(3)]
    assert taken == [held(5, tale="one"), held(5, tale="two"), None]


async def test_a_channel_holds_only_so_many_links(store: Store) -> None:
    """One partner's gap fills the disk."""
    for seq in range(HELD_LINKS):
        assert await store.write(holding(held(seq)))
    assert not await store.write(holding(held(9)))
    assert not await store.write(holding(held(9, epoch="2-00000000000000bb")))
    assert await store.write(holding(held(1)))
    assert await store.write(holding(held(9, channel="another")))
    await store.write(lambda tx: tx.waiting_room.take_held(held(1).channel, held(1).epoch, 1))
    assert await store.write(holding(held(9)))


async def test_a_channel_holds_only_so_many_bytes(store: Store) -> None:
    """A bound on links that large links pass by."""
    assert await store.write(holding(held(1, size=60)))
    assert not await store.write(holding(held(2, size=41)))
    assert await store.write(holding(held(2, size=40)))


async def test_links_that_wait_for_no_link_are_found(store: Store) -> None:
    """A link held for a newer registry, which nothing ever takes out again."""

    def work(tx: Transaction) -> None:
        opened = tx.chains.open(chain("in", epoch="1-00000000000000bb", source=THEM, head=4))
        tx.chains.advance(opened.number, Position(5, hexed("five")))
        for one in (held(7), held(6), held(2, channel="unknown"), held(1, channel="unknown")):
            assert tx.waiting_room.hold(one)

    await store.write(work)
    found = [held(6), held(2, channel="unknown"), held(1, channel="unknown")]
    assert await store.write(lambda tx: tx.waiting_room.held_epochs(9)) == found
    assert await store.write(lambda tx: tx.waiting_room.held_epochs(2)) == found[:2]


async def test_the_same_bytes_are_quarantined_once(store: Store) -> None:
    """A flood of one message fills journal and disk."""
    for seconds in (0, 5):
        await store.write(quarantining(refused("a", seconds=seconds)))
    (row,) = await store.read(lambda snapshot: snapshot.quarantined(9))
    assert (row.digest, row.recorded_at, row.message) == (refused("a").digest, at(0), None)
    assert (await store.read(lambda snapshot: snapshot.counts()))["quarantined"] == 1
    (entry,) = await store.read(lambda snapshot: snapshot.journal(0, 9))
    assert (entry.kind, entry.reference) == (JournalKind.QUARANTINED, refused("a").digest)


async def test_quarantine_keeps_every_digest_whatever_its_cap(store: Store) -> None:
    """A flooder pushes out what it was caught with, or fills the disk with it."""
    for name in ("a", "b", "c", "d"):
        await store.write(quarantining(refused(name, size=60)))
    await store.write(quarantining(refused("huge", size=500)))
    await store.write(quarantining(refused("other", source=THIRD)))
    rows = await store.read(lambda snapshot: snapshot.quarantined(9))
    sizes = {"other": 10, "huge": 500, "d": 60, "c": 60, "b": 60, "a": 60}
    assert [row.digest for row in rows] == [refused(name, size=size).digest for name, size in sizes.items()]
    assert len(await store.read(lambda snapshot: snapshot.quarantined(2))) == 2


async def test_what_turns_out_to_be_good_leaves_the_quarantine(store: Store) -> None:
    """A key that was not known yet: what it signed is lost in quarantine, or taken in and still listed as bad."""
    for name in ("a", "b"):
        await store.write(quarantining(refused(name, size=40)))
    code = refused("a").code
    found = await store.write(lambda tx: tx.waiting_room.refused(THEM, code, 9))
    assert [row.message for row in found] == [refused(name, size=40).message for name in ("a", "b")]
    assert await store.write(lambda tx: tx.waiting_room.refused(THEM, code, 1)) == found[:1]
    assert await store.write(lambda tx: tx.waiting_room.refused(THIRD, code, 9)) == []
    assert await store.write(lambda tx: tx.waiting_room.refused(THEM, "another", 9)) == []
    for _ in range(2):
        await store.write(lambda tx: tx.waiting_room.readmit(found[0].digest))
    assert await store.write(lambda tx: tx.waiting_room.refused(THEM, code, 9)) == found[1:]
    assert (await store.read(lambda snapshot: snapshot.counts()))["quarantined"] == 1


async def test_room_is_free_again_for_what_left_the_quarantine(store: Store) -> None:
    """A cap that counts what is gone pushes out bodies that are there."""
    await store.write(quarantining(refused("a", size=90)))
    await store.write(lambda tx: tx.waiting_room.readmit(refused("a", size=90).digest))
    for name in ("b", "c"):
        await store.write(quarantining(refused(name, size=50)))
    found = await store.write(lambda tx: tx.waiting_room.refused(THEM, refused("a").code, 9))
    assert [row.digest for row in found] == [refused(name, size=50).digest for name in ("b", "c")]


async def test_a_deadline_falls_due_once(store: Store) -> None:
    """An officer paged twice for one deadline, or not at all."""
    await store.write(lambda tx: posted(tx, 3))
    await store.write(lambda tx: tx.waiting_room.watch([watch(2, due=90), watch(1), watch(3, due=61)]))
    assert await store.write(lambda tx: tx.waiting_room.due(at(59), 9)) == []
    assert await store.write(lambda tx: tx.waiting_room.due(at(60), 9)) == [watch(1)]
    assert await store.write(lambda tx: tx.waiting_room.due(at(99), 1)) == [watch(3, due=61)]
    assert await store.write(lambda tx: tx.waiting_room.due(at(99), 9)) == [watch(2, due=90)]
    assert await store.write(lambda tx: tx.waiting_room.due(at(99), 9)) == []


STORED, ACKNOWLEDGED = ReceiptStage.STORED, ReceiptStage.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("stage", "left"),
    [
        (ReceiptStage.STORED, {ACKNOWLEDGED}),
        (ReceiptStage.HANDED_OVER, {ACKNOWLEDGED}),
        (ReceiptStage.REJECTED, {ACKNOWLEDGED}),
        (ReceiptStage.EXPIRED, {ACKNOWLEDGED}),
        (ReceiptStage.ACKNOWLEDGED, set()),
        (ReceiptStage.ACTIONED, set()),
        (ReceiptStage.DECLINED, {ACKNOWLEDGED}),
        (ReceiptStage.EXHAUSTED, {ACKNOWLEDGED}),
    ],
)
async def test_a_receipt_drops_the_watches_it_answers(
    store: Store, stage: ReceiptStage, left: set[ReceiptStage]
) -> None:
    """A duty officer paged for what has been answered; or not paged for what has not."""
    await store.write(lambda tx: posted(tx, 2, to=(THEM, THIRD)))
    watches = [
        watch(seq, stage=what, recipient=who)
        for seq in (1, 2)
        for what in (STORED, ACKNOWLEDGED)
        for who in (THEM, THIRD)
    ]
    await store.write(lambda tx: tx.waiting_room.watch(watches))
    await store.write(marking(receipt(stage, 1, officer="值班员甲", code="x")))
    due = await store.write(lambda tx: tx.waiting_room.due(at(999), 99))
    assert {one.stage for one in due if (one.seq, one.recipient) == (1, THEM)} == left
    assert len(due) == 6 + len(left)


async def test_a_watch_set_after_the_receipt_never_falls_due(store: Store) -> None:
    """An alarm about what came before the watch was set."""
    await store.write(lambda tx: posted(tx, 2))
    await store.write(marking(receipt(last=2)))
    await store.write(lambda tx: tx.waiting_room.watch([watch(1), watch(2), watch(2, stage=ACKNOWLEDGED)]))
    assert await store.write(lambda tx: tx.waiting_room.due(at(999), 1)) == [watch(2, stage=ACKNOWLEDGED)]
    assert await store.write(lambda tx: tx.waiting_room.due(at(999), 9)) == []


async def test_a_duty_officer_is_told_once_while_the_cause_lasts(store: Store) -> None:
    """The board fills with one cause, or a second outage of the same neighbour is never told."""

    def tell(tx: Transaction, seconds: float = 0, county: str = THEM) -> int:
        return tx.waiting_room.tell(NoticeKind.NOT_STORED, "abc", county, "电话 0778-1234567", at(seconds))

    assert await store.write(tell) == 1
    assert await store.write(lambda tx: tell(tx, 5)) == 1
    assert await store.write(lambda tx: tell(tx, county=THIRD)) == 2
    await store.write(lambda tx: tx.waiting_room.resolve(NoticeKind.NOT_STORED, "abc", THEM, at(9)))
    await store.write(lambda tx: tx.waiting_room.resolve(NoticeKind.FORKED, "abc", THEM, at(9)))
    assert await store.write(lambda tx: tell(tx, 10)) == 3
    notices = await store.read(lambda snapshot: snapshot.notices(open_only=False, limit=9))
    assert [(one.number, one.told_at, one.resolved_at) for one in notices] == [
        (3, at(10), None),
        (2, at(0), None),
        (1, at(0), at(9)),
    ]
    assert notices[2].text == "电话 0778-1234567"
    still = await store.read(lambda snapshot: snapshot.notices(open_only=True, limit=9))
    assert [one.number for one in still] == [3, 2]
    assert len(await store.read(lambda snapshot: snapshot.notices(open_only=False, limit=1))) == 1
    assert (await store.read(lambda snapshot: snapshot.counts()))["notices_open"] == 2
    journal = await store.read(lambda snapshot: snapshot.journal(0, 9))
    assert [(one.kind, one.reference) for one in journal] == [(JournalKind.NOTICE, str(n)) for n in (1, 2, 1, 3)]


async def test_a_person_closes_a_notice_once(store: Store) -> None:
    """Nobody knows who closed it, a later hand takes the first one's place, or the cause is never told again."""

    def tell(tx: Transaction) -> int:
        return tx.waiting_room.tell(NoticeKind.REFUSED, "abc", THEM, "拒收", at(0))

    assert await store.write(tell) == 1
    await store.write(lambda tx: tx.waiting_room.close(1, "duty-a", at(5)))
    await store.write(lambda tx: tx.waiting_room.close(1, "duty-b", at(6)))
    await store.write(lambda tx: tx.waiting_room.close(2, "duty-a", at(7)))
    await store.write(lambda tx: tx.waiting_room.resolve(NoticeKind.REFUSED, "abc", THEM, at(8)))
    closed = await store.write(lambda tx: tx.waiting_room.notice(1))
    assert closed is not None
    assert (closed.resolved_at, closed.closed_by) == (at(5), "duty-a")
    assert await store.write(lambda tx: tx.waiting_room.notice(2)) is None
    assert await store.read(lambda snapshot: snapshot.notices(open_only=True, limit=9)) == []
    assert (await store.read(lambda snapshot: snapshot.counts()))["notices_open"] == 0
    assert [one.reference for one in await store.read(lambda snapshot: snapshot.journal(0, 9))] == ["1", "1"]
    assert await store.write(tell) == 2


async def test_an_answer_is_remembered_by_its_key(store: Store) -> None:
    """A repeated request posts its event a second time."""
    answer = Remembered("key-1", hexed("request"), envelope(1).envelope_id, at(0))
    assert await store.write(lambda tx: tx.memory.remembered("key-1")) is None

    def work(tx: Transaction) -> Remembered | None:
        tx.memory.remember(answer)
        return tx.memory.remembered("key-1")

    assert await store.write(work) == answer
    assert await store.write(lambda tx: tx.memory.remembered("key-1")) == answer
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.memory.remember(answer))


async def test_settings_are_kept(store: Store) -> None:
    """A store that forgets whose it is."""
    await store.write(lambda tx: tx.memory.put_setting("county", "451226"))
    await store.write(lambda tx: tx.memory.put_setting("county", "451221"))
    assert dict(await store.write(lambda tx: tx.memory.settings())) == {"county": "451221"}
