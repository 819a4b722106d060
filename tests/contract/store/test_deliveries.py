"""Deliveries and receipts: what each recipient has proved, never less than before."""

import pytest

from schemas.control import ReceiptStage
from schemas.errors import InvariantError
from schemas.records import Delivery, Direction
from services.ports import Store, Transaction
from tests.contract.store.kinds import marking, noting, posted
from tests.contract.store.samples import THEM, THIRD, US, at, chain, envelope, link, receipt


async def _deliveries(store: Store, seq: int) -> list[Delivery]:
    return await store.read(lambda snapshot: snapshot.deliveries(envelope(seq).envelope_id))


async def _stored(store: Store, count: int) -> list[bool]:
    return [(await _deliveries(store, seq))[0].stored_at is not None for seq in range(1, count + 1)]


async def test_every_recipient_owes_receipts_from_the_start(store: Store) -> None:
    """A recipient that nobody waits for."""
    await store.write(lambda tx: posted(tx, 1, to=(THEM, THIRD)))
    nothing = (None, None, None, None, None, None)
    assert await _deliveries(store, 1) == [Delivery(THEM, *nothing), Delivery(THIRD, *nothing)]
    assert await store.read(lambda snapshot: snapshot.deliveries(envelope(9).envelope_id)) == []
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.dues.expect(1, 9, [THEM]))


async def test_expecting_twice_counts_once(store: Store) -> None:
    """The audience counted double, so that it is never complete."""
    await store.write(lambda tx: posted(tx, 2))
    await store.write(marking(receipt(last=2)))
    await store.write(lambda tx: tx.dues.expect(1, 1, [THEM, THIRD]))
    counts = await store.read(lambda snapshot: snapshot.counts())
    assert (counts["deliveries"], counts["stored"]) == (3, 2)
    assert [one.stored_at for one in await _deliveries(store, 1)] == [at(10), None]
    assert await store.read(lambda snapshot: snapshot.oldest_unstored()) == {THIRD: at(1)}


async def test_one_receipt_covers_a_range(store: Store) -> None:
    """A range receipt that covers its ends only, or its neighbours too."""
    await store.write(lambda tx: posted(tx, 6))
    assert await store.write(marking(receipt(first=2, last=4))) == 3
    assert await _stored(store, 6) == [False, True, True, True, False, False]
    assert await store.write(marking(receipt(first=1, last=9, seconds=50))) == 3
    assert [(await _deliveries(store, seq))[0].stored_at for seq in (1, 2, 6)] == [at(50), at(10), at(50)]
    assert await store.write(marking(receipt(first=1, last=6, seconds=90))) == 0


async def test_receipts_of_one_work_add_up(store: Store) -> None:
    """Of several receipts in one batch the later ones see the store without the earlier."""

    def work(tx: Transaction) -> list[int]:
        posted(tx, 6)
        return [tx.dues.mark(receipt(first=a, last=b)) for a, b in ((5, 6), (1, 2), (2, 3), (4, 4), (1, 6))]

    assert await store.write(work) == [2, 2, 1, 1, 0]
    assert await store.read(lambda snapshot: snapshot.oldest_unstored()) == {}


async def test_a_receipt_counts_for_its_own_receiver_and_chain(store: Store) -> None:
    """One county's receipt clears another's debt."""
    await store.write(lambda tx: posted(tx, 1, to=(THEM, THIRD)))
    assert await store.write(marking(receipt(receiver=US))) == 0
    assert await store.write(marking(receipt(chain_number=2))) == 0
    assert await store.write(marking(receipt(receiver=THIRD))) == 1
    assert [one.stored_at for one in await _deliveries(store, 1)] == [None, at(10)]


async def test_a_late_stored_moves_nothing_back(store: Store) -> None:
    """An acknowledged alert that becomes merely stored when the slower receipt arrives."""
    await store.write(lambda tx: posted(tx, 1))
    answer = receipt(ReceiptStage.ACKNOWLEDGED, seconds=20, officer="值班员甲", answer="received")
    assert await store.write(marking(answer)) == 1
    (one,) = await _deliveries(store, 1)
    assert (one.stored_at, one.acknowledged_at, one.acknowledged_by) == (None, at(20), "值班员甲")
    assert await store.write(marking(receipt(seconds=30))) == 1
    (one,) = await _deliveries(store, 1)
    assert (one.stored_at, one.acknowledged_at, one.answer) == (at(30), at(20), "received")


