"""The index of words: whole blocks or none, the events that it names, and what an erasure takes out."""

from collections.abc import Callable
from datetime import datetime

import pytest

from schemas.control import ErasureReason, ReceiptStage
from schemas.records import Direction, ErasureRow, StoredEvent
from schemas.searches import PLACES, BlockWords, SearchFigures, Wanted
from services.ports import Snapshot, Store, Transaction
from tests.contract.store.samples import ALERT, BULLETIN, RECEIPT, THEM, US, at, chain, envelope, link, receipt
from tests.searching import record

Reading = Callable[[Snapshot], list[int]]

WORDS = BlockWords(held=bytes((1, 2, 5)), dense=bytes((5,)), words={0: b"zero", 7: b"seven"})
OURS = ErasureRow(US, ErasureReason.MISTAKEN, at(9))


def fill(tx: Transaction, count: int, first: int = 1) -> None:
    """Record so many events; positions begin at 1."""
    record(tx, ({"title": f"第{seq}号"} for seq in range(first, first + count)), first=first)


def positions(found: list[StoredEvent]) -> list[int]:
    """Return where events stand."""
    return [one.position for one in found]


def events_in(wanted: Wanted, places: bytes | None = None, below: int = 999, block: int = 0) -> Reading:
    """Return the work that reads a block."""

    def work(snapshot: Snapshot) -> list[int]:
        return positions(list(snapshot.search.events_in(block, places, wanted, below)))

    return work


async def test_only_a_whole_block_is_to_be_indexed(store: Store) -> None:
    """One that still grows would be indexed over and over."""
    await store.write(lambda tx: fill(tx, PLACES - 2))
    assert await store.read(lambda s: (s.search.next_block(), s.search.figures())) == (None, SearchFigures(0, 0))
    await store.write(lambda tx: fill(tx, 1, PLACES - 1))
    assert await store.read(lambda s: (s.search.next_block(), s.search.last_position())) == (0, PLACES - 1)
    await store.write(lambda tx: tx.search.put(0, WORDS))
    assert await store.read(lambda s: (s.search.next_block(), s.search.figures())) == (None, SearchFigures(1, 1))
    assert await store.write(lambda tx: tx.search.last_position()) == PLACES - 1


async def test_one_bucket_of_every_block_is_read_the_newest_first(store: Store) -> None:
    """A word is looked for in blocks, not in events."""
    other = BlockWords(b"\x01", b"", {7: b"other"})

    def work(tx: Transaction) -> None:
        tx.search.put(0, WORDS)
        tx.search.put(1, other)
        tx.search.put(2, WORDS)
        tx.search.put(2, other)  # in place of what there was

    await store.write(work)
    looks = await store.read(lambda s: list(s.search.looks(7, 9)))
    assert [(one.block, one.dense, one.postings) for one in looks] == [
        (2, b"", b"other"),
        (1, b"", b"other"),
        (0, b"\x05", b"seven"),
    ]
    assert [one.block for one in await store.read(lambda s: list(s.search.looks(7, 1)))] == [1, 0]
    assert [one.postings for one in await store.read(lambda s: list(s.search.looks(0, 9)))] == [b"", b"", b"zero"]
    assert await store.read(lambda s: (s.search.postings(0, 7), s.search.postings(2, 0))) == (b"seven", b"")


