"""Works: all of one or nothing, each apart from the others of its group."""

import asyncio

import pytest

from schemas.envelope import Position
from schemas.errors import Fault, InvariantError, RequestError
from schemas.records import JournalKind
from schemas.subjects import Lane
from services.ports import Store, Transaction
from tests.contract.store.kinds import posted
from tests.contract.store.samples import at, chain, envelope, hexed, link, receipt

OUR_MISTAKE = RequestError(Fault("request.invalid", "content", "mend it"))


async def test_a_work_returns_its_result_and_is_seen_by_readers(store: Store) -> None:
    """A write that nobody can read, or whose answer is lost."""
    opened = await store.write(lambda tx: tx.chains.open(chain()))
    found = await store.read(lambda snapshot: snapshot.chain(hexed("out"), "1-00000000000000aa"))
    assert found == opened


def _everything(tx: Transaction) -> int:
    head = tx.chains.current(hexed("out"))
    seq = head.head.seq + 1 if head else 1
    posted(tx, 1, first=seq)
    tx.chains.open(chain("another"))
    tx.outbox.enqueue(Lane.NORMAL, "hub.in.x", envelope(seq).envelope_id)
    tx.receipt_book.record(receipt())
    tx.dues.mark(receipt())
    tx.memory.put_setting("county", "000000")
    tx.memory.set_position("EVT_0", 7)
    return seq


async def test_a_failing_work_leaves_nothing_and_harms_no_other(store: Store) -> None:
    """One bad request in a group takes the innocent ones down, or half of it stays."""
    await store.write(lambda tx: posted(tx, 1))

    def failing(tx: Transaction) -> None:
        _everything(tx)
        raise OUR_MISTAKE

    def fine(tx: Transaction) -> int:
        posted(tx, 1, first=2)
        return tx.outbox.enqueue(Lane.NORMAL, "hub.in.y", envelope(2).envelope_id)

    works = (store.write(failing), store.write(fine), store.write(failing))
    results = await asyncio.gather(*works, return_exceptions=True)
    assert [type(one) for one in results] == [RequestError, int, RequestError]
    counts = await store.read(lambda snapshot: snapshot.counts())
    assert {name: count for name, count in counts.items() if count} == {
        "events_out": 2,
        "deliveries": 2,
        "waiting": 1,
    }
    journal = await store.read(lambda snapshot: snapshot.journal(0, 10))
    assert [entry.sequence for entry in journal] == [1, 2]
    assert await store.write(lambda tx: dict(tx.memory.settings())) == {}
    assert await store.write(lambda tx: tx.chains.current(hexed("another"))) is None


async def test_a_work_that_fails_after_asking_leaves_nothing(store: Store) -> None:
    """Rows that had to be written early, so that a question could be answered, survive the failure."""
    await store.write(lambda tx: posted(tx, 1))

    def failing(tx: Transaction) -> None:
        seq = _everything(tx)
        assert tx.event(envelope(seq).envelope_id) is not None
        posted(tx, 1, first=seq + 1)
        assert tx.counts()["events_out"] == seq + 1
        raise OUR_MISTAKE

    def fine(tx: Transaction) -> int:
        return posted(tx, 1, first=2)

    works = (store.write(failing), store.write(fine), store.write(failing))
    results = await asyncio.gather(*works, return_exceptions=True)
    assert [type(one) for one in results] == [RequestError, int, RequestError]
    await store.write(lambda tx: posted(tx, 1, first=3))
    rows = (await store.read(lambda one: one.events(direction=None, wire_type=None, since=0, limit=9))).rows
    assert [(row.position, row.seq) for row in rows] == [(1, 1), (2, 2), (3, 3)]
    assert await store.read(lambda snapshot: snapshot.lane_end(Lane.NORMAL)) == 0
    assert (await store.write(lambda tx: tx.chains.open(chain("another")))).number == 2