async def test_a_more_final_answer_replaces_an_earlier_one(store: Store) -> None:
    """An officer who says 处置 after 收到 is still shown with 收到; or a late 收到 hides 处置."""
    await store.write(lambda tx: posted(tx, 1))
    for seconds, stage, who, answer, changed in (
        (20, ReceiptStage.ACKNOWLEDGED, "值班员甲", "received", 1),
        (25, ReceiptStage.ACKNOWLEDGED, "值班员丙", "received", 0),
        (30, ReceiptStage.ACTIONED, "值班员乙", "handling", 1),
        (40, ReceiptStage.ACKNOWLEDGED, "值班员甲", "received", 0),
        (50, ReceiptStage.ACTIONED, "值班员丙", "handling", 0),
    ):
        row = receipt(stage, seconds=seconds, officer=who, answer=answer)
        assert await store.write(marking(row)) == changed
    (one,) = await _deliveries(store, 1)
    assert (one.acknowledged_at, one.acknowledged_by, one.answer) == (at(20), "值班员乙", "handling")
    counts = await store.read(lambda snapshot: snapshot.counts())
    assert (counts["acknowledged"], counts["stored"]) == (1, 0)


async def test_who_answers_without_taking_takes_nothing(store: Store) -> None:
    """A county whose first officer cannot come would be shown as having acknowledged; or as still silent."""
    await store.write(lambda tx: posted(tx, 1))
    for seconds, stage, who, answer, changed in (
        (20, ReceiptStage.DECLINED, "值班员甲", "cannot", 1),
        (30, ReceiptStage.DECLINED, "值班员乙", "passed_on", 0),
        (40, ReceiptStage.EXHAUSTED, None, None, 1),
    ):
        row = receipt(stage, seconds=seconds, officer=who, answer=answer)
        assert await store.write(marking(row)) == changed
    (one,) = await _deliveries(store, 1)
    assert (one.acknowledged_at, one.acknowledged_by, one.refused_code) == (None, None, None)
    assert (one.declined_at, one.declined_by, one.declined_answer) == (at(20), "值班员甲", "cannot")
    assert one.exhausted_at == at(40)
    taken = receipt(ReceiptStage.ACKNOWLEDGED, seconds=50, officer="值班员丙", answer="received")
    assert await store.write(marking(taken)) == 1
    (one,) = await _deliveries(store, 1)
    assert (one.acknowledged_at, one.acknowledged_by, one.declined_at) == (at(50), "值班员丙", at(20))
    assert (await store.read(lambda snapshot: snapshot.counts()))["acknowledged"] == 1


async def test_a_refusal_is_kept_with_its_code(store: Store) -> None:
    """A rejected event that looks as if nothing had come back."""
    await store.write(lambda tx: posted(tx, 3))
    await store.write(marking(receipt(ReceiptStage.REJECTED, 1, code="content.unknown_field")))
    await store.write(marking(receipt(ReceiptStage.REJECTED, 1, code="later")))
    await store.write(marking(receipt(ReceiptStage.EXPIRED, 2)))
    await store.write(marking(receipt(ReceiptStage.HANDED_OVER, 3)))
    codes = [(await _deliveries(store, seq))[0].refused_code for seq in (1, 2, 3)]
    assert codes == ["content.unknown_field", "expired", None]
    assert (await _deliveries(store, 3))[0].handed_over_at == at(10)


async def test_the_oldest_debt_is_known_per_recipient(store: Store) -> None:
    """A silent neighbour hidden behind one that answers."""
    await store.write(lambda tx: posted(tx, 5, to=(THEM, THIRD)))
    oldest = store.read(lambda snapshot: snapshot.oldest_unstored())
    assert await oldest == {THEM: at(1), THIRD: at(1)}
    for row in (
        receipt(first=3, last=4),
        receipt(ReceiptStage.REJECTED, 2, code="content.unknown_field"),
        receipt(ReceiptStage.ACKNOWLEDGED, 1, receiver=THIRD, officer="值班员甲"),
    ):
        await store.write(marking(row))
    assert await store.read(lambda snapshot: snapshot.oldest_unstored()) == {THEM: at(1), THIRD: at(2)}
    await store.write(marking(receipt()))
    assert await store.read(lambda snapshot: snapshot.oldest_unstored()) == {THEM: at(5), THIRD: at(2)}
    await store.write(marking(receipt(first=5)))
    assert await store.read(lambda snapshot: snapshot.oldest_unstored()) == {THIRD: at(2)}


async def test_the_last_proof_is_known_per_recipient(store: Store) -> None:
    """Who has proved nothing for a day is asked by telephone; who never has, is not in the list."""
    await store.write(lambda tx: posted(tx, 5, to=(THEM, THIRD)))
    assert await store.read(lambda snapshot: snapshot.last_stored()) == {}
    await store.write(marking(receipt(first=1, last=2, seconds=20)))
    await store.write(marking(receipt(ReceiptStage.REJECTED, 3, code="content.unknown_field")))
    assert await store.read(lambda snapshot: snapshot.last_stored()) == {THEM: at(20)}
    await store.write(marking(receipt(first=4, last=4, seconds=30)))
    await store.write(marking(receipt(receiver=THIRD, seconds=25)))
    assert await store.read(lambda snapshot: snapshot.last_stored()) == {THEM: at(30), THIRD: at(25)}


