"""Chains: epochs, heads, early links."""

import pytest

from schemas.control import OpeningReason
from schemas.envelope import Position
from schemas.errors import InvariantError
from schemas.ids import NO_LINK
from services.ports import Store, Transaction
from tests.contract.store.kinds import holding, posted
from tests.contract.store.samples import ALERT, THEM, US, chain, envelope, held, hexed, link

NAMES = ("out", "another", "in")


async def test_the_newest_epoch_is_the_one_with_the_highest_counter(store: Store) -> None:
    """An old epoch, learnt late from a peer, taken for the one to go on with."""

    def work(tx: Transaction) -> str:
        for epoch in ("2-00000000000000aa", "10-00000000000000aa", "10-00000000000000bb", "9-00000000000000aa"):
            tx.chains.open(chain(epoch=epoch))
        newest = tx.chains.current(hexed("out"))
        return newest.epoch if newest else ""

    assert await store.write(work) == "10-00000000000000bb"
    newest = await store.write(lambda tx: tx.chains.current(hexed("out")))
    assert newest is not None
    assert newest.epoch == "10-00000000000000bb"
    assert await store.write(lambda tx: tx.chains.current(hexed("unknown"))) is None


async def test_an_epoch_is_found_by_channel_and_name(store: Store) -> None:
    """Links of two epochs mixed up in one chain."""
    first = await store.write(lambda tx: tx.chains.open(chain()))
    second = await store.write(lambda tx: tx.chains.open(chain(epoch="2-00000000000000aa")))
    assert first.number != second.number
    assert await store.write(lambda tx: tx.chains.find(first.channel, first.epoch)) == first
    assert await store.write(lambda tx: tx.chains.find(first.channel, "3-00000000000000aa")) is None
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.chains.open(chain()))


async def test_a_head_moves_forward_only(store: Store) -> None:
    """A head that goes back lets the same sequence be signed twice: a fork of our own making."""
    number = (await store.write(lambda tx: tx.chains.open(chain(head=4)))).number
    await store.write(lambda tx: tx.chains.advance(number, Position(6, hexed("six"))))
    await store.write(lambda tx: tx.chains.advance(number, Position(6, hexed("six"))))
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.chains.advance(number, Position(5, hexed("five"))))
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.chains.advance(number, Position(6, hexed("another six"))))
    found = await store.read(lambda snapshot: snapshot.chain(hexed("out"), "1-00000000000000aa"))
    assert found is not None
    assert found.head == Position(6, hexed("six"))


async def test_a_frozen_chain_stays_frozen(store: Store) -> None:
    """A proved fork forgotten at the next link."""
    opened = await store.write(lambda tx: tx.chains.open(chain()))
    await store.write(lambda tx: tx.chains.freeze(opened.number))
    await store.write(lambda tx: tx.chains.advance(opened.number, Position(1, hexed("one"))))
    found = await store.read(lambda snapshot: snapshot.chain(opened.channel, opened.epoch))
    assert found is not None
    assert found.frozen


async def test_after_a_restore_nothing_of_ours_goes_on_in_an_old_epoch(store: Store) -> None:
    """Our next event takes the place of one that partners hold already: we have forked ourselves."""
    await store.write(lambda tx: tx.chains.open(chain()))
    newer = await store.write(lambda tx: tx.chains.open(chain(epoch="2-00000000000000aa")))
    await store.write(lambda tx: tx.chains.open(chain("another")))
    theirs = await store.write(lambda tx: tx.chains.open(chain("in", source=THEM)))

    assert await store.write(lambda tx: tx.chains.retire(US)) == 2

    ended = {name: await store.write(lambda tx, name=name: tx.chains.current(hexed(name))) for name in NAMES}  # type: ignore[misc]
    assert {name: one and one.ended for name, one in ended.items()} == {
        "out": OpeningReason.RESTORED,
        "another": OpeningReason.RESTORED,
        "in": None,
    }
    found = await store.read(lambda snapshot: snapshot.chain(newer.channel, newer.epoch))
    assert found is not None
    assert (found.retired, found.head) == (True, newer.head)
    opened = await store.write(lambda tx: tx.chains.open(chain(epoch="3-00000000000000aa")))
    assert opened.ended is None
    assert await store.write(lambda tx: tx.chains.current(opened.channel)) == opened
    assert await store.write(lambda tx: tx.chains.find(theirs.channel, theirs.epoch)) == theirs


async def test_retiring_that_fails_leaves_the_chains_open(store: Store) -> None:
    """A restore that was broken off and still ends every epoch."""
    await store.write(lambda tx: tx.chains.open(chain()))

    def failing(tx: Transaction) -> None:
        tx.chains.retire(US)
        tx.memory.forget_positions()
        raise InvariantError("broken off")

    await store.write(lambda tx: tx.memory.set_position("EVT_0", 7))
    with pytest.raises(InvariantError):
        await store.write(failing)
    found = await store.write(lambda tx: tx.chains.current(hexed("out")))
    assert found is not None
    assert found.ended is None
    assert await store.read(lambda snapshot: snapshot.position("EVT_0")) == 7


