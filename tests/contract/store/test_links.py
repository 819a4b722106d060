"""Links of a chain as they are kept: what evidence is made of."""

from services.ports import Store
from tests.contract.store.kinds import posted
from tests.contract.store.samples import chain, envelope, link


async def test_links_come_in_order_with_their_bytes(store: Store) -> None:
    """A link too many or too few, and the chain in an evidence file has a gap."""
    number = await store.write(lambda tx: posted(tx, 5))
    found = await store.read(lambda snapshot: snapshot.links(number, 2, 4))
    sent = [envelope(seq) for seq in (2, 3, 4)]
    assert [one.seq for one in found] == [2, 3, 4]
    assert [one.envelope_id for one in found] == [one.envelope_id for one in sent]
    assert [(one.header_bytes, one.signatures_bytes) for one in found] == [
        (one.header_bytes, one.signatures_bytes) for one in sent
    ]


async def test_what_is_not_here_leaves_a_gap(store: Store) -> None:
    """Bounds beyond what is kept, and another chain."""
    number = await store.write(lambda tx: posted(tx, 2))
    other = await store.write(lambda tx: tx.chains.open(chain("another")).number)
    assert [one.seq for one in await store.read(lambda snapshot: snapshot.links(number, 0, 99))] == [1, 2]
    assert await store.read(lambda snapshot: snapshot.links(other, 0, 99)) == []


async def test_refused_and_early_links_are_among_them(store: Store) -> None:
    """The chain goes on over what was refused; evidence of the next event needs its header."""
    number = await store.write(lambda tx: posted(tx, 1))
    refused, early = envelope(2), envelope(4)
    await store.write(
        lambda tx: tx.outbox.record([link(number, refused, refused=True), link(number, early, early=True)])
    )
    assert [one.seq for one in await store.read(lambda snapshot: snapshot.links(number, 1, 4))] == [1, 2, 4]
