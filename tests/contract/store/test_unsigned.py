"""Links that are signed with all that wait for one commit, on every store."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from schemas.envelope import Envelope
from schemas.errors import Fault, RequestError
from schemas.subjects import Lane
from services.ports import Store, Transaction
from services.run_ports import SignRun
from tests.contract.store.kinds import together
from tests.contract.store.samples import chain, envelope, hexed, link

OUR_MISTAKE = RequestError(Fault("request.invalid", "content", "mend it"))


class Pen:
    """Signs runs, and remembers what it was given at once."""

    def __init__(self, name: str = "pen") -> None:
        """Take a name that stands in every signature."""
        self.name = name
        self.runs: list[list[int]] = []

    def sign(self, run: Sequence[Envelope]) -> list[bytes]:
        """Say who signed, how many, and which of them."""
        self.runs.append([one.header.seq for one in run])
        return [f"{self.name} {place + 1}/{len(run)}".encode() for place in range(len(run))]


def posting(seq: int, sign: SignRun, *, fails: bool = False, reads: bool = False) -> Callable[[Transaction], bytes]:
    """The work that records one own event without its signature."""

    def work(tx: Transaction) -> bytes:
        number = (tx.chains.current(hexed("out")) or tx.chains.open(chain())).number
        one = replace(envelope(seq), signatures_bytes=b"")
        tx.outbox.record_unsigned(link(number, one, seconds=seq), sign)
        tx.outbox.enqueue(Lane.NORMAL, "hub.in.x", one.envelope_id)
        found = tx.message(one.envelope_id) if reads else None
        if fails:
            raise OUR_MISTAKE
        return b"" if found is None else found.split(b"\n")[1]

    return work


async def signatures(store: Store) -> list[bytes]:
    """Return the signatures part of everything that waits to be published, in order."""
    waiting = await store.read(lambda snapshot: snapshot.waiting(Lane.NORMAL, 0, 100, 1 << 20))
    return [one.message.split(b"\n")[1] for one in waiting]


async def test_works_that_wait_together_are_signed_together(store: Store) -> None:
    """A signature each is what the run is there to save."""
    pen = Pen()
    await together(store, *(store.write(posting(seq, pen.sign)) for seq in (1, 2, 3)))
    assert pen.runs == [[1, 2, 3]]
    assert await signatures(store) == [b"pen 1/3", b"pen 2/3", b"pen 3/3"]


async def test_one_that_is_alone_waits_for_nothing(store: Store) -> None:
    """Its answer comes with its own commit."""
    pen = Pen()
    await store.write(posting(1, pen.sign))
    await store.write(posting(2, pen.sign))
    assert pen.runs == [[1], [2]]
    assert await signatures(store) == [b"pen 1/1", b"pen 1/1"]


async def test_a_work_that_fails_is_not_signed_for(store: Store) -> None:
    """A root over an event that never was would be signed for nothing, and could not be told from one that was lost."""
    pen = Pen()
    works = (posting(1, pen.sign), posting(2, pen.sign, fails=True), posting(2, pen.sign))
    results = await together(store, *map(store.write, works))
    assert [type(one) for one in results] == [bytes, RequestError, bytes]
    assert pen.runs == [[1, 2]]
    assert await signatures(store) == [b"pen 1/2", b"pen 2/2"]


async def test_whoever_reads_in_the_same_work_reads_signed_bytes(store: Store) -> None:
    """An envelope without a signature must be seen by nobody, not even on the way."""
    pen = Pen()
    works = (posting(1, pen.sign), posting(2, pen.sign, reads=True), posting(3, pen.sign))
    results = await together(store, *map(store.write, works))
    assert results == [b"", (await signatures(store))[1], b""]
    assert sorted(seq for run in pen.runs for seq in run) == [1, 2, 3]
    assert all(one.startswith(b"pen ") for one in await signatures(store))


async def test_a_work_that_fails_after_reading_leaves_nothing(store: Store) -> None:
    """Its row was signed and written early; the others of its group are none the worse."""
    pen = Pen()
    works = (posting(1, pen.sign), posting(2, pen.sign, fails=True, reads=True), posting(2, pen.sign))
    results = await together(store, *map(store.write, works))
    assert [type(one) for one in results] == [bytes, RequestError, bytes]
    assert len(await signatures(store)) == 2
    assert all(one.startswith(b"pen ") for one in await signatures(store))


async def test_two_keys_never_share_a_run(store: Store) -> None:
    """The key may change between two works of one group."""
    old, new = Pen("old"), Pen("new")
    await together(store, *(store.write(posting(seq, pen.sign)) for seq, pen in ((1, old), (2, new), (3, new))))
    assert (old.runs, new.runs) == ([[1]], [[2, 3]])
    assert await signatures(store) == [b"old 1/1", b"new 1/2", b"new 2/2"]


async def test_a_signer_that_fails_takes_its_group_with_it(store: Store) -> None:
    """Nothing may be kept that is not signed; whoever waited is told and tries again."""

    def broken(_: Sequence[Envelope]) -> list[bytes]:
        raise ValueError("the key is gone")

    with pytest.raises(Exception, match="the key is gone"):
        await store.write(posting(1, broken))
    assert await signatures(store) == []
    await store.write(posting(1, Pen().sign))
    assert await signatures(store) == [b"pen 1/1"]
