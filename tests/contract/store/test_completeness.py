"""What is needed to find and to fill what is missing: who owes what, and the links themselves."""

from schemas.control import ReceiptStage
from schemas.records import Owing
from services.ports import Store, Transaction
from tests.contract.store.kinds import marking, posted
from tests.contract.store.samples import THEM, THIRD, at, chain, envelope, link, receipt


async def test_who_owes_what_from_where_on(store: Store) -> None:
    """A recipient is asked for what it proved long ago, or never for what it lacks."""
    await store.write(lambda tx: posted(tx, 6, to=(THEM, THIRD)))
    assert await store.read(lambda s: s.owing()) == [Owing(1, THEM, 1), Owing(1, THIRD, 1)]
    await store.write(marking(receipt(first=1, last=2)))
    await store.write(marking(receipt(first=4, last=5)))
    await store.write(marking(receipt(ReceiptStage.REJECTED, 1, receiver=THIRD, code="content.bad")))
    assert await store.read(lambda s: s.owing()) == [Owing(1, THEM, 3), Owing(1, THIRD, 2)]
    assert await store.write(lambda tx: tx.dues.owed(1, THEM, 9)) == [3, 6]
    assert await store.write(lambda tx: tx.dues.owed(1, THEM, 1)) == [3]
    assert await store.write(lambda tx: tx.dues.owed(1, THIRD, 9)) == [2, 3, 4, 5, 6]
    assert await store.write(lambda tx: tx.dues.owed(1, "110101", 9)) == []
    await store.write(marking(receipt(first=1, last=6)))
    assert await store.read(lambda s: s.owing()) == [Owing(1, THIRD, 2)]


async def test_links_are_read_as_a_run_within_bounds(store: Store) -> None:
    """A run of a million links that is loaded whole because somebody asked for it."""

    def work(tx: Transaction) -> int:
        number = tx.chains.open(chain("in", source=THEM)).number
        for seq in range(1, 6):
            one = envelope(seq, channel="in", source=THEM, to=("451226",), padding=100)
            tx.outbox.record([link(number, one, refused=seq == 3)])
        return number

    number = await store.write(work)

    async def seqs(first: int, last: int, size: int) -> list[int]:
        found = await store.read(lambda s: s.links(number, first, last, size))
        return [one.envelope.header.seq for one in found]

    assert await seqs(1, 5, 10**6) == [1, 2, 4, 5]
    assert await seqs(2, 4, 10**6) == [2, 4]
    assert await seqs(2, 4, 1) == [2]
    assert await seqs(6, 9, 10**6) == []
    assert await seqs(4, 2, 10**6) == []


async def test_when_a_county_was_heard_last(store: Store) -> None:
    """A sign of life of one county wakes what waits for another."""

    def work(tx: Transaction) -> None:
        for name, source, seconds in (("a", THEM, 5), ("b", THEM, 9), ("c", THIRD, 7)):
            opened = tx.chains.open(chain(name, source=source))
            one = envelope(1, channel=name, source=source, to=("451226",))
            tx.outbox.record([link(opened.number, one, seconds=seconds)])
            tx.chains.advance(opened.number, one.link.position)
        posted(tx, 1)

    await store.write(work)
    assert await store.read(lambda s: dict(s.last_heard())) == {THEM: at(9), THIRD: at(7)}
