"""Outbox: bytes kept exactly, dense sequences per lane, what is still to be published."""

import json

import pytest

from schemas.errors import InvariantError
from schemas.records import NewLink
from schemas.subjects import Lane
from services.ports import Snapshot, Store, Transaction
from tests.contract.store.kinds import posted
from tests.contract.store.samples import THEM, US, chain, envelope, link


async def test_bytes_come_back_as_they_were(store: Store) -> None:
    """Evidence that no longer verifies, because something was serialised anew."""
    odd = envelope(1, channel="in", source=THEM, to=(US,))
    spaced = json.dumps(json.loads(odd.header_bytes), indent=1, ensure_ascii=False).encode()
    odd = type(odd)(odd.envelope_id, odd.header, spaced, b"[ ]", b'{"k":1}', b"\x00\n\xff content \n")
    number = (await store.write(lambda tx: tx.chains.open(chain("in", source=THEM)))).number
    one = NewLink(number, link(number, odd).direction, odd, link(number, odd).recorded_at, newer_schema=True, level=2)
    await store.write(lambda tx: tx.outbox.record([one]))
    stored = await store.read(lambda snapshot: snapshot.event(odd.envelope_id))
    assert stored is not None
    assert stored.envelope == odd
    assert (stored.position, stored.chain_number, stored.newer_schema, stored.level) == (1, number, True, 2)
    assert stored.recorded_at == one.recorded_at


async def test_a_refused_link_keeps_its_place_and_is_shown_to_nobody(store: Store) -> None:
    """Content that was rejected reappears in a listing."""

    def work(tx: Transaction) -> str | None:
        number = tx.chains.open(chain("in", source=THEM)).number
        tx.outbox.record([link(number, envelope(1, channel="in", source=THEM, to=(US,)), refused=True)])
        return tx.chains.held_id(number, 1)

    refused = envelope(1, channel="in").envelope_id
    assert await store.write(work) == refused
    assert await store.read(lambda snapshot: snapshot.event(refused)) is None
    assert (await store.read(lambda one: one.events(direction=None, wire_type=None, since=0, limit=9))).rows == ()
    assert await store.read(lambda snapshot: snapshot.journal(0, 9)) == []
    assert (await store.read(lambda snapshot: snapshot.counts()))["events_in"] == 0


def _enqueue(tx: Transaction, lane: Lane, *seqs: int) -> list[int]:
    return [tx.outbox.enqueue(lane, f"hub.in.{seq}", envelope(seq).envelope_id) for seq in seqs]


async def test_each_lane_has_its_own_dense_sequence(store: Store) -> None:
    """A hole in the sequence stops the lane at the hub for ever."""
    await store.write(lambda tx: posted(tx, 3))
    assert await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 1, 2)) == [1, 2]
    assert await store.write(lambda tx: _enqueue(tx, Lane.URGENT, 2)) == [1]
    assert await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 3, 1)) == [3, 4]
    assert await store.read(lambda snapshot: snapshot.lane_end(Lane.NORMAL)) == 4
    assert await store.read(lambda snapshot: snapshot.lane_end(Lane.REPAIR)) == 0
    with pytest.raises(InvariantError):
        await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 9))


async def test_waiting_gives_whole_messages_in_order(store: Store) -> None:
    """A message on the wire that is not the bytes that were signed."""
    await store.write(lambda tx: posted(tx, 3))
    await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 2, 1, 3))
    found = await store.read(lambda snapshot: snapshot.waiting(Lane.NORMAL, 1, 10, 10**6))
    assert [(one.sequence, one.subject, one.message) for one in found] == [
        (2, "hub.in.1", envelope(1).to_wire()),
        (3, "hub.in.3", envelope(3).to_wire()),
    ]
    assert await store.read(lambda snapshot: snapshot.waiting(Lane.URGENT, 0, 10, 10**6)) == []
    assert len(await store.read(lambda snapshot: snapshot.waiting(Lane.NORMAL, 0, 2, 10**6))) == 2


async def test_waiting_is_bounded_by_bytes_but_never_empty_handed(store: Store) -> None:
    """A message larger than the bound blocks its lane; or a batch larger than memory allows."""
    await store.write(lambda tx: posted(tx, 3))
    await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 1, 2, 3))
    size = len(envelope(1).to_wire())

    def counts(snapshot: Snapshot) -> list[int]:
        bounds = (1, size, 2 * size - 1, 2 * size, 9 * size)
        return [len(snapshot.waiting(Lane.NORMAL, 0, 10, bound)) for bound in bounds]

    assert await store.read(counts) == [1, 1, 1, 2, 3]