async def test_a_place_of_a_chain_is_taken_once(store: Store) -> None:
    """Two different links at one place: the chain would no longer prove anything."""
    number = await store.write(lambda tx: posted(tx, 3))
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.outbox.record([link(number, envelope(2, text="other"))]))
    with pytest.raises(InvariantError):
        await store.write(
            lambda tx: tx.outbox.record([link(number, envelope(4)), link(number, envelope(4, text="other"))])
        )
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.outbox.record([link(99, envelope(4))]))
    await store.write(lambda tx: posted(tx, 1, first=4))


async def test_ids_are_held_by_place(store: Store) -> None:
    """A duplicate judged a gap, because the place it has was not looked up."""

    def work(tx: Transaction) -> list[str | None]:
        number = posted(tx, 2)
        tx.outbox.record([link(number, envelope(7), early=True)])
        return [tx.chains.held_id(number, seq) for seq in (1, 2, 3, 7, 8)]

    expected = [envelope(1).envelope_id, envelope(2).envelope_id, None, envelope(7).envelope_id, None]
    assert await store.write(work) == expected
    assert await store.write(lambda tx: [tx.chains.held_id(1, seq) for seq in (1, 2, 3, 7, 8)]) == expected


def _partner(tx: Transaction) -> int:
    opened = tx.chains.open(chain("in", source=THEM))
    return tx.chains.find(opened.channel, opened.epoch).number  # type: ignore[union-attr]


async def test_an_early_link_waits_until_the_head_reaches_it(store: Store) -> None:
    """An alert delivered before its predecessor, then lost or delivered again when the gap closes."""
    early = envelope(3, channel="in", source=THEM, to=(US,), wire_type=ALERT)

    def arrive(tx: Transaction) -> int:
        number = _partner(tx)
        tx.outbox.record([link(number, early, early=True, level=1)])
        return number

    number = await store.write(arrive)
    assert await store.write(lambda tx: tx.chains.has_waiting(number))
    assert await store.write(lambda tx: tx.chains.early_link(number, 3)) == early
    assert await store.write(lambda tx: tx.chains.early_link(number, 2)) is None

    def close(tx: Transaction) -> None:
        tx.chains.settle_early(number, 3)
        tx.chains.advance(number, early.link.position)

    await store.write(close)
    assert await store.write(lambda tx: tx.chains.early_link(number, 3)) is None
    assert not await store.write(lambda tx: tx.chains.has_waiting(number))
    stored = await store.read(lambda snapshot: snapshot.event(early.envelope_id))
    assert stored is not None
    assert not stored.early
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.chains.settle_early(number, 3))


async def test_an_early_link_of_the_same_work_can_be_settled(store: Store) -> None:
    """A gap that opens and closes within one batch."""
    early = envelope(2, channel="in", source=THEM, to=(US,))

    def work(tx: Transaction) -> bool:
        number = _partner(tx)
        tx.outbox.record([link(number, early, early=True)])
        assert tx.chains.early_link(number, 2) == early
        tx.chains.settle_early(number, 2)
        return tx.chains.has_waiting(number)

    assert not await store.write(work)


async def test_held_links_count_as_waiting(store: Store) -> None:
    """A chain taken for complete while a link of it is held back."""
    number = await store.write(_partner)
    assert not await store.write(lambda tx: tx.chains.has_waiting(number))
    await store.write(holding(held(5, epoch="1-00000000000000aa")))
    assert await store.write(lambda tx: tx.chains.has_waiting(number))


async def test_an_epoch_can_begin_before_its_opening_record(store: Store) -> None:
    """The first link of a partner's epoch is not the one that opens it."""
    before = Position(-1, NO_LINK)
    opened = await store.write(lambda tx: tx.chains.open(chain("in", source=THEM, head=-1)))
    assert opened.head.seq == before.seq
    await store.write(lambda tx: tx.chains.advance(opened.number, Position(0, hexed("opening"))))


async def test_every_epoch_of_a_county_is_listed(store: Store) -> None:
    """An epoch left out of the end of a key is trusted no longer, or the head of before is taken for its end."""

    def work(tx: Transaction) -> list[int]:
        posted(tx, 3)
        tx.chains.open(chain(epoch="2-00000000000000aa", head=0))
        tx.chains.open(chain("in", source=THEM))
        return [one.head.seq for one in tx.chains_of(US)]

    assert await store.write(work) == [3, 0]
    assert [one.head.seq for one in await store.read(lambda snapshot: snapshot.chains_of(US))] == [3, 0]
    assert [one.source for one in await store.read(lambda snapshot: snapshot.chains_of(THEM))] == [THEM]
    assert await store.read(lambda snapshot: snapshot.chains_of("532628")) == []
