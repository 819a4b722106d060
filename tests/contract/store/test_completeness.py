"""What is needed to find and to fill what is missing: who owes what, and the links themselves."""

from dataclasses import replace

from schemas.completeness import Claim, ForkEvidence, Heard, Owing, SignedBytes
from schemas.control import ReceiptStage
from services.ports import Store, Transaction
from tests.contract.store.kinds import marking, posted
from tests.contract.store.samples import THEM, THIRD, US, at, chain, envelope, held, hexed, link, receipt


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
        found = await store.read(lambda s: s.run_of(number, first, last, size))
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


KIND, OTHER_KIND = "cn.sihu.control.head_beaconed.v1", "cn.sihu.control.range_requested.v1"


async def test_an_old_signal_that_comes_again_counts_for_nothing(store: Store) -> None:
    """A hub replays yesterday's beacons, and a county that is dead looks alive."""
    numbers = ((5, 10), (5, 11), (4, 12), (6, 13))
    taken = await store.write(
        lambda tx: [tx.signal_book.hear(KIND, Heard(THEM, n, at(n), at(seconds))) for n, seconds in numbers]
    )
    assert taken == [True, False, False, True]
    await store.write(lambda tx: tx.signal_book.hear(OTHER_KIND, Heard(THEM, 1, at(1), at(14))))
    await store.write(lambda tx: tx.signal_book.hear(KIND, Heard(THIRD, 1, at(1), at(15))))
    assert await store.read(lambda s: s.heard(KIND)) == [Heard(THEM, 6, at(6), at(13)), Heard(THIRD, 1, at(1), at(15))]


def _claim(channel: str, seq: int, *, by: str = THEM, seconds: float = 0, epoch: str = "1-00000000000000aa") -> Claim:
    return Claim(by, THEM, hexed(channel), epoch, seq, hexed(channel, seq), at(seconds))


async def test_a_county_claims_what_its_last_beacon_says(store: Store) -> None:
    """Claims that pile up for ever; or a clock that begins anew with every beacon, so that nothing is ever overdue."""
    first, second = _claim("a", 5, seconds=1), _claim("b", 7, seconds=1)
    await store.write(lambda tx: tx.signal_book.claim(THEM, (first, second)))
    await store.write(lambda tx: tx.signal_book.claim(THIRD, (_claim("a", 9, by=THIRD, seconds=2),)))
    await store.write(lambda tx: tx.signal_book.claim(THEM, (_claim("a", 6, seconds=60),)))
    assert await store.read(lambda s: s.claims(9)) == [
        _claim("a", 6, seconds=1),
        _claim("a", 9, by=THIRD, seconds=2),
    ]
    assert await store.read(lambda s: len(s.claims(1))) == 1
    new_epoch = _claim("a", 1, seconds=90, epoch="2-00000000000000aa")
    await store.write(lambda tx: tx.signal_book.claim(THEM, (new_epoch,)))
    assert await store.read(lambda s: s.claims(9)) == [_claim("a", 9, by=THIRD, seconds=2), new_epoch]


async def test_a_claim_ends_when_it_is_fulfilled(store: Store) -> None:
    """Asked for ever although it is here; or forgotten although it is not."""
    await store.write(lambda tx: tx.signal_book.claim(THEM, (_claim("a", 5), _claim("b", 5))))
    await store.write(lambda tx: tx.signal_book.claim(THIRD, (_claim("a", 6, by=THIRD),)))
    epoch = "1-00000000000000aa"
    assert await store.write(lambda tx: tx.signal_book.settle_claims(hexed("a"), "9-00000000000000aa", 99)) == 0
    assert await store.write(lambda tx: tx.signal_book.settle_claims(hexed("a"), epoch, 5)) == 1
    assert await store.read(lambda s: s.claims(9)) == [_claim("b", 5), _claim("a", 6, by=THIRD)]


async def test_the_newest_epoch_of_every_channel_is_its_head(store: Store) -> None:
    """A beacon that tells of an epoch that was left."""

    def work(tx: Transaction) -> None:
        for epoch in ("9-00000000000000aa", "10-00000000000000aa"):
            tx.chains.open(chain("out", epoch=epoch))
        tx.chains.open(chain("in", source=THEM))

    await store.write(work)
    found = await store.read(lambda s: s.heads())
    assert [(one.epoch, one.source) for one in found] == [("10-00000000000000aa", US), ("1-00000000000000aa", THEM)]


async def test_gaps_are_what_waits_beyond_a_missing_link(store: Store) -> None:
    """Held back or delivered early: either shows that something before it is missing."""
    epoch = "1-00000000000000bb"

    def work(tx: Transaction) -> None:
        one = tx.chains.open(chain("in", source=THEM, epoch=epoch, head=2))
        for seq in (4, 6):
            tx.waiting_room.hold(held(seq, size=1))
        early = envelope(8, channel="in", source=THEM, to=(US,), epoch=epoch)
        tx.outbox.record([link(one.number, early, early=True)])
        next_one = tx.chains.open(chain("next", source=THEM, epoch=epoch, head=3))
        tx.waiting_room.hold(held(4, channel="next", size=1))
        assert next_one.number == 2
        tx.waiting_room.hold(held(1, channel="unknown", size=1))

    await store.write(work)
    found = await store.read(lambda s: s.gaps(99))
    assert [(one.chain.number, one.present) for one in found] == [(1, (4, 6, 8))]
    assert [one.present for one in await store.read(lambda s: s.gaps(2))] == [(4, 6)]
    await store.write(lambda tx: tx.chains.freeze(1))
    assert await store.read(lambda s: s.gaps(99)) == []


async def test_a_proof_is_kept_once_and_whole(store: Store) -> None:
    """A proof that loses a byte proves nothing; one that is replaced can be replaced by nonsense."""
    one, other = (SignedBytes(hexed(name), b"header-" + name.encode(), b"[sig]") for name in ("a", "b"))
    evidence = ForkEvidence(THEM, hexed("in"), "1-00000000000000aa", (THIRD, US), one, other, at(3))
    assert await store.write(lambda tx: tx.signal_book.prove(evidence))
    assert not await store.write(lambda tx: tx.signal_book.prove(replace(evidence, first=other, second=one)))
    later = replace(evidence, epoch="2-00000000000000aa", found_at=at(9))
    assert await store.write(lambda tx: tx.signal_book.prove(later))
    assert await store.read(lambda s: s.forks(9)) == [later, evidence]
    assert await store.read(lambda s: s.forks(1)) == [later]


async def test_what_was_signed_is_there_for_refused_links_too(store: Store) -> None:
    """A source that forks with something forbidden could not be proved to have."""

    def work(tx: Transaction) -> int:
        number = tx.chains.open(chain("in", source=THEM)).number
        tx.outbox.record([link(number, envelope(1, channel="in", source=THEM, to=(US,)), refused=True)])
        return number

    number = await store.write(work)
    sent = envelope(1, channel="in", source=THEM, to=(US,))
    expected = SignedBytes(sent.envelope_id, sent.header_bytes, sent.signatures_bytes)
    assert await store.read(lambda s: s.signed_at(number, 1)) == expected
    assert await store.read(lambda s: s.signed_at(number, 2)) is None