async def test_deliveries_may_skip_links_and_change_audience(store: Store) -> None:
    """A chain in which some link is owed to nobody, or to others than the one before it."""
    await store.write(lambda tx: posted(tx, 2))

    def work(tx: Transaction) -> None:
        tx.outbox.record([link(1, envelope(3), seconds=3)])
        posted(tx, 2, first=4, to=(THIRD,))
        posted(tx, 1, first=6)

    await store.write(work)
    assert await store.write(marking(receipt(first=1, last=6))) == 3
    assert await _deliveries(store, 3) == []
    assert await store.read(lambda snapshot: snapshot.oldest_unstored()) == {THIRD: at(4)}
    assert (await store.read(lambda snapshot: snapshot.counts()))["deliveries"] == 5


async def test_receipts_that_cover_an_event_are_listed_oldest_first(store: Store) -> None:
    """Evidence of an event that lacks the range receipt it stands in."""
    await store.write(lambda tx: posted(tx, 5))
    rows = [
        receipt(first=4, last=5, seconds=1),
        receipt(first=1, last=3, seconds=2),
        receipt(ReceiptStage.ACKNOWLEDGED, 2, seconds=3, officer="值班员甲", answer="received"),
        receipt(first=1, last=5, seconds=4, receiver=THIRD),
        receipt(first=2, seconds=5, chain_number=2),
    ]
    for row in rows:
        await store.write(noting(row))
    assert await store.read(lambda snapshot: snapshot.receipts(envelope(2).envelope_id)) == rows[1:4]
    assert await store.read(lambda snapshot: snapshot.receipts(envelope(4).envelope_id)) == [rows[0], rows[3]]
    assert (await store.read(lambda snapshot: snapshot.counts()))["receipts_in"] == 5


async def test_a_duplicate_finds_the_receipt_that_covers_it(store: Store) -> None:
    """A receipt and then a second one for the same message."""

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain("in", source=THEM)).number
        assert number == 1
        tx.receipt_book.record(receipt(first=1, last=3, direction=Direction.INCOMING))
        tx.receipt_book.record(receipt(first=1, last=3, direction=Direction.OUTGOING, seconds=2))
        tx.receipt_book.record(receipt(first=2, last=2, direction=Direction.OUTGOING, seconds=3))

    await store.write(work)
    first = receipt(first=1, last=3, direction=Direction.OUTGOING, seconds=2).envelope_id
    assert await store.write(lambda tx: [tx.receipt_book.covering(1, seq) for seq in (0, 2, 3, 4)]) == [
        None,
        first,
        first,
        None,
    ]


async def test_the_human_receipt_is_found_again(store: Store) -> None:
    """A second officer who is not told that the first has answered; or is told so although nobody took it."""
    stored = receipt(direction=Direction.OUTGOING, receiver=US)
    human = receipt(
        ReceiptStage.ACTIONED,
        direction=Direction.OUTGOING,
        receiver=US,
        seconds=9,
        officer="值班员甲",
        answer="handling",
    )
    declined = receipt(
        ReceiptStage.DECLINED, direction=Direction.OUTGOING, receiver=US, seconds=5, officer="值班员乙", answer="cannot"
    )
    for row in (stored, declined):
        await store.write(noting(row))
    assert await store.write(lambda tx: tx.receipt_book.answered(1, 1)) is None
    for row in (human,):
        await store.write(noting(row))
    assert await store.write(lambda tx: tx.receipt_book.answered(1, 1)) == human
    assert await store.write(lambda tx: tx.receipt_book.answered(1, 2)) is None


async def test_nobody_waits_for_a_recipient_that_has_left(store: Store) -> None:
    """A county that left owes for ever, or what it had proved is taken from it, or another's dues go with its own."""
    await store.write(lambda tx: posted(tx, 6, to=(THEM, THIRD)))
    await store.write(marking(receipt(first=2, last=3)))
    await store.write(marking(receipt(first=5, last=5)))
    assert await store.write(lambda tx: tx.dues.close(THEM, "member.left", at(90))) == 3
    assert await store.write(lambda tx: tx.dues.close(THEM, "member.left", at(91))) == 0
    found = [(await _deliveries(store, seq))[0] for seq in range(1, 7)]
    assert [one.refused_code for one in found] == ["member.left", None, None, "member.left", None, "member.left"]
    assert [one.stored_at is not None for one in found] == [False, True, True, False, True, False]
    assert await store.read(lambda snapshot: snapshot.oldest_unstored()) == {THIRD: at(1)}
    await store.write(lambda tx: posted(tx, 1, to=(THIRD,), first=7))
    assert (await store.read(lambda snapshot: snapshot.oldest_unstored())).keys() == {THIRD}
