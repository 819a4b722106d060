"""Calls by telephone: the same in every store."""

from schemas.control import CallOutcome
from schemas.records import CallRow
from services.ports import Store, Transaction
from tests.contract.store.samples import THEM, US, at

EVENT = "ab" * 32


def call(number: int, second: int) -> CallRow:
    return CallRow(f"{number:064x}", US, THEM, "值班室", CallOutcome.UNANSWERED, "值班员甲", at(second))


async def test_calls_are_kept_in_the_order_in_which_they_were_made(store: Store) -> None:
    """Whatever the order of their records; and before their event has come."""

    def work(tx: Transaction) -> None:
        for one in (call(2, 20), call(1, 30), call(3, 10), call(2, 20)):
            tx.call_book.note(EVENT, one)

    await store.write(work)
    assert await store.read(lambda s: s.calls_of(EVENT)) == [call(3, 10), call(2, 20), call(1, 30)]
    assert await store.read(lambda s: s.calls_of("cd" * 32)) == []


async def test_a_record_that_comes_again_changes_nothing(store: Store) -> None:
    """The same envelope: what was kept first stays."""
    await store.write(lambda tx: tx.call_book.note(EVENT, call(1, 10)))
    await store.write(lambda tx: tx.call_book.note(EVENT, call(1, 50)))
    assert await store.read(lambda s: s.calls_of(EVENT)) == [call(1, 10)]
