"""Contents that end, office keys that must go, and the log of openings: the same for every store."""

from typing import Final

from schemas.control import ErasureReason
from schemas.custody import Opening, OpeningReason
from schemas.records import ErasureRow
from services.ports import Store, Transaction
from tests.contract.store.samples import US, at, chain, envelope, hexed, link

ENDS: Final = {1: at(30), 2: at(10), 3: at(20)}


async def recorded(store: Store) -> None:
    """Record four events, three of which end."""

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain()).number
        tx.outbox.record([link(number, envelope(seq), ends_at=ENDS.get(seq)) for seq in (1, 2, 3, 4)])

    await store.write(work)


async def ended(store: Store, seconds: float, limit: int = 9) -> list[int]:
    """Return the sequences of what has ended by then."""
    found = await store.read(lambda s: s.ended(at(seconds), limit))
    return [next(seq for seq in (1, 2, 3, 4) if envelope(seq).envelope_id == one) for one in found]


async def test_what_ended_comes_in_the_order_of_its_end(store: Store) -> None:
    """And nothing that may be kept, however old it is."""
    await recorded(store)
    assert await ended(store, 9.9) == []
    assert await ended(store, 20) == [2, 3]
    assert await ended(store, 999) == [2, 3, 1]
    assert await ended(store, 999, 2) == [2, 3]


async def test_an_end_goes_with_its_content_or_is_put_off(store: Store) -> None:
    """Else it would be looked at for ever."""
    await recorded(store)
    row = ErasureRow(US, ErasureReason.EXPIRED, at(50))
    await store.write(lambda tx: tx.erasures.erase(envelope(2).envelope_id, row))
    await store.write(lambda tx: tx.custody.postpone(envelope(3).envelope_id, at(40)))
    await store.write(lambda tx: tx.custody.postpone(envelope(4).envelope_id, at(0)))
    assert await ended(store, 30) == [1]
    assert await ended(store, 999) == [1, 3]


async def test_a_condemned_key_is_known_until_it_is_gone(store: Store) -> None:
    """Since the first time: a second erasure must not put its end off."""
    await store.write(lambda tx: tx.custody.condemn("one", at(1)))
    await store.write(lambda tx: tx.custody.condemn("one", at(2)))
    await store.write(lambda tx: tx.custody.condemn("two", at(3)))
    assert await store.read(lambda s: dict(s.condemned())) == {"one": at(1), "two": at(3)}
    await store.write(lambda tx: tx.custody.forget_key("one"))
    assert await store.read(lambda s: dict(s.condemned())) == {"two": at(3)}


def opening(number: int, event: int) -> Opening:
    """One row of the log."""
    event_id = envelope(event).envelope_id
    return Opening(number, event_id, at(number), "desk", "duty-a", OpeningReason.REVIEW, hexed("opening", number))


async def test_the_log_of_openings_is_read_in_order_and_by_event(store: Store) -> None:
    """The auditor reads all of it, an officer what concerns one event."""
    assert await store.read(lambda s: s.last_opening()) is None
    rows = [opening(1, 1), opening(2, 2), opening(3, 1)]
    for row in rows:
        await store.write(lambda tx, row=row: tx.custody.log_opening(row))  # type: ignore[misc]
    assert await store.read(lambda s: s.openings(0, 2)) == rows[:2]
    assert await store.read(lambda s: s.openings(2, 9)) == rows[2:]
    assert await store.read(lambda s: s.openings_of(envelope(1).envelope_id, 9)) == [rows[2], rows[0]]
    assert await store.read(lambda s: s.openings_of(envelope(1).envelope_id, 1)) == [rows[2]]
    assert await store.read(lambda s: s.last_opening()) == rows[2]
