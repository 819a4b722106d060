"""What a store forgets: old answers, and publications that nobody needs any more; never a link."""

from collections.abc import Callable

from schemas.control import ReceiptStage
from schemas.envelope import Position
from schemas.records import Remembered, Swept
from schemas.subjects import Lane
from services.ports import Store, Transaction
from tests.contract.store.kinds import marking, posted
from tests.contract.store.samples import THEM, THIRD, at, envelope, hexed, link, receipt

NORMAL = Lane.NORMAL


async def test_the_oldest_answers_are_forgotten_a_few_at_a_time(store: Store) -> None:
    """A table that grows with every request, or one that is emptied in a single long transaction."""

    def remember(tx: Transaction) -> None:
        for number in range(5):
            tx.memory.remember(Remembered(f"key-{number}", hexed("body"), hexed("event"), at(number)))

    await store.write(remember)
    assert await store.write(lambda tx: tx.memory.forget_answers(at(4), 3)) == 3
    known = await store.write(lambda tx: [tx.memory.remembered(f"key-{number}") is not None for number in range(5)])
    assert known == [False, False, False, True, True]
    assert await store.write(lambda tx: tx.memory.forget_answers(at(4), 3)) == 1
    assert await store.write(lambda tx: tx.memory.forget_answers(at(4), 3)) == 0
    await store.write(lambda tx: tx.memory.remember(Remembered("key-0", hexed("body"), hexed("event"), at(9))))


async def test_an_answer_of_the_same_group_is_forgotten_with_it(store: Store) -> None:
    """A key that is gone from the disk and still answered from memory."""

    def work(tx: Transaction) -> Remembered | None:
        tx.memory.remember(Remembered("key", hexed("body"), hexed("event"), at(0)))
        assert tx.memory.forget_answers(at(1), 9) == 1
        return tx.memory.remembered("key")

    assert await store.write(work) is None


def published(count: int, *, at_hub: int) -> Callable[[Transaction], None]:
    """The work that posts events to two counties in one lane, of which the hub holds the first ``at_hub``."""

    def work(tx: Transaction) -> None:
        posted(tx, count, to=(THEM, THIRD))
        for seq in range(1, count + 1):
            tx.outbox.enqueue(NORMAL, "hub.in.x", envelope(seq, to=(THEM, THIRD)).envelope_id)
        tx.outbox.mark_published(NORMAL, at_hub)

    return work


def sweeping(after: int = 0, *, before: float = 999, limit: int = 9) -> Callable[[Transaction], Swept]:
    """The work that takes one step of tidying."""
    return lambda tx: tx.outbox.sweep(NORMAL, after, at(before), limit)


async def left(store: Store) -> list[int]:
    """Return the own sequences of what an emptied hub would get again."""
    return [one.sequence for one in await store.read(lambda snapshot: snapshot.waiting(NORMAL, 0, 99, 1 << 20))]


async def test_only_what_everybody_has_proved_to_hold_is_swept(store: Store) -> None:
    """A hub that lost everything asks again, and what one county still lacks is gone for ever."""
    await store.write(published(5, at_hub=4))
    await store.write(marking(receipt(first=1, last=5)))
    assert await store.write(sweeping()) == Swept(0, None)
    await store.write(marking(receipt(ReceiptStage.REJECTED, 1, receiver=THIRD, code="guard.banned_name")))
    await store.write(marking(receipt(first=3, last=5, receiver=THIRD)))
    assert await store.write(sweeping()) == Swept(1, None)
    assert await left(store) == [2, 3, 4, 5]
    await store.write(marking(receipt(first=2, last=2, receiver=THIRD)))
    assert await store.write(sweeping()) == Swept(3, None)
    assert await left(store) == [5]
    assert await store.read(lambda snapshot: snapshot.event(envelope(1, to=(THEM, THIRD)).envelope_id)) is not None
    assert (await store.read(lambda snapshot: snapshot.counts()))["waiting"] == 1
    assert await store.write(lambda tx: tx.outbox.is_waiting(envelope(5, to=(THEM, THIRD)).envelope_id))
    assert not await store.write(lambda tx: tx.outbox.is_waiting(envelope(1, to=(THEM, THIRD)).envelope_id))


async def test_young_publications_and_those_in_doubt_stay(store: Store) -> None:
    """What the hub still keeps may be asked for; after a restore it is not even known what the hub holds."""
    await store.write(published(4, at_hub=4))
    for receiver in (THEM, THIRD):
        await store.write(marking(receipt(first=1, last=4, receiver=receiver)))
    assert await store.write(sweeping(before=3)) == Swept(2, None)
    await store.write(lambda tx: tx.outbox.doubt())
    assert await store.write(sweeping()) == Swept(0, None)
    await store.write(lambda tx: tx.outbox.renumber(NORMAL, 4))
    assert await store.write(sweeping()) == Swept(2, None)


async def test_a_lane_is_swept_in_steps(store: Store) -> None:
    """A year of publications in one transaction stops accepting for a minute."""
    await store.write(published(5, at_hub=5))
    for receiver in (THEM, THIRD):
        await store.write(marking(receipt(first=1, last=5, receiver=receiver)))
    assert await store.write(sweeping(limit=2)) == Swept(2, 2)
    assert await store.write(sweeping(2, limit=2)) == Swept(2, 4)
    assert await store.write(sweeping(4, limit=2)) == Swept(1, None)


async def test_openings_and_receipts_stay(store: Store) -> None:
    """Nobody confirms them, and without its opening a receiver could read none of a chain."""

    def work(tx: Transaction) -> None:
        number = posted(tx, 1)
        opening = envelope(0)
        tx.outbox.record([link(number, opening)])
        for one in (opening, envelope(1)):
            tx.outbox.enqueue(NORMAL, "hub.in.x", one.envelope_id)
        tx.outbox.mark_published(NORMAL, 2)
        tx.chains.advance(number, Position(2, hexed("head")))

    await store.write(work)
    await store.write(marking(receipt(first=1)))
    assert await store.write(sweeping()) == Swept(1, None)
    assert await left(store) == [1]


async def test_numbers_go_on_after_a_sweep(store: Store) -> None:
    """A number given twice would be taken by the hub for what it holds already."""
    await store.write(published(3, at_hub=2))
    for receiver in (THEM, THIRD):
        await store.write(marking(receipt(first=1, last=2, receiver=receiver)))
    assert (await store.write(sweeping())).dropped == 2
    assert await store.write(lambda tx: tx.outbox.renumber(NORMAL, 7)) == 1
    assert await left(store) == [8]
    again = envelope(1, to=(THEM, THIRD)).envelope_id
    assert await store.write(lambda tx: tx.outbox.enqueue(NORMAL, "hub.in.x", again)) == 9