async def test_events_of_a_block_are_read_by_place_the_newest_first(store: Store) -> None:
    """What the index names is read, and nothing else; one position is in one block."""
    await store.write(lambda tx: fill(tx, PLACES + 10))
    assert await store.read(events_in(Wanted(), bytes((1, 3, 200)))) == [200, 3, 1]
    assert await store.read(events_in(Wanted(), bytes((1, 3, 200)), below=200)) == [3, 1]
    assert await store.read(events_in(Wanted(), bytes((0, 3, 200)), block=1)) == [PLACES + 3, PLACES]
    assert await store.read(events_in(Wanted(), block=1)) == list(range(PLACES + 10, PLACES - 1, -1))
    assert await store.read(events_in(Wanted(), below=4)) == [3, 2, 1]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(direction=Direction.INCOMING), [4, 3]),
        (Wanted(wire_type=ALERT), [4, 2]),
        (Wanted(mutual="information"), [4, 3, 2, 1]),
        (Wanted(mutual="outreach"), []),
        (Wanted(level=2), [4]),
        (Wanted(since=at(2)), [4, 2]),
        (Wanted(until=at(2)), [3, 1]),
        (Wanted(direction=Direction.OUTGOING, wire_type=BULLETIN, since=at(1), until=at(2)), [1]),
    ],
)
async def test_a_block_is_narrowed_by_what_stands_outside_the_content(
    store: Store, wanted: Wanted, expected: list[int]
) -> None:
    """Each filter alone and together; control records are no events."""

    def work(tx: Transaction) -> None:
        record(tx, [{"title": "一"}])
        record(tx, [{"title": "二"}], first=2, wire_type=ALERT)
        record(tx, [{"title": "三"}], source=THEM)
        record(tx, [{"title": "四"}], first=2, source=THEM, wire_type=ALERT, level=2)
        record(tx, [{}], first=3, source=THEM, wire_type=RECEIPT)

    await store.write(work)
    assert await store.read(events_in(wanted)) == expected


async def test_places_that_wait_for_an_acknowledgement_are_told_by_block(store: Store) -> None:
    """A search for what waits must not read every event of the county."""

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain("in", source=THEM)).number
        for seq in range(1, PLACES + 3):
            deadline = at(900) if seq in {1, 7, PLACES - 1, PLACES, PLACES + 2} else None
            came = envelope(seq, channel="in", source=THEM, to=(US,), acknowledge_by=deadline)
            tx.outbox.record([link(number, came)])
        answer = receipt(ReceiptStage.ACKNOWLEDGED, 7, direction=Direction.OUTGOING, officer="值班员甲")
        tx.receipt_book.record(answer)

    await store.write(work)
    found = await store.read(lambda s: [s.search.unacknowledged_in(block) for block in (0, 1, 2)])
    assert found == [bytes((1, PLACES - 1)), bytes((0, 2)), b""]


async def test_an_erasure_takes_the_block_of_the_event_out_of_the_index(store: Store) -> None:
    """In the same transaction: whoever hears that it is erased finds no word of it."""

    def work(tx: Transaction) -> None:
        fill(tx, PLACES)
        tx.search.put(0, WORDS)
        tx.erasures.erase(envelope(3).envelope_id, OURS)  # its words are not in the index

    await store.write(work)
    assert await store.read(lambda s: s.search.figures()) == SearchFigures(1, 1)
    assert await store.read(lambda s: s.search.erasures_in(0)) == 1

    await store.write(lambda tx: tx.erasures.erase(envelope(5).envelope_id, OURS))
    asked = await store.read(lambda s: (list(s.search.looks(7, 9)), s.search.postings(0, 7), s.search.next_block()))
    assert asked == ([], b"", 0)
    assert await store.read(lambda s: (s.search.figures(), s.search.erasures_in(0))) == (SearchFigures(1, 0), 2)

    await store.write(lambda tx: tx.search.put(0, WORDS))
    assert await store.read(lambda s: s.search.figures()) == SearchFigures(1, 1)


async def test_a_work_that_fails_leaves_the_index_as_it_was(store: Store) -> None:
    """An index that is half of one block and half of another would hide events."""

    def failing(tx: Transaction) -> None:
        tx.search.put(0, BlockWords(b"", b"", {}))
        tx.search.clear()
        raise RuntimeError

    await store.write(lambda tx: tx.search.put(0, WORDS))
    with pytest.raises(RuntimeError):
        await store.write(failing)
    assert await store.read(lambda s: s.search.postings(0, 7)) == b"seven"
    await store.write(lambda tx: tx.search.clear())
    assert await store.read(lambda s: (s.search.postings(0, 7), list(s.search.looks(7, 9)))) == (b"", [])


async def test_times_are_compared_to_the_microsecond(store: Store) -> None:
    """The end of a span belongs to the next one."""
    await store.write(lambda tx: fill(tx, 1))

    def within(since: datetime, until: datetime) -> Reading:
        return events_in(Wanted(since=since, until=until))

    assert await store.read(within(at(1), at(1.000001))) == [1]
    assert await store.read(within(at(0), at(1))) == []
    assert await store.read(within(at(1.000001), at(2))) == []