async def test_what_the_hub_holds_waits_no_more(store: Store) -> None:
    """A receipt sent again and again although it is on its way."""
    await store.write(lambda tx: posted(tx, 2))
    await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 1, 2))

    def waiting(tx: Transaction) -> list[bool]:
        return [tx.outbox.is_waiting(envelope(seq).envelope_id) for seq in (1, 2, 3)]

    assert await store.write(waiting) == [True, True, False]
    await store.write(lambda tx: tx.outbox.mark_published(Lane.NORMAL, 1))
    assert await store.write(waiting) == [False, True, False]
    assert await store.read(lambda snapshot: snapshot.published_up_to(Lane.NORMAL)) == 1
    assert (await store.read(lambda snapshot: snapshot.counts()))["waiting"] == 1
    await store.write(lambda tx: _enqueue(tx, Lane.REPAIR, 1))
    assert await store.write(waiting) == [True, True, False]
    await store.write(lambda tx: tx.outbox.mark_published(Lane.NORMAL, 0))  # the hub was emptied
    assert (await store.read(lambda snapshot: snapshot.counts()))["waiting"] == 3
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.outbox.mark_published(Lane.NORMAL, 3))


async def test_publications_move_behind_what_the_hub_holds_already(store: Store) -> None:
    """After an old backup came back the hub refuses every sequence, and nothing leaves the county any more."""
    await store.write(lambda tx: posted(tx, 4))
    await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 1, 2, 3))
    await store.write(lambda tx: tx.outbox.mark_published(Lane.NORMAL, 1))
    with pytest.raises(InvariantError):
        await store.write(lambda tx: tx.outbox.renumber(Lane.NORMAL, 0))
    assert await store.write(lambda tx: tx.outbox.renumber(Lane.NORMAL, 10)) == 2
    assert await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 4)) == [13]
    found = await store.read(lambda snapshot: snapshot.waiting(Lane.NORMAL, 10, 10, 10**6))
    assert [(one.sequence, one.subject) for one in found] == [(11, "hub.in.2"), (12, "hub.in.3"), (13, "hub.in.4")]
    assert await store.read(lambda snapshot: snapshot.published_up_to(Lane.NORMAL)) == 10
    assert await store.write(lambda tx: tx.outbox.renumber(Lane.URGENT, 5)) == 0
    assert await store.read(lambda snapshot: snapshot.lane_end(Lane.URGENT)) == 5


@pytest.mark.parametrize("behind", [1, 2, 3, 7])
async def test_a_restored_store_numbers_anew_whatever_the_hub_may_lack(store: Store, behind: int) -> None:
    """New events take the numbers of forgotten ones: the hub calls them known, and they never leave the county.

    The hub may hold fewer or more than the restored store has accepted anew: the numbers alone do not tell.
    """
    await store.write(lambda tx: posted(tx, 4))
    await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 1, 2, 3, 4))
    await store.write(lambda tx: tx.outbox.mark_published(Lane.NORMAL, 1))
    await store.write(lambda tx: tx.outbox.doubt())
    assert await store.read(lambda snapshot: [snapshot.in_doubt(lane) for lane in Lane]) == [True] * len(Lane)
    assert await store.write(lambda tx: tx.outbox.renumber(Lane.NORMAL, behind)) == 3
    found = await store.read(lambda snapshot: snapshot.waiting(Lane.NORMAL, behind, 10, 10**6))
    expected = [(behind + number, f"hub.in.{number + 1}") for number in (1, 2, 3)]
    assert [(one.sequence, one.subject) for one in found] == expected
    assert await store.read(lambda snapshot: snapshot.lane_end(Lane.NORMAL)) == behind + 3
    assert await store.read(lambda snapshot: [lane for lane in Lane if not snapshot.in_doubt(lane)]) == [Lane.NORMAL]


async def test_lanes_tell_what_is_given_out_and_what_is_at_the_hub(store: Store) -> None:
    """A lane that stands still shows only where both are known."""
    await store.write(lambda tx: posted(tx, 3))
    await store.write(lambda tx: _enqueue(tx, Lane.NORMAL, 1, 2, 3))
    await store.write(lambda tx: tx.outbox.mark_published(Lane.NORMAL, 2))
    lanes = await store.read(lambda snapshot: snapshot.lanes())
    assert lanes == {Lane.URGENT: (0, 0), Lane.NORMAL: (3, 2), Lane.REPAIR: (0, 0)}