async def test_what_a_failed_work_looked_up_is_not_believed_later(store: Store) -> None:
    """A cache that remembers rows which were rolled back."""
    await store.write(lambda tx: posted(tx, 1))

    def failing(tx: Transaction) -> None:
        number = tx.chains.open(chain("another")).number
        tx.outbox.record([link(number, envelope(5, channel="another"), early=True)])
        assert tx.event(envelope(5, channel="another").envelope_id) is not None
        assert tx.chains.has_waiting(number)
        assert tx.chains.held_id(number, 5) is not None
        raise OUR_MISTAKE

    def fine(tx: Transaction) -> tuple[bool, str | None]:
        number = tx.chains.open(chain("another")).number
        return tx.chains.has_waiting(number), tx.chains.held_id(number, 5)

    results = await asyncio.gather(store.write(failing), store.write(fine), return_exceptions=True)
    assert results[1] == (False, None)


async def test_a_bug_in_a_work_reaches_its_caller(store: Store) -> None:
    """An invariant broken in silence."""
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.chains.advance(7, Position(1, hexed("x"))))


async def test_a_work_sees_what_it_wrote_itself(store: Store) -> None:
    """A work that decides by what the store was before it began."""

    def work(tx: Transaction) -> tuple[object, ...]:
        posted(tx, 2)
        tx.outbox.enqueue(Lane.NORMAL, "hub.in.x", envelope(1).envelope_id)
        tx.dues.mark(receipt(last=2))
        return (
            tx.event(envelope(2).envelope_id) is not None,
            [one.stored_at for one in tx.deliveries(envelope(1).envelope_id)],
            len(tx.waiting(Lane.NORMAL, 0, 10, 10**6)),
            tx.lane_end(Lane.NORMAL),
            tx.counts()["events_out"],
            tx.journal_end(),
            [row.position for row in tx.events(direction=None, wire_type=None, since=0, limit=9).rows],
        )

    assert await store.write(work) == (True, [at(10)], 1, 1, 2, 2, [1, 2])


async def test_a_waiter_wakes_when_the_journal_moves(store: Store) -> None:
    """A live view that hears of an alert only when it asks again."""
    waiter = asyncio.create_task(store.changed(0))
    await store.write(lambda tx: tx.memory.put_setting("county", "451226"))  # no change of the journal
    assert not waiter.done()
    await store.write(lambda tx: posted(tx, 2))
    assert await waiter == 2
    assert await store.changed(1) == 2


async def test_the_journal_names_each_change_in_order(store: Store) -> None:
    """A client that resumes by number and misses or doubles a change."""

    def work(tx: Transaction) -> None:
        posted(tx, 1)
        number = tx.chains.open(chain("in", source="522722")).number
        tx.outbox.record([link(number, envelope(1, channel="in", source="522722", to=("451226",)), seconds=5)])
        tx.receipt_book.record(receipt())

    await store.write(work)
    entries = await store.read(lambda snapshot: snapshot.journal(0, 10))
    assert [(one.sequence, one.kind, one.reference, one.at) for one in entries] == [
        (1, JournalKind.POSTED, envelope(1).envelope_id, at(1)),
        (2, JournalKind.ARRIVED, envelope(1, channel="in").envelope_id, at(5)),
        (3, JournalKind.RECEIPT, receipt().envelope_id, at(11)),
    ]
    assert await store.read(lambda snapshot: snapshot.journal(1, 1)) == entries[1:2]
    assert await store.read(lambda snapshot: snapshot.journal_end()) == 3


async def test_a_position_is_remembered_until_it_is_forgotten(store: Store) -> None:
    """A restored store that goes on behind what it lost never asks the hub for it."""
    assert await store.read(lambda snapshot: snapshot.position("EVT_0")) is None
    await store.write(lambda tx: tx.memory.set_position("EVT_0", 7))
    await store.write(lambda tx: tx.memory.set_position("EVT_1", 3))
    assert await store.read(lambda snapshot: [snapshot.position(name) for name in ("EVT_0", "EVT_1")]) == [7, 3]
    await store.write(lambda tx: tx.memory.forget_positions())
    assert await store.read(lambda snapshot: [snapshot.position(name) for name in ("EVT_0", "EVT_1")]) == [None, None]
    await store.write(lambda tx: tx.memory.set_position("EVT_0", 1))
    assert await store.write(lambda tx: tx.position("EVT_0")) == 1
